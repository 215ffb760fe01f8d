//! Whose cookies are taken: those of every final response, whatever becomes of it, for the URL that was asked for it; and of
//! nothing else (RFC 6265bis §5.3).

use sessile_core::{Authentication, Config, ExpectContinue, RedirectPolicy, RequestBuilder};

use super::cookies::{cookie, host, kept, sent, set, setting};
use super::peers::{Asked, path_or, send, silence, text, twice};
use super::retries::{built, policy, retrying};
use super::{answered, failed, get, milliseconds, nothing_left};
use crate::origin::{Act, head, response};
use crate::world::World;

/// Given a final response of any kind, then its cookies are taken.
pub fn every_final_response_sets_cookies(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(setting(&asked));
    let statuses = [
        200, 204, 206, 304, 305, 401, 403, 404, 407, 410, 417, 429, 500, 503,
    ];
    for status in statuses {
        let request = get(&served.url(&format!("/{status}?c{status}=1;Path=/")));
        assert_eq!(answered(world, request).status, status);
    }
    let all = statuses.map(|status| format!("c{status}=1"));
    assert_eq!(kept(world), all);
    // Each request had the cookies of those before it.
    for (place, line) in sent(&asked).iter().enumerate() {
        assert_eq!(*line, all[..place].join("; "));
    }
}

/// Given a redirect that sets cookies, then the next hop has those that are for it: what they are for is decided by the URL
/// that was asked, not by where it leads.
pub fn a_redirect_sets_cookies_for_its_own_url(world: &mut dyn World) {
    let asked = [Asked::default(), Asked::default()];
    let there = world.serve(setting(&asked[1]));
    let elsewhere = there.url("/there/x");
    let here = world.serve(asked[0].site(move |_, request| {
        let next = match request.path() {
            "/hop/on" => "/there/x",
            "/hop/off" => &elsewhere,
            _ => return vec![set(request)],
        };
        let fields = [
            ("Set-Cookie", "near=1"),
            ("Location", next),
            ("Set-Cookie", "far=2; Path=/there"),
            ("Set-Cookie", "all=3; Path=/"),
        ];
        vec![send(response(302, &fields, b"on"))]
    }));
    for path in ["/hop/on", "/hop/off", "/hop/y"] {
        answered(world, get(&here.url(path)));
    }
    let own = ["", "far=2; all=3", "near=1; all=3", "near=1; all=3"];
    assert_eq!(sent(&asked[0]), own);
    let shared = host(&here.url("/")) == host(&there.url("/"));
    let line = if shared { "far=2; all=3" } else { "" };
    assert_eq!(sent(&asked[1]), [line]);
}

/// Given a chain that fetches a cookie on its way, then the next request has it; also where the chain ends in an error, or is
/// not followed.
pub fn a_redirect_that_leads_nowhere_sets_cookies(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|number, _| {
        let line = format!("n={number}; Path=/");
        let fields = [("Location", "http://[/"), ("Set-Cookie", &line)];
        vec![send(response(302, &fields, b"on"))]
    }));
    for redirects in [Some(RedirectPolicy::default()), None] {
        world.configure(Config {
            redirects,
            ..Config::default()
        });
        let before = asked.count();
        for number in [before, before + 1] {
            let reply = world.send(get(&served.url("/")));
            assert_eq!(reply.is_ok(), redirects.is_none());
            assert_eq!(kept(world), [format!("n={number}")]);
        }
        assert_eq!(
            sent(&asked)[before..],
            ["".to_owned(), format!("n={before}")]
        );
    }
}

/// Given a challenge that sets a cookie, then the answer to it is sent with the cookie: sites tell their sessions apart by it.
pub fn a_challenge_sets_cookies_for_its_answer(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(
        asked.site(|_, request| match request.field("authorization") {
            Some(_) => vec![set(request)],
            None => {
                let challenge = r#"Digest realm="here", nonce="n", qop="auth", algorithm=SHA-256"#;
                let fields = [("Set-Cookie", "door=7"), ("WWW-Authenticate", challenge)];
                vec![send(response(401, &fields, b"who?"))]
            }
        }),
    );
    let who = Authentication::digest("Mufasa", "Circle of Life").expect("credentials");
    let request = RequestBuilder::new("GET", served.url("/?in=1")).cookie("own", "2");
    let reply = answered(world, built(request.authentication(who)));
    assert_eq!((reply.status, reply.attempts.len()), (200, 2));
    assert_eq!(sent(&asked), ["own=2", "door=7; own=2"]);
    assert_eq!(kept(world), ["door=7", "in=1"]);
}

/// Given a response that is retried, then its cookies are sent with the retry, and each retry has those of the last one.
pub fn a_retried_response_sets_cookies_for_the_retry(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|number, request| {
        let line = format!("n={number}");
        let fields = [("Set-Cookie", line.as_str())];
        match number {
            0 | 1 => vec![send(response(503, &fields, b"later"))],
            _ => vec![text(request.path())],
        }
    }));
    world.configure(retrying(policy(5, &[503])));
    let request = RequestBuilder::new("GET", served.url("/")).cookie("own", "9");
    let reply = answered(world, built(request));
    assert_eq!((reply.text(), reply.attempts.len()), ("/", 3));
    assert_eq!(sent(&asked), ["own=9", "n=0; own=9", "n=1; own=9"]);
    nothing_left(world);
    assert_eq!(asked.connections(), [0; 3]);
}

/// Given a 417 that sets a cookie, then the request without the expectation has it.
pub fn a_refused_expectation_sets_cookies(world: &mut dyn World) {
    let asked = Asked::default();
    let ends = asked.clone();
    let mut config = Config::default();
    config.timeouts.expect_continue = Some(milliseconds(60_000));
    world.configure(config);
    let served = world.serve(twice(
        |head| match head.contains("\r\nExpect: ") {
            true => {
                assert!(!head.contains("\r\nCookie: "), "{head}");
                let fields = [("Set-Cookie", "so=1"), ("Connection", "close")];
                vec![send(response(417, &fields, b"no"))]
            }
            false => Vec::new(),
        },
        move |request| {
            ends.note(request);
            vec![send(response(200, &[], &request.content))]
        },
    ));
    let request = RequestBuilder::new("POST", served.url("/")).body("words");
    let request = request.expect_continue(ExpectContinue::Always);
    assert_eq!(answered(world, built(request)).text(), "words");
    assert_eq!(sent(&asked), ["so=1"]);
}

/// Given a response that is dropped before its content, that breaks off, or whose content never comes, then its cookies were
/// taken with its head.
pub fn a_response_that_nobody_reads_sets_cookies(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|_, request| {
        let line = format!("{}=1; Path=/", &request.path()[1..]);
        let fields = [("Set-Cookie", line.as_str()), ("Content-Length", "2000000")];
        let whole = vec![b'x'; 2_000_000];
        let head = send(head(200, &fields));
        match request.path() {
            "/dropped" => vec![head, send(whole)],
            "/cut" => vec![head, send("some"), Act::Finish],
            "/reset" => vec![head, send("some"), Act::Reset],
            _ => vec![head, silence()],
        }
    }));
    let mut config = Config::default();
    config.timeouts.read = Some(milliseconds(100));
    world.configure(config);
    let dropped = world.send_and_drop(get(&served.url("/dropped")));
    assert_eq!(dropped.expect("a head").status, 200);
    for path in ["/cut", "/reset", "/silent"] {
        failed(world, get(&served.url(path)));
    }
    assert_eq!(kept(world), ["dropped=1", "cut=1", "reset=1", "silent=1"]);
    nothing_left(world);
    let last = asked.all().pop().expect("a request");
    assert_eq!(cookie(&last), "dropped=1; cut=1; reset=1");
}

/// Given a head that is no response, then nothing in it sets a cookie.
pub fn what_is_no_response_sets_nothing(world: &mut dyn World) {
    let heads = [
        "HTTP/1.1 200 OK\r\nSet-Cookie: no=1\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nSet-Cookie: no=1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        "HTTP/1.1 200 OK\r\nSet-Cookie: no=1\r\nno line\r\n\r\n",
        "HTTP/1.1 200 OK\r\nSet-Cookie: no=\x01\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nSet-Cookie : no=1\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nSet-Cookie: no=1\r\n",
        "HTTP/1.1 099 No\r\nSet-Cookie: no=1\r\nContent-Length: 0\r\n\r\n",
    ];
    let asked = Asked::default();
    let served = world.serve(asked.site(move |number, _| match heads.get(number) {
        Some(head) => vec![send(*head), Act::Finish],
        None => vec![text("next")],
    }));
    for _ in heads {
        failed(world, get(&served.url("/")));
    }
    answered(world, get(&served.url("/")));
    assert_eq!(sent(&asked), vec![String::new(); heads.len() + 1]);
    assert_eq!(kept(world).len(), 0);
}

/// Given a peer that switches to another protocol, then its 101 sets nothing: it is no final response. Given one that
/// declines, then its response does.
pub fn a_switch_sets_nothing(world: &mut dyn World) {
    let served = world.serve(path_or(|request| {
        let declined = request.path() == "/declined";
        let fields = [
            ("Connection", "upgrade"),
            ("Upgrade", "echo/1"),
            ("Set-Cookie", "a=1"),
        ];
        Some(match declined {
            true => vec![set(request)],
            false => vec![send(head(101, &fields)), send("so it is"), Act::Finish],
        })
    }));
    let offer = |path| {
        let request = RequestBuilder::new("GET", served.url(path));
        built(request.header("Upgrade", "echo/1"))
    };
    let switched = world.upgrade(offer("/"), b"").expect("a switch");
    assert_eq!(switched.reply.status, 101);
    assert_eq!(switched.heard, Some(b"so it is".to_vec()));
    assert_eq!(kept(world).len(), 0);
    let declined = world.upgrade(offer("/declined?b=2"), b"");
    assert_eq!(declined.expect("a response").reply.status, 200);
    assert_eq!(kept(world), ["b=2"]);
}

/// Given a request that is given up, then what its peer would have set is nobody's; what it took along stays in the jar, and
/// its own cookies went with it.
pub fn a_request_that_was_given_up_sets_nothing(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|_, request| match request.path() {
        "/slow" => vec![Act::Pause(milliseconds(80)), set(request)],
        _ => vec![set(request)],
    }));
    answered(world, get(&served.url("/?a=1")));
    let request = RequestBuilder::new("GET", served.url("/slow?b=2")).cookie("own", "3");
    world.send_and_cancel(built(request), milliseconds(40));
    world.pass(milliseconds(100));
    assert_eq!(kept(world), ["a=1"]);
    nothing_left(world);
    answered(world, get(&served.url("/")));
    assert_eq!(sent(&asked), ["", "a=1; own=3", "a=1"]);
}
