//! A connection that the application has got out of the session, because it speaks something else now.

use core::fmt;
use std::io::{self, Read, Write};

use super::live::Live;
use crate::connection::Leftover;
use crate::message::ResponseHead;

/// The transport of a connection that was switched to another protocol (101) or became a tunnel, with all that the peer
/// has sent in it so far. The session knows nothing of it any more: closing it is the application's.
pub struct Upgraded<S> {
    /// The driver's own: a socket, a stream, a handle.
    pub io: S,
    /// What the peer has already sent in the new protocol: to be read before anything else.
    pub leftover: Leftover,
    /// The head of the response that switched.
    pub head: ResponseHead,
}

impl<S> Live<S> {
    /// Takes the transport out of a connection. If that was not switched after all, nothing is left over.
    pub(super) fn into_upgraded(self) -> Upgraded<S> {
        let head = self.connection.head().to_owned();
        Upgraded {
            io: self.io,
            leftover: self.connection.into_upgraded().unwrap_or_default(),
            head,
        }
    }
}

/// What is left over first, then what comes, decrypted if need be.
impl<S: Read> Read for Upgraded<S> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let io = &mut self.io;
        self.leftover.read_through(into, |space| io.read(space))
    }
}

impl<S: Write> Write for Upgraded<S> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let io = &mut self.io;
        self.leftover
            .write_through(octets, |octets| io.write(octets))
    }

    fn flush(&mut self) -> io::Result<()> {
        let io = &mut self.io;
        self.leftover.flush_through(|octets| io.write(octets))?;
        self.io.flush()
    }
}

impl<S> fmt::Debug for Upgraded<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, {:?}", self.head, self.leftover)
    }
}
