//! How long an expression may be for what takes time.

use super::expr::Expr;
use crate::report::{Error, Result};

/// The most nodes of an expression that is explained, drawn, descended on or fitted.
pub const MAX_NODES: usize = 20_000;

/// Refuses expressions that have more than [`MAX_NODES`] together. `done` says what is not done then, as in
/// `explained`.
pub(crate) fn check_size(exprs: &[Expr], done: &str) -> Result<()> {
    let nodes: usize = exprs.iter().map(|expr| expr.nodes().len()).sum();
    if nodes <= MAX_NODES {
        return Ok(());
    }
    let have = if exprs.len() == 1 { "the expression has" } else { "the expressions have" };
    Err(Error::new(format!("{have} {nodes} nodes; at most {MAX_NODES} are {done}")))
}
