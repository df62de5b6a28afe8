//! Least squares for any expression.

use std::fmt;

use gradtape::{DType, Tape, Tensor, vjp};
use serde::Serialize;

use super::data::{Column, Input, check_data, column, inputs};
use super::least_squares::{Solved, Spread, solve, sum_of_squares};
use super::notes;
use crate::expression::{Expr, check_size, read_all};
use crate::report::{Error, Named, Number, Result, digits, plural, short, table};

/// Parameters that fit an expression to data. Serialises to the JSON of `gradtape fit`.
#[derive(Clone, Debug, Serialize)]
pub struct Fit {
    /// Each parameter with its standard error.
    pub parameters: Named<Estimate>,
    /// The sum of the squares of what the expression leaves unexplained.
    pub residual_sum_of_squares: Number,
    /// Its root after division by the degrees of freedom, rows less parameters determined; `None` where
    /// there are none.
    pub residual_standard_deviation: Option<Number>,
    /// Steps taken.
    pub iterations: usize,
    /// Whether the search ended because a further full step would change nothing that matters: the
    /// parameters by less than 1e-9 of themselves, or the sum of squares by less than 1e-14 of itself.
    pub converged: bool,
    /// Sentences about parameters that the data do not determine.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// A parameter of a [`Fit`].
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Estimate {
    /// The value with the least squares.
    pub value: Number,
    /// The standard deviation of the estimate, from the Jacobian at the end; `None` where the data do
    /// not determine it.
    pub standard_error: Option<Number>,
}

const NOT_DETERMINED: &str = "not determined";

/// The most steps of a fit.
const MAX_ITERATIONS: usize = 2_000;

/// Fits the parameters of an expression by the method of Levenberg and Marquardt (Moré 1978 for the
/// scales, Nielsen 1999 for the damping). The Jacobian comes from the tape in one walk backward.
///
/// Variables of the expression are columns of the data or parameters with a start.
///
/// ```
/// use gradtape_calculus::{Column, Expr, fit};
///
/// let column = |name: &str, values: &[f64]| Column { name: name.into(), values: values.to_vec() };
/// let data = [column("x", &[0.0, 1.0, 2.0, 3.0]), column("y", &[1.0, 3.0, 5.0, 7.5])];
/// let line = fit(&Expr::parse("a*x + b")?, &data, "y", &[("a", 1.0), ("b", 0.0)])?;
/// assert!(line.converged);
/// assert!((line.parameters.get("a").unwrap().value.0 - 2.15).abs() < 1e-12);
/// # Ok::<(), gradtape_calculus::Error>(())
/// ```
///
/// # Errors
/// A missing target; a variable that is neither a column nor has a start; columns of different length,
/// with numbers that are not finite, or with fewer rows than parameters; residuals that are not finite
/// at the start; more than [`MAX_NODES`](crate::MAX_NODES) nodes.
pub fn fit(expr: &Expr, data: &[Column], target: &str, start: &[(&str, f64)]) -> Result<Fit> {
    let wanted = column(data, target)?;
    let rows = wanted.values.len();
    check_data(data, rows)?;
    let inputs = inputs(expr, data, target, start)?;
    let count = inputs.iter().filter(|input| matches!(input, Input::Parameter(_))).count();
    if count == 0 {
        return Err(Error::new("the expression has no parameters to fit"));
    }
    if rows < count {
        let (rows, parameters) = (plural(rows, "row"), plural(count, "parameter"));
        return Err(Error::new(format!("{rows} cannot determine {parameters}")));
    }
    check_size(std::slice::from_ref(expr), "fitted")?;
    let size = sum_of_squares(&wanted.values).sqrt();
    let columns: Vec<Option<Tensor>> = inputs
        .iter()
        .map(|input| match input {
            Input::Column(values) => Some(Tensor::from(values.to_vec())),
            Input::Parameter(_) => None,
        })
        .collect();
    let ones = Tensor::ones([rows], DType::F64);
    let mut tape = Tape::new();
    let mut compute = |at: &[f64]| -> Result<(Vec<f64>, Vec<Vec<f64>>)> {
        tape.reset();
        // Every row has its own copy of the parameters: one walk then gives the whole Jacobian.
        let by_row: Vec<_> = at
            .iter()
            .map(|&value| tape.watch(Tensor::scalar(value)).broadcast_to([rows]))
            .collect();
        let mut next = by_row.iter();
        let vars: Vec<_> = columns
            .iter()
            .filter_map(|column| match column {
                Some(values) => Some(tape.constant(values)),
                None => next.next().copied(),
            })
            .collect();
        let value = expr.record(&tape, &vars).broadcast_to([rows]);
        let mut all = vjp(&[value], &[tape.constant(&ones)], &by_row);
        all.push(value);
        let mut jacobian = read_all(&all)?;
        let values = jacobian.pop().unwrap_or_default();
        let rest = wanted.values.iter().zip(&values).map(|(y, f)| y - f).collect();
        Ok((rest, jacobian))
    };
    let mut failure = None;
    let residuals = |at: &[f64]| compute(at).map_err(|error| failure = Some(error)).ok();
    let from: Vec<f64> = inputs
        .iter()
        .filter_map(|input| match input {
            Input::Parameter(value) => Some(*value),
            Input::Column(_) => None,
        })
        .collect();
    let solved = solve(residuals, &from, size, MAX_ITERATIONS);
    let Some(solved) = solved else {
        return Err(failure.unwrap_or_else(|| {
            Error::new("the expression is not finite on all rows at the start")
                .hint("choose a start at which it is")
        }));
    };
    Ok(found(expr, &inputs, &wanted.values, &solved))
}

fn found(expr: &Expr, inputs: &[Input<'_>], wanted: &[f64], solved: &Solved) -> Fit {
    let rows = wanted.len();
    let names = expr.variables().zip(inputs).filter_map(|(name, input)| match input {
        Input::Parameter(_) => Some(name),
        Input::Column(_) => None,
    });
    let names: Vec<&str> = names.collect();
    let Spread { roots, groups, rank } = &solved.spread;
    let mut notes: Vec<String> = groups
        .iter()
        .map(|group| notes::loose(group.iter().map(|&parameter| names[parameter])))
        .collect();
    let freedom = rows - rank;
    if freedom == 0 {
        notes.push(
            "as many rows as parameters leave nothing to estimate standard errors from".into(),
        );
    }
    let deviation = (freedom > 0).then(|| (solved.squares / freedom as f64).sqrt());
    let estimates = solved.at.iter().zip(roots).map(|(&value, root)| Estimate {
        value: Number(value),
        standard_error: deviation.zip(*root).map(|(deviation, root)| Number(deviation * root)),
    });
    let estimates: Vec<Estimate> = estimates.collect();
    for ((name, estimate), &left) in names.iter().zip(&estimates).zip(&solved.left) {
        let Estimate { value, standard_error } = estimate;
        notes.extend(notes::ran_away(name, value.0, standard_error.map(|error| error.0), left));
    }
    notes.extend(notes::poles(expr, inputs, rows, &solved.at));
    // A model without a constant part may be worse than the mean where it is best; one that left a parameter behind
    // on the way is not there.
    let lost = solved.left.iter().any(|&left| left < notes::COLLAPSED);
    let poor = notes::poor(solved.squares, wanted).filter(|_| lost || !solved.converged);
    notes.extend(poor.clone());
    Fit {
        parameters: Named::new(names.iter().copied(), estimates),
        residual_sum_of_squares: Number(solved.squares),
        residual_standard_deviation: deviation.map(Number),
        iterations: solved.iterations,
        converged: solved.converged && poor.is_none(),
        notes,
    }
}

/// Significant digits of what is printed: certified values have eleven.
const DIGITS: usize = 11;

/// A table of the parameters and how well they fit.
impl fmt::Display for Fit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heading = ["parameter", "value", "standard error"].map(str::to_string);
        let mut rows = vec![heading.to_vec()];
        for (name, estimate) in &self.parameters.0 {
            let value = digits(estimate.value.0, DIGITS);
            let error = estimate.standard_error.map(|error| short(error.0));
            rows.push(vec![name.clone(), value, error.unwrap_or_else(|| NOT_DETERMINED.into())]);
        }
        f.write_str(&table(&rows))?;
        let squares = digits(self.residual_sum_of_squares.0, DIGITS);
        writeln!(f, "\nresidual sum of squares      {squares}")?;
        let deviation = self.residual_standard_deviation.map(|number| digits(number.0, DIGITS));
        let deviation = deviation.unwrap_or_else(|| NOT_DETERMINED.into());
        writeln!(f, "residual standard deviation  {deviation}")?;
        let end = if self.converged { "converged" } else { "did not converge" };
        writeln!(f, "{end} after {}", plural(self.iterations, "iteration"))?;
        self.notes.iter().try_for_each(|note| writeln!(f, "note: {note}"))
    }
}
