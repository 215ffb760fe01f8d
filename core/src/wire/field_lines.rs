//! Field lines of a section whose end was found, and whose folded lines were unfolded (RFC 9112 §5): the careful readers.
//!
//! ```text
//! field-line = field-name ":" OWS field-value OWS
//! ```
//! `httparse` reads it if it can: the scan before has made sure that each line ends in CRLF, the one thing in which it is
//! laxer than we are. What it refuses is read line by line: that names what is wrong, and knows each [`Leniency`].

use super::HeadError;
use crate::base::{Leniency, work};
use crate::message::{FieldSpan, Known, Span, Spans};
use crate::syntax::chars;

/// The line that begins at `start`, without its line end, and where the next one begins.
pub(super) fn line_at(octets: &[u8], start: usize) -> (&[u8], usize) {
    let line_feed = chars::find_line_feed(octets, start).unwrap_or(octets.len());
    let line = &octets[start..line_feed];
    (line.strip_suffix(b"\r").unwrap_or(line), line_feed + 1)
}

/// More field lines than this are read one by one: room for them costs nothing but stack.
const MOST_FIELDS: usize = 100;

/// Turns all field lines from `start` to the empty line into spans, which count from the beginning of `octets`.
pub(super) fn read_fields(
    octets: &[u8],
    start: usize,
    leniency: Leniency,
    spans: &mut Spans,
) -> Result<(), HeadError> {
    if leniency == Leniency::default() && parse_fields(octets, start, spans).is_some() {
        return Ok(());
    }
    read_lines(octets, start, leniency, spans)
}

/// By httparse; `None` says nothing about what the lines are.
fn parse_fields(octets: &[u8], start: usize, spans: &mut Spans) -> Option<()> {
    let mut room = [httparse::EMPTY_HEADER; MOST_FIELDS];
    let lines = octets.get(start..)?;
    work::note(lines.len());
    let Ok(httparse::Status::Complete((_, fields))) = httparse::parse_headers(lines, &mut room)
    else {
        return None;
    };
    spans.restart(fields.len());
    for field in fields {
        spans.push(FieldSpan {
            known: Known::of(field.name.as_bytes()),
            name: span_in(octets, field.name.as_bytes())?,
            value: span_in(octets, field.value)?,
        });
    }
    Some(())
}

/// Where a piece of `octets` stands in them.
fn span_in(octets: &[u8], piece: &[u8]) -> Option<Span> {
    // An empty value may point anywhere; it needs no place.
    let start = match piece {
        [] => 0,
        piece => piece.as_ptr().addr() - octets.as_ptr().addr(),
    };
    Span::new(start, piece.len())
}

/// Line by line: the last word.
pub(super) fn read_lines(
    octets: &[u8],
    mut start: usize,
    leniency: Leniency,
    spans: &mut Spans,
) -> Result<(), HeadError> {
    spans.restart(0);
    loop {
        let (line, next) = line_at(octets, start);
        if line.is_empty() {
            return Ok(());
        }
        spans.push(read_line(line, start, leniency)?);
        start = next;
    }
}

fn read_line(line: &[u8], start: usize, leniency: Leniency) -> Result<FieldSpan, HeadError> {
    work::note(2 * line.len());
    let colon = line.iter().position(|&octet| octet == b':');
    let (mut name, value) = line.split_at(colon.ok_or(HeadError::FieldName)?);
    if leniency.space_before_colon {
        name = chars::trim_ows(name);
    }
    if !chars::is_token(name) {
        return Err(HeadError::FieldName);
    }
    let value = &value[1..];
    let behind = chars::trim_ows_front(value);
    let value_at = start + line.len() - behind.len();
    let value = chars::trim_ows(behind);
    if !chars::is_field_value(value, leniency.control_octets) {
        return Err(HeadError::FieldValue);
    }
    Ok(FieldSpan {
        known: Known::of(name),
        name: Span::below(start, name.len()),
        value: Span::below(value_at, value.len()),
    })
}
