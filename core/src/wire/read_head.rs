//! Reading a message head (RFC 9112 §§3–5) or a trailer section.
//!
//! Nearly every head arrives whole and in the plain form, so [`quick_head`](super::quick_head) is asked first. What it
//! does not take is scanned: the scan finds the end of the section, looks at each octet once however the input is cut,
//! insists on CRLF and unfolds folded lines in place. Then [`field_lines`](super::field_lines) reads it and has
//! the last word. So an octet is looked at three times at the most, and no peer gets more than one chance to make us
//! start again.

use http::{StatusCode, Version};

use crate::base::{Bound, LONGEST_SECTION, Leniency, work};
use crate::message::{Spans, StatusLine};
use crate::syntax::chars;

use super::field_lines::{line_at, read_fields};
use super::quick_head::read_quickly;
use super::refusal::Refusal;

/// Why octets are not a message head or trailer section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeadError {
    /// It does not begin with `HTTP/1.`: not HTTP, or a major version that we do not speak (RFC 9112 §2.3).
    NotHttp1,
    /// The version is not followed by one digit and a space (RFC 9112 §4).
    Version,
    /// The status code is not three digits from 100 on (RFC 9112 §4).
    Status,
    /// The reason phrase holds a control octet (RFC 9112 §4).
    Reason,
    /// A line ends in LF without CR (RFC 9112 §2.2 lets a recipient take it; smuggling lives on that).
    BareLineFeed,
    /// The first field line begins with white space (RFC 9112 §2.2).
    LeadingWhitespace,
    /// A field name is not a token directly followed by a colon (RFC 9112 §5.1).
    FieldName,
    /// A field value holds a control octet (RFC 9110 §5.5).
    FieldValue,
}

/// Which section is read: they differ in their first line only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Section {
    Head,
    Trailers,
}

impl Section {
    fn too_long(self) -> Refusal<HeadError> {
        Refusal::TooLarge(match self {
            Self::Head => Bound::HeadBytes,
            Self::Trailers => Bound::TrailerBytes,
        })
    }

    fn too_many_fields(self) -> Refusal<HeadError> {
        Refusal::TooLarge(match self {
            Self::Head => Bound::Fields,
            Self::Trailers => Bound::Trailers,
        })
    }
}

/// The bounds of a section.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SectionLimits {
    pub(crate) octets: usize,
    pub(crate) fields: usize,
}

/// How far the scan of a section came. Offsets count from the section's first octet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct HeadScan {
    searched: usize,
    line_start: usize,
    lines: usize,
}

/// What a scan found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scan {
    NeedMore,
    /// The section's length, its empty line included.
    Complete {
        length: usize,
    },
}

impl HeadScan {
    /// Whether nothing of the section was looked at yet.
    fn is_fresh(self) -> bool {
        self.searched == 0
    }

    /// Goes on where the last call stopped; `octets` begins with the same octets as then.
    fn advance(
        &mut self,
        octets: &mut [u8],
        section: Section,
        limits: SectionLimits,
        leniency: Leniency,
    ) -> Result<Scan, Refusal<HeadError>> {
        let before_fields = usize::from(section == Section::Head);
        let lenient = leniency.bare_line_feed && section == Section::Head;
        let most = limits.octets.min(LONGEST_SECTION);
        while let Some(line_feed) = chars::find_line_feed(octets, self.searched) {
            let start = self.line_start;
            let length = line_feed + 1;
            let carriage_return = line_feed > start && octets[line_feed - 1] == b'\r';
            if length > most {
                return Err(section.too_long());
            }
            if !carriage_return && !lenient {
                return Err(HeadError::BareLineFeed.into());
            }
            let empty = start + usize::from(carriage_return) == line_feed;
            if empty && self.lines >= before_fields {
                return Ok(Scan::Complete { length });
            }
            if !chars::is_blank(octets[start]) {
                self.lines += 1;
            } else if self.lines > before_fields {
                unfold(octets, start);
            } else {
                return Err(HeadError::LeadingWhitespace.into());
            }
            if self.lines > limits.fields.saturating_add(before_fields) {
                return Err(section.too_many_fields());
            }
            self.line_start = length;
            self.searched = length;
        }
        self.searched = octets.len();
        if octets.len() >= most {
            Err(section.too_long())
        } else {
            Ok(Scan::NeedMore)
        }
    }
}

/// obs-fold: a user agent MUST replace it by one or more SP (RFC 9112 §5.2). `start` is where the folded line begins.
fn unfold(octets: &mut [u8], start: usize) {
    octets[start - 1] = b' ';
    if octets[start - 2] == b'\r' {
        octets[start - 2] = b' ';
    }
}

/// Reads a message head at the front of `octets`, once it is whole; tells its length, its empty line included.
pub(crate) fn read_head(
    scan: &mut HeadScan,
    octets: &mut [u8],
    limits: SectionLimits,
    leniency: Leniency,
    spans: &mut Spans,
) -> Result<Option<(StatusLine, usize)>, Refusal<HeadError>> {
    if scan.is_fresh() {
        if let Some((line, length)) = read_quickly(octets, limits, spans) {
            work::note(length);
            return Ok(Some((line, length)));
        }
        work::note(octets.len());
    }
    check_start(octets)?;
    let found = scan.advance(octets, Section::Head, limits, leniency)?;
    let Scan::Complete { length } = found else {
        return Ok(None);
    };
    let head = &octets[..length];
    let (line, fields_at) = parse_status_line(head, leniency)?;
    read_fields(head, fields_at, leniency, spans)?;
    Ok(Some((line, length)))
}

/// Reads a trailer section at the front of `octets`, once it is whole; tells its length, its empty line included.
pub(crate) fn read_trailers(
    scan: &mut HeadScan,
    octets: &mut [u8],
    limits: SectionLimits,
    leniency: Leniency,
    spans: &mut Spans,
) -> Result<Option<usize>, Refusal<HeadError>> {
    let found = scan.advance(octets, Section::Trailers, limits, leniency)?;
    let Scan::Complete { length } = found else {
        return Ok(None);
    };
    read_fields(&octets[..length], 0, leniency, spans)?;
    Ok(Some(length))
}

/// How many octets of empty lines stand at the front of `octets`.
pub(crate) fn leading_empty_lines(octets: &[u8], leniency: Leniency) -> usize {
    let mut length = 0;
    loop {
        work::note(2);
        length += match &octets[length..] {
            [b'\r', b'\n', ..] => 2,
            [b'\n', ..] if leniency.bare_line_feed => 1,
            _ => return length,
        };
    }
}

/// Refuses what cannot become an HTTP/1 head as soon as it shows: no peer makes us wait for a line end in vain.
fn check_start(octets: &[u8]) -> Result<(), HeadError> {
    const START: &[u8] = b"HTTP/1.";
    if octets.starts_with(START) || START.starts_with(octets) {
        Ok(())
    } else {
        Err(HeadError::NotHttp1)
    }
}

/// status-line = HTTP-version SP status-code SP [ reason-phrase ]
///
/// The SP before an empty reason phrase may be missing: RFC 9112 §4 has it, but too many servers do not send it.
/// Returns also the offset of the first field line.
fn parse_status_line(head: &[u8], leniency: Leniency) -> Result<(StatusLine, usize), HeadError> {
    let (line, next) = line_at(head, 0);
    let (Some(minor), Some(b' ')) = (line.get(7), line.get(8)) else {
        return Err(HeadError::Version);
    };
    let (version, minor) = match minor {
        b'0' => (Version::HTTP_10, 0),
        // A later minor version is read as the latest that we know (RFC 9110 §2.5).
        b'1'..=b'9' => (Version::HTTP_11, minor - b'0'),
        _ => return Err(HeadError::Version),
    };
    let digits = line.get(9..12).ok_or(HeadError::Status)?;
    let status = StatusCode::from_bytes(digits).map_err(|_| HeadError::Status)?;
    let reason = match line.get(12) {
        None => (12, 12),
        Some(b' ') => (13, line.len()),
        Some(_) => return Err(HeadError::Status),
    };
    if !chars::is_field_value(&line[reason.0..], leniency.control_octets) {
        return Err(HeadError::Reason);
    }
    Ok((
        StatusLine {
            version,
            minor,
            status,
            reason,
        },
        next,
    ))
}

#[cfg(test)]
#[path = "read_head_tests.rs"]
mod tests;
