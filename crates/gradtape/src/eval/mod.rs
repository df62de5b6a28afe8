//! Ties the rooms together: reading values, the cache of plans.

mod extract;
mod read;
mod run;

pub(crate) use run::evaluate;
pub use run::step;
