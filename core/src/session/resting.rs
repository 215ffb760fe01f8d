//! Between two attempts: a request that is sent anew rests, be it for no time at all, and then asks the pool as a new one
//! would.

use core::time::Duration;
use std::sync::Arc;

use super::connections::MemberState;
use super::exchange::ExchangeState;
use super::session::Session;
use crate::base::{Now, RequestId};
use crate::pool::Place;

impl Session {
    /// The request rests for so long. It must have no connection any more, or lose it at once.
    pub(super) fn rest(&mut self, now: Now, id: RequestId, wait: Duration) {
        if let Some(exchange) = self.exchanges.get_mut(id.0) {
            exchange.state = ExchangeState::Resting(now.tick.after(wait), None);
        }
    }

    /// A request goes on that has rested for long enough, and whose connection is no longer drained; otherwise it is woken in
    /// time.
    pub(crate) fn resume_rested(&mut self, now: Now, id: RequestId) {
        let Some(exchange) = self.exchanges.get(id.0) else {
            return;
        };
        let drained = self.waits_for_a_rest(id);
        match exchange.state {
            ExchangeState::Resting(until, _) if until <= now.tick && !drained => {
                self.resume(now, id);
            }
            ExchangeState::Resting(..) => self.arm_request(id),
            _ => {}
        }
    }

    /// Whether the connection that a resting request has left is still drained: the end of that wakes the request.
    pub(super) fn waits_for_a_rest(&self, id: RequestId) -> bool {
        let left = self.exchanges.get(id.0).map(|exchange| &exchange.state);
        let Some(ExchangeState::Resting(_, Some(left))) = left else {
            return false;
        };
        let member = self.members.get(left.0);
        member.is_some_and(
            |member| matches!(member.state, MemberState::Draining(_, Some(next)) if next == id),
        )
    }

    /// A request has rested: its next attempt begins.
    pub(super) fn resume(&mut self, now: Now, id: RequestId) {
        let Some(exchange) = self.exchanges.get_mut(id.0) else {
            return;
        };
        if !matches!(exchange.state, ExchangeState::Resting(..)) {
            return;
        }
        exchange.began = now.tick;
        let (request, before) = (Arc::clone(&exchange.request), exchange.origin);
        // While it rested, its origin may have been forgotten.
        let origin = self.intern(&request);
        if let Some(exchange) = self.exchanges.get_mut(id.0) {
            exchange.origin = origin;
        }
        // One that it was led away from without a connection has nobody else who would.
        if before != origin {
            self.forget_if_unused(before);
        }
        if !self.ask(now, id) {
            self.enqueue(now, id, origin, Place::Back);
        }
        self.arm_request(id);
    }
}
