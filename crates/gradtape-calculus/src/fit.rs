//! Least squares for any expression.

use std::fmt;

use gradtape::{DType, Tensor, compile, vjp};
use serde::Serialize;

use crate::error::{Error, Result};
use crate::explain::{MAX_EXPLAINED, table};
use crate::expr::Expr;
use crate::json::{Named, Number, short};
use crate::least_squares::{Solved, solve};

/// Parameters that fit an expression to data. Serialises to the JSON of `gradtape fit`.
#[derive(Clone, Debug, Serialize)]
pub struct Fit {
    /// Each parameter with its standard error.
    pub parameters: Named<Estimate>,
    /// The sum of the squares of what the expression leaves unexplained.
    pub residual_sum_of_squares: Number,
    /// Its root after division by the degrees of freedom.
    pub residual_standard_deviation: Number,
    /// Steps taken.
    pub iterations: usize,
    /// Whether the search ended because a further full step would change nothing that matters: the
    /// parameters by less than 1e-9 of themselves, or the sum of squares by less than 1e-14 of itself.
    pub converged: bool,
}

/// A parameter of a [`Fit`].
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Estimate {
    /// The value with the least squares.
    pub value: Number,
    /// The standard deviation of the estimate, from the Jacobian at the end.
    pub standard_error: Number,
}

/// A column of data.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The variable that it gives the values of.
    pub name: String,
    /// A value for each row.
    pub values: Vec<f64>,
}

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
/// at the start.
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
        let message = format!("{rows} rows cannot determine {count} parameters");
        return Err(Error::new(message));
    }
    if expr.nodes().len() > MAX_EXPLAINED {
        return Err(Error::new(format!("more than {MAX_EXPLAINED} nodes are not fitted")));
    }
    let model = expr.clone();
    let places: Vec<usize> =
        (0..inputs.len()).filter(|&place| matches!(inputs[place], Input::Parameter(_))).collect();
    let by_parameter = places.clone();
    // Every row gets its own copy of the parameters: one walk then gives the whole Jacobian.
    let mut compiled = compile(move |tape, inputs| {
        let value = model.record(tape, inputs);
        let ones = tape.constant(Tensor::ones([rows], DType::F64));
        let parameters: Vec<_> = by_parameter.iter().map(|&place| inputs[place]).collect();
        let mut all = vjp(&[value], &[ones], &parameters);
        all.push(value);
        Ok(all)
    });
    let mut tensors: Vec<Tensor> = inputs
        .iter()
        .map(|input| match input {
            Input::Column(values) => Tensor::from(values.to_vec()),
            Input::Parameter(value) => Tensor::from(vec![*value; rows]),
        })
        .collect();
    let wanted = wanted.values.clone();
    let mut failure = None;
    let residuals = |at: &[f64]| -> Option<(Vec<f64>, Vec<Vec<f64>>)> {
        for (&place, &value) in places.iter().zip(at) {
            tensors[place] = Tensor::from(vec![value; rows]);
        }
        match compiled.call(&tensors) {
            Ok(found) => {
                let mut columns: Vec<Vec<f64>> = found.iter().map(Tensor::to_f64_vec).collect();
                let values = columns.pop()?;
                let rest = wanted.iter().zip(&values).map(|(y, f)| y - f).collect();
                Some((rest, columns))
            }
            Err(error) => {
                failure = Some(Error::new(error.to_string()));
                None
            }
        }
    };
    let from: Vec<f64> = inputs
        .iter()
        .filter_map(|input| match input {
            Input::Parameter(value) => Some(*value),
            Input::Column(_) => None,
        })
        .collect();
    let solved = solve(residuals, &from, MAX_ITERATIONS);
    let Some(solved) = solved else {
        return Err(failure.unwrap_or_else(|| {
            Error::new("the expression is not finite on all rows at the start")
                .hint("choose a start at which it is")
        }));
    };
    Ok(found(expr, &inputs, rows, &solved))
}

fn found(expr: &Expr, inputs: &[Input<'_>], rows: usize, solved: &Solved) -> Fit {
    let names = expr.variables().zip(inputs).filter_map(|(name, input)| match input {
        Input::Parameter(_) => Some(name),
        Input::Column(_) => None,
    });
    let freedom = rows - solved.at.len();
    let deviation = match freedom {
        0 => f64::NAN,
        freedom => (solved.squares / freedom as f64).sqrt(),
    };
    let estimates = solved.at.iter().zip(&solved.spread).map(|(&value, &spread)| Estimate {
        value: Number(value),
        standard_error: Number(deviation * spread),
    });
    Fit {
        parameters: Named::new(names, estimates),
        residual_sum_of_squares: Number(solved.squares),
        residual_standard_deviation: Number(deviation),
        iterations: solved.iterations,
        converged: solved.converged,
    }
}

enum Input<'a> {
    Column(&'a [f64]),
    Parameter(f64),
}

fn column<'a>(data: &'a [Column], name: &str) -> Result<&'a Column> {
    let known = || data.iter().map(|column| column.name.as_str());
    data.iter().find(|column| column.name == name).ok_or_else(|| {
        let error = Error::new(format!("the data has no column `{name}`"));
        match gradtape::nearest(name, known()) {
            Some(close) => error.hint(format!("did you mean `{close}`?")),
            None => {
                error.hint(format!("its columns are {}", known().collect::<Vec<_>>().join(", ")))
            }
        }
    })
}

fn check_data(data: &[Column], rows: usize) -> Result<()> {
    for Column { name, values } in data {
        if values.len() != rows {
            let message = format!("column {name} has {} rows, others have {rows}", values.len());
            return Err(Error::new(message));
        }
    }
    Ok(())
}

/// What stands for each variable of the expression.
fn inputs<'a>(
    expr: &Expr,
    data: &'a [Column],
    target: &str,
    start: &[(&str, f64)],
) -> Result<Vec<Input<'a>>> {
    let names: Vec<&str> = expr.variables().collect();
    for (name, value) in start {
        if !names.contains(name) {
            let error = Error::new(format!("the expression has no variable `{name}`"));
            return Err(match gradtape::nearest(name, names.iter().copied()) {
                Some(close) => error.hint(format!("did you mean `{close}`?")),
                None => error,
            });
        }
        if data.iter().any(|column| column.name == *name) {
            return Err(Error::new(format!(
                "`{name}` is a column of the data and has a start too"
            )));
        }
        if !value.is_finite() {
            return Err(Error::new(format!("the start of `{name}` is {value}")));
        }
    }
    let finite = |column: &Column| {
        let bad = column.values.iter().position(|value| !value.is_finite());
        bad.map_or(Ok(()), |row| {
            let (name, value) = (&column.name, column.values[row]);
            Err(Error::new(format!("row {} of column {name} is {value}", row + 1)))
        })
    };
    finite(column(data, target)?)?;
    let input = |name: &&str| {
        if *name == target {
            return Err(Error::new(format!("the target `{name}` cannot explain itself")));
        }
        if let Some(column) = data.iter().find(|column| column.name == **name) {
            finite(column)?;
            return Ok(Input::Column(&column.values));
        }
        let given = start.iter().find(|(given, _)| given == name);
        given.map(|(_, value)| Input::Parameter(*value)).ok_or_else(|| {
            Error::new(format!("the variable `{name}` is no column of the data and has no start"))
                .hint(format!("add `{name}=…` to the start"))
        })
    };
    names.iter().map(input).collect()
}

/// A table of the parameters and how well they fit.
impl fmt::Display for Fit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heading = ["parameter", "value", "standard error"].map(str::to_string);
        let mut rows = vec![heading.to_vec()];
        for (name, estimate) in &self.parameters.0 {
            let value = format!("{:.10e}", estimate.value.0);
            rows.push(vec![name.clone(), value, short(estimate.standard_error.0)]);
        }
        f.write_str(&table(&rows))?;
        writeln!(f, "\nresidual sum of squares      {:.10e}", self.residual_sum_of_squares.0)?;
        writeln!(f, "residual standard deviation  {:.10e}", self.residual_standard_deviation.0)?;
        let end = if self.converged { "converged" } else { "did not converge" };
        writeln!(f, "{end} after {} iterations", self.iterations)
    }
}
