//! CONNECT: what we say, and what becomes of each answer.

use super::*;
use crate::base::{Leniency, Limits};
use crate::connection::Misuse;

const KIB: usize = 1024;

/// What comes of one answer, whole, before the stream ends.
fn answered(answer: &[u8]) -> Outcome {
    play(&mut connect(), &[answer], whole, false)
}

/// The error of one answer, which may be followed by the stream's end.
fn error_of(tunnel: &mut Tunnel, answer: &[u8], end: bool) -> TunnelError {
    flush(tunnel, &mut Vec::new());
    let received = tunnel.receive(answer).and_then(|_| match end {
        true => tunnel.receive_eof(),
        false => Ok(()),
    });
    received.expect_err("there is no tunnel")
}

fn content_of(answer: &[u8], end: bool) -> Vec<u8> {
    let error = error_of(&mut connect(), answer, end);
    error.refusal().expect("refused").content().to_vec()
}

// ------------------------------------------------------------------------------------------------- what we say

#[test]
fn the_head_has_these_lines_and_no_other() {
    for (url, agent, authorization, head) in [
        (
            "https://a.test/p?q#f",
            None,
            None,
            "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n",
        ),
        (
            "http://u:p@A.test",
            None,
            None,
            "CONNECT a.test:80 HTTP/1.1\r\nHost: a.test:80\r\n\r\n",
        ),
        (
            "https://[::1]:8443",
            Some("ship/1"),
            Some("Basic eDp5"),
            "CONNECT [::1]:8443 HTTP/1.1\r\nHost: [::1]:8443\r\nUser-Agent: ship/1\r\nProxy-Authorization: Basic eDp5\r\n\r\n",
        ),
    ] {
        let (agent, authorization) = (agent.map(str::as_bytes), authorization.map(str::as_bytes));
        let written = connect_head(&origin(url), agent, authorization).expect("valid");
        assert_eq!(String::from_utf8_lossy(&written), head);
    }
}

#[test]
fn no_octet_splits_the_head() {
    let origin = origin("https://a.test");
    for octet in 0..=255u8 {
        let value = [b'a', octet, b'b'];
        let control = octet < b' ' && octet != b'\t' || octet == 0x7f;
        for (agent, authorization) in [(Some(&value[..]), None), (None, Some(&value[..]))] {
            let head = connect_head(&origin, agent, authorization);
            assert_eq!(head.is_err(), control, "{octet:#x}");
            let lines = head.map(|head| head.split(|octet| *octet == b'\n').count());
            assert!(lines.is_err() || lines == Ok(5), "{octet:#x}");
        }
    }
}

#[test]
fn the_answer_goes_out_whole_on_the_same_connection() {
    let mut tunnel = connect();
    let answers: [&[u8]; 2] = [
        b"HTTP/1.1 407 x\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 x\r\n\r\n",
    ];
    let outcome = play(&mut tunnel, &answers, whole, false);
    let first = connect_head(&origin("https://example.org"), None, None).expect("valid");
    assert_eq!(outcome.said, [first, answering_head()].concat());
    assert_eq!(outcome.verdict, "established");
}

// ------------------------------------------------------------------------------------------------- challenges

/// Given each challenge, then the connection can carry the answer exactly if its content ends by itself, is little, and nothing
/// else speaks against it.
#[test]
fn a_challenge_leaves_the_connection_or_not() {
    let chunks = |count: usize| format!("1000\r\n{}\r\n", "c".repeat(4 * KIB)).repeat(count);
    for (lines, content, reusable) in [
        ("Content-Length: 3\r\n", "abc".into(), true),
        ("Content-Length: 65536\r\n", "c".repeat(64 * KIB), true),
        ("Content-Length: 65537\r\n", String::new(), false),
        (
            "Transfer-Encoding: chunked\r\n",
            "3\r\nabc\r\n0\r\n\r\n".into(),
            true,
        ),
        (
            "Transfer-Encoding: chunked\r\n",
            chunks(16) + "0\r\n\r\n",
            true,
        ),
        ("Transfer-Encoding: chunked\r\n", chunks(17), false),
        ("Transfer-Encoding: chunked\r\n", "x".into(), false),
        (
            "Connection: close\r\nContent-Length: 0\r\n",
            String::new(),
            false,
        ),
        // Content that ends with the connection.
        ("", String::new(), false),
        // Surplus.
        ("Content-Length: 0\r\n", "x".into(), false),
        (
            "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
            "0\r\n\r\n".into(),
            false,
        ),
    ] {
        let head = format!("HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic\r\n{lines}\r\n");
        let answer = [head.as_bytes(), content.as_bytes()].concat();
        for pieces in [whole, octet_by_octet] {
            let mut tunnel = connect();
            let outcome = play(&mut tunnel, &[&answer], pieces, false);
            let expected = format!("reusable: {reusable}");
            assert!(outcome.verdict.ends_with(&expected), "{lines}: {outcome:?}");
            let TunnelState::Challenged { head, .. } = tunnel.state() else {
                panic!("{outcome:?}");
            };
            let asked = head.as_ref().fields().get("proxy-authenticate");
            assert_eq!(asked, Some(&b"Basic"[..]));
            let answer = tunnel.answer(&answering_head());
            assert_eq!(answer.is_ok(), reusable, "{lines}");
        }
    }
}

/// An HTTP/1.0 proxy has to offer what an HTTP/1.1 proxy does unasked.
#[test]
fn an_old_challenge_keeps_the_connection_if_it_says_so() {
    for (lines, reusable) in [("", false), ("Connection: keep-alive\r\n", true)] {
        let answer = format!("HTTP/1.0 407 Who\r\nContent-Length: 0\r\n{lines}\r\n");
        let verdict = answered(answer.as_bytes()).verdict;
        assert!(
            verdict.ends_with(&format!("reusable: {reusable}")),
            "{verdict}"
        );
    }
}

#[test]
fn a_challenge_is_told_when_its_content_has_come() {
    let answer = b"HTTP/1.1 407 x\r\nContent-Length: 3\r\n\r\nab";
    let mut tunnel = connect();
    assert_eq!(
        play(&mut tunnel, &[answer], whole, false).verdict,
        "underway"
    );
    assert_eq!(tunnel.answer(b"head"), Err(Misuse::NotIdle));
    tunnel.receive(b"c").expect("the rest");
    assert!(verdict(&tunnel).ends_with("reusable: true"));
    // What comes before the answer goes out, or the end of the stream, makes an end of it.
    for spoil in [
        |tunnel: &mut Tunnel| tunnel.receive(b"x").map(|_| ()),
        Tunnel::receive_eof,
    ] {
        let mut tunnel = connect();
        play(&mut tunnel, &[answer, b"c"], whole, false);
        spoil(&mut tunnel).expect("no error");
        assert!(verdict(&tunnel).ends_with("reusable: false"));
        assert_eq!(tunnel.answer(b"head"), Err(Misuse::NotIdle));
    }
}

#[test]
fn octets_before_the_answer_is_out_answer_nothing() {
    let mut tunnel = connect();
    let answer = b"HTTP/1.1 407 x\r\nContent-Length: 0\r\n\r\n";
    play(&mut tunnel, &[answer], whole, false);
    tunnel.answer(&answering_head()).expect("reusable");
    let error = tunnel
        .receive(b"HTTP/1.1 200 OK\r\n\r\n")
        .expect_err("too early");
    assert_eq!(error.code(), "tunnel-unsolicited");
}

#[test]
fn a_challenge_without_an_answer_is_a_refusal() {
    let mut tunnel = connect();
    assert!(tunnel.decline().is_none());
    play(&mut tunnel, &[b"HTTP/1.1 407 x\r\n\r\n"], whole, false);
    let error = tunnel.decline().expect("a challenge");
    assert_eq!(
        error.refusal().map(|refusal| refusal.status().as_u16()),
        Some(407)
    );
    assert!(tunnel.decline().is_none());
    assert_eq!(
        tunnel.receive_eof().expect_err("over").code(),
        "connect-refused"
    );
}

// --------------------------------------------------------------------------------------------------- refusals

#[test]
fn a_refusal_has_its_head_and_content() {
    for (status, lines) in [
        (403, "Content-Length: 5\r\n"),
        (302, "Location: http://elsewhere/\r\nContent-Length: 5\r\n"),
        (502, "Connection: close\r\nContent-Length: 5\r\n"),
        (999, "Content-Length: 5\r\n"),
    ] {
        let answer = format!("HTTP/1.1 {status} No\r\nX-Why: so\r\n{lines}\r\nhello");
        let error = error_of(&mut connect(), answer.as_bytes(), false);
        let refusal = error.refusal().expect("refused");
        assert_eq!(refusal.status().as_u16(), status);
        assert_eq!(refusal.head().fields().get("x-why"), Some(&b"so"[..]));
        assert_eq!(refusal.content(), b"hello");
        assert_eq!(error.code(), "connect-refused");
    }
}

#[test]
fn a_refusal_is_told_at_its_end_however_it_ends() {
    let chunked =
        b"HTTP/1.1 503 x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n";
    assert_eq!(content_of(chunked, false), b"hello");
    let until_close = b"HTTP/1.1 503 x\r\n\r\nhello";
    assert_eq!(answered(until_close).verdict, "underway");
    assert_eq!(content_of(until_close, true), b"hello");
    let cut_off = b"HTTP/1.1 503 x\r\nContent-Length: 9\r\n\r\nhello";
    assert_eq!(answered(cut_off).verdict, "underway");
    assert_eq!(content_of(cut_off, true), b"hello");
    let broken = b"HTTP/1.1 503 x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nx";
    assert_eq!(content_of(broken, false), b"hello");
    let none = b"HTTP/1.1 304 x\r\nContent-Length: 9\r\n\r\n";
    assert_eq!(content_of(none, false), b"");
}

#[test]
fn a_refusal_is_not_waited_for_beyond_16_kib() {
    let head = b"HTTP/1.1 503 x\r\n\r\n".to_vec();
    for (length, told) in [(16 * KIB - 1, false), (16 * KIB, true), (1024 * KIB, true)] {
        let answer = [&head[..], &vec![b'c'; length]].concat();
        for pieces in [whole, octet_by_octet] {
            let verdict = play(&mut connect(), &[&answer], pieces, false).verdict;
            assert_eq!(verdict != "underway", told, "{length}");
        }
        assert_eq!(content_of(&answer, true).len(), length.min(16 * KIB));
    }
}

/// A bound on the content of responses is about origins: it does not hide what the proxy says.
#[test]
fn a_bound_on_content_hides_no_refusal() {
    let limits = Limits {
        max_content_bytes: Some(1),
        ..Limits::default()
    };
    let mut tunnel = Tunnel::Connect(Connect::new(b"head\r\n\r\n", &limits.into()));
    let answer = b"HTTP/1.1 403 x\r\nContent-Length: 5\r\n\r\nhello";
    let error = error_of(&mut tunnel, answer, false);
    assert_eq!(error.refusal().expect("refused").content(), b"hello");
}

// ------------------------------------------------------------------------------------------------ what is not HTTP

#[test]
fn what_breaks_a_rule_of_http_is_named() {
    let fields = "A: b\r\n".repeat(101);
    for (answer, code) in [
        ("\x05\x00".into(), "not-http1"),
        ("SSH-2.0-x\r\n".into(), "not-http1"),
        ("HTTP/2.0 200 OK\r\n\r\n".into(), "not-http1"),
        ("HTTP/1.1 2000 OK\r\n\r\n".into(), "bad-status"),
        ("HTTP/1.1 200 OK\n\n".into(), "bare-lf"),
        ("HTTP/1.1 200 OK\r\nA : b\r\n\r\n".into(), "bad-field-name"),
        (
            "HTTP/1.1 403 x\r\nContent-Length: x\r\n\r\n".into(),
            "bad-content-length",
        ),
        (
            "HTTP/1.1 407 x\r\nTransfer-Encoding: gzip\r\n\r\n".into(),
            "bad-transfer-encoding",
        ),
        (
            "HTTP/1.1 101 x\r\nUpgrade: x\r\n\r\n".into(),
            "switched-unasked",
        ),
        (
            format!("HTTP/1.1 200 OK\r\n{fields}\r\n"),
            "too-many-fields",
        ),
        (
            format!("HTTP/1.1 200 OK\r\nA: {}", "b".repeat(64 * KIB)),
            "head-too-long",
        ),
        ("HTTP/1.1 100 x\r\n\r\n".repeat(17), "too-many-interim"),
        (
            format!("HTTP/1.1 103 x\r\nA: {}\r\n\r\n", "b".repeat(33 * KIB)).repeat(2),
            "interim-too-long",
        ),
    ] {
        for pieces in [whole, octet_by_octet] {
            let outcome = play(&mut connect(), &[answer.as_bytes()], pieces, false);
            assert!(
                outcome.verdict.contains(&format!("({code};")),
                "{outcome:?}"
            );
        }
    }
}

#[test]
fn rules_and_leniency_are_the_connections() {
    let rules = Rules {
        limits: Limits {
            max_fields: 1,
            ..Limits::default()
        },
        leniency: Leniency {
            bare_line_feed: true,
            ..Leniency::default()
        },
        ..Rules::default()
    };
    let tunnel = || Tunnel::Connect(Connect::new(b"head\r\n\r\n", &rules));
    let taken = play(
        &mut tunnel(),
        &[b"HTTP/1.1 200 OK\nA: b\n\nrest"],
        whole,
        false,
    );
    assert_eq!(
        (&taken.verdict[..], &taken.left_over[..]),
        ("established", &b"rest"[..])
    );
    let error = error_of(&mut tunnel(), b"HTTP/1.1 200 OK\nA: b\nC: d\n\n", false);
    assert_eq!(error.code(), "too-many-fields");
}

/// Given a tunnel that is granted while the request is still on its way, then nobody can say where the tunnel begins.
#[test]
fn a_tunnel_that_comes_too_early_is_refused() {
    let mut tunnel = connect();
    tunnel.sent(5);
    let error = tunnel
        .receive(b"HTTP/1.1 200 OK\r\n\r\n")
        .expect_err("too early");
    assert_eq!(error.code(), "switched-early");
    // A refusal may come before, and ends it.
    let mut tunnel = connect();
    tunnel.sent(5);
    let error = tunnel.receive(b"HTTP/1.1 403 x\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(error.expect_err("refused").code(), "connect-refused");
    // So may a challenge: its answer needs another connection.
    let mut tunnel = connect();
    tunnel.sent(5);
    let challenge = b"HTTP/1.1 407 x\r\nContent-Length: 0\r\n\r\n";
    tunnel.receive(challenge).expect("a challenge");
    assert!(verdict(&tunnel).ends_with("reusable: false"));
    assert_eq!(tunnel.outgoing(), b"");
}
