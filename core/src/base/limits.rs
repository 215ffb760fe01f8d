//! The bounds on what a peer may make us keep or scan.

/// Bounds on one connection's messages. Every one is on by default; each says why and who else has it.
///
/// ```
/// let limits = sessile_core::Limits { max_fields: 32, ..Default::default() };
/// assert_eq!(limits.max_head_bytes, 64 * 1024);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets in one message head, its final empty line included: 64 KiB. Hosts are known to send several KiB of
    /// cookies; http.client allows this much per line, Node 16 KiB, curl 300 KiB.
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
    /// Octets in one trailer section: 16 KiB, as in hyper.
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
