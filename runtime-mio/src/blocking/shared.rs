//! What the threads of a session share, and what they do for each other.
//!
//! After every change under the lock, [`Shared::settle`] hands out what the engine wants done: names to resolve, dials
//! to begin, sockets to close, threads to wake; all of it after the lock is gone.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mio::Waker;
use sessile_core::{
    Command, Config, ConnectionId, DialError, DialPlan, Engine, Error, Home, Live, Now, Question,
    RequestId, Tick, Url,
};

use super::park::{Io, Parker, ParkerId, Parkers};
use crate::clock::{Clock, seeded};
use crate::resolver::Resolver;
use crate::socket::{self, Dial, Stream};
use crate::surroundings::at_home;

pub(super) struct Shared {
    state: Mutex<State>,
    pub(super) clock: Clock,
    resolver: Resolver,
    pub(super) base_url: Option<Url>,
}

pub(super) struct State {
    pub(super) engine: Engine<Io>,
    pub(super) parkers: Parkers,
    /// The threads that wait for a connection, by request.
    sleepers: BTreeMap<RequestId, ParkerId>,
    /// Until when a waiting thread sleeps that will look at the session then.
    watched_until: Option<Tick>,
    /// Dials under way, and who watches each.
    dials: Vec<(ConnectionId, Option<ParkerId>)>,
    /// What is asked in place of a connection. The thread that sends the request answers, and no other: whatever answers may
    /// take its time.
    questions: BTreeMap<RequestId, Question>,
}

/// What is done after the lock is gone.
#[derive(Default)]
struct Chores {
    wakers: Vec<Arc<Waker>>,
    closing: Vec<Io>,
    #[expect(
        clippy::vec_box,
        reason = "the engine hands them out boxed; a move is cheaper than a copy"
    )]
    discarded: Vec<Box<Live<Io>>>,
    dials: Vec<(ConnectionId, Box<DialPlan>)>,
    names: Vec<(sessile_core::EstablishId, Box<str>, u16)>,
}

impl Shared {
    pub(super) fn new(config: Config) -> Result<Arc<Self>, Error> {
        let base_url = config.base_url.clone();
        let engine = Engine::new(at_home(seeded(config)))?;
        let state = State {
            engine,
            parkers: Parkers::default(),
            sleepers: BTreeMap::new(),
            watched_until: None,
            dials: Vec::new(),
            questions: BTreeMap::new(),
        };
        Ok(Arc::new_cyclic(|weak: &std::sync::Weak<Self>| {
            let weak = weak.clone();
            let resolver = Resolver::new(move |establish, answer| {
                // The session may be gone by now; so is the question then.
                if let Some(shared) = weak.upgrade() {
                    let answer = answer.as_deref().map_err(Clone::clone);
                    shared.with(|engine, now| engine.handle_resolved(now, establish, answer));
                }
            });
            Self {
                state: Mutex::new(state),
                clock: Clock::new(),
                resolver,
                base_url,
            }
        }))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // A thread that panics under the lock leaves the engine between two calls, each of which leaves it whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes sure that a connection's events reach the thread that drives it.
    pub(super) fn attach(&self, live: &mut Live<Io>, parker: &Parker) -> io::Result<()> {
        if live.io.is_at(parker) {
            return Ok(());
        }
        let connection = live.id();
        self.lock()
            .parkers
            .attach(&mut live.io, connection, parker.id())
    }

    /// A place to sleep for the thread that drives this connection.
    pub(super) fn park(&self, live: &mut Live<Io>) -> io::Result<Parker> {
        let parker = self.lock().parkers.acquire(Some(&live.io))?;
        match self.attach(live, &parker) {
            Ok(()) => Ok(parker),
            Err(error) => {
                self.unpark(parker);
                Err(error)
            }
        }
    }

    pub(super) fn unpark(&self, parker: Parker) {
        self.lock().parkers.release(parker);
    }

    /// Does what the engine wants done, and lets go of the lock.
    pub(super) fn settle<'a>(&'a self, mut state: MutexGuard<'a, State>) {
        loop {
            let chores = state.chores();
            drop(state);
            let Some(chores) = chores else { return };
            for waker in chores.wakers {
                // It fails only if the poll behind it is gone, and with it the sleeper.
                let _ = waker.wake();
            }
            for mut live in chores.discarded {
                live.say_farewell(self.clock.now(), |io, outgoing| {
                    outgoing.write_to(&mut io.stream)
                });
            }
            drop(chores.closing);
            for (establish, host, port) in chores.names {
                self.resolver.resolve(establish, host, port);
            }
            if chores.dials.is_empty() {
                return;
            }
            let begun: Vec<_> = chores
                .dials
                .into_iter()
                .map(|(id, plan)| (id, socket::dial(&plan)))
                .collect();
            let now = self.clock.now();
            state = self.lock();
            for (connection, stream) in begun {
                state.dial_begun(now, connection, stream);
            }
        }
    }
}

impl Shared {
    /// Moves the connections on that are being made and that a thread watches: proxies and TLS take a few rounds, and some
    /// thought, which nobody shall wait for.
    pub(super) fn make<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        parker: &Parker,
    ) -> MutexGuard<'a, State> {
        let mut makings = state.take_makings(parker);
        while !makings.is_empty() {
            drop(state);
            let now = self.clock.now();
            for live in &mut makings {
                live.step_making(
                    now,
                    |io, space| io::Read::read(&mut io.stream, space),
                    |io, outgoing| outgoing.write_to(&mut io.stream),
                );
            }
            state = self.lock();
            let moved = makings.into_iter();
            makings = moved
                .filter_map(|live| state.put_making(now, live))
                .collect();
            self.settle(state);
            state = self.lock();
        }
        state
    }
}

impl Home<Io> for Shared {
    fn now(&self) -> Now {
        self.clock.now()
    }

    fn with<R>(&self, act: impl FnOnce(&mut Engine<Io>, Now) -> R) -> R {
        let now = self.clock.now();
        let mut state = self.lock();
        state.engine.handle_deadline(now);
        let result = act(&mut state.engine, now);
        self.settle(state);
        result
    }
}

impl State {
    /// What there is to do outside of the lock; `None` if nothing.
    fn chores(&mut self) -> Option<Chores> {
        let mut chores = None;
        while let Some(id) = self.engine.poll_wake() {
            if let Some(waker) = self
                .sleepers
                .get(&id)
                .and_then(|parker| self.parkers.waker(*parker))
            {
                chores
                    .get_or_insert_with(Chores::default)
                    .wakers
                    .push(waker);
            }
        }
        while let Some(command) = self.engine.poll_command() {
            let chores = chores.get_or_insert_with(Chores::default);
            match command {
                Command::Resolve {
                    establish,
                    host,
                    port,
                } => chores.names.push((establish, host, port)),
                Command::Dial { connection, plan } => chores.dials.push((connection, plan)),
                Command::Answer(question) => {
                    let asker = self.sleepers.get(&question.id());
                    let waker = asker.and_then(|parker| self.parkers.waker(*parker));
                    chores.wakers.extend(waker);
                    self.questions.insert(question.id(), *question);
                }
                Command::Discard(mut live) => {
                    self.parkers.detach(&mut live.io);
                    chores.discarded.push(live);
                }
                Command::Abandon { connection, io } => {
                    self.dials.retain(|(dial, _)| *dial != connection);
                    if let Some(mut io) = io {
                        self.parkers.detach(&mut io);
                        chores.closing.push(io);
                    }
                }
                _ => {}
            }
        }
        if let Some(due) = self.engine.deadline()
            && self.watched_until.is_none_or(|until| due < until)
            && let Some(waker) = self
                .sleepers
                .values()
                .next()
                .and_then(|parker| self.parkers.waker(*parker))
        {
            self.watched_until = Some(due);
            chores
                .get_or_insert_with(Chores::default)
                .wakers
                .push(waker);
        }
        chores
    }

    /// A socket is connecting: the thread that has waited longest for it watches it.
    fn dial_begun(&mut self, now: Now, connection: ConnectionId, stream: io::Result<Stream>) {
        match stream {
            Ok(stream) => {
                // A dial that nobody wants any more is closed by dropping it.
                if self.engine.deposit(connection, Io::new(stream)).is_ok() {
                    self.dials.push((connection, None));
                    self.assign_watcher(now, connection);
                }
            }
            Err(error) => self.engine.handle_dial_failed(now, connection, &error),
        }
    }

    fn assign_watcher(&mut self, now: Now, connection: ConnectionId) {
        let waiter = self.engine.waiter_for(connection);
        let parker = waiter.and_then(|id| self.sleepers.get(&id).copied());
        if let Some(parker) = parker {
            self.watch(now, connection, parker);
        }
    }

    fn watch(&mut self, now: Now, connection: ConnectionId, parker: ParkerId) {
        let Some(io) = self.engine.opening_mut(connection) else {
            return;
        };
        match self.parkers.attach(io, connection, parker) {
            Ok(()) => {
                if let Some(dial) = self.dials.iter_mut().find(|(dial, _)| *dial == connection) {
                    dial.1 = Some(parker);
                }
            }
            Err(error) => self.dial_ended(now, connection, Dial::Failed(DialError::from(&error))),
        }
    }

    /// A thread begins to wait: it may be woken from now on, and watches the dials that nobody watches.
    pub(super) fn begin_waiting(&mut self, now: Now, id: RequestId, parker: &Parker) {
        self.sleepers.insert(id, parker.id());
        let unwatched: Vec<_> = self
            .dials
            .iter()
            .filter(|(_, watcher)| watcher.is_none())
            .map(|(id, _)| *id)
            .collect();
        for connection in unwatched {
            self.watch(now, connection, parker.id());
        }
    }

    /// A thread stops waiting: the dials that it watched go to whoever waits for them, or wait for the next thread.
    pub(super) fn end_waiting(&mut self, now: Now, id: RequestId, parker: &Parker) {
        self.sleepers.remove(&id);
        // Whoever still waits may sleep for longer than the one that goes would have.
        self.watched_until = None;
        let mut orphans = Vec::new();
        for (connection, watcher) in &mut self.dials {
            if *watcher == Some(parker.id()) {
                *watcher = None;
                orphans.push(*connection);
            }
        }
        for connection in orphans {
            if let Some(io) = self.engine.opening_mut(connection) {
                self.parkers.detach(io);
            }
            self.assign_watcher(now, connection);
        }
    }

    /// Whether a request's thread has something to answer.
    pub(super) fn is_asked(&self, id: RequestId) -> bool {
        self.questions.contains_key(&id)
    }

    /// What a request's thread is to answer.
    pub(super) fn take_question(&mut self, id: RequestId) -> Option<Question> {
        self.questions.remove(&id)
    }

    /// Looks at the dials that a sleep has told about.
    pub(super) fn look_at_dials(&mut self, now: Now, parker: &Parker) {
        for place in parker.heard() {
            let Some(connection) = self.engine.connection_at(place) else {
                continue;
            };
            if let Some(io) = self.engine.dialling_mut(connection) {
                let dial = socket::check(&io.stream);
                self.dial_ended(now, connection, dial);
            }
        }
    }

    fn dial_ended(&mut self, now: Now, connection: ConnectionId, dial: Dial) {
        match dial {
            Dial::Pending => return,
            Dial::Connected => self.engine.handle_connected(now, connection),
            Dial::Failed(why) => self.engine.handle_dial_failed(now, connection, why),
        }
        self.forget_unless_opening(connection);
    }

    /// A dial that has come to its end is watched no longer. (One that is tried again begins anew.)
    fn forget_unless_opening(&mut self, connection: ConnectionId) {
        if self.engine.opening_mut(connection).is_none() {
            self.dials.retain(|(dial, _)| *dial != connection);
        }
    }

    /// The connections that are being made and that a thread watches, to be moved on outside of the lock.
    #[expect(
        clippy::vec_box,
        reason = "the engine hands them out boxed; a move is cheaper than a copy"
    )]
    fn take_makings(&mut self, parker: &Parker) -> Vec<Box<Live<Io>>> {
        let watched = |dial: &&(ConnectionId, Option<ParkerId>)| dial.1 == Some(parker.id());
        let engine = &mut self.engine;
        let watched = self.dials.iter().filter(watched);
        watched
            .filter_map(|dial| engine.take_making(dial.0))
            .collect()
    }

    /// A connection that is being made was moved on. It is given back if that made it say something, for which no event comes.
    fn put_making(&mut self, now: Now, live: Box<Live<Io>>) -> Option<Box<Live<Io>>> {
        let connection = live.id();
        if let Some(live) = self.engine.put_making(now, live) {
            if live.interest().write && live.readiness().write {
                return Some(live);
            }
            self.engine.shelve(live);
        }
        self.forget_unless_opening(connection);
        None
    }

    /// Until when a waiting thread may sleep: it looks at the session then, for all of them.
    pub(super) fn sleep_until(&mut self) -> Option<Tick> {
        self.watched_until = self.engine.deadline();
        self.watched_until
    }
}
