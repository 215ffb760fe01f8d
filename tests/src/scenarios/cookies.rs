//! Cookies come back: to which host, path and way, for how long, in which order (RFC 6265bis §§5.7, 5.8).
//!
//! Most sites here set the cookies that a request asks for in its query. What a jar makes of each line is for the vectors and
//! the jar's own tests; here it is the session that hands the lines over, and the peer that sees them again.

use std::sync::Arc;
use std::time::Duration;

use super::peers::{Asked, send};
use super::{answered, get, milliseconds, nothing_left, one_connection};
use crate::origin::{Act, Request, Site, head, response};
use crate::world::World;

/// Sets the cookies that stand in the query, one for each `&`, with the status that is the path, or 200.
pub(super) fn set(request: &Request) -> Act {
    let status = request.path().trim_start_matches('/').parse();
    let lines = request.query().into_iter().flat_map(|it| it.split('&'));
    let lines: Vec<_> = lines.map(|line| ("Set-Cookie", line)).collect();
    let content = request.path().as_bytes();
    send(response(status.unwrap_or(200), &lines, content))
}

/// A site that [sets](set) cookies.
pub(super) fn setting(asked: &Asked) -> Arc<dyn Site> {
    asked.site(|_, request| vec![set(request)])
}

/// The value of the Cookie line of a request; empty, if there is none. There is never more than one (RFC 6265bis §5.8.1).
pub(super) fn cookie(request: &Request) -> String {
    let lines: Vec<_> = request.values("cookie").collect();
    assert!(lines.len() <= 1, "{lines:?}");
    String::from_utf8_lossy(&lines.concat()).into_owned()
}

/// The same of all requests that a site has got.
pub(super) fn sent(asked: &Asked) -> Vec<String> {
    asked.all().iter().map(cookie).collect()
}

/// All cookies in the jar, as they would be sent, in its order.
pub(super) fn kept(world: &mut dyn World) -> Vec<String> {
    let mut kept = Vec::new();
    world.cookies(&mut |jar, _| {
        kept = jar
            .iter()
            .map(|it| {
                [it.name(), it.value()]
                    .map(String::from_utf8_lossy)
                    .join("=")
            })
            .collect();
    });
    kept
}

/// Asks for these paths in turn.
fn ask(world: &mut dyn World, url: impl Fn(&str) -> String, paths: &[&str]) {
    for path in paths {
        let reply = answered(world, get(&url(path)));
        let asked = path.split('?').next().unwrap_or_default();
        assert_eq!(reply.text(), asked);
    }
}

/// Given a peer that sets cookies, then the next requests have them, and each has those that stand there when it is sent:
/// the longest path first, then the oldest.
pub fn cookies_are_sent_back(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(setting(&asked));
    let paths = [
        "/?a=1",
        "/",
        "/deep/er?b=2&a=3",
        "/deep/",
        "/?c=4&a=5",
        "/deep/x",
        "/",
    ];
    ask(world, |path| served.url(path), &paths);
    let lines = [
        "",
        "a=1",
        "a=1",
        "b=2; a=3; a=1",
        "a=1",
        // A new value is no younger.
        "b=2; a=3; a=5; c=4",
        "a=5; c=4",
    ];
    assert_eq!(sent(&asked), lines);
    assert_eq!(kept(world), ["a=5", "b=2", "a=3", "c=4"]);
    nothing_left(world);
    assert_eq!(asked.connections(), [0; 7]);
}

/// Given a response with several lines, then each sets a cookie of its own, whatever stands in it: commas part nothing, and
/// nothing is decoded.
pub fn each_line_sets_one_cookie(world: &mut dyn World) {
    let asked = Asked::default();
    let lines = [
        ("Set-Cookie", "a=1; Expires=Fri, 01 Jan 2100 00:00:00 GMT"),
        ("X-Between", "set-cookie: no=1"),
        ("set-cookie", "b=\"two, three\", c=4"),
        ("SET-COOKIE", "  d=%2C%3B=+  ;HttpOnly"),
        ("Set-Cookie2", "no=2"),
        ("Set-Cookie", "nameless"),
        ("Set-Cookie", ""),
    ];
    let served = world.serve(asked.site(move |_, _| vec![send(response(200, &lines, b"set"))]));
    for _ in 0..2 {
        answered(world, get(&served.url("/")));
    }
    let line = "a=1; b=\"two, three\", c=4; d=%2C%3B=+; nameless";
    assert_eq!(sent(&asked), ["", line]);
}

/// Given a cookie for a path, be it said or that of the URL, then it goes to this path and below it, by whole segments.
pub fn a_cookie_has_its_path(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(setting(&asked));
    let paths = [
        "/shop/cart/add?own=1&said=2;Path=/pay&all=3;Path=/",
        "/shop/cart",
        "/shop/cart/",
        "/shop/cart/x/y",
        "/shop/carts",
        "/pay",
        "/pay/now",
        "/payment",
        "/PAY",
    ];
    ask(world, |path| served.url(path), &paths);
    let below = ["own=1; all=3"; 3];
    let lines = ["all=3", "said=2; all=3", "said=2; all=3", "all=3", "all=3"];
    let lines = [&[""][..], &below, &lines].concat();
    assert_eq!(sent(&asked), lines);
}

/// Given a cookie that lasts so long, then it is sent to its last moment, and no longer. Given one that is to last for ever,
/// then it is cut to 400 days (RFC 6265bis §5.5). One that lasts with the session has no end.
pub fn a_cookie_lasts_as_long_as_it_says(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(setting(&asked));
    let paths = ["/?minute=1;Max-Age=60&long=2;Max-Age=99999999999&open=3"];
    ask(world, |path| served.url(path), &paths);
    let (mut left, mut now) = (Vec::new(), Duration::ZERO);
    world.cookies(&mut |jar, wall| {
        let ends = jar.iter().map(|it| it.expires());
        left = ends.map(|end| end.map(|end| end - wall)).collect();
        now = wall;
    });
    let [Some(minute), Some(long), None] = left[..] else {
        panic!("{left:?}, at {now:?}");
    };
    let days = |count: u64| Duration::from_secs(count * 24 * 60 * 60);
    assert!(minute <= Duration::from_secs(60), "{minute:?}");
    assert!(long <= days(400) && long > days(399), "{long:?}");
    if world.is_virtual() {
        world.pass(minute);
        ask(world, |path| served.url(path), &["/"]);
        world.pass(milliseconds(1));
    } else {
        // A minute is longer than any scenario.
        ask(world, |path| served.url(path), &["/"]);
        let last = now + minute;
        world.cookies(&mut |jar, _| {
            assert_eq!(jar.clear_expired(last), 0);
            assert_eq!(jar.clear_expired(last + milliseconds(1)), 1);
        });
    }
    ask(world, |path| served.url(path), &["/"]);
    let lines = ["", "minute=1; long=2; open=3", "long=2; open=3"];
    assert_eq!(sent(&asked), lines);
}

/// Given a cookie whose time has passed when it comes, then it takes the one of its name and path out of the jar, and no
/// other.
pub fn a_cookie_of_the_past_deletes(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|_, request| match request.path() {
        "/expired" => {
            // Clocks in memory begin a second later.
            let line = "c=; Path=/; Expires=Wed, 31-Dec-1969 23:59:59 GMT";
            vec![send(response(200, &[("Set-Cookie", line)], b"/expired"))]
        }
        _ => vec![set(request)],
    }));
    let paths = [
        "/?a=1&b=2&c=3&a=4;Path=/x",
        "/?a=;Max-Age=0&b=9;Path=/y;Max-Age=0",
        "/x",
        "/expired",
        "/x/y?b=;Max-Age=-1",
        "/x?b=;Path=/;Max-Age=-1",
        "/x",
    ];
    ask(world, |path| served.url(path), &paths);
    let lines = [
        "",
        "a=1; b=2; c=3",
        "a=4; b=2; c=3",
        "b=2; c=3",
        "a=4; b=2",
        "a=4; b=2",
        "a=4",
    ];
    assert_eq!(sent(&asked), lines);
    assert_eq!(kept(world), ["a=4"]);
}

/// Given a Secure cookie that comes in the open, then it is refused, unless it does not leave the machine: a loopback address
/// is as good as encrypted. The other cookies of the response are taken.
pub fn a_secure_cookie_needs_a_secure_way(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(setting(&asked));
    let paths = [
        "/?s=1;Secure&a=2&__Secure-b=3;Secure&__Host-c=4;Secure;Path=/",
        "/",
        // What promises more than it holds is refused everywhere.
        "/?__Secure-b=5&__host-c=6;Secure;Path=/x&n=7;SameSite=None",
        "/",
    ];
    ask(world, |path| served.url(path), &paths);
    let line = match served.url("/").starts_with("http://127.") {
        true => "s=1; a=2; __Secure-b=3; __Host-c=4",
        false => "a=2",
    };
    assert_eq!(sent(&asked), ["", line, line, line]);
}

/// Given a request that waits for a connection, when a cookie comes meanwhile, then the request has it: its line is made when
/// it goes out.
pub fn who_waits_has_the_latest_cookies(world: &mut dyn World) {
    let asked = Asked::default();
    let served =
        world.serve(asked.site(|_, request| vec![Act::Pause(milliseconds(50)), set(request)]));
    world.configure(one_connection());
    let urls = ["/?a=1", "/?a=2&b=3", "/"].map(|path| get(&served.url(path)));
    for reply in world.send_all(urls.into()) {
        reply.expect("an answer");
    }
    assert_eq!(sent(&asked), ["", "a=1", "a=2; b=3"]);
    assert_eq!(asked.connections(), [0; 3]);
}

/// Given two sites, then they share the cookies that their host says: two hosts share none, two ports of one host share all.
/// Cookies know no ports (RFC 6265bis §8.5): what 127.0.0.1 sets at one port goes to 127.0.0.1 at every other.
pub fn cookies_know_hosts_and_no_ports(world: &mut dyn World) {
    let asked = [Asked::default(), Asked::default()];
    let [here, there] = [0, 1].map(|site| world.serve(setting(&asked[site])));
    ask(world, |path| here.url(path), &["/?a=1"]);
    ask(world, |path| there.url(path), &["/?b=2"]);
    ask(world, |path| here.url(path), &["/"]);
    ask(world, |path| there.url(path), &["/"]);
    // Sites in memory have addresses of their own, real ones have ports.
    let lines = match host(&here.url("/")) == host(&there.url("/")) {
        true => [["", "a=1; b=2"], ["a=1", "a=1; b=2"]],
        false => [["", "a=1"], ["", "b=2"]],
    };
    assert_eq!([sent(&asked[0]), sent(&asked[1])], lines);
}

/// The host of a URL with one.
pub(super) fn host(url: &str) -> String {
    let url = sessile_core::Url::parse(url).expect("a URL");
    url.host_str().expect("a host").to_owned()
}

/// Given a kept connection that dies with the next request, then this is sent again with its cookies.
pub fn a_replay_has_its_cookies(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|number, request| match number {
        1 => vec![Act::Finish],
        _ => vec![set(request)],
    }));
    ask(world, |path| served.url(path), &["/?a=1", "/"]);
    assert_eq!(sent(&asked), ["", "a=1", "a=1"]);
    assert_eq!(asked.connections(), [0, 0, 1]);
}

/// Given cookies in interim responses and in trailers, then nobody takes them (RFC 6265bis §5.3); they are shown as they
/// came.
pub fn interim_responses_and_trailers_set_nothing(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|_, _| {
        let interim = |status, line| send(head(status, &[("Set-Cookie", line)]));
        let trailers = [("Set-Cookie", "t=4"), ("X-Sum", "9")];
        let fields = [("Trailer", "Set-Cookie")];
        let last = crate::origin::chunked(200, &fields, &[b"con", b"tent"], &trailers);
        vec![
            interim(103, "i=1"),
            interim(102, "i=2"),
            interim(103, "i=3"),
            send(last),
        ]
    }));
    for _ in 0..2 {
        let reply = answered(world, get(&served.url("/")));
        assert_eq!(
            (reply.text(), &reply.interim[..]),
            ("content", &[103, 102, 103][..])
        );
        if let Some(trailers) = reply.trailers {
            assert_eq!(trailers[0], ("Set-Cookie".to_owned(), b"t=4".to_vec()));
        }
    }
    assert_eq!(
        (sent(&asked), kept(world).len()),
        (vec![String::new(); 2], 0)
    );
}
