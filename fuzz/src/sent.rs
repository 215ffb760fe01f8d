//! A small reader of requests (RFC 9112 §§3, 5, 6), written apart from the core's writer: whole input, one request.

use crate::chunked::{self, Extensions};
use crate::grammar;

/// A request as it stands on the wire.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Message<'a> {
    pub(crate) method: &'a [u8],
    pub(crate) target: &'a [u8],
    pub(crate) lines: Vec<(&'a [u8], &'a [u8])>,
    pub(crate) content: Vec<u8>,
    /// Lines of the trailer section.
    pub(crate) trailers: usize,
}

/// A request head, without what follows it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Head<'a> {
    pub(crate) method: &'a [u8],
    pub(crate) target: &'a [u8],
    pub(crate) lines: Vec<(&'a [u8], &'a [u8])>,
}

impl<'a> Head<'a> {
    /// The values of a name, in any case.
    pub(crate) fn values(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        let lines = self.lines.iter();
        let named = lines.filter(move |line| line.0.eq_ignore_ascii_case(name.as_bytes()));
        named.map(|line| line.1)
    }
}

/// Reads exactly one request; `None` if it is malformed, not all there, or something follows it.
pub(crate) fn read(octets: &[u8]) -> Option<Message<'_>> {
    let mut rest = octets;
    let head = head(&mut rest)?;
    let (content, trailers) = content(&head.lines, rest)?;
    Some(Message {
        method: head.method,
        target: head.target,
        lines: head.lines,
        content,
        trailers,
    })
}

/// Takes a head from the front. It is as strict as we write: one blank at each place, tokens, no control octet.
pub(crate) fn head<'a>(rest: &mut &'a [u8]) -> Option<Head<'a>> {
    let mut words = chunked::line(rest)?.split(|&octet| octet == b' ');
    let (method, target) = (words.next()?, words.next()?);
    let graphic = !target.is_empty() && target.iter().all(u8::is_ascii_graphic);
    let is_last = words.next()? == b"HTTP/1.1" && words.next().is_none();
    if !(graphic && is_last && grammar::is_token(method)) {
        return None;
    }
    let mut lines = Vec::new();
    loop {
        match chunked::line(rest)? {
            [] => break,
            line => lines.push(field_line(line)?),
        }
    }
    Some(Head {
        method,
        target,
        lines,
    })
}

/// A field line as we write it: name, colon, one SP, value.
fn field_line(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|&octet| octet == b':')?;
    let (name, value) = (&line[..colon], line[colon + 1..].strip_prefix(b" ")?);
    (grammar::is_token(name) && grammar::is_value(value)).then_some((name, value))
}

/// The content and how many trailers follow it, if that fills `rest` exactly and comes as we send it: one framing field,
/// no extension.
fn content(lines: &[(&[u8], &[u8])], rest: &[u8]) -> Option<(Vec<u8>, usize)> {
    let framing = lines.iter().filter(|(name, _)| {
        [&b"Content-Length"[..], b"Transfer-Encoding"]
            .iter()
            .any(|framing| name.eq_ignore_ascii_case(framing))
    });
    let mut framing = framing.map(|(_, value)| *value);
    let content = match framing.next() {
        None => (rest == b"").then(|| (Vec::new(), 0))?,
        Some(b"chunked") => {
            let decoded = chunked::decode(rest, Extensions::Plain)?;
            let exact = !decoded.extensions && decoded.rest == b"";
            exact.then_some((decoded.content, decoded.trailer_lines))?
        }
        Some(length) => {
            let length: usize = str::from_utf8(length).ok()?.parse().ok()?;
            (rest.len() == length).then(|| (rest.to_vec(), 0))?
        }
    };
    framing.next().is_none().then_some(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_request_is_read_and_nothing_else() {
        for (octets, content) in [
            ("GET / HTTP/1.1\r\nA: 1\r\n\r\n", Some("")),
            ("PUT / HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi", Some("hi")),
            (
                "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
                Some("hi"),
            ),
            ("PUT / HTTP/1.1\r\nContent-Length: 1\r\n\r\nhi", None),
            (
                "PUT / HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
                None,
            ),
            (
                "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nhi\r\n0\r\n\r\n",
                None,
            ),
            ("GET / HTTP/1.1\r\n\r\nx", None),
            ("GET / HTTP/1.0\r\n\r\n", None),
            ("GET / HTTP/1.1\r\n", None),
            ("GET /  HTTP/1.1\r\n\r\n", None),
            ("GET / HTTP/1.1 \r\n\r\n", None),
            ("GET / HTTP/1.1\r\nA:1\r\n\r\n", None),
            ("GET / HTTP/1.1\r\nA:  1\r\n\r\n", None),
            ("GET / HTTP/1.1\r\nA : 1\r\n\r\n", None),
            ("GET / HTTP/1.1\r\nA: 1\n\r\n", None),
            ("GET / HTTP/1.1\r\n A: 1\r\n\r\n", None),
            ("GET / HTTP/1.1\nA: 1\r\n\r\n", None),
            ("GET /\x7f HTTP/1.1\r\n\r\n", None),
        ] {
            let read = read(octets.as_bytes()).map(|message| message.content);
            assert_eq!(
                read,
                content.map(|text| text.as_bytes().to_vec()),
                "{octets:?}"
            );
        }
    }
}
