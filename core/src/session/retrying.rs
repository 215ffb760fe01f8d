//! After an attempt: whether the request is sent anew, and when.
//!
//! The policies decide ([`crate::policy`]); here their verdicts are asked for, written into the attempt list, and acted
//! upon. A request that is sent anew rests first.

use core::time::Duration;

use http::StatusCode;

use super::attempt::{Attempt, AttemptOutcome, Attempts, ConnectionInfo, Next};
use super::error::Error;
use super::exchange::{Exchange, ExchangeState, Parting};
use super::hook::{RetryCase, RetryChoice};
use super::kind::ErrorKind;
use super::session::Session;
use crate::base::{Now, Progress, RequestId, Stage, Tick};
use crate::message::HeadRef;
use crate::policy::{Cause, Facts, Retries, Retry, Stop, StopReason};

impl Session {
    /// What becomes of a request whose response may be retried; `None` if that is for the application.
    pub(super) fn judge_status(
        &mut self,
        now: Now,
        id: RequestId,
        head: HeadRef<'_>,
        untouched: bool,
    ) -> Option<Parting> {
        let exchange = self.exchanges.get_mut(id.0)?;
        let policy = match exchange.request.retry_in(&self.config) {
            None => Err(StopReason::NoPolicy),
            Some(policy) if !policy.concerns(head.status()) => Err(StopReason::Success),
            // What is under way may finish; nothing begins.
            Some(_) if self.closed => Err(StopReason::NotRetryable),
            Some(policy) => Ok(policy.clone()),
        };
        let policy = match policy {
            Ok(policy) => policy,
            Err(reason) => {
                exchange.stop = reason;
                return None;
            }
        };
        let retries = self.retries_of(id, &policy);
        let verdict = self.retry_after_status(now, id, &policy, retries, head, untouched);
        self.act_on_status(now, id, head.status(), verdict)
    }

    fn retry_after_status(
        &mut self,
        now: Now,
        id: RequestId,
        policy: &Retry,
        mut retries: Retries,
        head: HeadRef<'_>,
        untouched: bool,
    ) -> Result<Duration, Stop> {
        let Some(exchange) = self.exchanges.get(id.0) else {
            return Err(stop(StopReason::NotRetryable, true));
        };
        let facts = exchange.facts(now, untouched);
        let hint = only_value(head);
        let judged = retries.after_status(policy, &facts, head.status(), hint);
        let outcome = AttemptOutcome::Status(head.status());
        let judged = judged.and_then(|wait| {
            self.confirm(now, id, &outcome, Some(head), wait)
                .map_err(|reason| stop(reason, reason != StopReason::Deadline))
        });
        self.keep_retries(id, retries);
        judged
    }

    fn act_on_status(
        &mut self,
        now: Now,
        id: RequestId,
        status: StatusCode,
        verdict: Result<Duration, Stop>,
    ) -> Option<Parting> {
        match verdict {
            Ok(wait) => {
                let outcome = AttemptOutcome::Status(status);
                self.note_attempt(now, id, outcome, Next::Retry { wait });
                Some(Parting::Anew { wait, here: true })
            }
            Err(Stop {
                reason,
                delivers: true,
            }) => {
                self.exchanges.get_mut(id.0)?.stop = reason;
                None
            }
            Err(Stop { reason, .. }) => Some(self.stopped_by_status(now, id, status, reason)),
        }
    }

    /// The request has failed of a response that is not handed over.
    pub(super) fn stopped_by_status(
        &mut self,
        now: Now,
        id: RequestId,
        status: StatusCode,
        reason: StopReason,
    ) -> Parting {
        let error = self.status_error(id, status, reason);
        self.fail_on_head(now, id, status, error, reason)
    }

    /// The error of a request whose last response is not handed over.
    fn status_error(&self, id: RequestId, status: StatusCode, reason: StopReason) -> Error {
        let (kind, stage) = match reason {
            StopReason::Deadline => (ErrorKind::Timeout, Stage::Deadline),
            _ => (ErrorKind::Status(status), Stage::Head),
        };
        let error = self.moved(id, Error::new(kind, stage));
        let limit = self.limit_of(id, stage).filter(|_| error.is_timeout());
        self.addressed(id, error.with_limit(limit))
    }

    /// An error, with what has moved on the request's connection.
    pub(super) fn moved(&self, id: RequestId, error: Error) -> Error {
        let connection = self.exchanges.get(id.0).and_then(Exchange::connection);
        match connection.and_then(|connection| self.members.get(connection.0)) {
            Some(member) => error.on(&member.pulse),
            None => error,
        }
    }

    /// An attempt has failed. `None`: the request rests, and [`Session::resume_rested`] is to be called when its
    /// connection is given back. Otherwise the error for the application; the state of the exchange is the caller's.
    pub(super) fn judge_failure(
        &mut self,
        now: Now,
        id: RequestId,
        error: Error,
        untouched: bool,
    ) -> Option<Error> {
        let error = self.addressed(id, error);
        let Some(exchange) = self.exchanges.get(id.0) else {
            return Some(error);
        };
        let verdict = match exchange.request.retry_in(&self.config).cloned() {
            None => Err(StopReason::NoPolicy),
            // What is under way may finish, but nothing is begun any more.
            Some(_) if self.closed => Err(StopReason::NotRetryable),
            Some(policy) => self.judge_error(now, id, &policy, &error, untouched),
        };
        let outcome = AttemptOutcome::Failed(error.clone());
        match verdict {
            Ok(wait) => {
                self.note_attempt(now, id, outcome, Next::Retry { wait });
                self.rest(now, id, wait);
                None
            }
            Err(reason) => {
                let harmless = self
                    .exchanges
                    .get(id.0)
                    .is_some_and(|exchange| exchange.facts(now, untouched).harmless());
                self.note_attempt(now, id, outcome, Next::Stop(reason));
                Some(self.settled(id, error.judged(harmless), reason))
            }
        }
    }

    fn judge_error(
        &mut self,
        now: Now,
        id: RequestId,
        policy: &Retry,
        error: &Error,
        untouched: bool,
    ) -> Result<Duration, StopReason> {
        let mut retries = self.retries_of(id, policy);
        let Some(exchange) = self.exchanges.get(id.0) else {
            return Err(StopReason::NotRetryable);
        };
        let facts = exchange.facts(now, untouched);
        let progress = match error.progress() {
            // What was handed over for it is gone, even if not an octet of it was sent.
            Progress::NotSent if !facts.rewindable => Progress::PartlySent,
            progress => progress,
        };
        let judged = retries.after_error(policy, &facts, cause(error), progress);
        let outcome = AttemptOutcome::Failed(error.clone());
        let judged = judged.map_err(|stop| stop.reason);
        let judged = judged.and_then(|wait| self.confirm(now, id, &outcome, None, wait));
        self.keep_retries(id, retries);
        judged
    }

    /// Whether a retry that the policy wants is made: the application may say no, and so may the budget.
    fn confirm(
        &mut self,
        now: Now,
        id: RequestId,
        outcome: &AttemptOutcome,
        head: Option<HeadRef<'_>>,
        wait: Duration,
    ) -> Result<Duration, StopReason> {
        let Some(exchange) = self.exchanges.get(id.0) else {
            return Err(StopReason::NotRetryable);
        };
        let mut wait = wait;
        if let Some(hook) = &self.config.retry_hook {
            let case = RetryCase {
                request: &exchange.request,
                attempts: exchange.behind(),
                retries: exchange.retries(),
                outcome,
                head,
                wait,
            };
            match hook.ask(&case) {
                RetryChoice::Proceed => {}
                RetryChoice::After(other) => wait = other,
                RetryChoice::Stop => return Err(StopReason::Vetoed),
            }
            if !exchange.facts(now, true).leaves_time_for(wait) {
                return Err(StopReason::Deadline);
            }
        }
        match self.tokens.as_mut().is_none_or(|tokens| tokens.spend()) {
            true => Ok(wait),
            false => Err(StopReason::Budget),
        }
    }

    pub(super) fn retries_of(&mut self, id: RequestId, policy: &Retry) -> Retries {
        let exchange = self.exchanges.get_mut(id.0);
        let course = exchange.and_then(|exchange| exchange.course.as_mut());
        let kept = course.and_then(|course| course.retries.take());
        kept.unwrap_or_else(|| Retries::drawing(policy, self.jitter.fork()))
    }

    pub(super) fn keep_retries(&mut self, id: RequestId, retries: Retries) {
        if let Some(exchange) = self.exchanges.get_mut(id.0) {
            exchange.course.get_or_insert_default().retries = Some(retries);
        }
    }

    /// Adds an attempt to the list.
    pub(super) fn note_attempt(
        &mut self,
        now: Now,
        id: RequestId,
        outcome: AttemptOutcome,
        next: Next,
    ) {
        let connection = self.info_of(id);
        if let Some(exchange) = self.exchanges.get_mut(id.0) {
            let attempt = Attempt {
                began: exchange.began,
                took: now.tick.since(exchange.began),
                connection,
                outcome,
                next,
                redirect: None,
            };
            let course = exchange.course.get_or_insert_default();
            course.attempts.push(attempt);
        }
    }

    /// The attempts of a request whose response was delivered.
    pub(crate) fn attempts(
        &self,
        id: RequestId,
        status: StatusCode,
        answered: Tick,
    ) -> Option<Attempts> {
        let exchange = self.exchanges.get(id.0)?;
        let course = exchange.course.as_ref();
        let mut attempts = course.map_or_else(Attempts::default, |course| course.attempts.clone());
        attempts.push(Attempt {
            began: exchange.began,
            took: answered.since(exchange.began),
            connection: self.info_of(id),
            outcome: AttemptOutcome::Status(status),
            next: Next::Stop(exchange.stop),
            redirect: None,
        });
        Some(attempts)
    }

    /// The connection that a request was given. From when it begins there, it is one of those that this has served.
    fn info_of(&self, id: RequestId) -> Option<ConnectionInfo> {
        let exchange = self.exchanges.get(id.0)?;
        let member = self.members.get(exchange.connection()?.0)?;
        let served = match exchange.state {
            ExchangeState::Granted(_) => member.served,
            _ => member.served.checked_sub(1)?,
        };
        let number = member.number;
        Some(ConnectionInfo { number, served })
    }

    /// The error behind all attempts of its request, which has none after this.
    pub(super) fn settled(&mut self, id: RequestId, error: Error, reason: StopReason) -> Error {
        let exchange = self.exchanges.get_mut(id.0);
        let course = exchange.and_then(|exchange| exchange.course.take());
        let attempts = course.map_or_else(Attempts::default, |course| course.attempts);
        error.after(attempts, reason)
    }

    /// The error with its request's URL.
    pub(super) fn addressed(&self, id: RequestId, error: Error) -> Error {
        match self.exchanges.get(id.0) {
            Some(exchange) => error.at(&exchange.request.url),
            None => error,
        }
    }
}

impl Exchange {
    fn facts(&self, now: Now, untouched: bool) -> Facts<'_> {
        Facts {
            method: &self.request.method,
            safe: self.request.safe,
            rewindable: untouched || self.request.is_in_memory(),
            now,
            deadline: self.deadline,
        }
    }

    fn retries(&self) -> usize {
        let attempts = self.behind().iter();
        attempts
            .filter(|attempt| matches!(attempt.next, Next::Retry { .. }))
            .count()
            + self
                .course
                .as_ref()
                .map_or(0, |course| course.attempts.left_out())
    }

    fn behind(&self) -> &[Attempt] {
        self.course.as_ref().map_or(&[], |course| &course.attempts)
    }
}

/// The value of Retry-After; a field that must stand once and stands twice says nothing.
pub(super) fn only_value<'a>(head: HeadRef<'a>) -> Option<&'a [u8]> {
    let mut values = head.fields().get_all("Retry-After");
    values.next().filter(|_| values.next().is_none())
}

fn stop(reason: StopReason, delivers: bool) -> Stop {
    Stop { reason, delivers }
}

/// What the retry policy is told of an error.
fn cause(error: &Error) -> Cause {
    match (error.kind(), error.stage()) {
        (ErrorKind::Resolve(_), _) | (ErrorKind::Timeout, Stage::Resolve) => Cause::Resolve,
        (ErrorKind::Connect(..), _) | (ErrorKind::Timeout, Stage::Connect) => Cause::Connect,
        (ErrorKind::Timeout | ErrorKind::PoolFull, Stage::PoolWait) => Cause::PoolWait,
        (ErrorKind::Timeout, Stage::Exchange) => Cause::Exchange,
        (ErrorKind::Timeout, Stage::Deadline) => Cause::Deadline,
        (
            ErrorKind::Timeout | ErrorKind::Transport(_),
            Stage::ProxyTls | Stage::Tunnel | Stage::Tls,
        ) => Cause::Connect,
        (ErrorKind::Tunnel(error), _) if error.may_pass() => Cause::Connect,
        (ErrorKind::Tls(error), Stage::ProxyTls | Stage::Tls) if error.may_pass() => Cause::Connect,
        (ErrorKind::Timeout, _) => Cause::Silence,
        (ErrorKind::Transport(_), Stage::Send) => Cause::Write,
        (ErrorKind::Closed | ErrorKind::Transport(_), _) => Cause::Read,
        // What the application made wrong is wrong the next time, too.
        (ErrorKind::Answer(error), _) if error.is_broken() => Cause::Refused,
        (ErrorKind::Answer(_), _) => Cause::Read,
        (ErrorKind::Peer(_), _) => Cause::Protocol,
        (ErrorKind::SessionClosed, _) => Cause::Canceled,
        (ErrorKind::Content(_), _) => Cause::Content,
        _ => Cause::Refused,
    }
}
