//! What the target `response` reads from its input: eight octets of circumstances, then the octets of the peer.
//!
//! ```text
//! G N D W 3 5 7 LF     G or H: the method, GET or HEAD
//! | | | | | | |        N, C or A: the stream stays open, ends cleanly, is aborted
//! | | | | pieces       D or S: default limits or small ones
//! | | | request        W, P or U: the request is written wholly, partly, not at all
//! | | limits           three sizes, counted from '0': the octets come in pieces of these, in turn
//! | end                LF: for people who look at a seed; any octet will do
//! method
//! ```
//! Every other letter means the first choice, so that no input is wasted.

use std::sync::{Arc, LazyLock};

use sessile_core::{Limits, Method, Rules};

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
    pub(crate) end: End,
    pub(crate) written: Written,
    pub(crate) rules: &'static Arc<Rules>,
    pub(crate) pieces: [usize; 3],
    pub(crate) octets: &'a [u8],
}

static DEFAULT: LazyLock<Arc<Rules>> = LazyLock::new(Arc::default);

/// So small that a fuzzer's short inputs reach every edge.
static SMALL: LazyLock<Arc<Rules>> = LazyLock::new(|| {
    Arc::new(Rules::from(Limits {
        max_head_bytes: 96,
        max_fields: 4,
        max_interim: 2,
        max_interim_bytes: 64,
        max_chunk_line: 12,
        max_chunk_extensions: 16,
        max_trailers: 2,
        max_trailer_bytes: 32,
        max_content_bytes: Some(64),
    }))
});

impl<'a> Scenario<'a> {
    /// `None` if not even the circumstances are there.
    pub(crate) fn read(input: &'a [u8]) -> Option<Self> {
        let (&[method, end, limits, written, pieces @ .., _], octets) =
            input.split_first_chunk::<8>()?;
        Some(Self {
            method: match method {
                b'H' => Method::HEAD,
                _ => Method::GET,
            },
            end: match end {
                b'C' => End::Clean,
                b'A' => End::Aborted,
                _ => End::Open,
            },
            rules: match limits {
                b'S' => &SMALL,
                _ => &DEFAULT,
            },
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
    /// The same under default limits.
    pub(crate) fn with_default_rules(self) -> Self {
        Self {
            rules: &DEFAULT,
            ..self
        }
    }
}

/// A size from one octet, at least 1.
fn piece(octet: u8) -> usize {
    usize::from(octet.wrapping_sub(b'0')).max(1)
}
