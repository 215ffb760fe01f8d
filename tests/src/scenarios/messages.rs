//! Whole exchanges: what goes out, and what comes back under each framing (RFC 9112 §§3–7).

use std::sync::Arc;

use sessile_core::{RequestBuilder, Version};

use super::peers::{path_or, send, site, text};
use super::{answered, get, milliseconds, nothing_left, post};
use crate::origin::{Act, Peer, Site, chunked, head, response};
use crate::world::World;

fn owned(lines: &[(&str, &str)]) -> Vec<(String, Vec<u8>)> {
    let lines = lines.iter();
    lines
        .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
        .collect()
}

/// Given field lines that repeat a name and mix cases, then they are shown in their order and as written.
pub fn a_response_is_shown_as_it_was_sent(world: &mut dyn World) {
    let served = world.serve(site(|_| {
        let lines = "b: 1\r\nA:2\r\nB: \t3 \r\nEmpty:\r\nContent-Length: 5\r\n";
        vec![send(format!("HTTP/1.1 203 As  it is\r\n{lines}\r\nhello"))]
    }));
    let reply = answered(world, get(&served.url("/")));
    assert_eq!((reply.status, reply.version), (203, Version::HTTP_11));
    assert_eq!(reply.reason, b"As  it is");
    let expected = [
        ("b", "1"),
        ("A", "2"),
        ("B", "3"),
        ("Empty", ""),
        ("Content-Length", "5"),
    ];
    assert_eq!(reply.fields, owned(&expected));
    assert_eq!(reply.text(), "hello");
    assert_eq!((reply.connection.number, reply.connection.served), (1, 0));
    for (name, shown) in [
        ("interim", Some(reply.interim.len())),
        ("trailers", reply.trailers.map(|list| list.len())),
    ] {
        assert!(shown.is_none_or(|count| count == 0), "{name}: {shown:?}");
    }
    nothing_left(world);
}

/// Given a request with fields and a query, then its head goes out in that order, with Host first.
pub fn a_request_goes_out_as_it_was_built(world: &mut dyn World) {
    let served = world.serve(site(|request| {
        vec![send(response(200, &[], &request.head))]
    }));
    let request = RequestBuilder::new("GET", served.url("/a/b?c=d#e"))
        .header("X-One", "1")
        .header("x-two", "2")
        .header("X-One", "3")
        .build();
    let reply = answered(world, request.expect("a request"));
    let sent = reply.text();
    assert!(
        sent.starts_with("GET /a/b?c=d HTTP/1.1\r\nHost: "),
        "{sent}"
    );
    assert!(
        sent.ends_with("X-One: 1\r\nx-two: 2\r\nX-One: 3\r\n\r\n"),
        "{sent}"
    );
}

/// Given a HEAD whose answer announces content, then none is waited for and the connection goes on (RFC 9110 §9.3.2).
pub fn head_has_no_content(world: &mut dyn World) {
    let served = world.serve(path_or(|request| {
        let lines = [("Content-Length", "1000")];
        (request.method == "HEAD").then(|| vec![send(head(200, &lines))])
    }));
    let request = RequestBuilder::new("HEAD", served.url("/")).build();
    let reply = answered(world, request.expect("a request"));
    assert_eq!(reply.field("content-length"), Some(&b"1000"[..]));
    assert!(reply.content.is_empty());
    let reply = answered(world, get(&served.url("/next")));
    assert_eq!((reply.text(), reply.connection.served), ("/next", 1));
}

/// Given a POST, then the peer has its content and the media type.
pub fn posted_content_arrives(world: &mut dyn World) {
    let served = world.serve(site(|request| {
        let media_type = request.field("content-type").unwrap_or_default();
        let content = [media_type, b": ", &request.content].concat();
        vec![send(response(201, &[], &content))]
    }));
    let request = RequestBuilder::new("POST", served.url("/"))
        .header("Content-Type", "text/plain")
        .body("one thing")
        .build();
    let reply = answered(world, request.expect("a request"));
    assert_eq!((reply.status, reply.text()), (201, "text/plain: one thing"));
}

/// Given methods that expect content and have none, then they say so; a GET does not (RFC 9110 §8.6).
pub fn an_empty_post_says_so(world: &mut dyn World) {
    let served = world.serve(site(|request| {
        let lengths: Vec<_> = request.values("content-length").collect();
        vec![send(response(200, &[], &lengths.join(&b"|"[..])))]
    }));
    for (method, length) in [("POST", "0"), ("PUT", "0"), ("GET", ""), ("DELETE", "")] {
        let request = RequestBuilder::new(method, served.url("/")).build();
        let reply = answered(world, request.expect("a request"));
        assert_eq!(reply.text(), length, "{method}");
    }
}

/// Given a mebibyte to an echo, then each octet of it comes back, and the connection goes on.
pub fn large_content_goes_both_ways(world: &mut dyn World) {
    let served = world.serve(site(|request| {
        vec![send(response(200, &[], &request.content))]
    }));
    // A period that divides no power of two: an octet that is lost or doubled is seen.
    let content: Vec<u8> = (0..=250).cycle().take(1024 * 1024).collect();
    for served_before in 0..2 {
        let reply = answered(world, post(&served.url("/"), content.clone()));
        assert_eq!(reply.content.len(), content.len());
        assert!(reply.content == content, "the content is another one");
        assert_eq!(reply.connection.served, served_before);
    }
}

/// Given chunked content with a trailer section, then the content is whole, the trailers are shown, and the connection
/// goes on (RFC 9112 §7.1).
pub fn chunked_content_ends_with_trailers(world: &mut dyn World) {
    let served = world.serve(path_or(|request| {
        let trailers = [("Digest", "abc"), ("X-Last", "yes")];
        let pieces = [&b"one "[..], b"two ", b"three"];
        (request.path() == "/chunked").then(|| vec![send(chunked(200, &[], &pieces, &trailers))])
    }));
    let reply = answered(world, get(&served.url("/chunked")));
    assert_eq!(reply.text(), "one two three");
    if let Some(trailers) = &reply.trailers {
        assert_eq!(*trailers, owned(&[("Digest", "abc"), ("X-Last", "yes")]));
    }
    assert_eq!(reply.field("digest"), None);
    let reply = answered(world, get(&served.url("/next")));
    assert_eq!((reply.text(), reply.connection.served), ("/next", 1));
}

/// Given content without a length, then the end of the stream ends it, and the connection with it (RFC 9112 §6.3).
pub fn content_ends_with_the_stream(world: &mut dyn World) {
    let served = world.serve(path_or(|request| {
        let until_close = vec![
            send(head(200, &[])),
            send("some "),
            Act::Pause(milliseconds(20)),
            send("more"),
            Act::Finish,
        ];
        (request.path() == "/close").then_some(until_close)
    }));
    for number in 1..=2 {
        let reply = answered(world, get(&served.url("/close")));
        assert_eq!(reply.text(), "some more");
        assert_eq!(
            (reply.connection.number, reply.connection.served),
            (number, 0)
        );
    }
    nothing_left(world);
}

/// Given 204 and 304, then no content is waited for, whatever the fields say (RFC 9112 §6.3).
pub fn no_content_and_not_modified_have_none(world: &mut dyn World) {
    let served = world.serve(path_or(|request| {
        let lines = [("Content-Length", "5")];
        let status = request.path().trim_start_matches('/').parse().ok()?;
        Some(vec![send(head(status, &lines))])
    }));
    for (before, status) in [(0, 204), (1, 304), (2, 204)] {
        let reply = answered(world, get(&served.url(&format!("/{status}"))));
        assert_eq!(reply.status, status);
        assert!(reply.content.is_empty());
        assert_eq!(reply.connection.served, before);
    }
    let reply = answered(world, get(&served.url("/next")));
    assert_eq!((reply.text(), reply.connection.served), ("/next", 3));
}

/// Given interim responses, then they are shown in their order, and the final one is the answer
/// (RFC 9110 §15.2).
pub fn interim_responses_come_first(world: &mut dyn World) {
    let served = world.serve(site(|request| {
        vec![
            send(head(100, &[])),
            Act::Pause(milliseconds(20)),
            send(head(103, &[("Link", "</style>; rel=preload")])),
            send(head(103, &[])),
            text(request.path()),
        ]
    }));
    for served_before in 0..2 {
        let reply = answered(world, get(&served.url("/final")));
        assert_eq!((reply.status, reply.text()), (200, "/final"));
        assert_eq!(reply.field("link"), None);
        assert_eq!(reply.connection.served, served_before);
        assert_eq!(reply.interim, [100, 103, 103]);
    }
}

/// Given a peer that refuses a large upload at its first octets, then its answer is the response, and the connection is
/// not used again.
pub fn an_early_answer_stops_the_upload(world: &mut dyn World) {
    struct Refusing;

    impl Site for Refusing {
        fn accept(&self, _connection: usize) -> Box<dyn Peer> {
            Box::new(Self)
        }
    }

    impl Peer for Refusing {
        fn received(&mut self, _octets: &[u8]) -> Vec<Act> {
            let answer = response(413, &[("Connection", "close")], b"too much");
            vec![send(answer), Act::Finish]
        }
    }

    let served = world.serve(Arc::new(Refusing));
    for number in 1..=2 {
        let reply = answered(world, post(&served.url("/"), vec![b'x'; 1024 * 1024]));
        assert_eq!((reply.status, reply.text()), (413, "too much"));
        assert_eq!(
            (reply.connection.number, reply.connection.served),
            (number, 0)
        );
    }
    nothing_left(world);
}
