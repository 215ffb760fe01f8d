//! Connections as the control plane sees them: whose each one is, and how they change hands.

use core::time::Duration;
use std::sync::Arc;

use super::ending::Outcome;
use super::establish::{Discard, Order};
use super::exchange::ExchangeState;
use super::path::Path;
use super::session::Session;
use super::stats::PoolFact;
use super::timers::Owner;
use crate::base::{CloseReason, ConnectionId, EstablishId, Now, Pulse, RequestId, Tick};
use crate::connection::KeepAlive;
use crate::pool::{Age, OriginId, OriginLimits, Released};

/// A connection as the control plane sees it.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) origin: OriginId,
    pub(super) state: MemberState,
    /// Its number in the order of opening, from 1; 0 while it is dialled.
    pub(super) number: u64,
    /// When it was opened.
    pub(super) opened: Tick,
    /// Requests it was given so far.
    pub(super) served: u64,
    /// It was idle once: its peer may have said something, or gone, while nobody listened.
    pub(super) rested: bool,
    /// The bounds of its origin.
    pub(super) limits: Arc<OriginLimits>,
    /// What its peer has hinted; few do.
    pub(super) hint: Option<Box<KeepAlive>>,
    pub(super) pulse: Arc<Pulse>,
    pub(super) armed: Option<Tick>,
}

/// Whose a connection is.
#[derive(Clone, Copy, Debug)]
pub(super) enum MemberState {
    /// It is being dialled for this establish.
    Attempt(EstablishId),
    /// It has just become free; the next step gives it to somebody.
    Free,
    /// Nobody's, since this tick.
    Idle(Tick),
    /// Nobody's: the rest of a response that was let go of is thrown away, until this tick at the latest. Then this
    /// request, which rests, may go on.
    Draining(Tick, Option<RequestId>),
    /// This request's: granted, in use, or to be given back.
    Held(RequestId),
}

impl Member {
    pub(super) fn attempt(
        origin: OriginId,
        establish: EstablishId,
        limits: Arc<OriginLimits>,
    ) -> Self {
        let state = MemberState::Attempt(establish);
        Self {
            origin,
            state,
            number: 0,
            opened: Tick::default(),
            served: 0,
            rested: false,
            limits,
            hint: None,
            pulse: Arc::default(),
            armed: None,
        }
    }

    /// For how long it may be idle.
    pub(super) fn idle_limit(&self) -> Option<Duration> {
        match &self.hint {
            Some(hint) => hint.idle_within(self.limits.idle_time),
            None => self.limits.idle_time,
        }
    }

    /// Why it is to be closed, if it is idle and its time is up.
    pub(super) fn idle_end(&self, now: Now) -> Option<CloseReason> {
        let MemberState::Idle(since) = self.state else {
            return None;
        };
        let late = |due: Option<Tick>| due.is_some_and(|due| due <= now.tick);
        if late(self.end()) {
            return Some(CloseReason::Lifetime);
        }
        let limit = self.idle_limit().map(|limit| since.after(limit));
        late(limit).then_some(CloseReason::IdleTimeout)
    }

    /// When it has served for long enough.
    pub(super) fn end(&self) -> Option<Tick> {
        self.limits
            .lifetime
            .map(|lifetime| self.opened.after(lifetime))
    }
}

impl Session {
    #[inline(always)]
    pub(super) fn grant(&mut self, now: Now, connection: ConnectionId, id: RequestId) {
        if let (Some(member), Some(exchange)) = (
            self.members.get_mut(connection.0),
            self.exchanges.get_mut(id.0),
        ) {
            if matches!(exchange.state, ExchangeState::Waiting(..)) {
                self.stats.note_waited(now.tick.since(exchange.began));
            }
            if self.stats.has_room() {
                let fact = PoolFact::Granted {
                    request: id,
                    connection: member.number,
                    waited: now.tick.since(exchange.began),
                };
                self.stats.note(now.tick, fact);
            }
            member.state = MemberState::Held(id);
            exchange.state = ExchangeState::Granted(connection);
            self.wakes.push_back(id);
        }
    }

    /// A connection is free: the next in the queue gets it, or it becomes idle.
    pub(crate) fn release(&mut self, now: Now, connection: ConnectionId) {
        let Some(member) = self.members.get_mut(connection.0) else {
            return;
        };
        let origin = member.origin;
        member.state = MemberState::Idle(now.tick);
        let age = match member.served {
            0 => Age::New,
            _ => Age::Used,
        };
        if self.closed {
            return self.lose(now, connection, CloseReason::SessionClosed);
        }
        let end = member.end();
        if age == Age::Used && end.is_some_and(|end| end <= now.tick) {
            return self.lose(now, connection, CloseReason::Lifetime);
        }
        match self.pool.released(origin, connection, age) {
            Released::Granted(id) => self.grant(now, connection, id),
            Released::Idle => {
                member.rested = true;
                let limit = member.idle_limit();
                let limit = limit.map(|limit| now.tick.after(limit));
                if let Some(due) = limit.into_iter().chain(end).min() {
                    let owner = Owner::Connection(connection);
                    self.timers.arm(&mut member.armed, owner, due);
                }
                while let Some(surplus) = self.pool.idle_surplus(origin) {
                    self.discard_idle(now, surplus, CloseReason::Evicted);
                }
                self.replenish_held_back(now);
            }
        }
    }

    /// Takes a connection's hint for the time to come. A peer that counted requests down once still counts.
    pub(crate) fn note_hint(&mut self, connection: ConnectionId, hint: KeepAlive) -> bool {
        let Some(member) = self.members.get_mut(connection.0) else {
            return true;
        };
        if member.hint.is_none() && hint == KeepAlive::default() {
            return true;
        }
        let known = member.hint.get_or_insert_default();
        let counted = known.requests.map(|left| left.saturating_sub(1));
        known.idle = hint.idle.or(known.idle);
        known.requests = hint.requests.or(counted);
        known.requests != Some(0)
    }

    /// What is left of a response is thrown away until `until`; `next`, which rests, waits for that, too.
    pub(crate) fn begin_draining(
        &mut self,
        connection: ConnectionId,
        until: Tick,
        next: Option<RequestId>,
    ) {
        if let Some(member) = self.members.get_mut(connection.0) {
            member.state = MemberState::Draining(until, next);
            self.draining += 1;
            self.timers
                .arm(&mut member.armed, Owner::Connection(connection), until);
        }
        if let Some(next) = next
            && let Some(exchange) = self.exchanges.get_mut(next.0)
        {
            if let ExchangeState::Resting(_, left) = &mut exchange.state {
                *left = Some(connection);
            }
            // Its deadline may have passed while the response was looked at.
            self.arm_request(next);
        }
    }

    /// Whether the rest of any response is waited for: nearly always there is none, and nobody looks for it.
    pub(crate) fn has_draining(&self) -> bool {
        self.draining > 0
    }

    /// Whether the rest of a response is still waited for on this connection.
    pub(crate) fn is_draining(&self, connection: ConnectionId) -> bool {
        let member = self.members.get(connection.0);
        member.is_some_and(|member| matches!(member.state, MemberState::Draining(..)))
    }

    /// The rest of a response was thrown away, or there is no point in it.
    pub(crate) fn end_draining(&mut self, now: Now, connection: ConnectionId, outcome: Outcome) {
        let Some(member) = self.members.get(connection.0) else {
            return;
        };
        let MemberState::Draining(_, next) = member.state else {
            return;
        };
        self.draining -= 1;
        self.come_back(now, connection, outcome);
        if let Some(next) = next {
            self.resume_rested(now, next);
        }
    }

    /// Closes an idle connection: its time or its place is up, or it ended.
    pub(super) fn discard_idle(&mut self, now: Now, connection: ConnectionId, reason: CloseReason) {
        let Some(origin) = self.members.get(connection.0).map(|member| member.origin) else {
            return;
        };
        self.pool.remove_idle(origin, connection);
        self.remove_member(now, connection, origin, reason);
    }

    /// A connection that was in use is gone; others may be opened in its place.
    pub(crate) fn lose(&mut self, now: Now, connection: ConnectionId, reason: CloseReason) {
        let Some(origin) = self.members.get(connection.0).map(|member| member.origin) else {
            return;
        };
        self.pool.closed(origin);
        self.replenish(now, origin);
        self.replenish_held_back(now);
        self.remove_member(now, connection, origin, reason);
    }

    fn remove_member(
        &mut self,
        now: Now,
        connection: ConnectionId,
        origin: OriginId,
        reason: CloseReason,
    ) {
        let member = self.members.remove(connection.0);
        self.orders.push_back(Order::Discard(Discard {
            connection,
            reason,
            number: member.map_or(0, |member| member.number),
            at: now.tick,
        }));
        self.forget_if_unused(origin);
    }

    /// Whether a connection was made for whoever has it, with more than a dial, and neither kept nor used before.
    pub(crate) fn is_newly_made(&self, connection: ConnectionId) -> bool {
        let member = self.members.get(connection.0);
        let new = member.filter(|member| member.served == 0 && !member.rested);
        let tenant = new.and_then(|member| self.tenant(member.origin));
        let path = tenant.and_then(|tenant| tenant.path.as_ref().ok());
        path.is_some_and(Path::is_layered)
    }

    /// An idle connection turned out to be dead.
    pub(crate) fn idle_ended(&mut self, now: Now, connection: ConnectionId) {
        let idle = self
            .members
            .get(connection.0)
            .is_some_and(|member| matches!(member.state, MemberState::Idle(_)));
        if idle {
            self.discard_idle(now, connection, CloseReason::PeerEof);
            self.replenish_held_back(now);
        }
    }
}
