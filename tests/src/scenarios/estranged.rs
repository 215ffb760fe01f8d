//! What is between the application and one origin alone, and stays there: credentials, cookies and whatever else was called
//! a secret are left behind when a redirect leaves the first origin, and stay away when the chain comes back to it.

use sessile_core::{Config, Content, ExpectContinue, FieldNames, Fields, RequestBuilder, Retry};

use super::peers::{Asked, chain, lead, leading, send, status, text, twice};
use super::retries::{built, policy};
use super::{answered, failed, milliseconds, nothing_left};
use crate::origin::{Act, Request, response};
use crate::source::Source;
use crate::world::{Served, World};

/// Two sites that lead requests to and fro.
struct Two {
    asked: [Asked; 2],
    here: Served,
    there: Served,
}

impl Two {
    fn new(world: &mut dyn World) -> Self {
        let asked = [Asked::default(), Asked::default()];
        let [here, there] = [0, 1].map(|site| world.serve(leading(&asked[site])));
        Self { asked, here, there }
    }

    /// To another path of the first, to the other one, to another path there, back to the first.
    fn to_and_fro(&self) -> String {
        chain([
            self.here.url("/302"),
            self.here.url("/307"),
            self.there.url("/301"),
            self.there.url("/308"),
            self.here.url("/back"),
        ])
    }

    /// The requests that each site was asked since this was asked last; the first has two before the chain leaves it, and one
    /// when it comes back.
    fn take(&self, before: &mut [usize; 2]) -> ([Request; 2], [Request; 3]) {
        let [mut here, there] = [0, 1].map(|site| self.asked[site].all().split_off(before[site]));
        assert_eq!((here.len(), there.len()), (3, 2));
        *before = [before[0] + 3, before[1] + 2];
        let back = here.pop().expect("the last");
        let within = here.try_into().expect("two");
        let [first, second] = there.try_into().expect("two");
        (within, [first, second, back])
    }
}

/// What the Host of requests to a site says.
fn authority(served: &Served) -> String {
    served.url("")["http://".len()..].to_owned()
}

/// Values of all lines of a name, as text.
fn values(request: &Request, name: &str) -> Vec<String> {
    let values = request.values(name);
    values
        .map(|value| String::from_utf8_lossy(value).into_owned())
        .collect()
}

fn names(names: &[&str]) -> FieldNames {
    let mut all = FieldNames::new();
    for name in names {
        all.insert(name).expect("a token");
    }
    all
}

fn fields(lines: &[(&str, &str)]) -> Fields {
    let mut fields = Fields::new();
    for (name, value) in lines {
        fields.append(name, value).expect("a line");
    }
    fields
}

/// Given credentials, cookies and a Host set by hand, and fields that are marked as secrets, then they go along within the
/// origin, all lines of each name; they are left behind where the origin changes, and stay away for good.
pub fn secrets_of_a_request_stay_behind_for_good(world: &mut dyn World) {
    let two = Two::new(world);
    let host = "named.example";
    let secrets = [
        ("Authorization", "Bearer canary"),
        ("cookie", "canary=1"),
        ("Cookie", "canary=2"),
        ("X-Api-Key", "canary"),
        ("x-api-key", "another canary"),
    ];
    let request = RequestBuilder::new("GET", two.to_and_fro())
        .headers(secrets)
        .header("Host", host)
        .header("X-Open", "to all")
        .sensitive_header("X-Token", "canary")
        .sensitive_header("X-API-KEY", "third canary");
    let reply = answered(world, built(request));
    assert_eq!(reply.text(), "/back");
    let (within, beyond) = two.take(&mut [0, 0]);
    for request in within {
        for name in ["authorization", "cookie", "x-api-key", "x-token"] {
            let of_name = secrets.iter().filter(|it| it.0.eq_ignore_ascii_case(name));
            let mut wanted: Vec<_> = of_name.map(|it| it.1).collect();
            match name {
                "x-token" => wanted.push("canary"),
                "x-api-key" => wanted.push("third canary"),
                _ => {}
            }
            assert_eq!(values(&request, name), wanted);
        }
        assert_eq!(values(&request, "host"), [host]);
    }
    for (request, served) in beyond.iter().zip([&two.there, &two.there, &two.here]) {
        let said = String::from_utf8_lossy(&request.head);
        assert!(!said.contains("canary"), "{said}");
        assert_eq!(values(request, "x-open"), ["to all"]);
        assert_eq!(values(request, "host"), [authority(served)]);
    }
    nothing_left(world);
    assert_eq!((two.here.opened(), two.there.opened()), (1, 1));
}

/// Given a session whose own lines are secrets, by their names or because it says so, then they are sent to the origin that a
/// request begins with, and not where that is redirected to; its other lines are for all. The next request begins anew.
pub fn secrets_of_a_session_stay_behind_for_good(world: &mut dyn World) {
    let two = Two::new(world);
    world.configure(Config {
        fields: fields(&[
            ("Host", "named.example"),
            ("User-Agent", "open/1"),
            ("Authorization", "Bearer canary"),
            ("Cookie", "canary=1"),
            ("X-Api-Key", "canary"),
            ("X-Token", "canary"),
            ("X-Open", "to all"),
        ]),
        sensitive: names(&["x-api-key"]),
        ..Config::default()
    });
    let mut before = [0, 0];
    for _ in 0..2 {
        // The request has a secret of that name, if no line of its own.
        let request = RequestBuilder::new("GET", two.to_and_fro());
        let request = request.sensitive_header("X-Token", "a canary of its own");
        answered(world, built(request));
        let (within, beyond) = two.take(&mut before);
        for request in within {
            assert_eq!(values(&request, "host"), ["named.example"]);
            assert_eq!(values(&request, "authorization"), ["Bearer canary"]);
            assert_eq!(values(&request, "cookie"), ["canary=1"]);
            assert_eq!(values(&request, "x-api-key"), ["canary"]);
            assert_eq!(values(&request, "x-token"), ["a canary of its own"]);
        }
        for (request, served) in beyond.iter().zip([&two.there, &two.there, &two.here]) {
            let said = String::from_utf8_lossy(&request.head);
            assert!(!said.contains("canary"), "{said}");
            assert_eq!(values(request, "host"), [authority(served)]);
            assert_eq!(values(request, "x-open"), ["to all"]);
            assert_eq!(values(request, "user-agent"), ["open/1"]);
        }
    }
    nothing_left(world);
}

/// Given a name that the session calls a secret, then a line of this name is one whoever has set it: a request that brings
/// its own does not give it away.
pub fn what_a_session_calls_a_secret_is_one_in_a_request(world: &mut dyn World) {
    let two = Two::new(world);
    for session_line in [&[("X-Api-Key", "canary")][..], &[]] {
        world.configure(Config {
            fields: fields(session_line),
            sensitive: names(&["X-Api-Key"]),
            ..Config::default()
        });
        let mut before = [0, 1].map(|site| two.asked[site].count());
        let request = RequestBuilder::new("GET", two.to_and_fro());
        let request = request.header("x-api-key", "another canary");
        answered(world, built(request));
        let (within, beyond) = two.take(&mut before);
        for request in within {
            assert_eq!(values(&request, "x-api-key"), ["another canary"]);
        }
        for request in beyond {
            assert!(values(&request, "x-api-key").is_empty());
        }
    }
    nothing_left(world);
}

/// Given a secret that follows the content, when the peer redirects to another origin before it has asked for that, then the
/// content goes along without it, wherever it comes from.
pub fn secrets_behind_the_content_stay_behind(world: &mut dyn World) {
    let asked = Asked::default();
    let there = world.serve(leading(&asked));
    let next = there.url("/there");
    let leaving = response(307, &[("Location", &next), ("Connection", "close")], b"");
    let at_once = move |_: &str| vec![send(leaving.clone()), Act::Finish];
    let here = world.serve(twice(at_once, |_| Vec::new()));
    let mut config = Config::default();
    config.timeouts.expect_continue = Some(milliseconds(20));
    world.configure(config);
    let request = |content| {
        let request = RequestBuilder::new("PUT", here.url("/here")).content(content);
        let request = request.expect_continue(ExpectContinue::Always);
        let request = request.sensitive_header("X-Signature", "canary");
        request
            .trailer("x-signature", "canary")
            .trailer("X-Open", "9")
    };
    let stream = request(Content::Stream { length: None });
    let reply = world.send_from(built(stream), Source::of(&[b"words"]));
    assert_eq!(reply.expect("an answer").text(), "/there");
    let in_memory = request(Content::Bytes("words".into()));
    assert_eq!(answered(world, built(in_memory)).text(), "/there");
    for request in asked.all() {
        assert_eq!(request.content, b"words");
        let trailers = request.trailers.iter().map(|(name, _)| &**name);
        assert_eq!(trailers.collect::<Vec<_>>(), ["X-Open"]);
    }
    nothing_left(world);
}

/// A URL with a user and a password.
fn known(url: &str) -> String {
    url.replacen("http://", "http://joe:canary@", 1)
}

/// Given a user and a password in the first URL, then they are credentials for its origin alone, for as long as the chain
/// stays there; those of a Location are nobody's. No history shows any.
pub fn userinfo_is_for_the_first_origin_alone(world: &mut dyn World) {
    let two = Two::new(world);
    // What a Location says, and who may have the credentials of the first URL: there, and at the end.
    for (stops, shown) in [
        (
            [
                two.here.url("/301"),
                two.here.url("/302"),
                two.here.url("/end"),
            ],
            [true, true],
        ),
        (
            [
                two.here.url("/301"),
                known(&two.here.url("/302")),
                two.here.url("/end"),
            ],
            [true, true],
        ),
        (
            [
                two.here.url("/301"),
                two.there.url("/302"),
                two.here.url("/end"),
            ],
            [false, false],
        ),
        (
            [
                two.here.url("/301"),
                known(&two.there.url("/302")),
                known(&two.here.url("/end")),
            ],
            [false, false],
        ),
    ] {
        let before = two.asked.each_ref().map(Asked::count);
        let [first, second, end] = stops;
        let elsewhere = second.contains(&authority(&two.there));
        let url = known(&chain([first, second, end]));
        let reply = answered(world, built(RequestBuilder::new("GET", &url)));
        assert_eq!(reply.url, two.here.url("/end"));
        let mut here = two.asked[0].all().split_off(before[0]);
        if elsewhere {
            here.insert(1, two.asked[1].all().pop().expect("a request"));
        }
        let basic = "Basic am9lOmNhbmFyeQ==".to_owned();
        for (request, shown) in here.iter().zip([true, shown[0], shown[1]]) {
            let wanted: &[String] = if shown {
                std::slice::from_ref(&basic)
            } else {
                &[]
            };
            assert_eq!(
                values(request, "authorization"),
                wanted,
                "{}",
                request.target
            );
        }
        let hops = reply.attempts.iter().filter_map(|it| it.hop.as_ref());
        let urls: Vec<_> = hops
            .map(|hop| hop.url.split('?').next().expect("a part"))
            .collect();
        assert!(urls.iter().all(|url| !url.contains("joe")), "{urls:?}");
    }
    let url = known(&chain([two.here.url("/301"), world.refused()]));
    let error = failed(world, built(RequestBuilder::new("GET", url)));
    let told = format!("{error} {error:?} {:?}", error.attempts());
    assert!(error.is_connect() && !told.contains("canary"), "{told}");
    nothing_left(world);
}

/// Given a retry, a replay or a dial anew behind such a redirect, then no credentials come with it.
pub fn no_retry_brings_a_secret_along(world: &mut dyn World) {
    let asked = Asked::default();
    let there = world.serve(asked.site(|number, request| match number {
        0 => vec![text("/first")],
        // The kept connection is dead, the peer in trouble, the connection lost: a replay and two retries.
        1 | 3 => vec![Act::Finish],
        2 => vec![status(503, "later")],
        _ => lead(request),
    }));
    let here = world.serve(leading(&Asked::default()));
    world.configure(Config {
        fields: fields(&[("Authorization", "Bearer canary")]),
        retry: Some(Retry {
            redirect: None,
            ..policy(5, &[503])
        }),
        ..Config::default()
    });
    let direct = RequestBuilder::new("GET", there.url("/first")).header("Authorization", "open");
    answered(world, built(direct));
    let url = chain([here.url("/302"), there.url("/there")]);
    let request = RequestBuilder::new("GET", url).header("Cookie", "canary=1");
    let reply = answered(world, built(request));
    assert_eq!(reply.text(), "/there");
    let outcomes: Vec<_> = reply.attempts.iter().map(|it| &*it.outcome).collect();
    assert_eq!(outcomes, ["302", "closed", "503", "closed", "200"]);
    for request in &asked.all()[1..] {
        let said = String::from_utf8_lossy(&request.head);
        assert!(!said.contains("canary") && !said.contains("open"), "{said}");
    }
    nothing_left(world);
}
