//! A peer as a stream of the standard library, without a socket: for clients that read and write.
//!
//! What is written is handed to the peer at once, and what it does lies ready to be read; pauses take no time. Where
//! nothing lies ready a read would block, and says so. The same client code runs over a [`Wire`] and over a `TcpStream`.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, IoSlice, Read, Write};

use crate::origin::{Act, Peer, Site};

/// The client's end of one connection to a peer.
pub struct Wire {
    peer: Box<dyn Peer>,
    piece: usize,
    ready: VecDeque<u8>,
    /// The act that ended the connection.
    over: Option<Act>,
}

impl Wire {
    /// Connects to a site; nothing is cut.
    pub fn new(site: &dyn Site) -> Self {
        Self::in_pieces(usize::MAX, site)
    }

    /// Connects to a site; no more than so many octets go through at once, in either direction.
    pub fn in_pieces(piece: usize, site: &dyn Site) -> Self {
        let mut wire = Self {
            peer: site.accept(0),
            piece,
            ready: VecDeque::new(),
            over: None,
        };
        let acts = wire.peer.opened();
        wire.perform(acts);
        wire
    }

    /// Ends the client's side.
    pub fn end(&mut self) {
        if self.over.is_none() {
            let acts = self.peer.ended();
            self.perform(acts);
        }
    }

    /// Everything that lies ready, and how the connection ended, if it has.
    pub fn drain(&mut self) -> (Vec<u8>, Option<Act>) {
        (self.ready.drain(..).collect(), self.over.clone())
    }

    fn perform(&mut self, acts: Vec<Act>) {
        for act in acts {
            match act {
                Act::Send(octets) => self.ready.extend(octets),
                Act::Pause(_) => {}
                Act::Finish | Act::Reset => {
                    self.over = Some(act);
                    return;
                }
            }
        }
    }
}

impl Read for Wire {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.ready.is_empty() {
            return match self.over {
                Some(Act::Finish) => Ok(0),
                Some(_) => Err(io::ErrorKind::ConnectionReset.into()),
                None => Err(io::ErrorKind::WouldBlock.into()),
            };
        }
        let most = into.len().min(self.piece);
        self.ready.read(&mut into[..most])
    }
}

impl Write for Wire {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(octets)])
    }

    /// Takes from all of the slices, as a socket does.
    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        if self.over == Some(Act::Reset) {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        let octets = slices.iter().flat_map(|slice| slice.iter().copied());
        let octets: Vec<u8> = octets.take(self.piece).collect();
        if self.over.is_none() && !octets.is_empty() {
            let acts = self.peer.received(&octets);
            self.perform(acts);
        }
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a wire, {} octets ready", self.ready.len())
    }
}
