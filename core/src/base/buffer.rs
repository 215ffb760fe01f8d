//! The receive buffer of one exchange.
//!
//! ```text
//! 0        front      kept       start        end          len
//! | (used) | head     |  (used)  |  unread    |  space     |
//! ```
//! `front ≤ kept ≤ start ≤ end ≤ len`. The head stays where it is until the exchange ends; content recycles the space
//! behind it. Interim heads leave used space in front. Octets move only when unread ones stand at the very end of the
//! space: never for content that is read as it comes.

use super::work;

/// The first size: almost every head, and most small responses whole.
const FIRST: usize = 8 * 1024;
/// Content never makes the buffer larger than this; beyond it the kernel's own cost per octet no longer falls.
const LARGEST_FOR_CONTENT: usize = 128 * 1024;

/// Octets received and not yet used, behind the octets that are kept.
#[derive(Debug)]
pub(crate) struct Buffer {
    octets: Vec<u8>,
    front: usize,
    kept: usize,
    start: usize,
    end: usize,
    /// The last read filled all the space it was offered: there was more, and a larger space would have taken it.
    filled: bool,
}

impl Buffer {
    pub(crate) const fn new() -> Self {
        Self {
            octets: Vec::new(),
            front: 0,
            kept: 0,
            start: 0,
            end: 0,
            filled: false,
        }
    }

    /// Forgets everything but the memory.
    pub(crate) fn clear(&mut self) {
        self.go_back();
        self.filled = false;
    }

    /// Nothing is kept and nothing unread: begin at the beginning.
    fn go_back(&mut self) {
        self.front = 0;
        self.kept = 0;
        self.start = 0;
        self.end = 0;
    }

    pub(crate) fn capacity(&self) -> usize {
        self.octets.len()
    }

    /// The unread octets.
    pub(crate) fn unread(&self) -> &[u8] {
        &self.octets[self.start..self.end]
    }

    /// The unread octets, to be changed in place (unfolding of folded field lines).
    pub(crate) fn unread_mut(&mut self) -> &mut [u8] {
        &mut self.octets[self.start..self.end]
    }

    pub(crate) fn unread_len(&self) -> usize {
        self.end - self.start
    }

    /// The octets that are kept.
    pub(crate) fn kept(&self) -> &[u8] {
        &self.octets[self.front..self.kept]
    }

    /// A piece of the buffer by its positions, as [`Buffer::position`] told them.
    pub(crate) fn slice(&self, from: usize, length: usize) -> &[u8] {
        &self.octets[from..from + length]
    }

    /// Where the first unread octet stands.
    pub(crate) fn position(&self) -> usize {
        self.start
    }

    /// Uses up unread octets.
    pub(crate) fn consume(&mut self, count: usize) {
        debug_assert!(count <= self.unread_len());
        self.start = (self.start + count).min(self.end);
        if self.start == self.end {
            self.start = self.kept;
            self.end = self.kept;
        }
    }

    /// Uses up unread octets and keeps them, for as long as the exchange lasts. Only where nothing is kept yet.
    pub(crate) fn keep(&mut self, count: usize) {
        debug_assert!(self.front == self.kept);
        self.front = self.start;
        self.kept = (self.start + count).min(self.end);
        self.start = self.kept;
    }

    /// Lets go of what was kept (an interim head that the application has seen). Nothing moves: there may be many.
    pub(crate) fn release_kept(&mut self) {
        self.front = self.start;
        self.kept = self.start;
        if self.start == self.end {
            self.go_back();
        }
    }

    /// Space to read into; never empty.
    ///
    /// `bound` is the most that a message part which must stand in one piece may need (a head, a trailer section).
    #[inline]
    pub(crate) fn space(&mut self, bound: usize) -> &mut [u8] {
        if self.start == self.end && self.filled && self.octets.len() < LARGEST_FOR_CONTENT {
            self.grow(self.octets.len().saturating_mul(4).min(LARGEST_FOR_CONTENT));
        }
        if self.end == self.octets.len() {
            self.make_room(bound);
        }
        &mut self.octets[self.end..]
    }

    fn make_room(&mut self, bound: usize) {
        if self.start > self.kept {
            self.shift(self.start, self.kept);
            self.end -= self.start - self.kept;
            self.start = self.kept;
        }
        if self.front > 0 {
            self.shift(self.front, 0);
            self.kept -= self.front;
            self.start -= self.front;
            self.end -= self.front;
            self.front = 0;
        }
        if self.end == self.octets.len() {
            let most = self.kept.saturating_add(bound).max(FIRST);
            let larger = self.octets.len().saturating_mul(2).clamp(FIRST, most);
            self.grow(larger.max(self.end + 1));
        }
    }

    /// Moves everything from here to the end.
    fn shift(&mut self, from: usize, to: usize) {
        work::note(self.end - from);
        self.octets.copy_within(from..self.end, to);
    }

    fn grow(&mut self, length: usize) {
        // The allocator may have to move what is there.
        work::note(self.end);
        self.octets.resize(length.max(self.octets.len()), 0);
        self.filled = false;
    }

    /// Counts octets that were read into the space; more than it had room for cannot have been.
    pub(crate) fn filled(&mut self, count: usize) {
        let space = self.octets.len() - self.end;
        self.end += count.min(space);
        self.filled = self.end == self.octets.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(buffer: &mut Buffer, octets: &[u8]) {
        let space = buffer.space(64 * 1024);
        space[..octets.len()].copy_from_slice(octets);
        buffer.filled(octets.len());
    }

    #[test]
    fn the_head_stays_while_content_recycles() {
        let mut buffer = Buffer::new();
        put(&mut buffer, b"head");
        buffer.keep(4);
        for _ in 0..10_000 {
            put(&mut buffer, b"content");
            assert_eq!(buffer.unread(), b"content");
            buffer.consume(7);
        }
        assert_eq!(buffer.kept(), b"head");
        assert_eq!(buffer.octets.len(), FIRST);
    }

    #[test]
    fn unread_octets_survive_when_room_is_made() {
        let mut buffer = Buffer::new();
        let length = buffer.space(0).len();
        buffer.filled(length);
        buffer.consume(length - 3);
        buffer.unread_mut().copy_from_slice(b"end");
        put(&mut buffer, b"more");
        assert_eq!(buffer.unread(), b"endmore");
    }

    #[test]
    fn a_space_that_was_filled_grows_for_content() {
        let mut buffer = Buffer::new();
        for expected in [8, 32, 128, 128] {
            let space = buffer.space(0).len();
            assert_eq!(space, expected * 1024);
            buffer.filled(space);
            buffer.consume(space);
        }
    }

    #[test]
    fn interim_heads_move_nothing_until_the_space_is_used_up() {
        let mut buffer = Buffer::new();
        let heads = b"interim".repeat(FIRST / 7);
        put(&mut buffer, &heads);
        work::take();
        for _ in 1..FIRST / 7 {
            buffer.keep(7);
            assert_eq!(buffer.kept(), b"interim");
            buffer.release_kept();
        }
        assert_eq!(work::take(), 0);
        assert_eq!(buffer.unread(), b"interim");
        put(&mut buffer, b"1");
        put(&mut buffer, b"2");
        put(&mut buffer, b"3");
        assert_eq!(buffer.unread(), b"interim123");
        buffer.keep(10);
        put(&mut buffer, b"content");
        assert_eq!(
            (buffer.kept(), buffer.unread()),
            (&b"interim123"[..], &b"content"[..])
        );
        assert_eq!(buffer.octets.len(), FIRST);
    }
}
