//! Client certificates, resumption, ALPN, the server's name: what a peer sees of us.

use std::sync::Arc;

use rustls::server::{ClientHello, ResolvesServerCert, ServerConfig};
use rustls::sign::CertifiedKey;

use super::authority::Authority;
use super::peer::{Pair, handshake, server, server_with, signing};
use crate::tls::{Tls, TlsClient};

const HOST: &str = "example.org";

#[test]
fn a_client_certificate_is_shown_to_a_peer_that_asks() {
    let authority = Authority::new("root");
    let own = authority.issue(&["client.example"]);
    let chain = Vec::from_iter(own.chain.iter().map(AsRef::as_ref));
    let der = authority
        .trusted()
        .client_certificate_der(&chain, &own.key.serialize_der());
    let pem = authority.trusted().client_certificate_pem(
        own.chain_pem().as_bytes(),
        own.key.serialize_pem().as_bytes(),
    );
    let der = der.build().expect("settings");
    assert_eq!(der, pem.build().expect("settings"));
    for versions in [&[&rustls::version::TLS12], &[&rustls::version::TLS13]] {
        let config = server_with(&authority.issue(&[HOST]), versions, Some(&authority));
        let (pair, outcome) = handshake(&der, HOST, config);
        assert_eq!(outcome, Ok(()));
        assert_eq!(pair.server.peer_certificates(), Some(own.chain.as_slice()));
    }
}

#[test]
fn without_one_or_with_anothers_the_peer_says_which() {
    let (authority, other) = (Authority::new("root"), Authority::new("other"));
    let own = other.issue(&["client.example"]);
    let chain = Vec::from_iter(own.chain.iter().map(AsRef::as_ref));
    let none = authority.trusted();
    let unknown = authority
        .trusted()
        .client_certificate_der(&chain, &own.key.serialize_der());
    for (settings, code) in [
        (none, "tls-client-certificate-required"),
        (unknown, "tls-client-certificate-refused"),
    ] {
        let tls = settings.build().expect("settings");
        for versions in [&[&rustls::version::TLS12], &[&rustls::version::TLS13]] {
            let config = server_with(&authority.issue(&[HOST]), versions, Some(&authority));
            let (pair, outcome) = handshake(&tls, HOST, config);
            assert!(pair.complaint.is_some());
            assert_eq!(outcome.expect_err("it was asked for").code(), code);
        }
    }
}

/// A second connection of this client: whether it goes on with a session.
fn resumes(client: &TlsClient, config: &Arc<ServerConfig>) -> bool {
    let mut pair = Pair::new(client, HOST, config);
    pair.exchange().expect("a handshake");
    pair.layer.info().resumed()
}

#[test]
fn sessions_are_resumed_by_one_client_and_by_no_other() {
    let authority = Authority::new("root");
    for versions in [&[&rustls::version::TLS12], &[&rustls::version::TLS13]] {
        let config = Arc::new(server_with(&authority.issue(&[HOST]), versions, None));
        let tls = authority.trusted().build().expect("settings");
        let client = tls.client(None).expect("settings");
        let clone = client.clone();
        assert!(!resumes(&client, &config));
        assert!(resumes(&client, &config));
        assert!(resumes(&clone, &config));
        let another = tls.client(None).expect("settings");
        assert!(
            !resumes(&another, &config),
            "of equal settings, but another"
        );

        let never = authority
            .trusted()
            .resumption(false)
            .build()
            .expect("settings");
        let never = never.client(None).expect("settings");
        assert!(!resumes(&never, &config) && !resumes(&never, &config));
    }
}

#[test]
fn a_resumed_session_shows_the_certificates_that_were_verified() {
    let authority = Authority::new("root");
    let config = Arc::new(server(&authority.issue(&[HOST])));
    let client = authority
        .trusted()
        .build()
        .expect("settings")
        .client(None)
        .expect("settings");
    assert!(!resumes(&client, &config) && resumes(&client, &config));
    let mut pair = Pair::new(&client, HOST, &config);
    pair.exchange().expect("a handshake");
    assert!(pair.layer.info().resumed());
    assert_eq!(pair.layer.info().peer_certificates().count(), 1);
}

#[test]
fn http_1_1_is_offered_and_nothing_else_is_taken() {
    let authority = Authority::new("root");
    let tls = authority.trusted().build().expect("settings");
    let with = |protocols: &[&[u8]]| {
        let mut config = server(&authority.issue(&[HOST]));
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        handshake(&tls, HOST, config)
    };
    let (pair, outcome) = with(&[b"h2", b"http/1.1"]);
    assert_eq!(outcome, Ok(()));
    assert_eq!(pair.layer.info().alpn(), Some(b"http/1.1".as_slice()));
    let (pair, outcome) = with(&[]);
    assert_eq!(outcome, Ok(()));
    assert_eq!(pair.layer.info().alpn(), None);
    let (_, outcome) = with(&[b"h2"]);
    assert_eq!(outcome.expect_err("only h2").code(), "tls-protocol");
}

/// Notes by which name the client called.
#[derive(Debug)]
struct Listener(Arc<CertifiedKey>, std::sync::Mutex<Option<String>>);

impl ResolvesServerCert for Listener {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        *self.1.lock().expect("no panic") = hello.server_name().map(str::to_owned);
        Some(Arc::clone(&self.0))
    }
}

#[test]
fn names_are_sent_and_addresses_are_not() {
    let authority = Authority::new("root");
    let certified = authority.issue(&[HOST, "192.0.2.1", "2001:db8::1"]);
    let silent = authority.trusted().server_name(false);
    for (settings, host, heard) in [
        (authority.trusted(), HOST, Some(HOST)),
        (authority.trusted(), "example.org.", Some(HOST)),
        (authority.trusted(), "192.0.2.1", None),
        (authority.trusted(), "[2001:db8::1]", None),
        (silent, HOST, None),
    ] {
        let mut config = server(&certified);
        let key = CertifiedKey::new(certified.chain.clone(), signing(&certified));
        let listener = Arc::new(Listener(Arc::new(key), std::sync::Mutex::default()));
        config.cert_resolver = Arc::clone(&listener) as Arc<dyn ResolvesServerCert>;
        let tls: Tls = settings.build().expect("settings");
        assert_eq!(handshake(&tls, host, config).1, Ok(()), "{host}");
        assert_eq!(
            listener.1.lock().expect("no panic").as_deref(),
            heard,
            "{host}"
        );
    }
}
