//! The messages: one request, four responses. Every contender gets the same.

/// What is asked for. An address, so that nobody resolves anything.
pub(crate) const URL: &str = "http://127.0.0.1:8099/small";

/// The authority and the path of [`URL`], for whoever wants them apart.
pub(crate) const AUTHORITY: &str = "127.0.0.1:8099";
pub(crate) const PATH: &str = "/small";

/// The values that our engine sends, so that the peers' requests say no less.
pub(crate) const USER_AGENT: &str = "sessile";
pub(crate) const ACCEPT: &str = "*/*";

/// What the engine sends for [`URL`]; the bare connection is given it.
pub(crate) const REQUEST_HEAD: &[u8] =
    b"GET /small HTTP/1.1\r\nHost: 127.0.0.1:8099\r\nUser-Agent: sessile\r\nAccept: */*\r\n\r\n";

const SMALL: &str = "HTTP/1.1 200 OK\r\n\
    Date: Tue, 14 Apr 2026 12:00:00 GMT\r\n\
    Server: origin\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\
    Content-Length: 13\r\n\
    Cache-Control: no-cache\r\n\
    \r\n\
    Hello, World!";

const TWENTY_FIELDS: &str = "HTTP/1.1 200 OK\r\n\
    Date: Tue, 14 Apr 2026 12:00:00 GMT\r\n\
    Server: origin\r\n\
    Content-Type: application/json; charset=utf-8\r\n\
    Content-Length: 27\r\n\
    Cache-Control: private, max-age=0, must-revalidate\r\n\
    ETag: \"33a64df551425fcc55e4d42a148795d9f25f89d4\"\r\n\
    Last-Modified: Mon, 13 Apr 2026 09:21:07 GMT\r\n\
    Vary: Accept-Encoding, Origin, Cookie\r\n\
    Strict-Transport-Security: max-age=31536000; includeSubDomains; preload\r\n\
    X-Content-Type-Options: nosniff\r\n\
    X-Frame-Options: SAMEORIGIN\r\n\
    X-XSS-Protection: 0\r\n\
    Referrer-Policy: strict-origin-when-cross-origin\r\n\
    Content-Security-Policy: default-src 'self'; img-src 'self' data: https:; script-src 'self'; \
    object-src 'none'; frame-ancestors 'self'\r\n\
    Access-Control-Allow-Origin: *\r\n\
    X-Request-Id: 7f9c2ba4-e88f-4d2a-a1c3-6a0f8d3b9e51\r\n\
    X-RateLimit-Limit: 5000\r\n\
    X-RateLimit-Remaining: 4987\r\n\
    Set-Cookie: session=eyJhbGciOiJIUzI1NiJ9.c2Vzc2lvbg.abc123; Path=/; HttpOnly; SameSite=Lax\r\n\
    Set-Cookie: theme=dark; Path=/; Max-Age=31536000\r\n\
    \r\n\
    {\"ok\":true,\"items\":[1,2,3]}";

/// The head of every chunked response, the bulk ones too.
pub(crate) const CHUNKED_HEAD: &[u8] =
    b"HTTP/1.1 200 OK\r\nDate: Tue, 14 Apr 2026 12:00:00 GMT\r\nServer: origin\r\n\
    Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

/// The last chunk and an empty trailer section.
pub(crate) const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// A response, and how much content it has.
pub(crate) struct Answer {
    pub(crate) octets: Vec<u8>,
    pub(crate) content: usize,
}

impl Answer {
    /// 5 fields, 13 octets of content.
    pub(crate) fn small() -> Self {
        Self::plain(SMALL)
    }

    /// 20 fields, 27 octets of content.
    pub(crate) fn twenty_fields() -> Self {
        Self::plain(TWENTY_FIELDS)
    }

    fn plain(text: &str) -> Self {
        let (_, content) = text
            .split_once("\r\n\r\n")
            .expect("a head ends in an empty line");
        Self {
            octets: text.as_bytes().to_vec(),
            content: content.len(),
        }
    }

    /// 64 KiB of content in chunks of `size` octets.
    pub(crate) fn chunked(size: usize) -> Self {
        let content = 64 * 1024;
        let octets = [CHUNKED_HEAD, &chunks(content, size), LAST_CHUNK].concat();
        Self { octets, content }
    }
}

/// So much content in chunks of `size` octets, which divides it; without the last chunk.
pub(crate) fn chunks(content: usize, size: usize) -> Vec<u8> {
    assert!(content.is_multiple_of(size), "equal chunks");
    let mut octets = Vec::new();
    for _ in 0..content / size {
        octets.extend_from_slice(format!("{size:x}\r\n").as_bytes());
        octets.resize(octets.len() + size, b'x');
        octets.extend_from_slice(b"\r\n");
    }
    octets
}
