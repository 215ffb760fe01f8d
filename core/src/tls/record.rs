//! Where records begin and end (RFC 8446 section 5.1): rustls is fed one at a time, and a header only when it is whole. So
//! what is said of a record never depends on how its octets, or those of the next, were cut.
//!
//! ```text
//! ContentType type; ProtocolVersion legacy_record_version; uint16 length; opaque fragment[length];
//! ```

/// The octets before a fragment.
pub(super) type Header = [u8; 5];

/// Where we are in what comes in.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// In a header of which this much has come.
    Header(usize),
    /// Before this much of a fragment.
    Fragment(usize),
}

/// What we know of the record that is coming in.
#[derive(Debug)]
pub(super) struct Records {
    header: Header,
    place: Place,
    first: bool,
}

impl Records {
    pub(super) fn new() -> Self {
        Self {
            header: Header::default(),
            place: Place::Header(0),
            first: true,
        }
    }

    pub(super) fn place(&self) -> Place {
        self.place
    }

    /// What the first record begins with, as long as it has not come whole.
    pub(super) fn opening(&self) -> Option<Header> {
        self.first.then_some(self.header)
    }

    /// Keeps the octets that continue a header of which `seen` have come. Says how many it took, and gives the header if it
    /// is whole now.
    pub(super) fn collect(&mut self, seen: usize, wire: &[u8]) -> (usize, Option<Header>) {
        let missing = &mut self.header[seen..];
        let taken = missing.len().min(wire.len());
        missing[..taken].copy_from_slice(&wire[..taken]);
        self.place = Place::Header(seen + taken);
        if taken < missing.len() {
            return (taken, None);
        }
        let [.., high, low] = self.header;
        self.enter(usize::from(u16::from_be_bytes([high, low])));
        (taken, Some(self.header))
    }

    /// This much of the fragment is still to come.
    pub(super) fn enter(&mut self, left: usize) {
        self.place = match left {
            0 => Place::Header(0),
            _ => Place::Fragment(left),
        };
    }

    /// A record has come whole, and nobody minded.
    pub(super) fn pass(&mut self) {
        if matches!(self.place, Place::Header(0)) {
            self.first = false;
        }
    }
}
