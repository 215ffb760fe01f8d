//! What the target `request` reads from its input: eight octets of circumstances, a head, an empty line, content.
//!
//! ```text
//! C E 3 0 9 5 d LF     N, L or C: no content, of known length, chunked
//! | | | | | | |        E, S or M: as much is announced as comes, one octet less, one more
//! | | writes  |        three sizes, counted from '0': how many octets the transport takes, in turn; 0 is possible
//! | |         pieces   two sizes: the content comes in pieces of these; from 'a' on a letter counts 512 octets
//! POST /path           method and target; then field lines; a line that cannot be sent is left out
//! X-Name: value
//!
//! content
//! ```

use sessile_core::{ContentPlan, Fields, Method};

/// One input of the target `request`.
#[derive(Debug)]
pub(crate) struct Upload<'a> {
    pub(crate) method: Method,
    pub(crate) target: &'a str,
    pub(crate) fields: Fields,
    pub(crate) plan: ContentPlan,
    pub(crate) writes: [usize; 3],
    pub(crate) pieces: [usize; 2],
    pub(crate) content: &'a [u8],
}

impl<'a> Upload<'a> {
    /// `None` if not even the circumstances are there.
    pub(crate) fn read(input: &'a [u8]) -> Option<Self> {
        let (&[framing, announced, w1, w2, w3, p1, p2, _], rest) =
            input.split_first_chunk::<8>()?;
        let empty_line = rest.windows(2).position(|pair| pair == b"\n\n");
        let (head, content) = match empty_line {
            Some(at) => (&rest[..at], &rest[at + 2..]),
            None => (&b""[..], rest),
        };
        let content = if framing == b'N' { b"" } else { content };
        let length = content.len() as u64;
        let mut lines = head.split(|&octet| octet == b'\n');
        let (method, target) = read_request_line(lines.next().unwrap_or_default());
        Some(Self {
            method,
            target,
            fields: read_fields(lines),
            plan: match (framing, announced) {
                (b'N', _) => ContentPlan::None,
                (b'L', b'S') => ContentPlan::Length(length.saturating_sub(1)),
                (b'L', b'M') => ContentPlan::Length(length + 1),
                (b'L', _) => ContentPlan::Length(length),
                _ => ContentPlan::Chunked,
            },
            writes: [w1, w2, w3].map(|octet| usize::from(octet.wrapping_sub(b'0'))),
            pieces: [p1, p2].map(piece),
            content,
        })
    }

    /// The head as it goes to the connection, which does not look at it.
    pub(crate) fn head(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target).into_bytes();
        for field in self.fields.iter() {
            for part in [field.name.as_bytes(), b": ", field.value, b"\r\n"] {
                head.extend_from_slice(part);
            }
        }
        head.extend_from_slice(b"\r\n");
        head
    }

    /// The content that is announced and there: the octets that may go out.
    pub(crate) fn sendable(&self) -> &'a [u8] {
        match self.plan {
            ContentPlan::None => b"",
            ContentPlan::Length(length) if length < self.content.len() as u64 => {
                &self.content[..self.content.len() - 1]
            }
            ContentPlan::Length(_) | ContentPlan::Chunked => self.content,
        }
    }

    /// Whether more is announced than there is.
    pub(crate) fn is_short(&self) -> bool {
        matches!(self.plan, ContentPlan::Length(length) if length > self.content.len() as u64)
    }
}

fn read_request_line(line: &[u8]) -> (Method, &str) {
    let mut words = line.split(|&octet| octet == b' ');
    let method = Method::from_bytes(words.next().unwrap_or_default());
    let target = words.next().and_then(|word| str::from_utf8(word).ok());
    let is_origin_form = |target: &&str| {
        target.starts_with('/') && target.bytes().all(|octet| octet.is_ascii_graphic())
    };
    (
        method.unwrap_or(Method::POST),
        target.filter(is_origin_form).unwrap_or("/"),
    )
}

/// The field lines that can be sent, and the framing field, which is not theirs to choose.
fn read_fields<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Fields {
    let mut fields = Fields::new();
    for line in lines {
        let colon = line.iter().position(|&octet| octet == b':');
        let (name, value) = line.split_at(colon.unwrap_or(line.len()));
        // Refusing is what `Fields` is for: what it refuses is not sent.
        let _ = fields.append(name, value.get(1..).unwrap_or_default());
    }
    fields.remove("Content-Length");
    fields.remove("Transfer-Encoding");
    fields
}

/// A size from one octet, at least 1.
fn piece(octet: u8) -> usize {
    match octet {
        b'a'.. => usize::from(octet - b'a' + 1) * 512,
        _ => usize::from(octet.wrapping_sub(b'0')).max(1),
    }
}
