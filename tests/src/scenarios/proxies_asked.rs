//! What proxies of HTTP are told, and what they ask: heads of CONNECT and of requests in absolute-form, and rounds of 407 (RFC 9110
//! §11.7).

use std::sync::Arc;

use sessile_core::{Authentication, Error, Proxy, ProxyRules, Request, RequestBuilder, Stage};

use super::doors::basic;
use super::peers::{Asked, text};
use super::retries::built;
use super::ways_places::{ORIGIN, PROXY, Places, proxy_at};
use super::{answered, get, nothing_left};
use crate::origin::Site;
use crate::proxies::{Demand, Hash, HttpProxy, Reach, Refusal, Scheme};
use crate::secured::Secured;
use crate::world::{Reply, Served, World};

const USER: &str = "joe";
const PASSWORD: &str = "s3cret";

/// How a request goes by a proxy: in a tunnel, or in the proxy's own name.
const BOTH: [bool; 2] = [true, false];

fn url(tunnelled: bool) -> String {
    let scheme = if tunnelled { "https" } else { "http" };
    format!("{scheme}://{ORIGIN}/a?b=c")
}

/// A proxy that leads to an origin, which notes what it is asked, in the open and over TLS.
fn leading_home(places: &Places, asked: &Asked) -> HttpProxy {
    let site = asked.site(|_, request| vec![text(request.path())]);
    let secured = Secured::new(&places.owner(ORIGIN), Arc::clone(&site));
    let reach = Reach::new().to("origin.test:443", secured);
    HttpProxy::new(reach.to("origin.test:80", site))
}

/// Begins a session that goes by this proxy.
fn by_way_of(world: &mut dyn World, places: &mut Places, by: Proxy, proxy: impl Site) -> Served {
    let served = places.serve(world, PROXY, proxy);
    places.config.proxies = Some(ProxyRules::all(by));
    places.begin(world);
    served
}

/// The value of a field in each head that a proxy has read; `-` without one.
fn said(proxy: &HttpProxy, name: &str) -> Vec<String> {
    let of_head = |head: &Vec<u8>| {
        let head = String::from_utf8_lossy(head).into_owned();
        let prefix = format!("{name}: ");
        let mut lines = head
            .split("\r\n")
            .filter_map(|line| line.strip_prefix(&*prefix));
        lines.next().unwrap_or("-").to_owned()
    };
    proxy.seen().iter().map(of_head).collect()
}

/// The schemes of the credentials in each head.
fn schemes(proxy: &HttpProxy) -> Vec<String> {
    let values = said(proxy, "Proxy-Authorization");
    let scheme = |value: &String| value.split(' ').next().unwrap_or_default().to_owned();
    values.iter().map(scheme).collect()
}

/// A request with everything that is none of a proxy's business.
fn laden(url: &str) -> Request {
    let request = RequestBuilder::new("POST", url).body("content");
    let request = request.header("X-Own", "own").cookie("own", "cookie");
    built(request.basic_auth("origin's", "own"))
}

/// Given a tunnel, then its proxy is told where to, by what and by whom, and nothing of the request; the origin is not told what was
/// for the proxy.
pub fn a_connect_holds_nothing_of_the_request(world: &mut dyn World) {
    let credentials = basic(USER, PASSWORD);
    for (by, line) in [
        (proxy_at("proxy.test:3128"), String::new()),
        (
            proxy_at("http://joe:s3cret@proxy.test:3128"),
            format!("Proxy-Authorization: {credentials}\r\n"),
        ),
    ] {
        let (mut places, asked) = (Places::new(), Asked::default());
        let proxy = leading_home(&places, &asked);
        let fields = [("User-Agent", "ship/1.0"), ("X-Session", "session")];
        places.config.fields = super::mounts::fields(&fields);
        let _served = by_way_of(world, &mut places, by, proxy.clone());
        answered(world, laden(&url(true)));
        let heads = proxy.seen();
        let head = String::from_utf8_lossy(&heads[0]);
        let mut lines: Vec<_> = head.split_inclusive("\r\n").collect();
        assert_eq!(lines.remove(0), "CONNECT origin.test:443 HTTP/1.1\r\n");
        assert_eq!(lines.pop(), Some("\r\n"));
        let mut expected = vec!["Host: origin.test:443\r\n", "User-Agent: ship/1.0\r\n"];
        expected.extend((!line.is_empty()).then_some(&*line));
        lines.sort_unstable();
        expected.sort_unstable();
        assert_eq!((lines, heads.len()), (expected, 1));
        let request = &asked.all()[0];
        assert_eq!(request.field("Proxy-Authorization"), None);
        assert_eq!(request.target, "/a?b=c");
        assert_eq!(request.field("X-Own"), Some(&b"own"[..]));
        assert_eq!(proxy.faults(), []);
    }
}

/// Given a request that a proxy makes in its own name, then its target says where to, and the proxy's credentials stay there.
pub fn a_forwarded_request_says_where_to(world: &mut dyn World) {
    let (mut places, asked) = (Places::new(), Asked::default());
    let proxy = leading_home(&places, &asked);
    let by = proxy_at("http://joe:s3cret@proxy.test:3128");
    let served = by_way_of(world, &mut places, by, proxy.clone());
    for number in 0..2 {
        let reply = answered(world, laden(&url(false)));
        assert_eq!(reply.connection.served, number);
    }
    for head in proxy.seen() {
        assert!(
            head.starts_with(b"POST http://origin.test/a?b=c HTTP/1.1\r\nHost: origin.test\r\n")
        );
    }
    let credentials = basic(USER, PASSWORD);
    assert_eq!(said(&proxy, "Proxy-Authorization"), [&*credentials; 2]);
    for request in asked.all() {
        assert_eq!(request.field("Proxy-Authorization"), None);
        assert_eq!(
            request.field("Authorization"),
            Some(basic("origin's", "own").as_bytes())
        );
        assert_eq!(
            (&*request.target, &*request.content),
            ("/a?b=c", &b"content"[..])
        );
    }
    assert_eq!((served.opened(), proxy.faults()), (1, vec![]));
}

/// A user of a proxy, by its URL and by Digest alone.
fn by_url(password: &str) -> Proxy {
    let proxy = proxy_at("http://proxy.test:3128");
    proxy.credentials(USER, password).expect("credentials")
}

fn by_digest(password: &str) -> Proxy {
    let who = Authentication::digest(USER, password).expect("credentials");
    proxy_at("http://proxy.test:3128").authenticated(who)
}

/// Given a proxy that asks who is there, then it is told in the way that it asks for: Basic in advance, and Digest if that is wanted;
/// whoever will have Digest alone never says Basic. The 407 may be framed in any way, and end its connection.
pub fn a_proxy_is_told_who_asks(world: &mut dyn World) {
    let (md5, sha) = (Scheme::Digest(Hash::Md5), Scheme::Digest(Hash::Sha256));
    for (asks, by, expected) in [
        (&[Scheme::Basic][..], by_url(PASSWORD), &["Basic"][..]),
        (&[md5], by_url(PASSWORD), &["Basic", "Digest"]),
        (&[sha], by_url(PASSWORD), &["Basic", "Digest"]),
        (
            &[sha, md5, Scheme::Basic],
            by_digest(PASSWORD),
            &["-", "Digest"],
        ),
        (&[md5], by_digest(PASSWORD), &["-", "Digest"]),
    ] {
        for (refusal, ends) in [
            (Refusal::Length, false),
            (Refusal::Chunked, false),
            (Refusal::Closing, true),
            (Refusal::UntilTheEnd, true),
        ] {
            for tunnelled in BOTH {
                let (mut places, asked) = (Places::new(), Asked::default());
                let proxy = leading_home(&places, &asked).refusing(refusal);
                let proxy = proxy.demanding(Demand::new(USER, PASSWORD, asks));
                let served = by_way_of(world, &mut places, by.clone(), proxy.clone());
                let what = format!("{asks:?}, {refusal:?}, {tunnelled}");
                let reply = world.send(super::post(&url(tunnelled), "whole"));
                let reply = reply.unwrap_or_else(|error| panic!("{what}: {error}"));
                assert_eq!(reply.status, 200, "{what}");
                assert_eq!(schemes(&proxy), expected, "{what}");
                let opened = if ends { expected.len() } else { 1 };
                assert_eq!(served.opened(), opened, "{what}");
                let contents: Vec<_> = asked.all().into_iter().map(|it| it.content).collect();
                assert_eq!(contents, [b"whole"], "{what}");
                assert_eq!(proxy.faults(), [], "{what}");
                // What was asked for last is said in advance.
                answered(
                    world,
                    built(RequestBuilder::new("GET", url(tunnelled)).partition("2")),
                );
                let last = expected.last().copied();
                assert_eq!(schemes(&proxy).len(), expected.len() + 1, "{what}");
                assert_eq!(schemes(&proxy).last().map(String::as_str), last, "{what}");
            }
        }
    }
}

/// What became of a request that a proxy does not let through: in a tunnel an error, otherwise the proxy's response.
fn is_refused(result: Result<Reply, Error>, tunnelled: bool, what: &str) {
    match (result, tunnelled) {
        (Err(error), true) => {
            assert_eq!(
                (error.code(), error.stage()),
                ("connect-refused", Stage::Tunnel),
                "{what}"
            );
            let status = error
                .proxy_response()
                .map(|answer| answer.status().as_u16());
            assert_eq!((status, error.is_proxy()), (Some(407), true), "{what}");
        }
        (Ok(reply), false) => assert_eq!(reply.status, 407, "{what}"),
        (other, _) => panic!("{what}: {other:?}"),
    }
}

/// Given a wrong password, or a scheme that we do not say, then it is said once, and the 407 is the end of it. A proxy to which every
/// answer is stale gets two.
pub fn a_proxy_that_lets_nobody_in_is_not_asked_for_ever(world: &mut dyn World) {
    let sha = Scheme::Digest(Hash::Sha256);
    let never = |schemes| Demand {
        uses: 0,
        ..Demand::new(USER, PASSWORD, schemes)
    };
    let right = |schemes| Demand::new(USER, PASSWORD, schemes);
    for (demand, by, expected) in [
        (right(&[Scheme::Basic]), by_url("wrong"), &["Basic"][..]),
        (right(&[sha]), by_url("wrong"), &["Basic", "Digest"]),
        (
            right(&[sha, Scheme::Basic]),
            by_digest("wrong"),
            &["-", "Digest"],
        ),
        (right(&[Scheme::Basic]), by_digest(PASSWORD), &["-"]),
        (right(&[Scheme::Basic]), proxy_at("proxy.test:3128"), &["-"]),
        (
            never(&[sha]),
            by_digest(PASSWORD),
            &["-", "Digest", "Digest"],
        ),
    ] {
        for refusal in [Refusal::Length, Refusal::Closing] {
            for tunnelled in BOTH {
                let (mut places, asked) = (Places::new(), Asked::default());
                let proxy = leading_home(&places, &asked).refusing(refusal);
                let proxy = proxy.demanding(demand.clone());
                let _served = by_way_of(world, &mut places, by.clone(), proxy.clone());
                let what = format!("{demand:?}, {refusal:?}, {tunnelled}");
                is_refused(world.send(get(&url(tunnelled))), tunnelled, &what);
                assert_eq!(schemes(&proxy), expected, "{what}");
                assert_eq!((asked.count(), proxy.faults()), (0, vec![]), "{what}");
                nothing_left(world);
            }
        }
    }
}

/// Given a nonce that grows stale, then the next request costs a round more, and nobody hears of it.
pub fn a_stale_nonce_of_a_proxy_costs_a_round(world: &mut dyn World) {
    for tunnelled in BOTH {
        let (mut places, asked) = (Places::new(), Asked::default());
        let demand = Demand {
            uses: 1,
            ..Demand::new(USER, PASSWORD, &[Scheme::Digest(Hash::Md5)])
        };
        let proxy = leading_home(&places, &asked).demanding(demand);
        let _served = by_way_of(world, &mut places, by_digest(PASSWORD), proxy.clone());
        for partition in ["1", "2", "3"] {
            let request = RequestBuilder::new("POST", url(tunnelled)).body("whole");
            let reply = answered(world, built(request.partition(partition)));
            assert_eq!(reply.status, 200, "{tunnelled}, {partition}");
        }
        let expected = ["-", "Digest", "Digest", "Digest", "Digest", "Digest"];
        assert_eq!(schemes(&proxy), expected, "{tunnelled}");
        let contents: Vec<_> = asked.all().into_iter().map(|it| it.content).collect();
        assert_eq!(
            (contents, proxy.faults()),
            (vec![b"whole".to_vec(); 3], vec![])
        );
    }
}
