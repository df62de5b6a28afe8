//! Elementwise operations of two inputs of one shape. Broadcasting is an operation of its own.

mod add;
mod atan2;
mod div;
mod hypot;
mod logaddexp;
mod maximum;
mod minimum;
mod mul;
mod pow;
mod sub;
mod taken;
mod xlogy;

pub use add::Add;
pub use atan2::Atan2;
pub use div::Div;
pub use hypot::Hypot;
pub use logaddexp::LogAddExp;
pub use maximum::Maximum;
pub use minimum::Minimum;
pub use mul::Mul;
pub use pow::Pow;
pub use sub::Sub;
pub use xlogy::XLogY;

use taken::taken_vjp;
