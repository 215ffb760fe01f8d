//! Where a response's content ends (RFC 9112 §6.3), as one numbered function.

use http::{StatusCode, Version};

use crate::message::{FieldsRef, Known};
use crate::syntax::{chars::trim_ows, list};

/// How the content of a message is delimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    None,
    Length(u64),
    Chunked,
    UntilClose,
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
    /// A Content-Length that is not a decimal number of at most 64 bits (RFC 9112 §6.3, case 5).
    ContentLength,
    /// Content-Length values that differ (RFC 9112 §6.3, case 5).
    ContentLengthsDiffer,
    /// A Transfer-Encoding that is not exactly one final `chunked`: we offered no other coding (RFC 9112 §6.1).
    TransferEncoding,
}

/// Decides the framing of a final response to a request with the method HEAD, or with any other.
pub(crate) fn response_framing(
    to_head: bool,
    status: StatusCode,
    version: Version,
    fields: FieldsRef<'_>,
) -> Result<ResponseFraming, FramingError> {
    let mut length_lines = false;
    let mut coding_lines = false;
    for span in fields.spans() {
        length_lines |= span.known == Known::ContentLength;
        coding_lines |= span.known == Known::TransferEncoding;
    }
    // Both at once, or a coding that HTTP/1.0 does not know: two readers may read them apart (cases 3, and §6.1).
    let conflict = coding_lines && (length_lines || version == Version::HTTP_10);
    let framed = |framing| Ok(ResponseFraming { framing, conflict });
    // 1. No content, whatever the fields say.
    if to_head || status.is_informational() || matches!(status.as_u16(), 204 | 304) {
        return framed(Framing::None);
    }
    // 2. A 2xx answer to CONNECT is a tunnel: tunnels are built elsewhere, and no request of this floor is a CONNECT.
    // 3. and 4. Transfer-Encoding overrides Content-Length; chunked must be final, and we asked for no other coding.
    if coding_lines {
        check_codings(fields)?;
        return framed(Framing::Chunked);
    }
    // 5. and 6. A valid Content-Length.
    if length_lines {
        return framed(Framing::Length(content_length(fields)?));
    }
    // 7. would be a request. 8. Otherwise the content ends with the connection.
    framed(Framing::UntilClose)
}

fn check_codings(fields: FieldsRef<'_>) -> Result<(), FramingError> {
    let lines = fields
        .spans()
        .iter()
        .filter(|span| span.known == Known::TransferEncoding);
    let mut codings = lines.flat_map(|span| list::elements(fields.value(*span)));
    match (codings.next(), codings.next()) {
        (Some(coding), None) if coding.eq_ignore_ascii_case(b"chunked") => Ok(()),
        _ => Err(FramingError::TransferEncoding),
    }
}

/// Content-Length = 1*DIGIT; a list or repetition of one same value is that value.
fn content_length(fields: FieldsRef<'_>) -> Result<u64, FramingError> {
    let lines = fields
        .spans()
        .iter()
        .filter(|span| span.known == Known::ContentLength);
    let mut length = None;
    for line in lines {
        for value in fields.value(*line).split(|&octet| octet == b',') {
            let value = decimal(trim_ows(value)).ok_or(FramingError::ContentLength)?;
            if length.is_some_and(|length| length != value) {
                return Err(FramingError::ContentLengthsDiffer);
            }
            length = Some(value);
        }
    }
    length.ok_or(FramingError::ContentLength)
}

fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |value, &octet| {
        let digit = octet.is_ascii_digit().then(|| u64::from(octet - b'0'))?;
        value.checked_mul(10)?.checked_add(digit)
    })
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
        response_framing(false, status, version, fields.as_ref())
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
                &[("Content-Length", "5,")],
                Err(FramingError::ContentLength),
            ),
            (
                200,
                new,
                &[("Content-Length", "18446744073709551615")],
                Ok((Length(u64::MAX), false)),
            ),
            (
                200,
                new,
                &[("Content-Length", "18446744073709551616")],
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
        let framed = response_framing(true, StatusCode::OK, Version::HTTP_11, fields.as_ref());
        assert_eq!(framed.map(|framed| framed.framing), Ok(Framing::None));
    }
}
