//! Elementwise comparisons: numbers in, truth values out.

mod less;

pub use less::Less;
