//! In which way the octets of a peer are handed to a connection: it must make no difference.

/// Where the driver reads the octets to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Path {
    /// Into memory of its own, then `feed`.
    Feed,
    /// Into `receive_space`, then `received`.
    Space,
    /// As `Space`; but content goes past the buffer, as far as `direct_limit` allows.
    Direct,
}

/// When the driver learns that the stream has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndSeen {
    /// In a turn of its own, when everything before was polled.
    Later,
    /// In the same turn as the last octets.
    WithTheLastOctets,
}

/// One way of handing the octets over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Delivery {
    /// How many octets come at a time, in turn; and how much content is consumed at a time.
    pub(crate) pieces: [usize; 3],
    pub(crate) path: Path,
    pub(crate) end_seen: EndSeen,
}

impl Delivery {
    /// Octet by octet: the reference for the others.
    pub(crate) const SINGLE: Self = Self {
        pieces: [1; 3],
        path: Path::Feed,
        end_seen: EndSeen::Later,
    };
    /// All at once.
    pub(crate) const WHOLE: Self = Self {
        pieces: [usize::MAX; 3],
        path: Path::Feed,
        end_seen: EndSeen::WithTheLastOctets,
    };

    /// The size of the piece with this number.
    pub(crate) fn piece(&self, number: usize) -> usize {
        self.pieces[number % self.pieces.len()]
    }
}
