//! What the tasks of a session share, and what is done on their behalf.
//!
//! After every change under the lock, [`Shared::settle`] hands out what the engine wants done: names to resolve and
//! dials to begin (in tasks of their own, so that they outlive a requester that gives up), connections to drain, sockets
//! to close, tasks to wake; all of it after the lock is gone.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::net::ToSocketAddrs;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use async_io::Timer;
use async_std::task::{self, JoinHandle};
use sessile_core::{
    Command, Config, ConnectionId, DialPlan, Engine, Error, EstablishId, Home, Interest, Live, Now,
    Question, RequestId, ResolveError, Tick, Url,
};

use crate::clock::{Clock, seeded};
use crate::dialling::{dial, say_farewell};
use crate::drain::drain;

pub(crate) use crate::io::Stream as Io;
use crate::surroundings::at_home;

pub(crate) struct Shared {
    state: Mutex<State>,
    pub(crate) clock: Clock,
    pub(crate) base_url: Option<Url>,
    this: Weak<Self>,
}

pub(crate) struct State {
    pub(crate) engine: Engine<Io>,
    /// The tasks of requests, by the request's place.
    wakers: Vec<Option<(RequestId, Waker)>>,
    /// Dials under way, to be cancelled when nobody wants them any more.
    dials: BTreeMap<ConnectionId, JoinHandle<()>>,
    janitor: Janitor,
}

/// The one task that watches the clock for all requests and connections.
#[derive(Default)]
struct Janitor {
    running: bool,
    until: Option<Tick>,
    waker: Option<Waker>,
}

/// What is done after the lock is gone.
#[derive(Default)]
struct Chores {
    wakers: Vec<Waker>,
    #[expect(
        clippy::vec_box,
        reason = "the engine hands them out boxed; a move is cheaper than a copy"
    )]
    discarded: Vec<Box<Live<Io>>>,
    cancelled: Vec<JoinHandle<()>>,
    dials: Vec<(ConnectionId, Box<DialPlan>)>,
    names: Vec<(EstablishId, Box<str>, u16)>,
    /// Connections whose response was let go of, and has a rest that may still come.
    #[expect(
        clippy::vec_box,
        reason = "the engine hands them out boxed; a move is cheaper than a copy"
    )]
    draining: Vec<Box<Live<Io>>>,
    questions: Vec<Question>,
    start_janitor: bool,
}

impl Shared {
    pub(crate) fn new(config: Config) -> Result<Arc<Self>, Error> {
        let base_url = config.base_url.clone();
        let engine = Engine::new(at_home(seeded(config)))?;
        let state = State {
            engine,
            wakers: Vec::new(),
            dials: BTreeMap::new(),
            janitor: Janitor::default(),
        };
        Ok(Arc::new_cyclic(|this| Self {
            state: Mutex::new(state),
            clock: Clock::new(),
            base_url,
            this: this.clone(),
        }))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // A task that panics under the lock leaves the engine between two calls, each of which leaves it whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does what the engine wants done, and lets go of the lock.
    pub(crate) fn settle(&self, mut state: MutexGuard<'_, State>) {
        let chores = state.chores();
        drop(state);
        let Some(chores) = chores else { return };
        chores.wakers.into_iter().for_each(Waker::wake);
        for mut live in chores.discarded {
            say_farewell(&mut live, self.clock.now());
        }
        for dial in chores.cancelled {
            task::spawn(dial.cancel());
        }
        for (establish, host, port) in chores.names {
            task::spawn(resolve(self.this.clone(), establish, host, port));
        }
        for (connection, plan) in chores.dials {
            self.begin_dial(connection, plan);
        }
        for question in chores.questions {
            task::spawn(answer(self.this.clone(), question));
        }
        for live in chores.draining {
            task::spawn(drain(self.this.clone(), live));
        }
        if chores.start_janitor {
            task::spawn(sweep(self.this.clone()));
        }
    }

    fn begin_dial(&self, connection: ConnectionId, plan: Box<DialPlan>) {
        // The task cannot report before its handle is kept: it needs the lock for that.
        let mut state = self.lock();
        if !state.engine.is_dial_wanted(connection) {
            return;
        }
        let dial = task::spawn(dial(self.this.clone(), connection, plan));
        state.dials.insert(connection, dial);
    }
}

impl Shared {
    /// Notes the task that is to be woken from now on.
    pub(crate) fn expect_wake(&self, id: RequestId, waker: &Waker) {
        let before = self.lock().expect_wake(id, waker);
        drop(before);
    }

    /// The request is over; its task may go.
    pub(crate) fn forget(&self, id: RequestId) {
        let waker = self.lock().forget(id);
        drop(waker);
    }
}

impl Home<Io> for Shared {
    fn now(&self) -> Now {
        self.clock.now()
    }

    fn with<R>(&self, act: impl FnOnce(&mut Engine<Io>, Now) -> R) -> R {
        let now = self.clock.now();
        let mut state = self.lock();
        let result = act(&mut state.engine, now);
        self.settle(state);
        result
    }
}

impl State {
    /// Notes the task that is to be woken when its request can go on. Returns the waker that was known before: dropping
    /// it may run somebody's code, so it must not be dropped under the lock.
    #[must_use = "it is to be dropped outside of the lock"]
    pub(crate) fn expect_wake(&mut self, id: RequestId, waker: &Waker) -> Option<Waker> {
        let place = id.index();
        if place >= self.wakers.len() {
            self.wakers.resize_with(place + 1, || None);
        }
        self.wakers[place]
            .replace((id, waker.clone()))
            .map(|(_, waker)| waker)
    }

    /// The request is over; its task may go. Returns its waker, as [`State::expect_wake`] does.
    #[must_use = "it is to be dropped outside of the lock"]
    pub(crate) fn forget(&mut self, id: RequestId) -> Option<Waker> {
        let kept = self.wakers.get_mut(id.index())?;
        let (_, waker) = kept.take_if(|(known, _)| *known == id)?;
        Some(waker)
    }

    /// A dial has come to its end: there is no task to cancel any more.
    pub(crate) fn forget_dial(&mut self, connection: ConnectionId) {
        self.dials.remove(&connection);
    }

    /// What there is to do outside of the lock; `None` if nothing.
    fn chores(&mut self) -> Option<Chores> {
        let mut chores = None;
        while let Some(id) = self.engine.poll_wake() {
            if let Some(Some((known, waker))) = self.wakers.get(id.index())
                && *known == id
            {
                chores
                    .get_or_insert_with(Chores::default)
                    .wakers
                    .push(waker.clone());
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
                Command::Answer(question) => chores.questions.push(*question),
                Command::Discard(live) => chores.discarded.push(live),
                Command::Abandon { connection, .. } => {
                    chores.cancelled.extend(self.dials.remove(&connection));
                }
                _ => {}
            }
        }
        while let Some(live) = self.engine.take_draining() {
            chores
                .get_or_insert_with(Chores::default)
                .draining
                .push(live);
        }
        if let Some(due) = self.engine.deadline() {
            self.mind_deadline(due, &mut chores);
        }
        chores
    }

    /// The janitor sleeps to the deadline that it knew; it must be told of an earlier one, and only of that.
    fn mind_deadline(&mut self, due: Tick, chores: &mut Option<Chores>) {
        let janitor = &mut self.janitor;
        if !janitor.running {
            janitor.running = true;
            chores.get_or_insert_with(Chores::default).start_janitor = true;
        } else if janitor.until.is_some_and(|until| due < until)
            && let Some(waker) = janitor.waker.take()
        {
            chores
                .get_or_insert_with(Chores::default)
                .wakers
                .push(waker);
        }
    }
}

impl Drop for State {
    /// A dial whose session is gone would otherwise hold its socket until the system gives up.
    fn drop(&mut self) {
        for dial in std::mem::take(&mut self.dials).into_values() {
            task::spawn(dial.cancel());
        }
    }
}

/// Asks the system for a host's addresses, on a thread that may block.
async fn resolve(shared: Weak<Shared>, establish: EstablishId, host: Box<str>, port: u16) {
    let lookup = move || (&*host, port).to_socket_addrs().map(Vec::from_iter);
    let answer = task::spawn_blocking(lookup).await;
    if let Some(shared) = shared.upgrade() {
        let answer = answer
            .as_deref()
            .map_err(|error| ResolveError::new(error.to_string()));
        shared.with(|engine, now| engine.handle_resolved(now, establish, answer));
    }
}

/// Asks what answers in place of a connection, on a thread that may block.
async fn answer(shared: Weak<Shared>, question: Question) {
    let id = question.id();
    let answer = task::spawn_blocking(move || question.answer_or_refuse()).await;
    if let Some(shared) = shared.upgrade() {
        shared.with(|engine, now| engine.handle_answer(now, id, answer));
    }
}

/// The janitor: lets time limits pass, for as long as there are any and the session lives.
async fn sweep(shared: Weak<Shared>) {
    loop {
        let until = {
            let Some(shared) = shared.upgrade() else {
                return;
            };
            let now = shared.now();
            let mut state = shared.lock();
            state.engine.handle_deadline(now);
            let due = state.engine.deadline();
            state.janitor = Janitor {
                running: due.is_some(),
                until: due,
                waker: None,
            };
            shared.settle(state);
            due.and_then(|due| shared.clock.instant(due))
        };
        let Some(until) = until else { return };
        Rest {
            shared: &shared,
            timer: Timer::at(until),
        }
        .await;
    }
}

/// The janitor's sleep: over when its time has come, or when it is told of an earlier deadline.
struct Rest<'a> {
    shared: &'a Weak<Shared>,
    timer: Timer,
}

impl Future for Rest<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if Pin::new(&mut self.timer).poll(cx).is_ready() {
            return Poll::Ready(());
        }
        let Some(shared) = self.shared.upgrade() else {
            return Poll::Ready(());
        };
        let mut state = shared.lock();
        let earlier = state.engine.deadline() < state.janitor.until;
        if earlier {
            return Poll::Ready(());
        }
        let before = state.janitor.waker.replace(cx.waker().clone());
        drop(state);
        drop(before);
        Poll::Pending
    }
}

/// Reads once from a connection's socket, without waiting.
pub(crate) fn read(live: &mut Live<Io>, now: Now) -> usize {
    live.read(now, io::Read::read)
}

/// Waits until the socket is ready for what is wanted of it; `Ready` means that it is worth a try.
pub(crate) fn poll_socket(
    live: &mut Live<Io>,
    interest: Interest,
    cx: &mut Context<'_>,
) -> Poll<()> {
    let mut heard = live.readiness();
    if interest.write && !heard.write {
        heard.write = live.io.poll_writable(cx).is_ready();
    }
    if interest.read && !heard.read {
        heard.read = live.io.poll_readable(cx).is_ready();
    }
    live.note_ready(heard);
    let ready = (interest.write && heard.write) || (interest.read && heard.read);
    if ready {
        Poll::Ready(())
    } else {
        Poll::Pending
    }
}
