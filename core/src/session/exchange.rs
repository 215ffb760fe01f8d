//! One request under way: its states, and who acts in each.

use core::time::Duration;
use std::sync::Arc;

use super::answering::Answered;
use super::attempt::Attempts;
use super::config::Timeouts;
use super::error::Error;
use super::request::Request;
use super::timers::Patience;
use crate::base::{ConnectionId, Tick};
use crate::policy::{AuthenticationCourse, Redirects, Retries, StopReason};
use crate::pool::{OriginId, Place};

/// A request that was submitted and has not ended.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) request: Arc<Request>,
    /// Valid while it waits for, or has, a connection.
    pub(crate) origin: OriginId,
    pub(crate) state: ExchangeState,
    /// When the present attempt asked for a connection.
    pub(crate) began: Tick,
    /// When it went on its connection.
    pub(crate) granted: Tick,
    /// When the whole request must be over.
    pub(crate) deadline: Option<Tick>,
    /// Its entry among the timers.
    pub(crate) armed: Option<Tick>,
    /// What lies behind it, once it was sent anew.
    pub(crate) course: Option<Box<Course>>,
    /// How often it was sent once more because a kept connection had died.
    pub(crate) replays: u32,
    /// A peer has refused to be asked for a 100.
    pub(crate) expect_refused: bool,
    /// The present attempt asks for a 100.
    pub(crate) expects: bool,
    /// Why the response that was delivered is not followed by another attempt.
    pub(crate) stop: StopReason,
}

/// The attempts that a request has behind it, and what its policy has left for it.
#[derive(Debug, Default)]
pub(crate) struct Course {
    pub(crate) attempts: Attempts,
    pub(crate) retries: Option<Retries>,
    /// Where it began, once it was redirected.
    pub(crate) redirects: Option<Redirects>,
    /// What its present origin has asked it for.
    pub(crate) authentication: AuthenticationCourse,
    /// The answer to the last challenge, for the next attempt.
    pub(crate) answer: Option<Vec<u8>>,
    /// The same for the proxy that makes its requests.
    pub(crate) proxy: ProxyCourse,
    /// What it was answered, without a connection.
    pub(crate) answered: Option<Answered>,
    /// The request as the application made it, or a redirect, if the session has filled something in.
    pub(crate) bare: Option<Arc<Request>>,
}

/// What the proxy has asked a request for that it makes in its own name.
#[derive(Debug, Default)]
pub(crate) struct ProxyCourse {
    pub(crate) authentication: AuthenticationCourse,
    pub(crate) answer: Option<Vec<u8>>,
}

impl Course {
    pub(crate) fn of(bare: Arc<Request>) -> Box<Self> {
        Box::new(Self {
            bare: Some(bare),
            ..Self::default()
        })
    }
}

/// Where a request is. Each state has exactly one who acts next.
#[derive(Debug)]
pub(crate) enum ExchangeState {
    /// The pool: it stands in its origin's queue, until this tick at most.
    Waiting(Place, Option<Tick>),
    /// The requester, who was woken: this connection is its own, but was not collected yet.
    Granted(ConnectionId),
    /// The driver of this connection.
    Running(ConnectionId),
    /// The driver of this connection, which has shown it a response that is nobody's.
    Parting(ConnectionId, Parting),
    /// The driver of this connection, which must be given back: its time was up.
    Aborting(ConnectionId, Error),
    /// The clock: it is sent anew at this tick, but not before the connection is free that it has just left.
    Resting(Tick, Option<ConnectionId>),
    /// Whoever was asked for an answer.
    Asking,
    /// The requester, who was woken: only the answer is left to collect, which stands in the course.
    Answered,
    /// The requester, who was woken: only the error is left to collect.
    Failed(Error),
}

/// What becomes of a request whose response is nobody's.
#[derive(Debug)]
pub(crate) enum Parting {
    /// It is sent anew, or the one that follows it, after this wait; `here` if that needs the connection, or its place.
    Anew { wait: Duration, here: bool },
    /// It is sent without its expectation.
    WithoutExpectation,
    /// It has failed.
    Fail(Error),
}

/// What a requester finds when it asks for its connection.
#[derive(Debug)]
pub(crate) enum TakeUp {
    Wait,
    Use(ConnectionId),
    Abort(ConnectionId),
    Answered(Box<Answered>),
    Failed(Error),
}

impl Exchange {
    /// Its time limits: its own, or else the session's.
    pub(crate) fn timeouts<'a>(&'a self, session: &'a Timeouts) -> &'a Timeouts {
        self.request.timeouts_in(session)
    }

    /// How long it waits for its peer on its connection.
    pub(crate) fn patience<'a>(&'a self, session: &'a Timeouts) -> Patience<'a> {
        Patience {
            timeouts: self.timeouts(session),
            expects: self.expects,
            granted: self.granted,
            deadline: self.deadline,
        }
    }

    /// The connection that it is on, whoever acts.
    pub(crate) fn connection(&self) -> Option<ConnectionId> {
        match self.state {
            ExchangeState::Granted(connection)
            | ExchangeState::Running(connection)
            | ExchangeState::Parting(connection, _)
            | ExchangeState::Aborting(connection, _) => Some(connection),
            ExchangeState::Waiting(..)
            | ExchangeState::Resting(..)
            | ExchangeState::Asking
            | ExchangeState::Answered
            | ExchangeState::Failed(_) => None,
        }
    }
}
