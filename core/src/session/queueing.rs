//! A request asks the pool for a connection, and waits for one if it must: for a dial, or for its turn.

use super::error::Error;
use super::exchange::ExchangeState;
use super::kind::ErrorKind;
use super::session::Session;
use super::stats::PoolFact;
use crate::base::{EstablishId, Now, RequestId, Stage, Tick};
use crate::pool::{Assignment, OriginId, Place};

impl Session {
    /// Asks the pool for a connection, for a new attempt or for one that lost its connection unused.
    pub(super) fn enqueue(&mut self, now: Now, id: RequestId, origin: OriginId, place: Place) {
        match self.pool.request(origin, id, place) {
            Assignment::Use(connection) => self.grant(now, connection, id),
            Assignment::Wait => self.queue(now, id, origin, place),
        }
    }

    /// A request stands in the queue: it waits for a connection that is opened for it, or for its turn.
    fn queue(&mut self, now: Now, id: RequestId, origin: OriginId, place: Place) {
        self.wait(now, id, place);
        self.replenish(now, origin);
        // Whose connection has died under it has that one's place, as soon as it is lost.
        let refused = place == Place::Back
            && self.lets_nobody_wait(origin)
            && self.refuse_to_wait(now, id, origin);
        if !refused {
            self.stats.note(now.tick, PoolFact::Waits { request: id });
        }
    }

    pub(super) fn lets_nobody_wait(&self, origin: OriginId) -> bool {
        let own = self.tenant(origin).map(|tenant| &tenant.limits);
        let own = own.unwrap_or(&self.limits);
        self.config.pool.lets_nobody_wait(own)
    }

    fn wait(&mut self, now: Now, id: RequestId, place: Place) {
        if let Some(exchange) = self.exchanges.get_mut(id.0) {
            let limit = exchange.timeouts(&self.config.timeouts).pool_wait;
            let until = limit.map(|limit| now.tick.after(limit));
            exchange.state = ExchangeState::Waiting(place, until);
            self.arm_request(id);
        }
    }

    /// A request that would have to wait for a limit fails instead.
    fn refuse_to_wait(&mut self, now: Now, id: RequestId, origin: OriginId) -> bool {
        let Some(full) = self.pool.shortage(origin) else {
            return false;
        };
        self.leave_queue(id);
        self.stats.counters.refused += 1;
        self.stats.note(now.tick, PoolFact::Refused { request: id });
        let error = Error::new(ErrorKind::PoolFull, Stage::PoolWait).with_shortage(full);
        self.fail_unconnected(now, id, error);
        true
    }

    /// A request that waits, if it does, waits no longer.
    pub(super) fn give_up_waiting(&mut self, now: Now, id: RequestId) {
        if let Some(waited) = self.leave_queue(id).map(|began| now.tick.since(began)) {
            self.stats.counters.gave_up += 1;
            let fact = PoolFact::GaveUp {
                request: id,
                waited,
            };
            self.stats.note(now.tick, fact);
            self.abandon_surplus(now, id);
        }
    }

    /// What is in the making for nobody goes on and becomes idle; but not where nothing idle is kept.
    fn abandon_surplus(&mut self, now: Now, id: RequestId) {
        let Some(origin) = self.exchanges.get(id.0).map(|exchange| exchange.origin) else {
            return;
        };
        let limits = self.tenant(origin).map(|tenant| &tenant.limits);
        let keeps = limits.is_none_or(|limits| self.config.pool.keeps_idle(limits));
        if keeps || !self.pool.has_surplus_dial(origin) {
            return;
        }
        let making = self.establishes.iter();
        let last = making.filter(|(_, one)| one.origin == origin).last();
        if let Some((key, _)) = last {
            self.abandon_establish(now, EstablishId(key));
        }
    }

    /// Takes a waiting request out of its queue; since when it stood there.
    fn leave_queue(&mut self, id: RequestId) -> Option<Tick> {
        let exchange = self.exchanges.get(id.0)?;
        let ExchangeState::Waiting(place, _) = exchange.state else {
            return None;
        };
        self.pool.leave_queue(exchange.origin, id, place);
        Some(exchange.began)
    }
}
