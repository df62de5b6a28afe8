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

use crate::op::Term;

/// The cotangent of one of two operands of which the result takes one, where `taken` says that it takes
/// this one: all of `g`, none, or half of it at a tie.
fn taken_vjp<'r>(this: Term<'r>, other: Term<'r>, taken: Term<'r>, g: Term<'r>) -> Term<'r> {
    this.equal(other).select(g * 0.5, taken.select(g, 0.0))
}
