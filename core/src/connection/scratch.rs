//! The memory of one exchange: lent to a connection when a request is granted it, taken back at the end.
//!
//! An idle connection holds none of this, not even the places where it would stand; that decides what ten thousand of
//! them cost.

use core::fmt;
use core::ops::{Deref, DerefMut};

use crate::base::Buffer;
use crate::message::{FieldsRef, HeadRef, Known, Spans, StatusLine};

/// An exchange that needed more than this gives its memory back to the system.
const MOST_KEPT: usize = 256 * 1024;

/// Buffers and the offsets of the response head. Nothing in it outlives [`Scratch::clear`] but capacity.
#[derive(Default)]
pub struct Scratch(pub(super) Loan);

/// What a connection holds of a [`Scratch`]: nothing before the first use and after the exchange, which reads as empty.
#[derive(Default)]
pub(crate) struct Loan(Option<Box<Memory>>);

/// What a scratch is made of.
pub(crate) struct Memory {
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

/// What stands where nothing was lent.
static EMPTY: Memory = Memory::new();

impl Deref for Loan {
    type Target = Memory;

    #[inline]
    fn deref(&self) -> &Memory {
        match &self.0 {
            Some(memory) => memory,
            None => &EMPTY,
        }
    }
}

impl DerefMut for Loan {
    #[inline]
    fn deref_mut(&mut self) -> &mut Memory {
        self.0.get_or_insert_with(first)
    }
}

/// Memory that was not there yet: seldom, because that of earlier exchanges is used again.
#[cold]
fn first() -> Box<Memory> {
    Box::new(Memory::new())
}

impl Scratch {
    /// Forgets the exchange, keeps the memory.
    pub fn clear(&mut self) {
        if let Some(memory) = &mut self.0.0 {
            memory.clear();
        }
    }

    /// The response head that was read last: it stays here when the connection has gone back to its pool.
    pub fn head(&self) -> HeadRef<'_> {
        self.0.head()
    }

    /// Where a request head is encoded.
    pub(crate) fn out(&mut self) -> &mut Vec<u8> {
        &mut self.0.out
    }

    /// Whether there is memory in it, and not more than one exchange should leave to the next.
    pub(crate) fn is_worth_keeping(&self) -> bool {
        let held = self.0.out.capacity() + self.0.input.capacity();
        held > 0 && held <= MOST_KEPT
    }
}

impl fmt::Debug for Scratch {
    /// The number of octets; they may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let input = self.0.input.kept().len() + self.0.input.unread_len();
        let held = self.0.out.len() + input;
        write!(f, "{held} octets of an exchange")
    }
}

impl Memory {
    const fn new() -> Self {
        Self {
            out: Vec::new(),
            input: Buffer::new(),
            line: StatusLine::new(),
            spans: Spans::new(),
            trailers_at: (0, 0),
            trailers: Spans::new(),
        }
    }

    fn clear(&mut self) {
        self.out.clear();
        self.input.clear();
        self.spans.restart(0);
        self.trailers.restart(0);
        self.trailers_at = (0, 0);
    }

    pub(crate) fn head(&self) -> HeadRef<'_> {
        HeadRef::new(self.line, self.input.kept(), self.spans.list())
    }

    /// Whether the head redirects, asks for credentials or sets cookies, or may.
    #[inline]
    pub(crate) fn has_weighty_head(&self) -> bool {
        let status = self.line.status.as_u16();
        (300..=407).contains(&status) || self.spans.has(Known::SetCookie)
    }

    pub(crate) fn trailers(&self) -> FieldsRef<'_> {
        let (start, length) = self.trailers_at;
        FieldsRef::new(self.input.slice(start, length), self.trailers.list())
    }
}

#[cfg(test)]
mod tests {
    use crate::base::Now;
    use crate::connection::{Connection, Received};

    /// Given a connection without an exchange, whatever a driver asks it, then it holds no memory for one.
    #[test]
    fn an_idle_connection_holds_nothing() {
        let (mut connection, now) = (Connection::default(), Now::default());
        assert!(connection.outgoing(b"content").is_empty());
        assert_eq!(connection.absorb(b"content"), 0);
        assert!(!connection.receive_space().is_empty());
        connection.waiting(now);
        assert!(matches!(connection.poll(), Ok(Received::NeedMore)));
        assert!(connection.content().is_empty());
        assert_eq!(connection.renew(), Ok(()));
        assert!(connection.scratch.0.is_none());
        let scratch = connection.take_scratch();
        assert!(!scratch.is_worth_keeping());
    }
}
