//! A connection in the making, from the wish for it to its end: it stands, or nobody gets it.
//!
//! It belongs to an origin, not to the request that caused it: whoever has waited longest gets the connection, and if
//! nobody waits any more it becomes idle.

use core::time::Duration;
use std::io;

use super::racing::Racing;
use crate::base::{CloseReason, ConnectionId, EstablishId, Now, Stage, Tick};
use crate::dial::{Endpoint, Family};
use crate::policy::AuthenticationCourse;
use crate::pool::OriginId;
use crate::session::config::Timeouts;
use crate::session::error::Error;
use crate::session::establish::order::{Discard, Order};
use crate::session::kind::ErrorKind;
use crate::session::session::Session;
use crate::session::stats::PoolFact;
use crate::session::timers::Owner;

/// One connection being made.
#[derive(Debug)]
pub(in crate::session) struct Establish {
    pub(in crate::session) origin: OriginId,
    pub(in crate::session) state: State,
    pub(in crate::session) due: Option<Tick>,
    pub(super) armed: Option<Tick>,
    /// Where the origin is, for a proxy that wants to be told.
    pub(super) target: Option<core::net::SocketAddr>,
    /// What the proxy was answered already, and with what it is asked next.
    pub(super) asked: Asked,
}

/// How far a proxy was told who asks.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) course: AuthenticationCourse,
    /// How often its challenge was answered.
    pub(super) answers: u8,
    /// The answer for the next connection.
    pub(super) next: Option<Vec<u8>>,
}

/// Who acts next.
#[derive(Debug)]
pub(in crate::session) enum State {
    /// The resolver: a proxy wants to be told the origin's address. It may have said that there is none of this family.
    Naming(Option<Family>),
    /// The resolver, and the network.
    Racing(Box<Racing>),
    /// The network, at an address without alternatives.
    Dialling(ConnectionId, Endpoint),
    /// The peers, on a transport that stands, at this stage.
    Making(ConnectionId, Stage),
    /// Nobody: it has failed, and that is to be told.
    Failed(Box<(ErrorKind, Stage)>),
}

#[cfg(test)]
impl State {
    /// What distinguishes it from others, in words that can be compared.
    pub(in crate::session) fn picture(&self, from: &dyn Fn(Tick) -> i128) -> String {
        match self {
            Self::Naming(other) => format!("naming{other:?}"),
            Self::Racing(racing) => racing.picture(from),
            Self::Dialling(..) => "dialling".into(),
            Self::Making(_, stage) => stage.to_string(),
            Self::Failed(failed) => failed.1.to_string(),
        }
    }
}

impl Establish {
    /// The tick of its entry among the timers.
    pub(in crate::session) fn armed(&self) -> Option<Tick> {
        self.armed
    }

    /// The connections that it has, or may come to have.
    pub(in crate::session) fn attempts(&self) -> Vec<ConnectionId> {
        match &self.state {
            State::Naming(_) | State::Failed(_) => Vec::new(),
            State::Racing(racing) => racing.attempts().collect(),
            State::Dialling(connection, _) | State::Making(connection, _) => vec![*connection],
        }
    }

    pub(super) fn stage(&self) -> Stage {
        match &self.state {
            State::Naming(_) => Stage::Resolve,
            State::Racing(racing) => racing.stage(),
            State::Dialling(..) => Stage::Connect,
            State::Making(_, stage) => *stage,
            State::Failed(failed) => failed.1,
        }
    }
}

impl Session {
    /// Opens as many connections to an origin as its waiting requests want and the limits allow. A session that closes
    /// opens none: who still waits is about to fail.
    pub(in crate::session) fn replenish(&mut self, now: Now, origin: OriginId) {
        while !self.closed && self.pool.wants_dial(origin) {
            if let Some(idle) = self.pool.next_to_evict(origin) {
                self.discard_idle(now, idle, CloseReason::Evicted);
            }
            self.begin_establish(now, origin);
        }
    }

    /// As [`Session::replenish`], for everybody whom the total limit has held back.
    pub(in crate::session) fn replenish_held_back(&mut self, now: Now) {
        while let Some(origin) = self.pool.next_held_back() {
            self.replenish(now, origin);
        }
    }

    fn begin_establish(&mut self, now: Now, origin: OriginId) {
        self.pool.dialling(origin);
        let id = EstablishId(self.establishes.insert(Establish {
            origin,
            state: State::Naming(None),
            due: None,
            armed: None,
            target: None,
            asked: Asked::default(),
        }));
        self.begin_naming(now, id);
    }

    /// A connection that has failed before anything was done for it: it is told when whoever asked for it has come to an end.
    pub(super) fn fail_soon(&mut self, now: Now, id: EstablishId, kind: ErrorKind, stage: Stage) {
        let Some(establish) = self.establishes.get_mut(id.0) else {
            return;
        };
        let attempts = establish.attempts();
        establish.state = State::Failed(Box::new((kind, stage)));
        establish.due = None;
        for attempt in attempts {
            self.drop_attempt(now, attempt);
        }
        self.orders.push_back(Order::Fail(id, now));
    }

    /// What [`Order::Fail`] tells of.
    pub(crate) fn handle_failed(&mut self, now: Now, id: EstablishId) {
        let establish = self.establishes.get_mut(id.0);
        if let Some(State::Failed(failed)) = establish.map(|establish| &establish.state) {
            let (kind, stage) = (**failed).clone();
            self.fail_establish(now, id, kind, stage);
        }
    }

    /// The session's time for this establish may be up.
    pub(in crate::session) fn establish_timer(&mut self, now: Now, at: Tick, id: EstablishId) {
        let Some(establish) = self
            .establishes
            .get_mut(id.0)
            .filter(|establish| establish.armed == Some(at))
        else {
            return;
        };
        establish.armed = None;
        let late = establish.due.is_some_and(|due| due <= now.tick);
        match &mut establish.state {
            _ if !late => self.arm_establish(id),
            State::Racing(racing) => {
                racing.race.handle_deadline(now.tick);
                self.go_on_racing(now, id);
            }
            _ => {
                let stage = establish.stage();
                self.fail_establish(now, id, ErrorKind::Timeout, stage);
            }
        }
    }

    /// From now on it is due at this tick.
    pub(super) fn make_due(&mut self, id: EstablishId, due: Option<Tick>) {
        if let Some(establish) = self.establishes.get_mut(id.0) {
            establish.due = due;
        }
        self.arm_establish(id);
    }

    fn arm_establish(&mut self, id: EstablishId) {
        if let Some(establish) = self.establishes.get_mut(id.0)
            && let Some(due) = establish.due
        {
            self.timers
                .arm(&mut establish.armed, Owner::Establish(id), due);
            self.tidy_timers();
        }
    }

    /// No connection comes of it: the oldest waiting request gets the error.
    pub(super) fn fail_establish(
        &mut self,
        now: Now,
        id: EstablishId,
        kind: ErrorKind,
        stage: Stage,
    ) {
        let Some(establish) = self.establishes.remove(id.0) else {
            return;
        };
        for attempt in establish.attempts() {
            self.drop_attempt(now, attempt);
        }
        let origin = establish.origin;
        self.stats.counters.failed += 1;
        self.note_dial(now, origin, None);
        if let Some(request) = self.pool.dial_failed(origin) {
            let limit = self
                .establish_limit(origin, stage)
                .filter(|_| kind == ErrorKind::Timeout);
            let path = self
                .tenant(origin)
                .and_then(|tenant| tenant.path.as_ref().ok());
            let proxy = path.and_then(|path| path.proxy.clone());
            let error = Error::new(kind, stage).with_limit(limit).by_way_of(proxy);
            self.fail_unconnected(now, request, error);
        }
        self.replenish(now, origin);
        self.replenish_held_back(now);
        self.forget_if_unused(origin);
    }

    /// Gives up all connections in the making (the session closes). Nobody waits for them any more.
    pub(in crate::session) fn abandon_establishes(&mut self, now: Now) {
        let ids: Vec<_> = self.establishes.iter().map(|(key, _)| key).collect();
        for key in ids {
            self.abandon_establish(now, EstablishId(key));
        }
    }

    /// Gives up a connection in the making that nobody waits for, and nobody would keep.
    pub(in crate::session) fn abandon_establish(&mut self, now: Now, id: EstablishId) {
        let Some(establish) = self.establishes.remove(id.0) else {
            return;
        };
        for attempt in establish.attempts() {
            self.drop_attempt(now, attempt);
        }
        self.pool.dialled(establish.origin);
        self.pool.closed(establish.origin);
        self.replenish_held_back(now);
        self.forget_if_unused(establish.origin);
    }

    pub(super) fn drop_attempt(&mut self, now: Now, attempt: ConnectionId) {
        if self.members.remove(attempt.0).is_some() {
            self.orders.push_back(Order::Discard(Discard {
                connection: attempt,
                reason: CloseReason::Abandoned,
                number: 0,
                at: now.tick,
            }));
        }
    }

    /// An event for whoever wants it: a connection was opened, or none could be.
    pub(super) fn note_dial(&mut self, now: Now, origin: OriginId, opened: Option<u64>) {
        if !self.stats.has_room() {
            return;
        }
        let Some(tenant) = self.tenant(origin) else {
            return;
        };
        let origin = tenant.key.origin.clone();
        let fact = match opened {
            Some(connection) => PoolFact::Opened { connection, origin },
            None => PoolFact::Failed { origin },
        };
        self.stats.note(now.tick, fact);
    }

    /// How long a stage of an establish may take.
    pub(super) fn establish_limit(&self, origin: OriginId, stage: Stage) -> Option<Duration> {
        let timeouts = self.dial_timeouts(origin);
        match stage {
            Stage::Resolve => timeouts.resolve,
            Stage::Tunnel => timeouts.tunnel,
            Stage::ProxyTls | Stage::Tls => timeouts.tls,
            _ => timeouts.connect,
        }
    }

    /// The time limits on connections of an origin in the making: its mount's, or the session's.
    pub(super) fn dial_timeouts(&self, origin: OriginId) -> &Timeouts {
        let mark = self.tenant(origin).map(|tenant| tenant.key.transport.mount);
        let mount = self.config.mounts.marked(mark.flatten());
        let own = mount.and_then(|mount| mount.timeouts.as_ref());
        own.unwrap_or(&self.config.timeouts)
    }
}

/// What is told of a connection whose driver knows no more than a kind of error.
pub(super) fn unconnected(to: Option<&Endpoint>, why: io::ErrorKind) -> ErrorKind {
    ErrorKind::Connect(to.and_then(Endpoint::address), why)
}
