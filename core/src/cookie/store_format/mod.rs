//! Jars as text, to be kept in files: the core hands the octets over and takes them back, and touches no file.
//!
//! What is read is judged as a Set-Cookie line of a secure origin is, step by step: a file that somebody has written by
//! hand, or upon, can put no cookie into a jar that no server could.

#[cfg(feature = "json")]
mod json;
mod netscape;
#[cfg(test)]
mod tests;

use core::fmt;
use core::time::Duration;

use super::accept::Audience;
use super::set_cookie::SetCookie;
use super::stored::{CookieRef, Moment, Stored};
use super::{CookieJar, CookieRejection};

/// Whether cookies without an expiry are written, too: those that end with the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionCookies {
    /// All are written; whoever reads them goes on with the session.
    Write,
    /// They end here.
    LeaveOut,
}

/// What is wrong with a file of cookies, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CookieFileError {
    line: usize,
    problem: CookieFileProblem,
}

impl CookieFileError {
    fn new(line: usize, problem: CookieFileProblem) -> Self {
        Self { line, problem }
    }

    /// The line, of which the first is 1. In JSON, the one on which the cookie begins.
    pub fn line(self) -> usize {
        self.line
    }

    /// What is wrong.
    pub fn problem(self) -> CookieFileProblem {
        self.problem
    }
}

/// What is wrong with a line, or with a cookie of a JSON file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CookieFileProblem {
    /// There are so many columns, divided by HTAB, and not seven.
    Columns(usize),
    /// The second or fourth column is neither TRUE nor FALSE.
    Flag,
    /// The expiry is no number of seconds.
    Expiry,
    /// The file is no JSON, or is cut short.
    Json,
    /// The value of this key is missing, or of another type.
    Key(&'static str),
    /// The file was written by a later version: reading it might lose something, so nothing was read.
    NewerVersion(u64),
    /// The jar does not take the cookie.
    Rejected(CookieRejection),
}

impl fmt::Display for CookieFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.problem)
    }
}

impl core::error::Error for CookieFileError {}

impl fmt::Display for CookieFileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Columns(columns) => {
                write!(
                    f,
                    "a cookie has seven columns, divided by tabs, and here are {columns}"
                )
            }
            Self::Flag => f.write_str("the second and fourth columns are TRUE or FALSE"),
            Self::Expiry => {
                f.write_str("the expiry is a number of seconds since 1970, or 0 for none")
            }
            Self::Json => f.write_str("no JSON, or cut short"),
            Self::Key(key) => write!(f, "`{key}` is missing or of another type"),
            Self::NewerVersion(version) => write!(
                f,
                "version {version} of the format is later than the {} known here: nothing was read",
                FORMAT_VERSION
            ),
            Self::Rejected(reason) => write!(f, "a cookie that the jar does not take: {reason}"),
        }
    }
}

/// The version of the JSON that is written.
const FORMAT_VERSION: u64 = 1;

/// A cookie that was read and judged, but is not yet in the jar.
struct Candidate {
    audience: Audience,
    cookie: Stored,
    /// In what order cookies were used last; only which is less matters.
    used: u64,
}

impl Candidate {
    /// One that is as new as its jar.
    fn new(
        jar: &CookieJar,
        set: &SetCookie<'_>,
        audience: (&str, bool),
        wall: Duration,
    ) -> Result<Self, CookieFileProblem> {
        let (domain, host_only) = audience;
        let accepted = jar.accept_at(set, domain, host_only, wall);
        let (audience, cookie) = accepted.map_err(CookieFileProblem::Rejected)?;
        Ok(Self {
            audience,
            cookie,
            used: 0,
        })
    }
}

/// What a file holds: each cookie, or what is wrong with it.
type Reading = Vec<Result<Candidate, CookieFileError>>;

impl CookieJar {
    /// All or nothing.
    fn take_all(&mut self, reading: Reading, wall: Duration) -> Result<usize, CookieFileError> {
        let candidates = reading.into_iter().collect::<Result<_, _>>()?;
        Ok(self.admit(candidates, wall))
    }

    /// What can be taken, and what is wrong with the rest.
    fn take_some(&mut self, reading: Reading, wall: Duration) -> (usize, Vec<CookieFileError>) {
        let mut candidates = Vec::new();
        let mut errors = Vec::new();
        for read in reading {
            match read {
                Ok(candidate) => candidates.push(candidate),
                Err(error) => errors.push(error),
            }
        }
        (self.admit(candidates, wall), errors)
    }

    /// Puts cookies in, in the order of their file; what has expired meanwhile is passed over. How many there were.
    fn admit(&mut self, mut candidates: Vec<Candidate>, wall: Duration) -> usize {
        let now = Moment::of(wall);
        candidates.retain(|candidate| !candidate.cookie.is_expired(now));
        for candidate in &mut candidates {
            self.count += 1;
            candidate.cookie.born.number = self.count;
        }
        candidates.sort_by_key(|candidate| candidate.used);
        let admitted = candidates.len();
        for Candidate {
            audience,
            mut cookie,
            ..
        } in candidates
        {
            self.count += 1;
            cookie.used = self.count;
            self.store(&audience, cookie, wall);
        }
        self.fit_all(wall);
        admitted
    }

    /// What is to be written, in the order of creation: whoever reads it again has them in that order.
    fn written(&self, sessions: SessionCookies) -> Vec<CookieRef<'_>> {
        let is_written = |cookie: &CookieRef<'_>| {
            sessions == SessionCookies::Write || cookie.expires().is_some()
        };
        let mut cookies: Vec<_> = self.iter().filter(is_written).collect();
        cookies.sort_by_key(|cookie| cookie.cookie.born);
        cookies
    }
}
