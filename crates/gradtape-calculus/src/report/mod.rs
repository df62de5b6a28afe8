//! What results and refusals are told with: the error, numbers, tables.

mod error;
mod number;
mod table;

pub use error::{Error, Result};
pub use number::{Named, Number};
pub(crate) use number::{digits, exact, factor, plural, short};
pub(crate) use table::table;
