//! A hasher that is keyed by the session's seed: the same seed gives the same tables, and a peer that does not know
//! it cannot make our keys collide.

use core::hash::{BuildHasher, Hasher};
use std::collections::hash_map::DefaultHasher;

/// SipHash, primed with the seed. (The standard library's own random state would break determinism.)
#[derive(Clone, Debug)]
pub(crate) struct Seeded(DefaultHasher);

impl Seeded {
    pub(crate) fn new(seed: &[u8; 32]) -> Self {
        let mut primed = DefaultHasher::new();
        primed.write(b"hash tables");
        primed.write(seed);
        Self(primed)
    }
}

impl BuildHasher for Seeded {
    type Hasher = DefaultHasher;

    fn build_hasher(&self) -> DefaultHasher {
        self.0.clone()
    }
}
