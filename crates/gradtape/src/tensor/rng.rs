//! Random numbers that depend only on a key and a position.

/// A counter-based random number generator.
#[derive(Clone, Debug)]
pub struct Rng {
    key: u64,
    counter: u64,
}

impl Rng {
    /// A generator for a seed.
    pub fn new(seed: u64) -> Rng {
        Rng { key: seed, counter: 0 }
    }
}
