//! What the target `upload` reads from its input: six octets of circumstances, then steps.
//!
//! ```text
//! P C 5 E F LF   method: P POST, U PUT
//!   |            content: C pushed, chunked; K pushed, of known length; B in memory; T in memory, with trailers
//!     |          how much is announced, or in memory
//!       |        E: it expects a 100; any other: it does not
//!         |      F on a new connection, K on one that served another; f, k: with 20 s for the whole request
//!
//! p5  a piece of this size is pushed            1 3  the peer says 100, 103
//! f   the content ends; F with trailers         7    417, with content
//! a   its source fails                          2 4  200; 413, and that it closes
//! c   the request is let go                     e r  its stream ends, is reset
//! w5  the transport takes so much               t5   so many half seconds pass; D 61 seconds
//! W   it takes everything; s nothing            o    reads come before writes, and back
//! x   its writes fail                           +    the next two steps happen in one turn of the loop
//! ```
//! Sizes are counted from '0'; from 'a' on a letter counts 512 octets. Other octets mean nothing.

use core::time::Duration;

use sessile_core::{Config, Content, ExpectContinue, Request, RequestBuilder, Timeouts};

use crate::owed;

pub(crate) const URL: &str = "http://192.0.2.1/upload";

const DEADLINE: Duration = Duration::from_secs(20);

/// Where the content comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Pushed,
    PushedWithLength(usize),
    Memory(usize),
    MemoryWithTrailers(usize),
}

/// Something that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Push(usize),
    Finish {
        trailers: bool,
    },
    Abort,
    Cancel,
    /// The transport takes so many octets more.
    Take(usize),
    TakeAll,
    TakeNothing,
    FailWrites,
    /// Reads come before writes from here on, and back.
    TurnRound,
    Hear(Word),
    /// The next two steps happen in one turn of the loop.
    Join,
    /// Half seconds.
    Pass(u32),
}

/// What comes from the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    Continue,
    EarlyHints,
    Refusal,
    Answer,
    TooLarge,
    End,
    Reset,
}

impl Word {
    /// `None` for the ends of the stream.
    pub(crate) fn octets(self) -> Option<&'static [u8]> {
        Some(match self {
            Self::Continue => b"HTTP/1.1 100 Continue\r\n\r\n",
            Self::EarlyHints => b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
            Self::Refusal => b"HTTP/1.1 417 No\r\nContent-Length: 2\r\n\r\nno",
            Self::Answer => b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes",
            Self::TooLarge => b"HTTP/1.1 413 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            Self::End | Self::Reset => return None,
        })
    }

    pub(crate) fn is_final(self) -> bool {
        matches!(self, Self::Refusal | Self::Answer | Self::TooLarge)
    }
}

/// One input of the target `upload`.
#[derive(Debug)]
pub(crate) struct Story {
    pub(crate) method: &'static str,
    pub(crate) source: Source,
    pub(crate) expects: bool,
    pub(crate) kept: bool,
    pub(crate) deadline: Option<Duration>,
    pub(crate) steps: Vec<Step>,
}

/// More would only repeat what the first ones did.
const MOST_STEPS: usize = 200;

/// Half seconds in one step: past the time for a 100, and quick to pass.
const MOST_HALVES: usize = 10;

impl Story {
    /// `None` if not even the circumstances are there.
    pub(crate) fn read(input: &[u8]) -> Option<Self> {
        let (&[method, source, length, expects, kept, _], rest) = input.split_first_chunk::<6>()?;
        let length = size(length);
        let mut rest = rest.iter().copied();
        let steps = core::iter::from_fn(|| Some(step(rest.next()?, &mut rest)));
        Some(Self {
            method: if method == b'U' { "PUT" } else { "POST" },
            source: match source {
                b'K' => Source::PushedWithLength(length),
                b'B' => Source::Memory(length),
                b'T' => Source::MemoryWithTrailers(length),
                _ => Source::Pushed,
            },
            expects: expects == b'E',
            kept: kept.eq_ignore_ascii_case(&b'K'),
            deadline: kept.is_ascii_lowercase().then_some(DEADLINE),
            steps: steps.flatten().take(MOST_STEPS).collect(),
        })
    }

    pub(crate) fn config(&self) -> Config {
        Config {
            expect_continue: match self.expects {
                true => ExpectContinue::Always,
                false => ExpectContinue::Never,
            },
            timeouts: Timeouts {
                send: Some(Duration::from_secs(30)),
                ..Timeouts::default()
            },
            ..Config::default()
        }
    }

    pub(crate) fn request(&self) -> Request {
        let mut builder = RequestBuilder::new(self.method, URL);
        if let Some(limit) = self.deadline {
            builder = builder.timeout(limit);
        }
        let (name, value) = owed::TRAILER;
        let built = match self.source {
            Source::Pushed => builder.content(Content::Stream { length: None }),
            Source::PushedWithLength(length) => builder.content(Content::Stream {
                length: Some(length as u64),
            }),
            Source::Memory(length) => builder.body(owed::piece(0, length)),
            Source::MemoryWithTrailers(length) => {
                builder.body(owed::piece(0, length)).trailer(name, value)
            }
        };
        built.build().expect("a good request")
    }
}

fn step(letter: u8, rest: &mut impl Iterator<Item = u8>) -> Option<Step> {
    let mut argument = || size(rest.next().unwrap_or(b'1'));
    Some(match letter {
        b'p' => Step::Push(argument()),
        b'w' => Step::Take(argument()),
        b't' => Step::Pass(u32::try_from(argument().min(MOST_HALVES)).ok()?),
        b'D' => Step::Pass(122),
        b'f' => Step::Finish { trailers: false },
        b'F' => Step::Finish { trailers: true },
        b'a' => Step::Abort,
        b'c' => Step::Cancel,
        b'W' => Step::TakeAll,
        b's' => Step::TakeNothing,
        b'x' => Step::FailWrites,
        b'o' => Step::TurnRound,
        b'+' => Step::Join,
        b'1' => Step::Hear(Word::Continue),
        b'3' => Step::Hear(Word::EarlyHints),
        b'7' => Step::Hear(Word::Refusal),
        b'2' => Step::Hear(Word::Answer),
        b'4' => Step::Hear(Word::TooLarge),
        b'e' => Step::Hear(Word::End),
        b'r' => Step::Hear(Word::Reset),
        _ => return None,
    })
}

fn size(octet: u8) -> usize {
    match octet {
        b'a'..=b'z' => usize::from(octet - b'a' + 1) * 512,
        _ => usize::from(octet.wrapping_sub(b'0')),
    }
}
