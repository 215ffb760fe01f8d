//! Why a request was refused: one variant for each rule, so that a test can name the rule it
//! provokes.

use std::error::Error;
use std::fmt;

/// The first rule that a request broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Malformed {
    /// A CR that no LF follows (RFC 9112 §2.2).
    BareCr,
    /// A LF that follows no CR (RFC 9112 §2.2).
    BareLf,
    /// A control octet other than HTAB in a line (RFC 9110 §5.5).
    Control,
    /// A head or trailer section beyond our limit.
    TooLong,
    /// Not three parts with one space between each two (RFC 9112 §3).
    RequestLine,
    /// The method is no token (RFC 9110 §9.1).
    Method,
    /// The target has none of the four forms, or not the one for its method (RFC 9112 §3.2).
    Target,
    /// The version is neither HTTP/1.1 nor HTTP/1.0 (RFC 9112 §2.3).
    Version,
    /// A field line that begins with whitespace (RFC 9112 §5.2).
    Folded,
    /// A field line without a colon (RFC 9112 §5).
    MissingColon,
    /// Whitespace between a field name and its colon (RFC 9112 §5.1).
    SpaceBeforeColon,
    /// The field name is no token (RFC 9110 §5.1).
    FieldName,
    /// HTTP/1.1 without Host (RFC 9112 §3.2).
    MissingHost,
    /// Host more than once (RFC 9112 §3.2).
    RepeatedHost,
    /// The value of Host is no host with an optional port (RFC 9110 §7.2).
    HostValue,
    /// Host is not the authority of a target in absolute-form (RFC 9112 §3.2).
    HostDiffers,
    /// Content-Length more than once, even if the same (RFC 9110 §8.6).
    RepeatedLength,
    /// The value of Content-Length is not digits that fit a `u64` (RFC 9110 §8.6).
    LengthValue,
    /// Content-Length together with Transfer-Encoding (RFC 9112 §6.2).
    LengthAndCoding,
    /// Transfer-Encoding is not `chunked` alone (RFC 9112 §6.1).
    Coding,
    /// Transfer-Encoding in HTTP/1.0 (RFC 9112 §6.1).
    CodingInOldVersion,
    /// Content with CONNECT or TRACE (RFC 9110 §§9.3.6, 9.3.8).
    ContentForbidden,
    /// A chunk size that is not hexadecimal digits alone, or does not fit a `u64` (RFC 9112 §7.1).
    ChunkSize,
    /// A chunk that is not followed by CRLF (RFC 9112 §7.1).
    ChunkEnd,
    /// A field that means framing, routing or authentication, in a trailer section (RFC 9110
    /// §6.5.1).
    TrailerName,
    /// The end of the stream inside a request.
    CutShort,
    /// Octets behind a request before it has been answered: we are no friend of pipelining (RFC
    /// 9112 §9.3.2).
    BeforeAnswer,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Malformed::BareCr => "a CR without LF",
            Malformed::BareLf => "a LF without CR",
            Malformed::Control => "a control octet",
            Malformed::TooLong => "a head or trailer section that is too long",
            Malformed::RequestLine => "not a request line",
            Malformed::Method => "a method that is no token",
            Malformed::Target => "a target of no known form, or of the wrong one",
            Malformed::Version => "an unknown version",
            Malformed::Folded => "a folded field line",
            Malformed::MissingColon => "a field line without colon",
            Malformed::SpaceBeforeColon => "whitespace before a colon",
            Malformed::FieldName => "a field name that is no token",
            Malformed::MissingHost => "no Host field",
            Malformed::RepeatedHost => "more than one Host field",
            Malformed::HostValue => "a bad Host value",
            Malformed::HostDiffers => "a Host that is not the target's authority",
            Malformed::RepeatedLength => "more than one Content-Length field",
            Malformed::LengthValue => "a bad Content-Length value",
            Malformed::LengthAndCoding => "Content-Length and Transfer-Encoding",
            Malformed::Coding => "a Transfer-Encoding that is not chunked alone",
            Malformed::CodingInOldVersion => "a Transfer-Encoding in HTTP/1.0",
            Malformed::ContentForbidden => "content where the method has none",
            Malformed::ChunkSize => "a bad chunk size",
            Malformed::ChunkEnd => "a chunk without CRLF behind it",
            Malformed::TrailerName => "a field that may not be a trailer",
            Malformed::CutShort => "the stream ended inside a request",
            Malformed::BeforeAnswer => "a request before the answer",
        })
    }
}

impl Error for Malformed {}
