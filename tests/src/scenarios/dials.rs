//! From a host to an address: what an application says of it (overrides), and which addresses may be dialled at all.

use std::net::SocketAddr;

use sessile_core::{AddressPolicy, AddressRole, Progress, Retry, Stage, Url};

use super::peers::{Asked, text, to};
use super::ways::name_it;
use super::ways_places::{ORIGIN, PROXY, Places};
use super::{answered, failed, get, nothing_left};
use crate::origin::Site;
use crate::proxies::{HttpProxy, Reach, Socks5Proxy};
use crate::world::World;

const URL: &str = "http://origin.test/";

fn path(asked: &Asked) -> impl Site + use<> {
    asked.site(|_, request| vec![text(request.path())])
}

/// An address at which nobody listens.
fn refused(world: &mut dyn World) -> SocketAddr {
    let url = Url::parse(&world.refused()).expect("a URL");
    let addresses = url.socket_addrs(|| None).expect("an address");
    addresses[0]
}

fn override_with(places: &mut Places, addresses: Vec<SocketAddr>) {
    let overrides = &mut places.config.dialling.overrides;
    overrides.add(ORIGIN, None, addresses).expect("a host");
}

/// Given a host whose addresses are said, then these are dialled in turn, each once, until one answers; without any, the host is
/// unknown.
pub fn a_host_has_the_addresses_that_it_is_given(world: &mut dyn World) {
    let mut places = Places::new();
    let asked = Asked::default();
    let served = places.serve(world, ORIGIN, path(&asked));
    let (good, bad) = (served.address(), refused(world));
    for (addresses, works) in [
        (vec![good], true),
        (vec![good; 300], true),
        (vec![bad, good], true),
        ([vec![bad; 300], vec![good]].concat(), true),
        (vec![bad], false),
        (vec![bad, bad], false),
    ] {
        override_with(&mut places, addresses);
        places.begin(world);
        let opened = served.opened();
        match world.send(get(URL)) {
            Ok(reply) => assert!(works && reply.text() == "/"),
            Err(error) => {
                assert!(
                    error.is_connect() && !works && !error.is_proxy(),
                    "{error:?}"
                );
                assert_eq!(error.progress(), Progress::NotSent);
            }
        }
        nothing_left(world);
        assert_eq!(served.opened() - opened, usize::from(works));
    }
    override_with(&mut places, Vec::new());
    places.begin(world);
    let error = failed(world, get(URL));
    assert_eq!((error.is_dns(), error.stage()), (true, Stage::Resolve));
}

/// Lets go where a function says so.
fn only(allows: impl Fn(&str, AddressRole) -> bool + Send + Sync + 'static) -> AddressPolicy {
    AddressPolicy::new(move |case| allows(case.host, case.role))
}

/// Given addresses that may not be dialled, then none is: not one that stands in the URL, nor one that was set, nor one to which a
/// redirect leads. It is not tried again.
pub fn no_address_is_dialled_that_may_not_be(world: &mut dyn World) {
    let (mut places, asked) = (Places::new(), Asked::default());
    let inside = world.serve(asked.site(|_, _| vec![text("inside")]));
    let literal = format!("http://{}/", inside.address());
    let away = literal.clone();
    let site = Asked::default().site(move |_, _| vec![to(302, &away)]);
    let outside = places.serve(world, ORIGIN, site);
    name_it(&mut places.config, "inside.test", inside.address());
    places.config.retry = Some(Retry::new(2));
    places.config.dialling.policy = Some(only(|host, role| {
        host == ORIGIN && role == AddressRole::Origin
    }));
    places.begin(world);
    for url in [&*literal, "http://inside.test/", URL] {
        let error = failed(world, get(url));
        assert_eq!(error.code(), "address-refused", "{url}: {error}");
        assert!(!error.is_retryable() && !error.is_proxy(), "{error:?}");
        assert!(
            error
                .hint()
                .is_some_and(|hint| hint.contains("`Dialling::policy`"))
        );
        nothing_left(world);
    }
    assert_eq!(
        (outside.opened(), inside.opened(), asked.count()),
        (1, 0, 0)
    );
}

/// Given an address that may not be dialled among others, then the others are.
pub fn an_address_that_may_not_be_dialled_is_passed_over(world: &mut dyn World) {
    let (mut places, asked) = (Places::new(), Asked::default());
    let bad = world.serve(std::sync::Arc::new(path(&asked)));
    let good = places.serve(world, ORIGIN, path(&asked));
    let not = bad.address();
    override_with(&mut places, vec![not, good.address()]);
    places.config.dialling.policy = Some(AddressPolicy::new(move |case| case.address != not));
    places.begin(world);
    answered(world, get(URL));
    assert_eq!((bad.opened(), good.opened()), (0, 1));
}

/// Given proxies, then their own addresses are asked about, and that of the origin as far as it is known here.
pub fn proxies_are_no_way_around_a_policy(world: &mut dyn World) {
    let (mut places, asked) = (Places::new(), Asked::default());
    let reach = || {
        Reach::new()
            .to("192.0.2.80:80", path(&asked))
            .to("origin.test:80", path(&asked))
    };
    let http = HttpProxy::new(reach());
    let socks = Socks5Proxy::new(reach());
    for (scheme, url, allowed, works) in [
        ("http", URL, AddressRole::Proxy, true),
        ("http", URL, AddressRole::BehindProxy, false),
        ("http", "http://192.0.2.80/", AddressRole::Proxy, false),
        ("socks5h", URL, AddressRole::Proxy, true),
        ("socks5", URL, AddressRole::Proxy, false),
        ("socks5h", "http://192.0.2.80/", AddressRole::Proxy, false),
    ] {
        let served = match scheme {
            "http" => places.serve(world, PROXY, http.clone()),
            _ => places.serve(world, PROXY, socks.clone()),
        };
        name_it(&mut places.config, ORIGIN, ([192, 0, 2, 80], 0).into());
        places.go_by(&format!("{scheme}://proxy.test:1"));
        places.config.dialling.policy = Some(only(move |_, role| role == allowed));
        places.begin(world);
        let code = world.send(get(url)).err().map(|error| error.code());
        let expected = (!works).then_some("address-refused");
        assert_eq!(code, expected, "{scheme}, {url}, {allowed:?}");
        assert_eq!(served.opened(), usize::from(works), "{scheme}, {url}");
        nothing_left(world);
    }
    assert_eq!((http.faults(), socks.faults()), (vec![], vec![]));
}
