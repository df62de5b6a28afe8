//! Elementwise comparisons: numbers in, truth values out.

mod equal;
mod less;
mod less_equal;

pub use equal::Equal;
pub use less::Less;
pub use less_equal::LessEqual;
