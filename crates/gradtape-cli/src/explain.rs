//! `gradtape explain`: the chain rule at work on an expression.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use gradtape_calculus::{
    Composed, Explanation, Expr, Function, Options, Order, Perceptron, Question, Trace, derivation,
    differences, explain, explain_program, jacobian, secant,
};
use gradtape_lab::MODULE;

use crate::Verb;
use crate::error::{Failure, Outcome};
use crate::expression::{Point, deliver, entries, format, no_program, placed, point};
use crate::network::NetworkFlags;
use crate::ops;
use crate::output::{Output, json};
use crate::quiz::ask;

/// Explain the derivatives of an expression: the graph, both walks, three ways to differentiate.
#[derive(Args)]
#[command(
    after_help = "The symbolic way handles static expressions only. The tape, which gives the automatic derivative, also
differentiates programs with loops and branches.

Examples:
  gradtape explain \"(a+b)*(b+1)\" --at a=2,b=1
  gradtape explain \"x^2*y; x+y\" --at x=1,y=2      the Jacobian of several expressions
  gradtape explain \"y = x^2; y*sin(y)\" --at x=2 --order bfs      a part with a name is one node for all uses
  gradtape explain \"while abs(x) > 5: x = x/2; x^2\" --at x=12
  gradtape explain \"y = 1; for i in 1..3: y = y*x + i; y\" --at x=2
  gradtape explain \"n = 0; while abs(x) > 5: { x = x/2; n = n + 1 }; x*n\" --at x=12
  gradtape explain \"d/dx (x^3)\" --at x=2           a derivative inside of an expression
  gradtape explain \"softmax(a, b, c)[1]\" --at a=1,b=2,c=3
  gradtape explain \"exp(-x^2)\" --at x=1 --hessian --format json
  gradtape explain \"(a+b)*(b+1)\" --at a=2,b=1 --out graph.svg
  gradtape explain \"(a+b)*(b+1)\" --at a=2,b=1 --out steps.html
  gradtape explain \"y = x^2; y*sin(y)\" --at x=1 --order bfs --out order.svg      unsorted and sorted
  gradtape explain \"exp(x)\" --at x=1 --differences      errors of differences against their step
  gradtape explain \"x*sin(y)\" --at x=1,y=2 --differences --wrt y --out errors.svg
  gradtape explain \"x^2\" --at x=1 --differences --step 0.5 --out secant.html
  gradtape explain \"x^2*sin(x^2)\" --steps            the derivative rule by rule
  gradtape explain \"(a+b)*(b+1)\" --at a=2,b=1 --quiz
  gradtape explain tanh                             an operation's documentation
  gradtape explain --network 3,4,2 --loss cross-entropy --batch 5
  gradtape explain --network 2,3,1 --out net.html      units and edges with their gradients, step by step
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

    /// The secant for one step h, beside the tangent: as text, or drawn (--out secant.svg), or as a page with a
    /// slider for h (--out secant.html)
    #[arg(long, value_name = "H", requires = "differences", allow_negative_numbers = true)]
    step: Option<f64>,

    /// The symbolic derivative step by step, each with the name of its rule
    #[arg(long, conflicts_with_all = ["at", "hessian", "order", "network", "differences"])]
    steps: bool,

    /// The variable of --differences or --steps, where there are several
    #[arg(long, value_name = "VARIABLE")]
    wrt: Option<String>,

    /// Leave the results open, read answers from the input, one on a line, and check them
    #[arg(long, conflicts_with_all = ["hessian", "order", "format", "out", "differences", "steps", "network"])]
    quiz: bool,

    /// The order of the backward walk, topological where not given; pictures then show its numbers, and the nodes in a
    /// row, unsorted and sorted
    #[arg(long, value_enum)]
    order: Option<WalkOrder>,

    /// How to show it; where not given, as the name of --out ends, else as text
    #[arg(long, value_enum)]
    format: Option<Picture>,

    /// Write to this file instead of the terminal
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Leave the library out of a page: it is small, and its numbers cannot be changed
    #[arg(long)]
    still: bool,

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

impl WalkOrder {
    fn order(self) -> Order {
        match self {
            WalkOrder::Topological => Order::Topological,
            WalkOrder::Bfs => Order::BreadthFirst,
        }
    }
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
        if self.still && self.picture()? != Picture::Html {
            return Err(Failure::usage("--still is about pages: name a file that ends in .html"));
        }
        if let Some(found) = self.network.explain()? {
            let text = match self.picture()? {
                Picture::Text => found.to_string(),
                Picture::Json => json(&found)?,
                Picture::Markdown => found.markdown(),
                Picture::Svg => found.svg()?,
                Picture::Html => Question::Network(Perceptron::of(&found)).page(self.module())?,
                Picture::Dot | Picture::Csv | Picture::Terminal => {
                    return Err(Failure::usage(
                        "a network is shown as text, json, markdown, svg or html",
                    ));
                }
            };
            return deliver(&text, self.out.as_ref(), output);
        }
        if self.differences {
            return deliver(&self.errors(output)?, self.out.as_ref(), output);
        }
        if self.wrt.is_some() && !self.steps {
            return Err(Failure::usage("--wrt chooses the variable of --differences or --steps"));
        }
        if self.steps {
            return deliver(&self.derived()?, self.out.as_ref(), output);
        }
        if self.quiz {
            return ask(&self.found()?, output);
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

    /// What answers on a page.
    fn module(&self) -> Option<&'static [u8]> {
        (!self.still).then_some(MODULE)
    }

    /// What a page of an explanation asks again.
    fn question(&self, found: &Explanation) -> Question {
        let owned = |(name, value): (&str, f64)| (name.to_string(), value);
        let at = match Trace::is_program(&self.expr) {
            // What the program did not come to read has a value too.
            true => entries(&self.at).into_iter().map(owned).collect(),
            false => found.at.0.iter().map(|(name, value)| (name.clone(), value.0)).collect(),
        };
        let order = self.order.map(WalkOrder::order);
        Question::Explain { expr: self.expr.trim().to_string(), at, hessian: self.hessian, order }
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
        let entry = match (Composed::find(name), operation, function) {
            (Some(composed), ..) => ops::Entry::composed(composed)?,
            (None, Some(info), _) => ops::Entry::of(info),
            (None, None, Some(function)) => ops::Entry::composition(function)?,
            (None, None, None) => {
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
        if !Trace::is_program(&self.expr) {
            let exprs = Expr::parse_all(&self.expr)?;
            if exprs.len() > 1 {
                return self.several(&exprs);
            }
        }
        let found = self.found()?;
        let picture = self.picture()?;
        let found = if self.order.is_some() { found.numbered() } else { found };
        Ok(match picture {
            Picture::Text => found.to_string(),
            Picture::Json => json(&found)?,
            Picture::Dot => found.dot(),
            Picture::Svg => found.svg()?,
            Picture::Html => self.question(&found).page(self.module())?,
            Picture::Markdown => found.markdown(),
            Picture::Csv | Picture::Terminal => {
                return Err(Failure::usage(
                    "an explanation is shown as text, json, dot, svg, html or markdown; csv and terminal \
                     are for --differences\n  hint: --out order.svg draws it, with the numbers of the walk by --order",
                ));
            }
        })
    }

    /// What is known of one expression, or of a program, at the point.
    fn found(&self) -> Outcome<Explanation> {
        let order = self.order.unwrap_or_default().order();
        let options = Options { hessian: self.hessian, order };
        let found = match Trace::is_program(&self.expr) {
            true => explain_program(&self.expr, &entries(&self.at), options),
            false => explain(&Expr::parse(&self.expr)?, &entries(&self.at), options),
        };
        placed(found, &self.expr)
    }

    /// The only expression, for a flag that needs one.
    fn one(&self, flag: &str) -> Outcome<Expr> {
        no_program(&self.expr, flag)?;
        let mut exprs = Expr::parse_all(&self.expr)?;
        match (exprs.pop(), exprs.is_empty()) {
            (Some(expr), true) => Ok(expr),
            _ => Err(Failure::usage(format!(
                "{flag} needs one expression; several were given\n  hint: ask for one after the other; commas stand between \
                 them"
            ))),
        }
    }

    /// The errors of differences.
    fn errors(&self, output: &Output) -> Outcome<String> {
        let expr = self.one("--differences")?;
        if let Some(step) = self.step {
            return self.secant(&expr, step, output);
        }
        let found = differences(&expr, &entries(&self.at), self.wrt.as_deref());
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

    /// The secant for one step.
    fn secant(&self, expr: &Expr, step: f64, output: &Output) -> Outcome<String> {
        let found = secant(expr, &entries(&self.at), self.wrt.as_deref(), step);
        let found = placed(found, &self.expr)?;
        match self.picture()? {
            Picture::Text => Ok(found.to_string()),
            Picture::Json => json(&found),
            Picture::Svg => Ok(found.chart().svg()?),
            Picture::Html => {
                let at = found.at.0.iter().map(|(name, value)| (name.clone(), value.0)).collect();
                let (expr, wrt) = (self.expr.trim().to_string(), Some(found.variable.clone()));
                Ok(Question::Secant { expr, at, wrt, step }.page(self.module())?)
            }
            Picture::Terminal => output.drawn(&found.chart(), self.out.is_none()),
            Picture::Dot | Picture::Markdown | Picture::Csv => {
                Err(Failure::usage("a secant is shown as text, json, svg, html or terminal"))
            }
        }
    }

    /// The symbolic derivative, rule by rule.
    fn derived(&self) -> Outcome<String> {
        let expr = self.one("--steps")?;
        let found = placed(derivation(&expr, self.wrt.as_deref()), &self.expr)?;
        match self.picture()? {
            Picture::Text => Ok(found.to_string()),
            Picture::Json => json(&found),
            _ => Err(Failure::usage("--steps are shown as text or json")),
        }
    }

    fn several(&self, exprs: &[Expr]) -> Outcome<String> {
        if self.hessian || self.order == Some(WalkOrder::Bfs) {
            let what = if self.hessian { "--hessian" } else { "--order" };
            return Err(Failure::usage(format!(
                "{what} is about one expression; {} were given\n  hint: explain them one by one",
                exprs.len()
            )));
        }
        let found = placed(jacobian(exprs, &entries(&self.at)), &self.expr)?;
        match self.picture()? {
            Picture::Text => Ok(found.to_string()),
            Picture::Json => json(&found),
            Picture::Markdown => Ok(found.markdown()),
            Picture::Dot | Picture::Svg | Picture::Html => Err(Failure::usage(
                "one expression is drawn at a time; several were given\n  hint: draw one after the other; as text, json or \
                     markdown all are shown",
            )),
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
