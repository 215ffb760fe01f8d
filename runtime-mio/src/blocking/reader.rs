//! Content from a reader: what a request is sent from that does not hold its content in memory.

use std::fmt;
use std::io::{self, Read};

/// A source of content: anything that implements [`Read`] becomes one.
///
/// It is read on the thread that sends the request, between writes. While it blocks, that thread sees neither an early
/// response nor a time limit that passes.
pub struct Reader(Box<dyn Read + Send>);

impl<R: Read + Send + 'static> From<R> for Reader {
    fn from(reader: R) -> Self {
        Self(Box::new(reader))
    }
}

impl Reader {
    pub(super) fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a source of content")
    }
}
