//! What one request went through: each attempt to send it, and why there was another, or none.

use core::fmt;
use core::ops::Deref;
use core::time::Duration;
use std::sync::Arc;

use http::StatusCode;
use smallvec::SmallVec;
use url::Url;

use super::error::Error;
use crate::base::Tick;
use crate::message::{HeadRef, ResponseHead, redacted};
use crate::policy::{Replay, StopReason};

/// Which connection a request uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConnectionInfo {
    /// Its number in the order in which the session opened connections, from 1. 0 stands for none: the request was answered
    /// by [what a mount names](crate::Answering).
    pub number: u64,
    /// How many requests it had served before this one.
    pub served: u64,
}

impl fmt::Display for ConnectionInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.number == 0 {
            return f.write_str("no connection");
        }
        let use_ = if self.served == 0 { "new" } else { "reused" };
        write!(f, "connection #{}, {use_}", self.number)
    }
}

/// One attempt to get a request answered.
#[derive(Clone)]
pub struct Attempt {
    /// When it began, on the driver's clock: when the request asked the pool for a connection.
    pub began: Tick,
    /// From then to the head of its response, or to its failure.
    pub took: Duration,
    /// The connection that it was given; none if it came to none.
    pub connection: Option<ConnectionInfo>,
    /// What came of it.
    pub outcome: AttemptOutcome,
    /// What followed.
    pub next: Next,
    /// The redirect that it brought, if that was followed.
    pub redirect: Option<Arc<Hop>>,
}

/// A redirect that was followed.
#[derive(Clone)]
pub struct Hop {
    url: Url,
    head: ResponseHead,
}

impl Hop {
    pub(super) fn new(url: &Url, head: HeadRef<'_>) -> Self {
        let mut url = url.clone();
        // A URL with a host takes both.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        let head = head.to_owned();
        Self { url, head }
    }

    /// The URL that was asked, without userinfo.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The status of the response.
    pub fn status(&self) -> StatusCode {
        self.head().status()
    }

    /// The head of the response.
    pub fn head(&self) -> HeadRef<'_> {
        self.head.as_ref()
    }
}

impl fmt::Debug for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status().as_u16(), redacted(&self.url))
    }
}

/// What came of an attempt.
#[derive(Clone, Debug)]
pub enum AttemptOutcome {
    /// A response with this status.
    Status(StatusCode),
    /// An error, which has no attempts of its own.
    Failed(Error),
}

/// What followed an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Next {
    /// The request was retried after this wait.
    Retry {
        /// The wait.
        wait: Duration,
    },
    /// The request that follows a redirect was sent after this wait.
    Redirect {
        /// The wait: none, unless there is a retry policy and the peer asked for one.
        wait: Duration,
    },
    /// It was sent once more at once, on a new connection, because a kept one had died. That is no retry: no policy is
    /// asked and nothing is charged.
    Replay(Replay),
    /// The peer had asked for credentials: it was sent with them.
    Authentication,
    /// The peer had refused the expectation of a 100: it was sent without.
    WithoutExpectation,
    /// Nothing: this was the last.
    Stop(StopReason),
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Attempt {
    /// A sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.outcome {
            AttemptOutcome::Status(status) => write!(f, "status {}", status.as_u16())?,
            AttemptOutcome::Failed(error) => write!(f, "{}", error.code())?,
        }
        if let Some(connection) = self.connection {
            write!(f, " by {connection},")?;
        }
        write!(f, " after {:?}: {}", self.took, self.next)
    }
}

impl fmt::Display for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Retry { wait } => write!(f, "retried after a wait of {wait:?}"),
            Self::Redirect { wait } if wait.is_zero() => f.write_str("redirected"),
            Self::Redirect { wait } => write!(f, "redirected after a wait of {wait:?}"),
            Self::Replay(why) => write!(f, "replayed ({})", why.as_str()),
            Self::Authentication => f.write_str("sent with the credentials that were asked for"),
            Self::WithoutExpectation => f.write_str("sent without the expectation"),
            Self::Stop(why) => write!(f, "the last ({})", why.as_str()),
        }
    }
}

/// How many attempts are listed: a policy without a bound must not fill the memory.
const MOST: usize = 100;

/// The attempts of a request, in order; a slice of them. Of more than 100 those in the middle are left out.
#[derive(Clone, Default)]
pub struct Attempts {
    list: SmallVec<[Attempt; 1]>,
    left_out: usize,
}

impl Attempts {
    pub(crate) fn push(&mut self, attempt: Attempt) {
        if self.list.len() >= MOST {
            self.list.remove(MOST / 2);
            self.left_out += 1;
        }
        self.list.push(attempt);
    }

    /// The last of them was a redirect, which is followed.
    pub(super) fn redirected(&mut self, hop: Hop) {
        if let Some(last) = self.list.last_mut() {
            last.redirect = Some(Arc::new(hop));
        }
    }

    /// The redirects that were followed, in order.
    pub fn history(&self) -> impl Iterator<Item = &Hop> {
        let hops = self.list.iter().map(|attempt| attempt.redirect.as_deref());
        hops.flatten()
    }

    /// How many are left out, behind the first fifty.
    pub fn left_out(&self) -> usize {
        self.left_out
    }
}

impl Deref for Attempts {
    type Target = [Attempt];

    fn deref(&self) -> &[Attempt] {
        &self.list
    }
}

impl<'a> IntoIterator for &'a Attempts {
    type Item = &'a Attempt;
    type IntoIter = core::slice::Iter<'a, Attempt>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

impl fmt::Debug for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.list).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_and_the_last_are_listed() {
        let mut attempts = Attempts::default();
        for number in 0..1_000 {
            attempts.push(Attempt {
                began: Tick::from_nanos(number),
                took: Duration::ZERO,
                connection: None,
                outcome: AttemptOutcome::Status(StatusCode::SERVICE_UNAVAILABLE),
                next: Next::Retry {
                    wait: Duration::ZERO,
                },
                redirect: None,
            });
        }
        let began: Vec<_> = attempts.iter().map(|it| it.began.as_nanos()).collect();
        let expected: Vec<_> = (0..50).chain(950..1_000).collect();
        assert_eq!((began, attempts.left_out()), (expected, 900));
    }
}
