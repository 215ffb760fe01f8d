//! The one right encoding of what an application has handed over: head, then content, a chunk for each piece.

use sessile_core::{Config, Request, Route};

use crate::steps::Source;

/// The fields that follow content in this target.
pub(crate) const TRAILER: (&str, &str) = ("X-Sum", "1");

/// What may go out for one request.
pub(crate) struct Owed {
    /// The head as it is first sent, and without its expectation.
    heads: [Vec<u8>; 2],
    chunked: bool,
    announced: Option<usize>,
    /// The content so far, encoded, and its length before that.
    content: Vec<u8>,
    handed_over: usize,
    finished: bool,
}

impl Owed {
    pub(crate) fn new(request: &Request, config: &Config, source: Source) -> Self {
        const LINE: &[u8] = b"Expect: 100-continue\r\n";
        let prepared = config.prepare(request, &Route::Direct);
        let head = prepared.expect("a good request").head;
        let mut plain = head.clone();
        if let Some(at) = head.windows(LINE.len()).position(|octets| octets == LINE) {
            plain.drain(at..at + LINE.len());
        }
        Self {
            heads: [head, plain],
            chunked: matches!(source, Source::Pushed | Source::MemoryWithTrailers(_)),
            announced: match source {
                Source::PushedWithLength(length) | Source::Memory(length) => Some(length),
                Source::Pushed | Source::MemoryWithTrailers(_) => None,
            },
            content: Vec::new(),
            handed_over: 0,
            finished: false,
        }
    }

    /// Whether the request asks its peer before it sends content.
    pub(crate) fn expects(&self) -> bool {
        self.heads[0] != self.heads[1]
    }

    /// The head; `refused` after a 417.
    pub(crate) fn head(&self, refused: bool) -> &[u8] {
        &self.heads[usize::from(refused)]
    }

    /// Whether any content was handed over.
    pub(crate) fn has_content(&self) -> bool {
        self.handed_over > 0
    }

    /// How much of the announced length was not handed over yet.
    pub(crate) fn left(&self) -> Option<usize> {
        self.announced.map(|length| length - self.handed_over)
    }

    /// Takes a piece that the engine took.
    pub(crate) fn push(&mut self, piece: &[u8]) {
        if piece.is_empty() {
            return;
        }
        assert!(!self.finished, "content after its end");
        assert!(self.left().is_none_or(|left| left >= piece.len()));
        self.handed_over += piece.len();
        if self.chunked {
            let header = format!("{:x}\r\n", piece.len());
            self.content.extend_from_slice(header.as_bytes());
        }
        self.content.extend_from_slice(piece);
        if self.chunked {
            self.content.extend_from_slice(b"\r\n");
        }
    }

    pub(crate) fn finish(&mut self, trailers: bool) {
        assert!(!self.finished, "one end");
        assert!(self.left().is_none_or(|left| left == 0));
        self.finished = true;
        if self.chunked {
            let (name, value) = TRAILER;
            let line = format!("{name}: {value}\r\n");
            let line = if trailers { &line[..] } else { "" };
            self.content.extend_from_slice(b"0\r\n");
            self.content.extend_from_slice(line.as_bytes());
            self.content.extend_from_slice(b"\r\n");
        }
    }

    /// Whether all that there will be was handed over.
    pub(crate) fn is_complete(&self) -> bool {
        self.finished || self.left() == Some(0)
    }

    /// How many octets there are to go out for what was handed over.
    pub(crate) fn length(&self, refused: bool) -> usize {
        self.head(refused).len() + self.content.len()
    }

    /// Whether these octets are to go out behind so many others.
    pub(crate) fn has_at(&self, at: usize, octets: &[u8], refused: bool) -> bool {
        let head = self.head(refused);
        let in_head = head.len().saturating_sub(at).min(octets.len());
        let (first, content) = octets.split_at(in_head);
        let behind = (at + in_head).saturating_sub(head.len());
        let head_fits = first.is_empty() || head[at..].starts_with(first);
        let owed = self.content.get(behind..);
        head_fits && (content.is_empty() || owed.is_some_and(|owed| owed.starts_with(content)))
    }
}

/// Content in which each octet tells its place, so that none can be lost, doubled or moved unseen.
pub(crate) fn piece(from: usize, length: usize) -> Vec<u8> {
    let octet = |place: usize| b'a' + u8::try_from(place % 23).unwrap_or_default();
    (from..from + length).map(octet).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_are_compared_at_their_place() {
        let owed = Owed {
            heads: [b"head".to_vec(), b"hd".to_vec()],
            chunked: false,
            announced: None,
            content: b"content".to_vec(),
            handed_over: 7,
            finished: true,
        };
        let whole = b"headcontent";
        for from in 0..=whole.len() {
            for to in from..=whole.len() {
                assert!(owed.has_at(from, &whole[from..to], false));
                assert!(!owed.has_at(from, b"x", false));
            }
        }
        assert!(owed.has_at(0, b"hdcon", true) && !owed.has_at(0, b"hea", true));
        assert!(!owed.has_at(4, b"contents", false) && !owed.has_at(12, b"t", false));
    }
}
