//! `gradtape plot`: pictures of functions.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use gradtape_calculus::{Expr, Range, plot};

use crate::Verb;
use crate::error::{Failure, Outcome};
use crate::expression::{deliver, format};
use crate::output::Output;

/// Draw a curve with its derivative, or contours with the gradient field.
///
/// A curve is drawn with its derivative, a function of two variables as lines of equal value with
/// arrows along the gradient, longer where it is steeper. --format terminal draws in the terminal at its
/// width, --format json gives the places, the values and the derivatives.
#[derive(Args)]
#[command(after_help = "Examples:
  gradtape plot \"tanh(x)\"                          in the terminal
  gradtape plot \"tanh(x)\" --out tanh.svg
  gradtape plot \"x^2 - 4*x + 7 + 2*y\" --range x=-2:6 --range y=-4:4 --out field.svg
  gradtape plot \"exp(-x^2)\" --format json")]
pub(crate) struct Plot {
    /// The expression, in one or two variables
    #[arg(allow_hyphen_values = true)]
    expr: String,

    /// The part of an axis to show, as in x=-2:6; -5:5 where not given
    #[arg(long, value_parser = range, value_name = "NAME=LOW:HIGH", value_delimiter = ',', allow_hyphen_values = true)]
    range: Vec<Range>,

    /// How to show it; where not given, as the name of --out ends, in the terminal when it is printed there,
    /// else as svg
    #[arg(long, value_enum)]
    format: Option<Picture>,

    /// Write to this file instead of the terminal
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Picture {
    Svg,
    Html,
    Terminal,
    Json,
}

fn range(text: &str) -> Result<Range, String> {
    let wrong = || format!("{text:?} is not NAME=LOW:HIGH, as in x=-2:6");
    let (name, ends) = text.split_once('=').ok_or_else(wrong)?;
    let (low, high) = ends.split_once(':').ok_or_else(wrong)?;
    let number = |end: &str| end.trim().parse::<f64>().map_err(|_| wrong());
    Ok(Range { name: name.trim().to_string(), low: number(low)?, high: number(high)? })
}

impl Verb for Plot {
    fn run(self, output: &Output) -> Outcome {
        let found = plot(&Expr::parse(&self.expr)?, &self.range)?;
        let usual = match self.out.is_none() && output.is_terminal() {
            true => Picture::Terminal,
            false => Picture::Svg,
        };
        let text = match format(self.format, self.out.as_ref(), usual)? {
            Picture::Svg => found.chart().svg()?,
            Picture::Html => found.chart().html()?,
            Picture::Terminal => output.drawn(&found.chart(), self.out.is_none())?,
            Picture::Json => serde_json::to_string(&found).map_err(Failure::failed)? + "\n",
        };
        deliver(&text, self.out.as_ref(), output)
    }
}
