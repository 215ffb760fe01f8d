//! What goes wrong: each failure has its name, its stage and its progress, and the session goes on after it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use sessile_core::{Config, ErrorKind, Progress, RequestBuilder, Stage};

use super::peers::{path, path_or, send, silence, text};
use super::{answered, eventually, failed, get, milliseconds, nothing_left};
use crate::origin::{Act, chunked, head, response};
use crate::world::{Served, World};

/// What must be so after a request failed on its connection: nothing is in use, and the session goes on.
fn goes_on(world: &mut dyn World, served: &Served) {
    nothing_left(world);
    let opened = served.opened();
    let reply = answered(world, get(&served.url("/next")));
    assert_eq!((reply.text(), reply.connection.served), ("/next", 0));
    assert_eq!(served.opened(), opened + 1);
}

/// Responses that are none, and what is said about each.
const MALFORMED: &[(&str, &str)] = &[
    ("\x16\x03\x01 no HTTP\r\n\r\n", "not-http1"),
    ("HTTP/2.0 200 OK\r\n\r\n", "not-http1"),
    ("HTTP/1.1 2OO OK\r\n\r\n", "bad-status"),
    ("HTTP/1.1 200 OK\nContent-Length: 0\n\n", "bare-lf"),
    ("HTTP/1.1 200 OK\r\nA b: c\r\n\r\n", "bad-field-name"),
    (
        "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
        "bad-content-length",
    ),
    (
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "content-lengths-differ",
    ),
    (
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "bad-transfer-encoding",
    ),
    (
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n",
        "bad-chunk-size",
    ),
    (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        "switched-unasked",
    ),
];

/// Given a response that breaks a rule, then the error names it, and the connection is closed at once.
pub fn malformed_responses_are_named(world: &mut dyn World) {
    let served = world.serve(path_or(|request| {
        let number: usize = request.path().strip_prefix("/malformed/")?.parse().ok()?;
        // The peer does not close: that is for us to do.
        Some(vec![send(MALFORMED[number].0)])
    }));
    for (number, (octets, code)) in MALFORMED.iter().enumerate() {
        world.configure(Config::default());
        let error = failed(world, get(&served.url(&format!("/malformed/{number}"))));
        assert_eq!(error.code(), *code, "{octets:?}");
        assert!(error.is_protocol() && !error.is_timeout(), "{error:?}");
        assert!(error.received() > 0 && error.sent() > 0, "{error:?}");
        goes_on(world, &served);
        eventually(world, "it is closed", |_| {
            served.closed() >= served.opened() - 1
        });
    }
}

/// Given a response at a limit, then it is read; given one beyond it, then the error says which limit was passed.
pub fn limits_hold_at_their_edge(world: &mut dyn World) {
    let line = "X-Line: 1\r\n";
    let head = |lines: usize| format!("HTTP/1.1 204 No Content\r\n{}\r\n", line.repeat(lines));
    let served = world.serve(path_or(move |request| {
        let number: usize = request.path().strip_prefix("/lines/")?.parse().ok()?;
        Some(vec![send(head(number))])
    }));
    let mut by_count = Config::default();
    by_count.limits.max_fields = 8;
    let mut by_size = Config::default();
    by_size.limits.max_head_bytes = head(8).len();
    let size = format!(
        "head-too-long; `Limits::max_head_bytes` is {}",
        head(8).len()
    );
    for (config, code, told) in [
        (by_count, "too-many-fields", "`Limits::max_fields` is 8"),
        (by_size, "head-too-long", &size),
    ] {
        world.configure(config);
        assert_eq!(
            answered(world, get(&served.url("/lines/8"))).fields.len(),
            8
        );
        let error = failed(world, get(&served.url("/lines/9")));
        assert_eq!(error.code(), code);
        let ErrorKind::Peer(violation) = error.kind() else {
            panic!("{error:?}");
        };
        assert!(violation.is_limit() && error.hint().is_some());
        assert!(error.to_string().contains(told), "{error}");
        goes_on(world, &served);
    }
}

/// Given content that ends before its end, under either framing, then it is an error, never a short success.
pub fn truncated_content_is_no_content(world: &mut dyn World) {
    let served = world.serve(path_or(|request| {
        let (mut octets, last) = match request.path() {
            "/length" => (response(200, &[], b"hello"), Act::Finish),
            "/chunks" => (chunked(200, &[], &[b"hello"], &[]), Act::Finish),
            "/reset" => (response(200, &[], b"hello"), Act::Reset),
            _ => return None,
        };
        octets.truncate(octets.len() - 2);
        Some(vec![send(octets), last])
    }));
    for (path, code) in [
        ("/length", "truncated"),
        ("/chunks", "truncated"),
        ("/reset", "transport"),
    ] {
        let error = failed(world, get(&served.url(path)));
        assert_eq!(error.code(), code, "{path}");
        assert_eq!(
            (error.stage(), error.progress()),
            (Stage::Content, Progress::HeadSeen),
            "{path}"
        );
        goes_on(world, &served);
        world.configure(Config::default());
    }
}

/// Given a peer that closes instead of answering, then the error says that all was sent and nothing came.
pub fn a_hangup_is_no_answer(world: &mut dyn World) {
    let served = world.serve(path_or(|request| {
        (request.path() == "/hangup").then(|| vec![Act::Finish])
    }));
    let error = failed(world, get(&served.url("/hangup")));
    assert_eq!((error.code(), error.kind()), ("closed", &ErrorKind::Closed));
    assert_eq!(
        (error.stage(), error.progress()),
        (Stage::Head, Progress::Sent)
    );
    assert!(error.sent() > 0 && error.received() == 0, "{error:?}");
    goes_on(world, &served);
}

/// Given a peer that closes an old connection after it has read the request, then the request is not sent again if that
/// could do harm: the peer may have acted on it (RFC 9110 §9.2.2).
pub fn a_hangup_on_an_old_connection_is_not_asked_again(world: &mut dyn World) {
    let asked = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&asked);
    let served = world.serve(path_or(move |request| {
        seen.fetch_add(1, Relaxed);
        (request.path() == "/hangup").then(|| vec![Act::Finish])
    }));
    for method in ["POST", "PATCH", "get"] {
        answered(world, get(&served.url("/first")));
        let before = asked.load(Relaxed);
        let request = RequestBuilder::new(method, served.url("/hangup")).build();
        let error = failed(world, request.expect("a request"));
        assert_eq!((error.code(), error.progress()), ("closed", Progress::Sent));
        assert_eq!(asked.load(Relaxed), before + 1, "{method}");
        goes_on(world, &served);
    }
}

/// Given a peer that closes an old connection instead of answering, when the request may be sent twice, then it is sent
/// once more, on a new connection, and only once.
pub fn a_hangup_on_an_old_connection_is_replayed_where_that_is_safe(world: &mut dyn World) {
    let asked = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&asked);
    let served = world.serve(path_or(move |request| {
        let count = seen.fetch_add(1, Relaxed);
        match request.path() {
            "/always" => Some(vec![Act::Finish]),
            "/once" if count == 1 => Some(vec![Act::Finish]),
            _ => None,
        }
    }));
    let request = |method: &str, path: &str| RequestBuilder::new(method, served.url(path));
    for (method, marked) in [
        ("GET", false),
        ("PUT", false),
        ("DELETE", false),
        ("POST", true),
    ] {
        world.configure(Config::default());
        asked.store(0, Relaxed);
        answered(world, get(&served.url("/first")));
        let opened = served.opened();
        let mut once = request(method, "/once").body("again");
        if marked {
            once = once.repeatable();
        }
        let reply = answered(world, once.build().expect("a request"));
        assert_eq!(
            (reply.text(), reply.connection.served),
            ("/once", 0),
            "{method}"
        );
        assert_eq!(
            (asked.load(Relaxed), served.opened()),
            (3, opened + 1),
            "{method}"
        );
        let error = failed(
            world,
            request(method, "/always").build().expect("a request"),
        );
        let twice = if method == "POST" { 1 } else { 2 };
        assert_eq!(
            (error.code(), asked.load(Relaxed)),
            ("closed", 3 + twice),
            "{method}"
        );
    }
}

/// Given a reset instead of an answer, then the error says so.
pub fn a_reset_is_a_transport_failure(world: &mut dyn World) {
    let served = world.serve(path_or(|request| {
        (request.path() == "/reset").then(|| vec![Act::Reset])
    }));
    let error = failed(world, get(&served.url("/reset")));
    assert_eq!(error.code(), "transport");
    assert_eq!(
        error.kind(),
        &ErrorKind::Transport(std::io::ErrorKind::ConnectionReset)
    );
    assert_eq!(
        (error.stage(), error.progress()),
        (Stage::Head, Progress::Sent)
    );
    assert!(!error.is_connect() && !error.is_protocol());
    goes_on(world, &served);
}

/// Given an address where nobody listens, then the error is one of connecting, and nothing was sent.
pub fn a_refused_dial_sends_nothing(world: &mut dyn World) {
    let served = world.serve(path());
    let refused = world.refused();
    for _ in 0..2 {
        let error = failed(world, get(&refused));
        assert!(error.is_connect() && !error.is_dns(), "{error:?}");
        assert_eq!(
            (error.stage(), error.progress()),
            (Stage::Connect, Progress::NotSent)
        );
        nothing_left(world);
        assert!(world.pool().origins.is_empty(), "{:?}", world.pool());
    }
    assert_eq!(answered(world, get(&served.url("/next"))).text(), "/next");
}

/// Given a name without an address, then the error is one of resolving, and nothing was sent (RFC 6761 §6.4).
pub fn a_name_without_address_is_told(world: &mut dyn World) {
    let served = world.serve(path());
    let error = failed(world, get("http://name.invalid/"));
    assert!(error.is_dns() && !error.is_connect(), "{error:?}");
    assert_eq!(
        (error.stage(), error.progress()),
        (Stage::Resolve, Progress::NotSent)
    );
    nothing_left(world);
    assert!(world.pool().origins.is_empty(), "{:?}", world.pool());
    assert_eq!(answered(world, get(&served.url("/next"))).text(), "/next");
}

/// Given a peer that closes after any octet of a response, then the response is complete or an error, and nothing is
/// left of it.
pub fn every_cut_is_an_error_or_complete(world: &mut dyn World) {
    let by_length = response(200, &[], b"hello");
    let by_chunks = chunked(200, &[], &[b"hel", b"lo"], &[("T", "1")]);
    let by_close = [head(200, &[]), b"hello".to_vec()].concat();
    for (octets, delimited) in [(by_length, true), (by_chunks, true), (by_close, false)] {
        let whole = octets.len();
        let end_of_head = whole - b"hello".len();
        let served = world.serve(path_or(move |request| {
            let cut = request.path().strip_prefix("/cut/")?.parse().ok()?;
            Some(vec![send(&octets[..cut]), Act::Finish])
        }));
        for cut in 0..=whole {
            let result = world.send(get(&served.url(&format!("/cut/{cut}"))));
            match result {
                Ok(reply) if delimited => {
                    assert_eq!((cut, reply.text()), (whole, "hello"));
                }
                Ok(reply) => {
                    assert!(cut >= end_of_head, "{cut}");
                    assert_eq!(reply.text(), &"hello"[..cut - end_of_head]);
                }
                Err(error) => {
                    assert!(cut < if delimited { whole } else { end_of_head }, "{cut}");
                    let code = if cut == 0 { "closed" } else { "truncated" };
                    assert_eq!(error.code(), code, "{cut}");
                }
            }
            nothing_left(world);
        }
        // The end of the stream must have come before we may ask again; an idle connection is watched.
        world.pass(milliseconds(50));
        assert_eq!(answered(world, get(&served.url("/next"))).text(), "/next");
    }
}

/// Given parts that make no request, then the builder says so, and no octet moves.
pub fn bad_requests_are_refused_when_built(world: &mut dyn World) {
    let served = world.serve(path_or(|_| Some(vec![silence(), text("never")])));
    let url = served.url("/");
    let request = || RequestBuilder::new("GET", &url);
    for (bad, code) in [
        (RequestBuilder::new("GET", "http://"), "url"),
        (RequestBuilder::new("GET", "/path"), "url"),
        (RequestBuilder::new("GET", "ftp://example.org/"), "url"),
        (RequestBuilder::new("GE T", &url), "method"),
        (RequestBuilder::new("CONNECT", &url), "method"),
        (request().header("X", "a\r\nInjected: yes"), "field-value"),
        (request().header("X: Y", "a"), "field-name"),
        (request().header("Host", "a").header("Host", "b"), "host"),
        (request().header("Content-Length", "7"), "framing"),
        (request().header("Transfer-Encoding", "chunked"), "framing"),
        (request().header("Connection", "x-hop"), "connection"),
        (request().header("Upgrade", "h2c"), "upgrade"),
        (request().header("TE", "gzip"), "te"),
        (request().header("Trailer", "X-Sum"), "trailer"),
        (request().header("Expect", "100-continue"), "expect"),
        (request().trailer("Host", "a"), "trailer"),
        (request().remove_header("Host"), "remove"),
        (request().asterisk(), "target"),
    ] {
        let error = bad.build().expect_err(code);
        assert_eq!(error.code(), code);
        assert!(error.is_request() && error.progress() == Progress::NotSent);
    }
    assert_eq!((served.opened(), world.pool().requests), (0, 0));
}
