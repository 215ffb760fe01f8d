//! Who a peer is, and who we are: certificates that will do and those that will not (RFC 5280, RFC 9525).

use sessile_core::{ErrorKind, Progress, RequestBuilder, Retry, Stage, StopReason, Tls};

use super::peers::{Asked, text};
use super::retries::{built, course_of};
use super::ways_places::{ORIGIN, Places, trusting_anybody};
use super::{answered, eventually, failed, get, nothing_left};
use crate::pki::{Authority, Identity};
use crate::secured::{Parting, Secured, Terms, Version, Versions};
use crate::world::{Reply, World};

const URL: &str = "https://origin.test/";

/// A site that notes what it is asked, and answers with the path.
fn noting(asked: &Asked) -> impl crate::origin::Site {
    asked.site(|_, request| vec![text(request.path())])
}

/// A request with settings of its own.
fn with(settings: &Tls, url: &str) -> sessile_core::Request {
    built(RequestBuilder::new("GET", url).tls(settings.clone()))
}

/// Certificates that will not do, and what is said of each.
fn bad(authority: &Authority) -> Vec<(&'static str, Identity)> {
    let names = &[ORIGIN][..];
    vec![
        ("tls-certificate-expired", authority.expired(names)),
        (
            "tls-certificate-not-valid-yet",
            authority.not_yet_valid(names),
        ),
        (
            "tls-certificate-name",
            authority.for_names(&["other.test", "*.origin.test"]),
        ),
        ("tls-certificate-name", authority.for_names(&["192.0.2.7"])),
        ("tls-certificate-purpose", authority.client(ORIGIN)),
        ("tls-certificate-issuer", Identity::by_a_stranger(names)),
        (
            "tls-certificate-issuer",
            authority.without_intermediate(names),
        ),
        ("tls-certificate-issuer", Identity::self_signed(names)),
    ]
}

/// Given a certificate that will not do, then nothing is sent, the error says what is wrong with it, and it is not tried
/// again; the peer is told.
pub fn a_certificate_that_will_not_do_is_told(world: &mut dyn World) {
    let mut places = Places::new();
    for (code, identity) in bad(&places.authority) {
        let asked = Asked::default();
        let secured = Secured::new(&identity, noting(&asked));
        let served = places.serve(world, ORIGIN, secured.clone());
        places.config.retry = Some(Retry::new(3));
        places.begin(world);
        let error = failed(world, get(URL));
        assert_eq!((error.code(), error.stage()), (code, Stage::Tls));
        let ErrorKind::Tls(fault) = error.kind() else {
            panic!("{error:?}");
        };
        assert!(fault.is_certificate() && error.is_tls(), "{error:?}");
        assert!(!error.is_proxy() && !error.is_retryable(), "{error:?}");
        assert_eq!((error.progress(), error.sent()), (Progress::NotSent, 0));
        assert_eq!(
            course_of(&error),
            (vec![code.to_owned()], StopReason::NotRetryable)
        );
        nothing_left(world);
        eventually(world, "it is closed", |_| served.closed() == 1);
        let heard = &secured.heard()[0];
        // Where a write takes an octet, the alert that says so is not waited for.
        let cut = world.is_virtual() && heard.parting == Some(Parting::Cut);
        assert!(heard.failure.is_some() || cut, "{code}: {heard:?}");
        assert_eq!((asked.count(), served.opened()), (0, 1), "{code}");
    }
}

/// Given settings that accept any certificate, then each is accepted, and no connection of theirs serves a request of other
/// settings, nor is one of those lent to them.
pub fn who_trusts_anybody_shares_with_nobody(world: &mut dyn World) {
    let mut places = Places::new();
    let anybody = trusting_anybody(&places.authority);
    for (code, identity) in bad(&places.authority) {
        let served = places.serve(
            world,
            ORIGIN,
            Secured::new(&identity, noting(&Asked::default())),
        );
        places.begin(world);
        for before in 0..2 {
            let reply = answered(world, with(&anybody, &format!("{URL}{before}")));
            assert_eq!(reply.connection.served, before, "{code}");
        }
        assert_eq!(failed(world, get(URL)).code(), code);
        assert_eq!(served.opened(), 2, "{code}");
    }
    let owner = places.owner(ORIGIN);
    let served = places.serve(
        world,
        ORIGIN,
        Secured::new(&owner, noting(&Asked::default())),
    );
    places.begin(world);
    for before in 0..2 {
        for request in [with(&anybody, URL), get(URL)] {
            assert_eq!(answered(world, request).connection.served, before);
        }
    }
    assert_eq!(served.opened(), 2);
}

/// Given hosts that are addresses, then the certificate must be for these, and no name is told.
pub fn certificates_may_be_for_addresses(world: &mut dyn World) {
    let hosts = ["192.0.2.7", "[2001:db8::7]"];
    let both = &["192.0.2.7", "2001:db8::7"][..];
    for (names, code) in [
        (both, None),
        (
            &["192.0.2.8", "2001:db8::8"][..],
            Some("tls-certificate-name"),
        ),
        (&[ORIGIN][..], Some("tls-certificate-name")),
    ] {
        for host in hosts {
            let mut places = Places::new();
            let identity = places.authority.for_names(names);
            let secured = Secured::new(&identity, noting(&Asked::default()));
            let _served = places.serve(world, host, secured.clone());
            places.begin(world);
            let result = world.send(get(&format!("https://{host}/")));
            let failure = result.as_ref().err().map(sessile_core::Error::code);
            assert_eq!(failure, code, "{host}, {names:?}");
            assert_eq!(secured.heard()[0].server_name, None);
        }
    }
}

/// Given a name, then the peer is told it, in lower case and without a final dot (RFC 6066 §3), unless the settings keep it
/// back; HTTP/1.1 is all that is offered (RFC 7301).
pub fn a_name_is_told_and_http_is_offered(world: &mut dyn World) {
    let mut places = Places::new();
    let secured = Secured::new(&places.owner(ORIGIN), noting(&Asked::default()));
    let _served = places.serve(world, ORIGIN, secured.clone());
    let _same = places.serve(world, "origin.test.", secured.clone());
    places.begin(world);
    for url in [URL, "https://ORIGIN.test/", "https://origin.test./"] {
        answered(world, get(url));
    }
    let quiet = Tls::builder().only_own_roots().server_name(false);
    let quiet = quiet.add_root_der(places.authority.root_der()).build();
    answered(world, with(&quiet.expect("a root"), URL));
    let heard = secured.heard();
    let told: Vec<_> = heard.iter().map(|it| it.server_name.as_deref()).collect();
    assert_eq!(told, [Some(ORIGIN), Some(ORIGIN), None], "{heard:?}");
    for heard in heard {
        assert_eq!(heard.offered, [b"http/1.1"]);
        assert_eq!((heard.protocol, heard.resumed), (None, false));
    }
}

/// Given a peer that speaks HTTP/1.1 among others, then that is agreed on; given one that does not, then nothing is sent.
pub fn no_other_protocol_is_agreed_on(world: &mut dyn World) {
    for (protocols, code) in [
        (&["h2", "http/1.1"][..], None),
        (&["h2"][..], Some("tls-protocol")),
    ] {
        let mut places = Places::new();
        let asked = Asked::default();
        let terms = Terms {
            alpn: protocols.iter().map(|it| it.as_bytes().to_vec()).collect(),
            ..Terms::default()
        };
        let secured = Secured::with(&places.owner(ORIGIN), terms, noting(&asked));
        let _served = places.serve(world, ORIGIN, secured.clone());
        places.begin(world);
        let result = world.send(get(URL));
        let failure = result.err().map(|error| error.code());
        assert_eq!(failure, code, "{protocols:?}");
        let agreed = secured.heard()[0].protocol.clone();
        let expected = code.is_none().then(|| b"http/1.1".to_vec());
        assert_eq!(
            (agreed, asked.count()),
            (expected, usize::from(code.is_none()))
        );
    }
}

/// Given peers that speak one version of TLS, then that is spoken, unless the settings have it that it may not.
pub fn either_version_is_spoken(world: &mut dyn World) {
    for (versions, version) in [
        (Versions::Both, Version::Tls13),
        (Versions::Only12, Version::Tls12),
        (Versions::Only13, Version::Tls13),
    ] {
        let mut places = Places::new();
        let terms = Terms {
            versions,
            ..Terms::default()
        };
        let secured = Secured::with(&places.owner(ORIGIN), terms, noting(&Asked::default()));
        let _served = places.serve(world, ORIGIN, secured.clone());
        places.begin(world);
        for before in 0..2 {
            assert_eq!(answered(world, get(URL)).connection.served, before);
        }
        assert_eq!(secured.heard()[0].version, Some(version));
        let strict = Tls::builder().only_own_roots().only_tls13();
        let strict = strict.add_root_der(places.authority.root_der()).build();
        let result = world.send(with(&strict.expect("a root"), URL));
        let failure = result.err().map(|error| error.code());
        let expected = (versions == Versions::Only12).then_some("tls-nothing-in-common");
        assert_eq!(failure, expected, "{versions:?}");
    }
}

/// Settings that trust an authority, and show who we are.
fn as_client(places: &Places, who: &Identity) -> Tls {
    let settings = Tls::builder().only_own_roots();
    let settings = settings.add_root_der(places.authority.root_der());
    let chain = who.chain_pem();
    let settings = settings.client_certificate_pem(chain.as_bytes(), who.key_pem().as_bytes());
    settings.build().expect("a certificate and its key")
}

/// Given a peer that wants to know who we are, then it is shown the settings' certificate; without one, or with one that it
/// does not take, there is an error that says so, and nothing is asked.
pub fn a_client_may_have_to_show_who_it_is(world: &mut dyn World) {
    for versions in [Versions::Only12, Versions::Only13] {
        let mut places = Places::new();
        let asked = Asked::default();
        let terms = Terms {
            versions,
            clients: Some(places.authority.root_der().clone()),
            ..Terms::default()
        };
        let secured = Secured::with(&places.owner(ORIGIN), terms, noting(&asked));
        let _served = places.serve(world, ORIGIN, secured.clone());
        places.begin(world);
        let (joe, stranger) = (
            places.authority.client("joe"),
            Authority::new().client("joe"),
        );
        for (request, code) in [
            (get(URL), "tls-client-certificate-required"),
            (
                with(&as_client(&places, &stranger), URL),
                "tls-client-certificate-refused",
            ),
        ] {
            let error = failed(world, request);
            assert_eq!(error.code(), code, "{versions:?}");
            assert!(error.is_tls() && !error.is_retryable(), "{error:?}");
            nothing_left(world);
        }
        assert_eq!(asked.count(), 0);
        let known = as_client(&places, &joe);
        for before in 0..2 {
            let Reply { connection, .. } = answered(world, with(&known, URL));
            assert_eq!(connection.served, before);
        }
        let heard = secured.heard();
        let last = heard.last().expect("three connections");
        assert_eq!((&last.client[..], heard.len()), (joe.chain(), 3));
        // It is for this request alone.
        let code = "tls-client-certificate-required";
        assert_eq!(failed(world, get(URL)).code(), code);
    }
}
