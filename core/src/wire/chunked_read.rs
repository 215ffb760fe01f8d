//! Reading the chunked coding (RFC 9112 §7.1), octet by octet where there is framing, in one step where there is data.
//!
//! ```text
//! chunked-body = *chunk last-chunk trailer-section CRLF
//! chunk        = chunk-size [ chunk-ext ] CRLF chunk-data CRLF
//! chunk-ext    = *( BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ] )
//! ```
//! Extensions are read by the letter (unless [`Leniency`](crate::Leniency) says otherwise) and mean nothing to us.
//! A bare CR or LF anywhere in the framing is an error: peers that read them apart are how requests get smuggled.

use super::refusal::Refusal;
use crate::base::{Bound, Limits, Rules, work};
use crate::syntax::chars;

/// Why octets are not chunked content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChunkError {
    /// The chunk size is not hexadecimal digits, or has no digit (RFC 9112 §7.1).
    Size,
    /// The chunk size passes 2^63 - 1 octets.
    TooLarge,
    /// A chunk extension that does not begin with a semicolon or holds a control octet (RFC 9112 §7.1.1).
    Extension,
    /// A line of the framing, or the data of a chunk, does not end in CRLF.
    LineEnd,
}

/// How far the framing has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChunkedReader {
    state: State,
    /// The size of the present chunk; then what is left of its data.
    size: u64,
    /// Octets of the present header line.
    line: usize,
    /// Octets of all extensions so far.
    extensions: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    FirstDigit,
    Digits,
    /// White space where only another extension may follow.
    BeforeExtension,
    NameStart,
    Name,
    /// White space after an extension's name.
    AfterName,
    ValueStart,
    Value,
    Quoted,
    /// After a backslash in a quoted string.
    Escaped,
    /// After the closing quote.
    Unquoted,
    HeaderLineFeed,
    Data,
    DataCarriageReturn,
    DataLineFeed,
    Trailers,
}

impl State {
    /// The next state inside of an extension.
    fn in_extension(self, octet: u8) -> Option<Self> {
        let (token, blank) = (chars::is_token(&[octet]), chars::is_blank(octet));
        match (self, octet) {
            (Self::Name | Self::Value | Self::Unquoted, b'\r') => Some(Self::HeaderLineFeed),
            (
                Self::BeforeExtension | Self::Name | Self::AfterName | Self::Value | Self::Unquoted,
                b';',
            ) => Some(Self::NameStart),
            (Self::Name | Self::AfterName, b'=') => Some(Self::ValueStart),
            (Self::Name | Self::NameStart, _) if token => Some(Self::Name),
            (Self::Value | Self::ValueStart, _) if token => Some(Self::Value),
            (Self::NameStart | Self::ValueStart | Self::BeforeExtension | Self::AfterName, _)
                if blank =>
            {
                Some(self)
            }
            (Self::Name, _) if blank => Some(Self::AfterName),
            (Self::Value | Self::Unquoted, _) if blank => Some(Self::BeforeExtension),
            (Self::ValueStart, b'"') => Some(Self::Quoted),
            (Self::Quoted, b'"') => Some(Self::Unquoted),
            (Self::Quoted, b'\\') => Some(Self::Escaped),
            (Self::Quoted | Self::Escaped, _) if chars::is_value_octet(octet) => Some(Self::Quoted),
            _ => None,
        }
    }
}

/// What the framing said about the octets that come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chunk {
    /// The framing goes on in octets that are not here yet.
    NeedMore,
    /// So many octets of data are next.
    Data(u64),
    /// The last chunk is read; the trailer section is next.
    Trailers,
}

impl ChunkedReader {
    pub(crate) fn new() -> Self {
        Self {
            state: State::FirstDigit,
            size: 0,
            line: 0,
            extensions: 0,
        }
    }

    /// Reads framing from the front of `input`; tells how many octets it used and what follows them.
    pub(crate) fn advance(
        &mut self,
        input: &[u8],
        rules: &Rules,
    ) -> Result<(usize, Chunk), Refusal<ChunkError>> {
        let mut used = 0;
        for &octet in input {
            match self.state {
                State::Data | State::Trailers => break,
                _ => self.read(octet, rules)?,
            }
            used += 1;
        }
        work::note(used);
        let next = match self.state {
            State::Data => Chunk::Data(self.size),
            State::Trailers => Chunk::Trailers,
            _ => Chunk::NeedMore,
        };
        Ok((used, next))
    }

    fn read(&mut self, octet: u8, rules: &Rules) -> Result<(), Refusal<ChunkError>> {
        self.state = match (self.state, octet) {
            (State::FirstDigit, _) => {
                self.size = hexadecimal(octet).ok_or(ChunkError::Size)?;
                self.line = 0;
                State::Digits
            }
            (State::Digits, b'\r') => State::HeaderLineFeed,
            (State::Digits, b';') => State::NameStart,
            (State::Digits, b' ' | b'\t') => State::BeforeExtension,
            (State::Digits, _) => {
                let digit = hexadecimal(octet).ok_or(ChunkError::Size)?;
                // One bit less than 64, and never a shift that loses digits.
                if self.size >= 1 << 59 {
                    return Err(ChunkError::TooLarge.into());
                }
                self.size = self.size << 4 | digit;
                State::Digits
            }
            (State::HeaderLineFeed, b'\n') if self.size == 0 => State::Trailers,
            (State::HeaderLineFeed, b'\n') => State::Data,
            (State::DataCarriageReturn, b'\r') => State::DataLineFeed,
            (State::DataLineFeed, b'\n') => State::FirstDigit,
            (State::HeaderLineFeed | State::DataCarriageReturn | State::DataLineFeed, _) => {
                return Err(ChunkError::LineEnd.into());
            }
            // `advance` stops before data and trailers.
            (state @ (State::Data | State::Trailers), _) => state,
            (_, b'\r') if rules.leniency.chunk_extensions => State::HeaderLineFeed,
            (_, octet) if rules.leniency.chunk_extensions && octet != b'\n' => State::Name,
            (in_extension, _) => in_extension
                .in_extension(octet)
                .ok_or(ChunkError::Extension)?,
        };
        self.count(&rules.limits)
    }

    fn count(&mut self, limits: &Limits) -> Result<(), Refusal<ChunkError>> {
        self.line += 1;
        let plain = matches!(
            self.state,
            State::FirstDigit
                | State::Digits
                | State::HeaderLineFeed
                | State::Data
                | State::DataCarriageReturn
                | State::DataLineFeed
                | State::Trailers
        );
        self.extensions += usize::from(!plain);
        if self.line > limits.max_chunk_line {
            Err(Refusal::TooLarge(Bound::ChunkLine))
        } else if self.extensions > limits.max_chunk_extensions {
            Err(Refusal::TooLarge(Bound::ChunkExtensions))
        } else {
            Ok(())
        }
    }

    /// What is left of the present chunk's data.
    pub(crate) fn data_left(&self) -> u64 {
        if self.state == State::Data {
            self.size
        } else {
            0
        }
    }

    /// Counts data that was used up.
    pub(crate) fn take(&mut self, octets: u64) {
        self.size = self.size.saturating_sub(octets);
        if self.size == 0 && self.state == State::Data {
            self.state = State::DataCarriageReturn;
            self.line = 0;
        }
    }
}

fn hexadecimal(octet: u8) -> Option<u64> {
    char::from(octet).to_digit(16).map(u64::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Leniency;

    /// Decodes up to the trailer section, in pieces of `piece` octets; returns the content and what is left.
    fn decode(input: &[u8], piece: usize) -> Result<(Vec<u8>, usize), Refusal<ChunkError>> {
        decode_with(input, piece, Leniency::default())
    }

    fn decode_with(
        input: &[u8],
        piece: usize,
        leniency: Leniency,
    ) -> Result<(Vec<u8>, usize), Refusal<ChunkError>> {
        let limits = Limits {
            max_chunk_line: 32,
            max_chunk_extensions: 30,
            ..Limits::default()
        };
        let rules = Rules {
            limits,
            leniency,
            ..Rules::default()
        };
        let (mut reader, mut content, mut at) = (ChunkedReader::new(), Vec::new(), 0);
        loop {
            let end = input.len().min(at + piece);
            let (used, next) = reader.advance(&input[at..end], &rules)?;
            at += used;
            match next {
                Chunk::Trailers => return Ok((content, input.len() - at)),
                Chunk::NeedMore if at == input.len() => return Ok((content, usize::MAX)),
                Chunk::NeedMore => {}
                Chunk::Data(left) => {
                    let size = usize::try_from(left)
                        .unwrap_or(usize::MAX)
                        .min(end.max(at) - at)
                        .max(1);
                    let size = size.min(input.len() - at);
                    if size == 0 {
                        return Ok((content, usize::MAX));
                    }
                    content.extend_from_slice(&input[at..at + size]);
                    reader.take(size as u64);
                    at += size;
                }
            }
        }
    }

    #[test]
    fn good_content_is_decoded_at_every_cut() {
        let input = b"5\r\nhello\r\nA ; x=1 ;y = \"\\\"q\"\r\n, chunked!\r\n000;z\r\nleft";
        for piece in 1..=input.len() {
            assert_eq!(
                decode(input, piece),
                Ok((b"hello, chunked!".to_vec(), 4)),
                "pieces of {piece}"
            );
        }
    }

    #[test]
    fn bad_framing_is_refused() {
        for (input, error) in [
            ("\r\n", ChunkError::Size),
            ("+5\r\n", ChunkError::Size),
            ("0x5\r\n", ChunkError::Size),
            ("5_0\r\n", ChunkError::Size),
            (" 5\r\n", ChunkError::Size),
            ("5\n", ChunkError::Size),
            ("5 5\r\n", ChunkError::Extension),
            ("5;a\nb\r\n", ChunkError::Extension),
            ("5;\r\n", ChunkError::Extension),
            ("5;;a\r\n", ChunkError::Extension),
            ("5;=a\r\n", ChunkError::Extension),
            ("5;a=\r\n", ChunkError::Extension),
            ("5;a=1 \r\n", ChunkError::Extension),
            ("5;a b\r\n", ChunkError::Extension),
            ("5;a=\"b\r\n", ChunkError::Extension),
            ("5;a=\"b\"c\r\n", ChunkError::Extension),
            ("5;a\0\r\n", ChunkError::Extension),
            ("5\r\r\n", ChunkError::LineEnd),
            ("1\r\naX\r\n", ChunkError::LineEnd),
            ("1\r\na\rX", ChunkError::LineEnd),
            ("8000000000000000\r\n", ChunkError::TooLarge),
            ("10000000000000000\r\n", ChunkError::TooLarge),
        ] {
            is_refused(input, error.into());
        }
    }

    #[test]
    fn long_framing_is_refused() {
        for (input, bound) in [
            ("000000000000000000000000000000001\r\n", Bound::ChunkLine),
            (
                "1;a=2;b=3;c=4;d=5;e=6;f=7;g=8;h=9;\r\n",
                Bound::ChunkExtensions,
            ),
            (
                "1;abcdefghijk\r\na\r\n1;abcdefghijk\r\na\r\n1;abcdefghijk\r\n",
                Bound::ChunkExtensions,
            ),
        ] {
            is_refused(input, Refusal::TooLarge(bound));
        }
    }

    fn is_refused(input: &str, refusal: Refusal<ChunkError>) {
        for piece in 1..=input.len() {
            assert_eq!(
                decode(input.as_bytes(), piece),
                Err(refusal),
                "{input:?} in pieces of {piece}"
            );
        }
    }

    #[test]
    fn the_largest_chunk_is_taken() {
        let (used, next) = ChunkedReader::new()
            .advance(b"7fffffffffffffff\r\n", &Rules::default())
            .expect("good");
        assert_eq!((used, next), (18, Chunk::Data(i64::MAX as u64)));
    }

    #[test]
    fn lenient_readers_skip_any_extension_but_no_line_end() {
        let leniency = Leniency {
            chunk_extensions: true,
            ..Leniency::default()
        };
        for good in ["5  \r\nhello\r\n0\r\n", "5;;\x01=\r\nhello\r\n0;\r\n"] {
            for piece in 1..=good.len() {
                let read = decode_with(good.as_bytes(), piece, leniency);
                assert_eq!(read, Ok((b"hello".to_vec(), 0)), "{good:?}");
                assert!(decode(good.as_bytes(), piece).is_err(), "{good:?}");
            }
        }
        for (bad, error) in [
            ("5;a\nb\r\n", ChunkError::Extension),
            ("5;a\rb\r\n", ChunkError::LineEnd),
            ("5 \n", ChunkError::Extension),
            ("+5\r\n", ChunkError::Size),
        ] {
            let read = decode_with(bad.as_bytes(), bad.len(), leniency);
            assert_eq!(read, Err(error.into()), "{bad:?}");
        }
    }
}
