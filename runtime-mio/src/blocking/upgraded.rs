//! A connection that has ceased to speak HTTP, as a stream of the application's (RFC 9110 §7.8).

use std::fmt;
use std::io::{self, Read, Write};
use std::net::TcpStream;

use sessile_core::{HeadRef, Leftover, ResponseHead};

/// The stream of a connection that was switched to another protocol by a 101. It blocks, and the session knows nothing of
/// it any more: time limits are [`TcpStream`]'s, and dropping it closes it.
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
/// stream.get_ref().set_read_timeout(Some(Duration::from_secs(5)))?;
/// stream.write_all(b"hello")?;
/// let mut heard = String::new();
/// stream.read_to_string(&mut heard)?;
/// assert_eq!(heard, "welcome");
/// # Ok(())
/// # }
/// ```
pub struct Upgraded {
    stream: TcpStream,
    leftover: Leftover,
    head: ResponseHead,
}

impl Upgraded {
    pub(super) fn new(stream: mio::net::TcpStream, leftover: Leftover, head: ResponseHead) -> Self {
        let stream = TcpStream::from(stream);
        // It fails for what is no socket only.
        let _ = stream.set_nonblocking(false);
        Self {
            stream,
            leftover,
            head,
        }
    }

    /// The head of the 101: which protocol, and what its handshake says.
    pub fn head(&self) -> HeadRef<'_> {
        self.head.as_ref()
    }

    /// The stream itself, for its settings. Reading from it directly would miss what is left over.
    pub fn get_ref(&self) -> &TcpStream {
        &self.stream
    }

    /// The stream, and the octets that are left over: they come before anything that is read from it.
    pub fn into_parts(self) -> (TcpStream, Vec<u8>) {
        (self.stream, self.leftover.into_octets())
    }
}

impl Read for Upgraded {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.leftover.read(into)? {
            0 => self.stream.read(into),
            count => Ok(count),
        }
    }
}

impl Write for Upgraded {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.stream.write(octets)
    }

    fn write_vectored(&mut self, slices: &[io::IoSlice<'_>]) -> io::Result<usize> {
        self.stream.write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl fmt::Debug for Upgraded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, {:?}", self.head, self.leftover)
    }
}
