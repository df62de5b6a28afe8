//! Ties the rooms together: reading values, the cache of plans, compiled steps, the eager and the
//! checked mode.

mod bind;
mod cache;
mod compile;
mod extract;
mod mode;
mod read;
mod run;

pub use compile::{Compiled, compile};
pub use mode::Mode;
pub use read::evaluate;
pub use run::step;
