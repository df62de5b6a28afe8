//! Batches that are cut into shards, and ranks that share them: the same bits for any number of ranks.

mod agree;
mod collective;
mod exchange;
mod layout;
mod step;
mod sums;
mod threads;
mod tree;

pub use collective::{Collective, Traffic};
pub use threads::ThreadRanks;

pub(super) use agree::agree;
pub(super) use step::{Shared, step};

#[cfg(test)]
mod tests;
