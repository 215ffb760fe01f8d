//! What has happened, as one number: two runs that differ anywhere differ here.

use sessile_core::Tick;

/// FNV-1a over ticks, labels and octets. No adversary chooses the input: a plain hash is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Trace {
    hash: u64,
}

impl Trace {
    pub(super) const fn new() -> Self {
        Self {
            hash: 0xcbf2_9ce4_8422_2325,
        }
    }

    /// Adds something that happened.
    pub(super) fn note(&mut self, at: Tick, label: &str, octets: &[u8]) {
        self.mix(&at.as_nanos().to_be_bytes());
        self.mix(label.as_bytes());
        self.mix(&octets.len().to_be_bytes());
        self.mix(octets);
    }

    pub(super) fn hash(self) -> u64 {
        self.hash
    }

    fn mix(&mut self, octets: &[u8]) {
        for octet in octets {
            self.hash = (self.hash ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
