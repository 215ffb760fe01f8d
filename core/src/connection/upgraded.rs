//! What is left of a connection when it has stopped to speak HTTP (RFC 9110 §7.8, §9.3.6).

use core::fmt;
use std::io;

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
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Leftover {
    octets: Vec<u8>,
    read: usize,
    ended: bool,
    failed: Option<io::ErrorKind>,
}

impl Leftover {
    pub(crate) fn new(octets: &[u8], ended: bool, failed: Option<io::ErrorKind>) -> Self {
        Self {
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
