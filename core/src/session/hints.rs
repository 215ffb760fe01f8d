//! What the caller can do about an error, in words.

use std::borrow::Cow;

use super::error::Error;
use super::kind::ErrorKind;
use crate::base::{Progress, Stage};
use crate::policy::{RedirectError, StopReason};
use crate::pool::Shortage;

/// Advice, if there is some to give: on what went wrong, then on why it was not tried again.
pub(super) fn hint(error: &Error) -> Option<Cow<'static, str>> {
    match (of_kind(error), of_end(error)) {
        (Some(kind), Some(end)) => Some(format!("{kind}; {end}").into()),
        (kind, end) => kind.or(end),
    }
}

fn of_kind(error: &Error) -> Option<Cow<'static, str>> {
    Some(match (error.kind(), error.stage()) {
        (ErrorKind::Timeout, Stage::PoolWait) | (ErrorKind::PoolFull, _) => in_the_pool(error),
        (ErrorKind::Timeout, _) if error.is_ahead_of_time() => {
            "`Error::attempts` tells of the response that came in time; raise the deadline to see the next".into()
        }
        (ErrorKind::Timeout, stage) => setting(stage)?.into(),
        (ErrorKind::Peer(violation), _) => {
            let limit = violation.limit()?;
            format!("if the peer is trusted, raise `Limits::{}`", limit.field()).into()
        }
        (ErrorKind::SessionClosed, _) => "a closed session sends nothing: make another one".into(),
        (ErrorKind::Redirect(RedirectError::TooMany), _)
            if error.stop_reason() == Some(StopReason::Exhausted) =>
        {
            "`Error::attempts` has the history; each redirect spends `Retry::redirect` and `Retry::total`".into()
        }
        (ErrorKind::Redirect(error), _) => redirect(*error)?.into(),
        (ErrorKind::NoTls, _) => "only http can be asked".into(),
        (ErrorKind::AddressRefused, _) => "`Dialling::policy` decides which addresses may be dialled".into(),
        (ErrorKind::Tunnel(error), _) if error.refusal().is_some() => {
            "`Error::proxy_response` has what the proxy answered; nothing was sent to the origin".into()
        }
        _ => return None,
    })
}

fn redirect(error: RedirectError) -> Option<&'static str> {
    Some(match error {
        RedirectError::TooMany => {
            "`Error::attempts` has the history; the bound is `RedirectPolicy::max`"
        }
        RedirectError::Downgrade => "`RedirectPolicy::allow_downgrade` allows it",
        RedirectError::CannotReplay => {
            "hand the content over in memory, or do not follow and ask the new place yourself"
        }
        _ => return None,
    })
}

fn in_the_pool(error: &Error) -> Cow<'static, str> {
    let (field, limit) = match error.shortage() {
        Some(Shortage::PerOrigin(limit)) => ("live_per_origin", limit),
        Some(Shortage::Total(limit)) => ("live_total", limit),
        None => return "a limit of the pool was reached".into(),
    };
    let why = match error.limit() {
        Some(limit) => format!("the wait of {limit:?} passed"),
        None if limit == 0 => {
            return format!("with the `PoolLimits::{field}` of 0 nothing can be sent").into();
        }
        None => "`WhenFull::Fail` lets nobody wait".to_owned(),
    };
    let what = "raise it, or read responses to their end so that connections become free";
    format!("the `PoolLimits::{field}` of {limit} was reached and {why}: {what}").into()
}

/// The setting behind a time limit.
fn setting(stage: Stage) -> Option<&'static str> {
    Some(match stage {
        Stage::Resolve => "the limit is `Timeouts::resolve`",
        Stage::Connect => "the limit is `Timeouts::connect`, for all addresses together",
        Stage::Tunnel => "the limit is `Timeouts::tunnel`",
        Stage::ProxyTls | Stage::Tls => "the limit is `Timeouts::tls`",
        Stage::Send => "the limit is `Timeouts::send`",
        Stage::Head => {
            "the limit is `Timeouts::head`, or `Timeouts::read` without an octet from the peer"
        }
        Stage::Content => "the limit is `Timeouts::read`",
        Stage::Speed => "fewer octets moved in that time than `Timeouts::minimum_speed` asks for",
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
        Some(StopReason::Exhausted) => "the retries of its policy are used up",
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
