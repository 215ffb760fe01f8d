//! The small errors of single operations, which the root error wraps: why parts make no request, why a name has no address.

use core::fmt;

use crate::message::OriginError;

/// Why parts do not make a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestError {
    /// The URL cannot be asked.
    Origin(OriginError),
    /// The URL's path or query holds an octet that may not stand in a request target (RFC 9112 §3.2).
    Target,
    /// CONNECT makes tunnels, not requests.
    Connect,
    /// TRACE must not have content (RFC 9110 §9.3.8).
    TraceContent,
    /// More than one Host line, or one that is not a host with an optional port (RFC 9112 §3.2).
    Host,
    /// Framing belongs to the core: Transfer-Encoding, or a Content-Length that is not the content's (RFC 9112 §6).
    Framing,
    /// A Connection option other than `close` or `keep-alive`, or both, or on several lines.
    Connection,
    /// A field that is tied to a mechanism which this client does not offer yet.
    Unsupported(&'static str),
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Origin(error) => error.fmt(f),
            Self::Target => f.write_str("the path or query cannot stand in a request line"),
            Self::Connect => f.write_str("CONNECT cannot be sent as a request"),
            Self::TraceContent => f.write_str("TRACE must not have content"),
            Self::Host => f.write_str("Host must be one line with a host and an optional port"),
            Self::Framing => {
                f.write_str("Content-Length and Transfer-Encoding are set by the client itself")
            }
            Self::Connection => {
                f.write_str("Connection may say `close` or `keep-alive`, on one line")
            }
            Self::Unsupported(name) => write!(f, "{name} is not supported"),
        }
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

impl fmt::Display for ResolveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the host's name cannot be resolved: {}", self.detail)
    }
}

impl core::error::Error for ResolveError {}
