//! Where threads sleep: a `Poll` each, kept for the next thread that needs one.
//!
//! A socket stays registered with the poll that it was last used with, because moving it costs as much as half a
//! request; the thread that gets the socket prefers that poll, and moves the socket only if another thread sleeps there.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use mio::{Events, Interest, Poll, Registry, Token, Waker};
use sessile_core::{ConnectionId, Readiness};

use crate::driver::readiness;
use crate::socket::Stream;

const WAKE: Token = Token(usize::MAX);
/// How many parkers are kept that nobody uses: each costs three descriptors.
const MOST_FREE: usize = 16;

/// Names a parker among its session's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ParkerId(u64);

/// A place to sleep, in the hands of one thread.
#[derive(Debug)]
pub(super) struct Parker {
    id: ParkerId,
    /// How many times it was taken.
    turns: u64,
    poll: Poll,
    events: Events,
}

/// What others may do with a parker at any time: wake it, register sockets with it.
#[derive(Debug)]
struct Handle {
    waker: Arc<Waker>,
    registry: Registry,
    /// How many sockets are registered here.
    sockets: usize,
}

/// All parkers of a session.
#[derive(Debug, Default)]
pub(super) struct Parkers {
    handles: BTreeMap<ParkerId, Handle>,
    free: Vec<Parker>,
    made: u64,
}

/// A socket and the parker that it is registered with, if any.
#[derive(Debug)]
pub(super) struct Io {
    pub(super) stream: Stream,
    parker: Option<ParkerId>,
    /// Which turn of that parker its thread had when it last drove this socket.
    turn: u64,
}

impl Parkers {
    /// A parker that nobody uses, if possible the one that this socket is registered with.
    pub(super) fn acquire(&mut self, preferred: Option<&Io>) -> io::Result<Parker> {
        let preferred = preferred.and_then(|io| io.parker);
        let found = self
            .free
            .iter()
            .rposition(|parker| Some(parker.id) == preferred);
        let parker = match found {
            Some(place) => Some(self.free.swap_remove(place)),
            None => self.free.pop(),
        };
        if let Some(mut parker) = parker {
            parker.turns += 1;
            return Ok(parker);
        }
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKE)?);
        let registry = poll.registry().try_clone()?;
        self.made += 1;
        let id = ParkerId(self.made);
        self.handles.insert(
            id,
            Handle {
                waker,
                registry,
                sockets: 0,
            },
        );
        Ok(Parker {
            id,
            turns: 0,
            poll,
            events: Events::with_capacity(64),
        })
    }

    pub(super) fn release(&mut self, parker: Parker) {
        self.free.push(parker);
        self.trim();
    }

    /// Lets go of parkers beyond the number worth keeping, but for those that sockets are registered with.
    fn trim(&mut self) {
        while self.free.len() > MOST_FREE {
            let unused = |parker: &Parker| {
                self.handles
                    .get(&parker.id)
                    .is_none_or(|handle| handle.sockets == 0)
            };
            let Some(place) = self.free.iter().position(unused) else {
                return;
            };
            let parker = self.free.swap_remove(place);
            self.handles.remove(&parker.id);
        }
    }

    /// Makes sure that a socket's readiness reaches this parker.
    pub(super) fn attach(
        &mut self,
        io: &mut Io,
        connection: ConnectionId,
        parker: ParkerId,
    ) -> io::Result<()> {
        if io.parker == Some(parker) {
            return Ok(());
        }
        self.detach(io);
        if let Some(handle) = self.handles.get_mut(&parker) {
            let interest = Interest::READABLE | Interest::WRITABLE;
            handle
                .registry
                .register(&mut io.stream, Token(connection.index()), interest)?;
            handle.sockets += 1;
            io.parker = Some(parker);
        }
        Ok(())
    }

    /// Takes a socket from the parker that it is registered with.
    pub(super) fn detach(&mut self, io: &mut Io) {
        let Some(parker) = io.parker.take() else {
            return;
        };
        if let Some(handle) = self.handles.get_mut(&parker) {
            // A registry that has forgotten the socket already is none the worse.
            let _ = handle.registry.deregister(&mut io.stream);
            handle.sockets -= 1;
        }
        self.trim();
    }

    pub(super) fn waker(&self, parker: ParkerId) -> Option<Arc<Waker>> {
        self.handles
            .get(&parker)
            .map(|handle| Arc::clone(&handle.waker))
    }
}

impl Io {
    pub(super) fn new(stream: Stream) -> Self {
        Self {
            stream,
            parker: None,
            turn: 0,
        }
    }

    /// Whether the socket is registered with this parker.
    pub(super) fn is_at(&self, parker: &Parker) -> bool {
        self.parker == Some(parker.id)
    }

    /// The thread that has this parker drives the socket now. `true` if nobody else had the parker since the last time:
    /// no event of this socket can have been lost on others then.
    pub(super) fn drive_at(&mut self, parker: &Parker) -> bool {
        let unbroken = self.is_at(parker) && self.turn + 1 == parker.turns;
        self.turn = parker.turns;
        unbroken
    }
}

impl Parker {
    pub(super) fn id(&self) -> ParkerId {
        self.id
    }

    /// Sleeps until something happens, or for as long as given. Waking for nothing is allowed.
    pub(super) fn sleep(&mut self, limit: Option<Duration>) -> io::Result<()> {
        match self.poll.poll(&mut self.events, limit) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                self.events.clear();
                Ok(())
            }
            slept => slept,
        }
    }

    /// What the last sleep has told about one connection.
    pub(super) fn heard_of(&self, connection: ConnectionId) -> Readiness {
        let mut heard = Readiness::default();
        for event in self
            .events
            .iter()
            .filter(|event| event.token() == Token(connection.index()))
        {
            let ready = readiness(event);
            heard.read |= ready.read;
            heard.write |= ready.write;
            heard.closed |= ready.closed;
        }
        heard
    }

    /// The places of all connections that the last sleep has told about.
    pub(super) fn heard(&self) -> impl Iterator<Item = usize> + '_ {
        self.events
            .iter()
            .map(|event| event.token())
            .filter(|token| *token != WAKE)
            .map(|token| token.0)
    }
}
