//! The small errors of single operations, which the root error wraps: why parts make no request, why a name has no address.

use core::fmt;
use std::io;
use std::sync::Arc;

use crate::connection::Misuse;
use crate::message::OriginError;
use crate::policy::CredentialsError;

/// Why parts do not make a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestError {
    /// The URL cannot be asked.
    Origin(OriginError),
    /// The URL's path or query holds an octet that may not stand in a request target (RFC 9112 §3.2).
    Target,
    /// The asterisk is for OPTIONS on a URL without path and query (RFC 9112 §3.2.4).
    Asterisk,
    /// CONNECT makes tunnels, not requests.
    Connect,
    /// TRACE must not have content (RFC 9110 §9.3.8).
    TraceContent,
    /// More than one Host line, or one that is not a host with an optional port (RFC 9112 §3.2).
    Host,
    /// A Content-Length or Transfer-Encoding set by hand that is not the content's, or both (RFC 9112 §6).
    Framing,
    /// Connection may hold `close` or `keep-alive`, and the options of the Upgrade and TE that are sent (RFC 9110 §7.6.1).
    Connection,
    /// TE may say `trailers` (RFC 9110 §10.1.4): we read no transfer coding but chunked.
    Te,
    /// Upgrade is one line with a list of protocols, and HTTP/2 is none of ours (RFC 9110 §7.8).
    Upgrade,
    /// Trailer fields need chunked content, and names that may stand there (RFC 9110 §6.5.1).
    Trailer,
    /// Expect may say `100-continue`, and only with content (RFC 9110 §10.1.1).
    Expect,
    /// Host and the framing fields cannot be removed.
    Remove,
    /// The userinfo of the URL cannot be sent.
    Credentials(CredentialsError),
    /// Content that comes piece by piece, where nobody is there to hand it over.
    NoSource,
}

impl RequestError {
    /// A stable word for logs, tests and tables.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Origin(_) => "url",
            Self::Target | Self::Asterisk => "target",
            Self::Connect => "method",
            Self::TraceContent => "content",
            Self::Host => "host",
            Self::Framing => "framing",
            Self::Connection => "connection",
            Self::Te => "te",
            Self::Upgrade => "upgrade",
            Self::Trailer => "trailer",
            Self::Expect => "expect",
            Self::Remove => "remove",
            Self::Credentials(_) => "credentials",
            Self::NoSource => "no-source",
        }
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Origin(error) => return error.fmt(f),
            Self::Credentials(error) => return error.fmt(f),
            Self::Target => "the path or query cannot stand in a request line",
            Self::Asterisk => "the asterisk is for OPTIONS on a URL without path and query",
            Self::Connect => "CONNECT cannot be sent as a request",
            Self::TraceContent => "TRACE must not have content",
            Self::Host => "Host must be one line with a host and an optional port",
            Self::Framing => "Content-Length or Transfer-Encoding does not fit the content",
            Self::Connection => {
                "Connection may say `close` or `keep-alive`, and what belongs to Upgrade or TE"
            }
            Self::Te => "TE may say `trailers` and nothing else",
            Self::Upgrade => "Upgrade must be one line with protocols, none of them HTTP/2",
            Self::Trailer => "these trailer fields cannot follow this content",
            Self::Expect => "Expect may say `100-continue`, and only with content",
            Self::Remove => "Host, Content-Length and Transfer-Encoding cannot be removed",
            Self::NoSource => {
                "nobody is there to hand over the content: give it to the builder as `body` or `body_reader`, or submit the \
                 request to an engine or driver and hand it over with `push_content`"
            }
        };
        f.write_str(text)
    }
}

impl core::error::Error for RequestError {}

/// Why a name gave no address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolveError {
    detail: Box<str>,
}

impl ResolveError {
    /// The resolver's own words.
    pub fn new(detail: impl Into<Box<str>>) -> Self {
        Self {
            detail: detail.into(),
        }
    }
}

impl From<io::Error> for ResolveError {
    fn from(error: io::Error) -> Self {
        Self::new(error.to_string())
    }
}

impl fmt::Display for ResolveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the host's name cannot be resolved: {}", self.detail)
    }
}

impl core::error::Error for ResolveError {}

/// Why the content of a request could not be sent as it was announced.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContentError {
    /// It ended before its announced length.
    TooShort,
    /// There is more than was announced.
    TooLong,
    /// Its trailer fields cannot follow it.
    Trailers,
    /// Its source failed, and said this.
    Source(SourceError),
}

impl fmt::Display for ContentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort => f.write_str("the content ended before its announced length"),
            Self::TooLong => f.write_str("there is more content than was announced"),
            Self::Trailers => f.write_str("these trailer fields cannot follow the content"),
            Self::Source(error) => write!(f, "the source of the content failed: {error}"),
        }
    }
}

impl core::error::Error for ContentError {
    /// The source's own error.
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Source(SourceError(error)) => Some(&**error),
            Self::TooShort | Self::TooLong | Self::Trailers => None,
        }
    }
}

impl From<io::Error> for ContentError {
    fn from(error: io::Error) -> Self {
        Self::Source(error.into())
    }
}

/// What a source of content said when it failed, or what answers in place of a connection. The error itself is the next
/// [`source`](core::error::Error::source). Two are equal if they are of one kind and read the same.
#[derive(Clone, Debug)]
pub struct SourceError(Arc<io::Error>);

impl SourceError {
    /// The kind of the source's error.
    pub fn kind(&self) -> io::ErrorKind {
        self.0.kind()
    }
}

impl SourceError {
    pub(super) fn inner(&self) -> &io::Error {
        &self.0
    }

    /// What answers is not there, gives what is no answer, or panics.
    pub(super) fn is_broken(&self) -> bool {
        let kinds = [io::ErrorKind::InvalidInput, io::ErrorKind::Unsupported];
        kinds.contains(&self.kind()) || self.0.get_ref().is_some_and(|it| it.is::<Panicked>())
    }
}

/// A function of the application's has panicked.
#[derive(Debug)]
pub(super) struct Panicked;

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what answers has panicked")
    }
}

impl core::error::Error for Panicked {}

impl From<io::Error> for SourceError {
    fn from(error: io::Error) -> Self {
        Self(Arc::new(error))
    }
}

impl PartialEq for SourceError {
    fn eq(&self, other: &Self) -> bool {
        self.kind() == other.kind() && self.to_string() == other.to_string()
    }
}

impl Eq for SourceError {}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Misuse> for ContentError {
    fn from(misuse: Misuse) -> Self {
        match misuse {
            Misuse::ContentTooShort => Self::TooShort,
            Misuse::TrailersNotChunked | Misuse::TrailerName => Self::Trailers,
            Misuse::ContentTooLong | Misuse::NoContent | Misuse::NotReady | Misuse::NotIdle => {
                Self::TooLong
            }
        }
    }
}
