//! Redirects: which response is one, where it leads, what the next request is, and where it ends (RFC 9110 §§10.2.2, 15.4).
//!
//! Two sites at once are two origins. Most sites here are told by the request itself where to lead it, so that a chain can
//! be read in its first URL.

use std::sync::{Arc, OnceLock};

use sessile_core::{
    Config, Error, ErrorKind, RedirectError, RedirectPolicy, RequestBuilder, Stage, StopReason,
};

use super::peers::{Asked, chain, leading, send, text, to};
use super::retries::{built, course, course_of};
use super::ways::trusting;
use super::{answered, failed, get, nothing_left};
use crate::origin::{Act, head};
use crate::pki::Authority;
use crate::world::{Passed, Reply, Served, Tried, World};

/// The redirects that were followed: status and URL.
pub(super) fn passed(attempts: &[Tried]) -> Vec<(u16, &str)> {
    let hops = attempts.iter().filter_map(|attempt| attempt.hop.as_ref());
    hops.map(|hop| (hop.status, &*hop.url)).collect()
}

/// The redirects that were followed before a request failed.
pub(super) fn history(error: &Error) -> Vec<Passed> {
    error.attempts().history().map(Passed::new).collect()
}

/// Sends a request that fails because of where it is led; why.
fn misled(world: &mut dyn World, request: RequestBuilder) -> (RedirectError, Error) {
    let error = failed(world, built(request));
    assert!(
        error.is_redirect() && error.stage() == Stage::Head,
        "{error}"
    );
    assert_eq!(error.stop_reason(), Some(StopReason::Redirect), "{error}");
    match error.kind() {
        ErrorKind::Redirect(why) => (*why, error.clone()),
        other => panic!("{other:?}"),
    }
}

/// Given a redirect of each kind, then the next request has the method and the content that it should: 303 asks with GET,
/// and so do 301 and 302 after a POST; all others repeat the request (RFC 9110 §15.4).
pub fn each_redirect_makes_its_own_next_request(world: &mut dyn World) {
    let cases = [
        (301, "POST", "GET", ""),
        (302, "POST", "GET", ""),
        (303, "POST", "GET", ""),
        (307, "POST", "POST", "words"),
        (308, "POST", "POST", "words"),
        (301, "PUT", "PUT", "words"),
        (302, "PUT", "PUT", "words"),
        (303, "PUT", "GET", ""),
        (307, "PUT", "PUT", "words"),
        (308, "DELETE", "DELETE", "words"),
        (302, "post", "post", "words"),
        (303, "GET", "GET", ""),
        (302, "GET", "GET", "words"),
    ];
    let asked = Asked::default();
    let served = world.serve(leading(&asked));
    for (number, (status, method, became, content)) in cases.into_iter().enumerate() {
        let url = chain([served.url(&format!("/{status}")), served.url("/there")]);
        let request = RequestBuilder::new(method, &url).body("words");
        let reply = answered(world, built(request));
        assert_eq!((reply.status, reply.text()), (200, "/there"));
        assert_eq!(reply.url, served.url("/there"));
        assert_eq!(passed(&reply.attempts), [(status, &*url)]);
        let next = &asked.all()[2 * number + 1];
        let seen = (&*next.method, &next.content[..]);
        assert_eq!(seen, (became, content.as_bytes()), "{status} to {method}");
        let length = (!content.is_empty()).then_some(&b"5"[..]);
        assert_eq!(next.field("content-length"), length, "{status} to {method}");
    }
    nothing_left(world);
    assert_eq!(served.opened(), 1);
}

/// Given a HEAD, then it stays one whatever redirects it; the redirect has no content, whatever length it tells.
pub fn a_head_stays_a_head(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|number, _| {
        let fields = [("Location", "/there"), ("Content-Length", "100000")];
        let statuses = [301, 302, 303, 307, 308];
        match number % 2 {
            0 => vec![send(head(statuses[number / 2], &fields))],
            _ => vec![send(head(200, &fields))],
        }
    }));
    for count in 1..=5 {
        let request = RequestBuilder::new("HEAD", served.url("/here"));
        let reply = answered(world, built(request));
        assert_eq!((reply.status, reply.content.len()), (200, 0));
        let last = asked.all().pop().expect("a request");
        assert_eq!((&*last.method, &*last.target), ("HEAD", "/there"));
        assert_eq!(asked.count(), 2 * count);
    }
    nothing_left(world);
    assert_eq!(asked.connections(), [0; 10]);
}

/// The stops of a long chain.
fn stops(here: &Served, there: &Served, last: String) -> [String; 6] {
    [
        here.url("/301"),
        here.url("/302"),
        there.url("/303"),
        here.url("/307"),
        there.url("/308"),
        last,
    ]
}

/// What its history must be.
fn passing(stops: &[String; 6]) -> Vec<Passed> {
    let statuses = [301, 302, 303, 307, 308].into_iter().enumerate();
    let passed = |(place, status)| Passed {
        url: format!("{}#part", stops[place..].join("?")),
        status,
        location: Some(stops[place + 1..].join("?")),
    };
    statuses.map(passed).collect()
}

/// Given a chain over two origins, then each redirect is told, in order: by the response, and by the error where it ends in
/// one. The fragment comes along to the end.
pub fn the_whole_way_is_told(world: &mut dyn World) {
    let asked = [Asked::default(), Asked::default()];
    let [here, there] = [
        world.serve(leading(&asked[0])),
        world.serve(leading(&asked[1])),
    ];
    let stops_of = |last| stops(&here, &there, last);

    let all = stops_of(here.url("/end"));
    let reply = answered(world, get(&format!("{}#part", chain(all.clone()))));
    assert_eq!((reply.status, reply.text()), (200, "/end"));
    assert_eq!(reply.url, here.url("/end#part"));
    let hops = reply.attempts.iter().filter_map(|it| it.hop.clone());
    assert_eq!(hops.collect::<Vec<_>>(), passing(&all));
    let outcomes = vec!["301", "302", "303", "307", "308", "200"];
    assert_eq!(course(&reply.attempts), (outcomes, StopReason::NoPolicy));
    let numbers = reply.attempts.iter().map(|it| it.connection);
    assert_eq!(numbers.collect::<Vec<_>>(), [1, 1, 2, 1, 2, 1].map(Some));

    let all = stops_of(world.refused());
    let error = failed(world, get(&format!("{}#part", chain(all.clone()))));
    assert!(error.is_connect(), "{error}");
    assert_eq!(error.url(), Some(&*all[5]));
    assert_eq!(history(&error), passing(&all));
    let outcomes = ["301", "302", "303", "307", "308", "connect"];
    let (told, reason) = course_of(&error);
    assert_eq!(
        (told, reason),
        (outcomes.map(str::to_owned).to_vec(), StopReason::NoPolicy)
    );
    nothing_left(world);
    let [here, there] = asked.map(|asked| asked.connections());
    assert_eq!((here, there), (vec![0; 7], vec![0; 4]));
}

/// A head with these Location lines, octet by octet, and no content.
fn located(status: u16, locations: &[&[u8]]) -> Act {
    let mut octets = head(status, &[]);
    octets.truncate(octets.len() - 2);
    for location in locations {
        octets.extend_from_slice(&[b"Location: ", *location, b"\r\n"].concat());
    }
    let length: &[u8] = match status {
        304 => b"\r\n",
        _ => b"Content-Length: 0\r\n\r\n",
    };
    octets.extend_from_slice(length);
    send(octets)
}

/// Given a Location in whatever form a reference may have, then it is read against the URL that was asked, and the fragment
/// is inherited unless it has one of its own (RFC 9110 §10.2.2).
pub fn a_location_is_read_where_it_stands(world: &mut dyn World) {
    let cases: [(&[&[u8]], &str); 12] = [
        (&[b"e"], "/a/e#d"),
        (&[b"/f?g"], "/f?g#d"),
        (&[b"../h/./i"], "/h/i#d"),
        (&[b"?j"], "/a/b?j#d"),
        (&[b"#k"], "/a/b?c#k"),
        (&[b"/l#"], "/l#"),
        (&[b"\t /m \t"], "/m#d"),
        (&[b"/n o"], "/n%20o#d"),
        (&[b"/\xe9?\xc3\xa9"], "/%E9?%C3%A9#d"),
        (&[b"\\p"], "/p#d"),
        (&[b"/q", b"/q", b" /q"], "/q#d"),
        (&[b"."], "/a/#d"),
    ];
    let asked = Asked::default();
    let told = cases.map(|(locations, _)| located(302, locations));
    let served = world.serve(asked.site(move |number, request| match number % 2 {
        0 => vec![told[number / 2].clone()],
        _ => vec![text(&request.target)],
    }));
    for (_, place) in cases {
        let reply = answered(world, get(&served.url("/a/b?c#d")));
        assert_eq!(reply.url, served.url(place));
        let target = place.split('#').next();
        assert_eq!(Some(reply.text()), target);
    }
    nothing_left(world);
    assert_eq!(served.opened(), 1);
}

/// Given a response that names no other place, or whose status does not send anybody there, then it is the answer.
pub fn without_a_place_to_go_it_is_the_answer(world: &mut dyn World) {
    let cases: [(u16, &[&[u8]]); 9] = [
        (302, &[]),
        (301, &[b""]),
        (307, &[b"  ", b""]),
        (300, &[b"/there"]),
        (304, &[b"/there"]),
        (305, &[b"/there"]),
        (306, &[b"/there"]),
        (201, &[b"/there"]),
        (503, &[b"/there"]),
    ];
    let asked = Asked::default();
    let told = cases.map(|(status, locations)| located(status, locations));
    let served = world.serve(asked.site(move |number, _| vec![told[number].clone()]));
    for (status, _) in cases {
        let reply = answered(world, get(&served.url("/here")));
        assert_eq!((reply.status, reply.url), (status, served.url("/here")));
        let outcome = reply.attempts[0].outcome.clone();
        assert_eq!((outcome, reply.attempts.len()), (status.to_string(), 1));
    }
    nothing_left(world);
    assert_eq!(asked.connections(), [0; 9]);
}

/// Given a session or a request that follows nothing, then a redirect is its answer, content and all; a request's own word
/// is the last.
pub fn redirects_may_be_handed_over(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(leading(&asked));
    let url = chain([served.url("/302"), served.url("/there")]);
    let request = || RequestBuilder::new("GET", &url);
    let one = RedirectPolicy {
        max: 1,
        ..RedirectPolicy::default()
    };
    let seen = |reply: Reply| (reply.status, reply.text().to_owned());
    let handed_over = (302, "elsewhere".to_owned());

    let reply = answered(world, built(request().redirects(None)));
    assert_eq!(passed(&reply.attempts), []);
    assert_eq!(
        (&reply.url, seen(reply.clone())),
        (&url, handed_over.clone())
    );
    world.configure(Config {
        redirects: None,
        ..Config::default()
    });
    assert_eq!(seen(answered(world, built(request()))), handed_over);
    let reply = answered(world, built(request().redirects(one)));
    assert_eq!(seen(reply), (200, "/there".to_owned()));
    nothing_left(world);
    assert_eq!(asked.count(), 4);
}

/// Given redirects without end, on one origin or to and fro between two, then they are followed as often as the policy says,
/// and the next is an error that tells the way. The connections are whole.
pub fn endless_redirects_end(world: &mut dyn World) {
    let asked = [Asked::default(), Asked::default()];
    let back = Arc::new(OnceLock::<String>::new());
    let known = Arc::clone(&back);
    let there = world.serve(asked[1].site(move |_, _| {
        let back = known.get().map_or("/", |back| back);
        vec![to(302, back)]
    }));
    let across = there.url("/there");
    let here = world.serve(asked[0].site(move |_, request| match request.path() {
        "/loop" => vec![to(302, "/loop")],
        "/across" => vec![to(302, &across)],
        path => vec![text(path)],
    }));
    back.set(here.url("/across")).expect("it was empty");
    let most = |max| RedirectPolicy {
        max,
        ..RedirectPolicy::default()
    };
    for path in ["/loop", "/across"] {
        for (policy, max) in [
            (None, 10),
            (Some(most(0)), 0),
            (Some(most(1)), 1),
            (Some(most(12)), 12),
        ] {
            let before: usize = asked.iter().map(Asked::count).sum();
            let request = RequestBuilder::new("GET", here.url(path));
            let request = match policy {
                None => request,
                Some(policy) => request.redirects(policy),
            };
            let (why, error) = misled(world, request);
            assert_eq!(
                (why, error.code()),
                (RedirectError::TooMany, "redirect-too-many")
            );
            let hops = history(&error);
            assert_eq!((hops.len(), error.attempts().len()), (max, max + 1));
            assert!(hops.iter().all(|hop| hop.status == 302), "{hops:?}");
            let asked: usize = asked.iter().map(Asked::count).sum();
            assert_eq!(asked - before, max + 1);
            // What is left of the last redirect is thrown away.
            nothing_left(world);
            assert!(
                error
                    .hint()
                    .is_some_and(|hint| hint.contains("`RedirectPolicy::max`"))
            );
        }
    }
    let reply = answered(world, get(&here.url("/whole")));
    assert_eq!(reply.connection.number, 1);
    nothing_left(world);
    assert_eq!((here.opened(), there.opened()), (1, 1));
}

/// Given a Location that leads nowhere, or several that differ, then that is an error, and tells what was asked last. The
/// connection is whole.
pub fn a_place_that_cannot_be_is_an_error(world: &mut dyn World) {
    use RedirectError::{BadLocation, ConflictingLocations, Scheme};
    let cases: [(&[&[u8]], RedirectError); 11] = [
        (&[b"/a", b"/b"], ConflictingLocations),
        (&[b"/a", b""], ConflictingLocations),
        (&[b"/a", b"/a", b"/A"], ConflictingLocations),
        (&[b"http://[::1/"], BadLocation),
        (&[b"http://a b/"], BadLocation),
        (&[b"//"], BadLocation),
        (&[b"http://a:65536/"], BadLocation),
        (&[b"http://\xff/"], BadLocation),
        (&[b"ftp://a/"], Scheme),
        (&[b"file:///etc/passwd"], Scheme),
        (&[b"data:text/plain,x"], Scheme),
    ];
    let asked = Asked::default();
    let told = cases.map(|(locations, _)| located(302, locations));
    let served = world.serve(asked.site(move |number, _| match number % 2 {
        0 => vec![to(302, "/here")],
        _ => vec![told[number / 2].clone()],
    }));
    for (_, wanted) in cases {
        let (why, error) = misled(world, RequestBuilder::new("GET", served.url("/first")));
        assert_eq!(why, wanted, "{error}");
        assert_eq!(error.url(), Some(&*served.url("/here")));
        let outcomes = ["302", "302"].map(str::to_owned).to_vec();
        assert_eq!(course_of(&error), (outcomes, StopReason::Redirect));
        assert_eq!(history(&error).len(), 1);
    }
    nothing_left(world);
    assert_eq!((asked.count(), served.opened()), (22, 1));
}

/// Given a redirect to https, when plain HTTP is spoken there, then that is an error which names the place and says what may
/// be wrong, and nobody is asked in the open: neither there nor at the same address.
pub fn https_is_never_asked_in_the_open(world: &mut dyn World) {
    let asked = [Asked::default(), Asked::default()];
    let [here, there] = [
        world.serve(leading(&asked[0])),
        world.serve(leading(&asked[1])),
    ];
    for (count, served) in (1..).zip([&here, &there]) {
        world.configure(Config {
            tls: trusting(&Authority::new()),
            ..Config::default()
        });
        let secure = format!("https://{}/secret", served.address());
        let url = chain([here.url("/307"), secure.clone()]);
        let error = failed(world, super::post(&url, "words"));
        assert_eq!(
            (error.code(), error.url()),
            ("tls-plain-http", Some(&*secure))
        );
        assert!(error.to_string().contains("should begin with http"));
        assert!(error.is_tls() && !error.is_retryable() && error.stage() == Stage::Tls);
        let outcomes = ["307", "tls-plain-http"].map(str::to_owned);
        assert_eq!(course_of(&error), (outcomes.to_vec(), StopReason::NoPolicy));
        nothing_left(world);
        let counts = [&asked[0], &asked[1]].map(Asked::count);
        assert_eq!(counts, [count, 0]);
    }
    assert_eq!((here.opened(), there.opened()), (3, 1));
}
