//! `gradtape plot`: pictures of functions.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use gradtape_calculus::{Expr, Range, bars_remarks, plot, plot_bars, plot_curves};
use gradtape_chart::Chart;

use crate::Verb;
use crate::error::{Failure, Outcome};
use crate::expression::{deliver, format, no_program};
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
  gradtape plot \"step(x); sigmoid(x); sigmoid(4x)\" --no-derivative --out steps.svg
  gradtape plot --bars \"P: 0, 1, 0; Q: 0.2, 0.7, 0.1\" --out bars.svg
  gradtape plot \"exp(-x^2)\" --format json")]
pub(crate) struct Plot {
    /// The expression, in one or two variables, or several in one variable separated by `;`
    #[arg(allow_hyphen_values = true)]
    expr: String,

    /// The part of an axis to show, as in x=-2:6; -5:5 where not given
    #[arg(long, value_parser = range, value_name = "NAME=LOW:HIGH", value_delimiter = ',', allow_hyphen_values = true)]
    range: Vec<Range>,

    /// Draw distributions as bars, each a name with numbers: "P: 0, 1, 0; Q: 0.2, 0.7, 0.1"
    #[arg(long, conflicts_with_all = ["range", "no_derivative"])]
    bars: bool,

    /// Draw the curves alone, without their derivatives
    #[arg(long)]
    no_derivative: bool,

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

/// Reads a range for clap.
pub(crate) fn range(text: &str) -> Result<Range, String> {
    let wrong = || format!("{text:?} is not NAME=LOW:HIGH, as in x=-2:6");
    let (name, ends) = text.split_once('=').ok_or_else(wrong)?;
    let (low, high) = ends.split_once(':').ok_or_else(wrong)?;
    let number = |end: &str| end.trim().parse::<f64>().map_err(|_| wrong());
    Ok(Range { name: name.trim().to_string(), low: number(low)?, high: number(high)? })
}

impl Verb for Plot {
    fn run(self, output: &Output) -> Outcome {
        let usual = match self.out.is_none() && output.is_terminal() {
            true => Picture::Terminal,
            false => Picture::Svg,
        };
        if self.bars {
            let picture = format(self.format, self.out.as_ref(), usual)?;
            let chart = plot_bars(&self.expr)?;
            for remark in bars_remarks(&self.expr)? {
                output.note(format_args!("note: {remark}"));
            }
            return self.shown(&chart, picture, output);
        }
        no_program(&self.expr, "plot")?;
        let exprs = Expr::parse_all(&self.expr)?;
        let chart = || match exprs.as_slice() {
            [expr] if !self.no_derivative => Ok(plot(expr, &self.range)?.chart()),
            // Without the gradient, lines of equal value would still be drawn with it.
            [expr] if expr.variables().len() == 2 => {
                Err(Failure::usage("--no-derivative is for curves, which have one variable"))
            }
            exprs => Ok(plot_curves(exprs, &self.range, !self.no_derivative)?),
        };
        let text = match format(self.format, self.out.as_ref(), usual)? {
            picture @ (Picture::Svg | Picture::Html | Picture::Terminal) => {
                return self.shown(&chart()?, picture, output);
            }
            Picture::Json if self.no_derivative => {
                return Err(Failure::usage(
                    "--no-derivative is for pictures; JSON holds derivatives too",
                ));
            }
            Picture::Json => {
                let all = exprs.iter().map(|expr| plot(expr, &self.range));
                let all = all.collect::<gradtape_calculus::Result<Vec<_>>>()?;
                let text = match all.as_slice() {
                    [one] => serde_json::to_string(one),
                    all => serde_json::to_string(all),
                };
                text.map_err(Failure::failed)? + "\n"
            }
        };
        deliver(&text, self.out.as_ref(), output)
    }
}

impl Plot {
    /// A chart as a picture.
    fn shown(&self, chart: &Chart, picture: Picture, output: &Output) -> Outcome {
        let text = match picture {
            Picture::Svg => chart.svg()?,
            Picture::Html => chart.html()?,
            Picture::Terminal => output.drawn(chart, self.out.is_none())?,
            Picture::Json => {
                return Err(Failure::usage("bars are drawn as svg, html or in the terminal"));
            }
        };
        deliver(&text, self.out.as_ref(), output)
    }
}
