//! Proxies of SOCKS: whom they are told, what they refuse, and what is no SOCKS (RFC 1928, RFC 1929, SOCKS 4A).

use std::sync::Arc;

use sessile_core::{Error, Progress, Retry, Stage};

use super::peers::{Asked, send, text};
use super::ways::name_it;
use super::ways_places::{ORIGIN, PROXY, Places};
use super::{answered, eventually, failed, get, milliseconds, nothing_left};
use crate::cut_after::{Cut, CutAfter};
use crate::origin::{Act, Site, response};
use crate::proxies::{Bound, Reach, Socks4aProxy, Socks5Proxy, Stage as Message};
use crate::rude::Rude;
use crate::world::{Arrival, Served, World};

const URL: &str = "http://origin.test/";

/// A site at all the addresses of the origin.
fn reach(asked: &Asked) -> Reach {
    let site = asked.site(|_, request| vec![text(request.path())]);
    let places = ["origin.test:80", "192.0.2.80:80", "[2001:db8::80]:80"];
    let lead = |reach: Reach, place: &str| reach.to(place, Arc::clone(&site));
    places.into_iter().fold(Reach::new(), lead)
}

/// Begins a session that goes by this proxy.
fn by_way_of(world: &mut dyn World, places: &mut Places, url: &str, proxy: impl Site) -> Served {
    let served = places.serve(world, PROXY, proxy);
    name_it(&mut places.config, ORIGIN, ([192, 0, 2, 80], 0).into());
    places.go_by(url);
    places.begin(world);
    served
}

/// What is so of each failure that is the proxy's.
fn is_the_proxys(error: &Error, code: &str) {
    assert_eq!(
        (error.code(), error.stage()),
        (code, Stage::Tunnel),
        "{error}"
    );
    assert!(error.is_proxy() && error.proxy().is_some(), "{error:?}");
    assert_eq!((error.progress(), error.sent()), (Progress::NotSent, 0));
    assert!(error.proxy_response().is_none(), "{error:?}");
}

/// Given `socks5`, then the proxy is told an address that was looked up here; given `socks5h` and `socks4a`, then it is told the
/// name. An address in the URL is one for all of them.
pub fn a_proxy_is_told_a_name_or_an_address(world: &mut dyn World) {
    let literal = "http://192.0.2.80/";
    for (scheme, url, target) in [
        ("socks5", URL, "v4 192.0.2.80:80"),
        ("socks5", literal, "v4 192.0.2.80:80"),
        ("socks5h", URL, "name origin.test:80"),
        ("socks5h", literal, "v4 192.0.2.80:80"),
        ("socks5h", "http://[2001:db8::80]/", "v6 [2001:db8::80]:80"),
    ] {
        let (mut places, asked) = (Places::new(), Asked::default());
        let proxy = Socks5Proxy::new(reach(&asked));
        let by = format!("{scheme}://proxy.test:1080");
        let served = by_way_of(world, &mut places, &by, proxy.clone());
        for number in 0..2 {
            assert_eq!(answered(world, get(url)).connection.served, number);
        }
        assert_eq!(
            (proxy.targets(), proxy.faults()),
            (vec![target.to_owned()], vec![])
        );
        assert_eq!((proxy.methods(), served.opened()), (vec![vec![0]], 1));
    }
    for (url, target) in [(URL, "name origin.test:80"), (literal, "v4 192.0.2.80:80")] {
        let (mut places, asked) = (Places::new(), Asked::default());
        let proxy = Socks4aProxy::new(reach(&asked)).demanding(b"joe");
        let by = "socks4a://joe@proxy.test:1080";
        let _served = by_way_of(world, &mut places, by, proxy.clone());
        answered(world, get(url));
        assert_eq!(
            (proxy.targets(), proxy.faults()),
            (vec![target.to_owned()], vec![])
        );
        assert_eq!(proxy.users(), [b"joe"]);
    }
}

/// Given an address that SOCKS 4A has no words for, then the proxy is asked for nothing.
pub fn socks4a_cannot_ask_for_ipv6(world: &mut dyn World) {
    let (mut places, asked) = (Places::new(), Asked::default());
    let proxy = Socks4aProxy::new(reach(&asked));
    let _served = by_way_of(
        world,
        &mut places,
        "socks4a://proxy.test:1080",
        proxy.clone(),
    );
    let error = failed(world, get("http://[2001:db8::80]/"));
    is_the_proxys(&error, "socks4-no-such-address");
    assert!(proxy.targets().is_empty() && asked.count() == 0);
    nothing_left(world);
}

/// Given a proxy that refuses, then the error has its reason; it is tried again only where that may help.
pub fn a_socks_proxy_says_why_not(world: &mut dyn World) {
    for (code, told, may_pass) in [
        (1, "socks5-general-failure", true),
        (2, "socks5-not-allowed", false),
        (3, "socks5-network-unreachable", true),
        (4, "socks5-host-unreachable", true),
        (5, "socks5-connection-refused", true),
        (6, "socks5-ttl-expired", true),
        (7, "socks5-command-not-supported", false),
        (8, "socks5-address-type-not-supported", false),
        (9, "socks5-unassigned-reply", false),
        (0xff, "socks5-unassigned-reply", false),
    ] {
        let proxy = Socks5Proxy::new(Reach::new()).refusing(code);
        refuses(world, "socks5h", proxy.clone(), told, may_pass);
        assert_eq!(proxy.faults(), []);
    }
    for (code, told, may_pass) in [
        (91, "socks4-rejected", true),
        (92, "socks4-identd-unreachable", false),
        (93, "socks4-user-mismatch", false),
        (0, "socks4-unassigned-reply", false),
        (94, "socks4-unassigned-reply", false),
    ] {
        let proxy = Socks4aProxy::new(Reach::new()).refusing(code);
        refuses(world, "socks4a", proxy.clone(), told, may_pass);
        assert_eq!(proxy.faults(), []);
    }
}

fn refuses(world: &mut dyn World, scheme: &str, proxy: impl Site, code: &str, may_pass: bool) {
    let mut places = Places::new();
    places.config.retry = Some(Retry::new(1));
    let by = format!("{scheme}://proxy.test:1080");
    let served = by_way_of(world, &mut places, &by, proxy);
    let error = failed(world, get(URL));
    is_the_proxys(&error, code);
    let attempts = 1 + usize::from(may_pass);
    assert_eq!(error.attempts().len(), attempts, "{code}");
    nothing_left(world);
    eventually(world, "all are closed", |_| served.closed() == attempts);
}

/// Given a proxy that wants to know who asks, then it is told if it may be; a wrong word is said once, and what it chooses must have
/// been on offer.
pub fn a_socks_proxy_may_ask_who_is_there(world: &mut dyn World) {
    let asked = Asked::default();
    let proxy = || Socks5Proxy::new(reach(&asked)).demanding(b"joe", b"s3cret");
    for (user, code) in [
        ("joe:s3cret@", None),
        ("joe:other@", Some("socks5-authentication-refused")),
        ("jim:s3cret@", Some("socks5-authentication-refused")),
        ("", Some("socks5-credentials-needed")),
    ] {
        let (mut places, proxy) = (Places::new(), proxy());
        places.config.retry = Some(Retry::new(2));
        let by = format!("socks5h://{user}proxy.test:1080");
        let served = by_way_of(world, &mut places, &by, proxy.clone());
        match (world.send(get(URL)), code) {
            (Ok(_), None) => {}
            (Err(error), Some(code)) => is_the_proxys(&error, code),
            other => panic!("{user}: {other:?}"),
        }
        assert_eq!(served.opened(), 1, "{user}");
        assert_eq!(proxy.faults(), [], "{user}");
        nothing_left(world);
    }
    assert_eq!(asked.count(), 1);
}

/// Answers that are no SOCKS, at each of its messages, and what is said of them.
fn nonsense() -> Vec<(Message, &'static [u8], &'static str)> {
    vec![
        (Message::Methods, &[5, 1], "socks5-method-not-offered"),
        (Message::Methods, &[4, 0], "socks-bad-version"),
        (
            Message::Methods,
            b"HTTP/1.1 400 \r\n\r\n",
            "socks-bad-version",
        ),
        (Message::Credentials, &[5, 0], "socks-bad-version"),
        (
            Message::Credentials,
            &[1, 1],
            "socks5-authentication-refused",
        ),
        (
            Message::Target,
            &[4, 0, 0, 1, 0, 0, 0, 0, 0, 0],
            "socks-bad-version",
        ),
        (
            Message::Target,
            &[5, 0, 0, 9, 0, 0, 0, 0, 0, 0],
            "socks5-bad-address-type",
        ),
    ]
}

/// Given a proxy that does not keep to the protocol, or speaks another, then the error says so.
pub fn what_is_no_socks_is_told(world: &mut dyn World) {
    for (message, octets, code) in nonsense() {
        let proxy = Socks5Proxy::new(Reach::new()).demanding(b"joe", b"s3cret");
        let proxy = proxy.instead(message, vec![send(octets), Act::Finish]);
        let mut places = Places::new();
        let by = "socks5h://joe:s3cret@proxy.test:1080";
        let _served = by_way_of(world, &mut places, by, proxy);
        is_the_proxys(&failed(world, get(URL)), code);
        nothing_left(world);
    }
    for scheme in ["socks5", "socks5h", "socks4a"] {
        let mut places = Places::new();
        let by = format!("{scheme}://proxy.test:1080");
        let _served = by_way_of(world, &mut places, &by, Rude::plain_http());
        let error = failed(world, get(URL));
        is_the_proxys(&error, "socks-bad-version");
        assert!(
            error.to_string().contains("it answers like an HTTP server"),
            "{error}"
        );
        nothing_left(world);
    }
}

/// Given a proxy that says nothing, then its limit ends that.
pub fn silence_of_a_socks_proxy_is_told(world: &mut dyn World) {
    for scheme in ["socks5", "socks5h", "socks4a"] {
        let mut places = Places::new();
        places.config.timeouts.tunnel = Some(milliseconds(50));
        let by = format!("{scheme}://proxy.test:1080");
        let served = by_way_of(world, &mut places, &by, Rude::silence());
        is_the_proxys(&failed(world, get(URL)), "timeout");
        nothing_left(world);
        eventually(world, "it is closed", |_| served.closed() == 1);
    }
}

/// Given octets behind a success, then they are no answer to a request that was not sent yet; and no second connection is tried,
/// whose proxy would do the same.
pub fn octets_behind_a_socks_reply_answer_nothing(world: &mut dyn World) {
    let poison = response(200, &[], b"poison");
    let asked = Asked::default();
    for scheme in ["socks5h", "socks4a"] {
        let proxy: Arc<dyn Site> = match scheme {
            "socks4a" => Arc::new(Socks4aProxy::new(reach(&asked)).saying_behind(&poison)),
            _ => Arc::new(Socks5Proxy::new(reach(&asked)).saying_behind(&poison)),
        };
        let mut places = Places::new();
        let by = format!("{scheme}://proxy.test:1080");
        let served = by_way_of(world, &mut places, &by, proxy);
        match world.send(get(URL)) {
            Err(error) => assert_eq!(error.code(), "unsolicited", "{error}"),
            // What comes when a request is out already cannot be told from its answer.
            Ok(_) => assert_eq!(world.arrival(), Arrival::InPieces),
        }
        nothing_left(world);
        assert_eq!(served.opened(), 1);
    }
}

/// Given a proxy that breaks off at whatever octet of what it says, then there is no tunnel; behind that it is the origin that ends.
pub fn every_cut_of_a_socks_handshake_is_told(world: &mut dyn World) {
    let asked = Asked::default();
    let five = |bound| {
        let proxy = Socks5Proxy::new(reach(&asked)).bound(bound);
        proxy.demanding(b"joe", b"s3cret")
    };
    let four = Socks4aProxy::new(reach(&asked));
    let proxies: [(&str, Arc<dyn Site>, usize); 4] = [
        ("socks5h", Arc::new(five(Bound::V4)), 2 + 2 + 10),
        ("socks5h", Arc::new(five(Bound::V6)), 2 + 2 + 22),
        ("socks5h", Arc::new(five(Bound::Name)), 2 + 2 + 18),
        ("socks4a", Arc::new(four), 8),
    ];
    let mut places = Places::new();
    for (scheme, proxy, whole) in proxies {
        for octets in 0..=whole {
            for (cut, code) in [(Cut::Finish, "tunnel-truncated"), (Cut::Reset, "transport")] {
                let by = format!("{scheme}://joe:s3cret@proxy.test:1080");
                let cutting = CutAfter::new(octets, cut, Arc::clone(&proxy));
                let _served = by_way_of(world, &mut places, &by, cutting);
                let error = failed(world, get(URL));
                if octets < whole {
                    is_the_proxys(&error, code);
                } else if cut == Cut::Finish {
                    assert_eq!((error.code(), error.is_proxy()), ("closed", false));
                }
                nothing_left(world);
            }
        }
    }
}
