//! A head that arrived whole and in the plain form, in one pass: the quick reader.
//!
//! `httparse` reads it several octets a step. It is laxer than we are in one thing that matters, it takes LF for a line
//! end, and it says where everything stands: so the line ends are looked at afterwards, each by its place. Whatever is
//! not plain (folded lines, a minor version that httparse does not know, many fields, anything wrong) is none of this
//! reader's business: it says nothing, and the careful one decides. It must never take what that one would refuse, or
//! read it differently; a property test and the fuzz targets hold the two against each other.

use core::mem::MaybeUninit;

use http::{StatusCode, Version};

use super::read_head::SectionLimits;
use crate::message::{FieldSpan, Known, Span, Spans, StatusLine};

/// More field lines than this are left to the careful reader: room for them costs nothing but stack.
const MOST_FIELDS: usize = 64;

/// Reads a head at the front of `octets`; tells its length. `None` says nothing about what it is.
pub(super) fn read_quickly(
    octets: &[u8],
    limits: SectionLimits,
    spans: &mut Spans,
) -> Option<(StatusLine, usize)> {
    // It would skip empty lines in front.
    if octets.first() != Some(&b'H') {
        return None;
    }
    let mut room = [const { MaybeUninit::uninit() }; MOST_FIELDS];
    let mut response = httparse::Response::new(&mut []);
    let parsed = httparse::ParserConfig::default().parse_response_with_uninit_headers(
        &mut response,
        octets,
        &mut room,
    );
    let Ok(httparse::Status::Complete(length)) = parsed else {
        return None;
    };
    if length > limits.octets || response.headers.len() > limits.fields {
        return None;
    }
    let head = &octets[..length];
    let first_end = place_fields(head, response.headers, spans)?;
    let minor = response.version?;
    let line = StatusLine {
        version: match minor {
            0 => Version::HTTP_10,
            _ => Version::HTTP_11,
        },
        minor,
        status: StatusCode::from_u16(response.code?).ok()?,
        // "HTTP/1.1 200", then perhaps a space and the reason.
        reason: (first_end.min(13), first_end),
    };
    Some((line, length))
}

/// Turns fields into spans and makes sure that each line ends in CRLF; tells where the status line ends.
fn place_fields(head: &[u8], fields: &[httparse::Header<'_>], spans: &mut Spans) -> Option<usize> {
    spans.restart(fields.len());
    let base = head.as_ptr().addr();
    let mut first_end = None;
    for field in fields {
        let name_at = field.name.as_ptr().addr() - base;
        let line_end = end_before(head, name_at)?;
        first_end = first_end.or(Some(line_end));
        // An empty value may point anywhere; it needs no place.
        let value_at = match field.value {
            [] => 0,
            value => value.as_ptr().addr() - base,
        };
        spans.push(FieldSpan {
            known: Known::of(field.name.as_bytes()),
            name: Span::new(name_at, field.name.len())?,
            value: Span::new(value_at, field.value.len())?,
        });
    }
    let empty_line = end_before(head, head.len())?;
    let last_end = end_before(head, empty_line)?;
    first_end.or(Some(last_end))
}

/// Where the line end before this place begins, if it is CRLF.
fn end_before(head: &[u8], place: usize) -> Option<usize> {
    let line_end = place.checked_sub(2)?;
    (head.get(line_end..place)? == b"\r\n").then_some(line_end)
}
