//! Elementwise operations of one input.

mod neg;
mod tanh;

pub use neg::Neg;
pub use tanh::Tanh;
