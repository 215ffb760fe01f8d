//! The application's last word on each retry.

use core::fmt;
use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::attempt::{Attempt, AttemptOutcome};
use super::request::Request;
use crate::message::HeadRef;

/// What a hook is asked about: a retry that the policy is about to make.
#[derive(Debug)]
pub struct RetryCase<'a> {
    /// The request.
    pub request: &'a Request,
    /// The attempts before the last, replays among them.
    pub attempts: &'a [Attempt],
    /// How many retries were made so far.
    pub retries: usize,
    /// What came of the last.
    pub outcome: &'a AttemptOutcome,
    /// The head of the response, if there was one.
    pub head: Option<HeadRef<'a>>,
    /// The wait that the policy wants.
    pub wait: Duration,
}

/// What a hook says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryChoice {
    /// As the policy wants it.
    Proceed,
    /// After this wait instead. (The deadline holds all the same.)
    After(Duration),
    /// Not at all: the response is handed over, or the error.
    Stop,
}

/// A function of the application's that may veto or reshape each retry. It must not block nor call its session, which is
/// locked meanwhile, and is not told of replays. If it panics, that is a [`RetryChoice::Stop`].
///
/// ```
/// use core::time::Duration;
/// use sessile_core::{Config, Retry, RetryChoice, RetryHook};
/// let hook = RetryHook::new(|case| match case.retries {
///     0 => RetryChoice::After(Duration::from_millis(10)),
///     1..=3 => RetryChoice::Proceed,
///     _ => RetryChoice::Stop,
/// });
/// let config = Config { retry: Some(Retry::new(9)), retry_hook: Some(hook), ..Config::default() };
/// # let _ = config;
/// ```
#[derive(Clone)]
pub struct RetryHook(Arc<Ask>);

type Ask = dyn Fn(&RetryCase<'_>) -> RetryChoice + Send + Sync;

impl RetryHook {
    /// A hook from a function.
    pub fn new(ask: impl Fn(&RetryCase<'_>) -> RetryChoice + Send + Sync + 'static) -> Self {
        Self(Arc::new(ask))
    }

    /// A panic stops here, as if the application had said no: it would cost the request's connection its place, and
    /// whoever watches the clock for others its life.
    pub(super) fn ask(&self, case: &RetryCase<'_>) -> RetryChoice {
        catch_unwind(AssertUnwindSafe(|| (self.0)(case))).unwrap_or(RetryChoice::Stop)
    }
}

impl fmt::Debug for RetryHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a hook")
    }
}
