//! A small decoder of the chunked coding (RFC 9112 §7.1), written apart from the core's: whole input, no state.

use crate::grammar;

/// What chunked content holds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Decoded<'a> {
    pub(crate) content: Vec<u8>,
    /// Chunks that hold data.
    pub(crate) chunks: usize,
    pub(crate) extensions: bool,
    /// Field lines of the trailer section; a folded line counts once.
    pub(crate) trailer_lines: usize,
    /// What follows the content.
    pub(crate) rest: &'a [u8],
}

/// What may stand behind a chunk's size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extensions {
    /// What begins as the grammar's do, and holds no control octet.
    Plain,
    /// Anything but CR and LF.
    Any,
}

/// Decodes chunked content; `None` if it is malformed or not all there.
pub(crate) fn decode(octets: &[u8], extensions: Extensions) -> Option<Decoded<'_>> {
    let mut decoded = decode_chunks(octets, extensions)?;
    loop {
        match line(&mut decoded.rest)? {
            [] => return Some(decoded),
            [b' ' | b'\t', ..] => {}
            _ => decoded.trailer_lines += 1,
        }
    }
}

/// Decodes chunked content up to its last chunk; the trailer section is what follows.
pub(crate) fn decode_chunks(octets: &[u8], extensions: Extensions) -> Option<Decoded<'_>> {
    let mut decoded = Decoded {
        content: Vec::new(),
        chunks: 0,
        extensions: false,
        trailer_lines: 0,
        rest: octets,
    };
    loop {
        let line = line(&mut decoded.rest)?;
        let digits = line.iter().take_while(|octet| octet.is_ascii_hexdigit());
        let (digits, extension) = line.split_at(digits.count());
        decoded.extensions |= is_extension(extension, extensions)?;
        let size = usize::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?;
        if size == 0 {
            return Some(decoded);
        }
        let (data, rest) = decoded.rest.split_at_checked(size)?;
        decoded.content.extend_from_slice(data);
        decoded.chunks += 1;
        decoded.rest = rest.strip_prefix(b"\r\n")?;
    }
}

/// Whether the rest of a chunk's first line is an extension, and not nothing; `None` if it is neither.
fn is_extension(rest: &[u8], extensions: Extensions) -> Option<bool> {
    let good = match extensions {
        Extensions::Any => !rest.iter().any(|octet| b"\r\n".contains(octet)),
        Extensions::Plain => {
            let begins_well = rest.is_empty() || rest.trim_ascii_start().starts_with(b";");
            begins_well && !rest.iter().any(|octet| grammar::is_control(*octet))
        }
    };
    good.then_some(!rest.is_empty())
}

/// Takes a line from the front, without its CRLF.
pub(crate) fn line<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let end = rest.windows(2).position(|pair| pair == b"\r\n")?;
    let (line, tail) = rest.split_at(end);
    *rest = &tail[2..];
    Some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_extensions_and_trailers_are_told_apart() {
        let decoded = b"5;x\r\nhello\r\n0A\r\n, chunked!\r\n00\r\na: 1\r\n 2\r\nb:\r\n\r\nrest";
        let decoded = decode(decoded, Extensions::Plain);
        let expected = Decoded {
            content: b"hello, chunked!".to_vec(),
            chunks: 2,
            extensions: true,
            trailer_lines: 2,
            rest: b"rest",
        };
        assert_eq!(decoded, Some(expected));
    }

    #[test]
    fn what_is_not_chunked_is_refused() {
        for octets in [
            "",
            "5\r\nhell",
            "x\r\n\r\n",
            "1\r\nab\r\n0\r\n\r\n",
            "0\r\n",
            "0\n\n",
            "0 \r\n\r\n",
            "0 x\r\n\r\n",
            "0;\0\r\n\r\n",
        ] {
            let read = decode(octets.as_bytes(), Extensions::Plain);
            assert_eq!(read, None, "{octets:?}");
        }
        assert!(decode(b"0 x\0\r\n\r\n", Extensions::Any).is_some());
        assert!(decode(b"0;\n\r\n\r\n", Extensions::Any).is_none());
    }
}
