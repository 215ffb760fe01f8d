//! How a race is lost.

use core::fmt;

/// Why a race gave no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RaceFailure {
    /// Every address was tried, and every attempt failed; [`Race::last_failed`](super::Race::last_failed) is the last of them.
    AllRefused,
    /// The time since the first dial is up.
    ConnectTimeout,
    /// The time for answers is up, and no address is known.
    ResolveTimeout,
    /// There is no address, and at least one family's lookup failed.
    Resolve,
    /// All answers are there, and all were empty.
    NoAddress,
    /// The race was given up.
    Canceled,
}

impl RaceFailure {
    /// A stable word for logs, tests and tables.
    pub fn code(self) -> &'static str {
        match self {
            Self::AllRefused => "all-refused",
            Self::ConnectTimeout => "timeout",
            Self::ResolveTimeout => "resolve-timeout",
            Self::Resolve => "resolve",
            Self::NoAddress => "no-address",
            Self::Canceled => "canceled",
        }
    }
}

impl fmt::Display for RaceFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AllRefused => "no address of the name took the connection",
            Self::ConnectTimeout => "no address of the name took the connection in time",
            Self::ResolveTimeout => "the name was not resolved in time",
            Self::Resolve => "the name could not be resolved",
            Self::NoAddress => "the name has no address",
            Self::Canceled => "nobody wants the connection any more",
        })
    }
}

impl core::error::Error for RaceFailure {}
