//! Requests end: well, with an error, given up, or not at all, because they are sent anew on another connection.

use super::connections::MemberState;
use super::error::{Error, ErrorKind};
use super::exchange::ExchangeState;
use super::session::Session;
use crate::base::{CloseReason, ConnectionId, Now, Pulse, RequestId, Stage};
use crate::policy::Loss;
use crate::pool::Place;

/// How an exchange left its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Reusable,
    Close(CloseReason),
}

impl Session {
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

    /// Ends a request that failed on its connection; returns the error to deliver.
    pub(crate) fn fail(
        &mut self,
        now: Now,
        id: RequestId,
        kind: ErrorKind,
        pulse: &Pulse,
    ) -> Error {
        let stage = pulse.stage().unwrap_or(Stage::Content);
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
}
