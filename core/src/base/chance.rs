//! Chance comes in: streams of numbers that are drawn from the session's seed, one for each purpose.

use core::hash::Hasher;
use core::time::Duration;
use std::collections::hash_map::DefaultHasher;

/// A stream of numbers that nobody guesses who does not know the seed; the same seed gives the same stream.
///
/// SipHash over purpose, seed and a count: not for keys, but for whatever must not come at the same time everywhere.
#[derive(Clone, Debug)]
pub(crate) struct Chance {
    primed: DefaultHasher,
    drawn: u64,
}

impl Chance {
    pub(crate) fn new(seed: &[u8; 32], purpose: &str) -> Self {
        let mut primed = DefaultHasher::new();
        primed.write(purpose.as_bytes());
        primed.write(seed);
        Self { primed, drawn: 0 }
    }

    /// Another stream, of which this one knows nothing more.
    pub(crate) fn fork(&mut self) -> Self {
        let mut primed = self.primed.clone();
        primed.write(b"fork");
        primed.write(&self.draw().to_le_bytes());
        Self { primed, drawn: 0 }
    }

    fn draw(&mut self) -> u64 {
        let mut hasher = self.primed.clone();
        hasher.write(&self.drawn.to_le_bytes());
        self.drawn = self.drawn.wrapping_add(1);
        hasher.finish()
    }

    /// 128 bits in hexadecimal digits: what no peer guesses, for a cnonce of Digest (RFC 7616 §3.4).
    pub(crate) fn digits(&mut self) -> String {
        format!("{:016x}{:016x}", self.draw(), self.draw())
    }

    /// A duration between zero and `most`, each as likely as any other.
    pub(crate) fn up_to(&mut self, most: Duration) -> Duration {
        if most.is_zero() {
            return most;
        }
        // Both factors are below 2^64, so their product does not overflow; whoever waits for centuries loses nothing.
        let nanoseconds = most.as_nanos().min(u128::from(u64::MAX) - 1) + 1;
        let part = (nanoseconds * u128::from(self.draw())) >> 64;
        Duration::from_nanos(u64::try_from(part).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_purpose_give_the_same_stream() {
        let draws = |seed: u8, purpose| {
            let mut chance = Chance::new(&[seed; 32], purpose);
            [(); 4].map(|()| chance.draw())
        };
        assert_eq!(draws(1, "jitter"), draws(1, "jitter"));
        assert_ne!(draws(1, "jitter"), draws(2, "jitter"));
        assert_ne!(draws(1, "jitter"), draws(1, "nonce"));
    }

    #[test]
    fn digits_are_as_many_and_never_the_same() {
        let mut chance = Chance::new(&[1; 32], "cnonce");
        let mut drawn: Vec<_> = (0..1_000).map(|_| chance.digits()).collect();
        let hexadecimal = |digits: &String| digits.bytes().all(|octet| octet.is_ascii_hexdigit());
        assert!(
            drawn
                .iter()
                .all(|digits| digits.len() == 32 && hexadecimal(digits))
        );
        assert_eq!(drawn[0], Chance::new(&[1; 32], "cnonce").digits());
        assert_ne!(drawn[0], Chance::new(&[2; 32], "cnonce").digits());
        drawn.sort();
        drawn.dedup();
        assert_eq!(drawn.len(), 1_000);
    }

    #[test]
    fn both_ends_are_drawn_and_nothing_beyond() {
        let mut chance = Chance::new(&[0; 32], "jitter");
        let most = Duration::from_nanos(2);
        let mut seen = [0u32; 3];
        for _ in 0..3_000 {
            let drawn = chance.up_to(most).as_nanos();
            seen[usize::try_from(drawn).expect("small")] += 1;
        }
        assert!(seen.iter().all(|&times| times > 800), "{seen:?}");
        assert_eq!(chance.up_to(Duration::ZERO), Duration::ZERO);
        assert!(chance.up_to(Duration::MAX) <= Duration::from_nanos(u64::MAX));
    }
}
