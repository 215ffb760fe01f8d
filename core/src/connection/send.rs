//! The sending half at work: head and content to octets, under any pattern of partial writes.

use core::fmt;
use std::io::IoSlice;

use bytes::Bytes;
use http::Method;

use crate::message::{Fields, Known};
use crate::wire::{Asked, Framing, write_chunk_header, write_last_chunk};

/// Content up to this size is copied behind the head, so that both leave in one plain write.
const SMALL: usize = 2 * 1024;

/// What content a request will have. The source of the octets is the driver's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentPlan {
    /// No content and no framing field.
    None,
    /// So many octets, announced by Content-Length.
    Length(u64),
    /// As many octets as come, chunked.
    Chunked,
}

impl ContentPlan {
    pub(crate) fn framing(self) -> Framing {
        match self {
            Self::None => Framing::None,
            Self::Length(length) => Framing::Length(length),
            Self::Chunked => Framing::Chunked,
        }
    }
}

/// What a connection must know of a request beside the octets of its head.
#[derive(Clone, Debug)]
pub struct RequestPlan<'a> {
    /// The method: it decides whether the response has content (RFC 9112 §6.3).
    pub method: &'a Method,
    /// The content, as the head announces it.
    pub content: ContentPlan,
    /// The head says `Expect: 100-continue`: content is held until the peer says 100, or [`Connection::proceed`] is
    /// called. Without content there is nothing to hold.
    ///
    /// [`Connection::proceed`]: super::Connection::proceed
    pub expects_continue: bool,
    /// The value of the head's Upgrade field: a 101 to one of these protocols is taken. `None`: any 101 is a violation.
    pub upgrade: Option<Bytes>,
    /// The head says `Connection: close`.
    pub closes: bool,
}

impl<'a> RequestPlan<'a> {
    /// A request that expects, offers and closes nothing.
    pub fn new(method: &'a Method, content: ContentPlan) -> Self {
        Self {
            method,
            content,
            expects_continue: false,
            upgrade: None,
            closes: false,
        }
    }

    pub(crate) fn asked(&self) -> Asked {
        if *self.method == Method::HEAD {
            Asked::HeadOnly
        } else if *self.method == Method::CONNECT {
            Asked::Tunnel
        } else {
            Asked::Content
        }
    }

    pub(crate) fn writer(&self) -> ContentWriter {
        ContentWriter::new(self.content)
    }
}

/// A call that the connection's state does not allow: a fault of the driver or the application, never of the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misuse {
    /// The connection carries an exchange already, or has failed.
    NotIdle,
    /// The content ended before its announced length.
    ContentTooShort,
    /// There is more content than its announced length.
    ContentTooLong,
    /// Trailer fields behind content that is not chunked (RFC 9112 §7.1.2).
    TrailersNotChunked,
    /// A trailer field of a name that must not stand there (RFC 9110 §6.5.1).
    TrailerName,
    /// The piece of content that was handed over before has not gone out yet.
    NotReady,
    /// Content for a request that takes none now: it announced none, its content has ended, or the peer has answered.
    NoContent,
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotIdle => "the connection is not idle",
            Self::ContentTooShort => "the content ended before its announced length",
            Self::ContentTooLong => "there is more content than was announced",
            Self::TrailersNotChunked => "only chunked content can have trailer fields",
            Self::TrailerName => "a field of this name must not be a trailer field",
            Self::NotReady => "the content before this has not gone out yet",
            Self::NoContent => "the request takes no content now",
        })
    }
}

impl core::error::Error for Misuse {}

/// What content is still to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContentWriter {
    /// None, or no more.
    Complete,
    /// So many octets are still to come.
    Length(u64),
    /// Between two chunks.
    Chunked,
    /// In a chunk whose header is written: so many octets of it are still to come.
    InChunk(usize),
}

impl ContentWriter {
    pub(crate) fn new(plan: ContentPlan) -> Self {
        match plan {
            ContentPlan::None | ContentPlan::Length(0) => Self::Complete,
            ContentPlan::Length(length) => Self::Length(length),
            ContentPlan::Chunked => Self::Chunked,
        }
    }

    /// Copies content that is small enough behind what is pending; tells how much was taken.
    pub(crate) fn absorb(&mut self, out: &mut Vec<u8>, content: &[u8]) -> usize {
        if content.is_empty() || content.len() > SMALL {
            return 0;
        }
        match self {
            Self::Complete | Self::InChunk(_) => 0,
            Self::Length(left) => {
                let count = at_most(content.len(), *left);
                out.extend_from_slice(&content[..count]);
                self.took(count);
                count
            }
            Self::Chunked => {
                write_chunk_header(out, content.len());
                out.extend_from_slice(content);
                out.extend_from_slice(b"\r\n");
                content.len()
            }
        }
    }

    /// How much of the content on offer may go out now; opens a chunk for it if need be.
    pub(crate) fn lend(&mut self, out: &mut Vec<u8>, offered: usize) -> usize {
        if *self == Self::Chunked && offered > 0 {
            write_chunk_header(out, offered);
            *self = Self::InChunk(offered);
        }
        match *self {
            Self::Complete | Self::Chunked => 0,
            Self::Length(left) => at_most(offered, left),
            Self::InChunk(left) => offered.min(left),
        }
    }

    /// The octets that must directly follow what was lent: they can leave in the same write.
    pub(crate) fn closing(self, lent: usize) -> &'static [u8] {
        if self == Self::InChunk(lent) && lent > 0 {
            b"\r\n"
        } else {
            b""
        }
    }

    /// Counts content that went out.
    pub(crate) fn took(&mut self, count: usize) {
        match self {
            Self::Complete | Self::Chunked => {}
            Self::Length(left) => {
                *left = left.saturating_sub(count as u64);
                if *left == 0 {
                    *self = Self::Complete;
                }
            }
            Self::InChunk(left) => {
                *left = left.saturating_sub(count);
                if *left == 0 {
                    *self = Self::Chunked;
                }
            }
        }
    }

    /// The source has no more.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>, trailers: &Fields) -> Result<(), Misuse> {
        match self {
            Self::Length(_) | Self::InChunk(_) => Err(Misuse::ContentTooShort),
            Self::Complete if !trailers.is_empty() => Err(Misuse::TrailersNotChunked),
            Self::Complete => Ok(()),
            Self::Chunked => {
                check_trailers(trailers)?;
                write_last_chunk(out, trailers);
                *self = Self::Complete;
                Ok(())
            }
        }
    }

    /// How many octets of content are still to come; `None` if nobody knows.
    pub(crate) fn left(self) -> Option<u64> {
        match self {
            Self::Complete => Some(0),
            Self::Length(left) => Some(left),
            Self::Chunked | Self::InChunk(_) => None,
        }
    }
}

/// Whether all of the fields may follow content.
pub(crate) fn check_trailers(trailers: &Fields) -> Result<(), Misuse> {
    match trailers.known() & Known::forbidden_in_trailers() {
        0 => Ok(()),
        _ => Err(Misuse::TrailerName),
    }
}

fn at_most(count: usize, bound: u64) -> usize {
    usize::try_from(bound).map_or(count, |bound| count.min(bound))
}

/// What is to be written next, in order: pending octets of ours, content that is lent, and what closes it.
#[derive(Default)]
pub struct Outgoing<'a> {
    pub(crate) pending: &'a [u8],
    pub(crate) lent: &'a [u8],
    pub(crate) closing: &'static [u8],
}

impl<'a> Outgoing<'a> {
    /// Whether there is nothing to write now.
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty() && self.lent.is_empty()
    }

    /// How many octets there are to write.
    pub fn len(&self) -> usize {
        self.pending.len() + self.lent.len() + self.closing.len()
    }

    /// The octets, if they stand in one piece: a plain write is cheaper than a vectored one.
    pub fn single(&self) -> Option<&'a [u8]> {
        match (
            self.pending.is_empty(),
            self.lent.is_empty(),
            self.closing.is_empty(),
        ) {
            (_, true, true) => Some(self.pending),
            (true, false, true) => Some(self.lent),
            _ => None,
        }
    }

    /// The octets as slices for a vectored write.
    pub fn slices(&self) -> [IoSlice<'a>; 3] {
        [
            IoSlice::new(self.pending),
            IoSlice::new(self.lent),
            IoSlice::new(self.closing),
        ]
    }
}

impl fmt::Debug for Outgoing<'_> {
    /// The number of octets; they may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} octets to write", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_content_is_absorbed_large_is_lent() {
        let mut out = b"head".to_vec();
        let mut writer = ContentWriter::new(ContentPlan::Length(5));
        assert_eq!(writer.absorb(&mut out, b"hello, too long"), 5);
        assert_eq!(
            (out.as_slice(), writer),
            (&b"headhello"[..], ContentWriter::Complete)
        );

        let mut writer = ContentWriter::new(ContentPlan::Length(SMALL as u64 + 1));
        assert_eq!(writer.absorb(&mut out, &[0; SMALL + 1]), 0);
        assert_eq!(writer.lend(&mut out, SMALL + 1), SMALL + 1);
    }

    #[test]
    fn content_may_not_end_early() {
        let mut writer = ContentWriter::new(ContentPlan::Length(2));
        writer.took(1);
        let none = Fields::new();
        let finished = writer.finish(&mut Vec::new(), &none);
        assert_eq!(finished, Err(Misuse::ContentTooShort));
        writer.took(1);
        assert_eq!(writer.finish(&mut Vec::new(), &none), Ok(()));
    }

    #[test]
    fn trailers_follow_chunked_content_only() {
        let fields = |name: &str| {
            let mut fields = Fields::new();
            fields.append(name, "1").expect("valid");
            fields
        };
        let finish = |plan, name| {
            let mut out = Vec::new();
            let finished = ContentWriter::new(plan).finish(&mut out, &fields(name));
            finished.map(|()| out)
        };
        let written = finish(ContentPlan::Chunked, "X-Sum");
        assert_eq!(written, Ok(b"0\r\nX-Sum: 1\r\n\r\n".to_vec()));
        let refused = finish(ContentPlan::None, "X-Sum");
        assert_eq!(refused, Err(Misuse::TrailersNotChunked));
        for name in [
            "content-length",
            "Host",
            "AUTHORIZATION",
            "Set-Cookie",
            "Trailer",
        ] {
            let refused = finish(ContentPlan::Chunked, name);
            assert_eq!(refused, Err(Misuse::TrailerName), "{name}");
        }
    }
}
