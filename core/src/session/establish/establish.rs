//! A connection in the making: a name that is resolved, then addresses that are tried one after the other.
//!
//! It belongs to an origin, not to the request that caused it: whoever has waited longest gets the connection, and if
//! nobody waits any more it becomes idle.

use core::net::SocketAddr;
use core::time::Duration;
use std::io;
use std::sync::Arc;

use smallvec::SmallVec;

use super::causes::ResolveError;
use super::config::Timeouts;
use super::connections::{Member, MemberState};
use super::error::Error;
use super::kind::ErrorKind;
use super::session::Session;
use super::stats::PoolFact;
use super::timers::Owner;
use crate::base::{CloseReason, ConnectionId, EstablishId, Now, RequestId, Stage, Tick};
use crate::pool::OriginId;

/// No more addresses of a name than this are tried: a hostile name server could send hundreds.
const MOST_ADDRESSES: usize = 16;

/// What the session wants done outside.
#[derive(Debug)]
pub(crate) enum Order {
    Resolve {
        establish: EstablishId,
        host: Box<str>,
        port: u16,
    },
    Dial {
        connection: ConnectionId,
        address: SocketAddr,
    },
    /// Have this request answered, which asks now.
    Answer(RequestId, Now),
    /// Close this connection, for this reason unless its machine knows a better one.
    Discard(Discard),
}

/// A connection to be closed.
#[derive(Debug)]
pub(crate) struct Discard {
    pub(crate) connection: ConnectionId,
    pub(crate) reason: CloseReason,
    /// Its number, 0 if it was never opened.
    pub(crate) number: u64,
    pub(crate) at: Tick,
}

/// One connection being made.
#[derive(Debug)]
pub(crate) struct Establish {
    pub(super) origin: OriginId,
    pub(super) state: EstablishState,
    pub(super) due: Option<Tick>,
    armed: Option<Tick>,
}

impl Establish {
    /// The tick of its entry among the timers.
    pub(super) fn armed(&self) -> Option<Tick> {
        self.armed
    }
}

#[derive(Debug)]
pub(super) enum EstablishState {
    Resolving,
    Dialling {
        attempt: ConnectionId,
        address: SocketAddr,
        rest: SmallVec<[SocketAddr; 4]>,
    },
}

impl Session {
    /// Opens as many connections to an origin as its waiting requests want and the limits allow. A session that closes
    /// opens none: who still waits is about to fail.
    pub(super) fn replenish(&mut self, now: Now, origin: OriginId) {
        while !self.closed && self.pool.wants_dial(origin) {
            if let Some(idle) = self.pool.next_to_evict(origin) {
                self.discard_idle(now, idle, CloseReason::Evicted);
            }
            self.begin_establish(now, origin);
        }
    }

    /// As [`Session::replenish`], for everybody whom the total limit has held back.
    pub(super) fn replenish_held_back(&mut self, now: Now) {
        while let Some(origin) = self.pool.next_held_back() {
            self.replenish(now, origin);
        }
    }

    fn begin_establish(&mut self, now: Now, origin: OriginId) {
        self.pool.dialling(origin);
        let Some(tenant) = self.tenant(origin) else {
            return;
        };
        let target = &tenant.key.origin;
        let (address, port) = (target.address(), target.port());
        let host = Box::from(target.host());
        let due = self
            .dial_timeouts(origin)
            .resolve
            .filter(|_| address.is_none())
            .map(|limit| now.tick.after(limit));
        let key = self.establishes.insert(Establish {
            origin,
            state: EstablishState::Resolving,
            due,
            armed: None,
        });
        let id = EstablishId(key);
        match address {
            Some(address) => self.begin_dialling(
                now,
                id,
                SmallVec::from_slice(&[SocketAddr::new(address, port)]),
            ),
            None => {
                self.arm_establish(id);
                self.orders.push_back(Order::Resolve {
                    establish: id,
                    host,
                    port,
                });
            }
        }
    }

    /// The answer to [`Order::Resolve`].
    pub(crate) fn handle_resolved(
        &mut self,
        now: Now,
        id: EstablishId,
        answer: Result<&[SocketAddr], ResolveError>,
    ) {
        let resolving = self
            .establishes
            .get(id.0)
            .is_some_and(|establish| matches!(establish.state, EstablishState::Resolving));
        if !resolving {
            return;
        }
        match answer {
            Ok([]) => self.fail_establish(
                now,
                id,
                ErrorKind::Resolve(ResolveError::new("it has no address")),
            ),
            Ok(addresses) => {
                let mut unique = SmallVec::<[SocketAddr; 4]>::new();
                for address in addresses.iter().take(MOST_ADDRESSES) {
                    if !unique.contains(address) {
                        unique.push(*address);
                    }
                }
                self.begin_dialling(now, id, unique);
            }
            Err(error) => self.fail_establish(now, id, ErrorKind::Resolve(error)),
        }
    }

    fn begin_dialling(
        &mut self,
        now: Now,
        id: EstablishId,
        mut addresses: SmallVec<[SocketAddr; 4]>,
    ) {
        // The last of the reversed list is next.
        addresses.reverse();
        let origin = self.establishes.get(id.0).map(|establish| establish.origin);
        let due = origin
            .and_then(|origin| self.dial_timeouts(origin).connect)
            .map(|limit| now.tick.after(limit));
        if let Some(establish) = self.establishes.get_mut(id.0) {
            establish.due = due;
        }
        self.arm_establish(id);
        self.dial_next(id, addresses);
    }

    fn dial_next(&mut self, id: EstablishId, mut rest: SmallVec<[SocketAddr; 4]>) {
        let Some(address) = rest.pop() else { return };
        let Some(establish) = self.establishes.get_mut(id.0) else {
            return;
        };
        let tenant = self.tenants.get(establish.origin.0.index as usize);
        let limits = match tenant {
            Some(Some(tenant)) => Arc::clone(&tenant.limits),
            _ => Arc::default(),
        };
        let member = Member::attempt(establish.origin, id, limits);
        let attempt = ConnectionId(self.members.insert(member));
        establish.state = EstablishState::Dialling {
            attempt,
            address,
            rest,
        };
        self.orders.push_back(Order::Dial {
            connection: attempt,
            address,
        });
    }

    /// A dial succeeded; `false` if nobody is interested any more and the socket is to be closed.
    pub(crate) fn handle_connected(&mut self, now: Now, connection: ConnectionId) -> bool {
        let Some(id) = self.attempt_of(connection) else {
            return false;
        };
        let Some(establish) = self.establishes.remove(id.0) else {
            return false;
        };
        self.pool.dialled(establish.origin);
        self.stats.counters.opened += 1;
        let number = self.stats.counters.opened;
        if let Some(member) = self.members.get_mut(connection.0) {
            member.number = number;
            member.opened = now.tick;
            member.state = MemberState::Free;
        }
        self.note_dial(now, establish.origin, Some(number));
        true
    }

    /// A dial failed: the next address is tried, or the oldest waiting request gets the error.
    pub(crate) fn handle_dial_failed(
        &mut self,
        now: Now,
        connection: ConnectionId,
        why: io::ErrorKind,
    ) {
        let Some(id) = self.attempt_of(connection) else {
            return;
        };
        self.drop_attempt(now, connection);
        let Some(establish) = self.establishes.get_mut(id.0) else {
            return;
        };
        let EstablishState::Dialling { address, rest, .. } = &mut establish.state else {
            return;
        };
        let (address, rest) = (*address, core::mem::take(rest));
        if rest.is_empty() {
            self.fail_establish(now, id, ErrorKind::Connect(Some(address), why));
        } else {
            self.dial_next(id, rest);
        }
    }

    /// The session's time for this establish may be up.
    pub(super) fn establish_timer(&mut self, now: Now, at: Tick, id: EstablishId) {
        let Some(establish) = self
            .establishes
            .get_mut(id.0)
            .filter(|establish| establish.armed == Some(at))
        else {
            return;
        };
        establish.armed = None;
        match establish.due {
            Some(due) if due <= now.tick => self.fail_establish(now, id, ErrorKind::Timeout),
            _ => self.arm_establish(id),
        }
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

    fn fail_establish(&mut self, now: Now, id: EstablishId, kind: ErrorKind) {
        let Some(establish) = self.establishes.remove(id.0) else {
            return;
        };
        let stage = match establish.state {
            EstablishState::Resolving => Stage::Resolve,
            EstablishState::Dialling { attempt, .. } => {
                self.drop_attempt(now, attempt);
                Stage::Connect
            }
        };
        self.stats.counters.failed += 1;
        self.note_dial(now, establish.origin, None);
        if let Some(request) = self.pool.dial_failed(establish.origin) {
            let limit = self
                .establish_limit(establish.origin, stage)
                .filter(|_| kind == ErrorKind::Timeout);
            let error = Error::new(kind, stage).with_limit(limit);
            self.fail_unconnected(now, request, error);
        }
        self.replenish(now, establish.origin);
        self.replenish_held_back(now);
        self.forget_if_unused(establish.origin);
    }

    /// Gives up all connections in the making (the session closes). Nobody waits for them any more.
    pub(super) fn abandon_establishes(&mut self, now: Now) {
        let ids: Vec<_> = self.establishes.iter().map(|(key, _)| key).collect();
        for key in ids {
            let Some(establish) = self.establishes.remove(key) else {
                continue;
            };
            if let EstablishState::Dialling { attempt, .. } = establish.state {
                self.drop_attempt(now, attempt);
            }
            self.pool.dialled(establish.origin);
            self.pool.closed(establish.origin);
            self.forget_if_unused(establish.origin);
        }
    }

    fn attempt_of(&self, connection: ConnectionId) -> Option<EstablishId> {
        match self.members.get(connection.0)?.state {
            MemberState::Attempt(id) => Some(id),
            MemberState::Free
            | MemberState::Idle(_)
            | MemberState::Draining(..)
            | MemberState::Held(_) => None,
        }
    }

    fn drop_attempt(&mut self, now: Now, attempt: ConnectionId) {
        if self.members.remove(attempt.0).is_some() {
            self.orders.push_back(Order::Discard(Discard {
                connection: attempt,
                reason: CloseReason::Abandoned,
                number: 0,
                at: now.tick,
            }));
        }
    }

    /// The oldest request that would get the connection which is being dialled: its driver may as well watch the dial.
    pub(crate) fn waiter_for(&self, attempt: ConnectionId) -> Option<RequestId> {
        let member = self.members.get(attempt.0)?;
        self.attempt_of(attempt)?;
        self.pool.first_waiter(member.origin)
    }

    /// An event for whoever wants it: a connection was opened, or none could be.
    fn note_dial(&mut self, now: Now, origin: OriginId, opened: Option<u64>) {
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
    fn establish_limit(&self, origin: OriginId, stage: Stage) -> Option<Duration> {
        let timeouts = self.dial_timeouts(origin);
        match stage {
            Stage::Resolve => timeouts.resolve,
            _ => timeouts.connect,
        }
    }

    /// The time limits on connections of an origin in the making: its mount's, or the session's.
    fn dial_timeouts(&self, origin: OriginId) -> &Timeouts {
        let mark = self.tenant(origin).map(|tenant| tenant.key.transport.mount);
        let mount = self.config.mounts.marked(mark.flatten());
        let own = mount.and_then(|mount| mount.timeouts.as_ref());
        own.unwrap_or(&self.config.timeouts)
    }
}
