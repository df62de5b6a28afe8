//! Parameters that fit an expression to data.

mod fit;
mod least_squares;
mod notes;

pub use fit::{Column, Estimate, Fit, fit};
