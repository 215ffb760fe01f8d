//! Responses drawn by their grammar: an input that begins with `*` holds choices, which this turns into an input of the
//! plain form (`scenario.rs`). Each leaf is a good one of `leaves.rs`, or now and then a bad one.
//!
//! When all leaves are good the tree knows what the response is: so a good response that is refused is found, too.

use std::borrow::Cow;

use arbitrary::Unstructured;

use crate::leaves::{self, Leaf};
use crate::trace::{Ending, Trace};

/// An input in its plain form, and what must come of it, where that is known.
#[derive(Debug)]
pub(crate) struct Expanded<'a> {
    pub(crate) plain: Cow<'a, [u8]>,
    expected: Option<Expected>,
}

/// What a drawn response is when all its leaves are good.
#[derive(Debug)]
struct Expected {
    status: Vec<u8>,
    fields: usize,
    content: Vec<u8>,
    trailers: usize,
}

/// Expands an input that holds choices; leaves any other as it is.
pub(crate) fn expand(input: &[u8]) -> Expanded<'_> {
    match input.strip_prefix(b"*") {
        Some(choices) => Tree::new(choices).draw(),
        None => Expanded {
            plain: Cow::Borrowed(input),
            expected: None,
        },
    }
}

impl Expanded<'_> {
    /// Asserts that a response of good leaves was read as what it is.
    pub(crate) fn judge(&self, trace: &Trace) {
        let Some(expected) = &self.expected else {
            return;
        };
        assert_eq!(trace.ending, Ending::Complete, "every leaf is good");
        let head = trace.head.as_ref().expect("a complete response has one");
        assert_eq!(head.status.to_string().as_bytes(), expected.status);
        assert_eq!(head.lines.count, expected.fields);
        assert_eq!(trace.content.0, expected.content);
        let trailers = trace.trailers.as_ref().map_or(0, |lines| lines.count);
        assert_eq!(trailers, expected.trailers);
    }
}

/// How a drawn response says where its content ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    Length,
    Chunked,
    Close,
    /// Two of them at once.
    Conflict,
}

struct Tree<'a> {
    choices: Unstructured<'a>,
    octets: Vec<u8>,
    good: bool,
    fields: usize,
}

impl<'a> Tree<'a> {
    fn new(choices: &'a [u8]) -> Self {
        Self {
            choices: Unstructured::new(choices),
            octets: Vec::new(),
            good: true,
            fields: 0,
        }
    }

    fn draw(mut self) -> Expanded<'static> {
        let is_head = self.circumstances();
        for _ in 0..self.below(3) {
            self.interim();
        }
        let status = self.status_line();
        self.fields = 0;
        let framing = self.framing();
        for _ in 0..self.below(4) {
            self.field();
        }
        self.put(b"\r\n");
        let fields = self.fields;
        let bodiless = is_head || matches!(status, b"204" | b"304");
        self.fields = 0;
        let content = match bodiless {
            true => Vec::new(),
            false => self.content(framing),
        };
        if bodiless || framing != Framing::Close {
            self.leaf(leaves::TAIL);
        }
        let expected = Expected {
            status: status.to_vec(),
            fields,
            content,
            trailers: self.fields,
        };
        Expanded {
            expected: self.good.then_some(expected),
            plain: self.octets.into(),
        }
    }

    /// The first eight octets; whether the request is a HEAD.
    fn circumstances(&mut self) -> bool {
        let is_head = self.below(8) == 7;
        self.put(if is_head { b"H" } else { b"G" });
        let end = b"CNCA"[self.below(4)];
        self.octets.push(end);
        self.put(b"DW");
        for _ in 0..3 {
            let size = b'1' + u8::try_from(self.below(40)).unwrap_or_default();
            self.octets.push(size);
        }
        self.put(b"\n");
        is_head
    }

    fn interim(&mut self) {
        self.put(b"HTTP/1.1 ");
        self.leaf(leaves::INTERIM);
        self.leaf(leaves::LINE_END);
        for _ in 0..self.below(2) {
            self.field();
        }
        self.put(b"\r\n");
    }

    fn status_line(&mut self) -> &'static [u8] {
        self.leaf(leaves::VERSION);
        self.leaf(leaves::SPACE);
        let status = self.leaf(leaves::STATUS);
        self.leaf(leaves::REASON);
        self.leaf(leaves::LINE_END);
        status
    }

    /// The lines that say how long the content is and what becomes of the connection.
    fn framing(&mut self) -> Framing {
        const ALL: [Framing; 6] = [
            Framing::Length,
            Framing::Chunked,
            Framing::Close,
            Framing::Length,
            Framing::Chunked,
            Framing::Conflict,
        ];
        let framing = ALL[self.below(ALL.len())];
        if matches!(framing, Framing::Length | Framing::Conflict) {
            self.line(b"Content-Length", leaves::LENGTH);
        }
        if matches!(framing, Framing::Chunked | Framing::Conflict) {
            self.line(b"Transfer-Encoding", leaves::CODING);
        }
        if framing == Framing::Conflict {
            // Which of them holds is another judge's.
            self.good = false;
        }
        if self.below(4) == 3 {
            self.line(b"Connection", leaves::CONNECTION);
        }
        framing
    }

    fn field(&mut self) {
        self.leaf(leaves::NAME);
        self.value(leaves::VALUE);
    }

    fn line(&mut self, name: &[u8], value: Leaf) {
        self.put(name);
        self.value(value);
    }

    fn value(&mut self, value: Leaf) {
        self.leaf(leaves::COLON);
        self.leaf(leaves::OWS);
        self.leaf(value);
        self.leaf(leaves::OWS);
        self.leaf(leaves::LINE_END);
        self.fields += 1;
    }

    fn content(&mut self, framing: Framing) -> Vec<u8> {
        match framing {
            Framing::Length => self.sized(),
            Framing::Close => {
                // Complete only if the peer says so in the end.
                self.good &= self.octets[1] == b'C';
                self.sized()
            }
            Framing::Chunked | Framing::Conflict => self.chunked(),
        }
    }

    fn sized(&mut self) -> Vec<u8> {
        const CONTENT: &[u8] = b"hello";
        let there = CONTENT.len() - self.seldom();
        self.good &= there == CONTENT.len();
        self.put(&CONTENT[..there]);
        CONTENT.to_vec()
    }

    fn chunked(&mut self) -> Vec<u8> {
        const DATA: &[u8] = b"0\r\n\r\nHTTP/";
        let mut content = Vec::new();
        for _ in 0..self.below(4) {
            self.chunk_line(leaves::SIZE);
            self.put(DATA);
            content.extend_from_slice(DATA);
            self.leaf(leaves::DATA_END);
        }
        self.chunk_line(leaves::LAST_SIZE);
        for _ in 0..self.below(3) {
            self.field();
        }
        self.leaf(leaves::LINE_END);
        content
    }

    fn chunk_line(&mut self, size: Leaf) {
        self.leaf(size);
        self.leaf(leaves::EXTENSION);
        self.leaf(leaves::LINE_END);
    }

    /// 0, and 1 in one of 32.
    fn seldom(&mut self) -> usize {
        usize::from(self.below(32) == 31)
    }

    fn leaf(&mut self, leaf: Leaf) -> &'static [u8] {
        let bad = !leaf.bad.is_empty() && self.seldom() == 1;
        self.good &= !bad;
        let list = if bad { leaf.bad } else { leaf.good };
        let octets = list[self.below(list.len())];
        self.put(octets);
        octets
    }

    fn put(&mut self, octets: &[u8]) {
        self.octets.extend_from_slice(octets);
    }

    /// A choice; the first when there are no choices left.
    fn below(&mut self, bound: usize) -> usize {
        self.choices.int_in_range(0..=bound - 1).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_choices_draw_the_plainest_response() {
        let drawn = expand(b"*");
        let expected = "GCDW111\nHTTP/1.1 200 OK\r\nContent-Length: 5 \r\n\r\nhello";
        assert_eq!(
            drawn.plain.escape_ascii().to_string(),
            expected.as_bytes().escape_ascii().to_string()
        );
        assert!(drawn.expected.is_some());
    }

    #[test]
    fn a_plain_input_stays_as_it_is() {
        assert_eq!(*expand(b"GNDW111\nx").plain, *b"GNDW111\nx");
    }
}
