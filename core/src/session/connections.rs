//! Connections as the control plane sees them: whose each one is, and how they change hands.

use std::sync::Arc;

use super::establish::Order;
use super::exchange::ExchangeState;
use super::session::Session;
use super::timers::Owner;
use crate::base::{ConnectionId, EstablishId, Now, Pulse, RequestId, Tick};
use crate::pool::{OriginId, Released};

/// A connection as the control plane sees it.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) origin: OriginId,
    pub(super) state: MemberState,
    /// Its number in the order of opening, from 1; 0 while it is dialled.
    pub(super) number: u64,
    /// Requests it was given so far.
    pub(super) served: u64,
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
        if self.closed {
            self.pool.closed(origin);
            self.remove_member(connection, origin);
            return;
        }
        match self.pool.released(origin, connection) {
            Released::Granted(id) => self.grant(connection, id),
            Released::Idle => {
                if let Some(limit) = self.config.pool.idle_time {
                    self.timers.arm(
                        &mut member.armed,
                        Owner::Connection(connection),
                        now.tick.after(limit),
                    );
                }
                while let Some(surplus) = self.pool.idle_surplus(origin) {
                    self.discard_idle(surplus);
                }
                self.replenish_held_back(now);
            }
        }
    }

    /// Closes an idle connection: its time or its place is up, or it ended.
    pub(super) fn discard_idle(&mut self, connection: ConnectionId) {
        let Some(origin) = self.members.get(connection.0).map(|member| member.origin) else {
            return;
        };
        self.pool.remove_idle(origin, connection);
        self.remove_member(connection, origin);
    }

    /// A connection that was in use is gone; others may be opened in its place.
    pub(super) fn lose(&mut self, now: Now, connection: ConnectionId) {
        let Some(origin) = self.members.get(connection.0).map(|member| member.origin) else {
            return;
        };
        self.pool.closed(origin);
        self.replenish(now, origin);
        self.replenish_held_back(now);
        self.remove_member(connection, origin);
    }

    fn remove_member(&mut self, connection: ConnectionId, origin: OriginId) {
        self.members.remove(connection.0);
        self.orders.push_back(Order::Discard(connection));
        self.forget_if_unused(origin);
    }

    /// An idle connection turned out to be dead.
    pub(crate) fn idle_ended(&mut self, now: Now, connection: ConnectionId) {
        let idle = self
            .members
            .get(connection.0)
            .is_some_and(|member| matches!(member.state, MemberState::Idle(_)));
        if idle {
            self.discard_idle(connection);
            self.replenish_held_back(now);
        }
    }
}
