//! SOCKS5 and SOCKS4A, message by message.

use super::*;
use crate::connection::{Misuse, TunnelStep};

const REPLY: &[u8] = b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00";

/// What comes of it if the proxy answers so.
fn answered(tunnel: fn() -> Tunnel, answers: &[&[u8]]) -> Result<Outcome, TunnelError> {
    let mut tunnel = tunnel();
    for answer in answers {
        flush(&mut tunnel, &mut Vec::new());
        tunnel.receive(answer)?;
    }
    Ok(play(&mut tunnel, &[], whole, false))
}

fn refused(tunnel: fn() -> Tunnel, answers: &[&[u8]]) -> TunnelError {
    let refused = answered(tunnel, answers);
    refused.expect_err("there is no tunnel")
}

fn said(tunnel: &mut Tunnel, answers: &[&[u8]]) -> Vec<u8> {
    play(tunnel, answers, whole, false).said
}

// ------------------------------------------------------------------------------------------------- what we say

#[test]
fn a_password_is_offered_only_if_there_is_one() {
    assert_eq!(socks5().outgoing(), b"\x05\x01\x00");
    assert_eq!(socks5_with_credentials().outgoing(), b"\x05\x02\x00\x02");
    let socks = Socks5::new(&target("http://a"), Some((b"", b""))).expect("valid");
    assert_eq!(socks.outgoing(), b"\x05\x01\x00");
}

#[test]
fn each_kind_of_target_has_its_form() {
    for (url, request) in [
        ("https://a.test", &b"\x05\x01\x00\x03\x06a.test\x01\xbb"[..]),
        (
            "http://192.0.2.1:8080",
            b"\x05\x01\x00\x01\xc0\x00\x02\x01\x1f\x90",
        ),
        (
            "http://[2001:db8::1]",
            b"\x05\x01\x00\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x00\x50",
        ),
    ] {
        let socks = Socks5::new(&target(url), None).expect("valid");
        let said = said(&mut Tunnel::Socks5(socks), &[b"\x05\x00", REPLY]);
        assert_eq!(said[3..], *request, "{url}");
    }
}

#[test]
fn the_longest_name_fits() {
    let name = "n".repeat(255);
    let target = target(&format!("http://{name}"));
    let socks = Socks5::new(&target, None).expect("valid");
    let said5 = said(&mut Tunnel::Socks5(socks), &[b"\x05\x00", REPLY]);
    assert_eq!(said5[3..8], *b"\x05\x01\x00\x03\xff");
    assert_eq!(said5[8..], [name.as_bytes(), b"\x00\x50"].concat());
    let socks = Socks4a::new(&target, b"").expect("valid");
    assert_eq!(socks.outgoing()[9..], [name.as_bytes(), b"\0"].concat());
}

#[test]
fn the_password_goes_out_only_if_it_is_asked_for() {
    let asked: [&[u8]; 3] = [b"\x05\x02", b"\x01\x00", REPLY];
    let said_asked = said(&mut socks5_with_credentials(), &asked);
    let message = [b"\x01\x0b", USER.as_bytes(), b"\x0f", PASSWORD.as_bytes()].concat();
    assert_eq!(said_asked[4..4 + message.len()], message);
    let request = b"\x05\x01\x00\x03\x0bexample.org\x01\xbb";
    assert_eq!(said_asked[4 + message.len()..], *request);
    let said_unasked = said(&mut socks5_with_credentials(), &[b"\x05\x00", REPLY]);
    assert_eq!(said_unasked[4..], *request);
}

#[test]
fn credentials_have_their_lengths() {
    let target = target("http://a");
    for (user, password, fits) in [
        (1, 0, true),
        (255, 255, true),
        (256, 0, false),
        (1, 256, false),
        (0, 1, false),
    ] {
        let credentials = ("u".repeat(user), "p".repeat(password));
        let credentials = (credentials.0.as_bytes(), credentials.1.as_bytes());
        let code = Socks5::new(&target, Some(credentials)).map_err(|error| error.code());
        let refused = (!fits).then_some("socks5-credentials-length");
        assert_eq!(code.err(), refused, "{user}, {password}");
    }
}

#[test]
fn socks4_asks_by_name_or_by_address() {
    for (url, user, request) in [
        (
            "https://a.test",
            &b""[..],
            &b"\x04\x01\x01\xbb\0\0\0\x01\0a.test\0"[..],
        ),
        (
            "http://a.test",
            b"me",
            b"\x04\x01\x00\x50\0\0\0\x01me\0a.test\0",
        ),
        (
            "http://192.0.2.1",
            b"me",
            b"\x04\x01\x00\x50\xc0\x00\x02\x01me\0",
        ),
        // The one address of its network behind which no name stands.
        ("http://0.0.0.0", b"", b"\x04\x01\x00\x50\0\0\0\0\0"),
        ("http://0.0.1.0", b"", b"\x04\x01\x00\x50\0\0\x01\0\0"),
    ] {
        let socks = Socks4a::new(&target(url), user).expect("valid");
        assert_eq!(socks.outgoing(), request, "{url}");
    }
}

#[test]
fn socks4_does_not_ask_for_what_it_cannot_say() {
    for url in [
        "http://[::1]",
        "http://[::ffff:192.0.2.1]",
        "http://0.0.0.1",
        "http://0.0.0.255",
    ] {
        let error = Socks4a::new(&target(url), b"").expect_err("not in SOCKS4");
        assert_eq!(error.code(), "socks4-no-such-address", "{url}");
        assert!(error.to_string().contains("use socks5"), "{error}");
        assert!(Socks5::new(&target(url), None).is_ok());
    }
    let named = target("http://a");
    assert!(Socks4a::new(&named, &[b'u'; 255]).is_ok());
    for user in [&[b'u'; 256][..], b"u\0", b"\0"] {
        let error = Socks4a::new(&named, user).expect_err("no user id");
        assert_eq!(error.code(), "socks4-bad-user-id");
    }
}

// ------------------------------------------------------------------------------------------- what the proxy says

#[test]
fn each_method_has_its_verdict() {
    for (method, with, without) in [
        (0x00, None, None),
        (
            0x01,
            Some("socks5-method-not-offered"),
            Some("socks5-method-not-offered"),
        ),
        (0x02, None, Some("socks5-credentials-needed")),
        (
            0x03,
            Some("socks5-method-not-offered"),
            Some("socks5-method-not-offered"),
        ),
        (
            0x80,
            Some("socks5-method-not-offered"),
            Some("socks5-method-not-offered"),
        ),
        (
            0xff,
            Some("socks5-no-acceptable-method"),
            Some("socks5-credentials-needed"),
        ),
    ] {
        for (tunnel, expected) in [
            (socks5_with_credentials as fn() -> _, with),
            (socks5, without),
        ] {
            let verdict = answered(tunnel, &[&[5, method]]);
            assert_eq!(
                verdict.err().map(|error| error.code()),
                expected,
                "{method}"
            );
        }
    }
}

#[test]
fn every_status_but_zero_refuses_the_password() {
    for status in 0..=255 {
        let verdict = answered(socks5_with_credentials, &[b"\x05\x02", &[1, status]]);
        let code = verdict.err().map(|error| error.code());
        let refused = (status > 0).then_some("socks5-authentication-refused");
        assert_eq!(code, refused, "{status}");
    }
}

#[test]
fn each_socks5_reply_has_a_name() {
    let names = [
        "socks5-general-failure",
        "socks5-not-allowed",
        "socks5-network-unreachable",
        "socks5-host-unreachable",
        "socks5-connection-refused",
        "socks5-ttl-expired",
        "socks5-command-not-supported",
        "socks5-address-type-not-supported",
    ];
    for code in 1..=255u8 {
        let name = names.get(usize::from(code) - 1);
        let name = name.copied().unwrap_or("socks5-unassigned-reply");
        // Whole, and as short as some proxies say it.
        let whole = [&[5, code][..], &REPLY[2..]].concat();
        for reply in [&whole[..], &[5, code]] {
            let error = refused(socks5, &[b"\x05\x00", reply]);
            assert_eq!(error.code(), name, "{code}");
        }
    }
    let error = refused(socks5, &[b"\x05\x00", b"\x05\x2a"]);
    assert!(error.to_string().contains("code 42"), "{error}");
}

#[test]
fn each_socks4_reply_has_a_name() {
    for code in 0..=255u8 {
        let name = match code {
            90 => None,
            91 => Some("socks4-rejected"),
            92 => Some("socks4-identd-unreachable"),
            93 => Some("socks4-user-mismatch"),
            _ => Some("socks4-unassigned-reply"),
        };
        let verdict = answered(socks4a, &[&[0, code, 0, 0, 0, 0, 0, 0]]);
        assert_eq!(verdict.err().map(|error| error.code()), name, "{code}");
    }
}

#[test]
fn a_reply_with_an_unknown_address_is_refused() {
    for kind in (0..=255u8).filter(|kind| ![1, 3, 4].contains(kind)) {
        let error = refused(socks5, &[b"\x05\x00", &[5, 0, 0, kind]]);
        assert_eq!(error.code(), "socks5-bad-address-type", "{kind}");
    }
    // The reserved octet is none of our business.
    let reply = [&b"\x05\x00\xff"[..], &REPLY[3..]].concat();
    let outcome = answered(socks5, &[b"\x05\x00", &reply]).expect("a tunnel");
    assert_eq!(outcome.verdict, "established");
}

#[test]
fn another_version_is_another_protocol() {
    let with = socks5_with_credentials as fn() -> Tunnel;
    for (tunnel, before, step, version) in [
        (with, &[][..], TunnelStep::Socks5Method, 5),
        (
            with,
            &[&b"\x05\x02"[..]][..],
            TunnelStep::Socks5Authentication,
            1,
        ),
        (with, &[&b"\x05\x00"[..]][..], TunnelStep::Socks5Reply, 5),
        (socks4a, &[][..], TunnelStep::Socks4Reply, 0),
    ] {
        for octet in (0..=255u8).filter(|octet| *octet != version) {
            let other = [octet];
            let answers = [before, &[&other[..]]].concat();
            let error = refused(tunnel, &answers);
            let is_it = matches!(error, TunnelError::Version { step: at, octet: with } if (at, with) == (step, octet));
            assert!(is_it, "{error:?}");
        }
        let answers = [before, &[&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..]]].concat();
        let text = refused(tunnel, &answers).to_string();
        assert!(text.contains("it answers like an HTTP server"), "{text}");
    }
}

/// Given a proxy that says the reply together with the choice of a method, then the reply answers nothing: the request was not
/// out.
#[test]
fn no_answer_comes_before_its_question() {
    let together = [&b"\x05\x00"[..], REPLY].concat();
    for answers in [&[&together[..]][..], &[b"\x05\x00\x05"]] {
        assert_eq!(refused(socks5, answers).code(), "tunnel-unsolicited");
    }
    let mut tunnel = socks5();
    tunnel.sent(2);
    let error = tunnel
        .receive(b"\x05\x00")
        .expect_err("one octet is not out");
    assert_eq!(error.code(), "tunnel-unsolicited");
}

#[test]
fn socks_knows_no_challenge() {
    for mut tunnel in [socks5(), socks4a()] {
        assert_eq!(tunnel.answer(b"head"), Err(Misuse::NotIdle));
        assert!(tunnel.decline().is_none());
        assert_eq!(tunnel.receive(b"").expect("nothing"), 0);
        // More than there is counts as all of it.
        tunnel.sent(usize::MAX);
        assert_eq!(tunnel.outgoing(), b"");
    }
}
