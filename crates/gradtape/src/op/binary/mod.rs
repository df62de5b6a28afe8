//! Elementwise operations of two inputs of one shape. Broadcasting is an operation of its own.

mod add;
mod div;
mod mul;
mod sub;

pub use add::Add;
pub use div::Div;
pub use mul::Mul;
pub use sub::Sub;
