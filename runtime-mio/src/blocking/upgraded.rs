//! A connection that has ceased to speak HTTP, as a stream of the application's (RFC 9110 §7.8).

use std::fmt;
use std::io::{self, Read, Write};
use std::net::TcpStream;
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::time::Duration;

use sessile_core::{HeadRef, Leftover, ResponseHead};

use crate::socket::Stream;

/// The stream of a connection that was switched to another protocol by a 101. It blocks, and the session knows nothing of
/// it any more: its time limits are its own, and dropping it closes it. What was spoken over TLS still is.
///
/// Reading gives what the peer had sent in the new protocol before the session let go, then what comes.
///
/// ```
/// use std::io::{Read, Write};
/// use std::time::Duration;
/// # use sessile_tests::{loopback::Loopback, origin::{Act, Scripted, head}};
/// # fn main() -> Result<(), Box<dyn core::error::Error>> {
/// # let origin = Loopback::start(Scripted::new(|_| {
/// #     let switch = head(101, &[("Connection", "upgrade"), ("Upgrade", "chat")]);
/// #     vec![Act::Send([switch, b"welcome".to_vec()].concat()), Act::Finish]
/// # }))?;
/// # let url = origin.url("/");
/// let session = sessile_mio::blocking::Session::new();
/// let response = session.get(&url).header("Upgrade", "chat").send()?;
/// let mut stream = match response.upgrade() {
///     Ok(stream) => stream,
///     Err(response) => panic!("it goes on in HTTP: {}", response.text()?),
/// };
/// assert_eq!(stream.head().status(), 101);
/// stream.set_read_timeout(Some(Duration::from_secs(5)))?;
/// stream.write_all(b"hello")?;
/// let mut heard = String::new();
/// stream.read_to_string(&mut heard)?;
/// assert_eq!(heard, "welcome");
/// # Ok(())
/// # }
/// ```
pub struct Upgraded {
    socket: Socket,
    leftover: Leftover,
    head: ResponseHead,
}

/// A socket that blocks.
#[derive(Debug)]
#[non_exhaustive]
pub enum Socket {
    /// TCP.
    Tcp(TcpStream),
    /// A Unix-domain socket.
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Socket {
    fn new(stream: Stream) -> Self {
        // It fails for what is no socket only.
        match stream {
            Stream::Tcp(stream) => {
                let stream = TcpStream::from(stream);
                let _ = stream.set_nonblocking(false);
                Self::Tcp(stream)
            }
            #[cfg(unix)]
            Stream::Unix(stream) => {
                let stream = UnixStream::from(stream);
                let _ = stream.set_nonblocking(false);
                Self::Unix(stream)
            }
        }
    }
}

impl Read for Socket {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(into),
            #[cfg(unix)]
            Self::Unix(stream) => stream.read(into),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(octets),
            #[cfg(unix)]
            Self::Unix(stream) => stream.write(octets),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Upgraded {
    pub(super) fn new(stream: Stream, leftover: Leftover, head: ResponseHead) -> Self {
        Self {
            socket: Socket::new(stream),
            leftover,
            head,
        }
    }

    /// The head of the 101: which protocol, and what its handshake says.
    pub fn head(&self) -> HeadRef<'_> {
        self.head.as_ref()
    }

    /// The socket itself, for its settings. Reading from it directly would miss what is left over, and TLS.
    pub fn get_ref(&self) -> &Socket {
        &self.socket
    }

    /// How long a read may wait.
    ///
    /// # Errors
    /// What the socket says; a limit of zero is none.
    pub fn set_read_timeout(&self, limit: Option<Duration>) -> io::Result<()> {
        match &self.socket {
            Socket::Tcp(stream) => stream.set_read_timeout(limit),
            #[cfg(unix)]
            Socket::Unix(stream) => stream.set_read_timeout(limit),
        }
    }

    /// How long a write may wait.
    ///
    /// # Errors
    /// What the socket says; a limit of zero is none.
    pub fn set_write_timeout(&self, limit: Option<Duration>) -> io::Result<()> {
        match &self.socket {
            Socket::Tcp(stream) => stream.set_write_timeout(limit),
            #[cfg(unix)]
            Socket::Unix(stream) => stream.set_write_timeout(limit),
        }
    }

    /// The socket, and the octets that are left over: they come before anything that is read from it.
    ///
    /// # Errors
    /// Gives the stream back if it goes over TLS, which a socket alone does not speak.
    pub fn into_parts(self) -> Result<(Socket, Vec<u8>), Self> {
        match self.leftover.is_secured() {
            true => Err(self),
            false => Ok((self.socket, self.leftover.into_octets())),
        }
    }

    /// Tells the peer that nothing more will be written (the end of the stream, or TLS's word for it). Reading goes on.
    ///
    /// # Errors
    /// What the socket says.
    pub fn finish(&mut self) -> io::Result<()> {
        let socket = &mut self.socket;
        self.leftover.say_farewell();
        self.leftover.flush_through(|octets| socket.write(octets))?;
        match socket {
            _ if self.leftover.is_secured() => Ok(()),
            Socket::Tcp(stream) => stream.shutdown(std::net::Shutdown::Write),
            #[cfg(unix)]
            Socket::Unix(stream) => stream.shutdown(std::net::Shutdown::Write),
        }
    }
}

impl Read for Upgraded {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let socket = &mut self.socket;
        self.leftover.read_through(into, |space| socket.read(space))
    }
}

impl Write for Upgraded {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let socket = &mut self.socket;
        self.leftover
            .write_through(octets, |octets| socket.write(octets))
    }

    fn flush(&mut self) -> io::Result<()> {
        let socket = &mut self.socket;
        self.leftover.flush_through(|octets| socket.write(octets))
    }
}

impl fmt::Debug for Upgraded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, {:?}", self.head, self.leftover)
    }
}
