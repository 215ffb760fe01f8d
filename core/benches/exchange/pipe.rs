//! The transport of every contender: a duplex pipe in memory whose far end has its answer ready.
//!
//! Writing costs a look at the last octets, reading one copy, where a socket would have `send(2)` and `recv(2)`. An
//! answer can be read as soon as a request head was written to its end; then, as with a socket, there is nothing.

use std::hint::black_box;
use std::io::{self, Read, Write};

/// What a head without content ends with.
const HEAD_END: &[u8] = b"\r\n\r\n";

/// The near end.
#[derive(Debug)]
pub(crate) struct Pipe {
    answer: Vec<u8>,
    /// How much of the answer was read.
    read: usize,
}

impl Pipe {
    /// Before the first request there is nothing to read.
    pub(crate) fn new(answer: Vec<u8>) -> Self {
        let read = answer.len();
        Self { answer, read }
    }

    /// Whether a read would give octets.
    pub(crate) fn is_readable(&self) -> bool {
        self.read < self.answer.len()
    }

    /// The next octets of the answer, at most so many: for transports that fill memory in their own way.
    pub(crate) fn next(&mut self, most: usize) -> &[u8] {
        let rest = &black_box(self.answer.as_slice())[self.read..];
        let next = &rest[..most.min(rest.len())];
        self.read += next.len();
        next
    }
}

impl Read for Pipe {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let next = self.next(space.len());
        if next.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        space[..next.len()].copy_from_slice(next);
        Ok(next.len())
    }
}

impl Write for Pipe {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        if black_box(octets).ends_with(HEAD_END) {
            self.read = 0;
        }
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
