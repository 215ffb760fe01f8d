//! A head that arrived whole and in the plain form, in one pass: the quick reader.
//!
//! It looks at each octet once, eight at a step where they are plain, and turns the head into spans as it goes. Whatever
//! is not plain (folded lines, a head that is not all here, a tab inside of a value, anything wrong) is none of its
//! business: it says nothing, and the careful readers decide. It must never take what they would refuse, or read it
//! differently; a property test and the fuzz targets hold them against each other.
//!
//! `httparse` could do this, and did: it needs half as many instructions again as the whole exchange may cost, and its
//! line ends must be looked at afterwards, because it takes LF for one.

use http::{StatusCode, Version};

use super::read_head::SectionLimits;
use crate::message::{FieldSpan, Known, Span, Spans, StatusLine};
use crate::syntax::chars::{is_blank, plain_value_length, token_length};

/// A longer head is left to the careful readers.
const LONGEST: usize = 1 << 20;

/// Reads a head at the front of `octets`; tells its length. `None` says nothing about what it is.
#[inline(never)] // It needs all registers for itself.
pub(super) fn read_quickly(
    octets: &[u8],
    limits: SectionLimits,
    spans: &mut Spans,
) -> Option<(StatusLine, usize)> {
    let (line, mut at) = read_status_line(octets)?;
    let most = limits.octets.min(LONGEST);
    spans.restart(0);
    loop {
        let rest = octets.get(at..)?;
        if at >= most {
            return None;
        }
        if let [b'\r', b'\n', ..] = rest {
            break;
        }
        if spans.list().len() == limits.fields {
            return None;
        }
        at += read_line(rest, at, spans)?;
    }
    let length = at + 2;
    (length <= most).then_some((line, length))
}

/// status-line = HTTP-version SP status-code SP [ reason-phrase ]
fn read_status_line(octets: &[u8]) -> Option<(StatusLine, usize)> {
    let start = octets.first_chunk::<13>()?;
    let (version, behind) = start.split_at(8);
    let &[minor] = version.strip_prefix(b"HTTP/1.")? else {
        return None;
    };
    let &[b' ', ref digits @ .., behind] = behind else {
        return None;
    };
    let minor = minor.wrapping_sub(b'0');
    let version = match minor {
        0 => Version::HTTP_10,
        1..=9 => Version::HTTP_11,
        _ => return None,
    };
    let status = StatusCode::from_bytes(digits).ok()?;
    let start = match behind {
        b' ' => 13,
        // No space, and so no reason.
        b'\r' => 12,
        _ => return None,
    };
    let rest = octets.get(start..)?;
    let length = plain_value_length(rest);
    let [b'\r', b'\n', ..] = rest.get(length..)? else {
        return None;
    };
    let end = start + length;
    let reason = (start, end);
    let line = StatusLine {
        version,
        minor,
        status,
        reason,
    };
    Some((line, end + 2))
}

/// field-line = field-name ":" OWS field-value OWS
///
/// `rest` begins with the line and goes on behind it; `at` is where it stands in the head. Tells the line's length, its
/// end included, which lies below [`LONGEST`] or is found too long by the caller.
fn read_line(rest: &[u8], at: usize, spans: &mut Spans) -> Option<usize> {
    let colon = token_length(rest);
    let (name, behind) = rest.split_at_checked(colon)?;
    let (b':', value) = behind.split_first()? else {
        return None;
    };
    // Nearly every line has one space there.
    let blanks = match value {
        [b' ', next, ..] if !is_blank(*next) => 1,
        _ => value.iter().take_while(|octet| is_blank(**octet)).count(),
    };
    let value = value.get(blanks..)?;
    let whole = plain_value_length(value);
    let (value, [b'\r', b'\n', ..]) = value.split_at_checked(whole)? else {
        return None;
    };
    let length = match value {
        [.., b' '] => value.trim_ascii_end().len(),
        _ => whole,
    };
    let start = colon + 1 + blanks;
    if colon == 0 || start + whole > LONGEST {
        return None;
    }
    spans.push(FieldSpan {
        known: Known::of(name),
        name: Span::below(at, colon),
        value: Span::below(at + start, length),
    });
    Some(start + whole + 2)
}
