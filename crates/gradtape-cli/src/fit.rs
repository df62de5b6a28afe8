//! `gradtape fit`: least squares for an expression.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use gradtape::data::Table;
use gradtape::nearest;
use gradtape_calculus::{Column, Error, Expr, fit};
use gradtape_files::TableOptions;

use crate::Verb;
use crate::error::{Failure, Outcome};
use crate::expression::{Point, deliver, entries, format, no_program, placed, point};
use crate::output::{Output, json};
use crate::source::present;

/// Fit the parameters of an expression to the columns of a CSV file by least squares.
#[derive(Args)]
#[command(after_help = "Examples:
  gradtape fit \"b1*(1-exp(-b2*x))\" --data misra.csv --target y --from b1=500,b2=0.0001
  gradtape fit \"a*x + b\" --data line.csv --target y --from a=1,b=0 --format json")]
pub(crate) struct Fit {
    /// The expression for the target, in columns of the data and parameters
    #[arg(allow_hyphen_values = true)]
    expr: String,

    /// The CSV file, with a header
    #[arg(long, value_name = "FILE")]
    data: PathBuf,

    /// The column to explain
    #[arg(long, value_name = "COLUMN")]
    target: String,

    /// Where to start: a value for each parameter, as in b1=500,b2=0.0001
    #[arg(long, value_parser = point, allow_negative_numbers = true)]
    from: Vec<Point>,

    /// How to show it; where not given, as the name of --out ends, else as text
    #[arg(long, value_enum)]
    format: Option<Picture>,

    /// Write to this file instead of the terminal
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Picture {
    Text,
    Json,
}

impl Verb for Fit {
    fn run(self, output: &Output) -> Outcome {
        no_program(&self.expr, "fit")?;
        let expr = Expr::parse(&self.expr)?;
        present(&self.data)?;
        let table = gradtape_files::read_table(&self.data, &TableOptions::default())?;
        let mut data = Vec::new();
        for column in table.columns() {
            let name = column.name();
            // Only what is used must be numbers.
            if name == self.target || expr.variables().any(|variable| variable == name) {
                self.check_alone(name, &table)?;
                let values = table.numbers(name)?;
                if let Some(row) = values.iter().position(|value| value.is_nan()) {
                    let (file, line) = (self.data.display(), table.line(row));
                    let place = format!("{file}, line {line}, column {name:?}");
                    return Err(Failure::failed(format!("{place}: the value is missing"))
                        .note("hint: a fit needs all of them: fill it in, or leave the row out"));
                }
                data.push(Column { name: name.to_string(), values });
            }
        }
        if !data.iter().any(|column| column.name == self.target) {
            let known = table.columns().iter().map(|column| column.name());
            return Err(Failure::unknown("column", &self.target, known));
        }
        self.check_names(&expr, &table)?;
        let found = placed(fit(&expr, &data, &self.target, &entries(&self.from)), &self.expr)?;
        let text = match format(self.format, self.out.as_ref(), Picture::Text)? {
            Picture::Text => found.to_string(),
            Picture::Json => json(&found)?,
        };
        deliver(&text, self.out.as_ref(), output)?;
        match found.converged {
            true => Ok(()),
            false => Err(Failure::failed("the fit did not converge: its numbers are where it gave up")
                .note("hint: start nearer to the solution, or give columns units in which their values are near 1")),
        }
    }
}

impl Fit {
    /// Fails for a column that is used and whose name another one has, too: which is meant?
    fn check_alone(&self, name: &str, table: &Table) -> Outcome {
        let second = format!("a second {name:?}");
        let Some(note) = table.notes().iter().find(|note| note.contains(&second)) else {
            return Ok(());
        };
        let message = format!("{}: two columns are called {name:?}: {note}", self.data.display());
        Err(Failure::failed(message).note("hint: give each a name of its own in the first line"))
    }

    /// A variable without a start that is nearly a column is a misspelt column.
    fn check_names(&self, expr: &Expr, table: &Table) -> Outcome {
        let columns = || table.columns().iter().map(|column| column.name());
        let start = entries(&self.from);
        for (number, name) in expr.variables().enumerate() {
            let known = columns().any(|column| column == name)
                || start.iter().any(|(given, _)| *given == name);
            if let (false, Some(near)) = (known, nearest(name, columns())) {
                let message =
                    format!("the variable `{name}` is no column of the data and has no start");
                let hint = format!(
                    "did you mean the column `{near}`? A parameter needs a start, as in --from {name}=1"
                );
                let position = expr.position(number).unwrap_or(0);
                return Err(Error::new(message).at(&self.expr, position).hint(hint).into());
            }
        }
        Ok(())
    }
}
