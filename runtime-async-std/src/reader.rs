//! Content from a reader: what a request is sent from that does not hold its content in memory.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_io::AsyncRead;

/// A source of content: anything that implements [`AsyncRead`] becomes one.
///
/// It is polled by the task that sends the request. While it has nothing, that task still sees an early response, and time
/// limits pass.
pub struct Reader(Pin<Box<dyn AsyncRead + Send>>);

impl<R: AsyncRead + Send + 'static> From<R> for Reader {
    fn from(reader: R) -> Self {
        Self(Box::pin(reader))
    }
}

impl Reader {
    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        into: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.0.as_mut().poll_read(cx, into)
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a source of content")
    }
}
