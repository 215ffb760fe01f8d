//! Slots for connections, the queue of those that can go on, and the loop's side of the session.

use core::net::SocketAddr;
use core::ops::{Deref, DerefMut};
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use super::live::{ConnectionInfo, Live, Readiness};
use crate::base::{ConnectionId, EstablishId, Now, RequestId, Tick};
use crate::connection::{Connection, Failure, Interest, Received, Scratch};
use crate::session::{
    Config, Error, ErrorKind, Event, Order, Outcome, PoolSnapshot, Request, ResolveError, Session,
    TakeUp,
};

/// How many exchanges' memory is kept for the next ones.
const SPARE_SCRATCHES: usize = 64;

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
    /// [`Engine::handle_connected`] or [`Engine::handle_dial_failed`].
    Dial {
        /// The connection that this may become.
        connection: ConnectionId,
        /// Where to.
        address: SocketAddr,
    },
    /// Close this connection.
    Discard(Box<Live<S>>),
    /// Give up a dial: close its transport, if it was deposited, or stop making it.
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
    spare: Vec<Scratch>,
    /// Connections that a step of driving can move on.
    ready: VecDeque<ConnectionId>,
    /// Connections whose machine may have something to tell.
    pub(super) dirty: VecDeque<ConnectionId>,
    commands: VecDeque<Command<S>>,
    pub(super) events: VecDeque<Event>,
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
        })
    }

    // ---------------------------------------------------------------------------------------- the application's side

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
        }
        self.settle();
    }

    /// Takes no further request: those that wait fail, idle connections are closed, requests under way may finish.
    pub fn close(&mut self, now: Now) {
        self.session.close(now);
        self.settle();
    }

    /// What stands in the pool now.
    pub fn pool(&self) -> PoolSnapshot {
        self.session.pool_snapshot()
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

    /// The oldest request that waits for the connection that is being dialled.
    pub fn waiter_for(&self, connection: ConnectionId) -> Option<RequestId> {
        self.session.waiter_for(connection)
    }

    /// The deposited transport of a dial stands. A late report is ignored.
    pub fn handle_connected(&mut self, now: Now, connection: ConnectionId) {
        let Some(Slot::Dialling(io @ Some(_))) = self.slot_mut(connection) else {
            return;
        };
        let io = io.take();
        if let Some(io) = io
            && self.session.handle_connected(connection)
        {
            let machine = Connection::new(Arc::clone(self.session.limits()));
            self.put_slot(Box::new(Live::new(connection, io, machine)));
            self.session.release(now, connection);
        }
        self.settle();
    }

    /// A dial failed. A late report is ignored.
    pub fn handle_dial_failed(&mut self, now: Now, connection: ConnectionId, why: io::ErrorKind) {
        self.session.handle_dial_failed(now, connection, why);
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

    // ------------------------------------------------------------------------------------------------ driving in place

    /// The present tenant of a place, by [`ConnectionId::index`].
    pub fn connection_at(&self, index: usize) -> Option<ConnectionId> {
        self.session.member_at(index)
    }

    /// All transports that stand in their slots, and the readiness that each waits for: what a level-triggered loop
    /// waits for. A dial waits until it can be written to.
    pub fn interests(&self) -> impl Iterator<Item = (ConnectionId, &S, Interest)> {
        self.slots.iter().enumerate().filter_map(|(place, slot)| {
            let connection = self.connection_at(place)?;
            match slot {
                Slot::Here(live) => Some((connection, &live.io, live.interest())),
                Slot::Dialling(Some(io)) => Some((
                    connection,
                    io,
                    Interest {
                        read: false,
                        write: true,
                    },
                )),
                Slot::Vacant | Slot::Dialling(None) | Slot::Taken => None,
            }
        })
    }

    /// The transport of a connection may be ready.
    pub fn handle_readiness(&mut self, connection: ConnectionId, ready: Readiness) {
        if let Some(Slot::Here(live)) = self.slot_mut(connection) {
            live.note_ready(ready);
            self.ready.push_back(connection);
        }
    }

    /// The next connection that a step of driving can move on.
    pub fn poll_ready(&mut self) -> Option<ConnectionId> {
        while let Some(connection) = self.ready.pop_front() {
            if let Some(Slot::Here(live)) = self.slot_mut(connection)
                && live.can_move()
            {
                return Some(connection);
            }
        }
        None
    }

    fn start_in_place(&mut self, now: Now, id: RequestId) {
        match self.session.take_up(id) {
            TakeUp::Wait => {}
            TakeUp::Failed(error) => self.events.push_back(Event::Failed(id, error)),
            TakeUp::Use(connection) => {
                if let Some(mut live) = self.take_slot(connection) {
                    self.begin(now, id, &mut live);
                    self.put_slot(live);
                    self.ready.push_back(connection);
                }
            }
            TakeUp::Abort(connection) => {
                if let Some(live) = self.take_slot(connection) {
                    let error = self.fail_with(now, id, live, ErrorKind::SessionClosed);
                    self.events.push_back(Event::Failed(id, error));
                }
            }
        }
        self.settle();
    }

    /// A connection to drive; whatever was done to it is noticed when the guard goes.
    pub fn drive(&mut self, connection: ConnectionId) -> Option<Driving<'_, S>> {
        let place = connection.index();
        let tenant = self.connection_at(place) == Some(connection);
        match self.slots.get_mut(place) {
            Some(Slot::Here(live)) if tenant => Some(Driving {
                live,
                dirty: &mut self.dirty,
            }),
            _ => None,
        }
    }

    /// What is to be told to the application; drained in each turn. This also starts requests that were granted a
    /// connection; a driver that takes connections out asks [`Engine::poll_wake`] instead.
    pub fn poll_event(&mut self, now: Now) -> Option<Event> {
        loop {
            while let Some(id) = self.session.next_wake() {
                self.start_in_place(now, id);
            }
            if let Some(event) = self.events.pop_front() {
                return Some(event);
            }
            let connection = self.dirty.pop_front()?;
            if let Some(event) = self.poll_connection(now, connection) {
                return Some(event);
            }
        }
    }

    fn poll_connection(&mut self, now: Now, connection: ConnectionId) -> Option<Event> {
        let Some(Slot::Here(live)) = self.slot_mut(connection) else {
            return None;
        };
        let Some(id) = live.request else {
            if !live.connection.is_idle() {
                self.session.idle_ended(now, connection);
                self.settle();
            }
            return None;
        };
        let event = match live.connection.poll() {
            Ok(Received::NeedMore) => {
                if live.can_move() {
                    self.ready.push_back(connection);
                }
                return None;
            }
            Ok(Received::Interim(_)) => Event::Interim(id),
            Ok(Received::Head(_)) => Event::Head(id),
            Ok(Received::Content(_)) => return Some(Event::Content(id)),
            Ok(Received::Trailers(_)) => Event::Trailers(id),
            Ok(Received::End) => {
                let live = self.take_slot(connection)?;
                let scratch = self.finish(now, id, live);
                self.give_back(scratch);
                return Some(Event::End(id));
            }
            Err(failure) => {
                let live = self.take_slot(connection)?;
                return self
                    .fail_or_retry(now, id, live, failure)
                    .map(|error| Event::Failed(id, error));
            }
        };
        self.dirty.push_back(connection);
        Some(event)
    }

    // ----------------------------------------------------------------------------------------- shared by both styles

    /// Begins the exchange on a connection that is in nobody else's hands.
    pub(super) fn begin(&mut self, now: Now, id: RequestId, live: &mut Live<S>) {
        let mut scratch = self.spare.pop().unwrap_or_default();
        scratch.clear();
        let Some(beginning) =
            self.session
                .begin(now, id, &mut scratch.out, live.connection.pulse())
        else {
            return;
        };
        let request = &beginning.request;
        live.request = Some(id);
        live.patience = beginning.patience;
        live.info = ConnectionInfo {
            number: beginning.number,
            served: beginning.served,
        };
        live.content = request.content_in_memory();
        // An idle connection of the pool's can always start; if it ever could not, its failure would show on `poll`.
        let started = live
            .connection
            .start_encoded(now, &request.method, request.plan, scratch);
        debug_assert!(started.is_ok());
        if request.close {
            live.connection.close_after();
        }
    }

    /// Ends an exchange whose response was read to its end; returns its memory.
    pub(super) fn finish(&mut self, now: Now, id: RequestId, mut live: Box<Live<S>>) -> Scratch {
        let renewed = live.connection.renew();
        live.request = None;
        live.content = bytes::Bytes::new();
        let scratch = live.connection.take_scratch();
        self.put_slot(live);
        self.session.end(
            now,
            id,
            if renewed.is_ok() {
                Outcome::Reusable
            } else {
                Outcome::Close
            },
        );
        self.settle();
        scratch
    }

    /// The application lets go of a response. If its rest is here already, the connection stays usable; nobody waits.
    pub(super) fn let_go(&mut self, now: Now, id: RequestId, mut live: Box<Live<S>>) {
        loop {
            match live.connection.poll() {
                Ok(Received::Content(content)) => {
                    let count = content.len();
                    live.connection.consume(now, count);
                }
                Ok(Received::NeedMore | Received::End) | Err(_) => break,
                Ok(Received::Interim(_) | Received::Head(_) | Received::Trailers(_)) => {}
            }
        }
        let scratch = self.finish(now, id, live);
        self.give_back(scratch);
    }

    /// A request failed on its connection. If not an octet of it was sent and the connection was an old one, it asks
    /// for another; otherwise the error is returned.
    pub(super) fn fail_or_retry(
        &mut self,
        now: Now,
        id: RequestId,
        live: Box<Live<S>>,
        failure: Failure,
    ) -> Option<Error> {
        let unsent = live.info.served > 0 && live.connection.pulse().sent() == 0;
        if unsent && self.session.is_running(id) {
            self.reclaim(live);
            self.session.try_again(now, id);
            self.settle();
            return None;
        }
        Some(self.fail_with(now, id, live, failure.into()))
    }

    pub(super) fn fail_with(
        &mut self,
        now: Now,
        id: RequestId,
        live: Box<Live<S>>,
        kind: ErrorKind,
    ) -> Error {
        let pulse = Arc::clone(live.connection.pulse());
        self.reclaim(live);
        let error = self.session.fail(now, id, kind, &pulse);
        self.settle();
        error
    }

    /// Puts a connection that will be discarded into its slot, without the exchange's memory.
    fn reclaim(&mut self, mut live: Box<Live<S>>) {
        live.request = None;
        let scratch = live.connection.take_scratch();
        self.give_back(scratch);
        self.put_slot(live);
    }

    /// Takes an exchange's memory back, for the next ones: what [`Engine::finish_taken`] returned.
    pub fn give_back(&mut self, scratch: Scratch) {
        if self.spare.len() < SPARE_SCRATCHES && scratch.is_worth_keeping() {
            self.spare.push(scratch);
        }
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
    pub(super) fn settle(&mut self) {
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
                Order::Dial {
                    connection,
                    address,
                } => {
                    self.vacate(connection, Slot::Dialling(None));
                    Command::Dial {
                        connection,
                        address,
                    }
                }
                Order::Discard(connection) => match self.vacate(connection, Slot::Vacant) {
                    Slot::Here(live) => Command::Discard(live),
                    Slot::Dialling(io) => Command::Abandon { connection, io },
                    Slot::Vacant | Slot::Taken => continue,
                },
            };
            self.commands.push_back(command);
        }
    }

    fn vacate(&mut self, connection: ConnectionId, next: Slot<S>) -> Slot<S> {
        let place = connection.index();
        if place >= self.slots.len() {
            self.slots.resize_with(place + 1, || Slot::Vacant);
        }
        core::mem::replace(&mut self.slots[place], next)
    }

    pub(super) fn push_ready(&mut self, connection: ConnectionId) {
        self.ready.push_back(connection);
    }
}

/// A connection being driven in place. When it goes, the engine looks at what was done.
pub struct Driving<'a, S> {
    live: &'a mut Live<S>,
    dirty: &'a mut VecDeque<ConnectionId>,
}

impl<S> Deref for Driving<'_, S> {
    type Target = Live<S>;

    fn deref(&self) -> &Live<S> {
        self.live
    }
}

impl<S> DerefMut for Driving<'_, S> {
    fn deref_mut(&mut self) -> &mut Live<S> {
        self.live
    }
}

impl<S> Drop for Driving<'_, S> {
    fn drop(&mut self) {
        self.dirty.push_back(self.live.id);
    }
}
