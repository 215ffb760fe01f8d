//! The root of all errors: whose fault, at which stage, how far the request had come, what to do now.

use core::fmt;
use std::io;

use core::net::SocketAddr;
use url::Url;

use super::causes::{ContentError, RequestError, ResolveError};
use crate::base::{Progress, Pulse, Stage};
use crate::connection::{Failure, PeerViolation};
use crate::message::FieldError;

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
    /// A time limit passed; [`Error::stage`] tells which.
    Timeout,
    /// The peer's: it broke the protocol or passed a limit.
    Peer(PeerViolation),
    /// The peer's: it closed the connection without an answer.
    Closed,
    /// The network's: the transport failed under way.
    Transport(io::ErrorKind),
    /// The session was closed while the request was under way.
    SessionClosed,
    /// This build's: it cannot speak TLS, and `https` is never spoken without.
    NoTls,
    /// The application's: the content of the request is not what was announced, or its source failed.
    Content(ContentError),
    /// The driver's: it could not do its part (no descriptors, no threads).
    Driver(io::ErrorKind),
}

/// An error of a request.
///
/// It tells [what](Error::kind) went wrong, at which [stage](Error::stage), how far the request had
/// [come](Error::progress) and how many octets had moved, so that the caller can decide whether it may be repeated.
/// No field value and no credential ever stands in it.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    stage: Stage,
    progress: Progress,
    sent: u64,
    received: u64,
    url: Option<Box<str>>,
}

impl Error {
    /// An error before anything was sent.
    pub fn new(kind: ErrorKind, stage: Stage) -> Self {
        let progress = Progress::NotSent;
        Self(Box::new(Inner {
            kind,
            stage,
            progress,
            sent: 0,
            received: 0,
            url: None,
        }))
    }

    /// The error of an exchange that was under way on a connection.
    pub(crate) fn in_exchange(kind: ErrorKind, stage: Stage, pulse: &Pulse) -> Self {
        let (progress, sent, received) = (pulse.progress(), pulse.sent(), pulse.received());
        Self(Box::new(Inner {
            kind,
            stage,
            progress,
            sent,
            received,
            url: None,
        }))
    }

    /// The error with the URL of its request, without userinfo.
    #[must_use]
    pub(crate) fn at(mut self, url: &Url) -> Self {
        self.0.url = Some(redacted(url).into());
        self
    }

    /// The error with a text that should have been a URL, without what may be userinfo, and not too long to read.
    #[must_use]
    pub(crate) fn at_text(mut self, text: &str) -> Self {
        let (before, shown) = text
            .rsplit_once('@')
            .map_or(("", text), |(_, rest)| ("...@", rest));
        let shown: String = shown
            .chars()
            .take(200)
            .flat_map(char::escape_debug)
            .collect();
        self.0.url = Some(format!("{before}{shown}").into());
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// What the request was doing.
    pub fn stage(&self) -> Stage {
        self.0.stage
    }

    /// How far the request came: whether it is safe to repeat depends on this and the method.
    pub fn progress(&self) -> Progress {
        self.0.progress
    }

    /// Octets of the request that the transport took.
    pub fn sent(&self) -> u64 {
        self.0.sent
    }

    /// Octets of the response that came.
    pub fn received(&self) -> u64 {
        self.0.received
    }

    /// The URL that was asked, or the text that is none, without userinfo.
    pub fn url(&self) -> Option<&str> {
        self.0.url.as_deref()
    }

    /// A time limit passed.
    pub fn is_timeout(&self) -> bool {
        self.0.kind == ErrorKind::Timeout
    }

    /// No connection could be opened, for whatever reason but the name.
    pub fn is_connect(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Connect(..))
            || (self.is_timeout() && self.0.stage == Stage::Connect)
    }

    /// The host's name gave no address.
    pub fn is_dns(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Resolve(_))
            || (self.is_timeout() && self.0.stage == Stage::Resolve)
    }

    /// The peer broke the protocol or passed a limit.
    pub fn is_protocol(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Peer(_))
    }

    /// The application's own input was refused; nothing was done with it.
    pub fn is_request(&self) -> bool {
        use ErrorKind::{Field, Method, Request, Url};
        matches!(self.0.kind, Url(_) | Field { .. } | Method(_) | Request(_))
    }

    /// The content of the request is not what was announced, or its source failed.
    pub fn is_body(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Content(_))
    }

    /// The URL asks for TLS, and there is none.
    pub fn is_tls(&self) -> bool {
        self.0.kind == ErrorKind::NoTls
    }

    /// A stable word for logs, tests and tables.
    pub fn code(&self) -> &'static str {
        match &self.0.kind {
            ErrorKind::Url(_) => "url",
            ErrorKind::Field {
                error: FieldError::Name,
                ..
            } => "field-name",
            ErrorKind::Field {
                error: FieldError::Value,
                ..
            } => "field-value",
            ErrorKind::Field {
                error: FieldError::TooLong,
                ..
            } => "field-too-long",
            ErrorKind::Method(_) => "method",
            ErrorKind::Request(error) => error.code(),
            ErrorKind::Resolve(_) => "resolve",
            ErrorKind::Connect(..) => "connect",
            ErrorKind::Timeout => "timeout",
            ErrorKind::Peer(violation) => violation.code(),
            ErrorKind::Closed => "closed",
            ErrorKind::Transport(_) => "transport",
            ErrorKind::SessionClosed => "session-closed",
            ErrorKind::NoTls => "no-tls",
            ErrorKind::Content(_) => "content-source",
            ErrorKind::Driver(_) => "driver",
        }
    }

    /// What the caller can do about it, if there is something to say.
    pub fn hint(&self) -> Option<&'static str> {
        match (&self.0.kind, self.0.stage) {
            (ErrorKind::Timeout, Stage::PoolWait) => Some(
                "raise the pool's limits, or read responses to their end so that connections become free",
            ),
            (ErrorKind::Closed | ErrorKind::Transport(_), _)
                if self.0.progress == Progress::NotSent =>
            {
                Some("nothing was sent: the request may be repeated whatever its method")
            }
            (ErrorKind::Peer(violation), _) if violation.is_limit() => {
                Some("if the peer is trusted, raise the limit in `Limits`")
            }
            _ => None,
        }
    }
}

/// A URL without its userinfo and fragment.
pub(crate) fn redacted(url: &Url) -> String {
    let before = &url[..url::Position::BeforeUsername];
    let after = &url[url::Position::BeforeHost..url::Position::AfterQuery];
    format!("{before}{after}")
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
            Self::Timeout => f.write_str("the time limit passed"),
            Self::Peer(violation) => violation.fmt(f),
            Self::Closed => Failure::Closed.fmt(f),
            Self::Transport(kind) => Failure::Transport(*kind).fmt(f),
            Self::SessionClosed => f.write_str("the session was closed"),
            Self::NoTls => f.write_str("this build cannot speak TLS"),
            Self::Content(error) => error.fmt(f),
            Self::Driver(kind) => write!(f, "the driver failed: {kind}"),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(url) = self.url() {
            write!(f, "{url}: ")?;
        }
        write!(
            f,
            "{} (stage: {}; {}",
            self.0.kind, self.0.stage, self.0.progress
        )?;
        if self.0.sent > 0 || self.0.received > 0 {
            write!(f, ", {} octets out, {} in", self.0.sent, self.0.received)?;
        }
        f.write_str(")")?;
        match self.hint() {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {self}", self.code())
    }
}

impl From<Error> for io::Error {
    /// For façades that implement `Read`: the error itself is inside.
    fn from(error: Error) -> Self {
        let kind = match error.kind() {
            ErrorKind::Timeout => io::ErrorKind::TimedOut,
            ErrorKind::Peer(PeerViolation::Truncated) | ErrorKind::Closed => {
                io::ErrorKind::UnexpectedEof
            }
            ErrorKind::Peer(_) => io::ErrorKind::InvalidData,
            ErrorKind::Connect(_, kind) | ErrorKind::Transport(kind) | ErrorKind::Driver(kind) => {
                *kind
            }
            _ => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match &self.0.kind {
            ErrorKind::Url(error) => Some(error),
            ErrorKind::Field { error, .. } => Some(error),
            ErrorKind::Request(error) => Some(error),
            ErrorKind::Resolve(error) => Some(error),
            ErrorKind::Peer(violation) => Some(violation),
            ErrorKind::Content(error) => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_reads_as_a_sentence_without_secrets() {
        let url = Url::parse("http://user:canary@example.org/a?b#c").expect("a URL");
        let error = Error::new(ErrorKind::Timeout, Stage::PoolWait).at(&url);
        let text = format!("{error} {error:?}");
        assert!(text.starts_with(
            "http://example.org/a?b: the time limit passed (stage: pool-wait; nothing was sent)"
        ));
        assert!(text.contains("raise the pool's limits"));
        assert!(!text.contains("canary"));
        assert!(error.is_timeout() && !error.is_connect() && !error.is_request());
    }
}
