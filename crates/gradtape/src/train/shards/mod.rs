//! Batches that are cut into shards, and ranks that share them: the same bits for any number of ranks.

mod agree;
mod alongside;
mod collective;
mod exchange;
mod filling;
mod layout;
mod part;
mod program;
mod shared;
mod spare;
mod step;
mod sums;
mod threads;
mod tree;
mod update;

pub use collective::{Collective, Traffic};
pub use threads::ThreadRanks;

pub(super) use agree::agree;
pub(super) use collective::of_all;
pub(super) use shared::Shared;
pub(super) use step::step;

/// Numbers from which each rank adds up a part of them: of fewer, more messages take longer than what they spare.
const MANY: usize = 1 << 14;

#[cfg(test)]
mod tests;
