//! Settings: their identity, their mistakes, and what they do not show.

use std::collections::HashSet;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore};

use super::authority::{Authority, Certified};
use super::peer::{Pair, cryptography, handshake, server, signing};
use crate::tls::identity::{Identity, of_key};
use crate::tls::settings::{ClientCertificate, Settings};
use crate::tls::{PlatformTrust, Tls, TlsBuilder, TlsInput, TlsSettingsError};

const HOST: &str = "example.org";

fn with_client(builder: TlsBuilder, own: &Certified) -> TlsBuilder {
    let chain = Vec::from_iter(own.chain.iter().map(AsRef::as_ref));
    builder.client_certificate_der(&chain, &own.key.serialize_der())
}

#[test]
fn each_option_alone_makes_another_identity() {
    let (one, two) = (Authority::new("one"), Authority::new("two"));
    let (own, other) = (one.issue(&["a"]), one.issue(&["a"]));
    let base = || Tls::builder().add_root_der(one.der());
    let renewed = one.renew(&own);
    #[rustfmt::skip]
    let all = vec![
        base(),
        Tls::builder(),
        base().add_root_der(two.der()),
        Tls::builder().add_root_der(two.der()),
        base().only_own_roots(),
        #[cfg(feature = "webpki-roots")]
        base().webpki_roots(),
        base().danger_accept_invalid_certs(),
        base().server_name(false),
        base().resumption(false),
        base().only_tls13(),
        #[cfg(feature = "aws-lc-rs")]
        base().aws_lc_rs(),
        with_client(base(), &own),
        with_client(base(), &other),
        with_client(base(), &renewed),
        with_client(base(), &one.issue_below(&["a"])),
        base().add_root_der(&own.chain[0]),
    ];
    let count = all.len();
    let built = |builder: &TlsBuilder| builder.clone().build().expect("settings");
    let distinct = HashSet::<Tls>::from_iter(all.iter().map(built));
    assert_eq!(distinct.len(), count);
    for builder in &all {
        assert_eq!(built(builder), built(builder), "{builder:?}");
        assert!(distinct.contains(&built(builder)));
    }
}

#[test]
fn a_key_alone_makes_another_identity() {
    // No settings that can be built differ by the key alone: it belongs to the certificate.
    let own = Certified::by_itself(&["a"]);
    let certified = Arc::new(CertifiedKey::new(own.chain.clone(), signing(&own)));
    let with = |key: &Certified| Settings {
        client: Some(ClientCertificate {
            certified: Arc::clone(&certified),
            key: of_key(&key.key_der()),
        }),
        ..Settings::default()
    };
    let other = Certified::by_itself(&["a"]);
    assert!(Identity::of(&with(&own)) == Identity::of(&with(&own)));
    assert!(Identity::of(&with(&own)) != Identity::of(&with(&other)));
}

#[test]
fn the_same_roots_are_the_same_in_pem_and_der() {
    let authority = Authority::new("root");
    let der = Tls::builder().add_root_der(authority.der()).build();
    let pem = Tls::builder()
        .add_root_pem(authority.pem().as_bytes())
        .build();
    assert_eq!(der, pem);
    assert_eq!(Tls::default(), Tls::builder().build().expect("settings"));
}

#[test]
fn mistakes_are_named_with_their_place() {
    let authority = Authority::new("root");
    let pem = authority.pem();
    let own = authority.issue(&["client.example"]);
    let (chain, key) = (own.chain_pem(), own.key.serialize_pem());
    let other = authority.issue(&["client.example"]).key.serialize_pem();
    let cut = &pem[..pem.len() / 2];
    let garbled = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let good_and = |bad: &str| format!("{pem}some words\n{bad}");
    let roots = |text: &str| {
        let builder = Tls::builder().add_root_der(authority.der());
        builder
            .add_root_pem(text.as_bytes())
            .build()
            .expect_err("a mistake")
    };
    let client = |chain: &str, key: &str| {
        let builder = Tls::builder().client_certificate_pem(chain.as_bytes(), key.as_bytes());
        builder.build().expect_err("a mistake")
    };
    use TlsSettingsError as Mistake;
    let (second, ours) = (TlsInput::Roots(2), TlsInput::ClientCertificate);
    let at = |input, certificate| Mistake::Certificate { input, certificate };
    let pem_at = |input, certificate| Mistake::Pem { input, certificate };
    for (mistake, what) in [
        (roots(""), Mistake::NoCertificate(second)),
        (roots(&key), Mistake::NoCertificate(second)),
        (roots(cut), pem_at(second, 1)),
        (roots(&good_and(cut)), pem_at(second, 2)),
        (roots(&good_and(garbled)), at(second, 2)),
        (client("", &key), Mistake::NoCertificate(ours)),
        (client(cut, &key), pem_at(ours, 1)),
        (client(garbled, &key), at(ours, 1)),
        (client(&chain, ""), Mistake::NoKey),
        (client(&chain, &chain), Mistake::NoKey),
        (
            client(&chain, &key.replace("PRIVATE", "ENCRYPTED PRIVATE")),
            Mistake::NoKey,
        ),
        (
            client(
                &chain,
                "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
            ),
            Mistake::Key,
        ),
        (client(&chain, &key[..key.len() / 2]), Mistake::Key),
        (client(&chain, &other), Mistake::KeyMismatch),
        (
            Tls::builder()
                .only_own_roots()
                .build()
                .expect_err("a mistake"),
            Mistake::NoOwnRoots,
        ),
        (
            Tls::builder()
                .add_root_der(b"x")
                .build()
                .expect_err("a mistake"),
            at(TlsInput::Roots(1), 1),
        ),
    ] {
        assert_eq!(mistake, what);
        assert!(
            mistake.to_string().starts_with("TLS settings: "),
            "{mistake}"
        );
    }
}

#[test]
fn one_file_may_hold_the_chain_and_the_key() {
    let own = Authority::new("root").issue(&["client.example"]);
    let file = own.key.serialize_pem() + &own.chain_pem();
    let tls = Tls::builder().client_certificate_pem(file.as_bytes(), file.as_bytes());
    assert!(tls.build().is_ok());
}

#[test]
fn nothing_shows_a_key_or_a_certificate() {
    let authority = Authority::new("root");
    let own = authority.issue(&["client.example"]);
    let builder = with_client(Tls::builder().add_root_der(authority.der()), &own);
    assert_eq!(
        format!("{builder:?}"),
        "TlsBuilder { verification: On, trust: Platform, .. }"
    );
    let tls = builder.build().expect("settings");
    assert_eq!(
        format!("{tls:?}"),
        "Tls { trust: Platform, own_roots: 1, client_certificate: true, versions: Tls12AndTls13, \
         server_name: true, resumption: true }"
    );
    let danger = Tls::builder()
        .danger_accept_invalid_certs()
        .build()
        .expect("settings");
    assert!(format!("{danger:?}").starts_with("Tls { VERIFICATION: OFF, ANYBODY IS TRUSTED, "));
}

// Whose roots.

#[cfg(not(feature = "webpki-roots"))]
#[test]
fn without_a_platform_there_must_be_roots() {
    let told = Tls::default().client(None).expect_err("nobody to trust");
    assert_eq!(
        told,
        crate::tls::TlsError::Settings(TlsSettingsError::NoRoots)
    );
    assert!(told.to_string().contains("enable webpki-roots"), "{told}");

    let authority = Authority::new("root");
    let own = Tls::builder()
        .add_root_der(authority.der())
        .build()
        .expect("settings");
    let (_, outcome) = handshake(&own, HOST, server(&authority.issue(&[HOST])));
    assert_eq!(outcome, Ok(()));
}

#[cfg(feature = "webpki-roots")]
#[test]
fn mozillas_roots_stand_in_for_a_platform_and_own_ones_are_added() {
    let authority = Authority::new("root");
    let certified = authority.issue(&[HOST]);
    for builder in [Tls::builder(), Tls::builder().webpki_roots()] {
        let alone = builder.clone().build().expect("settings");
        let (_, outcome) = handshake(&alone, HOST, server(&certified));
        assert_eq!(
            outcome.expect_err("nobody knows it").code(),
            "tls-certificate-issuer"
        );
        let added = builder
            .add_root_der(authority.der())
            .build()
            .expect("settings");
        assert_eq!(handshake(&added, HOST, server(&certified)).1, Ok(()));
    }
}

#[test]
fn a_platform_is_asked_with_the_own_roots_and_only_if_it_is_wanted() {
    let (platform, own) = (Authority::new("platform"), Authority::new("own"));
    let asked = Arc::new(std::sync::Mutex::new(Vec::new()));
    let (root, noted) = (platform.der().to_vec(), Arc::clone(&asked));
    let trust = PlatformTrust::new(move |own, provider| {
        noted.lock().expect("no panic").push(own.to_vec());
        let mut roots = RootCertStore::empty();
        roots
            .add(root.clone().into())
            .map_err(|error| error.to_string())?;
        let verifier = WebPkiServerVerifier::builder_with_provider(roots.into(), provider.clone());
        Ok(verifier.build().map_err(|error| error.to_string())?)
    });
    let config = Arc::new(server(&platform.issue(&[HOST])));
    let outcome = |builder: TlsBuilder| {
        let client = builder
            .build()
            .expect("settings")
            .client(Some(&trust))
            .expect("trust");
        Pair::new(&client, HOST, &config).exchange()
    };
    assert_eq!(outcome(Tls::builder().add_root_der(own.der())), Ok(()));
    assert!(outcome(own.trusted()).is_err());
    assert_eq!(*asked.lock().expect("no panic"), [vec![own.der().to_vec()]]);
}

#[test]
fn a_platform_may_fail() {
    let trust = PlatformTrust::new(|_, _| Err("no store".to_owned()));
    let told = Tls::default().client(Some(&trust)).expect_err("no trust");
    assert_eq!(told.code(), "tls-no-platform-roots");
    assert!(told.to_string().contains("no store"), "{told}");
}

// rustls' own configuration.

fn config(authority: &Authority) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(authority.der().to_vec().into()).expect("a root");
    let mut config = ClientConfig::builder_with_provider(cryptography())
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    config
}

#[test]
fn a_given_configuration_is_who_it_is_by_its_address() {
    let authority = Authority::new("root");
    let (one, two) = (Arc::new(config(&authority)), Arc::new(config(&authority)));
    let given = Tls::from_client_config(Arc::clone(&one));
    assert_eq!(given, Tls::from_client_config(one));
    assert_ne!(given, Tls::from_client_config(two));
    assert_ne!(given, Tls::default());
    assert_eq!(
        format!("{given:?}"),
        "Tls { a configuration of rustls' own }"
    );
}

#[test]
fn of_a_given_configuration_alpn_clock_and_sessions_are_ours() {
    let authority = Authority::new("root");
    let tls = Tls::from_client_config(Arc::new(config(&authority)));
    // It expires long before whatever the system's clock says.
    let config = Arc::new(server(&authority.issue(&[HOST])));
    let shake = |client| {
        let mut pair = Pair::new(client, HOST, &config);
        pair.exchange().expect("a handshake");
        pair.layer.info()
    };
    let (client, other) = (tls.client(None), tls.client(None));
    let (client, other) = (client.expect("settings"), other.expect("settings"));
    assert_eq!(shake(&client).alpn(), Some(b"http/1.1".as_slice()));
    assert!(shake(&client).resumed());
    assert!(!shake(&other).resumed());
}
