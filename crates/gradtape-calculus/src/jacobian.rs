//! The first derivatives of several expressions.

use std::fmt;

use gradtape::{Tensor, gradients};
use serde::Serialize;

use crate::error::{Error, Result};
use crate::explain::{MAX_EXPLAINED, read, table};
use crate::expr::Expr;
use crate::json::{Named, Number, short};
use crate::record::reading_tape;

/// Values and first derivatives of several expressions at one point.
#[derive(Clone, Debug, Serialize)]
pub struct Jacobian {
    /// The expressions as they are printed.
    pub expressions: Vec<String>,
    /// The point: all variables, in the order of their first use.
    pub at: Named<Number>,
    /// The value of each expression.
    pub values: Vec<Number>,
    /// For each expression, the derivative in each variable.
    pub jacobian: Vec<Named<Number>>,
}

/// Differentiates several expressions on one tape.
///
/// ```
/// use gradtape_calculus::{Expr, jacobian};
/// let exprs = [Expr::parse("x^2*y")?, Expr::parse("x+y")?];
/// let found = jacobian(&exprs, &[("x", 1.0), ("y", 2.0)])?;
/// assert_eq!(found.jacobian[0].get("x").unwrap().0, 4.0);
/// assert_eq!(found.jacobian[1].get("y").unwrap().0, 1.0);
/// # Ok::<(), gradtape_calculus::Error>(())
/// ```
///
/// # Errors
/// A point that does not fit the variables of all expressions together; more than [`MAX_EXPLAINED`]
/// nodes.
pub fn jacobian(exprs: &[Expr], at: &[(&str, f64)]) -> Result<Jacobian> {
    let nodes: usize = exprs.iter().map(|expr| expr.nodes().len()).sum();
    if nodes > MAX_EXPLAINED {
        let message =
            format!("the expressions have {nodes} nodes; at most {MAX_EXPLAINED} are explained");
        return Err(Error::new(message));
    }
    let mut names: Vec<&str> = Vec::new();
    for name in exprs.iter().flat_map(Expr::variables) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let point = crate::expr::point(&names, at)?;
    let tape = reading_tape();
    let inputs: Vec<_> = point.iter().map(|&value| tape.watch(Tensor::scalar(value))).collect();
    let mut values = Vec::new();
    let mut rows = Vec::new();
    for expr in exprs {
        let place = |name: &str| names.iter().position(|known| *known == name).unwrap_or(0);
        let own: Vec<_> = expr.variables().map(|name| inputs[place(name)]).collect();
        let out = expr.record(&tape, &own);
        values.extend(read(&[out])?.into_iter().map(Number));
        let row = read(&gradients(out, &inputs))?;
        rows.push(Named::new(names.iter().copied(), row.into_iter().map(Number)));
    }
    Ok(Jacobian {
        expressions: exprs.iter().map(Expr::to_string).collect(),
        at: Named::new(names.iter().copied(), point.into_iter().map(Number)),
        values,
        jacobian: rows,
    })
}

/// A table with a row for each expression.
impl fmt::Display for Jacobian {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows = vec![vec!["Jacobian".to_string(), "value".to_string()]];
        rows[0].extend(self.at.0.iter().map(|(name, _)| format!("d/d{name}")));
        for ((expression, value), row) in
            self.expressions.iter().zip(&self.values).zip(&self.jacobian)
        {
            let mut cells = vec![expression.clone(), short(value.0)];
            cells.extend(row.values().map(|value| short(value.0)));
            rows.push(cells);
        }
        f.write_str(&table(&rows))
    }
}
