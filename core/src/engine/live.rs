//! A connection together with the driver's own part of it, its socket say.

use core::fmt;
use core::time::Duration;
use std::io::{self, Read, Write};
use std::sync::Arc;

use crate::base::{ConnectionId, Now, RequestId, Tick};
use crate::connection::{Connection, Interest, Outgoing, Rest};
use crate::session::{ConnectionInfo, Patience, Request, Timeouts};

use super::supply::Supply;

/// What the transport is known to be ready for. An edge-triggered loop is told each readiness once; it must not be
/// forgotten before an operation says that it is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Readiness {
    /// A read may give octets, or the end of the stream.
    pub read: bool,
    /// A write may take octets.
    pub write: bool,
    /// The peer has closed its side: read to the end, even if a read was short.
    pub closed: bool,
}

/// What became of one write.
enum Wrote {
    /// The transport took something; so many octets of it were content.
    Some(usize),
    /// There is nothing to write, or nobody to take it.
    Nothing,
}

/// What the present exchange's time limits are counted from.
#[derive(Debug, Default)]
pub(super) struct Term {
    /// Whose limits they are; none while the rest of a response is thrown away.
    pub(super) request: Option<Arc<Request>>,
    pub(super) expects: bool,
    /// A head is to be judged before it is told: the request may be sent anew.
    pub(super) judged: bool,
    pub(super) granted: Tick,
    /// When the head of its response was there.
    pub(super) answered: Tick,
    pub(super) deadline: Option<Tick>,
}

/// An open connection with whatever the driver needs to move its octets.
pub struct Live<S> {
    /// The driver's own: a socket, a stream, a handle.
    pub io: S,
    /// The machine.
    pub connection: Connection,
    pub(super) id: ConnectionId,
    pub(super) request: Option<RequestId>,
    pub(super) info: ConnectionInfo,
    pub(super) term: Term,
    /// The session's time limits.
    timeouts: Arc<Timeouts>,
    pub(super) ready: Readiness,
    /// When the transport was last asked for octets.
    looked: Option<Tick>,
    /// The connection was not opened just now for the request that uses it: it may have died unnoticed.
    pub(super) kept: bool,
    /// A request is about to begin on a kept connection that nobody has looked at since it came to rest.
    must_look: bool,
    /// Where the request's content comes from.
    pub(super) supply: Supply,
}

impl<S> Live<S> {
    pub(super) fn new(
        id: ConnectionId,
        io: S,
        connection: Connection,
        timeouts: Arc<Timeouts>,
    ) -> Self {
        Self {
            io,
            connection,
            id,
            request: None,
            info: ConnectionInfo::default(),
            term: Term::default(),
            timeouts,
            // A transport that was just opened takes octets, and may have some already: the readiness that told of the
            // opening told of them too, and will not be told again.
            ready: Readiness {
                read: true,
                write: true,
                closed: false,
            },
            looked: None,
            kept: false,
            must_look: false,
            supply: Supply::default(),
        }
    }

    /// The exchange is over, or nobody's any more.
    pub(super) fn part(&mut self) {
        self.request = None;
        self.supply.clear();
        self.term = Term::default();
    }

    /// The connection's id.
    pub fn id(&self) -> ConnectionId {
        self.id
    }

    /// The request that uses it.
    pub fn request(&self) -> Option<RequestId> {
        self.request
    }

    /// What was asked on it, while an exchange is under way.
    pub(crate) fn asked(&self) -> Option<&Arc<Request>> {
        self.term.request.as_ref()
    }

    /// Its number, and how often it was used before.
    pub fn info(&self) -> ConnectionInfo {
        self.info
    }

    /// When the request that uses it will have waited too long, as things stand now, or the rest of a response that was
    /// let go of will have come too late. For drivers that sleep on one
    /// connection; the session watches all of them through [`Engine::deadline`](crate::Engine::deadline) anyway.
    pub fn deadline(&self) -> Option<Tick> {
        let Some(request) = &self.term.request else {
            return self.term.deadline;
        };
        let patience = Patience {
            timeouts: request.timeouts_in(&self.timeouts),
            expects: self.term.expects,
            granted: self.term.granted,
            deadline: self.term.deadline,
        };
        patience.due(self.connection.pulse()).map(|(at, _)| at)
    }

    /// Adds what a poll or a failed operation has told about the transport.
    pub fn note_ready(&mut self, ready: Readiness) {
        self.ready.read |= ready.read || ready.closed;
        self.ready.write |= ready.write || ready.closed;
        self.ready.closed |= ready.closed;
    }

    /// What the transport is known to be ready for.
    pub fn readiness(&self) -> Readiness {
        self.ready
    }

    /// Which readiness the connection can use now.
    pub fn interest(&self) -> Interest {
        self.interest_with(self.supply.has_some())
    }

    /// As [`Live::interest`], for façades that have a source of their own: `content` tells whether that has some now.
    #[inline]
    pub fn interest_with(&self, content: bool) -> Interest {
        self.connection.interest(content)
    }

    /// Writes with `write` until there is nothing left to write or the transport takes no more. A refusal is noted in
    /// the connection: the response may still tell why.
    ///
    /// `write` gets the driver's part and what is to go out, and returns how many octets went;
    /// [`Outgoing::write_to`] does that for anything that implements [`Write`].
    ///
    /// Nothing goes out on a kept connection before it was [read](Live::read) again, unless a read found it drained less
    /// than 100 µs ago: whatever it has to say between two requests (an end, octets that nobody asked for) makes it
    /// useless for the next.
    pub fn write(
        &mut self,
        now: Now,
        mut write: impl FnMut(&mut S, &Outgoing<'_>) -> io::Result<usize>,
    ) {
        if self.must_look {
            return;
        }
        loop {
            if self.supply.has_some() {
                let absorbed = self.connection.absorb(self.supply.piece());
                self.supply.took(absorbed);
                self.supply.end(&mut self.connection);
            }
            match self.write_once(now, None, &mut write) {
                Wrote::Some(taken) => self.supply.took(taken),
                Wrote::Nothing => return,
            }
            if self.connection.has_sent_all() {
                return;
            }
        }
    }

    /// As [`Live::write`], with content that is lent for the time of the call: for façades that have a source of their
    /// own. Tells how many octets of it the connection took.
    pub fn write_from(
        &mut self,
        now: Now,
        content: &[u8],
        mut write: impl FnMut(&mut S, &Outgoing<'_>) -> io::Result<usize>,
    ) -> usize {
        let mut taken = 0;
        if self.must_look {
            return taken;
        }
        loop {
            taken += self.connection.absorb(&content[taken..]);
            match self.write_once(now, Some(&content[taken..]), &mut write) {
                Wrote::Some(more) => taken += more,
                Wrote::Nothing => return taken,
            }
        }
    }

    fn write_once(
        &mut self,
        now: Now,
        content: Option<&[u8]>,
        write: &mut impl FnMut(&mut S, &Outgoing<'_>) -> io::Result<usize>,
    ) -> Wrote {
        self.connection.await_transport(now);
        let content = content.unwrap_or_else(|| self.supply.piece());
        let outgoing = self.connection.outgoing(content);
        if outgoing.is_empty() {
            self.connection.await_source();
            return Wrote::Nothing;
        }
        match write(&mut self.io, &outgoing) {
            Ok(0) => self.connection.send_failed(io::ErrorKind::WriteZero),
            Ok(octets) => return Wrote::Some(self.connection.sent(now, octets)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Wrote::Some(0),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.ready.write = false,
            Err(error) => self.connection.send_failed(error.kind()),
        }
        Wrote::Nothing
    }

    /// A request begins. A kept connection must be looked at first, unless it was found drained a moment ago: between
    /// a look and the first octet there is always such a moment, and a loop that sends its next request when the last
    /// has ended need not ask twice.
    pub(super) fn note_begin(&mut self, now: Now, kept: bool) {
        self.kept = kept;
        let just_looked = self
            .looked
            .is_some_and(|looked| now.tick.since(looked) <= MOMENT);
        self.must_look = kept && (!just_looked || self.ready.read);
    }

    /// Reads once with `read`, if the connection has a use for octets; tells how many came. The end of the stream and
    /// failures are noted in the connection, and what the result says about readiness is noted here: a short read
    /// means that the transport is drained, unless the peer is known to have closed.
    pub fn read(
        &mut self,
        now: Now,
        mut read: impl FnMut(&mut S, &mut [u8]) -> io::Result<usize>,
    ) -> usize {
        if !self.connection.interest(false).read {
            return 0;
        }
        self.looked = Some(now.tick);
        self.must_look = false;
        self.connection.waiting(now);
        loop {
            let space = self.connection.receive_space();
            let room = space.len();
            match read(&mut self.io, space) {
                Ok(0) => {
                    self.ready.read = false;
                    self.connection.receive_eof();
                    return 0;
                }
                Ok(octets) => {
                    self.ready.read = octets == room || self.ready.closed;
                    self.connection.received(now, octets);
                    return octets;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.ready.read = false;
                    return 0;
                }
                Err(error) => {
                    self.ready.read = false;
                    self.connection.receive_failed(error.kind());
                    return 0;
                }
            }
        }
    }

    /// Reads and throws away what has come of a response that was let go of, without waiting, until the transport is
    /// drained or there is no more to throw away. [`Engine::put_drained`](crate::Engine::put_drained) tells what came of it.
    pub fn read_rest(
        &mut self,
        now: Now,
        mut read: impl FnMut(&mut S, &mut [u8]) -> io::Result<usize>,
    ) {
        while self.read(now, &mut read) > 0 {
            if self.connection.discard_more(DRAIN_OCTETS) != Rest::Coming {
                return;
            }
        }
    }

    /// Reads content past the buffer straight into the application's memory: large content of known length is copied
    /// once, by the transport. `None` if the buffer must be asked first, or nothing came.
    pub fn read_direct(
        &mut self,
        now: Now,
        into: &mut [u8],
        mut read: impl FnMut(&mut S, &mut [u8]) -> io::Result<usize>,
    ) -> Option<usize> {
        let limit = usize::try_from(self.connection.direct_limit())
            .unwrap_or(usize::MAX)
            .min(into.len());
        if limit < DIRECT {
            return None;
        }
        loop {
            match read(&mut self.io, &mut into[..limit]) {
                Ok(0) => {
                    self.ready.read = false;
                    self.connection.receive_eof();
                    return None;
                }
                Ok(octets) => {
                    self.ready.read = octets == limit || self.ready.closed;
                    self.connection.received_direct(now, octets);
                    return Some(octets);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.ready.read = false;
                    return None;
                }
                Err(error) => {
                    self.ready.read = false;
                    self.connection.receive_failed(error.kind());
                    return None;
                }
            }
        }
    }

    /// Moves the octets of a connection that is being [made](crate::Engine::take_making), until its transport has no more to
    /// give or to take, or a stage of it is over.
    pub fn step_making(
        &mut self,
        now: Now,
        mut read: impl FnMut(&mut S, &mut [u8]) -> io::Result<usize>,
        mut write: impl FnMut(&mut S, &Outgoing<'_>) -> io::Result<usize>,
    ) {
        // Nobody tells us what the transport said: its end may lie behind a short read.
        let closed = self.ready.closed;
        self.note_ready(Readiness {
            read: true,
            write: true,
            closed: true,
        });
        while self.can_move() && self.connection.is_underway() {
            self.write(now, &mut write);
            self.read(now, &mut read);
        }
        self.write(now, &mut write);
        self.ready.closed = closed;
    }

    /// Tells the peer of a connection that is about to be closed that nothing more comes, if TLS has a word for it: as far as
    /// the transport takes it without waiting.
    pub fn say_farewell(
        &mut self,
        now: Now,
        mut write: impl FnMut(&mut S, &Outgoing<'_>) -> io::Result<usize>,
    ) {
        self.connection.say_farewell();
        while self.connection.tells_layers() {
            match write(&mut self.io, &self.connection.outgoing(b"")) {
                Ok(octets) if octets > 0 => self.connection.sent(now, octets),
                _ => return,
            };
        }
    }

    /// Whether another step of driving could move octets now.
    #[inline]
    pub(super) fn can_move(&self) -> bool {
        let interest = self.interest();
        (interest.read && self.ready.read) || (interest.write && self.ready.write)
    }
}

/// For how long a look at a kept connection counts. A loop takes a few microseconds from the last octet of a response to
/// the first of the next request.
const MOMENT: Duration = Duration::from_micros(100);

/// How much of a response that was let go of is read and thrown away, to keep its connection: about what a new one would
/// cost in time.
pub(super) const DRAIN_OCTETS: u64 = 64 * 1024;

/// Below this size a read past the buffer is not worth its call: the buffer would take more at once.
const DIRECT: usize = 16 * 1024;

impl<S: Read + Write> Live<S> {
    /// One step of driving for a transport that implements [`Read`] and [`Write`] without blocking: writes what it
    /// can, reads once if the transport is known to have something.
    ///
    /// On a kept connection it reads before the first octet of a request, too: see [`Live::write`].
    pub fn step(&mut self, now: Now) {
        if self.must_look {
            self.read(now, |io, space| io.read(space));
        }
        if self.ready.write {
            self.write(now, |io, outgoing| outgoing.write_to(io));
        }
        if self.ready.read {
            self.read(now, |io, space| io.read(space));
        }
    }
}

impl Outgoing<'_> {
    /// Writes to anything that implements [`Write`]; one plain write where the octets stand in one piece.
    ///
    /// # Errors
    /// What the writer says.
    pub fn write_to(&self, writer: &mut impl Write) -> io::Result<usize> {
        match self.single() {
            Some(octets) => writer.write(octets),
            None => writer.write_vectored(&self.slices()),
        }
    }
}

impl<S> fmt::Debug for Live<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "#{}, {} requests before, {:?}",
            self.info.number, self.info.served, self.connection
        )
    }
}
