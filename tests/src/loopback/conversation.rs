//! One connection: reads for its peer and performs what the peer says.
//!
//! The order is the contract of [`Peer`]: all acts of one call are done before the next octets are
//! read. An error of the socket ends the conversation without a word, because a client that goes
//! away is no fault of ours; [`Flow::Over`] says it like every other end.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use socket2::SockRef;

use super::{Board, after};
use crate::origin::{Act, Peer};

/// How long a finished connection waits for the client to end its side.
const LINGER: Duration = Duration::from_secs(2);

/// Pauses below this do not look at the socket, whose read timeout is too coarse for them.
const SHORT: Duration = Duration::from_millis(20);

/// How much we read at once.
const READ_SIZE: usize = 16 * 1024;

/// Whether the conversation goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    On,
    Over,
}

/// What a client does while we pause.
enum Peek {
    Nothing,
    /// It has sent something, which waits.
    Octets,
    /// It has ended its side.
    Ended,
    /// It has reset the connection.
    Gone,
}

/// Holds the conversation; dropping `stream` at its end closes it, but for the board's share.
pub(super) fn converse(peer: &mut dyn Peer, stream: Arc<TcpStream>, board: &Board) {
    let talk = Talk {
        stream: &stream,
        board,
    };
    // Without TCP_NODELAY the acts would still be performed, only later.
    let _ = stream.set_nodelay(true);
    let mut buffer = vec![0; READ_SIZE];
    let mut flow = talk.perform(peer.opened());
    while flow == Flow::On {
        flow = match talk.read(&mut buffer) {
            Ok(0) => {
                let _ = talk.perform(peer.ended());
                Flow::Over
            }
            Ok(count) => talk.perform(peer.received(&buffer[..count])),
            Err(_) => Flow::Over,
        };
    }
}

struct Talk<'a> {
    stream: &'a TcpStream,
    board: &'a Board,
}

impl Talk<'_> {
    fn perform(&self, acts: Vec<Act>) -> Flow {
        for act in acts {
            let flow = match act {
                Act::Send(bytes) => self.send(&bytes),
                Act::Pause(duration) => self.pause(duration),
                Act::Finish => self.finish(),
                Act::Reset => self.reset(),
            };
            if flow == Flow::Over {
                return Flow::Over;
            }
        }
        Flow::On
    }

    fn send(&self, bytes: &[u8]) -> Flow {
        let mut stream = self.stream;
        stream.write_all(bytes).map_or(Flow::Over, |()| Flow::On)
    }

    /// Ends early when the client ends its side: then nobody is left for whom to be slow, and a
    /// test that waits for the close would wait for us.
    fn pause(&self, duration: Duration) -> Flow {
        let until = after(duration);
        match self.peek_until(until) {
            Peek::Ended => {}
            Peek::Gone => return Flow::Over,
            // A peek would find the same octets again at once.
            Peek::Octets | Peek::Nothing => {
                let left = until.saturating_duration_since(Instant::now());
                self.board.wait(left, |counts| counts.stopping);
            }
        }
        if self.board.lock().stopping {
            Flow::Over
        } else {
            Flow::On
        }
    }

    /// FIN, and then whatever still comes, until the client ends its side as well. To close at
    /// once, with octets unread, would be a reset and could take our answer from the client.
    fn finish(&self) -> Flow {
        let until = after(LINGER);
        let mut rest = vec![0; READ_SIZE];
        let mut open = self.stream.shutdown(Shutdown::Write).is_ok();
        while open {
            open = self.wait_at_most(until).is_ok() && matches!(self.read(&mut rest), Ok(1..));
        }
        Flow::Over
    }

    /// A close with a linger time of zero sends RST; the close itself is the board's.
    fn reset(&self) -> Flow {
        // If it fails there is no connection left to reset.
        let _ = SockRef::from(self.stream).set_linger(Some(Duration::ZERO));
        Flow::Over
    }

    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut stream = self.stream;
        loop {
            match stream.read(buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    /// Looks what the client does meanwhile, without taking its octets.
    fn peek_until(&self, until: Instant) -> Peek {
        let left = until.saturating_duration_since(Instant::now());
        if left < SHORT || self.wait_at_most(until).is_err() {
            return Peek::Nothing;
        }
        let peek = match self.stream.peek(&mut [0]) {
            Ok(0) => Peek::Ended,
            Ok(_) => Peek::Octets,
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => {
                    Peek::Nothing
                }
                _ => Peek::Gone,
            },
        };
        match self.stream.set_read_timeout(None) {
            Ok(()) => peek,
            Err(_) => Peek::Gone,
        }
    }

    fn wait_at_most(&self, until: Instant) -> io::Result<()> {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        self.stream.set_read_timeout(Some(left))
    }
}
