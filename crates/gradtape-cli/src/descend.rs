//! `gradtape descend`: gradient descent on an expression.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use gradtape::optim::{Hyper, NAMES};
use gradtape_calculus::{Descent, Expr, descend};

use crate::Verb;
use crate::error::{Failure, Outcome};
use crate::expression::{Point, deliver, point};
use crate::output::Output;

/// Descend along the gradient of an expression, with any optimiser or several at once.
#[derive(Args)]
#[command(after_help = "Examples:
  gradtape descend \"x^2 - 4*x + 7\" --from x=0 --lr 0.1
  gradtape descend \"(1-x)^2 + 100*(y-x^2)^2\" --from x=-1.2,y=1 --optimizer adam --lr 0.05 --steps 500
  gradtape descend \"x^2 + 10*y^2\" --from x=3,y=1 --optimizer sgd,momentum,adam --lr 0.05
  gradtape descend \"x^2\" --from x=1 --noise 1 --batch 64 --format csv --out path.csv")]
pub(crate) struct Descend {
    /// The expression to make small
    #[arg(allow_hyphen_values = true)]
    expr: String,

    /// Where to start: a value for each variable, as in x=-1.2,y=1
    #[arg(long, value_parser = point, default_value = "", hide_default_value = true)]
    from: Point,

    /// The optimiser, or several separated by commas
    #[arg(long, default_value = "sgd", value_delimiter = ',', value_name = "NAME")]
    optimizer: Vec<String>,

    /// The learning rate
    #[arg(long, allow_hyphen_values = true)]
    lr: Option<f64>,

    /// The most steps
    #[arg(long, default_value_t = 100)]
    steps: usize,

    /// End after a step shorter than this
    #[arg(long, default_value_t = 0.0, allow_hyphen_values = true)]
    tolerance: f64,

    /// Of sgd and rmsprop
    #[arg(long)]
    momentum: Option<f64>,

    /// Of sgd
    #[arg(long)]
    dampening: Option<f64>,

    /// Of sgd with momentum
    #[arg(long)]
    nesterov: bool,

    /// Pull towards 0
    #[arg(long)]
    weight_decay: Option<f64>,

    /// Of adam and its relatives, as in 0.9,0.999
    #[arg(long, value_parser = pair)]
    betas: Option<Pair>,

    /// Of all but sgd
    #[arg(long)]
    eps: Option<f64>,

    /// Of rmsprop
    #[arg(long)]
    alpha: Option<f64>,

    /// Of adadelta
    #[arg(long)]
    rho: Option<f64>,

    /// Of rmsprop
    #[arg(long)]
    centered: bool,

    /// Of adam and adamw
    #[arg(long)]
    amsgrad: bool,

    /// Noise that one example adds to the gradient (its standard deviation)
    #[arg(long, default_value_t = 0.0, allow_hyphen_values = true)]
    noise: f64,

    /// Examples per step: the noise shrinks by their root
    #[arg(long, default_value_t = 1)]
    batch: usize,

    /// Seed of the noise
    #[arg(long, default_value_t = 0)]
    seed: u64,

    /// How to show it
    #[arg(long, value_enum, default_value_t)]
    format: Picture,

    /// Write to this file instead of the terminal
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Picture {
    #[default]
    Text,
    Json,
    Csv,
    Svg,
}

#[derive(Clone, Copy, Debug)]
struct Pair(f64, f64);

fn pair(text: &str) -> Result<Pair, String> {
    let parts: Vec<Result<f64, _>> = text.split(',').map(|part| part.trim().parse()).collect();
    match parts.as_slice() {
        [Ok(first), Ok(second)] => Ok(Pair(*first, *second)),
        _ => Err("two numbers are needed, as in 0.9,0.999".to_string()),
    }
}

impl Verb for Descend {
    fn run(self, output: &Output) -> Outcome {
        let expr = Expr::parse(&self.expr)?;
        let mut paths = Vec::new();
        for name in &self.optimizer {
            if !NAMES.contains(&name.as_str()) {
                return Err(Failure::unknown("optimiser", name, NAMES));
            }
            paths.push(descend(&expr, &self.from.entries(), &self.descent(name))?);
        }
        let text = match self.format {
            Picture::Text => paths.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
            Picture::Csv => paths.iter().map(|path| path.csv()).collect(),
            Picture::Svg => gradtape_calculus::plot_paths(&expr, &paths)?,
            Picture::Json => {
                let json = match paths.as_slice() {
                    [path] => serde_json::to_string_pretty(path),
                    paths => serde_json::to_string_pretty(paths),
                };
                json.map_err(Failure::failed)? + "\n"
            }
        };
        deliver(&text, self.out.as_ref(), output)
    }
}

impl Descend {
    fn descent(&self, name: &str) -> Descent {
        Descent {
            optimizer: name.to_string(),
            hyper: Hyper {
                lr: self.lr,
                momentum: self.momentum,
                dampening: self.dampening,
                nesterov: self.nesterov.then_some(true),
                weight_decay: self.weight_decay,
                betas: self.betas.map(|Pair(first, second)| (first, second)),
                eps: self.eps,
                alpha: self.alpha,
                rho: self.rho,
                centered: self.centered.then_some(true),
                amsgrad: self.amsgrad.then_some(true),
                ..Hyper::default()
            },
            steps: self.steps,
            tolerance: self.tolerance,
            noise: self.noise,
            batch: self.batch,
            seed: self.seed,
        }
    }
}
