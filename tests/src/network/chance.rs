//! Chance with a seed: the same seed gives the same cuts, on every machine and for ever.

/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014). Good enough to cut octets
/// into pieces, and short enough to be seen through.
#[derive(Clone, Debug)]
pub struct Chance {
    state: u64,
}

impl Chance {
    /// A sequence of its own for each seed.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next number of the sequence.
    pub fn next_number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 1 to `most`, which is at least 1. Slightly uneven, which no cut minds.
    pub fn up_to(&mut self, most: usize) -> usize {
        let most = most.max(1) as u64;
        // The remainder is below a number that was a usize.
        usize::try_from(self.next_number() % most).map_or(1, |number| number + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_seed_then_the_sequence_is_the_published_one() {
        let mut chance = Chance::new(1_234_567);
        let numbers: Vec<_> = (0..3).map(|_| chance.next_number()).collect();
        assert_eq!(
            numbers,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn given_a_bound_then_every_number_up_to_it_comes() {
        let mut chance = Chance::new(0);
        let mut seen = [false; 4];
        for _ in 0..100 {
            seen[chance.up_to(4) - 1] = true;
        }
        assert_eq!((seen, chance.up_to(0)), ([true; 4], 1));
    }
}
