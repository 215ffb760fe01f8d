//! Where a response's content ends (RFC 9112 §6.3), as one numbered function.

use http::{StatusCode, Version};

use crate::message::{Known, Spans};
use crate::syntax::list;

/// How the content of a message is delimited (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Framing {
    /// There is no content, whatever the fields say.
    #[default]
    None,
    /// So many octets.
    Length(u64),
    /// Chunks, and perhaps a trailer section.
    Chunked,
    /// All octets up to the end of the stream.
    UntilClose,
    /// What follows the head is no HTTP: a tunnel, or another protocol.
    Switched,
}

/// What kind of answer a request asks for, as far as its framing is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Whatever the fields say.
    Content,
    /// HEAD: never content.
    HeadOnly,
    /// CONNECT: a tunnel, if it succeeds.
    Tunnel,
}

/// The framing, and whether the fields that gave it contradict each other (then nobody may reuse the connection).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ResponseFraming {
    pub(crate) framing: Framing,
    pub(crate) conflict: bool,
}

/// Why the framing of a response cannot be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FramingError {
    /// A Content-Length that is not a decimal number of at most 63 bits (RFC 9112 §6.3, case 5).
    ContentLength,
    /// Content-Length values that differ (RFC 9112 §6.3, case 5).
    ContentLengthsDiffer,
    /// A Transfer-Encoding that is not exactly one final `chunked`: we offered no other coding (RFC 9112 §6.1).
    TransferEncoding,
    /// Transfer-Encoding beside Content-Length, or from an HTTP/1.0 peer, which
    /// [`strict_framing`](crate::Rules::strict_framing) refuses (RFC 9112 §6.1).
    Conflict,
}

/// Decides the framing of a final response. (101 is decided elsewhere: it depends on what was offered.)
pub(crate) fn response_framing(
    asked: Asked,
    status: StatusCode,
    version: Version,
    octets: &[u8],
    spans: &Spans,
) -> Result<ResponseFraming, FramingError> {
    let length_lines = spans.has(Known::ContentLength);
    let coding_lines = spans.has(Known::TransferEncoding);
    // Both at once, or a coding that HTTP/1.0 does not know: two readers may read them apart (cases 3, and §6.1).
    let conflict = coding_lines && (length_lines || version == Version::HTTP_10);
    let framed = |framing| Ok(ResponseFraming { framing, conflict });
    // 2. A 2xx answer to CONNECT is a tunnel, 204 included, whatever the fields say.
    if asked == Asked::Tunnel && status.is_success() {
        return Ok(ResponseFraming {
            framing: Framing::Switched,
            conflict: false,
        });
    }
    // 1. No content, whatever the fields say.
    let bare = status.is_informational() || matches!(status.as_u16(), 204 | 304);
    if bare || asked == Asked::HeadOnly {
        return framed(Framing::None);
    }
    // 3. and 4. Transfer-Encoding overrides Content-Length; chunked must be final, and we asked for no other coding.
    if coding_lines {
        check_codings(octets, spans)?;
        return framed(Framing::Chunked);
    }
    // 5. and 6. A valid Content-Length.
    if length_lines {
        return framed(Framing::Length(content_length(octets, spans)?));
    }
    // 7. would be a request. 8. Otherwise the content ends with the connection.
    framed(Framing::UntilClose)
}

fn check_codings(octets: &[u8], spans: &Spans) -> Result<(), FramingError> {
    let lines = spans.values(Known::TransferEncoding, octets);
    let mut codings = lines.flat_map(list::elements);
    match (codings.next(), codings.next()) {
        (Some(coding), None) if coding.eq_ignore_ascii_case(b"chunked") => Ok(()),
        _ => Err(FramingError::TransferEncoding),
    }
}

/// Content-Length = 1*DIGIT; a list or repetition of one same value is that value, and its empty elements do not count
/// (RFC 9112 §6.3, RFC 9110 §5.6.1.2).
fn content_length(octets: &[u8], spans: &Spans) -> Result<u64, FramingError> {
    let mut lines = spans.values(Known::ContentLength, octets);
    // Nearly every head has one line with one number.
    if let (Some(line), None) = (lines.next(), lines.next())
        && let Some(length) = decimal(line)
    {
        return Ok(length);
    }
    let mut length = None;
    let lines = spans.values(Known::ContentLength, octets);
    for value in lines.flat_map(list::elements) {
        let value = decimal(value).ok_or(FramingError::ContentLength)?;
        if length.is_some_and(|length| length != value) {
            return Err(FramingError::ContentLengthsDiffer);
        }
        length = Some(value);
    }
    length.ok_or(FramingError::ContentLength)
}

/// A number of at most 63 bits: who sends more means to overflow somebody.
fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    // So few digits cannot overflow.
    if digits.len() <= 18 {
        return digits.iter().try_fold(0u64, |value, &octet| {
            let digit = octet.wrapping_sub(b'0');
            (digit < 10).then(|| value * 10 + u64::from(digit))
        });
    }
    let value = digits.iter().try_fold(0u64, |value, &octet| {
        let digit = octet.is_ascii_digit().then(|| u64::from(octet - b'0'))?;
        value.checked_mul(10)?.checked_add(digit)
    })?;
    i64::try_from(value).is_ok().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Fields;

    fn framing(
        status: u16,
        version: Version,
        lines: &[(&str, &str)],
    ) -> Result<(Framing, bool), FramingError> {
        let mut fields = Fields::new();
        for (name, value) in lines {
            fields.append(name, value).expect("valid");
        }
        let status = StatusCode::from_u16(status).expect("valid");
        response_framing(
            Asked::Content,
            status,
            version,
            fields.wire(),
            fields.spans(),
        )
        .map(|framed| (framed.framing, framed.conflict))
    }

    #[test]
    fn each_case_of_the_rule() {
        use Framing::{Chunked, Length, None, UntilClose};
        let (new, old) = (Version::HTTP_11, Version::HTTP_10);
        let length = ("Content-Length", "5");
        let chunked = ("Transfer-Encoding", "Chunked");
        for (status, version, lines, expected) in [
            (204, new, &[length][..], Ok((None, false))),
            (304, new, &[length], Ok((None, false))),
            (200, new, &[], Ok((UntilClose, false))),
            (200, new, &[length], Ok((Length(5), false))),
            (200, old, &[length], Ok((Length(5), false))),
            (200, new, &[chunked], Ok((Chunked, false))),
            (200, new, &[length, chunked], Ok((Chunked, true))),
            (200, old, &[chunked], Ok((Chunked, true))),
            (200, new, &[length, length], Ok((Length(5), false))),
            (
                200,
                new,
                &[("content-length", "5, 05")],
                Ok((Length(5), false)),
            ),
            (
                200,
                new,
                &[length, ("Content-Length", "6")],
                Err(FramingError::ContentLengthsDiffer),
            ),
            (
                200,
                new,
                &[("Content-Length", "+5")],
                Err(FramingError::ContentLength),
            ),
            (
                200,
                new,
                &[("Content-Length", "0x5")],
                Err(FramingError::ContentLength),
            ),
            (
                200,
                new,
                &[("Content-Length", "")],
                Err(FramingError::ContentLength),
            ),
            (
                200,
                new,
                &[("Content-Length", "5 5")],
                Err(FramingError::ContentLength),
            ),
            (
                200,
                new,
                &[("Content-Length", ""), ("Content-Length", ",5,")],
                Ok((Length(5), false)),
            ),
            (
                200,
                new,
                &[("Content-Length", ", ,")],
                Err(FramingError::ContentLength),
            ),
            (
                200,
                new,
                &[("Content-Length", "9223372036854775807")],
                Ok((Length(i64::MAX as u64), false)),
            ),
            (
                200,
                new,
                &[("Content-Length", "9223372036854775808")],
                Err(FramingError::ContentLength),
            ),
            (
                200,
                new,
                &[("Transfer-Encoding", "gzip, chunked")],
                Err(FramingError::TransferEncoding),
            ),
            (
                200,
                new,
                &[("Transfer-Encoding", "identity")],
                Err(FramingError::TransferEncoding),
            ),
            (
                200,
                new,
                &[chunked, chunked],
                Err(FramingError::TransferEncoding),
            ),
            (
                200,
                new,
                &[("Transfer-Encoding", "")],
                Err(FramingError::TransferEncoding),
            ),
        ] {
            assert_eq!(
                framing(status, version, lines),
                expected,
                "{status} {version:?} {lines:?}"
            );
        }
    }

    #[test]
    fn a_response_to_head_has_no_content() {
        let mut fields = Fields::new();
        fields.append("Content-Length", "5").expect("valid");
        let framed = response_framing(
            Asked::HeadOnly,
            StatusCode::OK,
            Version::HTTP_11,
            fields.wire(),
            fields.spans(),
        );
        assert_eq!(framed.map(|framed| framed.framing), Ok(Framing::None));
    }

    #[test]
    fn only_a_success_opens_a_tunnel() {
        let mut fields = Fields::new();
        fields.append("Content-Length", "5").expect("valid");
        for (status, framing) in [
            (200, Framing::Switched),
            (204, Framing::Switched),
            (299, Framing::Switched),
            (300, Framing::Length(5)),
            (407, Framing::Length(5)),
        ] {
            let status = StatusCode::from_u16(status).expect("valid");
            let framed = response_framing(
                Asked::Tunnel,
                status,
                Version::HTTP_11,
                fields.wire(),
                fields.spans(),
            );
            assert_eq!(framed.map(|framed| framed.framing), Ok(framing), "{status}");
        }
    }
}
