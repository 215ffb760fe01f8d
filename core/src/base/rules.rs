//! How strictly a connection reads: bounds, relaxations by name, and one restriction.

use super::Limits;

/// What one connection holds its peer to.
///
/// ```
/// use sessile_core::{Leniency, Limits, Rules};
/// let rules = Rules {
///     limits: Limits { max_fields: 32, ..Limits::default() },
///     leniency: Leniency { bare_line_feed: true, ..Leniency::default() },
///     ..Rules::default()
/// };
/// assert!(!rules.strict_framing);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// The bounds on what the peer may make us keep or scan.
    pub limits: Limits,
    /// What is taken although the grammar does not allow it: nothing, by default.
    pub leniency: Leniency,
    /// Refuses what RFC 9112 §6.1 lets a client read at its own risk: Transfer-Encoding beside Content-Length, or from an
    /// HTTP/1.0 peer. Off: such content is read by its chunks, and its connection is never used again.
    pub strict_framing: bool,
}

impl From<Limits> for Rules {
    fn from(limits: Limits) -> Self {
        Self {
            limits,
            ..Self::default()
        }
    }
}

/// What may be taken although the grammar does not allow it. Each is off by default: a difference between two readers
/// of the same octets is what response smuggling lives on, so turn one on only toward a peer that is known to need it.
///
/// None of them touches Content-Length, Transfer-Encoding, NUL, a bare CR, or the line ends of chunk headers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leniency {
    /// LF without CR ends a line of a head (RFC 9112 §2.2 allows a recipient to take it): CGI scripts and small devices
    /// that print lines. curl and browsers take it. Not in chunked framing and trailers.
    pub bare_line_feed: bool,
    /// Empty lines before a status line are skipped: servers that write CRLF behind content (RFC 9112 §2.2 allows it
    /// for requests only). They count toward [`Limits::max_interim_bytes`].
    pub leading_empty_lines: bool,
    /// White space between a field's name and its colon is dropped (RFC 9112 §5.1 demands that of proxies): old
    /// embedded servers.
    pub space_before_colon: bool,
    /// Control octets but CR, LF and NUL may stand in field values and reason phrases: servers that copy user input.
    pub control_octets: bool,
    /// Chunk extensions may be anything but CR and LF, and blanks may stand behind a chunk size (old servers pad it to
    /// eight columns). RFC 9112 §7.1.1 has a grammar.
    pub chunk_extensions: bool,
    /// The stream may end cleanly behind the last chunk and before the end of its trailer section: the content is
    /// complete then (RFC 9112 §8 calls it incomplete).
    pub missing_last_line: bool,
}
