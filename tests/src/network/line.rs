//! One connection of the network: what is under way to the client, what has arrived, what its end may still take.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;

use sessile_core::{ConnectionId, Readiness, Tick};

use super::far_side::FarSide;

/// How the peer ended its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Clean,
    Reset,
}

/// What is under way to the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Parcel {
    Octets(Vec<u8>),
    End(Ending),
}

/// A connection, from its dial until both ends have let go of it.
pub(super) struct Line {
    pub(super) connection: ConnectionId,
    pub(super) address: SocketAddr,
    /// Nobody until the connection stands.
    pub(super) far: Option<FarSide>,
    /// With the tick at which each arrives.
    pub(super) flight: VecDeque<(Tick, Parcel)>,
    arrived: VecDeque<u8>,
    end: Option<Ending>,
    /// Octets that the client wrote since it was last sent something: they tell how finely to cut.
    pub(super) burst: usize,
    /// The transport has taken its piece and is not ready for the next one.
    pub(super) full: bool,
    /// The client's end still exists.
    pub(super) held: bool,
}

impl Line {
    pub(super) fn new(connection: ConnectionId, address: SocketAddr) -> Self {
        Self {
            connection,
            address,
            far: None,
            flight: VecDeque::new(),
            arrived: VecDeque::new(),
            end: None,
            burst: 0,
            full: false,
            held: true,
        }
    }

    /// A parcel has arrived; what that makes the transport ready for.
    pub(super) fn arrive(&mut self, parcel: Parcel) -> Readiness {
        self.burst = 0;
        match parcel {
            Parcel::Octets(octets) => self.arrived.extend(octets),
            Parcel::End(end) => self.end = Some(end),
        }
        Readiness {
            read: true,
            write: false,
            closed: self.end.is_some(),
        }
    }

    /// The client reads. What arrived before the end comes before it, even before a reset.
    pub(super) fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.arrived.is_empty() {
            return match self.end {
                Some(Ending::Clean) => Ok(0),
                Some(Ending::Reset) => Err(io::ErrorKind::ConnectionReset.into()),
                None => Err(io::ErrorKind::WouldBlock.into()),
            };
        }
        io::Read::read(&mut self.arrived, into)
    }

    /// Whether the client may write now.
    pub(super) fn check_write(&self) -> io::Result<()> {
        if self.end == Some(Ending::Reset) {
            Err(io::ErrorKind::BrokenPipe.into())
        } else if self.far.is_none() || self.full {
            Err(io::ErrorKind::WouldBlock.into())
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::tests::some_connection;

    #[test]
    fn given_octets_and_a_reset_then_the_octets_are_read_first() {
        let mut line = Line::new(some_connection(), ([10, 0, 0, 1], 80).into());
        let mut space = [0; 8];
        let kind = |result: io::Result<usize>| result.map_err(|error| error.kind());
        assert_eq!(kind(line.read(&mut space)), Err(io::ErrorKind::WouldBlock));
        assert!(!line.arrive(Parcel::Octets(b"abc".to_vec())).closed);
        assert!(line.arrive(Parcel::End(Ending::Reset)).closed);
        assert_eq!(kind(line.read(&mut space)), Ok(3));
        assert_eq!(
            kind(line.read(&mut space)),
            Err(io::ErrorKind::ConnectionReset)
        );
    }
}
