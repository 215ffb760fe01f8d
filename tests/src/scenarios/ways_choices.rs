//! Which proxy is asked for what, and with whose TLS: what is for one never comes to another.

use std::sync::Arc;

use sessile_core::{
    Mount, Mounts, Progress, ProxyRules, Request, RequestBuilder, Retry, Stage, StopReason,
};

use super::doors::basic;
use super::peers::{Asked, send, text, to};
use super::retries::{built, course, course_of};
use super::ways::trusting;
use super::ways_places::{ORIGIN, PROXY, Places, proxy_at, trusting_anybody};
use super::{answered, eventually, failed, get, milliseconds, nothing_left, post};
use crate::origin::{Act, Site, response};
use crate::pki::{Authority, Identity};
use crate::proxies::{HttpProxy, Reach};
use crate::rude::Rude;
use crate::secured::{Secured, Terms};
use crate::world::World;

const SECURE: &str = "https://origin.test/";
const OPEN: &str = "http://origin.test/";

/// A proxy that leads to an origin, in the open and over TLS.
fn leading_home(places: &Places, site: &Arc<dyn Site>) -> HttpProxy {
    let secured = Secured::new(&places.owner(ORIGIN), Arc::clone(site));
    let reach = Reach::new().to("origin.test:443", secured);
    HttpProxy::new(reach.to("origin.test:80", Arc::clone(site)))
}

fn path(asked: &Asked) -> Arc<dyn Site> {
    asked.site(|_, request| vec![text(request.path())])
}

/// How many heads a proxy has read, and whether any has this in it.
fn saw(proxy: &HttpProxy, words: &str) -> (usize, bool) {
    let heads = proxy.seen();
    let has = |head: &Vec<u8>| String::from_utf8_lossy(head).contains(words);
    (heads.len(), heads.iter().any(has))
}

/// Given proxies of their own for http and https, when one redirects to the other, then each hop goes by its own, and what is for one
/// proxy is never said to the other.
pub fn each_hop_chooses_its_proxy(world: &mut dyn World) {
    let mut places = Places::new();
    let asked = Asked::default();
    let site = asked.site(|_, request| match request.path() {
        "/away" => vec![to(302, SECURE)],
        path => vec![text(path)],
    });
    let proxies = [leading_home(&places, &site), leading_home(&places, &site)];
    let [open, secure] = &proxies;
    let _open = places.serve(world, "open.test", open.clone());
    let _secure = places.serve(world, "secure.test", secure.clone());
    let rules = ProxyRules::from_pairs([
        ("http_proxy", "http://a:one@open.test:3128"),
        ("https_proxy", "http://b:two@secure.test:3128"),
    ]);
    places.config.proxies = Some(rules);
    places.begin(world);
    let reply = answered(world, get("http://origin.test/away"));
    assert_eq!((reply.status, &*reply.url), (200, SECURE));
    let (one, two) = (basic("a", "one"), basic("b", "two"));
    assert_eq!((saw(open, &one), saw(open, &two)), ((1, true), (1, false)));
    assert_eq!(
        (saw(secure, &two), saw(secure, &one)),
        ((1, true), (1, false))
    );
    assert!(proxies.iter().all(|proxy| proxy.faults().is_empty()));
    for request in asked.all() {
        assert_eq!(request.field("Proxy-Authorization"), None);
    }
}

/// Given tunnels, then each is for one origin, and for one user of its proxy.
pub fn a_tunnel_is_for_one_origin_and_one_user(world: &mut dyn World) {
    let mut places = Places::new();
    let both = places.authority.for_names(&[ORIGIN, "other.test"]);
    let secured = Secured::new(&both, path(&Asked::default()));
    let reach = Reach::new().to("origin.test:443", secured.clone());
    let proxy = HttpProxy::new(reach.to("other.test:443", secured));
    let served = places.serve(world, PROXY, proxy.clone());
    places.go_by("http://a:one@proxy.test:3128");
    places.begin(world);
    let by_another = |url: &str| {
        let by = proxy_at("http://b:two@proxy.test:3128");
        built(RequestBuilder::new("GET", url).proxy(by))
    };
    for (number, request) in [get(SECURE), get("https://other.test/"), by_another(SECURE)]
        .into_iter()
        .enumerate()
    {
        assert_eq!(answered(world, request).connection.served, 0);
        assert_eq!(served.opened(), number + 1);
    }
    assert_eq!(answered(world, get(SECURE)).connection.served, 1);
    assert_eq!(answered(world, by_another(SECURE)).connection.served, 1);
    assert_eq!((served.opened(), proxy.faults()), (3, vec![]));
}

/// Given requests and mounts that say otherwise than the session, then they go as they say; exceptions go directly.
pub fn a_request_says_by_which_way_it_goes(world: &mut dyn World) {
    let mut places = Places::new();
    let asked = Asked::default();
    let origin = places.serve(world, ORIGIN, path(&asked));
    let proxies = [(); 3].map(|()| leading_home(&places, &path(&asked)));
    let names = ["session.test", "mount.test", "request.test"];
    let named = names.into_iter().zip(&proxies);
    let serve = |(name, proxy): (&str, &HttpProxy)| places.serve(world, name, proxy.clone());
    let _served: Vec<_> = named.map(serve).collect();
    let mounted = Mount {
        proxies: Some(ProxyRules::all(proxy_at("mount.test:1"))),
        ..Mount::default()
    };
    let mut mounts = Mounts::new();
    mounts
        .add("http://origin.test/mounted", mounted)
        .expect("a prefix");
    places.config.mounts = mounts;
    let rules = ProxyRules::from_pairs([
        ("http_proxy", "session.test:1"),
        ("no_proxy", "direct.test"),
    ]);
    places.config.proxies = Some(rules);
    super::ways::name_it(&mut places.config, "direct.test", origin.address());
    places.begin(world);
    let request = |url: &str| RequestBuilder::new("GET", url);
    let mounted = "http://origin.test/mounted";
    for (request, counts) in [
        (request(OPEN), [1, 0, 0, 0]),
        (request(mounted), [1, 1, 0, 0]),
        (request(OPEN).proxy("request.test:1"), [1, 1, 1, 0]),
        (request(mounted).proxy("request.test:1"), [1, 1, 2, 0]),
        (request(OPEN).no_proxy(), [1, 1, 2, 1]),
        (request(mounted).no_proxy(), [1, 1, 2, 2]),
        (request("http://direct.test/"), [1, 1, 2, 3]),
        (request(OPEN), [2, 1, 2, 3]),
    ] {
        answered(world, built(request));
        let [a, b, c] = [0, 1, 2].map(|number: usize| proxies[number].seen().len());
        let directly = asked.count() - a - b - c;
        assert_eq!([a, b, c, directly], counts);
    }
    assert!(proxies.iter().all(|proxy| proxy.faults().is_empty()));
}

/// Given a proxy that cannot be, then that is an error, and nobody is asked: neither it nor the origin.
pub fn a_proxy_that_cannot_be_is_never_passed_over(world: &mut dyn World) {
    let mut places = Places::new();
    let asked = Asked::default();
    let origin = places.serve(world, ORIGIN, path(&asked));
    for (value, code) in [
        ("ftp://proxy.test", "proxy-scheme"),
        ("socks://proxy.test", "proxy-scheme"),
        ("http://proxy.test:0", "proxy-url"),
        ("http://", "proxy-url"),
        ("http://a%00b@proxy.test", "proxy-credentials"),
    ] {
        places.config.proxies = Some(ProxyRules::from_pairs([("http_proxy", value)]));
        places.config.retry = Some(Retry::new(2));
        places.begin(world);
        let own: Request = built(RequestBuilder::new("GET", OPEN).proxy(value));
        for request in [get(OPEN), own] {
            let error = failed(world, request);
            assert_eq!(
                (error.code(), error.progress()),
                (code, Progress::NotSent),
                "{value}"
            );
            assert!(error.is_proxy() && !error.is_retryable(), "{error:?}");
            assert!(error.attempts().len() <= 1, "{error:?}");
            nothing_left(world);
        }
        answered(world, built(RequestBuilder::new("GET", OPEN).no_proxy()));
    }
    assert_eq!((asked.count(), origin.opened()), (5, 5));
}

/// Given a proxy in trouble, when the policy has it tried again, then it is, whatever the method: nothing was sent to the origin.
pub fn a_refused_tunnel_is_tried_again(world: &mut dyn World) {
    let (mut places, asked) = (Places::new(), Asked::default());
    let busy = response(502, &[("Connection", "close")], b"busy");
    let proxy = leading_home(&places, &path(&asked)).instead(move |request| {
        let acts = vec![send(busy.clone()), Act::Finish];
        (request.connection < 2).then_some(acts)
    });
    let served = places.serve(world, PROXY, proxy.clone());
    places.go_by("http://proxy.test:3128");
    for (connect, outcomes, reason) in [
        (1, vec!["connect-refused"; 2], StopReason::Exhausted),
        (2, vec!["200"], StopReason::Success),
    ] {
        let own = |connect| Retry {
            connect: Some(connect),
            read: Some(0),
            ..Retry::new(5)
        };
        places.config.retry = Some(own(connect));
        places.begin(world);
        match world.send(post(SECURE, "words")) {
            Ok(reply) => assert_eq!(course(&reply.attempts), (outcomes, reason)),
            Err(error) => {
                let outcomes = outcomes.into_iter().map(str::to_owned).collect();
                assert_eq!(course_of(&error), (outcomes, reason));
            }
        }
    }
    assert_eq!(
        (asked.count(), served.opened(), proxy.faults()),
        (1, 3, vec![])
    );
}

/// Certificates of a proxy over TLS that will not do.
fn bad(authority: &Authority) -> [(&'static str, Identity); 3] {
    [
        ("tls-certificate-name", authority.for_names(&[ORIGIN])),
        ("tls-certificate-expired", authority.expired(&[PROXY])),
        ("tls-certificate-issuer", Identity::by_a_stranger(&[PROXY])),
    ]
}

/// Given a proxy over TLS whose certificate will not do, by its own name, then that is told of the proxy, and it is asked for
/// nothing, whatever is trusted of the origin.
pub fn a_proxy_has_a_certificate_of_its_own(world: &mut dyn World) {
    let mut places = Places::new();
    let anybody = trusting_anybody(&places.authority);
    places.config.retry = Some(Retry::new(2));
    for (code, identity) in bad(&places.authority) {
        let proxy = leading_home(&places, &path(&Asked::default()));
        let served = places.serve(world, PROXY, Secured::new(&identity, proxy.clone()));
        places.go_by("https://joe:secret@proxy.test:3128");
        places.begin(world);
        for url in [SECURE, OPEN] {
            let own = RequestBuilder::new("GET", url).tls(anybody.clone());
            for request in [get(url), built(own)] {
                let error = failed(world, request);
                assert_eq!(
                    (error.code(), error.stage()),
                    (code, Stage::ProxyTls),
                    "{url}"
                );
                assert!(error.is_proxy() && error.is_tls() && error.proxy().is_some());
                assert_eq!(error.attempts().len(), 1);
                nothing_left(world);
            }
        }
        eventually(world, "all are closed", |_| served.closed() == 4);
        assert!(proxy.seen().is_empty());
    }
}

/// Given authorities and certificates of ours for one side, then they say nothing to the other.
pub fn a_proxy_and_an_origin_trust_apart(world: &mut dyn World) {
    let mut places = Places::new();
    let theirs = Authority::new();
    let terms = Terms::default();
    let proxy = leading_home(&places, &path(&Asked::default()));
    let secured = Secured::with(&theirs.for_names(&[PROXY]), terms, proxy.clone());
    let _served = places.serve(world, PROXY, secured.clone());
    places.go_by("https://proxy.test:3128");
    let both = [trusting(&theirs), trusting(&places.authority)];
    for (of_proxy, of_origin, expected) in [
        (&both[0], &both[1], None),
        (
            &both[1],
            &both[1],
            Some(("tls-certificate-issuer", Stage::ProxyTls)),
        ),
        (
            &both[0],
            &both[0],
            Some(("tls-certificate-issuer", Stage::Tls)),
        ),
    ] {
        places.config.proxy_tls = of_proxy.clone();
        places.config.tls = of_origin.clone();
        places.begin(world);
        let error = world.send(get(SECURE)).err();
        let told = error.as_ref().map(|error| (error.code(), error.stage()));
        assert_eq!(told, expected);
        let blamed = error.is_some_and(|error| error.is_proxy());
        assert_eq!(blamed, told.is_some_and(|told| told.1 == Stage::ProxyTls));
    }
    let heard = &secured.heard()[0];
    assert_eq!(heard.server_name.as_deref(), Some(PROXY));
    assert!(heard.client.is_empty() && proxy.faults().is_empty());
}

/// Given a proxy that does not speak TLS where it should, then the error says so, and that it is the proxy.
pub fn a_proxy_that_speaks_no_tls_is_told(world: &mut dyn World) {
    for (peer, code) in [
        (Rude::plain_http(), "tls-plain-http"),
        (Rude::garbage(), "tls-not-tls"),
        (Rude::alert(40), "tls-alert"),
        (Rude::hangup(), "tls-truncated"),
        (Rude::reset(), "transport"),
        (Rude::silence(), "timeout"),
    ] {
        for url in [SECURE, OPEN] {
            let mut places = Places::new();
            places.config.timeouts.tls = Some(milliseconds(50));
            let served = places.serve(world, PROXY, peer.clone());
            places.go_by("https://joe:secret@proxy.test:3128");
            places.begin(world);
            let error = failed(world, get(url));
            assert_eq!(
                (error.code(), error.stage()),
                (code, Stage::ProxyTls),
                "{url}"
            );
            assert!(error.is_proxy() && error.is_tls(), "{error:?}");
            assert_eq!(error.progress(), Progress::NotSent);
            nothing_left(world);
            eventually(world, "it is closed", |_| served.closed() == 1);
        }
    }
}
