//! Field lines of a whole section, one after the other (RFC 9112 §5): the careful reader.
//!
//! ```text
//! field-line = field-name ":" OWS field-value OWS
//! ```
//! It looks at every octet, names what is wrong, and knows each [`Leniency`]. The section's end was found before, and
//! folded lines were unfolded.

use super::HeadError;
use crate::base::Leniency;
use crate::message::{FieldSpan, Known, Span, Spans};
use crate::syntax::chars;

/// The line that begins at `start`, without its line end, and where the next one begins.
pub(super) fn line_at(octets: &[u8], start: usize) -> (&[u8], usize) {
    let line_feed = chars::find_line_feed(octets, start).unwrap_or(octets.len());
    let line = &octets[start..line_feed];
    (line.strip_suffix(b"\r").unwrap_or(line), line_feed + 1)
}

/// Turns all field lines from `start` to the empty line into spans, which count from the beginning of `octets`.
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
        name: Span::new(start, name.len()).ok_or(HeadError::TooLong)?,
        value: Span::new(value_at, value.len()).ok_or(HeadError::TooLong)?,
    })
}
