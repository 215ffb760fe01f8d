//! What can go wrong, and with that whose fault it is.

use core::fmt;
use core::net::SocketAddr;
use std::io;

use http::StatusCode;

use super::causes::{ContentError, RequestError, ResolveError, SourceError};
use crate::connection::{Failure, PeerViolation, TunnelError};
use crate::message::FieldError;
use crate::policy::{NoAnswer, ProxyError, RedirectError};
use crate::tls::TlsError;

/// What went wrong, and with that whose fault it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The application's: the text is no URL.
    Url(url::ParseError),
    /// The application's: a field line that could split or corrupt the message. The name is escaped where it is none.
    Field {
        /// Which line.
        name: Box<str>,
        /// Why.
        error: FieldError,
    },
    /// The application's: the method is not a token (RFC 9110 §9.1). It is escaped, and cut if it is long.
    Method(Box<str>),
    /// The application's: parts that make no request.
    Request(RequestError),
    /// The network's or the name's: no address was found.
    Resolve(ResolveError),
    /// The network's: no address could be connected to; the last one tried and why.
    Connect(Option<SocketAddr>, io::ErrorKind),
    /// The application's: all addresses that were found, or the only one, may not be dialled
    /// ([`AddressPolicy`](crate::AddressPolicy)).
    AddressRefused,
    /// The application's: the proxy that the URL should have is wrong. It is never passed over.
    ProxyRule(ProxyError),
    /// The proxy's, most often: it gave no tunnel to the origin.
    Tunnel(TunnelError),
    /// The peer's, most often: TLS could not be agreed on, or was broken. With the proxy, if
    /// [`Error::is_proxy`](crate::Error::is_proxy) says so.
    Tls(TlsError),
    /// A time limit passed; [`Error::stage`](crate::Error::stage) tells which.
    Timeout,
    /// The peer's: it broke the protocol or passed a limit.
    Peer(PeerViolation),
    /// The peer's: it closed the connection without an answer.
    Closed,
    /// The network's: the transport failed under way.
    Transport(io::ErrorKind),
    /// The pool has reached a limit, and is told not to let requests wait ([`WhenFull::Fail`](crate::WhenFull)).
    PoolFull,
    /// The peer's: it answered with this status, and no retry is left ([`OnExhausted`](crate::OnExhausted)); or the
    /// application asked for an error (`error_for_status`).
    Status(StatusCode),
    /// The peer's, most often: it redirects the request to where that cannot go. [`Error::attempts`](crate::Error::attempts)
    /// has the history.
    Redirect(RedirectError),
    /// The application's: what answers in place of a connection has failed ([`Answering`](crate::Answering)).
    Answer(SourceError),
    /// The application's: the peer asks for what cannot be said of this request.
    Authentication(NoAnswer),
    /// The session was closed while the request was under way.
    SessionClosed,
    /// This build's: it cannot speak TLS, and `https` is never spoken without.
    NoTls,
    /// The application's: the content of the request is not what was announced, or its source failed.
    Content(ContentError),
    /// The driver's: it could not do its part (no descriptors, no threads).
    Driver(io::ErrorKind),
}

impl ErrorKind {
    /// A stable word for logs, tests and tables.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Url(_) => "url",
            Self::Field {
                error: FieldError::Name,
                ..
            } => "field-name",
            Self::Field {
                error: FieldError::Value,
                ..
            } => "field-value",
            Self::Field {
                error: FieldError::TooLong,
                ..
            } => "field-too-long",
            Self::Method(_) => "method",
            Self::Request(error) => error.code(),
            Self::Resolve(_) => "resolve",
            Self::Connect(..) => "connect",
            Self::AddressRefused => "address-refused",
            Self::ProxyRule(error) => error.code(),
            Self::Tunnel(error) => error.code(),
            Self::Tls(error) => error.code(),
            Self::Timeout => "timeout",
            Self::Peer(violation) => violation.code(),
            Self::Closed => "closed",
            Self::Transport(_) => "transport",
            Self::PoolFull => "pool-full",
            Self::Status(_) => "status",
            Self::Redirect(error) => match error {
                RedirectError::ConflictingLocations => "redirect-conflicting-locations",
                RedirectError::TooMany => "redirect-too-many",
                RedirectError::BadLocation => "redirect-bad-location",
                RedirectError::Scheme => "redirect-scheme",
                RedirectError::Downgrade => "redirect-downgrade",
                RedirectError::CannotReplay => "redirect-cannot-replay",
            },
            Self::Answer(_) => "answer",
            Self::Authentication(_) => "authentication",
            Self::SessionClosed => "session-closed",
            Self::NoTls => "no-tls",
            Self::Content(_) => "content-source",
            Self::Driver(_) => "driver",
        }
    }
}

impl From<Failure> for ErrorKind {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Violation(violation) => Self::Peer(violation),
            Failure::Closed => Self::Closed,
            Failure::Transport(kind) => Self::Transport(kind),
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(error) => write!(f, "the URL cannot be read: {error}"),
            Self::Field { name, error } => write!(f, "field `{name}`: {error}"),
            Self::Method(method) => {
                write!(
                    f,
                    "the method `{method}` is not a token (RFC 9110 section 9.1)"
                )
            }
            Self::Request(error) => error.fmt(f),
            Self::Resolve(error) => error.fmt(f),
            Self::Connect(Some(address), kind) => write!(f, "cannot connect to {address}: {kind}"),
            Self::Connect(None, kind) => write!(f, "cannot connect: {kind}"),
            Self::AddressRefused => f.write_str("no address of the host may be dialled"),
            Self::ProxyRule(error) => error.fmt(f),
            Self::Tunnel(error) => error.fmt(f),
            Self::Tls(error) => error.fmt(f),
            Self::Timeout => f.write_str("the time limit passed"),
            Self::PoolFull => f.write_str("the pool has no connection to spare"),
            Self::Status(status) => write!(f, "the peer answered {}", status.as_u16()),
            Self::Peer(violation) => violation.fmt(f),
            Self::Closed => Failure::Closed.fmt(f),
            Self::Transport(kind) => Failure::Transport(*kind).fmt(f),
            Self::Redirect(error) => error.fmt(f),
            Self::Answer(error) => {
                write!(f, "what answers in place of a connection failed: {error}")
            }
            Self::Authentication(error) => error.fmt(f),
            Self::SessionClosed => f.write_str("the session was closed"),
            Self::NoTls => f.write_str("this build cannot speak TLS"),
            Self::Content(error) => error.fmt(f),
            Self::Driver(kind) => write!(f, "the driver failed: {kind}"),
        }
    }
}
