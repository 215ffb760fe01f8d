//! How the network treats octets: where it cuts them, how many it takes, how long they are under way.

use std::time::Duration;

use super::chance::Chance;

/// So many octets are cut as finely as asked for; see [`Cuts`].
const FINE: usize = 4 * 1024;

/// How much larger the pieces are beyond that.
const COARSER: usize = 256;

/// Into which pieces a stream of octets falls.
///
/// The first 4 KiB of each send, and the last 4 KiB, fall into pieces of this size; the pieces between are 256 times as
/// large. Framing stands at the edges, and the middle of a mebibyte is the same everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cuts {
    /// None: what was sent at once arrives at once.
    Whole,
    /// Into pieces of so many octets; 1 is the finest.
    Pieces(usize),
    /// Into pieces of one octet up to so many, by chance.
    Random(usize),
}

impl Cuts {
    /// The size of the piece that begins where `before` octets lie behind and `after` ahead.
    pub(super) fn piece(self, chance: &mut Chance, before: usize, after: usize) -> usize {
        let (scale, most) = if before < FINE || after <= FINE {
            (1, after)
        } else {
            (COARSER, after - FINE)
        };
        match self {
            Self::Whole => after,
            Self::Pieces(size) => size.max(1).saturating_mul(scale).min(most),
            Self::Random(largest) => chance.up_to(largest.saturating_mul(scale)).min(most),
        }
    }
}

/// The conditions on one network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conditions {
    /// Where chance begins.
    pub seed: u64,
    /// How what a site sends falls into pieces. Each arrives in a turn of its own, one after the other without delay,
    /// and only then is the client told that there is something to read.
    pub arrival: Cuts,
    /// How much one write of the client's may take; between two writes the transport is not ready.
    pub departure: Cuts,
    /// How long octets are under way, in each direction.
    pub delay: Duration,
}

impl Conditions {
    /// Nothing is cut, nothing takes time.
    pub const fn calm() -> Self {
        Self {
            seed: 0,
            arrival: Cuts::Whole,
            departure: Cuts::Whole,
            delay: Duration::ZERO,
        }
    }
}

impl Default for Conditions {
    fn default() -> Self {
        Self::calm()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(cuts: Cuts, length: usize) -> Vec<usize> {
        let (mut chance, mut before, mut pieces) = (Chance::new(3), 0, Vec::new());
        while before < length {
            let piece = cuts.piece(&mut chance, before, length - before);
            pieces.push(piece);
            before += piece;
        }
        pieces
    }

    #[test]
    fn given_cuts_then_the_pieces_are_never_empty_and_make_up_the_whole() {
        for length in [1, 2, 7, 10_000] {
            for cuts in [
                Cuts::Whole,
                Cuts::Pieces(1),
                Cuts::Pieces(3),
                Cuts::Random(5),
            ] {
                let pieces = pieces(cuts, length);
                assert_eq!(pieces.iter().sum::<usize>(), length, "{cuts:?}");
                assert!(!pieces.contains(&0), "{cuts:?}");
            }
        }
        assert_eq!(pieces(Cuts::Whole, 10_000), [10_000]);
        assert_eq!(pieces(Cuts::Pieces(3), 7), [3, 3, 1]);
    }

    #[test]
    fn given_a_long_send_then_only_its_edges_are_cut_finely() {
        let pieces = pieces(Cuts::Pieces(1), 100_000);
        assert!(pieces[..FINE].iter().all(|piece| *piece == 1));
        assert_eq!(pieces[FINE], COARSER);
        assert!(pieces.iter().rev().take(FINE).all(|piece| *piece == 1));
        assert!(pieces.len() < 3 * FINE);
    }
}
