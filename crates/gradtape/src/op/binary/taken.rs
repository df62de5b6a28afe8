//! Cotangents of results that are one of their operands.

use crate::op::Term;

/// The cotangent of one of two operands of which the result takes one, where `taken` says that it takes
/// this one: all of `g`, none, or half of it at a tie.
pub(super) fn taken_vjp<'r>(
    this: Term<'r>,
    other: Term<'r>,
    taken: Term<'r>,
    g: Term<'r>,
) -> Term<'r> {
    this.equal(other).select(g * 0.5, taken.select(g, 0.0))
}
