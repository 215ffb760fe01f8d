//! Why a challenge is not answered.

use core::fmt;

/// Why a request is not sent again with an answer to what it was challenged with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NoAnswer {
    /// The peer does not offer the scheme.
    NotOffered,
    /// Its challenge lacks what it must hold, or holds it twice.
    Malformed,
    /// It wants a hash that we do not know.
    UnknownAlgorithm,
    /// It wants a quality of protection (`qop`) that we do not know, or none where the algorithm needs one.
    UnknownQuality,
    /// What was sent is what we have: the peer does not take the credentials.
    Rejected,
    /// It wants a hash of the content (`qop=auth-int`), which can be read only once.
    ContentNotAvailable,
    /// The request-target or the cnonce holds a control character, which would end the line.
    Control,
}

impl NoAnswer {
    /// The request fails of this, for it is the application's to change; of the others the response is the best we have.
    pub fn is_error(self) -> bool {
        matches!(self, Self::ContentNotAvailable | Self::Control)
    }

    /// A stable word for logs, tests and tables.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotOffered => "not-offered",
            Self::Malformed => "malformed",
            Self::UnknownAlgorithm => "unsupported-algorithm",
            Self::UnknownQuality => "unsupported-qop",
            Self::Rejected => "rejected",
            Self::ContentNotAvailable => "content-not-available",
            Self::Control => "control-character",
        }
    }
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotOffered => "the peer does not offer the scheme of the credentials",
            Self::Malformed => "the challenge lacks a parameter that it must hold, or repeats one",
            Self::UnknownAlgorithm => "the challenge wants a hash that is not known here",
            Self::UnknownQuality => "the challenge wants a qop that is not known here",
            Self::Rejected => "the peer does not take the credentials",
            Self::ContentNotAvailable => {
                "the peer wants a hash of the content (qop=auth-int), which can be read only once"
            }
            Self::Control => "the request-target or the cnonce holds a control character",
        })
    }
}

impl core::error::Error for NoAnswer {}
