//! Elementwise operations of two inputs of one shape. Broadcasting is an operation of its own.

mod add;
mod div;
mod maximum;
mod minimum;
mod mul;
mod pow;
mod sub;

pub use add::Add;
pub use div::Div;
pub(crate) use div::check_divisors;
pub use maximum::Maximum;
pub use minimum::Minimum;
pub use mul::Mul;
pub use pow::Pow;
pub use sub::Sub;
