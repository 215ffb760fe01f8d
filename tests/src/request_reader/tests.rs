//! Tables of good and bad requests; each is read whole, at every split, and octet by octet.

use super::*;

/// Reads all octets in the given segments and gives the first verdict.
fn read(segments: &[&[u8]]) -> Result<Option<Request>, Malformed> {
    let mut reader = RequestReader::new(0);
    for segment in segments {
        match reader.read(segment) {
            Ok(None) => {}
            verdict => return verdict,
        }
    }
    Ok(None)
}

fn read_every_way(bytes: &[u8]) -> Result<Option<Request>, Malformed> {
    let whole = read(&[bytes]);
    for at in 0..=bytes.len() {
        let (left, right) = bytes.split_at(at);
        assert_eq!(
            read(&[left, right]),
            whole,
            "split at {at}: {}",
            bytes.escape_ascii()
        );
    }
    let octets: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(
        read(&octets),
        whole,
        "octet by octet: {}",
        bytes.escape_ascii()
    );
    whole
}

fn good(bytes: &[u8]) -> Request {
    for cut in 0..bytes.len() {
        let early = read(&[&bytes[..cut]]);
        assert_eq!(early, Ok(None), "cut at {cut}: {}", bytes.escape_ascii());
    }
    match read_every_way(bytes) {
        Ok(Some(request)) => request,
        verdict => panic!("{verdict:?} for {}", bytes.escape_ascii()),
    }
}

#[test]
fn good_requests() {
    let table: [(&[u8], &str, &str, &[u8]); 20] = [
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "/", b""),
        (b"GET / HTTP/1.0\r\n\r\n", "GET", "/", b""),
        (b"GET /a/b?c=d|e&f=%20 HTTP/1.1\r\nHost: a.b:8080\r\n\r\n", "GET", "/a/b?c=d|e&f=%20", b""),
        (b"GET / HTTP/1.1\r\nhOST:\t a \t\r\n\r\n", "GET", "/", b""),
        (b"GET / HTTP/1.1\r\nHost: [::1]\r\n\r\n", "GET", "/", b""),
        (b"GET / HTTP/1.1\r\nHost: [::1]:1\r\n\r\n", "GET", "/", b""),
        (b"GET / HTTP/1.1\r\nHost: a\r\nEmpty:\r\nObs: \xff \t x\r\n\r\n", "GET", "/", b""),
        (b"m!#$%&'*+-.^_`|~9 / HTTP/1.1\r\nHost: a\r\n\r\n", "m!#$%&'*+-.^_`|~9", "/", b""),
        (b"GET http://a:1/b HTTP/1.1\r\nHost: a:1\r\n\r\n", "GET", "http://a:1/b", b""),
        (b"GET https://a?b HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "https://a?b", b""),
        (b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS", "*", b""),
        (b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", "CONNECT", "a:443", b""),
        (b"CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\n\r\n", "CONNECT", "[::1]:443", b""),
        (b"TRACE / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "TRACE", "/", b""),
        (b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n\r\n\0\r\n", "PUT", "/", b"\r\n\0\r\n"),
        (b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 007\r\n\r\n1234567", "PUT", "/", b"1234567"),
        (b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "PUT", "/", b""),
        (b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\n", "PUT", "/", b""),
        (
            b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0A\r\n\r\n\r\n\r\n\r\n\r\n\r\n000\r\n\r\n",
            "PUT",
            "/",
            b"abc\r\n\r\n\r\n\r\n\r\n",
        ),
        (
            b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nT: u\r\n\r\n",
            "PUT",
            "/",
            b"x",
        ),
    ];
    for (bytes, method, target, content) in table {
        let request = good(bytes);
        assert_eq!(request.method, method);
        assert_eq!(request.target, target);
        assert_eq!(request.content, content);
        assert!(bytes.starts_with(&request.head) && request.head.ends_with(b"\r\n\r\n"));
    }
}

#[test]
fn bad_request_lines() {
    let table: [(&[u8], Malformed); 27] = [
        (b"\r\n", Malformed::RequestLine),
        (b"GET /\r\n", Malformed::RequestLine),
        (b"GET  / HTTP/1.1\r\n", Malformed::RequestLine),
        (b"GET / a HTTP/1.1\r\n", Malformed::RequestLine),
        (b"GET / HTTP/1.1 \r\n", Malformed::RequestLine),
        (b" / HTTP/1.1\r\n", Malformed::Method),
        (b"G(T / HTTP/1.1\r\n", Malformed::Method),
        (b"G\xe9T / HTTP/1.1\r\n", Malformed::Method),
        (b"GET\t/ HTTP/1.1 x\r\n", Malformed::Method),
        (b"GET a HTTP/1.1\r\n", Malformed::Target),
        (b"GET * HTTP/1.1\r\n", Malformed::Target),
        (b"GET /# HTTP/1.1\r\n", Malformed::Target),
        (b"GET /\xc3\xa9 HTTP/1.1\r\n", Malformed::Target),
        (b"GET /\t HTTP/1.1\r\n", Malformed::Target),
        (b"GET ftp://a/ HTTP/1.1\r\n", Malformed::Target),
        (b"GET http:///a HTTP/1.1\r\n", Malformed::Target),
        (b"GET http://u@a/ HTTP/1.1\r\n", Malformed::Target),
        (b"CONNECT a HTTP/1.1\r\n", Malformed::Target),
        (b"CONNECT a:b HTTP/1.1\r\n", Malformed::Target),
        (b"CONNECT / HTTP/1.1\r\n", Malformed::Target),
        (b"CONNECT a:65536 HTTP/1.1\r\n", Malformed::Target),
        (b"GET / http/1.1\r\n", Malformed::Version),
        (b"GET / HTTP/1.2\r\n", Malformed::Version),
        (b"GET / HTTP/2.0\r\n", Malformed::Version),
        (b"GET / HTTP/1.1\n", Malformed::BareLf),
        (b"GET / HTTP/1.1\r\r\n", Malformed::BareCr),
        (b"GET /\x7f", Malformed::Control),
    ];
    for (bytes, reason) in table {
        assert_eq!(
            read_every_way(bytes),
            Err(reason),
            "{}",
            bytes.escape_ascii()
        );
    }
}

#[test]
fn bad_fields() {
    let table: [(&[u8], Malformed); 31] = [
        (b"\r\n", Malformed::MissingHost),
        (b"A: b\r\n\r\n", Malformed::MissingHost),
        (b"Host: a\r\nhost: a\r\n\r\n", Malformed::RepeatedHost),
        (b"Host:\r\n\r\n", Malformed::HostValue),
        (b"Host: a b\r\n\r\n", Malformed::HostValue),
        (b"Host: a,b:\r\n\r\n", Malformed::HostValue),
        (b"Host: u@a\r\n\r\n", Malformed::HostValue),
        (b"Host: a/b\r\n\r\n", Malformed::HostValue),
        (b"Host: ::1\r\n\r\n", Malformed::HostValue),
        (b"Host: [::g]\r\n\r\n", Malformed::HostValue),
        (b"Host: a:65536\r\n\r\n", Malformed::HostValue),
        (b"Host: a:+1\r\n\r\n", Malformed::HostValue),
        (b" Host: a\r\n", Malformed::Folded),
        (b"Host: a\r\n\tb\r\n", Malformed::Folded),
        (b"Host\r\n", Malformed::MissingColon),
        (b"Host : a\r\n", Malformed::SpaceBeforeColon),
        (b"Host\t: a\r\n", Malformed::SpaceBeforeColon),
        (b": a\r\n", Malformed::FieldName),
        (b"A b: c\r\n", Malformed::FieldName),
        (b"A\xe9: c\r\n", Malformed::FieldName),
        (b"A: b\rc\r\n", Malformed::BareCr),
        (b"A: b\n", Malformed::BareLf),
        (b"A: \0\r\n", Malformed::Control),
        (b"A: \x1b", Malformed::Control),
        (
            b"Host: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
            Malformed::RepeatedLength,
        ),
        (
            b"Host: a\r\nContent-Length: 1, 1\r\n\r\n",
            Malformed::LengthValue,
        ),
        (
            b"Host: a\r\nContent-Length: +1\r\n\r\n",
            Malformed::LengthValue,
        ),
        (
            b"Host: a\r\nContent-Length:\r\n\r\n",
            Malformed::LengthValue,
        ),
        (
            b"Host: a\r\nContent-Length: 18446744073709551616\r\n\r\n",
            Malformed::LengthValue,
        ),
        (
            b"Host: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            Malformed::LengthAndCoding,
        ),
        (
            b"Host: a\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n",
            Malformed::LengthAndCoding,
        ),
    ];
    for (fields, reason) in table {
        let bytes = [b"PUT / HTTP/1.1\r\n", fields].concat();
        assert_eq!(
            read_every_way(&bytes),
            Err(reason),
            "{}",
            bytes.escape_ascii()
        );
    }
}

#[test]
fn bad_for_their_request_line() {
    let table: [(&[u8], Malformed); 8] = [
        (b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", Malformed::Coding),
        (
            b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
            Malformed::Coding,
        ),
        (b"PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", Malformed::CodingInOldVersion),
        (b"PUT / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", Malformed::RepeatedHost),
        (b"GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n", Malformed::HostDiffers),
        (b"GET http://a:80/ HTTP/1.1\r\nHost: a\r\n\r\n", Malformed::HostDiffers),
        (b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n", Malformed::ContentForbidden),
        (
            b"TRACE / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
            Malformed::ContentForbidden,
        ),
    ];
    for (bytes, reason) in table {
        assert_eq!(
            read_every_way(bytes),
            Err(reason),
            "{}",
            bytes.escape_ascii()
        );
    }
}

#[test]
fn bad_chunks() {
    let table: [(&[u8], Malformed); 15] = [
        (b"\r\n", Malformed::ChunkSize),
        (b"g\r\n", Malformed::ChunkSize),
        (b"+1\r\n", Malformed::ChunkSize),
        (b"0x1\r\n", Malformed::ChunkSize),
        (b" 1\r\n", Malformed::ChunkSize),
        (b"1 \r\n", Malformed::ChunkSize),
        (b"1;a=b\r\n", Malformed::ChunkSize),
        (b"00000000000000001\r\n", Malformed::ChunkSize),
        (b"1\n", Malformed::BareLf),
        (b"1\r\nab", Malformed::ChunkEnd),
        (b"1\r\na\n", Malformed::ChunkEnd),
        (b"1\r\na\rb", Malformed::ChunkEnd),
        (b"0\r\nT : u\r\n", Malformed::SpaceBeforeColon),
        (b"0\r\nHost: a\r\n", Malformed::TrailerName),
        (b"0\r\nT: u\n", Malformed::BareLf),
    ];
    for (content, reason) in table {
        let head = b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
        let bytes = [head, content].concat();
        assert_eq!(
            read_every_way(&bytes),
            Err(reason),
            "{}",
            bytes.escape_ascii()
        );
    }
}

#[test]
fn fields_and_trailers_keep_order_and_case() {
    let request = good(
        b"PUT / HTTP/1.1\r\nHost: a\r\nX-b: 1\r\nx-B:  2 3 \r\nTransfer-Encoding: chunked\r\n\r\n\
          0\r\nT: u\r\nt:\r\n\r\n",
    );
    let names: Vec<&str> = request
        .fields
        .iter()
        .map(|field| field.0.as_str())
        .collect();
    assert_eq!(names, ["Host", "X-b", "x-B", "Transfer-Encoding"]);
    assert_eq!(request.field("X-B"), Some(b"1".as_slice()));
    assert_eq!(
        request.values("X-B").collect::<Vec<_>>(),
        [b"1".as_slice(), b"2 3"]
    );
    assert_eq!(request.field("T"), None);
    assert_eq!(
        request.trailers,
        [("T".into(), b"u".to_vec()), ("t".into(), b"".to_vec())]
    );
}

#[test]
fn path_and_query_of_each_form() {
    let table: [(&str, &str, &str, Option<&str>); 7] = [
        ("GET", "/a/b", "/a/b", None),
        ("GET", "/a?b?c", "/a", Some("b?c")),
        ("GET", "/a?to=http://b/c", "/a", Some("to=http://b/c")),
        ("GET", "http://a/b?", "/b", Some("")),
        ("GET", "http://a?b", "/", Some("b")),
        ("OPTIONS", "*", "*", None),
        ("CONNECT", "a:1", "a:1", None),
    ];
    for (method, target, path, query) in table {
        let host = if target.contains("a:1") { "a:1" } else { "a" };
        let request =
            good(format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes());
        assert_eq!((request.path(), request.query()), (path, query), "{target}");
    }
}

#[test]
fn given_octets_behind_a_request_then_they_stay_for_the_next() {
    let mut reader = RequestReader::new(4);
    let bytes = b"PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nxGET /b HTTP/1.1\r\nHost: a\r\n\r\n";
    assert!(reader.is_idle());
    let first = reader.read(bytes).unwrap().unwrap();
    assert!(!reader.is_idle());
    let second = reader.read(b"").unwrap().unwrap();
    assert!(reader.is_idle());
    assert_eq!((first.connection, first.number, first.path()), (4, 0, "/a"));
    assert_eq!(
        (second.connection, second.number, second.path()),
        (4, 1, "/b")
    );
}

#[test]
fn given_a_refusal_then_it_is_final() {
    let mut reader = RequestReader::new(0);
    assert_eq!(reader.read(b"\n"), Err(Malformed::BareLf));
    assert_eq!(
        reader.read(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        Err(Malformed::BareLf)
    );
    assert!(!reader.is_idle());
}

#[test]
fn given_a_head_or_trailer_section_at_its_limit_then_one_octet_more_is_refused() {
    let before = b"GET / HTTP/1.1\r\nHost: a\r\nA: ";
    let fill = |len: usize| vec![b'x'; len];
    let exact = HEAD_ROOM - before.len() - b"\r\n\r\n".len();
    let head = |len| [before.as_slice(), &fill(len), b"\r\n\r\n"].concat();
    assert!(matches!(read(&[&head(exact)]), Ok(Some(_))));
    assert_eq!(read(&[&head(exact + 1)]), Err(Malformed::TooLong));

    let before = b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: ";
    let exact = HEAD_ROOM - b"A: \r\n\r\n".len();
    let trailers = |len| [before.as_slice(), &fill(len), b"\r\n\r\n"].concat();
    assert!(matches!(read(&[&trailers(exact)]), Ok(Some(_))));
    assert_eq!(read(&[&trailers(exact + 1)]), Err(Malformed::TooLong));
}
