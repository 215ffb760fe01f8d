//! The routes without sockets: one request in, its acts out.

use super::*;

fn acts(head: &str, content: &[u8]) -> Vec<Act> {
    let mut peer = Demo.accept(5);
    let (line, fields) = head.split_once('\n').unwrap_or((head, ""));
    let fields = fields.replace('\n', "\r\n");
    let length = content.len();
    let head = format!("{line} HTTP/1.1\r\nHost: demo\r\n{fields}Content-Length: {length}\r\n\r\n");
    peer.received(&[head.as_bytes(), content].concat())
}

fn get(path: &str) -> Vec<Act> {
    acts(&format!("GET {path}"), b"")
}

/// All octets that are sent, as text, and the acts that are not `Send`.
fn told(acts: Vec<Act>) -> (String, Vec<Act>) {
    let mut text = Vec::new();
    let mut others = Vec::new();
    for act in acts {
        match act {
            Act::Send(bytes) => text.extend(bytes),
            other => others.push(other),
        }
    }
    (String::from_utf8_lossy(&text).into_owned(), others)
}

fn status_of(path: &str) -> String {
    told(get(path))
        .0
        .split(' ')
        .nth(1)
        .unwrap_or_default()
        .to_owned()
}

fn ms(milliseconds: u64) -> Act {
    Act::Pause(Duration::from_millis(milliseconds))
}

#[test]
fn the_first_page_names_every_route() {
    let (text, others) = told(get("/"));
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n") && text.ends_with(ROUTES));
    assert_eq!(others, []);
}

#[test]
fn statuses_and_refusals() {
    let table = [
        ("/status/200", "200"),
        ("/status/404", "404"),
        ("/status/599", "599"),
        ("/status/600", "400"),
        ("/status/199", "400"),
        ("/status/100", "400"),
        ("/status/x", "400"),
        ("/redirect/2", "302"),
        ("/redirect/0", "400"),
        ("/redirect-to?url=/get", "302"),
        ("/redirect-to?url=/get&status=308", "308"),
        ("/redirect-to?url=/get&status=200", "400"),
        ("/redirect-to", "400"),
        ("/cookies", "200"),
        ("/cookies/set?a=b", "302"),
        ("/basic-auth/u/p", "401"),
        ("/bearer/t", "401"),
        ("/bytes/268435457", "400"),
        ("/bytes/-1", "400"),
        ("/chunked/100001", "400"),
        ("/slow/600001", "400"),
        ("/truncated/0", "400"),
        ("/response-headers?A=%0a", "400"),
        ("/unknown", "404"),
        ("/bytes", "404"),
        ("/bytes/1/2", "404"),
    ];
    for (path, status) in table {
        assert_eq!(status_of(path), status, "{path}");
    }
}

#[test]
fn given_a_status_without_content_then_there_is_none() {
    assert_eq!(
        told(get("/status/204")).0,
        "HTTP/1.1 204 No Content\r\nContent-Type: text/plain\r\n\r\n"
    );
    assert!(told(get("/status/304")).0.ends_with("plain\r\n\r\n"));
    assert!(
        told(get("/status/205"))
            .0
            .ends_with("Content-Length: 0\r\n\r\n")
    );
}

#[test]
fn the_request_comes_back_as_json() {
    let (text, _) = told(acts("PATCH /anything/x?y=\"\nA: b\nA: c\n", b"hi\n"));
    assert!(text.ends_with(
        "{\"method\":\"PATCH\",\"target\":\"/anything/x?y=\\\"\",\"fields\":[[\"Host\",\"demo\"],[\"A\",\"b\"],\
         [\"A\",\"c\"],[\"Content-Length\",\"3\"]],\"content\":\"hi\\u000a\"}\n"
    ));
    assert!(told(get("/get")).0.contains("\"target\":\"/get\""));
}

#[test]
fn the_content_comes_back_with_its_type() {
    let (text, _) = told(acts("POST /echo\nContent-Type: text/x\n", b"hello"));
    assert!(text.contains("Content-Type: text/x\r\n") && text.ends_with("\r\n\r\nhello"));
}

#[test]
fn fields() {
    let (text, _) = told(get("/headers"));
    let (head, _) = text.split_once("\r\n\r\n").unwrap();
    assert_eq!(head.lines().skip(1).count(), 20);

    let (text, _) = told(get("/response-headers?A=b%20c&A=d"));
    assert!(text.contains("\r\nA: b c\r\nA: d\r\n"));
}

#[test]
fn framings() {
    let (text, others) = told(get("/bytes/3"));
    assert!(text.contains("Content-Length: 3\r\n") && text.ends_with("\r\n\r\n\0\u{1f}>"));
    assert_eq!(others, []);

    let (text, others) = told(get("/chunked/2"));
    assert!(text.ends_with("\r\n\r\n8\r\npiece 0\n\r\n8\r\npiece 1\n\r\n0\r\nX-Pieces: 2\r\n\r\n"));
    assert_eq!(others, []);

    let (text, others) = told(get("/close/2"));
    assert_eq!(text, "HTTP/1.1 200 OK\r\n\r\n\0\u{1f}");
    assert_eq!(others, [Act::Finish]);

    let (text, others) = told(get("/http10/1"));
    assert_eq!(text, "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n\0");
    assert_eq!(others, [Act::Finish]);

    let (text, others) = told(get("/connection-close"));
    assert!(text.contains("Connection: close\r\n"));
    assert_eq!(others, [Act::Finish]);
}

#[test]
fn the_pattern_is_what_it_says() {
    for length in [0, 1, 255, 256, 257, 1000] {
        let octets: Vec<usize> = pattern(length).into_iter().map(usize::from).collect();
        assert_eq!(
            octets,
            (0..length).map(|i| i * 31 % 256).collect::<Vec<_>>()
        );
    }
}

#[test]
fn pauses() {
    assert_eq!(get("/slow/7")[0], ms(7));

    let (text, others) = told(get("/drip/3/9"));
    assert!(text.ends_with("Content-Length: 3\r\n\r\n\0\u{1f}>"));
    assert_eq!(others, [ms(9), ms(9)]);
    assert_eq!(get("/drip/0/9").len(), 1);

    let (text, others) = told(get("/drip-chunked/2/9"));
    assert!(text.ends_with("\r\n\r\n1\r\n\0\r\n1\r\n\u{1f}\r\n0\r\n\r\n"));
    assert_eq!(others, [ms(9)]);
}

#[test]
fn misbehaviour() {
    assert_eq!(get("/hangup"), [Act::Finish]);
    assert_eq!(get("/reset"), [Act::Reset]);

    let (text, others) = told(get("/truncated/5"));
    assert!(text.ends_with("Content-Length: 5\r\n\r\n\0\u{1f}"));
    assert_eq!(others, [Act::Finish]);

    let (text, others) = told(get("/garbage"));
    assert!(!text.starts_with("HTTP/"));
    assert_eq!(others, [Act::Finish]);
}

#[test]
fn interim_responses_come_first() {
    let (text, _) = told(get("/interim/2"));
    assert_eq!(
        text.matches("HTTP/1.1 103 Early Hints\r\nLink: <").count(),
        2
    );
    assert!(text.ends_with("after the hints\n"));
}

#[test]
fn given_head_then_only_the_head_is_sent() {
    let paths = [
        "/",
        "/get",
        "/bytes/3",
        "/chunked/2",
        "/drip/3/9",
        "/close/2",
        "/status/404",
        "/interim/1",
        "/none",
    ];
    for path in paths {
        let (whole, _) = told(get(path));
        let (head, _) = told(acts(&format!("HEAD {path}"), b""));
        assert!(head.ends_with("\r\n\r\n"), "{path}");
        // What `/get` tells back differs by the method's length; the others are the same head.
        assert!(path == "/get" || whole.starts_with(&head), "{path}");
    }
}

#[test]
fn the_connection_and_its_requests_are_numbered() {
    let mut peer = Demo.accept(2);
    let request = b"GET /connection HTTP/1.1\r\nHost: demo\r\n\r\n";
    assert!(
        told(peer.received(request))
            .0
            .ends_with("connection 2 request 0")
    );
    assert!(
        told(peer.received(request))
            .0
            .ends_with("connection 2 request 1")
    );
}

#[test]
fn given_a_request_that_ends_its_connection_then_so_do_we() {
    let table: [(&[u8], bool); 4] = [
        (
            b"GET / HTTP/1.1\r\nHost: demo\r\nConnection: x, Close\r\n\r\n",
            true,
        ),
        (
            b"GET / HTTP/1.1\r\nHost: demo\r\nConnection: closed\r\n\r\n",
            false,
        ),
        (b"GET / HTTP/1.0\r\n\r\n", true),
        (b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", false),
    ];
    for (request, ends) in table {
        let acts = Demo.accept(0).received(request);
        assert_eq!(
            acts.last() == Some(&Act::Finish),
            ends,
            "{}",
            request.escape_ascii()
        );
    }
}

/// Given the routes of a session, when a request has what they ask for, then they open.
#[test]
fn what_a_session_remembers_is_seen() {
    let (text, _) = told(get("/cookies/set?a=b&c=d"));
    assert!(text.contains("Location: /cookies\r\n"), "{text}");
    assert!(text.contains("Set-Cookie: a=b; Path=/\r\nSet-Cookie: c=d; Path=/\r\n"));
    let (text, _) = told(get("/cookies/delete?a"));
    assert!(
        text.contains("Set-Cookie: a=; Path=/; Max-Age=0\r\n"),
        "{text}"
    );
    for (head, content) in [
        ("GET /cookies\nCookie: a=b; c=d\n", "a=b\nc=d"),
        (
            "GET /basic-auth/u/p\nAuthorization: Basic dTpw\n",
            "welcome\n",
        ),
        ("GET /bearer/t\nAuthorization: Bearer t\n", "welcome\n"),
        ("GET /bearer/t\nAuthorization: Bearer s\n", "who are you?\n"),
    ] {
        let (text, _) = told(acts(head, b""));
        assert!(text.ends_with(&format!("\r\n\r\n{content}")), "{text}");
    }
}
