//! A connection that has ceased to speak HTTP, as a stream of the application's (RFC 9110 §7.8).

use std::fmt;
use std::io::{self, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncRead, AsyncWrite};
use sessile_core::{HeadRef, Leftover, ResponseHead};

use crate::io::Stream;

/// The stream of a connection that was switched to another protocol by a 101. The session knows nothing of it any more:
/// no time limit of the session's holds, and dropping it closes it. What was spoken over TLS still is.
///
/// Reading gives what the peer had sent in the new protocol before the session let go, then what comes.
///
/// ```
/// use async_std::io::prelude::{ReadExt, WriteExt};
/// # use sessile_tests::{loopback::Loopback, origin::{Act, Scripted, head}};
/// # fn main() -> Result<(), Box<dyn core::error::Error>> {
/// # let origin = Loopback::start(Scripted::new(|_| {
/// #     let switch = head(101, &[("Connection", "upgrade"), ("Upgrade", "chat")]);
/// #     vec![Act::Send([switch, b"welcome".to_vec()].concat()), Act::Finish]
/// # }))?;
/// # let url = origin.url("/");
/// async_std::task::block_on(async {
///     let session = sessile_async_std::Session::new();
///     let response = session.get(&url).header("Upgrade", "chat").send().await?;
///     let mut stream = match response.upgrade() {
///         Ok(stream) => stream,
///         Err(response) => panic!("it goes on in HTTP: {}", response.text().await?),
///     };
///     assert_eq!(stream.head().status(), 101);
///     stream.write_all(b"hello").await?;
///     let mut heard = String::new();
///     stream.read_to_string(&mut heard).await?;
///     assert_eq!(heard, "welcome");
/// #   Ok::<(), Box<dyn core::error::Error>>(())
/// })?;
/// # Ok(())
/// # }
/// ```
pub struct Upgraded {
    stream: Stream,
    leftover: Leftover,
    head: ResponseHead,
}

impl Upgraded {
    pub(crate) fn new(upgraded: sessile_core::Upgraded<Stream>) -> Self {
        Self {
            stream: upgraded.io,
            leftover: upgraded.leftover,
            head: upgraded.head,
        }
    }

    /// The head of the 101: which protocol, and what its handshake says.
    pub fn head(&self) -> HeadRef<'_> {
        self.head.as_ref()
    }

    /// The socket itself, for its settings. Reading from it directly would miss what is left over, and TLS.
    pub fn get_ref(&self) -> &Stream {
        &self.stream
    }

    /// The socket, and the octets that are left over: they come before anything that is read from it.
    ///
    /// # Errors
    /// Gives the stream back if it goes over TLS, which a socket alone does not speak.
    #[expect(
        clippy::result_large_err,
        reason = "nothing is lost: the stream comes back whole"
    )]
    pub fn into_parts(self) -> Result<(Stream, Vec<u8>), Self> {
        match self.leftover.is_secured() {
            true => Err(self),
            false => Ok((self.stream, self.leftover.into_octets())),
        }
    }

    fn poll_flush_all(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let stream = &mut self.stream;
            let flushed = self.leftover.flush_through(|octets| stream.write(octets));
            match flushed {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(self.stream.poll_writable(cx))?;
                }
                flushed => return Poll::Ready(flushed),
            }
        }
    }
}

impl AsyncRead for Upgraded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        loop {
            let stream = &mut this.stream;
            let read = this.leftover.read_through(into, |space| stream.read(space));
            match read {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(this.stream.poll_readable(cx))?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return Poll::Ready(read),
            }
        }
    }
}

impl AsyncWrite for Upgraded {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        loop {
            let stream = &mut this.stream;
            let written = this
                .leftover
                .write_through(octets, |octets| stream.write(octets));
            match written {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(this.stream.poll_writable(cx))?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                written => return Poll::Ready(written),
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush_all(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.leftover.say_farewell();
        ready!(self.poll_flush_all(cx))?;
        Poll::Ready(self.stream.finish())
    }
}

impl fmt::Debug for Upgraded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, {:?}", self.head, self.leftover)
    }
}
