//! Ties the rooms together: reading values, the cache of plans, compiled steps, the eager and the
//! checked mode, arithmetic on tensors.

mod arithmetic;
mod bind;
mod cache;
mod check;
mod checked;
mod compile;
mod engine;
mod extract;
mod graph;
mod index;
#[cfg(feature = "linalg")]
mod linalg;
mod mode;
mod profile;
mod read;
mod run;
mod tensor;

pub use arithmetic::TensorOperand;
pub use check::{Deviation, Report, check_gradients};
pub use compile::{Compiled, compile};
pub use graph::{graph, recorded, trace};
pub use mode::Mode;
pub use profile::{KernelProfile, LineProfile, Pass, Profile, Profiler, Spent};
pub use read::evaluate;
pub use run::step;

/// With which vector instructions the processor computes.
pub(crate) fn instruction_set() -> &'static str {
    crate::engine::cpu::isa().name()
}

#[cfg(test)]
mod tests;
