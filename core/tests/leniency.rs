//! Each relaxation of [`Leniency`] through a connection: what it names is read, whole and octet by octet; without it, or
//! with any other, the same octets are refused. And what none of them lets in.

use std::sync::Arc;

use sessile_core::{
    Connection, ContentPlan, Leniency, Method, Now, Received, RequestPlan, Rules, Scratch,
};

/// Reads a response to the end of its stream; the content, or nothing if it was refused.
fn read(rules: &Rules, octets: &str, piece: usize) -> Option<String> {
    let (mut connection, now) = (Connection::new(Arc::new(rules.clone())), Now::default());
    let plan = RequestPlan::new(&Method::GET, ContentPlan::None);
    connection
        .start(now, plan, b"head", Scratch::default())
        .ok()?;
    connection.outgoing(b"");
    connection.sent(now, 4);
    let mut all = Vec::new();
    for piece in octets.as_bytes().chunks(piece) {
        let mut rest = piece;
        while !rest.is_empty() && !poll(&mut connection, &mut all)? {
            let count = connection.feed(now, rest);
            rest = &rest[count..];
        }
    }
    connection.receive_eof();
    poll(&mut connection, &mut all)?.then(|| String::from_utf8(all).expect("text"))
}

/// Takes what has come: whether that was all; `None` if it was refused.
fn poll(connection: &mut Connection, all: &mut Vec<u8>) -> Option<bool> {
    loop {
        let count = match connection.poll().ok()? {
            Received::NeedMore => return Some(false),
            Received::End => return Some(true),
            Received::Content(content) => {
                all.extend_from_slice(content);
                content.len()
            }
            _ => continue,
        };
        connection.consume(Now::default(), count);
    }
}

fn lenient(relax: fn(&mut Leniency)) -> Rules {
    let mut rules = Rules::default();
    relax(&mut rules.leniency);
    rules
}

const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/// Who relaxes what, and octets that need it; all of them hold "hello".
fn cases() -> Vec<(Rules, Vec<String>)> {
    let plain = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    vec![
        (
            lenient(|it| it.bare_line_feed = true),
            vec![
                plain.replace("\r\n", "\n"),
                plain.replacen("\r\n", "\n", 1),
                plain.replace("\r\n\r\n", "\r\n\n"),
            ],
        ),
        (
            lenient(|it| it.leading_empty_lines = true),
            vec![format!("\r\n{plain}"), format!("\r\n\r\n\r\n{plain}")],
        ),
        (
            lenient(|it| it.space_before_colon = true),
            vec![plain.replace(':', " :"), plain.replace(':', "\t \t:")],
        ),
        (
            lenient(|it| it.control_octets = true),
            vec![
                plain.replace("OK", "O\u{1b}K"),
                plain.replace("Content", "X: \u{1}\u{7f}\r\nContent"),
            ],
        ),
        (
            lenient(|it| it.chunk_extensions = true),
            vec![
                format!("{CHUNKED}5;;=\r\nhello\r\n0\r\n\r\n"),
                format!("{CHUNKED}5    \r\nhello\r\n0\r\n\r\n"),
                format!("{CHUNKED}5;a=\"b\"c\r\nhello\r\n0 ;\r\n\r\n"),
            ],
        ),
        (
            lenient(|it| it.missing_last_line = true),
            vec![
                format!("{CHUNKED}5\r\nhello\r\n0\r\n"),
                format!("{CHUNKED}5\r\nhello\r\n0\r\nX: 1\r\n"),
            ],
        ),
    ]
}

#[test]
fn each_relaxation_takes_what_it_names_and_nothing_else() {
    let cases = cases();
    for (place, (own, texts)) in cases.iter().enumerate() {
        for text in texts {
            for piece in [1, 3, text.len()] {
                assert_eq!(read(own, text, piece).as_deref(), Some("hello"), "{text:?}");
                assert_eq!(read(&Rules::default(), text, piece), None, "{text:?}");
                for (other, (rules, _)) in cases.iter().enumerate() {
                    let taken = read(rules, text, piece).is_some();
                    assert_eq!(taken, other == place, "{text:?} with {rules:?}");
                }
            }
        }
    }
}

#[test]
fn no_relaxation_touches_framing_or_ends_of_lines() {
    let all = lenient(|it| {
        *it = Leniency {
            bare_line_feed: true,
            leading_empty_lines: true,
            space_before_colon: true,
            control_octets: true,
            chunk_extensions: true,
            missing_last_line: true,
        };
    });
    for lines in [
        "Content-Length: +5",
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 0x5",
        "Transfer-Encoding: gzip, chunked",
        "X: a\rb\r\nContent-Length: 5",
        "X: a\0b\r\nContent-Length: 5",
        "X Y: a\r\nContent-Length: 5",
    ] {
        let text = format!("HTTP/1.1 200 OK\r\n{lines}\r\n\r\nhello");
        assert_eq!(read(&all, &text, text.len()), None, "{text:?}");
    }
    for chunks in [
        "5\nhello\r\n0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n",
        "5;a\nb\r\nhello\r\n0\r\n\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello\r\n0\r\nX: 1\n\r\n",
        "5\r\nhel",
        "5\r\nhello\r\n",
    ] {
        let text = format!("{CHUNKED}{chunks}");
        assert_eq!(read(&all, &text, text.len()), None, "{text:?}");
    }
}

#[test]
fn strict_framing_refuses_what_two_readers_may_read_apart() {
    let strict = Rules {
        strict_framing: true,
        ..Rules::default()
    };
    let both = CHUNKED.replace("\r\n\r\n", "\r\nContent-Length: 5\r\n\r\n");
    for head in [both, CHUNKED.replace("/1.1", "/1.0")] {
        let text = format!("{head}5\r\nhello\r\n0\r\n\r\n");
        assert_eq!(read(&strict, &text, 1), None, "{text:?}");
        assert_eq!(read(&Rules::default(), &text, 1).as_deref(), Some("hello"));
    }
}
