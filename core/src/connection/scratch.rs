//! The memory of one exchange: lent to a connection when a request is granted it, taken back at the end.
//!
//! An idle connection holds none of this; that decides what ten thousand of them cost.

use crate::base::Buffer;
use crate::message::{FieldsRef, HeadRef, Spans, StatusLine};

/// An exchange that needed more than this gives its memory back to the system.
const MOST_KEPT: usize = 256 * 1024;

/// Buffers and the offsets of the response head. Nothing in it outlives [`Scratch::clear`] but capacity.
#[derive(Debug, Default)]
pub struct Scratch {
    /// The encoded request head and content that was absorbed.
    pub(crate) out: Vec<u8>,
    /// What was received: the head in front, content behind it.
    pub(crate) input: Buffer,
    pub(crate) line: StatusLine,
    pub(crate) spans: Spans,
    /// Where the trailer section begins in `input`, and its fields.
    pub(crate) trailers_at: (usize, usize),
    pub(crate) trailers: Spans,
}

impl Scratch {
    /// Forgets the exchange, keeps the memory.
    pub fn clear(&mut self) {
        self.out.clear();
        self.input.clear();
        self.spans.restart(0);
        self.trailers.restart(0);
        self.trailers_at = (0, 0);
    }

    /// The response head that was read last: it stays here when the connection has gone back to its pool.
    pub fn head(&self) -> HeadRef<'_> {
        HeadRef::new(self.line, self.input.kept(), self.spans.list())
    }

    /// Whether there is memory in it, and not more than one exchange should leave to the next.
    pub(crate) fn is_worth_keeping(&self) -> bool {
        let held = self.out.capacity() + self.input.capacity();
        held > 0 && held <= MOST_KEPT
    }

    pub(crate) fn trailers(&self) -> FieldsRef<'_> {
        let (start, length) = self.trailers_at;
        FieldsRef::new(self.input.slice(start, length), self.trailers.list())
    }
}
