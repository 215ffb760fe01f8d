//! What the caller can do about an error, in words.

use std::borrow::Cow;

use super::error::Error;
use super::kind::ErrorKind;
use crate::base::{Progress, Stage};
use crate::policy::StopReason;
use crate::pool::Shortage;

/// Advice, if there is some to give. The most particular comes first.
pub(super) fn hint(error: &Error) -> Option<Cow<'static, str>> {
    of_kind(error).or_else(|| of_end(error))
}

fn of_kind(error: &Error) -> Option<Cow<'static, str>> {
    Some(match (error.kind(), error.stage()) {
        (ErrorKind::Timeout, Stage::PoolWait) => in_the_pool(error, "passed"),
        (ErrorKind::PoolFull, _) => in_the_pool(error, "is not waited for"),
        (ErrorKind::Timeout, Stage::Deadline)
            if error.stop_reason() == Some(StopReason::Deadline) =>
        {
            "the deadline leaves no time for the next attempt: see `Error::attempts`, or raise it"
                .into()
        }
        (ErrorKind::Timeout, stage) => setting(stage)?.into(),
        (ErrorKind::Peer(violation), _) => {
            let limit = violation.limit()?;
            format!("if the peer is trusted, raise `Limits::{}`", limit.field()).into()
        }
        _ => return None,
    })
}

fn in_the_pool(error: &Error, wait: &str) -> Cow<'static, str> {
    let limit = match error.shortage() {
        Some(Shortage::PerOrigin(limit)) => {
            format!("the `PoolLimits::live_per_origin` of {limit} was reached")
        }
        Some(Shortage::Total(limit)) => {
            format!("the `PoolLimits::live_total` of {limit} was reached")
        }
        None => "the pool's limit was reached".into(),
    };
    let waited = match error.limit() {
        Some(limit) => format!(" and the wait of {limit:?} passed"),
        None => format!(" and a place {wait}"),
    };
    format!(
        "{limit}{waited}: raise it, or read responses to their end so that connections become free"
    )
    .into()
}

/// The setting behind a time limit.
fn setting(stage: Stage) -> Option<&'static str> {
    Some(match stage {
        Stage::Resolve => "the limit is `Timeouts::resolve`",
        Stage::Connect => "the limit is `Timeouts::connect`, for all addresses together",
        Stage::Send => "the limit is `Timeouts::send`",
        Stage::Head => {
            "the limit is `Timeouts::head`, or `Timeouts::read` without an octet from the peer"
        }
        Stage::Content => "the limit is `Timeouts::read`",
        Stage::Speed => "the limit is `Timeouts::minimum_speed`",
        Stage::Exchange => "the limit is `Timeouts::exchange`",
        Stage::Deadline => "the limit is the request's own, or `Timeouts::deadline`",
        Stage::Prepare | Stage::PoolWait | Stage::Continue => return None,
    })
}

/// Why there was no other attempt, where the application could change that.
fn of_end(error: &Error) -> Option<Cow<'static, str>> {
    let lost = matches!(
        error.kind(),
        ErrorKind::Closed
            | ErrorKind::Transport(_)
            | ErrorKind::Connect(..)
            | ErrorKind::Resolve(_)
    );
    let text = match error.stop_reason() {
        Some(StopReason::Exhausted) => "all retries of its policy were used up",
        Some(StopReason::Budget) => "the session's `RetryBudget` was used up",
        Some(StopReason::Vetoed) => "the session's `RetryHook` stopped it",
        Some(StopReason::NotReplayable) => {
            "it was not sent again because its content can be read only once"
        }
        _ if lost && error.progress() == Progress::NotSent => {
            "nothing was sent: the request may be repeated whatever its method"
        }
        Some(StopReason::Method | StopReason::NoPolicy)
            if lost && !error.is_retryable() && error.was_kept() =>
        {
            "it was lost on a kept connection, and not sent again because the peer may have acted on it: mark it \
             `repeatable` if that does no harm"
        }
        Some(StopReason::Method) => {
            "its method is not retried, because the peer may have acted on it: mark it `repeatable` if that does no harm"
        }
        _ => return None,
    };
    Some(text.into())
}
