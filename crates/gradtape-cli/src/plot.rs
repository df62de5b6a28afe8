//! `gradtape plot`: pictures of functions.

use std::path::PathBuf;

use clap::Args;
use gradtape_calculus::{Expr, Range, plot};

use crate::Verb;
use crate::error::Outcome;
use crate::expression::deliver;
use crate::output::Output;

/// Draw a curve with its derivative, or contours with the gradient field, as SVG.
#[derive(Args)]
#[command(after_help = "Examples:
  gradtape plot \"tanh(x)\" --out tanh.svg
  gradtape plot \"x^2 - 4*x + 7 + 2*y\" --range x=-2:6 --range y=-4:4 --out field.svg")]
pub(crate) struct Plot {
    /// The expression, in one or two variables
    #[arg(allow_hyphen_values = true)]
    expr: String,

    /// The part of an axis to show, as in x=-2:6; -5:5 where not given
    #[arg(long, value_parser = range, value_name = "NAME=LOW:HIGH")]
    range: Vec<Range>,

    /// Write to this file instead of the terminal
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

fn range(text: &str) -> Result<Range, String> {
    let wrong = || format!("{text:?} is not NAME=LOW:HIGH");
    let (name, ends) = text.split_once('=').ok_or_else(wrong)?;
    let (low, high) = ends.split_once(':').ok_or_else(wrong)?;
    let number = |end: &str| end.trim().parse::<f64>().map_err(|_| wrong());
    Ok(Range { name: name.trim().to_string(), low: number(low)?, high: number(high)? })
}

impl Verb for Plot {
    fn run(self, output: &Output) -> Outcome {
        let expr = Expr::parse(&self.expr)?;
        deliver(&plot(&expr, &self.range)?, self.out.as_ref(), output)
    }
}
