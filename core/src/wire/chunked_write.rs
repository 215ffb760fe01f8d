//! Writing the chunked coding (RFC 9112 §7.1): no extensions, as few chunks as the application's own pieces.

use crate::message::Fields;

/// last-chunk trailer-section CRLF
pub(crate) fn write_last_chunk(out: &mut Vec<u8>, trailers: &Fields) {
    for part in [b"0\r\n", trailers.wire(), b"\r\n"] {
        out.extend_from_slice(part);
    }
}

/// chunk-size CRLF. The data and its CRLF follow.
pub(crate) fn write_chunk_header(out: &mut Vec<u8>, size: usize) {
    let digits = (usize::BITS - size.leading_zeros()).div_ceil(4).max(1);
    for place in (0..digits).rev() {
        let digit = size >> (place * 4) & 0xf;
        out.push(b"0123456789abcdef"[digit]);
    }
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_hexadecimal() {
        for size in [0, 1, 9, 10, 15, 16, 255, 256, 0x1234_abcd, usize::MAX] {
            let mut out = Vec::new();
            write_chunk_header(&mut out, size);
            assert_eq!(out, format!("{size:x}\r\n").into_bytes());
        }
    }
}
