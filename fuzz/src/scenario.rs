//! What the target `response` reads from its input: eight octets of circumstances, then the octets of the peer.
//!
//! ```text
//! G N D W 3 5 7 LF     G, H, C or U: GET, HEAD, CONNECT, or a GET that offers `websocket, other/1`
//! | | | | | | |        N, C or A: the stream stays open, ends cleanly, is aborted
//! | | | | pieces       D or S: default limits or small ones; other rules: see below
//! | | | request        W, P or U: the request is written wholly, partly, not at all
//! | | rules            three sizes, counted from '0': the octets come in pieces of these, in turn
//! | end                LF: for people who look at a seed; any octet will do
//! method
//! ```
//! Rules: `F` is strict framing; `L` takes bare line feeds, `E` leading empty lines, `B` blanks before a colon, `O`
//! control octets, `X` any chunk extension, `M` a missing last line; `A` all of these. Small letters: with small limits, too.
//! Every other letter means the first choice, so that no input is wasted.

use std::sync::{Arc, LazyLock};

use sessile_core::{Leniency, Limits, Method, Rules};

/// The protocols that the method `U` offers.
pub(crate) const OFFERS: &str = "websocket, other/1";

/// How the peer's stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Open,
    Clean,
    Aborted,
}

/// How much of the request the transport took before the peer's first octet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    Whole,
    Partly,
    Nothing,
}

/// One input of the target `response`.
#[derive(Clone, Debug)]
pub(crate) struct Scenario<'a> {
    pub(crate) method: Method,
    /// The request offers an upgrade, to [`OFFERS`].
    pub(crate) offers: bool,
    pub(crate) end: End,
    pub(crate) written: Written,
    pub(crate) rules: &'static Arc<Rules>,
    pub(crate) pieces: [usize; 3],
    pub(crate) octets: &'a [u8],
}

/// The rules of each letter.
static RULES: LazyLock<[Arc<Rules>; 256]> = LazyLock::new(|| {
    std::array::from_fn(|letter| Arc::new(rules(u8::try_from(letter).unwrap_or_default())))
});

fn rules(letter: u8) -> Rules {
    let upper = letter.to_ascii_uppercase();
    let is = |other: u8| upper == other || upper == b'A';
    Rules {
        limits: match letter {
            b'S' | b'a'..=b'z' => small(),
            _ => Limits::default(),
        },
        leniency: Leniency {
            bare_line_feed: is(b'L'),
            leading_empty_lines: is(b'E'),
            space_before_colon: is(b'B'),
            control_octets: is(b'O'),
            chunk_extensions: is(b'X'),
            missing_last_line: is(b'M'),
        },
        strict_framing: upper == b'F',
    }
}

/// So small that a fuzzer's short inputs reach every edge.
fn small() -> Limits {
    Limits {
        max_head_bytes: 96,
        max_fields: 4,
        max_interim: 2,
        max_interim_bytes: 64,
        max_chunk_line: 12,
        max_chunk_extensions: 16,
        max_trailers: 2,
        max_trailer_bytes: 32,
        max_content_bytes: Some(64),
    }
}

impl<'a> Scenario<'a> {
    /// `None` if not even the circumstances are there.
    pub(crate) fn read(input: &'a [u8]) -> Option<Self> {
        let (&[method, end, rules, written, pieces @ .., _], octets) =
            input.split_first_chunk::<8>()?;
        Some(Self {
            method: match method {
                b'H' => Method::HEAD,
                b'C' => Method::CONNECT,
                _ => Method::GET,
            },
            offers: method == b'U',
            end: match end {
                b'C' => End::Clean,
                b'A' => End::Aborted,
                _ => End::Open,
            },
            rules: &RULES[usize::from(rules)],
            written: match written {
                b'P' => Written::Partly,
                b'U' => Written::Nothing,
                _ => Written::Whole,
            },
            pieces: pieces.map(piece),
            octets,
        })
    }
}

impl Scenario<'_> {
    /// The same for a GET or HEAD that was written and offers nothing, under default rules.
    pub(crate) fn plain(self) -> Self {
        Self {
            method: match self.method {
                Method::HEAD => Method::HEAD,
                _ => Method::GET,
            },
            offers: false,
            rules: &RULES[usize::from(b'D')],
            written: Written::Whole,
            ..self
        }
    }
}

/// A size from one octet, at least 1.
fn piece(octet: u8) -> usize {
    usize::from(octet.wrapping_sub(b'0')).max(1)
}
