//! The retry policy: what may be tried again, how often, and after which wait.

use core::time::Duration;

use http::{Method, StatusCode};

use super::replay::IDEMPOTENT;
use super::retry_after::retry_after;
use super::verdict::Facts;
use crate::base::{Chance, Now};

/// What a request that has had no good answer may cost.
///
/// A counter says how many retries are left: `Some(0)` is none, `None` no bound but the others; each retry spends `total`
/// and one other. Nothing is retried without a policy; [`Retry::new`] makes one with urllib3's defaults.
///
/// What the application gets when a response was no good and is not retried:
///
/// | why ([`StopReason`](crate::StopReason)) | it gets |
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
    /// Redirects; [`RedirectPolicy::max`](crate::RedirectPolicy::max) bounds them, too.
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

    /// Whether a response with this status may be a question at all: most are none.
    pub(crate) fn concerns(&self, status: StatusCode) -> bool {
        self.lists(status) || is_hinted(status)
    }

    pub(super) fn lists(&self, status: StatusCode) -> bool {
        self.statuses.contains(&status.as_u16())
    }

    pub(super) fn allows(&self, facts: &Facts<'_>) -> bool {
        let listed = |methods: &Vec<Method>| methods.contains(facts.method);
        facts.safe || self.methods.as_ref().is_none_or(listed)
    }

    /// What the peer asks for, if that is to be looked at.
    pub(super) fn hint(&self, value: Option<&[u8]>, now: Now) -> Option<Duration> {
        let value = value.filter(|_| self.respect_retry_after)?;
        retry_after(value, now.wall)
    }

    /// The wait before the n-th retry in a row.
    pub(super) fn backoff(&self, run: u32, chance: &mut Chance) -> Duration {
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

/// Whether a Retry-After makes this status one to be retried, listed or not.
pub(super) fn is_hinted(status: StatusCode) -> bool {
    matches!(status.as_u16(), 413 | 429 | 503)
}

fn from_nanos(nanoseconds: u128) -> Duration {
    const A_SECOND: u128 = 1_000_000_000;
    let seconds = u64::try_from(nanoseconds / A_SECOND);
    let rest = u32::try_from(nanoseconds % A_SECOND).unwrap_or_default();
    seconds.map_or(Duration::MAX, |seconds| Duration::new(seconds, rest))
}
