//! What is left of a connection when it has stopped to speak HTTP (RFC 9110 §7.8, §9.3.6).

use core::fmt;
use std::io;

use super::machine::StreamEnd;
use super::send::Outgoing;
use super::stack::Stack;

/// What a peer sent behind the head with which it switched: the beginning of the new protocol's stream. It is to be read
/// before anything else.
///
/// ```
/// use std::io::Read;
/// use sessile_core::Leftover;
/// let mut leftover = Leftover::default();
/// let mut octets = [0; 8];
/// assert_eq!(leftover.read(&mut octets).expect("it is memory"), 0);
/// ```
#[derive(Default)]
pub struct Leftover {
    octets: Vec<u8>,
    read: usize,
    ended: bool,
    failed: Option<io::ErrorKind>,
    /// What the new protocol is spoken over.
    stack: Option<Box<Stack>>,
}

impl Leftover {
    pub(super) fn new(
        octets: &[u8],
        ended: bool,
        failed: Option<io::ErrorKind>,
        stack: Option<Box<Stack>>,
    ) -> Self {
        Self {
            stack,
            octets: octets.to_vec(),
            read: 0,
            ended,
            failed,
        }
    }

    /// The octets that were not read yet.
    pub fn octets(&self) -> &[u8] {
        self.octets.get(self.read..).unwrap_or_default()
    }

    /// Whether all of them were read.
    pub fn is_empty(&self) -> bool {
        self.octets().is_empty()
    }

    /// Whether the stream's end was seen already: nothing follows these octets.
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// How the stream failed behind these octets, if that was seen already.
    pub fn failure(&self) -> Option<io::ErrorKind> {
        self.failed
    }

    /// Whether the new protocol is spoken over TLS: then nothing may be read from the transport or written to it but by
    /// [`Leftover::read_through`] and [`Leftover::write_through`].
    pub fn is_secured(&self) -> bool {
        self.stack.is_some()
    }

    /// Reads from the stream: first what is left over, then what `read` brings from the transport, decrypted if need be.
    /// `Ok(0)` means the end of the stream.
    ///
    /// # Errors
    /// What `read` says; [`io::ErrorKind::UnexpectedEof`] if the transport ended and TLS had not said that it would;
    /// [`io::ErrorKind::InvalidData`] if TLS is broken.
    pub fn read_through(
        &mut self,
        into: &mut [u8],
        mut read: impl FnMut(&mut [u8]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        if !self.is_empty() || into.is_empty() {
            return io::Read::read(self, into);
        }
        if let Some(kind) = self.failed {
            return Err(kind.into());
        }
        if self.ended {
            return Ok(0);
        }
        let Some(stack) = &mut self.stack else {
            return read(into);
        };
        loop {
            let count = stack.read(into);
            if count > 0 {
                return Ok(count);
            }
            match stack.end() {
                None => {}
                Some(StreamEnd::Clean) => return Ok(0),
                Some(StreamEnd::Cut) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Some(StreamEnd::Failed(kind)) => return Err(kind.into()),
            }
            match read(stack.space())? {
                0 => stack.ended(StreamEnd::Clean),
                // No certificate is judged any more: the time of the handshake will do.
                octets => stack.received(stack.now(), octets),
            }
        }
    }

    /// Writes to the stream by way of `write`, which writes to the transport; tells how many octets were taken.
    ///
    /// # Errors
    /// What `write` says. Over TLS octets that were taken may still have to go: [`Leftover::flush_through`].
    pub fn write_through(
        &mut self,
        octets: &[u8],
        mut write: impl FnMut(&[u8]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        if self.stack.is_none() {
            return write(octets);
        }
        // Nothing is encrypted before what was encrypted earlier has gone.
        self.flush_through(&mut write)?;
        let Some(stack) = &mut self.stack else {
            return Ok(0);
        };
        let taken = stack.encrypt(&Outgoing {
            pending: octets,
            ..Outgoing::default()
        });
        match self.flush_through(write) {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            _ => Ok(taken),
        }
    }

    /// Writes what is still on its way; nothing, unless the stream goes over TLS.
    ///
    /// # Errors
    /// What `write` says.
    pub fn flush_through(
        &mut self,
        mut write: impl FnMut(&[u8]) -> io::Result<usize>,
    ) -> io::Result<()> {
        let Some(stack) = &mut self.stack else {
            return Ok(());
        };
        while stack.has_out() {
            match write(stack.pending())? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                octets => stack.sent(octets),
            };
        }
        Ok(())
    }

    /// Nothing more will be written: tells the peer so, where TLS has a word for it, with the next
    /// [`Leftover::flush_through`].
    pub fn say_farewell(&mut self) {
        if let Some(stack) = &mut self.stack {
            stack.close();
        }
    }

    /// The octets as a value.
    pub fn into_octets(mut self) -> Vec<u8> {
        self.octets.split_off(self.read.min(self.octets.len()))
    }
}

impl io::Read for Leftover {
    /// Reads what is left; `Ok(0)` means that the stream goes on in the transport.
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.octets().len().min(into.len());
        into[..count].copy_from_slice(&self.octets()[..count]);
        self.read += count;
        Ok(count)
    }
}

impl fmt::Debug for Leftover {
    /// The number of octets; they may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} octets left over", self.octets().len())
    }
}
