//! Proxies of HTTP that give no tunnel, and those that give one in their own way (RFC 9110 §9.3.6): what a proxy answers is never
//! taken for an answer of the origin's.

use sessile_core::{CookieJar, Error, Progress, Retry, Stage, StopReason};

use super::peers::{Asked, send, silence, text};
use super::retries::course_of;
use super::ways_places::{ORIGIN, PROXY, Places};
use super::{answered, eventually, failed, get, milliseconds, nothing_left, post};
use crate::cut_after::{Cut, CutAfter};
use crate::origin::{Act, Site, chunked, head, response};
use crate::proxies::{HttpProxy, Reach};
use crate::rude::{Rude, When};
use crate::secured::Secured;
use crate::world::{Served, World};

const URL: &str = "https://origin.test/";
const BY: &str = "http://proxy.test:3128";

/// A proxy that leads to an origin over TLS, which notes what it is asked.
fn leading_home(places: &Places, asked: &Asked) -> HttpProxy {
    let site = asked.site(|_, request| vec![text(request.path())]);
    let origin = Secured::new(&places.owner(ORIGIN), site);
    HttpProxy::new(Reach::new().to("origin.test:443", origin))
}

/// Begins a session that goes by this proxy.
fn by_way_of(world: &mut dyn World, places: &mut Places, proxy: impl Site) -> Served {
    let served = places.serve(world, PROXY, proxy);
    places.go_by(BY);
    places.begin(world);
    served
}

/// What is so of each failure that is the proxy's: it says so, and nothing went to the origin.
fn is_the_proxys(error: &Error, what: &str) {
    assert!(error.is_proxy() && !error.is_status(), "{what}: {error:?}");
    assert_eq!(
        (error.progress(), error.sent()),
        (Progress::NotSent, 0),
        "{what}"
    );
    let proxy = error.proxy().expect("the proxy is known");
    assert_eq!((proxy.host(), proxy.port()), (PROXY, 3128), "{what}");
}

/// Answers to CONNECT that give no tunnel: status, octets, and what of the content is told.
fn refusals() -> Vec<(u16, Vec<Act>, &'static str)> {
    let page = "<h1>The proxy is sorry</h1>";
    let elsewhere = [
        ("Location", "https://elsewhere.test/"),
        ("Set-Cookie", "caught=1"),
    ];
    let until_the_end = [head(403, &[]), page.as_bytes().to_vec()].concat();
    vec![
        (
            502,
            vec![send(response(
                502,
                &[("Content-Type", "text/html")],
                page.as_bytes(),
            ))],
            page,
        ),
        (
            503,
            vec![send(chunked(503, &[], &[page.as_bytes()], &[]))],
            page,
        ),
        (403, vec![send(until_the_end), Act::Finish], page),
        (
            302,
            vec![send(response(302, &elsewhere, page.as_bytes()))],
            page,
        ),
        (
            404,
            vec![
                send(response(404, &[("Connection", "close")], b"")),
                Act::Finish,
            ],
            "",
        ),
        (
            407,
            vec![send(response(
                407,
                &[("Proxy-Authenticate", "Basic realm=a")],
                b"?",
            ))],
            "",
        ),
        (
            401,
            vec![send(response(
                401,
                &[("WWW-Authenticate", "Basic realm=a")],
                b"?",
            ))],
            "?",
        ),
        (417, vec![send(response(417, &[], b"?"))], "?"),
    ]
}

/// Given a proxy that answers CONNECT with something else than a 2xx, then that is an error which has its answer, and no response:
/// it leads nowhere, sets no cookie, and asks for nobody's credentials.
pub fn a_refused_tunnel_is_no_response(world: &mut dyn World) {
    for (status, acts, content) in refusals() {
        let mut places = Places::new();
        let asked = Asked::default();
        let proxy = leading_home(&places, &asked).answering_connect(acts);
        let served = by_way_of(world, &mut places, proxy.clone());
        let error = failed(world, get("https://joe:secret@origin.test/"));
        let what = status.to_string();
        is_the_proxys(&error, &what);
        assert_eq!(
            (error.code(), error.stage()),
            ("connect-refused", Stage::Tunnel),
            "{what}"
        );
        let answer = error.proxy_response().expect("what it answered");
        let told = (
            answer.status().as_u16(),
            String::from_utf8_lossy(answer.content()),
        );
        assert_eq!(told, (status, content.into()), "{what}");
        assert_eq!(
            course_of(&error),
            (vec!["connect-refused".to_owned()], StopReason::NoPolicy)
        );
        assert_eq!(error.attempts().history().count(), 0);
        assert!(
            error
                .hint()
                .is_some_and(|hint| hint.contains("`Error::proxy_response`"))
        );
        let mut cookies = 0;
        world.cookies(&mut |jar: &mut CookieJar, _| cookies = jar.iter().count());
        assert_eq!(cookies, 0, "{what}");
        nothing_left(world);
        eventually(world, "it is closed", |_| served.closed() == 1);
        assert_eq!((proxy.faults(), asked.count()), (vec![], 0), "{what}");
    }
}

/// Proxies that do not speak what they are asked in: what is said of each, and whether it may be better next time.
fn nonsense() -> Vec<(&'static str, Vec<Act>, &'static str, bool)> {
    let endless = format!("HTTP/1.1 200 OK\r\n{}", "X: y\r\n".repeat(100_000));
    vec![
        ("no HTTP", vec![send("\u{5}\u{0}")], "not-http1", false),
        (
            "TLS",
            vec![send("\u{16}\u{3}\u{1}\u{0}\u{2}")],
            "not-http1",
            false,
        ),
        (
            "HTTP/2",
            vec![send("HTTP/2.0 200 OK\r\n\r\n")],
            "not-http1",
            false,
        ),
        (
            "a bad status",
            vec![send("HTTP/1.1 2OO OK\r\n\r\n")],
            "bad-status",
            false,
        ),
        (
            "a bad field",
            vec![send("HTTP/1.1 200 OK\r\nA b: c\r\n\r\n")],
            "bad-field-name",
            false,
        ),
        (
            "an endless head",
            vec![send(endless)],
            "too-many-fields",
            false,
        ),
        (
            "an endless row",
            vec![send("HTTP/1.1 103 \r\n\r\n".repeat(5_000))],
            "too-many-interim",
            false,
        ),
        (
            "a switch",
            vec![send(head(101, &[("Upgrade", "x")]))],
            "switched-unasked",
            false,
        ),
        ("nothing", vec![Act::Finish], "tunnel-truncated", true),
        (
            "half a head",
            vec![send("HTTP/1.1 200 O"), Act::Finish],
            "tunnel-truncated",
            true,
        ),
        (
            "a reset",
            vec![send("HTTP/1.1 200 O"), Act::Reset],
            "transport",
            true,
        ),
    ]
}

/// Given a proxy that answers CONNECT with no response at all, then the error says what is wrong, and that it is the proxy; it is
/// tried again only where that may help.
pub fn a_proxy_that_speaks_nonsense_is_told(world: &mut dyn World) {
    for (what, acts, code, may_pass) in nonsense() {
        let mut places = Places::new();
        let asked = Asked::default();
        let proxy = leading_home(&places, &asked).answering_connect(acts);
        places.config.retry = Some(Retry::new(1));
        let served = by_way_of(world, &mut places, proxy.clone());
        let error = failed(world, post(URL, "words"));
        assert_eq!(
            (error.code(), error.stage()),
            (code, Stage::Tunnel),
            "{what}: {error}"
        );
        is_the_proxys(&error, what);
        let attempts = if may_pass { 2 } else { 1 };
        assert_eq!(error.attempts().len(), attempts, "{what}: {error}");
        nothing_left(world);
        eventually(world, "it is closed", |_| served.closed() == attempts);
        assert_eq!((served.opened(), asked.count()), (attempts, 0), "{what}");
    }
}

/// Given a proxy that speaks before it is asked, then that is no answer. If we have asked meanwhile, it cannot be told from one: then
/// nobody speaks TLS in the tunnel.
pub fn a_proxy_may_not_speak_first(world: &mut dyn World) {
    let mut places = Places::new();
    places.config.timeouts.tls = Some(milliseconds(50));
    let acts = vec![send("HTTP/1.1 200 OK\r\n\r\n")];
    let served = by_way_of(world, &mut places, Rude::new(When::Opened, acts));
    let error = failed(world, get(URL));
    match error.stage() {
        Stage::Tls => assert_eq!(error.code(), "timeout"),
        _ => {
            assert_eq!(error.code(), "tunnel-unsolicited", "{error}");
            is_the_proxys(&error, "first");
        }
    }
    assert_eq!(error.progress(), Progress::NotSent);
    nothing_left(world);
    eventually(world, "it is closed", |_| served.closed() == 1);
}

/// Given a proxy that says nothing, or not enough, then its limit ends that.
pub fn silence_of_a_proxy_is_told(world: &mut dyn World) {
    for said in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 103 \r\n\r\n"] {
        let mut places = Places::new();
        let acts = match said {
            "" => vec![silence()],
            said => vec![send(said), silence()],
        };
        let proxy = leading_home(&places, &Asked::default()).answering_connect(acts);
        places.config.timeouts.tunnel = Some(milliseconds(50));
        let served = by_way_of(world, &mut places, proxy);
        let error = failed(world, get(URL));
        assert_eq!(
            (error.code(), error.stage()),
            ("timeout", Stage::Tunnel),
            "{said}"
        );
        assert_eq!(error.limit(), Some(milliseconds(50)));
        assert!(
            error
                .hint()
                .is_some_and(|hint| hint.contains("`Timeouts::tunnel`"))
        );
        is_the_proxys(&error, said);
        nothing_left(world);
        eventually(world, "it is closed", |_| served.closed() == 1);
    }
}

/// Given a tunnel that is granted in whatever way, then it is one: framing fields of a 2xx mean nothing (RFC 9110 §9.3.6), nor do
/// interim responses before it.
pub fn a_tunnel_is_granted_by_any_2xx(world: &mut dyn World) {
    for success in [
        "HTTP/1.1 200 Connection established\r\n\r\n",
        "HTTP/1.0 200 OK\r\nProxy-Agent: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 299 \r\n\r\n",
    ] {
        for before in [
            "",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 \r\nLink: x\r\n\r\n",
        ] {
            let mut places = Places::new();
            let asked = Asked::default();
            let proxy = leading_home(&places, &asked).succeeding_with(success.as_bytes());
            let proxy = proxy.saying_before(before.as_bytes());
            let served = by_way_of(world, &mut places, proxy.clone());
            for number in 0..2 {
                let reply = answered(world, get(URL));
                let told = (reply.text(), reply.connection.served, reply.interim.len());
                assert_eq!(told, ("/", number, 0), "{success}");
            }
            assert_eq!((served.opened(), asked.count()), (1, 2));
            assert_eq!(proxy.faults(), []);
        }
    }
}

/// Given octets behind a 2xx, before our first octet for the origin, then they are no answer to anything.
pub fn octets_behind_a_granted_tunnel_answer_nothing(world: &mut dyn World) {
    for behind in [
        "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison",
        "\u{0}",
    ] {
        let mut places = Places::new();
        let asked = Asked::default();
        let success = format!("HTTP/1.1 200 OK\r\n\r\n{behind}");
        let proxy = leading_home(&places, &asked).succeeding_with(success.as_bytes());
        let served = by_way_of(world, &mut places, proxy);
        let error = failed(world, get(URL));
        assert!(error.is_tls() && error.stage() == Stage::Tls, "{error:?}");
        assert_eq!(error.progress(), Progress::NotSent);
        nothing_left(world);
        eventually(world, "it is closed", |_| served.closed() == 1);
        assert_eq!(asked.count(), 0);
    }
}

/// Given a proxy that breaks off at whatever octet of its answer, then there is no tunnel; behind it, it is TLS that breaks off.
pub fn every_cut_of_an_answer_to_connect_is_told(world: &mut dyn World) {
    let whole = b"HTTP/1.1 200 OK\r\n\r\n".len();
    let mut places = Places::new();
    for (cut, code, code_behind) in [
        (Cut::Finish, "tunnel-truncated", "tls-truncated"),
        (Cut::Reset, "transport", "transport"),
    ] {
        for octets in 0..=whole {
            let proxy = leading_home(&places, &Asked::default());
            let _served = by_way_of(world, &mut places, CutAfter::new(octets, cut, proxy));
            let error = failed(world, get(URL));
            let behind = octets == whole;
            let expected = match behind {
                true => (code_behind, Stage::Tls),
                false => (code, Stage::Tunnel),
            };
            // Over sockets a reset may overtake what was said before it.
            if cut == Cut::Finish || world.is_virtual() {
                assert_eq!((error.code(), error.stage()), expected, "{octets}, {cut:?}");
                assert_eq!(error.is_proxy(), !behind, "{octets}, {cut:?}");
            }
            assert_eq!(error.progress(), Progress::NotSent, "{octets}, {cut:?}");
            nothing_left(world);
        }
    }
}
