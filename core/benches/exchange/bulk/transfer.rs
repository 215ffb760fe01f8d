//! Large content through the bare connection, with an eye on where each octet stands.

use std::hint::black_box;
use std::ops::Range;

use sessile_core::{Connection, Now, Received, Scratch};

use super::source::Source;
use crate::ours::{Clock, begin};

/// The caller's memory, for content that is read past the buffer. As large as the buffer becomes.
const MEMORY: usize = 128 * 1024;

/// What one transfer has seen; all in octets.
#[derive(Default)]
pub(crate) struct Seen {
    /// Content that arrived.
    pub(crate) content: usize,
    /// Content that was copied once more after it was read: moved inside the connection, or to the caller.
    again: usize,
    /// The largest piece of memory that was read into.
    pub(crate) space: usize,
}

impl Seen {
    /// How often an octet of content was copied.
    pub(crate) fn copies(&self) -> f64 {
        (self.content + self.again) as f64 / self.content as f64
    }
}

/// A connection and its exchanges.
pub(crate) struct Transfer {
    connection: Connection,
    scratch: Scratch,
    source: Source,
    memory: Vec<u8>,
    clock: Clock,
    /// Where the last read into the receive buffer put its octets.
    last: Range<*const u8>,
}

impl Transfer {
    pub(crate) fn new(source: Source) -> Self {
        Self {
            connection: Connection::default(),
            scratch: Scratch::default(),
            source,
            memory: vec![0; MEMORY],
            clock: Clock::default(),
            last: [].as_ptr_range(),
        }
    }

    /// One exchange.
    pub(crate) fn run(&mut self) -> Seen {
        let now = self.clock.now();
        self.source.rewind();
        begin(&mut self.connection, now, std::mem::take(&mut self.scratch));
        let count = black_box(self.connection.outgoing(b"")).len();
        self.connection.sent(now, count);
        let seen = self.receive(now);
        self.connection
            .renew()
            .expect("the response was read to its end");
        self.scratch = self.connection.take_scratch();
        seen
    }

    fn receive(&mut self, now: Now) -> Seen {
        let mut seen = Seen::default();
        let mut known_length = false;
        loop {
            match self.connection.poll().expect("the response is good") {
                Received::NeedMore => self.read(now, known_length, &mut seen),
                Received::Head(head) => {
                    known_length = head.fields().get("content-length").is_some();
                }
                Received::Content(octets) => {
                    let stayed = self.last.contains(&octets.as_ptr());
                    let count = black_box(octets).len();
                    if known_length {
                        self.memory[..count].copy_from_slice(octets);
                    }
                    seen.content += count;
                    seen.again += if stayed && !known_length { 0 } else { count };
                    self.connection.consume(now, count);
                }
                Received::End => return seen,
                other => panic!("unexpected {other:?}"),
            }
        }
    }

    /// Reads once: straight into the caller's memory where the length is known and large, into the buffer otherwise.
    fn read(&mut self, now: Now, known_length: bool, seen: &mut Seen) {
        let direct = self.connection.direct_limit();
        if known_length && direct > 0 {
            let limit = usize::try_from(direct).map_or(MEMORY, |limit| limit.min(MEMORY));
            let count = self.source.read(&mut self.memory[..limit]);
            assert!(count > 0, "there is more to come");
            black_box(&self.memory[..count]);
            self.connection.received_direct(now, count);
            seen.content += count;
            seen.space = seen.space.max(limit);
            return;
        }
        let space = self.connection.receive_space();
        let count = self.source.read(space);
        assert!(count > 0, "there is more to come");
        self.last = space[..count].as_ptr_range();
        seen.space = seen.space.max(space.len());
        self.connection.received(now, count);
    }
}
