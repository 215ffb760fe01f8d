//! Where records begin and end (RFC 8446 section 5.1): rustls is fed one at a time, so that what one record says never
//! depends on how the octets of the next were cut.
//!
//! ```text
//! ContentType type; ProtocolVersion legacy_record_version; uint16 length; opaque fragment[length];
//! ```

const HEADER: usize = 5;

/// What we know of the record that is coming in.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Records {
    header: [u8; HEADER],
    /// Octets of this record, the header's included.
    seen: usize,
    /// Records before this one, as far as anybody cares.
    earlier: bool,
}

impl Records {
    /// The front of `wire` that belongs to the record that is coming in.
    pub(super) fn piece(mut self, wire: &[u8]) -> &[u8] {
        self.read_header(wire);
        let known = self.seen + wire.len() >= HEADER;
        let missing = match known {
            true => self.size() - self.seen,
            false => wire.len(),
        };
        &wire[..missing.min(wire.len())]
    }

    /// This piece has been passed on.
    pub(super) fn pass(&mut self, piece: &[u8]) {
        self.read_header(piece);
        self.seen += piece.len();
        if self.seen >= HEADER && self.seen >= self.size() {
            self.seen = 0;
            self.earlier = true;
        }
    }

    /// Octets of this record, the header's included; to be asked when the header is there.
    fn size(&self) -> usize {
        HEADER + usize::from(u16::from_be_bytes([self.header[3], self.header[4]]))
    }

    /// Whether no record has come whole.
    pub(super) fn is_first(&self) -> bool {
        !self.earlier
    }

    /// The octets at the front of the record that came in last.
    pub(super) fn header(&self) -> &[u8; HEADER] {
        &self.header
    }

    fn read_header(&mut self, octets: &[u8]) {
        let missing = self.header.iter_mut().skip(self.seen);
        for (place, octet) in missing.zip(octets) {
            *place = *octet;
        }
    }
}
