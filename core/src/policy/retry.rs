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

use http::{Method, StatusCode};

use super::replay::is_idempotent;
use super::retry_after::retry_after;
use crate::base::{Chance, Now, Progress, Tick};

/// What a request that has had no good answer may cost.
///
/// A counter says how many retries are left: `Some(0)` is none, `None` no bound but the others; each retry spends `total`
/// and one other. Nothing is retried without a policy; [`Retry::new`] makes one with urllib3's defaults.
///
/// What the application gets when a response was no good and is not retried:
///
/// | why ([`StopReason`]) | it gets |
/// |---|---|
/// | `Exhausted` | an error or the response, by [`on_exhausted`](Retry::on_exhausted) |
/// | `Method`, `NotReplayable`, `RetryAfterTooLong`, `Budget`, `Vetoed` | the response |
/// | `Deadline`: the wait would outlast it | an error, a timeout |
///
/// Never retried, whatever the counters say: what waited for the pool in vain, content that was not as announced, requests
/// that were refused, sessions that were closed, and whatever goes wrong behind the head of a response.
///
/// ```
/// use core::time::Duration;
/// use sessile_core::{Config, Retry};
/// // Retry(total=5, backoff_factor=0.1, status_forcelist=[500, 502, 503, 504])
/// let retry = Retry {
///     backoff_factor: Duration::from_millis(100),
///     statuses: vec![500, 502, 503, 504],
///     ..Retry::new(5)
/// };
/// // It waits 0, 0.2, 0.4, 0.8 and 1.6 seconds.
/// let config = Config { retry: Some(retry), ..Config::default() };
/// # let _ = config;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Retries and redirects together.
    pub total: Option<u32>,
    /// Retries after names that could not be resolved and connections that could not be opened, time limits included.
    pub connect: Option<u32>,
    /// Retries after a request that got no answer, or none that could be read: writing failed, the connection ended, the
    /// peer was silent or too slow, or broke the protocol.
    pub read: Option<u32>,
    /// Redirects. (Sessions do not follow them yet.)
    pub redirect: Option<u32>,
    /// Retries after a response with one of [`statuses`](Retry::statuses), or one that asks to come back.
    pub status: Option<u32>,
    /// Retries after whatever else went wrong: the time limit of an exchange, and TLS, when that comes.
    pub other: Option<u32>,
    /// The methods that may be repeated when the peer may have seen the request (urllib3's `allowed_methods`); `None` is
    /// every method. [`Retry::new`]: GET, HEAD, PUT, DELETE, OPTIONS and TRACE. A request that is marked [repeatable](crate::RequestBuilder::repeatable) may be, whatever its method,
    /// and so may any request of which nothing was sent.
    pub methods: Option<Vec<Method>>,
    /// The status codes that are retried (urllib3's `status_forcelist`). 413, 429 and 503 are retried besides, if the
    /// response has a Retry-After that can be used. [`Retry::new`]: none.
    pub statuses: Vec<u16>,
    /// The n-th retry in a row waits `backoff_factor` times 2^(n-1), but for the first, which does not wait.
    /// [`Retry::new`]: zero.
    pub backoff_factor: Duration,
    /// No wait of our own is longer: 120 s. (A Retry-After may be.)
    pub backoff_max: Duration,
    /// Up to so much is added to each wait of our own, by chance, so that many clients do not come back at one
    /// moment. [`Retry::new`]: none.
    pub backoff_jitter: Duration,
    /// Whether the peer's Retry-After replaces our wait (urllib3's `respect_retry_after_header`): it does.
    pub respect_retry_after: bool,
    /// The longest wait that a peer may ask for: 120 s. A response that asks for more is handed over instead: to come back
    /// earlier than asked would be rude.
    pub retry_after_max: Duration,
    /// What comes of a response when no retry is left (urllib3's `raise_on_status`): an error.
    pub on_exhausted: OnExhausted,
}

/// What the application gets when a retried status has used up all retries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnExhausted {
    /// An error, [`ErrorKind::Status`](crate::ErrorKind::Status).
    #[default]
    Error,
    /// The last response.
    Response,
}

impl Retry {
    /// So many retries for whatever reason; no other counter, no wait, no status but those that say when to come back.
    pub fn new(total: u32) -> Self {
        Self {
            total: Some(total),
            connect: None,
            read: None,
            redirect: None,
            status: None,
            other: None,
            methods: Some(IDEMPOTENT.to_vec()),
            statuses: Vec::new(),
            backoff_factor: Duration::ZERO,
            backoff_max: Duration::from_secs(120),
            backoff_jitter: Duration::ZERO,
            respect_retry_after: true,
            retry_after_max: Duration::from_secs(120),
            on_exhausted: OnExhausted::default(),
        }
    }

    fn allows(&self, facts: &Facts<'_>) -> bool {
        let listed = |methods: &Vec<Method>| methods.contains(facts.method);
        facts.safe || self.methods.as_ref().is_none_or(listed)
    }

    /// What the peer asks for, if that is to be looked at.
    fn hint(&self, value: Option<&[u8]>, now: Now) -> Option<Duration> {
        let value = value.filter(|_| self.respect_retry_after)?;
        retry_after(value, now.wall)
    }

    /// The wait before the n-th retry in a row.
    fn backoff(&self, run: u32, chance: &mut Chance) -> Duration {
        let doublings = run.saturating_sub(1);
        if doublings == 0 {
            return Duration::ZERO;
        }
        let factor = 1u128 << doublings.min(100);
        let wait = self.backoff_factor.as_nanos().checked_mul(factor);
        let wait = wait.map_or(Duration::MAX, from_nanos);
        wait.saturating_add(chance.up_to(self.backoff_jitter))
            .min(self.backoff_max)
    }
}

fn from_nanos(nanoseconds: u128) -> Duration {
    const A_SECOND: u128 = 1_000_000_000;
    let seconds = u64::try_from(nanoseconds / A_SECOND);
    let rest = u32::try_from(nanoseconds % A_SECOND).unwrap_or_default();
    seconds.map_or(Duration::MAX, |seconds| Duration::new(seconds, rest))
}

/// RFC 9110 §9.2.2, without those that only WebDAV knows.
const IDEMPOTENT: [Method; 6] = [
    Method::GET,
    Method::HEAD,
    Method::PUT,
    Method::DELETE,
    Method::OPTIONS,
    Method::TRACE,
];

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
enum Counter {
    Connect,
    Read,
    Redirect,
    Status,
    Other,
}

impl Cause {
    /// The counter that a retry after this spends; an error says why there is none.
    fn counter(self) -> Result<Counter, StopReason> {
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
        let listed = policy.statuses.contains(&status.as_u16());
        let hinted = matches!(status.as_u16(), 413 | 429 | 503) && hint.is_some();
        if !listed && !hinted {
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

/// The wait, if it ends before the deadline. No wait asks for no time.
fn in_time(wait: Duration, facts: &Facts<'_>) -> Result<Duration, Stop> {
    let late = |deadline: Tick| facts.now.tick.after(wait) > deadline;
    match wait.is_zero() || !facts.deadline.is_some_and(late) {
        true => Ok(wait),
        false => Err(fail(StopReason::Deadline)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
