//! A connection that has ceased to speak HTTP, as a stream of the application's (RFC 9110 §7.8).

use std::fmt;
use std::io::{self, Read};
use std::net::TcpStream;
use std::pin::Pin;
use std::task::{Context, Poll};

use async_io::Async;
use futures_io::{AsyncRead, AsyncWrite};
use sessile_core::{HeadRef, Leftover, ResponseHead};

/// The stream of a connection that was switched to another protocol by a 101. The session knows nothing of it any more:
/// no time limit of the session's holds, and dropping it closes it.
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
    stream: Async<TcpStream>,
    leftover: Leftover,
    head: ResponseHead,
}

impl Upgraded {
    pub(crate) fn new(upgraded: sessile_core::Upgraded<Async<TcpStream>>) -> Self {
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

    /// The stream itself, for its settings. Reading from it directly would miss what is left over.
    pub fn get_ref(&self) -> &TcpStream {
        self.stream.get_ref()
    }

    /// The stream, and the octets that are left over: they come before anything that is read from it.
    pub fn into_parts(self) -> (Async<TcpStream>, Vec<u8>) {
        (self.stream, self.leftover.into_octets())
    }
}

impl AsyncRead for Upgraded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        match self.leftover.read(into)? {
            0 => Pin::new(&mut self.stream).poll_read(cx, into),
            count => Poll::Ready(Ok(count)),
        }
    }
}

impl AsyncWrite for Upgraded {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, octets)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_close(cx)
    }
}

impl fmt::Debug for Upgraded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, {:?}", self.head, self.leftover)
    }
}
