//! `gradtape explain`: the chain rule at work on an expression.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use gradtape_calculus::{Expr, Function, Options, Order, differences, explain, jacobian};

use crate::Verb;
use crate::error::{Failure, Outcome};
use crate::expression::{Point, deliver, entries, expressions, format, placed, point};
use crate::network::NetworkFlags;
use crate::ops;
use crate::output::{Output, json};

/// Explain the derivatives of an expression: the graph, both walks, three ways to differentiate.
#[derive(Args)]
#[command(
    after_help = "The symbolic way handles static expressions only. The tape, which gives the automatic derivative, also
differentiates programs with loops and branches: see the library's example control_flow.

Examples:
  gradtape explain \"(a+b)*(b+1)\" --at a=2,b=1
  gradtape explain \"x^2*y; x+y\" --at x=1,y=2      the Jacobian of several expressions
  gradtape explain \"x*sin(x)\" --at x=1 --order bfs
  gradtape explain \"exp(-x^2)\" --at x=1 --hessian --format json
  gradtape explain \"(a+b)*(b+1)\" --at a=2,b=1 --out graph.svg
  gradtape explain \"(a+b)*(b+1)\" --at a=2,b=1 --out steps.html
  gradtape explain \"exp(x)\" --at x=1 --differences      errors of differences against their step
  gradtape explain \"x*sin(y)\" --at x=1,y=2 --differences --wrt y --out errors.svg
  gradtape explain tanh                             an operation's documentation
  gradtape explain --network 3,4,2 --loss cross-entropy --batch 5
  gradtape explain --network 4,2,1 --x 1,2,3,4 --target 7 --weights \
    '{\"W1\": [[1,0],[0,1],[1,0],[0,1]], \"b1\": [0,-1], \"W2\": [[1.5],[0.5]], \"b2\": [1.5]}'
    prediction 10 against 7: L = (10 - 7)^2 = 9, dL/db2 = 6"
)]
pub(crate) struct Explain {
    /// The expression, or several separated by `;`, or the name of an operation
    #[arg(
        allow_hyphen_values = true,
        required_unless_present = "network",
        default_value = "",
        hide_default_value = true
    )]
    expr: String,

    /// The point: a value for each variable, as in a=2,b=1
    #[arg(long, value_parser = point, allow_negative_numbers = true)]
    at: Vec<Point>,

    /// Second derivatives too
    #[arg(long)]
    hessian: bool,

    /// How exact differences of values are as derivatives: their errors at steps from 1 to 10^-16
    #[arg(long, conflicts_with_all = ["hessian", "order", "network"])]
    differences: bool,

    /// The variable that differences move, where there are several
    #[arg(long, value_name = "VARIABLE", requires = "differences")]
    wrt: Option<String>,

    /// The order of the backward walk
    #[arg(long, value_enum, default_value_t)]
    order: WalkOrder,

    /// How to show it; where not given, as the name of --out ends, else as text
    #[arg(long, value_enum)]
    format: Option<Picture>,

    /// Write to this file instead of the terminal
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    // The last, because its heading would stand over what follows.
    #[command(flatten)]
    network: NetworkFlags,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum WalkOrder {
    #[default]
    Topological,
    Bfs,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Picture {
    Text,
    Json,
    Dot,
    Svg,
    Html,
    #[value(alias = "md")]
    Markdown,
    Csv,
    Terminal,
}

impl Verb for Explain {
    fn run(self, output: &Output) -> Outcome {
        if let Some(found) = self.network.explain()? {
            let text = match self.picture()? {
                Picture::Text => found.to_string(),
                Picture::Json => json(&found)?,
                Picture::Markdown => found.markdown(),
                _ => return Err(Failure::usage("a network is shown as text, json or markdown")),
            };
            return deliver(&text, self.out.as_ref(), output);
        }
        if self.differences {
            return deliver(&self.errors(output)?, self.out.as_ref(), output);
        }
        let text = match self.at.is_empty() {
            true => self.documentation(output)?,
            false => None,
        };
        let text = text.map_or_else(|| self.explained(), Ok)?;
        deliver(&text, self.out.as_ref(), output)
    }
}

impl Explain {
    fn picture(&self) -> Outcome<Picture> {
        format(self.format, self.out.as_ref(), Picture::Text)
    }

    /// What a name alone stands for, without a point: an operation, or a function of the grammar.
    fn documentation(&self, output: &Output) -> Outcome<Option<String>> {
        let name = self.expr.trim();
        let function = Function::find(name);
        // In expressions, `max` and `min` are those of two numbers.
        let operation = match function {
            Some(Function::Max) => ops::operation("maximum"),
            Some(Function::Min) => ops::operation("minimum"),
            _ => ops::operation(name),
        };
        let entry = match (operation, function) {
            (Some(info), _) => ops::Entry::of(info),
            (None, Some(function)) => ops::Entry::composition(function)?,
            (None, None) => {
                let near = ops::nearest_operation(name).filter(|_| is_word(name));
                let Some(near) = near else { return Ok(None) };
                let message = format!("there is no operation {name:?}");
                return Err(Failure::usage(message)
                    .note(format!("hint: did you mean {near:?}? A variable needs --at {name}=…")));
            }
        };
        let text = match self.picture()? {
            Picture::Text => entry.text(output) + "\n",
            Picture::Json => json(&entry)?,
            Picture::Markdown => entry.markdown(),
            Picture::Dot | Picture::Svg | Picture::Html | Picture::Csv | Picture::Terminal => {
                return Err(Failure::usage(format!(
                    "the documentation of {name} is shown as text, json or markdown"
                )));
            }
        };
        Ok(Some(text))
    }

    fn explained(&self) -> Outcome<String> {
        let exprs = expressions(&self.expr)?;
        let [expr] = exprs.as_slice() else { return self.several(&exprs) };
        let order = match self.order {
            WalkOrder::Topological => Order::Topological,
            WalkOrder::Bfs => Order::BreadthFirst,
        };
        let options = Options { hessian: self.hessian, order };
        let found = placed(explain(expr, &entries(&self.at), options), &self.expr)?;
        Ok(match self.picture()? {
            Picture::Text => found.to_string(),
            Picture::Json => json(&found)?,
            Picture::Dot => found.dot(),
            Picture::Svg => found.svg()?,
            Picture::Html => found.html()?,
            Picture::Markdown => found.markdown(),
            Picture::Csv | Picture::Terminal => {
                return Err(Failure::usage(
                    "an explanation is shown as text, json, dot, svg, html or markdown; csv and terminal \
                 are for --differences",
                ));
            }
        })
    }

    /// The errors of differences.
    fn errors(&self, output: &Output) -> Outcome<String> {
        let exprs = expressions(&self.expr)?;
        let [expr] = exprs.as_slice() else {
            return Err(Failure::usage("--differences needs one expression; several were given"));
        };
        let found = differences(expr, &entries(&self.at), self.wrt.as_deref());
        let found = placed(found, &self.expr)?;
        match self.picture()? {
            Picture::Text => Ok(found.to_string()),
            Picture::Json => json(&found),
            Picture::Csv => Ok(found.csv()),
            Picture::Svg => Ok(found.chart().svg()?),
            Picture::Html => Ok(found.chart().html()?),
            Picture::Terminal => output.drawn(&found.chart(), self.out.is_none()),
            Picture::Dot | Picture::Markdown => Err(Failure::usage(
                "--differences are shown as text, json, csv, svg, html or terminal",
            )),
        }
    }

    fn several(&self, exprs: &[Expr]) -> Outcome<String> {
        if self.hessian || self.order == WalkOrder::Bfs {
            let what = if self.hessian { "--hessian" } else { "--order" };
            return Err(Failure::usage(format!(
                "{what} is about one expression; {} were given\n  hint: explain them one by one",
                exprs.len()
            )));
        }
        let found = jacobian(exprs, &entries(&self.at))?;
        match self.picture()? {
            Picture::Text => Ok(found.to_string()),
            Picture::Json => json(&found),
            Picture::Markdown => Ok(found.markdown()),
            Picture::Dot | Picture::Svg | Picture::Html => {
                Err(Failure::usage("one expression is drawn at a time; several were given"))
            }
            Picture::Csv | Picture::Terminal => {
                Err(Failure::usage("several expressions are shown as text, json or markdown"))
            }
        }
    }
}

/// Whether a text can be the misspelt name of an operation: letters, more than variables have.
fn is_word(text: &str) -> bool {
    text.len() > 2 && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
