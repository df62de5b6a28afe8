//! Parameters that fit an expression to data.

mod fit;
mod least_squares;

pub use fit::{Column, Estimate, Fit, fit};
