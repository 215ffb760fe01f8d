//! The words of a retry's verdict: what it depends on, what an attempt failed of, why there is no other.

use core::time::Duration;

use http::Method;

use super::replay::is_idempotent;
use crate::base::{Now, Tick};

/// What a verdict depends on besides the policy and what has happened.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The request's method.
    pub method: &'a Method,
    /// The application says that it may be sent twice, whatever its method.
    pub safe: bool,
    /// It has no content, or content that can be read again from its beginning.
    pub rewindable: bool,
    /// The present.
    pub now: Now,
    /// When the whole request must be over.
    pub deadline: Option<Tick>,
}

impl Facts<'_> {
    /// Whether a wait ends before the deadline. No wait asks for no time.
    pub(crate) fn leaves_time_for(&self, wait: Duration) -> bool {
        let late = |deadline| self.now.tick.after(wait) > deadline;
        wait.is_zero() || !self.deadline.is_some_and(late)
    }

    /// Whether the peer may see the request twice without harm, whatever a policy allows.
    pub(crate) fn harmless(&self) -> bool {
        self.rewindable && (self.safe || is_idempotent(self.method))
    }
}

/// What an attempt failed of, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The name has no address, or resolving it took too long.
    Resolve,
    /// No connection could be opened, or that took too long.
    Connect,
    /// The TLS handshake failed, or took too long.
    Tls,
    /// The peer's certificate is not trusted: it will not be next time.
    Certificate,
    /// The request could not be written.
    Write,
    /// The connection ended, or failed, before an answer.
    Read,
    /// The peer broke the protocol.
    Protocol,
    /// A time limit of sending, of waiting for the head, of reading or of speed passed.
    Silence,
    /// The time limit of one exchange passed.
    Exchange,
    /// The deadline of the whole request passed.
    Deadline,
    /// There was no place in the pool.
    PoolWait,
    /// The application, or the end of its session, ended it.
    Canceled,
    /// A hook of the application's refused it.
    Policy,
    /// The application's content failed.
    Content,
    /// The request was refused before anything was done, or the driver could not do its part.
    Refused,
}

/// The counter that a cause spends besides the total.
#[derive(Clone, Copy)]
pub(super) enum Counter {
    Connect,
    Read,
    Redirect,
    Status,
    Other,
}

impl Cause {
    /// The counter that a retry after this spends; an error says why there is none.
    pub(super) fn counter(self) -> Result<Counter, StopReason> {
        match self {
            Self::Resolve | Self::Connect => Ok(Counter::Connect),
            Self::Write | Self::Read | Self::Protocol | Self::Silence => Ok(Counter::Read),
            Self::Tls | Self::Exchange => Ok(Counter::Other),
            Self::Deadline => Err(StopReason::Deadline),
            Self::Certificate
            | Self::PoolWait
            | Self::Canceled
            | Self::Policy
            | Self::Content
            | Self::Refused => Err(StopReason::NotRetryable),
        }
    }
}

/// Why a request is not sent anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StopReason {
    /// The response is one that is not retried: in most cases a good one.
    Success,
    /// Nobody asked for retries.
    NoPolicy,
    /// It is nothing that a retry by itself would mend, or the response had begun.
    NotRetryable,
    /// The peer may have acted on the request, and the policy does not repeat its method.
    Method,
    /// Its content can be read only once.
    NotReplayable,
    /// A counter of the policy is used up.
    Exhausted,
    /// The peer asks for a longer wait than the policy grants.
    RetryAfterTooLong,
    /// The wait would end behind the deadline, or that has passed.
    Deadline,
    /// The session's budget for retries is used up.
    Budget,
    /// The application's hook said no.
    Vetoed,
    /// A redirect could not be followed.
    Redirect,
}

impl StopReason {
    /// A stable word for logs and tests.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::NoPolicy => "no-policy",
            Self::NotRetryable => "not-retryable",
            Self::Method => "method",
            Self::NotReplayable => "not-replayable",
            Self::Exhausted => "exhausted",
            Self::RetryAfterTooLong => "retry-after-too-long",
            Self::Deadline => "deadline",
            Self::Budget => "budget",
            Self::Vetoed => "vetoed",
            Self::Redirect => "redirect",
        }
    }
}

/// That a request goes no further, and what its application gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    /// Why.
    pub reason: StopReason,
    /// The response that came last is handed over; otherwise there is an error.
    pub delivers: bool,
}
