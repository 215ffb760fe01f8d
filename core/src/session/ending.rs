//! Requests end: well, with an error, given up, or not at all, because they are sent anew on another connection.

use http::StatusCode;

use super::attempt::{AttemptOutcome, Next};
use super::connections::{Member, MemberState};
use super::error::Error;
use super::exchange::{Exchange, ExchangeState, Parting};
use super::judging::HeadVerdict;
use super::kind::ErrorKind;
use super::session::Session;
use crate::base::{CloseReason, ConnectionId, Now, Pulse, RequestId, Stage};
use crate::policy::{Loss, Replay};
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
        let connection = self.exchanges.discard(id.0, Exchange::connection);
        if let Some(connection) = connection.flatten() {
            self.come_back(now, connection, outcome);
        }
    }

    /// The request is over; its connection is in hands that will give it back.
    pub(crate) fn forget(&mut self, id: RequestId) {
        self.exchanges.remove(id.0);
    }

    /// A connection comes back from whoever drove it.
    #[inline]
    pub(crate) fn come_back(&mut self, now: Now, connection: ConnectionId, outcome: Outcome) {
        match outcome {
            Outcome::Reusable => self.release(now, connection),
            Outcome::Close(reason) => self.lose(now, connection, reason),
        }
    }

    /// The request was granted a kept connection that is dead: it asks for another one.
    pub(crate) fn try_again(&mut self, now: Now, id: RequestId, connection: ConnectionId) {
        self.send_anew(now, id, Place::Front);
        self.lose(now, connection, CloseReason::PeerEof);
    }

    /// The request lost a kept connection under way, and is sent once more on a fresh one.
    pub(crate) fn replay(
        &mut self,
        now: Now,
        id: RequestId,
        loss: ErrorKind,
        pulse: &Pulse,
        why: Replay,
    ) {
        let error = self.addressed(id, under_way(loss, pulse));
        self.note_attempt(now, id, AttemptOutcome::Failed(error), Next::Replay(why));
        if let Some(exchange) = self.exchanges.get_mut(id.0) {
            exchange.replays += 1;
            exchange.began = now.tick;
        }
        self.send_anew(now, id, Place::Fresh);
    }

    /// The peer has refused to be asked for a 100, and not touched the content: the request is sent without asking.
    pub(crate) fn drop_expectation(&mut self, now: Now, id: RequestId) {
        if let Some(exchange) = self.exchanges.get_mut(id.0) {
            exchange.expect_refused = true;
            exchange.began = now.tick;
        }
        self.send_anew(now, id, Place::Front);
    }

    /// Asks for another connection. Whoever calls loses the present one next, so that its place is there for the other.
    fn send_anew(&mut self, now: Now, id: RequestId, place: Place) {
        if let Some(exchange) = self.exchanges.get(id.0) {
            self.enqueue(now, id, exchange.origin, place);
            self.arm_request(id);
        }
    }

    /// Whether the request was sent with an expectation that a 417 may take back, once.
    pub(crate) fn may_drop_expectation(&self, id: RequestId) -> bool {
        let exchange = self.exchanges.get(id.0);
        exchange.is_some_and(|exchange| !exchange.expect_refused && !self.closed)
    }

    /// The request is to be sent without its expectation.
    pub(crate) fn refuse_expectation(&mut self, now: Now, id: RequestId) -> HeadVerdict {
        let outcome = AttemptOutcome::Status(StatusCode::EXPECTATION_FAILED);
        let Some(exchange) = self.exchanges.get_mut(id.0) else {
            return HeadVerdict::Abort;
        };
        let ExchangeState::Running(connection) = exchange.state else {
            return HeadVerdict::Abort;
        };
        exchange.state = ExchangeState::Parting(connection, Parting::WithoutExpectation);
        self.note_attempt(now, id, outcome, Next::WithoutExpectation);
        HeadVerdict::Part
    }

    /// What was decided about a request whose response is nobody's. From here on it has no connection, but for the one that
    /// is given back now; if it is not retried, it is over.
    pub(crate) fn part(&mut self, now: Now, id: RequestId) -> Parting {
        let gone = || Parting::Fail(Error::new(ErrorKind::SessionClosed, Stage::Head));
        let Some(exchange) = self.exchanges.get_mut(id.0) else {
            return gone();
        };
        let rest = ExchangeState::Resting(now.tick, None);
        let parting = match core::mem::replace(&mut exchange.state, rest) {
            ExchangeState::Parting(_, parting) => parting,
            other => {
                exchange.state = other;
                return gone();
            }
        };
        match parting {
            Parting::Anew { .. } | Parting::WithoutExpectation if self.closed => {
                let error = Error::new(ErrorKind::SessionClosed, Stage::PoolWait);
                let error = self.judge_failure(now, id, error, true);
                self.exchanges.remove(id.0);
                error.map_or_else(gone, Parting::Fail)
            }
            Parting::Anew { wait, here } => {
                self.rest(now, id, wait);
                Parting::Anew { wait, here }
            }
            Parting::WithoutExpectation => Parting::WithoutExpectation,
            Parting::Fail(error) => {
                self.exchanges.remove(id.0);
                Parting::Fail(error)
            }
        }
    }

    /// What is known of a request that lost its connection.
    pub(crate) fn loss(
        &self,
        id: RequestId,
        kept: bool,
        dead: bool,
        pulse: &Pulse,
        untouched: bool,
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
            rewindable: untouched || request.is_in_memory(),
        })
    }

    /// A request failed on its connection, which is given up. Returns the error to deliver, unless the request is retried.
    pub(crate) fn fail(
        &mut self,
        now: Now,
        id: RequestId,
        kind: ErrorKind,
        pulse: &Pulse,
        untouched: bool,
    ) -> Option<Error> {
        let mut error = under_way(kind, pulse);
        let exchange = self.exchanges.get_mut(id.0)?;
        let connection = exchange.connection();
        if let ExchangeState::Aborting(_, reason) = &exchange.state {
            error = reason.clone().caught_up(pulse);
        }
        let reason = match error.is_timeout() {
            true => CloseReason::Abandoned,
            false => CloseReason::TransportFailed,
        };
        let failed = self.judge_failure(now, id, error, untouched);
        if failed.is_some() {
            self.exchanges.remove(id.0);
        }
        if let Some(connection) = connection {
            self.lose(now, connection, reason);
        }
        self.resume_rested(now, id);
        failed
    }

    /// A request failed that has no connection in anybody's hands. Unless it is retried, its requester is woken to collect
    /// the error.
    ///
    /// A retry is the clock's, even one without a wait: where dials fail as soon as they are begun, it would be tried for
    /// ever in one turn of a loop, past every deadline.
    pub(super) fn fail_unconnected(&mut self, now: Now, id: RequestId, error: Error) {
        match self.judge_failure(now, id, error, true) {
            None => self.arm_request(id),
            Some(error) => {
                if let Some(exchange) = self.exchanges.get_mut(id.0) {
                    exchange.state = ExchangeState::Failed(error);
                    self.wakes.push_back(id);
                }
            }
        }
    }

    /// Fails a request whose exchange has not begun; its requester is woken to collect the error.
    pub(crate) fn fail_early(&mut self, now: Now, id: RequestId, kind: ErrorKind) {
        let Some(exchange) = self.exchanges.get(id.0) else {
            return;
        };
        match exchange.state {
            ExchangeState::Waiting(..) | ExchangeState::Resting(..) | ExchangeState::Granted(_) => {
            }
            ExchangeState::Running(_)
            | ExchangeState::Parting(..)
            | ExchangeState::Aborting(..)
            | ExchangeState::Asking
            | ExchangeState::Answered
            | ExchangeState::Failed(_) => return,
        }
        let granted = exchange.connection();
        self.give_up_waiting(now, id);
        self.fail_unconnected(now, id, Error::new(kind, Stage::PoolWait));
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
            ExchangeState::Running(connection)
            | ExchangeState::Parting(connection, _)
            | ExchangeState::Aborting(connection, _) => return Some(connection),
            ExchangeState::Waiting(..) => {
                self.give_up_waiting(now, id);
                self.exchanges.remove(id.0);
            }
            ExchangeState::Granted(connection) => {
                self.exchanges.remove(id.0);
                self.release(now, connection);
            }
            ExchangeState::Resting(..)
            | ExchangeState::Asking
            | ExchangeState::Answered
            | ExchangeState::Failed(_) => {
                self.exchanges.remove(id.0);
            }
        }
        self.forget_if_unused(origin);
        None
    }

    /// No further request is taken; those that wait or rest fail, those under way finish, idle connections go.
    pub(crate) fn close(&mut self, now: Now) {
        self.closed = true;
        let all: Vec<_> = self.exchanges.iter().map(|(key, _)| key).collect();
        for key in all {
            self.fail_early(now, RequestId(key), ErrorKind::SessionClosed);
        }
        self.close_idle(now);
        self.abandon_establishes(now);
    }

    /// Closes the connections that nobody uses.
    pub(crate) fn close_idle(&mut self, now: Now) {
        let is_idle = |member: &Member| matches!(member.state, MemberState::Idle(_));
        let idle = self.members.iter().filter(|(_, member)| is_idle(member));
        let idle: Vec<_> = idle.map(|(key, _)| ConnectionId(key)).collect();
        let reason = CloseReason::SessionClosed;
        for connection in idle {
            self.discard_idle(now, connection, reason);
        }
    }
}

/// The error of an exchange that was under way.
fn under_way(kind: ErrorKind, pulse: &Pulse) -> Error {
    let unknown = match pulse.sent() {
        0 => Stage::Send,
        _ => Stage::Content,
    };
    let stage = pulse.stage().unwrap_or(unknown);
    Error::in_exchange(kind, stage, pulse)
}
