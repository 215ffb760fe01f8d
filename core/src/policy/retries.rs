//! Whether a request is sent anew after an attempt that was no good, and after how long a wait.
//!
//! The model is that of urllib3's `Retry`: counters for what may go wrong, of which each retry spends one and `total`; a
//! wait that doubles. Repaired: what may have reached the peer is repeated only if that does no harm (RFC 9110 §9.2.2),
//! nothing is repeated behind the head of a response that the application was shown, a wait never outlasts the deadline,
//! and a peer that asks for a longer wait than we are willing to is taken at its word.
//!
//! The questions come in a fixed order, and the first that says no names the reason:
//! status: is it to be retried at all → method → content → counters → the peer's wait → deadline;
//! error: may its kind be retried → (unless nothing was sent) method → content → counters → deadline;
//! redirect: counters → content → the peer's wait → deadline.

use core::time::Duration;

use http::StatusCode;

use super::retry::{OnExhausted, Retry, is_hinted};
use super::verdict::{Cause, Counter, Facts, Stop, StopReason};
use crate::base::{Chance, Progress};

/// What is left of a policy's counters, for one request.
///
/// ```
/// use core::time::Duration;
/// use sessile_core::{Facts, Method, Now, Retries, Retry, StatusCode};
/// let policy = Retry { statuses: vec![503], ..Retry::new(1) };
/// let facts = Facts {
///     method: &Method::GET, safe: false, rewindable: true, now: Now::default(), deadline: None,
/// };
/// let mut retries = Retries::of(&policy, [0; 32]);
/// let busy = StatusCode::SERVICE_UNAVAILABLE;
/// assert_eq!(retries.after_status(&policy, &facts, busy, None), Ok(Duration::ZERO));
/// let stop = retries.after_status(&policy, &facts, busy, None).unwrap_err();
/// assert_eq!((stop.reason.as_str(), stop.delivers), ("exhausted", false));
/// ```
#[derive(Clone, Debug)]
pub struct Retries {
    total: Option<u32>,
    connect: Option<u32>,
    read: Option<u32>,
    redirect: Option<u32>,
    status: Option<u32>,
    other: Option<u32>,
    /// Retries since the request began, or since the last redirect.
    run: u32,
    chance: Chance,
}

impl Retries {
    /// All that a policy grants. The seed is where its jitter comes from.
    pub fn of(policy: &Retry, seed: [u8; 32]) -> Self {
        Self::drawing(policy, Chance::new(&seed, "jitter"))
    }

    pub(crate) fn drawing(policy: &Retry, chance: Chance) -> Self {
        Self {
            total: policy.total,
            connect: policy.connect,
            read: policy.read,
            redirect: policy.redirect,
            status: policy.status,
            other: policy.other,
            run: 0,
            chance,
        }
    }

    /// A response has come: how long to wait before the request is sent anew.
    ///
    /// # Errors
    /// That it is not.
    pub fn after_status(
        &mut self,
        policy: &Retry,
        facts: &Facts<'_>,
        status: StatusCode,
        retry_after: Option<&[u8]>,
    ) -> Result<Duration, Stop> {
        let deliver = |reason| Stop {
            reason,
            delivers: true,
        };
        let hint = policy.hint(retry_after, facts.now);
        let hinted = is_hinted(status) && hint.is_some();
        if !policy.lists(status) && !hinted {
            return Err(deliver(StopReason::Success));
        }
        if !policy.allows(facts) {
            return Err(deliver(StopReason::Method));
        }
        if !facts.rewindable {
            return Err(deliver(StopReason::NotReplayable));
        }
        self.spend(Counter::Status).map_err(|reason| Stop {
            reason,
            delivers: policy.on_exhausted == OnExhausted::Response,
        })?;
        let wait = self.next_wait(policy, hint).map_err(deliver)?;
        in_time(wait, facts)
    }

    /// An attempt has failed: how long to wait before the next.
    ///
    /// # Errors
    /// That there is none.
    pub fn after_error(
        &mut self,
        policy: &Retry,
        facts: &Facts<'_>,
        cause: Cause,
        progress: Progress,
    ) -> Result<Duration, Stop> {
        let counter = cause.counter().map_err(fail)?;
        match progress {
            Progress::NotSent => {}
            Progress::HeadSeen => return Err(fail(StopReason::NotRetryable)),
            Progress::PartlySent | Progress::Sent if !policy.allows(facts) => {
                return Err(fail(StopReason::Method));
            }
            Progress::PartlySent | Progress::Sent if !facts.rewindable => {
                return Err(fail(StopReason::NotReplayable));
            }
            Progress::PartlySent | Progress::Sent => {}
        }
        self.spend(counter).map_err(fail)?;
        let wait = self.next_wait(policy, None).map_err(fail)?;
        in_time(wait, facts)
    }

    /// A redirect is to be followed by the request that `facts` describe: how long to wait before.
    ///
    /// # Errors
    /// That it is not followed.
    pub fn after_redirect(
        &mut self,
        policy: &Retry,
        facts: &Facts<'_>,
        retry_after: Option<&[u8]>,
    ) -> Result<Duration, Stop> {
        self.spend(Counter::Redirect).map_err(fail)?;
        if !facts.rewindable {
            return Err(fail(StopReason::NotReplayable));
        }
        self.run = 0;
        let wait = policy.hint(retry_after, facts.now).unwrap_or_default();
        if wait > policy.retry_after_max {
            return Err(Stop {
                reason: StopReason::RetryAfterTooLong,
                delivers: true,
            });
        }
        in_time(wait, facts)
    }

    fn spend(&mut self, counter: Counter) -> Result<(), StopReason> {
        let left = match counter {
            Counter::Connect => &mut self.connect,
            Counter::Read => &mut self.read,
            Counter::Redirect => &mut self.redirect,
            Counter::Status => &mut self.status,
            Counter::Other => &mut self.other,
        };
        if self.total == Some(0) || *left == Some(0) {
            return Err(StopReason::Exhausted);
        }
        for left in [&mut self.total, left].into_iter().flatten() {
            *left -= 1;
        }
        Ok(())
    }

    /// The wait before one more retry: what the peer asks for, or else our own.
    fn next_wait(
        &mut self,
        policy: &Retry,
        hint: Option<Duration>,
    ) -> Result<Duration, StopReason> {
        self.run = self.run.saturating_add(1);
        match hint {
            Some(wait) if wait > policy.retry_after_max => Err(StopReason::RetryAfterTooLong),
            Some(wait) => Ok(wait),
            None => Ok(policy.backoff(self.run, &mut self.chance)),
        }
    }
}

fn fail(reason: StopReason) -> Stop {
    Stop {
        reason,
        delivers: false,
    }
}

/// The wait, if there is time for it.
fn in_time(wait: Duration, facts: &Facts<'_>) -> Result<Duration, Stop> {
    match facts.leaves_time_for(wait) {
        true => Ok(wait),
        false => Err(fail(StopReason::Deadline)),
    }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;
    use crate::base::{Now, Tick};

    fn facts(method: &Method) -> Facts<'_> {
        Facts {
            method,
            safe: false,
            rewindable: true,
            now: Now::default(),
            deadline: None,
        }
    }

    fn waits(policy: &Retry, count: usize) -> Vec<Duration> {
        let mut retries = Retries::of(policy, [7; 32]);
        let busy = StatusCode::SERVICE_UNAVAILABLE;
        let mut wait = || retries.after_status(policy, &facts(&Method::GET), busy, None);
        core::iter::from_fn(|| wait().ok()).take(count).collect()
    }

    #[test]
    fn the_wait_doubles_from_the_second_retry_on() {
        let policy = Retry {
            backoff_factor: Duration::from_millis(100),
            statuses: vec![500, 502, 503, 504],
            ..Retry::new(5)
        };
        let expected = [0, 200, 400, 800, 1_600].map(Duration::from_millis);
        assert_eq!(waits(&policy, 9), expected);
    }

    #[test]
    fn no_count_and_no_factor_overflows() {
        let endless = |backoff_factor| Retry {
            total: None,
            backoff_factor,
            statuses: vec![503],
            ..Retry::new(0)
        };
        let slow = waits(&endless(Duration::MAX), 100);
        assert_eq!(slow[1..], [Duration::from_secs(120); 99]);
        let doubling = waits(&endless(Duration::from_nanos(1)), 100);
        assert_eq!(doubling[36], Duration::from_nanos(1 << 36));
        assert_eq!(doubling[99], Duration::from_secs(120));
        assert!(
            waits(&endless(Duration::ZERO), 100)
                .iter()
                .all(Duration::is_zero)
        );
    }

    #[test]
    fn jitter_is_added_below_the_cap_and_comes_from_the_seed() {
        let policy = Retry {
            total: None,
            backoff_factor: Duration::from_secs(1),
            backoff_jitter: Duration::from_secs(1),
            backoff_max: Duration::from_secs(5),
            statuses: vec![503],
            ..Retry::new(0)
        };
        let drawn = waits(&policy, 50);
        assert_eq!(drawn, waits(&policy, 50));
        assert_eq!(drawn[0], Duration::ZERO);
        let second = Duration::from_secs(2)..=Duration::from_secs(3);
        assert!(second.contains(&drawn[1]) && drawn[1] != *second.start());
        assert_eq!(drawn[3..], [Duration::from_secs(5); 47]);
    }

    #[test]
    fn at_the_end_of_time_a_wait_is_in_time() {
        let end = Tick::from_nanos(u64::MAX);
        let method = Method::GET;
        let mut facts = facts(&method);
        facts.now = Now::new(end, Duration::MAX);
        facts.deadline = Some(end);
        assert!(in_time(Duration::MAX, &facts).is_ok());
        facts.deadline = Some(Tick::default());
        assert!(in_time(Duration::from_nanos(1), &facts).is_err());
        assert!(in_time(Duration::ZERO, &facts).is_ok());
    }
}
