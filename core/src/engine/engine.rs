//! Slots for connections, the queue of those that can go on, and the loop's side of the session.

use core::net::SocketAddr;
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::Arc;

use url::Url;

use super::live::Live;
use crate::base::{ConnectionId, EstablishId, Now, RequestId, Tick};
use crate::connection::{Connection, Scratch};
use crate::cookie::CookieJar;
use crate::dial::{DialError, DialPlan, Family};
use crate::session::{
    Answer, Answered, Config, Connected, Discard, Error, Event, Order, PoolEvent, PoolSnapshot,
    Question, Request, ResolveError, Session,
};

/// What the driver is to do outside.
#[derive(Debug)]
#[non_exhaustive]
pub enum Command<S> {
    /// Turn a name into addresses and answer with [`Engine::handle_resolved`].
    Resolve {
        /// Whose question it is.
        establish: EstablishId,
        /// The name.
        host: Box<str>,
        /// The port that the addresses shall have.
        port: u16,
    },
    /// Begin to connect; give the transport to [`Engine::deposit`] now or when it stands, and report with
    /// [`Engine::handle_connected`] or [`Engine::handle_dial_failed`]. Several may be under way for one connection: the first
    /// that stands is taken, the others are abandoned.
    Dial {
        /// The connection that this may become.
        connection: ConnectionId,
        /// Where to, and how.
        plan: Box<DialPlan>,
    },
    /// Have a request answered that no connection is for ([`Mount::answering`](crate::Mount)): give
    /// [`Question::answer`](crate::Question::answer), or an answer of your own, to [`Engine::handle_answer`], now or later.
    Answer(Box<Question>),
    /// Close this connection; [`close_reason`](Connection::close_reason) tells why.
    Discard(Box<Live<S>>),
    /// Give up a dial: close its transport, if it was deposited, or stop making it. Told for a dial that has failed, too, and
    /// for a connection that was [taken](Engine::take_making) while it was made: whoever has it may drop it.
    Abandon {
        /// The dial.
        connection: ConnectionId,
        /// What was deposited.
        io: Option<S>,
    },
}

/// Where a connection's live part is.
pub(super) enum Slot<S> {
    Vacant,
    /// It is being dialled; the driver may have left the half-made transport here.
    Dialling(Option<S>),
    Here(Box<Live<S>>),
    /// Somebody else drives it.
    Taken,
}

/// A session with its connections. `S` is what the driver needs to move a connection's octets.
///
/// The crate documentation describes the loop.
pub struct Engine<S> {
    pub(super) session: Session,
    pub(super) slots: Vec<Slot<S>>,
    pub(super) spare: Vec<Scratch>,
    /// Connections that a step of driving can move on.
    pub(super) ready: VecDeque<ConnectionId>,
    /// Connections whose machine may have something to tell.
    pub(super) dirty: VecDeque<ConnectionId>,
    pub(super) commands: VecDeque<Command<S>>,
    pub(super) events: VecDeque<Event>,
    /// Responses that came by no connection, until they are told to their end.
    pub(super) answered: BTreeMap<RequestId, Answered>,
}

impl<S> Engine<S> {
    /// A session without connections.
    ///
    /// # Errors
    /// If the default field lines of `config` contain one that belongs to the core or to single requests.
    pub fn new(config: Config) -> Result<Self, Error> {
        config.check()?;
        Ok(Self {
            session: Session::new(config),
            slots: Vec::new(),
            spare: Vec::new(),
            ready: VecDeque::new(),
            dirty: VecDeque::new(),
            commands: VecDeque::new(),
            events: VecDeque::new(),
            answered: BTreeMap::new(),
        })
    }

    // ---------------------------------------------------------------------------------------- the application's side

    /// The session's cookies: empty, if [`Config::cookies`] is `None`.
    pub fn cookies(&self) -> &CookieJar {
        self.session.cookies()
    }

    /// The session's cookies, to put some in, to take some out, or to bring back what was kept.
    pub fn cookies_mut(&mut self) -> &mut CookieJar {
        self.session.cookies_mut()
    }

    /// What relative references are to be resolved against: [`Config::base_url`].
    pub fn base_url(&self) -> Option<&Url> {
        self.session.base_url()
    }

    /// The head of a request as it would go out now: with what its mount adds, the session's cookies, and credentials that
    /// are sent in advance. (Whether it expects a 100 is seen when it is sent.)
    ///
    /// # Errors
    /// If this session would not send it.
    pub fn prepare(&mut self, now: Now, request: &Request) -> Result<Vec<u8>, Error> {
        self.session.preview(now, request)
    }

    /// Takes a request in. Its head is encoded when it gets its connection.
    pub fn submit(&mut self, now: Now, request: impl Into<Arc<Request>>) -> RequestId {
        let id = self.session.submit(now, request.into());
        self.settle();
        id
    }

    /// Gives a request up. With the in-place style, or before its connection was taken, that is all there is to do;
    /// nothing is told about the request any more.
    pub fn cancel(&mut self, now: Now, id: RequestId) {
        if let Some(connection) = self.session.cancel(now, id)
            && let Some(live) = self.take_slot(connection)
        {
            self.let_go(now, id, live);
            // What its transport is still known to have may be the rest of a response.
            self.ready.push_back(connection);
        }
        self.events.retain(|event| event.request() != id);
        self.answered.remove(&id);
        self.settle();
    }

    /// Takes no further request: those that wait for a connection or for their next attempt fail, idle connections are
    /// closed, requests under way may finish, and their connections are closed then.
    pub fn close(&mut self, now: Now) {
        self.session.close(now);
        self.settle();
    }

    /// Closes the connections that nobody uses; requests go on as before.
    pub fn close_idle(&mut self, now: Now) {
        self.session.close_idle(now);
        self.settle();
    }

    /// What stands in the pool now.
    pub fn pool(&self, now: Now) -> PoolSnapshot {
        self.session.pool_snapshot(now)
    }

    /// What happened in the pool, the oldest first, if [`Config::pool_events`] keeps it.
    pub fn poll_pool_event(&mut self) -> Option<PoolEvent> {
        self.session.next_pool_event()
    }

    // ------------------------------------------------------------------------------------------------ the world's side

    /// The answer to [`Command::Resolve`]. A late answer is ignored.
    pub fn handle_resolved(
        &mut self,
        now: Now,
        id: EstablishId,
        answer: Result<&[SocketAddr], ResolveError>,
    ) {
        self.session.handle_resolved(now, id, answer);
        self.settle();
    }

    /// The answer to [`Command::Resolve`] for the addresses of one family, from a driver that asks for each by itself: so
    /// the first to come need not wait for the other (RFC 8305 §3). Both are to be answered.
    pub fn handle_resolved_family(
        &mut self,
        now: Now,
        id: EstablishId,
        family: Family,
        answer: Result<&[SocketAddr], ResolveError>,
    ) {
        self.session.handle_resolved_family(now, id, family, answer);
        self.settle();
    }

    /// Leaves the transport of a dial in its slot, half-made or ready.
    ///
    /// # Errors
    /// Gives the transport back if the dial was given up meanwhile: close it.
    pub fn deposit(&mut self, connection: ConnectionId, io: S) -> Result<(), S> {
        match self.slot_mut(connection) {
            Some(slot @ Slot::Dialling(None)) => {
                *slot = Slot::Dialling(Some(io));
                Ok(())
            }
            _ => Err(io),
        }
    }

    /// A deposited transport, while it is dialled.
    pub fn dialling_mut(&mut self, connection: ConnectionId) -> Option<&mut S> {
        match self.slot_mut(connection)? {
            Slot::Dialling(io) => io.as_mut(),
            Slot::Vacant | Slot::Here(_) | Slot::Taken => None,
        }
    }

    /// Whether a dial is still wanted whose transport was not deposited yet.
    pub fn is_dial_wanted(&self, connection: ConnectionId) -> bool {
        let tenant = self.session.member_at(connection.index()) == Some(connection);
        tenant
            && matches!(
                self.slots.get(connection.index()),
                Some(Slot::Dialling(None))
            )
    }

    /// The oldest request that waits for the connection that is being dialled.
    pub fn waiter_for(&self, connection: ConnectionId) -> Option<RequestId> {
        self.session.waiter_for(connection)
    }

    /// The deposited transport of a dial stands. A late report is ignored.
    pub fn handle_connected(&mut self, now: Now, connection: ConnectionId) {
        let Some(Slot::Dialling(io @ Some(_))) = self.slot_mut(connection) else {
            return;
        };
        let Some(io) = io.take() else { return };
        let stack = match self.session.handle_connected(now, connection) {
            Connected::Unwanted => return self.unwanted(connection, io),
            Connected::Made => None,
            Connected::Making(stack) => Some(stack),
        };
        let is_made = stack.is_none();
        let machine = Connection::layered(Arc::clone(self.session.rules()), stack);
        let timeouts = Arc::clone(self.session.timeouts());
        let live = Box::new(Live::new(connection, io, machine, timeouts));
        match is_made {
            true => {
                self.put_slot(live);
                self.session.release(now, connection);
                self.settle();
            }
            false => {
                if let Some(live) = self.make(now, live) {
                    self.put_slot(live);
                    self.ready.push_back(connection);
                }
            }
        }
    }

    /// The transport of a dial stands, and nobody is interested any more.
    fn unwanted(&mut self, connection: ConnectionId, io: S) {
        let io = Some(io);
        self.commands.push_back(Command::Abandon { connection, io });
        self.settle();
    }

    /// A dial failed. A late report is ignored.
    pub fn handle_dial_failed(
        &mut self,
        now: Now,
        connection: ConnectionId,
        why: impl Into<DialError>,
    ) {
        self.session.handle_dial_failed(now, connection, why.into());
        self.settle();
    }

    /// The answer to [`Command::Answer`]. A late answer is ignored.
    pub fn handle_answer(&mut self, now: Now, id: RequestId, answer: io::Result<Answer>) {
        self.session.handle_answer(now, id, answer);
        self.settle();
    }

    /// When [`Engine::handle_deadline`] is to be called next.
    pub fn deadline(&self) -> Option<Tick> {
        self.session.deadline()
    }

    /// Lets time limits pass. Calling it too early, or for nothing, does no harm.
    pub fn handle_deadline(&mut self, now: Now) {
        if self.session.deadline().is_some_and(|due| due <= now.tick) {
            self.session.handle_deadline(now);
            self.settle();
        }
    }

    /// What the driver is to do; drained in each turn.
    pub fn poll_command(&mut self) -> Option<Command<S>> {
        self.commands.pop_front()
    }

    pub(super) fn slot_mut(&mut self, connection: ConnectionId) -> Option<&mut Slot<S>> {
        if self.session.member_at(connection.index()) == Some(connection) {
            self.slots.get_mut(connection.index())
        } else {
            None
        }
    }

    /// Takes a connection out of its slot.
    pub(super) fn take_slot(&mut self, connection: ConnectionId) -> Option<Box<Live<S>>> {
        let slot = self.slot_mut(connection)?;
        match core::mem::replace(slot, Slot::Taken) {
            Slot::Here(live) => Some(live),
            other => {
                *slot = other;
                None
            }
        }
    }

    pub(super) fn put_slot(&mut self, live: Box<Live<S>>) {
        let place = live.id.index();
        if place >= self.slots.len() {
            self.slots.resize_with(place + 1, || Slot::Vacant);
        }
        self.slots[place] = Slot::Here(live);
    }

    /// Turns the session's orders into commands, with the slots' contents. After every call into the session, so that
    /// no slot is used again before its last tenant has left.
    #[inline]
    pub(super) fn settle(&mut self) {
        if self.session.has_orders() {
            self.obey_orders();
        }
    }

    #[inline(never)]
    fn obey_orders(&mut self) {
        while let Some(order) = self.session.next_order() {
            let command = match order {
                Order::Resolve {
                    establish,
                    host,
                    port,
                } => Command::Resolve {
                    establish,
                    host,
                    port,
                },
                Order::Dial { connection, plan } => {
                    self.vacate(connection, Slot::Dialling(None));
                    Command::Dial { connection, plan }
                }
                Order::Fail(establish, now) => {
                    self.session.handle_failed(now, establish);
                    continue;
                }
                Order::Answer(id, now) => match self.session.question(now, id) {
                    Some(question) => Command::Answer(Box::new(question)),
                    None => continue,
                },
                Order::Discard(discard) => match self.discarded(&discard) {
                    Some(command) => command,
                    None => continue,
                },
            };
            self.commands.push_back(command);
        }
    }

    /// A connection leaves its slot. One that is taken is closed by whoever has it.
    fn discarded(&mut self, discard: &Discard) -> Option<Command<S>> {
        let connection = discard.connection;
        let (command, reason) = match self.vacate(connection, Slot::Vacant) {
            Slot::Here(mut live) => {
                live.connection.note_close(discard.reason);
                let reason = live.connection.close_reason();
                (Some(Command::Discard(live)), reason)
            }
            Slot::Dialling(io) => (Some(Command::Abandon { connection, io }), None),
            // Somebody is at work on it: a made connection tells by its pulse.
            Slot::Taken if discard.number == 0 => {
                let io = None;
                (Some(Command::Abandon { connection, io }), None)
            }
            Slot::Vacant | Slot::Taken => (None, None),
        };
        if discard.number > 0 {
            let reason = reason.unwrap_or(discard.reason);
            self.session.note_closed(discard.at, discard.number, reason);
        }
        command
    }

    fn vacate(&mut self, connection: ConnectionId, next: Slot<S>) -> Slot<S> {
        let place = connection.index();
        if place >= self.slots.len() {
            self.slots.resize_with(place + 1, || Slot::Vacant);
        }
        core::mem::replace(&mut self.slots[place], next)
    }
}
