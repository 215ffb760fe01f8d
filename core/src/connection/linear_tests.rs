//! However the input is cut, reading it costs work that grows with its length: 1 MiB one octet at a time at most three
//! times what it costs in one piece. Counted are octets looked at, octets moved and polls; never seconds.

use std::sync::Arc;

use http::Method;

use super::{Connection, ContentPlan, Received, RequestPlan, Scratch};
use crate::base::{Leniency, Limits, Now, Rules, work};

const LENGTH: usize = 1024 * 1024;

/// Limits that let a mebibyte of anything through.
fn rules() -> Arc<Rules> {
    let most = 2 * LENGTH;
    let limits = Limits {
        max_head_bytes: most,
        max_fields: most,
        max_interim: most,
        max_interim_bytes: most,
        max_chunk_line: most,
        max_chunk_extensions: most,
        max_trailers: most,
        max_trailer_bytes: most,
        max_content_bytes: None,
    };
    Arc::new(limits.into())
}

/// Feeds a whole response in pieces; tells what that cost.
fn work_of(rules: &Arc<Rules>, octets: &[u8], piece: usize) -> usize {
    let (now, mut connection) = (Now::default(), Connection::new(Arc::clone(rules)));
    let plan = RequestPlan::new(&Method::GET, ContentPlan::None);
    let begun = connection.start(now, plan, b"head", Scratch::default());
    begun.expect("it is new");
    connection.outgoing(b"");
    connection.sent(now, 4);
    work::take();
    for mut piece in octets.chunks(piece) {
        while !piece.is_empty() {
            let count = connection.feed(now, piece);
            piece = &piece[count..];
            if drain(&mut connection, now) {
                return work::take();
            }
        }
    }
    panic!("the response has no end");
}

/// Takes what has come; `true` at the end.
fn drain(connection: &mut Connection, now: Now) -> bool {
    loop {
        let count = match connection.poll().expect("a good response") {
            Received::NeedMore => return false,
            Received::End => return true,
            Received::Content(content) => content.len(),
            _ => continue,
        };
        connection.consume(now, count);
    }
}

/// So many copies of a text that they make up the length.
fn filled(text: &str) -> String {
    text.repeat(LENGTH / text.len())
}

const HEAD: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n";

#[test]
fn a_mebibyte_of_anything_is_read_in_linear_time() {
    let end = "\r\n0\r\n\r\n";
    let lenient = Arc::new(Rules {
        limits: rules().limits.clone(),
        leniency: Leniency {
            bare_line_feed: true,
            ..Leniency::default()
        },
        strict_framing: false,
    });
    let strict = rules();
    for (what, rules, text) in [
        (
            "fields",
            &strict,
            [HEAD, &filled("Some-Name: a value\r\n"), end].concat(),
        ),
        (
            "one value",
            &strict,
            [HEAD, "A: ", &filled("x"), "\r\n", end].concat(),
        ),
        (
            "one name",
            &strict,
            [HEAD, &filled("x"), ": \r\n", end].concat(),
        ),
        (
            "a reason",
            &strict,
            format!("HTTP/1.1 204 {}\r\n\r\n", filled("x")),
        ),
        (
            "folded lines",
            &strict,
            [HEAD, "A: 1\r\n", &filled(" 2\r\n"), end].concat(),
        ),
        (
            "empty values",
            &strict,
            [HEAD, &filled("A:\r\n"), end].concat(),
        ),
        (
            "interim heads",
            &strict,
            [&filled("HTTP/1.1 103 \r\nLink: <a>\r\n\r\n"), HEAD, end].concat(),
        ),
        (
            "chunk headers",
            &strict,
            [
                HEAD,
                "\r\n",
                &filled("1;name=\"value\"\r\nx\r\n"),
                "0\r\n\r\n",
            ]
            .concat(),
        ),
        (
            "one chunk header",
            &strict,
            [HEAD, "\r\n0;a=", &filled("x"), "\r\n\r\n"].concat(),
        ),
        (
            "trailers",
            &strict,
            [HEAD, "\r\n0\r\n", &filled("Some-Name: a value\r\n"), "\r\n"].concat(),
        ),
        (
            "one trailer",
            &strict,
            [HEAD, "\r\n0\r\nA: ", &filled("x"), "\r\n\r\n"].concat(),
        ),
        (
            "lines that end in LF",
            &lenient,
            [HEAD, &filled("Some-Name: a value\n"), end].concat(),
        ),
    ] {
        let whole = work_of(rules, text.as_bytes(), text.len());
        for piece in [1, 4096] {
            let cut = work_of(rules, text.as_bytes(), piece);
            assert!(
                cut <= 3 * whole,
                "{what}, {piece} at a time: {cut} for {whole}"
            );
        }
        // The buffer grows by doubling, then come the scan, httparse up to its number of fields, and the last word.
        assert!(
            whole <= 8 * text.len(),
            "{what}: {whole} for {}",
            text.len()
        );
    }
}
