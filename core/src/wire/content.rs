//! Reading content under any of the framings: which of the octets at hand are content, and where it ends.

use super::chunked_read::{Chunk, ChunkError, ChunkedReader};
use super::framing::Framing;
use super::refusal::Refusal;
use crate::base::Rules;

/// A reader of one message's content. It exists only while there is content to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContentReader {
    /// So many octets are left.
    Length(u64),
    Chunked(ChunkedReader),
    /// All octets up to the end of the stream.
    UntilClose,
}

/// What stands at the front of the input, once framing octets are skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    NeedMore,
    /// So many octets of content are here (at least one).
    Content(usize),
    /// A trailer section is next.
    Trailers,
    /// The content ended with the last octet that was used.
    End,
}

impl ContentReader {
    /// The reader for a framing; `None` if there is nothing to read.
    pub(crate) fn new(framing: Framing) -> Option<Self> {
        match framing {
            Framing::None | Framing::Switched | Framing::Length(0) => None,
            Framing::Length(length) => Some(Self::Length(length)),
            Framing::Chunked => Some(Self::Chunked(ChunkedReader::new())),
            Framing::UntilClose => Some(Self::UntilClose),
        }
    }

    /// Skips framing at the front of the input; tells how many octets that took and what follows.
    pub(crate) fn advance(
        &mut self,
        input: &[u8],
        rules: &Rules,
    ) -> Result<(usize, Part), Refusal<ChunkError>> {
        match self {
            Self::Length(0) => Ok((0, Part::End)),
            Self::Length(left) => Ok((0, content(input.len(), *left))),
            Self::UntilClose => Ok((0, content(input.len(), u64::MAX))),
            Self::Chunked(reader) => {
                let (used, next) = reader.advance(input, rules)?;
                let part = match next {
                    Chunk::NeedMore => Part::NeedMore,
                    Chunk::Data(left) => content(input.len() - used, left),
                    Chunk::Trailers => Part::Trailers,
                };
                Ok((used, part))
            }
        }
    }

    /// Counts content that was used up, at most [`ContentReader::direct`] octets.
    pub(crate) fn take(&mut self, octets: u64) {
        match self {
            Self::Length(left) => *left = left.saturating_sub(octets),
            Self::Chunked(reader) => reader.take(octets),
            Self::UntilClose => {}
        }
    }

    /// How many of the next octets of the stream are surely content.
    pub(crate) fn direct(&self) -> u64 {
        match self {
            Self::Length(left) => *left,
            Self::Chunked(reader) => reader.data_left(),
            Self::UntilClose => u64::MAX,
        }
    }
}

fn content(here: usize, left: u64) -> Part {
    let count = usize::try_from(left).map_or(here, |left| left.min(here));
    if count == 0 {
        Part::NeedMore
    } else {
        Part::Content(count)
    }
}
