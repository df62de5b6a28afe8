//! What a fit begins with: columns of data, and starts of parameters.

use crate::expression::{Expr, no_variable};
use crate::report::{Error, Result};

/// A column of data.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The variable that it gives the values of.
    pub name: String,
    /// A value for each row.
    pub values: Vec<f64>,
}

/// What stands for a variable of the expression.
pub(super) enum Input<'a> {
    Column(&'a [f64]),
    Parameter(f64),
}

pub(super) fn column<'a>(data: &'a [Column], name: &str) -> Result<&'a Column> {
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

pub(super) fn check_data(data: &[Column], rows: usize) -> Result<()> {
    for Column { name, values } in data {
        if values.len() != rows {
            let message = format!("column {name} has {} rows, others have {rows}", values.len());
            return Err(Error::new(message));
        }
    }
    Ok(())
}

/// What stands for each variable of the expression.
pub(super) fn inputs<'a>(
    expr: &Expr,
    data: &'a [Column],
    target: &str,
    start: &[(&str, f64)],
) -> Result<Vec<Input<'a>>> {
    let names: Vec<&str> = expr.variables().collect();
    for (index, (name, value)) in start.iter().enumerate() {
        if !names.contains(name) {
            return Err(no_variable(&names, name));
        }
        if start[..index].iter().any(|(earlier, _)| earlier == name) {
            return Err(Error::new(format!("`{name}` has two starts")));
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
            Err(Error::new(format!("row {} of column {name} is {value}", row + 1))
                .hint("give it a number, or leave the row out"))
        })
    };
    finite(column(data, target)?)?;
    let input = |(variable, name): (usize, &&str)| {
        if *name == target {
            return Err(Error::new(format!("the target `{name}` cannot explain itself"))
                .position_of(expr.position(variable)));
        }
        if let Some(column) = data.iter().find(|column| column.name == **name) {
            finite(column)?;
            return Ok(Input::Column(&column.values));
        }
        let given = start.iter().find(|(given, _)| given == name);
        given.map(|(_, value)| Input::Parameter(*value)).ok_or_else(|| {
            Error::new(format!("the variable `{name}` is no column of the data and has no start"))
                .hint(format!("add `{name}=…` to the start"))
                .position_of(expr.position(variable))
        })
    };
    names.iter().enumerate().map(input).collect()
}
