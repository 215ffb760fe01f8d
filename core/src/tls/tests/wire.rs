//! What comes in over the wire that is cut, garbled, too much, or no TLS at all: the same verdict however it was cut.

use std::sync::Arc;

use rustls::server::ServerConfig;

use super::authority::{Authority, Certified};
use super::now;
use super::peer::{Pair, server, server_with};
use crate::tls::{Tls, TlsClient, TlsError, TlsLayer};

const HOST: &str = "example.org";

fn settings() -> (Authority, Tls) {
    let authority = Authority::new("root");
    let tls = authority.trusted().build().expect("settings");
    (authority, tls)
}

fn client(tls: &Tls) -> TlsClient {
    tls.client(None).expect("settings")
}

/// Feeds a new layer in pieces that end there, and tells what came: the plaintext, the verdict, the alert.
fn fed(client: &TlsClient, wire: &[u8], cuts: &[usize]) -> (Result<(), TlsError>, Vec<u8>) {
    let mut layer = TlsLayer::new(client, HOST, now()).expect("a host");
    let mut sent = Vec::new();
    layer.take_wire(&mut sent);
    sent.clear();
    let mut outcome = Ok(());
    let mut start = 0;
    for end in cuts.iter().copied().chain([wire.len()]) {
        outcome = outcome.and_then(|()| layer.feed(now(), &wire[start..end]).map(|_| ()));
        start = end;
    }
    if let Err(error) = &outcome {
        assert_eq!(
            layer.feed(now(), b"more").as_ref(),
            Err(error),
            "it is for good"
        );
        assert_eq!(
            layer.feed(now(), b"").as_ref(),
            Err(error),
            "it is for good"
        );
        assert_eq!(layer.cut(), *error);
        assert_eq!(layer.encrypt(&[b"x"]), 0);
    }
    layer.take_wire(&mut sent);
    (outcome, sent)
}

#[test]
fn what_is_not_tls_is_told_from_what_is() {
    let (_, tls) = settings();
    let client = client(&tls);
    let cases: [(&[u8], TlsError); 6] = [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", TlsError::PlainHttp),
        (b"HTTP/1.0 200 OK\r\n\r\n", TlsError::PlainHttp),
        (b"SSH-2.0-OpenSSH_9.9\r\n", TlsError::NotTls),
        (b"220 mail.example.org ESMTP\r\n", TlsError::NotTls),
        (&[0; 40], TlsError::NotTls),
        (
            &[0x16, 0x02, 0x00, 0x00, 0x04, 1, 2, 3, 4],
            TlsError::NotTls,
        ),
    ];
    for (wire, told) in cases {
        let whole = fed(&client, wire, &[]);
        assert_eq!(whole.0, Err(told), "{}", wire.escape_ascii());
        assert_eq!(whole.1[0], 21, "an alert is to be sent");
        for cut in 1..wire.len() {
            assert_eq!(
                fed(&client, wire, &[cut]),
                whole,
                "{} at {cut}",
                wire.escape_ascii()
            );
        }
        let every = Vec::from_iter(1..wire.len());
        assert_eq!(fed(&client, wire, &every), whole);
    }
}

#[test]
fn an_alert_is_told_by_its_name() {
    let (_, tls) = settings();
    let alert = |number: u8| [21, 3, 3, 0, 2, 2, number];
    for (number, code, word) in [
        (40, "tls-alert", "handshake_failure"),
        (112, "tls-alert", "unrecognized_name"),
        (48, "tls-alert", "unknown_ca"),
        (200, "tls-alert", "unassigned"),
        (70, "tls-nothing-in-common", "protocol_version"),
        (71, "tls-nothing-in-common", "insufficient_security"),
        (
            116,
            "tls-client-certificate-required",
            "certificate_required",
        ),
        (42, "tls-client-certificate-required", "bad_certificate"),
        (120, "tls-protocol", "http/1.1"),
        (0, "tls-truncated", "closed"),
    ] {
        let (outcome, _) = fed(&client(&tls), &alert(number), &[]);
        let error = outcome.expect_err("an alert");
        assert_eq!(error.code(), code, "{number}");
        assert!(error.to_string().contains(word), "{error}");
    }
}

/// A ServerHello of TLS 1.2 (RFC 5246 section 7.4.1.3) that chooses this protocol by ALPN (RFC 7301).
fn hello_that_chooses(protocol: &[u8]) -> Vec<u8> {
    let short = |length: usize| u16::try_from(length).expect("short").to_be_bytes();
    let name = [&[u8::try_from(protocol.len()).expect("short")], protocol].concat();
    let list = [&short(name.len()), name.as_slice()].concat();
    let extension = [&[0, 16], short(list.len()).as_slice(), &list].concat();
    // Version, random, no session id, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, no compression, extensions.
    let fixed = [[3, 3].as_slice(), &[7; 32], &[0], &[0xc0, 0x2f], &[0]].concat();
    let body = [fixed, short(extension.len()).to_vec(), extension].concat();
    let message = [&[2, 0], short(body.len()).as_slice(), &body].concat();
    [&[22, 3, 3], short(message.len()).as_slice(), &message].concat()
}

#[test]
fn a_protocol_that_was_not_offered_is_not_taken() {
    let (_, tls) = settings();
    let (outcome, alert) = fed(&client(&tls), &hello_that_chooses(b"h2"), &[]);
    assert_eq!(outcome, Err(TlsError::Protocol));
    assert_eq!(alert[0], 21);
    let (outcome, _) = fed(&client(&tls), &hello_that_chooses(b"http/1.1"), &[]);
    assert_eq!(outcome, Ok(()), "so far it is a good hello");
}

/// A server's flight in answer to this layer.
fn pair(tls: &Tls, config: &Arc<ServerConfig>) -> (Pair, Vec<u8>) {
    let mut pair = Pair::new(&client(tls), HOST, config);
    pair.send();
    let flight = pair.flight();
    (pair, flight)
}

#[test]
fn a_flight_may_be_cut_anywhere() {
    let (authority, tls) = settings();
    for versions in [&[&rustls::version::TLS12], &[&rustls::version::TLS13]] {
        let config = Arc::new(server_with(&authority.issue(&[HOST]), versions, None));
        let length = pair(&tls, &config).1.len();
        assert!(length > 500, "a flight with a certificate");
        for cut in 1..length {
            let (mut pair, flight) = pair(&tls, &config);
            // A signature's length varies a little.
            let Some((front, back)) = flight
                .split_at_checked(cut)
                .filter(|(_, back)| !back.is_empty())
            else {
                continue;
            };
            pair.receive(front, usize::MAX).expect("the front");
            assert!(pair.layer.is_handshaking(), "at {cut}");
            assert_eq!(pair.layer.cut(), TlsError::Truncated, "at {cut}");
            pair.receive(back, usize::MAX).expect("the back");
            pair.exchange().expect("the rest");
            assert!(!pair.layer.is_handshaking(), "at {cut}");
        }
    }
}

#[test]
fn a_verdict_on_a_certificate_does_not_depend_on_cuts() {
    let (_, tls) = settings();
    let config = Arc::new(server(&Certified::by_itself(&[HOST])));
    let length = pair(&tls, &config).1.len();
    for cut in (1..length).chain([usize::MAX]) {
        let (mut pair, flight) = pair(&tls, &config);
        let (front, back) = flight.split_at(cut.min(flight.len()));
        let outcome = pair
            .receive(front, usize::MAX)
            .and_then(|()| pair.receive(back, usize::MAX));
        assert_eq!(
            outcome.expect_err("nobody knows it").code(),
            "tls-certificate-issuer",
            "at {cut}"
        );
        assert!(pair.layer.has_wire(), "an alert is to be sent");
        pair.send();
        let alert = rustls::Error::AlertReceived(rustls::AlertDescription::UnknownCA);
        assert_eq!(pair.complaint, Some(alert), "at {cut}");
    }
}

#[test]
fn a_garbled_octet_anywhere_in_a_flight_is_never_taken_for_success() {
    let (authority, tls) = settings();
    let config = Arc::new(server(&authority.issue(&[HOST])));
    let length = pair(&tls, &config).1.len();
    for place in 0..length {
        let (mut pair, mut flight) = pair(&tls, &config);
        let Some(octet) = flight.get_mut(place) else {
            continue;
        };
        *octet ^= 0x55;
        let outcome = pair.receive(&flight, usize::MAX);
        let unfinished = outcome.is_ok() && pair.layer.is_handshaking();
        // The version that a record's header says means nothing (RFC 8446 section 5.1), and rustls looks at it but little.
        let version = outcome.is_ok() && is_low_version_octet(&flight, place);
        assert!(outcome.is_err() || unfinished || version, "at {place}");
    }
}

fn is_low_version_octet(flight: &[u8], place: usize) -> bool {
    let mut start = 0;
    while let Some(header) = flight.get(start..start + 5) {
        if place == start + 2 {
            return true;
        }
        start += 5 + usize::from(u16::from_be_bytes([header[3], header[4]]));
    }
    false
}

/// A pair whose handshake is over.
fn established(tls: &Tls, config: &Arc<ServerConfig>) -> Pair {
    let mut pair = Pair::new(&client(tls), HOST, config);
    pair.exchange().expect("a handshake");
    pair
}

#[test]
fn what_comes_after_the_handshake_may_be_cut_anywhere() {
    let (authority, tls) = settings();
    let config = Arc::new(server(&authority.issue(&[HOST])));
    let mut length = 1;
    let mut cut = 0;
    while cut < length {
        let mut pair = established(&tls, &config);
        pair.say(b"one");
        pair.say(b"two");
        pair.server.send_close_notify();
        let mut flight = pair.flight();
        flight.extend_from_slice(b"what comes behind the end");
        length = flight.len();
        let (front, back) = flight.split_at(cut);
        pair.receive(front, usize::MAX).expect("the front");
        pair.receive(back, usize::MAX).expect("the back");
        assert_eq!(pair.plain, b"onetwo", "at {cut}");
        assert!(pair.layer.has_ended(), "at {cut}");
        cut += 1;
    }
    assert!(cut > 60);
}

#[test]
fn the_end_is_told_after_the_last_octet_and_never_without_close_notify() {
    let (authority, tls) = settings();
    let config = Arc::new(server(&authority.issue(&[HOST])));
    let mut pair = established(&tls, &config);
    pair.say(b"all");
    pair.server.send_close_notify();
    let flight = pair.flight();
    let taken = pair.layer.feed(now(), &flight).expect("plaintext");
    assert!(taken < flight.len(), "it stops at plaintext");
    assert_eq!(
        pair.layer.feed(now(), &flight[taken..]),
        Ok(0),
        "it has not been read"
    );
    let mut space = [0; 2];
    assert_eq!(pair.layer.read_plain(&mut space), 2);
    assert!(pair.layer.has_plain() && !pair.layer.has_ended());
    assert_eq!(pair.layer.read_plain(&mut space), 1);
    assert_eq!(pair.layer.read_plain(&mut space), 0);
    assert!(
        !pair.layer.has_plain() && !pair.layer.has_ended(),
        "the alert was not fed"
    );
    pair.layer.feed(now(), &flight[taken..]).expect("the end");
    assert!(pair.layer.has_ended());
}

#[test]
fn plaintext_before_a_fault_is_read_before_it_is_told() {
    let (authority, tls) = settings();
    let config = Arc::new(server(&authority.issue(&[HOST])));
    for piece in [1, 7, usize::MAX] {
        let mut pair = established(&tls, &config);
        pair.say(b"good");
        let mut flight = pair.flight();
        pair.say(b"garbled");
        flight.extend(pair.flight());
        *flight.last_mut().expect("a record") ^= 1;
        let outcome = pair.receive(&flight, piece);
        assert_eq!(outcome.expect_err("garbled").code(), "tls-misbehaved");
        assert_eq!(pair.plain, b"good");
    }
}

#[test]
fn much_plaintext_comes_as_fast_as_it_is_read() {
    let (authority, tls) = settings();
    let config = Arc::new(server(&authority.issue(&[HOST])));
    let content = Vec::from_iter((0..1_000_000_u32).map(|n| n.to_le_bytes()[n as usize % 3]));
    for piece in [1_000, 70_000, usize::MAX] {
        let mut pair = established(&tls, &config);
        pair.server.set_buffer_limit(None);
        pair.say(&content);
        let flight = pair.flight();
        pair.receive(&flight, piece).expect("all of it");
        assert!(pair.plain == content, "in pieces of {piece}");
    }
}

#[test]
fn nothing_is_taken_before_the_handshake_is_over_or_beyond_the_bound() {
    let (authority, tls) = settings();
    let config = Arc::new(server(&authority.issue(&[HOST])));
    let mut pair = Pair::new(&client(&tls), HOST, &config);
    assert_eq!(pair.layer.encrypt(&[b"early"]), 0);
    pair.exchange().expect("a handshake");

    let content = Vec::from_iter((0..1_000_000_u32).map(|n| n.to_le_bytes()[n as usize % 3]));
    let mut sent = 0;
    while sent < content.len() {
        let taken = pair.layer.encrypt(&[&content[sent..]]);
        assert!((1..=64 * 1024).contains(&taken), "{taken}");
        sent += taken;
        if sent < content.len() {
            assert_eq!(pair.layer.encrypt(&[b"more"]), 0, "the bound was reached");
        }
        pair.send();
        assert_eq!(pair.heard.len(), sent);
    }
    assert!(pair.heard == content);
}

#[test]
fn what_fits_into_one_record_goes_out_in_one() {
    let (authority, tls) = settings();
    let config = Arc::new(server(&authority.issue(&[HOST])));
    let mut pair = established(&tls, &config);
    pair.layer
        .encrypt(&[b"POST / HTTP/1.1\r\n", b"\r\n", &[b'x'; 1_000], b"", b"end"]);
    let mut wire = Vec::new();
    pair.layer.take_wire(&mut wire);
    let size = 5 + usize::from(u16::from_be_bytes([wire[3], wire[4]]));
    assert_eq!(wire.len(), size, "one record");
    assert!(!pair.layer.has_wire());
    assert_eq!(pair.layer.encrypt(&[]), 0);
    assert_eq!(pair.layer.encrypt(&[b"", b""]), 0);
    assert!(!pair.layer.has_wire(), "nothing is sent for nothing");
}

#[test]
fn our_end_is_told_and_what_the_peer_still_says_is_read() {
    let (authority, tls) = settings();
    let config = Arc::new(server(&authority.issue(&[HOST])));
    let mut pair = established(&tls, &config);
    pair.layer.encrypt(&[b"last"]);
    pair.layer.close();
    pair.layer.close();
    assert_eq!(pair.layer.encrypt(&[b"more"]), 0);
    pair.send();
    assert_eq!(pair.heard, b"last");
    let state = pair.server.process_new_packets().expect("a good end");
    assert!(state.peer_has_closed());
    pair.say(b"answer");
    pair.exchange().expect("an answer");
    assert_eq!(pair.plain, b"answer");
}
