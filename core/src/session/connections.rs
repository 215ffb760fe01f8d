//! Connections as the control plane sees them: whose each one is, and how they change hands.

use std::sync::Arc;

use super::ending::Outcome;
use super::establish::Order;
use super::exchange::ExchangeState;
use super::session::Session;
use super::timers::Owner;
use crate::base::{CloseReason, ConnectionId, EstablishId, Now, Pulse, RequestId, Tick};
use crate::connection::KeepAlive;
use crate::pool::{Age, OriginId, Released};

/// A connection as the control plane sees it.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) origin: OriginId,
    pub(super) state: MemberState,
    /// Its number in the order of opening, from 1; 0 while it is dialled.
    pub(super) number: u64,
    /// Requests it was given so far.
    pub(super) served: u64,
    /// It was idle once: its peer may have said something, or gone, while nobody listened.
    pub(super) rested: bool,
    /// What its peer has hinted.
    pub(super) hint: KeepAlive,
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
    /// Nobody's: the rest of a response that was let go of is thrown away, until this tick at the latest.
    Draining(Tick),
    /// This request's: granted, in use, or to be given back.
    Held(RequestId),
}

impl Member {
    pub(super) fn attempt(origin: OriginId, establish: EstablishId) -> Self {
        let state = MemberState::Attempt(establish);
        Self {
            origin,
            state,
            number: 0,
            served: 0,
            rested: false,
            hint: KeepAlive::default(),
            pulse: Arc::default(),
            armed: None,
        }
    }
}

impl Session {
    pub(super) fn grant(&mut self, connection: ConnectionId, id: RequestId) {
        if let (Some(member), Some(exchange)) = (
            self.members.get_mut(connection.0),
            self.exchanges.get_mut(id.0),
        ) {
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
            self.pool.closed(origin);
            self.remove_member(connection, origin, CloseReason::SessionClosed);
            return;
        }
        match self.pool.released(origin, connection, age) {
            Released::Granted(id) => self.grant(connection, id),
            Released::Idle => {
                member.rested = true;
                let limit = member.hint.idle_within(self.config.pool.idle_time);
                if let Some(limit) = limit {
                    let (owner, due) = (Owner::Connection(connection), now.tick.after(limit));
                    self.timers.arm(&mut member.armed, owner, due);
                }
                while let Some(surplus) = self.pool.idle_surplus(origin) {
                    self.discard_idle(surplus, CloseReason::Evicted);
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
        let counted = member.hint.requests.map(|left| left.saturating_sub(1));
        member.hint = KeepAlive {
            idle: hint.idle.or(member.hint.idle),
            requests: hint.requests.or(counted),
        };
        member.hint.requests != Some(0)
    }

    /// The request is over; what is left of its response is thrown away until `until`.
    pub(crate) fn begin_draining(&mut self, id: RequestId, connection: ConnectionId, until: Tick) {
        let exchange = self.exchanges.remove(id.0);
        debug_assert!(exchange.is_some());
        if let Some(member) = self.members.get_mut(connection.0) {
            member.state = MemberState::Draining(until);
            self.draining += 1;
            self.timers
                .arm(&mut member.armed, Owner::Connection(connection), until);
        }
    }

    /// Whether the rest of any response is waited for: nearly always there is none, and nobody looks for it.
    pub(crate) fn has_draining(&self) -> bool {
        self.draining > 0
    }

    /// Whether the rest of a response is still waited for on this connection.
    pub(crate) fn is_draining(&self, connection: ConnectionId) -> bool {
        let member = self.members.get(connection.0);
        member.is_some_and(|member| matches!(member.state, MemberState::Draining(_)))
    }

    /// The rest of a response was thrown away, or there is no point in it.
    pub(crate) fn end_draining(&mut self, now: Now, connection: ConnectionId, outcome: Outcome) {
        self.draining = self.draining.saturating_sub(1);
        match outcome {
            Outcome::Reusable => self.release(now, connection),
            Outcome::Close(reason) => self.lose(now, connection, reason),
        }
    }

    /// Closes an idle connection: its time or its place is up, or it ended.
    pub(super) fn discard_idle(&mut self, connection: ConnectionId, reason: CloseReason) {
        let Some(origin) = self.members.get(connection.0).map(|member| member.origin) else {
            return;
        };
        self.pool.remove_idle(origin, connection);
        self.remove_member(connection, origin, reason);
    }

    /// A connection that was in use is gone; others may be opened in its place.
    pub(super) fn lose(&mut self, now: Now, connection: ConnectionId, reason: CloseReason) {
        let Some(origin) = self.members.get(connection.0).map(|member| member.origin) else {
            return;
        };
        self.pool.closed(origin);
        self.replenish(now, origin);
        self.replenish_held_back(now);
        self.remove_member(connection, origin, reason);
    }

    fn remove_member(&mut self, connection: ConnectionId, origin: OriginId, reason: CloseReason) {
        self.members.remove(connection.0);
        self.orders.push_back(Order::Discard(connection, reason));
        self.forget_if_unused(origin);
    }

    /// An idle connection turned out to be dead.
    pub(crate) fn idle_ended(&mut self, now: Now, connection: ConnectionId) {
        let idle = self
            .members
            .get(connection.0)
            .is_some_and(|member| matches!(member.state, MemberState::Idle(_)));
        if idle {
            self.discard_idle(connection, CloseReason::PeerEof);
            self.replenish_held_back(now);
        }
    }
}
