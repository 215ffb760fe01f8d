//! Why an exchange can end without a whole response: the peer's fault, or the transport's.

use core::fmt;
use std::io;

use crate::base::{Limit, Rules};
use crate::wire::{ChunkError, FramingError, HeadError, Refusal};

/// Why the connection can no longer deliver the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// The peer broke a rule of the protocol or passed a limit.
    Violation(PeerViolation),
    /// The peer ended the stream cleanly before the first octet of a final response.
    Closed,
    /// The transport failed: reset, broken pipe, unreachable.
    Transport(io::ErrorKind),
}

/// How the peer broke the protocol, or which limit it passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PeerViolation {
    /// The octets are not a response head.
    Head(HeadError),
    /// The head's framing fields cannot be trusted.
    Framing(FramingError),
    /// The content is not chunked content.
    Chunk(ChunkError),
    /// The trailer section is malformed.
    Trailers(HeadError),
    /// The stream ended inside the message.
    Truncated,
    /// Octets came before we had sent any, so they answer nothing.
    Unsolicited,
    /// A 101 to a request that did not offer that protocol, or none.
    SwitchedUnasked,
    /// A 101 or a tunnel while the request was still on its way: the two sides cannot agree on where HTTP ends.
    SwitchedEarly,
    /// The message is well-formed as far as it came, but larger than we allow.
    Limit(Limit),
}

impl PeerViolation {
    /// The section that says what the peer should have sent.
    pub fn rule(self) -> &'static str {
        match self {
            Self::Head(error) | Self::Trailers(error) => match error {
                HeadError::NotHttp1 | HeadError::Version => "RFC 9112 section 2.3",
                HeadError::Status | HeadError::Reason => "RFC 9112 section 4",
                HeadError::BareLineFeed | HeadError::LeadingWhitespace => "RFC 9112 section 2.2",
                HeadError::FieldName => "RFC 9112 section 5.1",
                HeadError::FieldValue => "RFC 9110 section 5.5",
            },
            Self::Framing(FramingError::TransferEncoding | FramingError::Conflict) => {
                "RFC 9112 section 6.1"
            }
            Self::Framing(_) => "RFC 9112 section 6.3",
            Self::Chunk(ChunkError::Extension) => "RFC 9112 section 7.1.1",
            Self::Chunk(_) => "RFC 9112 section 7.1",
            Self::Truncated => "RFC 9112 section 8",
            Self::Unsolicited => "RFC 9112 section 9.2",
            Self::SwitchedUnasked | Self::SwitchedEarly => "RFC 9110 section 7.8",
            Self::Limit(_) => "the session's limits",
        }
    }

    /// A stable word for logs and tests.
    pub fn code(self) -> &'static str {
        match self {
            Self::Head(error) => match error {
                HeadError::NotHttp1 => "not-http1",
                HeadError::Version => "bad-version",
                HeadError::Status => "bad-status",
                HeadError::Reason => "bad-reason",
                HeadError::BareLineFeed => "bare-lf",
                HeadError::LeadingWhitespace => "leading-whitespace",
                HeadError::FieldName => "bad-field-name",
                HeadError::FieldValue => "bad-field-value",
            },
            Self::Framing(FramingError::ContentLength) => "bad-content-length",
            Self::Framing(FramingError::ContentLengthsDiffer) => "content-lengths-differ",
            Self::Framing(FramingError::TransferEncoding) => "bad-transfer-encoding",
            Self::Framing(FramingError::Conflict) => "framing-conflict",
            Self::Chunk(ChunkError::Size) => "bad-chunk-size",
            Self::Chunk(ChunkError::TooLarge) => "chunk-too-large",
            Self::Chunk(ChunkError::Extension) => "bad-chunk-extension",
            Self::Chunk(ChunkError::LineEnd) => "bad-chunk-line-end",
            Self::Trailers(_) => "bad-trailers",
            Self::Truncated => "truncated",
            Self::Unsolicited => "unsolicited",
            Self::SwitchedUnasked => "switched-unasked",
            Self::SwitchedEarly => "switched-early",
            Self::Limit(limit) => limit.code(),
        }
    }

    /// Whether the message was well-formed as far as it came, but larger than we allow.
    pub fn is_limit(self) -> bool {
        self.limit().is_some()
    }

    /// Which limit the peer passed, if that is what it did: the field of [`Limits`](crate::Limits) to raise, and the number
    /// that stands there.
    pub fn limit(self) -> Option<Limit> {
        match self {
            Self::Limit(limit) => Some(limit),
            _ => None,
        }
    }

    /// What a reader refused, and for what.
    #[cold]
    pub(super) fn of<E>(refusal: Refusal<E>, malformed: fn(E) -> Self, rules: &Rules) -> Self {
        match refusal {
            Refusal::Malformed(error) => malformed(error),
            Refusal::TooLarge(bound) => Self::Limit(rules.limits.passed(bound)),
        }
    }
}

impl fmt::Display for PeerViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Head(HeadError::NotHttp1) => "the peer's answer is not HTTP/1.x",
            Self::Head(_) => "the response head is malformed",
            Self::Framing(_) => "the length of the response cannot be told from its head",
            Self::Chunk(_) => "the chunked content is malformed",
            Self::Trailers(_) => "the trailer section is malformed",
            Self::Truncated => "the connection ended inside the response",
            Self::Unsolicited => "the peer sent octets before it was asked",
            Self::SwitchedUnasked => "the peer switched protocols without being asked",
            Self::SwitchedEarly => "the peer switched protocols before it had the whole request",
            Self::Limit(limit) => return limit.fmt(f),
        };
        write!(f, "{text} ({}; {})", self.code(), self.rule())
    }
}

impl core::error::Error for PeerViolation {}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Violation(violation) => violation.fmt(f),
            Self::Closed => f.write_str("the peer closed the connection without an answer"),
            Self::Transport(kind) => write!(f, "the transport failed: {kind}"),
        }
    }
}

impl core::error::Error for Failure {}
