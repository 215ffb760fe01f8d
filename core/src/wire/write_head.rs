//! Writing a request head (RFC 9112 §3). Everything that comes in is of a type that cannot split a line.

use http::Method;

use super::framing::Framing;
use crate::message::{Fields, Known, RequestTarget};

/// request-line = method SP request-target SP HTTP-version CRLF
#[inline(always)]
pub(crate) fn write_request_line(out: &mut Vec<u8>, method: &Method, target: RequestTarget<'_>) {
    out.extend_from_slice(method.as_str().as_bytes());
    out.push(b' ');
    target.write(out);
    out.extend_from_slice(b" HTTP/1.1\r\n");
}

/// One field line of the core's own. The caller vouches for both parts: they come from constants and parsed values.
pub(crate) fn write_line(out: &mut Vec<u8>, name: &str, value: &str) {
    for part in [name, ": ", value, "\r\n"] {
        out.extend_from_slice(part.as_bytes());
    }
}

/// The lines of a section, but for those whose name is one of a set of known names or is found by `shadowed`. `behind`
/// may add to a value.
pub(crate) fn write_fields_except(
    out: &mut Vec<u8>,
    fields: &Fields,
    known: u32,
    shadowed: impl Fn(&str) -> bool,
    behind: impl Fn(&mut Vec<u8>, Known),
) {
    for (span, field) in fields.spans().list().iter().zip(fields.iter()) {
        if span.known.bit() & known == 0 && !shadowed(field.name) {
            for part in [field.name.as_bytes(), b": ", field.value] {
                out.extend_from_slice(part);
            }
            behind(out, span.known);
            out.extend_from_slice(b"\r\n");
        }
    }
}

/// The framing field, which stands last, and the empty line.
pub(crate) fn write_framing(out: &mut Vec<u8>, framing: Framing) {
    match framing {
        Framing::None | Framing::UntilClose | Framing::Switched => {}
        Framing::Chunked => out.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
        Framing::Length(length) => {
            out.extend_from_slice(b"Content-Length: ");
            write_decimal(out, length);
            out.extend_from_slice(b"\r\n");
        }
    }
    out.extend_from_slice(b"\r\n");
}

fn write_decimal(out: &mut Vec<u8>, mut value: u64) {
    let start = out.len();
    loop {
        // A remainder of ten is one digit.
        out.push(b'0' + (value % 10) as u8);
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out[start..].reverse();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_decimal() {
        for value in [0, 7, 10, 19_999, u64::MAX] {
            let mut out = Vec::new();
            write_framing(&mut out, Framing::Length(value));
            assert_eq!(out, format!("Content-Length: {value}\r\n\r\n").into_bytes());
        }
    }
}
