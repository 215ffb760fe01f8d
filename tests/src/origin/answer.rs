//! Responses as octets, for scripts.
//!
//! RFC 9112 §§4, 6, 7.1. These functions frame honestly and check nothing: a script that wants to
//! lie writes its own octets, or hands in fields that lie.

/// A response head of HTTP/1.1 with exactly these fields, without any framing of ours.
///
/// Followed by content it is delimited by the end of the stream, unless the fields say otherwise.
pub fn head(status: u16, fields: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {status} {}\r\n", reason_phrase(status)).into_bytes();
    push_fields(&mut bytes, fields);
    bytes
}

/// A whole response; `Content-Length` is added behind the fields.
///
/// A status that has no content by definition (1xx, 204, 304: RFC 9112 §6.3) gets neither length
/// nor content.
pub fn response(status: u16, fields: &[(&str, &str)], content: &[u8]) -> Vec<u8> {
    if matches!(status, 100..=199 | 204 | 304) {
        return head(status, fields);
    }
    let length = content.len().to_string();
    let mut bytes = head(status, &[fields, &[("Content-Length", &length)]].concat());
    bytes.extend_from_slice(content);
    bytes
}

/// A whole response in the chunked coding, one chunk for each piece that is not empty.
///
/// `Transfer-Encoding` is added behind the fields.
pub fn chunked(
    status: u16,
    fields: &[(&str, &str)],
    pieces: &[&[u8]],
    trailers: &[(&str, &str)],
) -> Vec<u8> {
    let mut bytes = head(
        status,
        &[fields, &[("Transfer-Encoding", "chunked")]].concat(),
    );
    for piece in pieces {
        bytes.extend_from_slice(&chunk(piece));
    }
    bytes.extend_from_slice(b"0\r\n");
    push_fields(&mut bytes, trailers);
    bytes
}

/// One chunk. Nothing for an empty piece, because a chunk of size 0 would be the last one.
pub fn chunk(piece: &[u8]) -> Vec<u8> {
    if piece.is_empty() {
        return Vec::new();
    }
    let mut bytes = format!("{:x}\r\n", piece.len()).into_bytes();
    bytes.extend_from_slice(piece);
    bytes.extend_from_slice(b"\r\n");
    bytes
}

/// Field lines and the empty line behind them.
fn push_fields(bytes: &mut Vec<u8>, fields: &[(&str, &str)]) {
    for (name, value) in fields {
        bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
}

/// The phrase for the statuses that tests like; the others have none, which is legal (RFC 9112 §4).
fn reason_phrase(status: u16) -> &'static str {
    match status {
        100 => "Continue",
        101 => "Switching Protocols",
        103 => "Early Hints",
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        206 => "Partial Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        404 => "Not Found",
        407 => "Proxy Authentication Required",
        417 => "Expectation Failed",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn response_adds_the_length_where_there_may_be_content() {
        assert_eq!(
            response(200, &[("A", "b")], b"hello"),
            b"HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 5\r\n\r\nhello"
        );
        assert_eq!(
            response(204, &[], b"lost"),
            b"HTTP/1.1 204 No Content\r\n\r\n"
        );
        assert_eq!(
            response(599, &[], b""),
            b"HTTP/1.1 599 \r\nContent-Length: 0\r\n\r\n"
        );
    }

    #[test]
    fn chunked_skips_empty_pieces_and_ends_with_the_trailers() {
        assert_eq!(
            chunked(200, &[], &[b"0123456789", b"", b"x"], &[("T", "1")]),
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n1\r\nx\r\n0\r\nT: 1\r\n\r\n"
        );
    }
}
