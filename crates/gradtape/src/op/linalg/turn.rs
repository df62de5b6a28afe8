//! What gradient rules of eigenvectors and singular vectors share.

use crate::op::Term;

/// A matrix divided by how far numbers are apart. Where that is 0 it is infinite, but 0 where there is nothing to
/// divide: then the vectors of these numbers do not matter, which no other ones tell apart.
pub(super) fn over<'r>(x: Term<'r>, apart: Term<'r>) -> Term<'r> {
    // No infinity is written here, which a checked tape would take for a mistake.
    let nothing = apart.equal(0).logical_and(x.equal(0));
    x / nothing.select(1, apart)
}

/// A square matrix with other numbers on its diagonal.
pub(super) fn with_diagonal<'r>(x: Term<'r>, values: Term<'r>) -> Term<'r> {
    x.identity().equal(1).select(values.unsqueeze(-1), x)
}
