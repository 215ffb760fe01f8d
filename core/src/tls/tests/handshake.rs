//! Handshakes that succeed, however they are cut, and what is agreed on.

use std::sync::Arc;

use super::authority::Authority;
use super::peer::{Pair, handshake, server, server_with};
use crate::tls::TlsVersion;

const HOST: &str = "example.org";

#[test]
fn octets_go_both_ways_and_the_end_is_told() {
    let authority = Authority::new("root");
    let tls = authority.trusted().build().expect("settings");
    let (mut pair, outcome) = handshake(&tls, HOST, server(&authority.issue(&[HOST])));
    assert_eq!(outcome, Ok(()));
    assert!(!pair.layer.is_handshaking());

    assert_eq!(pair.layer.encrypt(&[b"GET / ", b"HTTP/1.1\r\n\r\n"]), 18);
    pair.send();
    assert_eq!(pair.heard, b"GET / HTTP/1.1\r\n\r\n");

    pair.say(b"HTTP/1.1 200 OK\r\n\r\n");
    pair.exchange().expect("an answer");
    assert_eq!(pair.plain, b"HTTP/1.1 200 OK\r\n\r\n");
    assert!(!pair.layer.has_ended());

    pair.server.send_close_notify();
    pair.exchange().expect("an end");
    assert!(pair.layer.has_ended());
}

#[test]
fn what_was_agreed_on_is_told() {
    let authority = Authority::new("root");
    let tls = authority.trusted().build().expect("settings");
    let certified = authority.issue_below(&[HOST]);
    let (pair, outcome) = handshake(&tls, HOST, server(&certified));
    assert_eq!(outcome, Ok(()));
    let info = pair.layer.info();
    assert_eq!(info.version(), Some(TlsVersion::Tls13));
    assert_eq!(info.alpn(), Some(b"http/1.1".as_slice()));
    assert!(info.verified() && !info.resumed());
    assert!(
        info.cipher_suite()
            .is_some_and(|name| name.starts_with("TLS13_"))
    );
    let shown = Vec::from_iter(info.peer_certificates().map(<[u8]>::to_vec));
    let sent = Vec::from_iter(certified.chain.iter().map(|der| der.to_vec()));
    assert_eq!(shown, sent);
}

#[test]
fn tls_1_2_will_do_unless_it_was_ruled_out() {
    let authority = Authority::new("root");
    let old = [&rustls::version::TLS12];
    let config = || server_with(&authority.issue(&[HOST]), &old, None);
    let tls = authority.trusted().build().expect("settings");
    let (pair, outcome) = handshake(&tls, HOST, config());
    assert_eq!(outcome, Ok(()));
    assert_eq!(pair.layer.info().version(), Some(TlsVersion::Tls12));

    let strict = authority.trusted().only_tls13().build().expect("settings");
    let (_, outcome) = handshake(&strict, HOST, config());
    assert_eq!(
        outcome.expect_err("too old").code(),
        "tls-nothing-in-common"
    );
}

#[test]
fn a_handshake_may_come_octet_by_octet() {
    let authority = Authority::new("root");
    let tls = authority.trusted().build().expect("settings");
    for versions in [&[&rustls::version::TLS12], &[&rustls::version::TLS13]] {
        let config = Arc::new(server_with(&authority.issue(&[HOST]), versions, None));
        let mut pair = Pair::new(&tls.client(None).expect("settings"), HOST, &config);
        pair.exchange_in_pieces(1).expect("a handshake");
        assert!(!pair.layer.is_handshaking());
        pair.say(b"hello");
        pair.exchange_in_pieces(1).expect("an answer");
        assert_eq!(pair.plain, b"hello");
    }
}
