//! The first derivatives of several expressions.

use std::fmt;

use gradtape::{Tensor, gradients};
use serde::Serialize;

use super::explain::node_notes;
use crate::expression::{
    Expr, check_size, latex_matrix, latex_name, latex_point, latex_row, point, read, reading_tape,
    short_latex,
};
use crate::report::{Named, Number, Result, short, table};

/// Values and first derivatives of several expressions at one point.
#[derive(Clone, Debug, Serialize)]
pub struct Jacobian {
    /// The expressions as they are printed.
    pub expressions: Vec<String>,
    /// The point: all variables, in the order of their first use.
    pub at: Named<Number>,
    /// The expressions as LaTeX.
    #[serde(skip)]
    pub latex: Vec<String>,
    /// The value of each expression.
    pub values: Vec<Number>,
    /// For each expression, the derivative in each variable.
    pub jacobian: Vec<Named<Number>>,
    /// What a reader should know: kinks, values outside the domain.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
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
/// A point that does not fit the variables of all expressions together; more than
/// [`MAX_NODES`](crate::MAX_NODES) nodes.
pub fn jacobian(exprs: &[Expr], at: &[(&str, f64)]) -> Result<Jacobian> {
    check_size(exprs, "explained")?;
    let mut names: Vec<&str> = Vec::new();
    for name in exprs.iter().flat_map(Expr::variables) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let position = |variable: usize| {
        let own = |expr: &Expr| expr.variables().position(|name| name == names[variable]);
        exprs.iter().find_map(|expr| expr.position(own(expr)?))
    };
    let point = point(&names, at, position)?;
    let tape = reading_tape();
    let inputs: Vec<_> = point.iter().map(|&value| tape.watch(Tensor::scalar(value))).collect();
    let mut values = Vec::new();
    let mut rows = Vec::new();
    let mut notes = Vec::new();
    for expr in exprs {
        let place = |name: &str| names.iter().position(|known| *known == name).unwrap_or(0);
        let own: Vec<_> = expr.variables().map(|name| inputs[place(name)]).collect();
        let own_point: Vec<f64> = expr.variables().map(|name| point[place(name)]).collect();
        let own_notes = node_notes(expr, &own_point);
        notes.extend(own_notes.into_iter().map(|note| format!("in {expr}, {note}")));
        let out = expr.record(&tape, &own);
        values.extend(read(&[out])?.into_iter().map(Number));
        let row = read(&gradients(out, &inputs))?;
        rows.push(Named::new(names.iter().copied(), row.into_iter().map(Number)));
    }
    Ok(Jacobian {
        expressions: exprs.iter().map(Expr::to_string).collect(),
        at: Named::new(names.iter().copied(), point.into_iter().map(Number)),
        latex: exprs.iter().map(Expr::latex).collect(),
        values,
        jacobian: rows,
        notes,
    })
}

impl Jacobian {
    /// Values and derivatives as Markdown whose formulas are LaTeX between dollar signs.
    pub fn markdown(&self) -> String {
        let lefts: Vec<String> = self.at.0.iter().map(|(name, _)| latex_name(name)).collect();
        let notes: String = self.notes.iter().map(|note| format!("- {note}\n")).collect();
        let notes = match notes.is_empty() {
            true => notes,
            false => format!("\n## Notes\n\n{notes}"),
        };
        format!(
            "# Jacobian\n\n$$\nf\\left({}\\right) =\n{}\n$$\n\nAt ${}$:\n\n$$\nf =\n{},\n\\qquad\nJ =\n{}\n$$\n{notes}",
            lefts.join(", "),
            latex_matrix(self.latex.iter().cloned()),
            latex_point(&self.at),
            latex_matrix(self.values.iter().map(|value| short_latex(value.0))),
            latex_matrix(self.jacobian.iter().map(|row| latex_row(row.values()))),
        )
    }
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
        f.write_str(&table(&rows))?;
        if !self.notes.is_empty() {
            f.write_str("\nNotes\n")?;
        }
        self.notes.iter().try_for_each(|note| writeln!(f, "  {note}"))
    }
}
