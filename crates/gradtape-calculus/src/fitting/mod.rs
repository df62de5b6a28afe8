//! Parameters that fit an expression to data.

mod data;
mod fit;
mod least_squares;
mod notes;

pub use data::Column;
pub use fit::{Estimate, Fit, fit};
