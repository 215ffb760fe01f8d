//! Reading a message head (RFC 9112 §§3–5) or a trailer section.
//!
//! Two passes. The scan finds the end of the section; it looks at each octet once however the input is cut, insists on
//! CRLF and unfolds folded lines in place. The parse then turns the whole section into offsets. `httparse` does the
//! field lines; the scan exists because httparse alone takes a bare LF and begins anew at each call, and the status
//! line is ours because httparse knows no minor version above 1.

use http::{StatusCode, Version};

use crate::message::{FieldSpan, Known, Span, StatusLine};
use crate::syntax::chars;

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
    /// More field lines than [`Limits`](crate::Limits) allows.
    TooManyFields,
    /// More octets than [`Limits`](crate::Limits) allows.
    TooLong,
}

/// Which section is read: they differ in their first line only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Head,
    Trailers,
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
pub(crate) enum Scan {
    NeedMore,
    /// The section's length, its empty line included, and the number of its field lines.
    Complete {
        length: usize,
        fields: usize,
    },
}

impl HeadScan {
    /// Goes on where the last call stopped; `octets` begins with the same octets as then.
    pub(crate) fn advance(
        &mut self,
        octets: &mut [u8],
        section: Section,
        limits: SectionLimits,
    ) -> Result<Scan, HeadError> {
        let before_fields = usize::from(section == Section::Head);
        while let Some(line_feed) = chars::find_line_feed(octets, self.searched) {
            if line_feed >= limits.octets {
                return Err(HeadError::TooLong);
            }
            if line_feed == 0 || octets[line_feed - 1] != b'\r' {
                return Err(HeadError::BareLineFeed);
            }
            let start = self.line_start;
            let length = line_feed + 1;
            if start + 1 == line_feed && self.lines >= before_fields {
                return Ok(Scan::Complete {
                    length,
                    fields: self.lines - before_fields,
                });
            }
            if !chars::is_blank(octets[start]) {
                self.lines += 1;
            } else if self.lines > before_fields {
                // obs-fold: a user agent MUST replace it by one or more SP (RFC 9112 §5.2).
                octets[start - 2] = b' ';
                octets[start - 1] = b' ';
            } else {
                return Err(HeadError::LeadingWhitespace);
            }
            if self.lines > limits.fields + before_fields {
                return Err(HeadError::TooManyFields);
            }
            self.line_start = length;
            self.searched = length;
        }
        self.searched = octets.len();
        if octets.len() >= limits.octets {
            Err(HeadError::TooLong)
        } else {
            Ok(Scan::NeedMore)
        }
    }
}

/// Refuses what cannot become an HTTP/1 head as soon as it shows: no peer makes us wait for a line end in vain.
pub(crate) fn check_start(octets: &[u8]) -> Result<(), HeadError> {
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
pub(crate) fn parse_status_line(head: &[u8]) -> Result<(StatusLine, usize), HeadError> {
    check_start(head)?;
    // The scan has made sure that a CR stands before every LF.
    let end = chars::find_line_feed(head, 0)
        .ok_or(HeadError::Status)?
        .saturating_sub(1);
    let line = &head[..end];
    let (Some(minor), Some(b' ')) = (line.get(7), line.get(8)) else {
        return Err(HeadError::Version);
    };
    let version = match minor {
        b'0' => Version::HTTP_10,
        // A later minor version is read as the latest that we know (RFC 9110 §2.5).
        b'1'..=b'9' => Version::HTTP_11,
        _ => return Err(HeadError::Version),
    };
    let digits = line.get(9..12).ok_or(HeadError::Status)?;
    let status = StatusCode::from_bytes(digits).map_err(|_| HeadError::Status)?;
    let reason = match line.get(12) {
        None => (end, end),
        Some(b' ') => (13, end),
        Some(_) => return Err(HeadError::Status),
    };
    if !chars::is_field_value(&line[reason.0.min(end)..]) {
        return Err(HeadError::Reason);
    }
    Ok((
        StatusLine {
            version,
            status,
            reason,
        },
        end + 2,
    ))
}

/// Turns the field lines of a whole, scanned section into spans. `octets[offset..]` are the lines with their empty
/// line; the spans count from the beginning of `octets`.
pub(crate) fn parse_fields(
    octets: &[u8],
    offset: usize,
    fields: usize,
    spans: &mut Vec<FieldSpan>,
) -> Result<(), HeadError> {
    // The scan counted the lines, so the common small head does not pay for room for a hundred.
    match fields {
        0..=16 => parse_into(octets, offset, &mut [httparse::EMPTY_HEADER; 16], spans),
        17..=100 => parse_into(octets, offset, &mut [httparse::EMPTY_HEADER; 100], spans),
        _ => parse_into(
            octets,
            offset,
            &mut vec![httparse::EMPTY_HEADER; fields],
            spans,
        ),
    }
}

fn parse_into<'a>(
    octets: &'a [u8],
    offset: usize,
    room: &mut [httparse::Header<'a>],
    spans: &mut Vec<FieldSpan>,
) -> Result<(), HeadError> {
    let lines = match httparse::parse_headers(&octets[offset..], room) {
        Ok(httparse::Status::Complete((_, lines))) => lines,
        Ok(httparse::Status::Partial) | Err(httparse::Error::HeaderName) => {
            return Err(HeadError::FieldName);
        }
        Err(httparse::Error::TooManyHeaders) => return Err(HeadError::TooManyFields),
        Err(_) => return Err(HeadError::FieldValue),
    };
    spans.clear();
    for line in lines {
        let name = span_in(octets, line.name.as_bytes()).ok_or(HeadError::TooLong)?;
        let value = span_in(octets, line.value).ok_or(HeadError::TooLong)?;
        spans.push(FieldSpan {
            known: Known::of(line.name.as_bytes()),
            name,
            value,
        });
    }
    Ok(())
}

/// Where a piece of `octets` stands in them.
fn span_in(octets: &[u8], piece: &[u8]) -> Option<Span> {
    // An empty value may point anywhere; it needs no place.
    let start = if piece.is_empty() {
        0
    } else {
        piece.as_ptr().addr() - octets.as_ptr().addr()
    };
    Span::new(start, piece.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: SectionLimits = SectionLimits {
        octets: 256,
        fields: 4,
    };

    type Lines = Vec<(String, Vec<u8>)>;

    /// Reads a head that comes in two pieces.
    fn read_cut(head: &[u8], cut: usize) -> Result<Option<(StatusLine, Lines, usize)>, HeadError> {
        let mut scan = HeadScan::default();
        let mut octets = head[..cut].to_vec();
        let mut found = scan.advance(&mut octets, Section::Head, LIMITS)?;
        if found == Scan::NeedMore {
            octets.extend_from_slice(&head[cut..]);
            found = scan.advance(&mut octets, Section::Head, LIMITS)?;
        }
        let Scan::Complete { length, fields } = found else {
            return Ok(None);
        };
        let head = &octets[..length];
        let (line, offset) = parse_status_line(head)?;
        let mut spans = Vec::new();
        parse_fields(head, offset, fields, &mut spans)?;
        let view = crate::message::FieldsRef::new(head, &spans);
        let lines = view
            .iter()
            .map(|field| (field.name.to_owned(), field.value.to_vec()))
            .collect();
        Ok(Some((line, lines, length)))
    }

    /// Reads a head whole and at every cut; the results must agree.
    fn read(head: &str) -> Result<Option<(StatusLine, Lines, usize)>, HeadError> {
        let whole = read_cut(head.as_bytes(), head.len());
        for cut in 0..head.len() {
            assert_eq!(
                read_cut(head.as_bytes(), cut),
                whole,
                "{head:?} cut at {cut}"
            );
        }
        whole
    }

    #[test]
    fn good_heads_are_read() {
        let text = "HTTP/1.1 200 OK\r\nA: 1\r\nb:\t2 \r\nEmpty:\r\n\r\nrest";
        let (line, lines, length) = read(text).expect("good").expect("whole");
        assert_eq!(
            (line.version, line.status),
            (Version::HTTP_11, StatusCode::OK)
        );
        assert_eq!(&text[length..], "rest");
        let expected = [("A", "1"), ("b", "2"), ("Empty", "")];
        assert_eq!(
            lines,
            expected.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()))
        );
        for (text, version, status) in [
            ("HTTP/1.0 204 \r\n\r\n", Version::HTTP_10, 204),
            ("HTTP/1.7 599 \u{e9}t\u{e9}\r\n\r\n", Version::HTTP_11, 599),
            ("HTTP/1.1 999\r\n\r\n", Version::HTTP_11, 999),
        ] {
            let (line, lines, _) = read(text).expect("good").expect("whole");
            assert_eq!(
                (line.version, line.status.as_u16(), lines.len()),
                (version, status, 0)
            );
        }
    }

    #[test]
    fn folded_lines_are_unfolded() {
        let (_, lines, _) = read("HTTP/1.1 200 OK\r\nA: 1\r\n  2\r\n\t3\r\n\r\n")
            .expect("good")
            .expect("whole");
        let value = String::from_utf8_lossy(&lines[0].1)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        assert_eq!(value, "1 2 3");
    }

    #[test]
    fn what_is_not_a_head_is_refused() {
        for (text, error) in [
            ("SSH-2.0-x\r\n", HeadError::NotHttp1),
            ("HTTP/2.0 200 OK\r\n\r\n", HeadError::NotHttp1),
            ("HTTP/1.x 200 OK\r\n\r\n", HeadError::Version),
            ("HTTP/1.10 200 OK\r\n\r\n", HeadError::Version),
            ("HTTP/1.1  200 OK\r\n\r\n", HeadError::Status),
            ("HTTP/1.1 099 OK\r\n\r\n", HeadError::Status),
            ("HTTP/1.1 2000 OK\r\n\r\n", HeadError::Status),
            ("HTTP/1.1 +20 OK\r\n\r\n", HeadError::Status),
            ("HTTP/1.1 200 a\u{1b}b\r\n\r\n", HeadError::Reason),
            ("HTTP/1.1 200 OK\n\r\n", HeadError::BareLineFeed),
            ("HTTP/1.1 200 OK\r\nA: 1\n\r\n", HeadError::BareLineFeed),
            ("HTTP/1.1 200 OK\r\nA: 1\r\n\n", HeadError::BareLineFeed),
            (
                "HTTP/1.1 200 OK\r\n A: 1\r\n\r\n",
                HeadError::LeadingWhitespace,
            ),
            ("HTTP/1.1 200 OK\r\nA : 1\r\n\r\n", HeadError::FieldName),
            ("HTTP/1.1 200 OK\r\n: 1\r\n\r\n", HeadError::FieldName),
            ("HTTP/1.1 200 OK\r\nA\r\n\r\n", HeadError::FieldName),
            ("HTTP/1.1 200 OK\r\nA: a\rb\r\n\r\n", HeadError::FieldValue),
            ("HTTP/1.1 200 OK\r\nA: a\0b\r\n\r\n", HeadError::FieldValue),
            (
                "HTTP/1.1 200 OK\r\nA: a\x7fb\r\n\r\n",
                HeadError::FieldValue,
            ),
            (
                "HTTP/1.1 200 OK\r\na:\r\nb:\r\nc:\r\nd:\r\ne:\r\n\r\n",
                HeadError::TooManyFields,
            ),
        ] {
            let cut_at_end = read_cut(text.as_bytes(), text.len());
            let refused = cut_at_end.and_then(|found| match found {
                None => check_start(text.as_bytes()).map(|()| None),
                some => Ok(some),
            });
            assert_eq!(refused, Err(error), "{text:?}");
        }
    }

    #[test]
    fn limits_hold_at_their_edge() {
        let head = |length: usize| {
            let fixed = "HTTP/1.1 200 OK\r\nA: \r\n\r\n".len();
            format!(
                "HTTP/1.1 200 OK\r\nA: {}\r\n\r\n",
                "x".repeat(length - fixed)
            )
        };
        assert!(read(&head(256)).is_ok());
        assert_eq!(read_cut(head(257).as_bytes(), 257), Err(HeadError::TooLong));
        // An endless line is refused before it ends.
        assert_eq!(read_cut(&[b'x'; 256], 256), Err(HeadError::TooLong));
        assert!(read("HTTP/1.1 200 OK\r\na:\r\nb:\r\nc:\r\nd:\r\n\r\n").is_ok());
    }
}
