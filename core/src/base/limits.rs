//! The bounds on what a peer may make us keep or scan, and what is said when it passes one.

use core::fmt;

/// Bounds on one connection's messages. Every one is on by default; each says why and who else has it.
///
/// ```
/// let limits = sessile_core::Limits { max_fields: 32, ..Default::default() };
/// assert_eq!(limits.max_head_bytes, 64 * 1024);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets in one message head, its final empty line included: 64 KiB. Hosts are known to send several KiB of
    /// cookies; http.client allows this much per line, Node 16 KiB, curl 300 KiB. At most 4 GiB, whatever it says.
    pub max_head_bytes: usize,
    /// Field lines in one head: 100, as in hyper and http.client.
    pub max_fields: usize,
    /// Interim (1xx) heads before one final head: 16. Without it a peer could keep a request alive forever
    /// (CPython bounded the same after CVE-2021-3737).
    pub max_interim: usize,
    /// Octets of all interim heads of one exchange: 64 KiB.
    pub max_interim_bytes: usize,
    /// Octets in one chunk header line, size and extensions together: 4 KiB.
    pub max_chunk_line: usize,
    /// Octets of chunk extensions in one content: 16 KiB, as in hyper. They mean nothing to us and could double the
    /// traffic unseen.
    pub max_chunk_extensions: usize,
    /// Field lines in one trailer section: 32.
    pub max_trailers: usize,
    /// Octets in one trailer section: 16 KiB, as in hyper. At most 4 GiB, whatever it says.
    pub max_trailer_bytes: usize,
    /// Octets of content in one response, before any content coding is undone: no bound, because streaming has none.
    /// (Content-Length beyond it is refused with the head; otherwise what lies within it is delivered first.)
    pub max_content_bytes: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_head_bytes: 64 * 1024,
            max_fields: 100,
            max_interim: 16,
            max_interim_bytes: 64 * 1024,
            max_chunk_line: 4 * 1024,
            max_chunk_extensions: 16 * 1024,
            max_trailers: 32,
            max_trailer_bytes: 16 * 1024,
            max_content_bytes: None,
        }
    }
}

/// A head or trailer section cannot be longer, whatever the limits say: its lines are found by offsets of 32 bits.
pub(crate) const LONGEST_SECTION: usize = u32::MAX as usize;

/// Which field of [`Limits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    HeadBytes,
    Fields,
    Interim,
    InterimBytes,
    ChunkLine,
    ChunkExtensions,
    Trailers,
    TrailerBytes,
    ContentBytes,
}

impl Limits {
    /// A peer has passed this bound.
    pub(crate) fn passed(&self, bound: Bound) -> Limit {
        let counted = match bound {
            Bound::HeadBytes => self.max_head_bytes.min(LONGEST_SECTION),
            Bound::Fields => self.max_fields,
            Bound::Interim => self.max_interim,
            Bound::InterimBytes => self.max_interim_bytes,
            Bound::ChunkLine => self.max_chunk_line,
            Bound::ChunkExtensions => self.max_chunk_extensions,
            Bound::Trailers => self.max_trailers,
            Bound::TrailerBytes => self.max_trailer_bytes.min(LONGEST_SECTION),
            Bound::ContentBytes => {
                // Without a bound none is passed.
                let number = self.max_content_bytes.unwrap_or(u64::MAX);
                return Limit { bound, number };
            }
        };
        let number = counted as u64;
        Limit { bound, number }
    }
}

/// A bound that a peer passed: which field of [`Limits`] it is, and its number.
///
/// ```
/// use sessile_core::{Error, ErrorKind};
/// fn to_raise(error: &Error) -> Option<&'static str> {
///     match error.kind() {
///         ErrorKind::Peer(violation) => Some(violation.limit()?.field()),
///         _ => None,
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    bound: Bound,
    number: u64,
}

impl Limit {
    /// The name of the field of [`Limits`]: `max_head_bytes`, say.
    pub fn field(self) -> &'static str {
        match self.bound {
            Bound::HeadBytes => "max_head_bytes",
            Bound::Fields => "max_fields",
            Bound::Interim => "max_interim",
            Bound::InterimBytes => "max_interim_bytes",
            Bound::ChunkLine => "max_chunk_line",
            Bound::ChunkExtensions => "max_chunk_extensions",
            Bound::Trailers => "max_trailers",
            Bound::TrailerBytes => "max_trailer_bytes",
            Bound::ContentBytes => "max_content_bytes",
        }
    }

    /// What the field allows: octets, field lines or heads, as the field says.
    pub fn number(self) -> u64 {
        self.number
    }

    /// A stable word for logs and tests.
    pub(crate) fn code(self) -> &'static str {
        match self.bound {
            Bound::HeadBytes => "head-too-long",
            Bound::Fields => "too-many-fields",
            Bound::Interim => "too-many-interim",
            Bound::InterimBytes => "interim-too-long",
            Bound::ChunkLine => "chunk-line-too-long",
            Bound::ChunkExtensions => "chunk-extensions-too-long",
            Bound::Trailers => "too-many-trailers",
            Bound::TrailerBytes => "trailers-too-long",
            Bound::ContentBytes => "content-too-long",
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self.bound {
            Bound::HeadBytes => "the response head is longer than allowed",
            Bound::Fields => "the response head has more field lines than allowed",
            Bound::Interim => "the peer sent more interim responses than allowed",
            Bound::InterimBytes => "the interim responses are longer than allowed",
            Bound::ChunkLine => "a chunk header is longer than allowed",
            Bound::ChunkExtensions => "the chunk extensions are longer than allowed",
            Bound::Trailers => "the trailer section has more field lines than allowed",
            Bound::TrailerBytes => "the trailer section is longer than allowed",
            Bound::ContentBytes => "the response has more content than allowed",
        };
        let (code, field) = (self.code(), self.field());
        write!(f, "{text} ({code}; `Limits::{field}` is {})", self.number)
    }
}
