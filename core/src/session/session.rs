//! The control plane: takes in what happened, gives out who may go on and what is to be done.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::config::Config;
use super::connections::{Member, MemberState};
use super::error::{Error, ErrorKind};
use super::establish::{Establish, Order};
use super::exchange::{Exchange, ExchangeState, TakeUp};
use super::key::PoolKey;
use super::prepare::{ConstantHead, Expectation, HeadParts, encode_head};
use super::request::{Request, refused};
use super::shape::Shape;
use super::timers::{Owner, Patience, Timers};
use crate::base::{CloseReason, ConnectionId, Now, Pulse, RequestId, Rules, Seeded, Slab, Stage};
use crate::connection::RequestPlan;
use crate::message::Scheme;
use crate::policy::Loss;
use crate::pool::{Assignment, OriginId, Place, Pool};

/// An interned origin: its key, and what its requests have in common.
#[derive(Debug)]
pub(super) struct Tenant {
    pub(super) key: PoolKey,
    head: ConstantHead,
}

/// What a request needs to begin on its connection.
pub(crate) struct Beginning {
    pub(crate) request: Arc<Request>,
    /// What the core keeps of its promises, where the session's lines have changed that.
    shape: Option<Shape>,
    expects: bool,
    pub(crate) patience: Patience,
    pub(crate) number: u64,
    pub(crate) served: u64,
    /// The connection was kept for it, and not opened for it just now.
    pub(crate) kept: bool,
}

impl Beginning {
    /// What the connection must know.
    pub(crate) fn plan(&self) -> RequestPlan<'_> {
        let shape = self.shape.as_ref().unwrap_or(&self.request.shape);
        let mut plan = shape.plan(&self.request.method);
        plan.expects_continue = self.expects;
        plan
    }
}

/// How an exchange left its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Reusable,
    Close(CloseReason),
}

/// All requests and connections of one session, by id.
#[derive(Debug)]
pub(crate) struct Session {
    pub(super) config: Config,
    rules: Arc<Rules>,
    pub(super) keys: HashMap<PoolKey, OriginId, Seeded>,
    /// The origin that was asked for last: the next request mostly asks for the same.
    recent: Option<OriginId>,
    /// By the index of the origin's id.
    pub(super) tenants: Vec<Option<Tenant>>,
    pub(super) pool: Pool,
    pub(super) exchanges: Slab<Exchange>,
    pub(super) establishes: Slab<Establish>,
    pub(super) members: Slab<Member>,
    pub(super) timers: Timers,
    pub(super) wakes: VecDeque<RequestId>,
    pub(super) orders: VecDeque<Order>,
    pub(super) opened: u64,
    pub(super) reused: u64,
    pub(super) closed: bool,
    /// How many connections throw away the rest of a response.
    pub(super) draining: usize,
}

impl Session {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            rules: Arc::new(config.rules()),
            keys: HashMap::with_hasher(Seeded::new(&config.seed)),
            recent: None,
            tenants: Vec::new(),
            pool: Pool::new(config.pool.clone()),
            exchanges: Slab::new(),
            establishes: Slab::new(),
            members: Slab::new(),
            timers: Timers::default(),
            wakes: VecDeque::new(),
            orders: VecDeque::new(),
            opened: 0,
            reused: 0,
            closed: false,
            draining: 0,
            config,
        }
    }

    pub(crate) fn rules(&self) -> &Arc<Rules> {
        &self.rules
    }

    /// The next request whose requester can go on.
    pub(crate) fn next_wake(&mut self) -> Option<RequestId> {
        self.wakes.pop_front()
    }

    /// The next thing to be done outside.
    pub(crate) fn next_order(&mut self) -> Option<Order> {
        self.orders.pop_front()
    }

    // ------------------------------------------------------------------------------------------------ requests come

    pub(crate) fn submit(&mut self, now: Now, request: Arc<Request>) -> RequestId {
        let origin = self.intern(&request);
        let timeouts = request.timeouts.as_ref().unwrap_or(&self.config.timeouts);
        let limit = request.deadline.or(timeouts.deadline);
        let patience = Patience {
            send: timeouts.send,
            expect_continue: None,
            head: timeouts.head,
            read: timeouts.read,
            deadline: limit.map(|limit| now.tick.after(limit)),
        };
        let wait_until = timeouts.pool_wait.map(|limit| now.tick.after(limit));
        let state = ExchangeState::Waiting;
        let exchange = Exchange {
            request,
            origin,
            state,
            patience,
            wait_until,
            armed: None,
            replays: 0,
            expect_refused: false,
        };
        let refusal = self.refusal(&exchange.request);
        let id = RequestId(self.exchanges.insert(exchange));
        match refusal {
            Some(error) => {
                self.fail_exchange(id, error);
                self.forget_if_unused(origin);
            }
            None => self.enqueue(now, id, origin, Place::Back),
        }
        id
    }

    /// Why this session does not send a request, if it does not.
    fn refusal(&self, request: &Request) -> Option<Error> {
        if self.closed {
            return Some(Error::new(ErrorKind::SessionClosed, Stage::Prepare));
        }
        if request.key.origin.scheme() == Scheme::Https {
            return Some(Error::new(ErrorKind::NoTls, Stage::Prepare));
        }
        let shape = request.shape_in(&self.config.fields);
        shape.err().map(|error| refused(error, &request.url))
    }

    /// Asks the pool for a connection, for a new request or for one that lost its connection unused.
    fn enqueue(&mut self, now: Now, id: RequestId, origin: OriginId, place: Place) {
        match self.pool.request(origin, id, place) {
            Assignment::Use(connection) => self.grant(connection, id),
            Assignment::Wait => {
                self.arm_request(id);
                self.replenish(now, origin);
            }
        }
    }

    fn intern(&mut self, request: &Request) -> OriginId {
        if let Some(id) = self.recent
            && self
                .tenant(id)
                .is_some_and(|tenant| tenant.key == request.key)
        {
            return id;
        }
        if let Some(id) = self.keys.get(&request.key) {
            self.recent = Some(*id);
            return *id;
        }
        let key = request.key.clone();
        let id = self.pool.add_origin();
        let place = id.0.index as usize;
        if place >= self.tenants.len() {
            self.tenants.resize_with(place + 1, || None);
        }
        let head = ConstantHead::new(&key.origin, &self.config);
        self.tenants[place] = Some(Tenant {
            key: key.clone(),
            head,
        });
        self.keys.insert(key, id);
        id
    }

    pub(super) fn tenant(&self, origin: OriginId) -> Option<&Tenant> {
        self.tenants.get(origin.0.index as usize)?.as_ref()
    }

    pub(super) fn forget_if_unused(&mut self, origin: OriginId) {
        if self.pool.remove_if_unused(origin)
            && let Some(tenant) = self
                .tenants
                .get_mut(origin.0.index as usize)
                .and_then(Option::take)
        {
            self.keys.remove(&tenant.key);
            self.recent = None;
        }
    }

    // -------------------------------------------------------------------------------------------- requests go on

    /// What the request may do now. Collecting a grant or an error happens once.
    pub(crate) fn take_up(&mut self, id: RequestId) -> TakeUp {
        let Some(exchange) = self.exchanges.get_mut(id.0) else {
            return TakeUp::Wait;
        };
        match &exchange.state {
            ExchangeState::Granted(connection) => {
                let connection = *connection;
                exchange.state = ExchangeState::Running(connection);
                // Who collects at once needs no waking.
                if self.wakes.back() == Some(&id) {
                    self.wakes.pop_back();
                }
                TakeUp::Use(connection)
            }
            ExchangeState::Failed(_) => {
                let (state, origin) = (
                    core::mem::replace(&mut exchange.state, ExchangeState::Waiting),
                    exchange.origin,
                );
                self.exchanges.remove(id.0);
                self.forget_if_unused(origin);
                match state {
                    ExchangeState::Failed(error) => TakeUp::Failed(error),
                    _ => TakeUp::Wait,
                }
            }
            ExchangeState::Aborting(connection, _) => TakeUp::Abort(*connection),
            ExchangeState::Waiting | ExchangeState::Running(_) => TakeUp::Wait,
        }
    }

    /// Notes that the request begins on its connection, and encodes its head.
    pub(crate) fn begin(
        &mut self,
        now: Now,
        id: RequestId,
        out: &mut Vec<u8>,
        pulse: &Arc<Pulse>,
    ) -> Option<Beginning> {
        let exchange = self.exchanges.get_mut(id.0)?;
        let ExchangeState::Running(connection) = exchange.state else {
            return None;
        };
        let tenant = self
            .tenants
            .get(exchange.origin.0.index as usize)?
            .as_ref()?;
        let request = &exchange.request;
        let shape = request.shape_in(&self.config.fields).ok()?;
        let expect = match exchange.expect_refused {
            true => Expectation::LeftOut,
            false => self.config.expectation(request, &shape),
        };
        let parts = HeadParts::direct(request, &shape, &self.config, &tenant.head, expect);
        encode_head(out, &parts);
        let expects = expect.holds(&shape);
        let timeouts = request.timeouts.as_ref().unwrap_or(&self.config.timeouts);
        exchange.patience.expect_continue = timeouts.expect_continue.filter(|_| expects);
        let member = self.members.get_mut(connection.0)?;
        if member.served == 0 {
            member.pulse = Arc::clone(pulse);
        } else {
            self.reused += 1;
        }
        let patience = exchange.patience;
        let beginning = Beginning {
            request: Arc::clone(request),
            shape: match shape {
                Cow::Borrowed(_) => None,
                Cow::Owned(shape) => Some(shape),
            },
            expects,
            patience,
            number: member.number,
            served: member.served,
            kept: member.served > 0 || member.rested,
        };
        member.served += 1;
        if let Some(limit) = patience.shortest() {
            let (owner, due) = (Owner::Connection(connection), now.tick.after(limit));
            self.timers.arm(&mut member.armed, owner, due);
        }
        if patience.deadline.is_some() {
            self.arm_request(id);
        }
        Some(beginning)
    }

    /// Whether the request is still wanted.
    pub(crate) fn is_running(&self, id: RequestId) -> bool {
        self.exchanges
            .get(id.0)
            .is_some_and(|exchange| matches!(exchange.state, ExchangeState::Running(_)))
    }

    /// The request has ended well, or was given up by the application; its connection comes back.
    pub(crate) fn end(&mut self, now: Now, id: RequestId, outcome: Outcome) {
        let Some(exchange) = self.exchanges.remove(id.0) else {
            return;
        };
        if let ExchangeState::Running(connection) | ExchangeState::Aborting(connection, _) =
            exchange.state
        {
            match outcome {
                Outcome::Reusable => self.release(now, connection),
                Outcome::Close(reason) => self.lose(now, connection, reason),
            }
        }
    }

    /// The request was granted a kept connection that is dead: it asks for another one.
    pub(crate) fn try_again(&mut self, now: Now, id: RequestId) {
        self.send_anew(now, id, Place::Front, CloseReason::PeerEof);
    }

    /// The request lost a kept connection under way, and is sent once more on a fresh one.
    pub(crate) fn replay(&mut self, now: Now, id: RequestId, reason: CloseReason) {
        if let Some(exchange) = self.exchanges.get_mut(id.0) {
            exchange.replays += 1;
        }
        self.send_anew(now, id, Place::Fresh, reason);
    }

    /// The peer has refused to be asked for a 100, and not touched the content: the request is sent without asking.
    pub(crate) fn drop_expectation(&mut self, now: Now, id: RequestId) {
        if let Some(exchange) = self.exchanges.get_mut(id.0) {
            exchange.expect_refused = true;
        }
        self.send_anew(now, id, Place::Front, CloseReason::RequestIncomplete);
    }

    /// Asks for another connection in the place of the present one, which is lost.
    fn send_anew(&mut self, now: Now, id: RequestId, place: Place, reason: CloseReason) {
        let Some(exchange) = self.exchanges.get_mut(id.0) else {
            return;
        };
        let ExchangeState::Running(connection) = exchange.state else {
            return;
        };
        exchange.state = ExchangeState::Waiting;
        let origin = exchange.origin;
        self.enqueue(now, id, origin, place);
        self.lose(now, connection, reason);
    }

    /// Whether the request was sent with an expectation that a 417 may take back, once.
    pub(crate) fn may_drop_expectation(&self, id: RequestId) -> bool {
        let exchange = self.exchanges.get(id.0);
        exchange.is_some_and(|exchange| !exchange.expect_refused && !self.closed)
    }

    /// What is known of a request that lost its connection.
    pub(crate) fn loss(
        &self,
        id: RequestId,
        kept: bool,
        dead: bool,
        pulse: &Pulse,
    ) -> Option<Loss<'_>> {
        let exchange = self.exchanges.get(id.0)?;
        let request = &exchange.request;
        Some(Loss {
            reused: kept,
            dead,
            received: pulse.received(),
            replays: exchange.replays,
            progress: pulse.progress(),
            method: &request.method,
            safe: request.safe,
            rewindable: request.content_in_memory().is_some(),
        })
    }

    /// Whether the session takes no further request.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Ends a request that failed on its connection; returns the error to deliver.
    pub(crate) fn fail(
        &mut self,
        now: Now,
        id: RequestId,
        kind: ErrorKind,
        pulse: &Pulse,
    ) -> Error {
        let stage = pulse.phase().stage().unwrap_or(Stage::Content);
        let mut error = Error::in_exchange(kind, stage, pulse);
        if let Some(exchange) = self.exchanges.get_mut(id.0) {
            error = error.at(&exchange.request.url);
            if let ExchangeState::Aborting(connection, reason) = &exchange.state {
                error = reason.clone();
                exchange.state = ExchangeState::Running(*connection);
            }
        }
        let reason = match error.is_timeout() {
            true => CloseReason::Abandoned,
            false => CloseReason::TransportFailed,
        };
        self.end(now, id, Outcome::Close(reason));
        error
    }

    /// Fails a request whose exchange has not begun; its requester is woken to collect the error.
    pub(crate) fn fail_early(&mut self, now: Now, id: RequestId, kind: ErrorKind) {
        let Some(exchange) = self.exchanges.get(id.0) else {
            return;
        };
        let granted = match exchange.state {
            ExchangeState::Waiting => {
                self.pool.leave_queue(exchange.origin, id);
                None
            }
            ExchangeState::Granted(connection) => Some(connection),
            ExchangeState::Running(_) | ExchangeState::Aborting(..) | ExchangeState::Failed(_) => {
                return;
            }
        };
        self.fail_exchange(id, Error::new(kind, Stage::PoolWait));
        if let Some(connection) = granted {
            self.release(now, connection);
        }
    }

    /// The application gives up a request that has no connection in anybody's hands. Returns the connection that is
    /// still at work for it, if there is one: its driver must give it back.
    pub(crate) fn cancel(&mut self, now: Now, id: RequestId) -> Option<ConnectionId> {
        let exchange = self.exchanges.get(id.0)?;
        let origin = exchange.origin;
        match exchange.state {
            ExchangeState::Running(connection) | ExchangeState::Aborting(connection, _) => {
                return Some(connection);
            }
            ExchangeState::Waiting => {
                self.pool.leave_queue(origin, id);
                self.exchanges.remove(id.0);
            }
            ExchangeState::Granted(connection) => {
                self.exchanges.remove(id.0);
                self.release(now, connection);
            }
            ExchangeState::Failed(_) => {
                self.exchanges.remove(id.0);
            }
        }
        self.forget_if_unused(origin);
        None
    }

    /// No further request is taken; those that wait fail, those under way finish, idle connections go.
    pub(crate) fn close(&mut self, now: Now) {
        self.closed = true;
        let waiting: Vec<_> = self
            .exchanges
            .iter()
            .map(|(key, _)| RequestId(key))
            .collect();
        for id in waiting {
            let Some(exchange) = self.exchanges.get(id.0) else {
                continue;
            };
            let origin = exchange.origin;
            let granted = match exchange.state {
                ExchangeState::Waiting => None,
                ExchangeState::Granted(connection) => Some(connection),
                ExchangeState::Running(_)
                | ExchangeState::Aborting(..)
                | ExchangeState::Failed(_) => continue,
            };
            self.pool.leave_queue(origin, id);
            self.fail_exchange(id, Error::new(ErrorKind::SessionClosed, Stage::PoolWait));
            if let Some(connection) = granted {
                self.release(now, connection);
            }
        }
        let idle: Vec<_> = self
            .members
            .iter()
            .filter(|(_, member)| matches!(member.state, MemberState::Idle(_)))
            .collect();
        let idle: Vec<_> = idle.into_iter().map(|(key, _)| ConnectionId(key)).collect();
        for connection in idle {
            self.discard_idle(connection, CloseReason::SessionClosed);
        }
        self.abandon_establishes();
    }

    // ------------------------------------------------------------------------------------------------------- asking

    /// The connection that a request uses.
    pub(crate) fn connection_of(&self, id: RequestId) -> Option<ConnectionId> {
        match self.exchanges.get(id.0)?.state {
            ExchangeState::Running(connection) | ExchangeState::Aborting(connection, _) => {
                Some(connection)
            }
            ExchangeState::Waiting | ExchangeState::Granted(_) | ExchangeState::Failed(_) => None,
        }
    }

    /// The present tenant of a place among the connections.
    pub(crate) fn member_at(&self, index: usize) -> Option<ConnectionId> {
        self.members.key_at(index).map(ConnectionId)
    }
}
