//! Each bound of [`Limits`] at its edge: what lies at it is read, one octet or one field beyond it is refused, and the
//! error says which limit was passed, and its number. Through a connection, whole and octet by octet.

use std::sync::Arc;

use sessile_core::{
    Connection, ContentPlan, Failure, Limits, Method, Now, PeerViolation, Received, RequestPlan,
    Rules, Scratch,
};

/// Reads a response to its end.
fn read(limits: &Limits, octets: &[u8], piece: usize) -> Result<Vec<u8>, PeerViolation> {
    let rules = Arc::new(Rules::from(limits.clone()));
    let (mut connection, now) = (Connection::new(rules), Now::default());
    let plan = RequestPlan::new(&Method::GET, ContentPlan::None);
    let begun = connection.start(now, plan, b"head", Scratch::default());
    begun.expect("it is new");
    connection.outgoing(b"");
    connection.sent(now, 4);
    let mut all = Vec::new();
    for mut piece in octets.chunks(piece) {
        while !piece.is_empty() {
            let count = connection.feed(now, piece);
            piece = &piece[count..];
            loop {
                match connection.poll() {
                    Ok(Received::NeedMore) => break,
                    Ok(Received::End) => return Ok(all),
                    Ok(Received::Content(content)) => {
                        all.extend_from_slice(content);
                        let count = content.len();
                        connection.consume(now, count);
                    }
                    Ok(_) => {}
                    Err(Failure::Violation(violation)) => return Err(violation),
                    Err(other) => panic!("{other}"),
                }
            }
        }
    }
    panic!("no end of {:?}", octets.escape_ascii().to_string())
}

/// The edge of a limit: what sets it, a response that reaches just so far, the word for passing it, the sentence, and
/// the field.
struct Edge {
    set: fn(&mut Limits, usize),
    response: fn(usize) -> String,
    code: &'static str,
    text: &'static str,
    field: &'static str,
}

fn chunked(rest: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{rest}")
}

fn empty(lines: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{lines}Content-Length: 0\r\n\r\n")
}

impl Edge {
    /// The refusal says what to raise: the field as it is written, and the number that stands there.
    fn is_named(&self, limits: &Limits, refused: PeerViolation) {
        let (code, text, field) = (self.code, self.text, self.field);
        assert_eq!(refused.code(), code);
        assert!(refused.is_limit(), "{refused}");
        let limit = refused.limit().expect("a limit");
        let number = limit.number();
        assert_eq!(limit.field(), field);
        let set = format!("{limits:?}").replace("Some(", "");
        assert!(
            set.contains(&format!(" {field}: {number}")),
            "{limit:?}, {set}"
        );
        let said = format!("{text} ({code}; `Limits::{field}` is {number})");
        assert_eq!(refused.to_string(), said);
    }
}

const EDGES: &[Edge] = &[
    Edge {
        set: |limits, most| limits.max_head_bytes = most + empty("X: \r\n").len(),
        response: |count| empty(&format!("X: {}\r\n", "x".repeat(count))),
        code: "head-too-long",
        text: "the response head is longer than allowed",
        field: "max_head_bytes",
    },
    Edge {
        set: |limits, most| limits.max_fields = most + 1,
        response: |count| empty(&"X: 1\r\n".repeat(count)),
        code: "too-many-fields",
        text: "the response head has more field lines than allowed",
        field: "max_fields",
    },
    Edge {
        set: |limits, most| limits.max_interim = most,
        response: |count| format!("{}{}", "HTTP/1.1 103 \r\n\r\n".repeat(count), empty("")),
        code: "too-many-interim",
        text: "the peer sent more interim responses than allowed",
        field: "max_interim",
    },
    Edge {
        set: |limits, most| limits.max_interim_bytes = most + 22,
        response: |count| {
            format!(
                "HTTP/1.1 103 \r\nX: {}\r\n\r\n{}",
                "x".repeat(count),
                empty("")
            )
        },
        code: "interim-too-long",
        text: "the interim responses are longer than allowed",
        field: "max_interim_bytes",
    },
    Edge {
        set: |limits, most| limits.max_chunk_line = most + 4,
        response: |count| chunked(&format!("0;{}\r\n\r\n", "x".repeat(count))),
        code: "chunk-line-too-long",
        text: "a chunk header is longer than allowed",
        field: "max_chunk_line",
    },
    Edge {
        set: |limits, most| limits.max_chunk_extensions = 2 * most + 2,
        response: |count| {
            let extension = "x".repeat(count);
            chunked(&format!("1;{extension}\r\nx\r\n0;{extension}\r\n\r\n"))
        },
        code: "chunk-extensions-too-long",
        text: "the chunk extensions are longer than allowed",
        field: "max_chunk_extensions",
    },
    Edge {
        set: |limits, most| limits.max_trailers = most,
        response: |count| chunked(&format!("0\r\n{}\r\n", "X: 1\r\n".repeat(count))),
        code: "too-many-trailers",
        text: "the trailer section has more field lines than allowed",
        field: "max_trailers",
    },
    Edge {
        set: |limits, most| limits.max_trailer_bytes = most + 7,
        response: |count| chunked(&format!("0\r\nX: {}\r\n\r\n", "x".repeat(count))),
        code: "trailers-too-long",
        text: "the trailer section is longer than allowed",
        field: "max_trailer_bytes",
    },
    Edge {
        set: |limits, most| limits.max_content_bytes = Some(most as u64),
        response: |count| {
            format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {count}\r\n\r\n{}",
                "x".repeat(count)
            )
        },
        code: "content-too-long",
        text: "the response has more content than allowed",
        field: "max_content_bytes",
    },
    Edge {
        set: |limits, most| limits.max_content_bytes = Some(most as u64),
        response: |count| chunked(&format!("{count:x}\r\n{}\r\n0\r\n\r\n", "x".repeat(count))),
        code: "content-too-long",
        text: "the response has more content than allowed",
        field: "max_content_bytes",
    },
];

#[test]
fn each_limit_holds_at_its_edge() {
    for (number, edge) in EDGES.iter().enumerate() {
        for most in [1, 5, 200] {
            let mut limits = Limits::default();
            (edge.set)(&mut limits, most);
            let (at, beyond) = ((edge.response)(most), (edge.response)(most + 1));
            for piece in [1, at.len() + 1] {
                let taken = read(&limits, at.as_bytes(), piece);
                assert!(taken.is_ok(), "{number}, {most}: {taken:?}");
                let refused = read(&limits, beyond.as_bytes(), piece);
                let refused = refused.expect_err("it is beyond the limit");
                edge.is_named(&limits, refused);
            }
        }
    }
}

/// Content that ends with the connection has no length to refuse: what the limit allows is delivered, nothing more.
#[test]
fn content_without_a_length_is_bounded_too() {
    let limits = Limits {
        max_content_bytes: Some(5),
        ..Limits::default()
    };
    for piece in [1, 100] {
        let refused = read(&limits, b"HTTP/1.1 200 OK\r\n\r\nhello!", piece);
        let limit = refused.expect_err("it is beyond the limit").limit();
        let told = limit.map(|limit| (limit.field(), limit.number()));
        assert_eq!(told, Some(("max_content_bytes", 5)));
    }
}

/// Given limits that are as large as numbers get, then they are no limits: nothing overflows, however the input is cut.
#[test]
fn the_largest_limits_are_none() {
    let limits = Limits {
        max_head_bytes: usize::MAX,
        max_fields: usize::MAX,
        max_interim: usize::MAX,
        max_interim_bytes: usize::MAX,
        max_chunk_line: usize::MAX,
        max_chunk_extensions: usize::MAX,
        max_trailers: usize::MAX,
        max_trailer_bytes: usize::MAX,
        max_content_bytes: Some(u64::MAX),
    };
    let response = format!(
        "HTTP/1.1 103 Early\r\nA: b\r\n\r\n{}",
        chunked("2;c=d\r\nhi\r\n0\r\nE: f\r\n\r\n")
    );
    for piece in [response.len(), 1] {
        assert_eq!(
            read(&limits, response.as_bytes(), piece),
            Ok(b"hi".to_vec())
        );
    }
}
