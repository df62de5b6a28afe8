//! `gradtape descend`: gradient descent on an expression.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use gradtape::optim::NAMES;
use gradtape_calculus::{Descent, Expr, compare_paths, descend, paths_csv, plot_paths};

use crate::Verb;
use crate::error::{Failure, Outcome};
use crate::expression::{Point, deliver, entries, format, placed, point};
use crate::flags::{count, number, schedule};
use crate::hyper::HyperFlags;
use crate::output::{Output, json};

/// Descend along the gradient of an expression, with any optimiser or several at once.
#[derive(Args)]
#[command(after_help = "Examples:
  gradtape descend \"x^2 - 4*x + 7\" --from x=0 --lr 0.1
  gradtape descend \"(1-x)^2 + 100*(y-x^2)^2\" --from x=-1.2,y=1 --optimizer adam --lr 0.05 --steps 500
  gradtape descend \"x^2 + 10*y^2\" --from x=3,y=1 --optimizer sgd,momentum,adam --lr 0.05
  gradtape descend \"x^2\" --from x=1 --noise 1 --batch 64 --out path.csv
  gradtape descend \"x^2 + 10*y^2\" --from x=3,y=1 --format terminal --lr 0.05")]
pub(crate) struct Descend {
    /// The expression to make small
    #[arg(allow_hyphen_values = true)]
    expr: String,

    /// Where to start: a value for each variable, as in x=-1.2,y=1
    #[arg(long, value_parser = point, allow_negative_numbers = true)]
    from: Vec<Point>,

    /// The optimiser, or several separated by commas
    #[arg(long, default_value = "sgd", value_delimiter = ',', value_name = "NAME")]
    optimizer: Vec<String>,

    /// How the learning rate changes, by name with settings as in train [default: constant]
    #[arg(long, value_name = "NAME[:SETTING=VALUE,...]", value_parser = schedule)]
    schedule: Option<String>,

    /// The most steps
    #[arg(long, default_value_t = 100, value_parser = count::<usize>, allow_negative_numbers = true)]
    steps: usize,

    /// End after a step shorter than this
    #[arg(long, default_value_t = 0.0, value_parser = number, allow_negative_numbers = true)]
    tolerance: f64,

    /// Noise that one example adds to the gradient (its standard deviation)
    #[arg(long, default_value_t = 0.0, value_parser = number, allow_negative_numbers = true)]
    noise: f64,

    /// Examples per step: the noise shrinks by their root
    #[arg(long, default_value_t = 1, value_parser = count::<usize>, allow_negative_numbers = true)]
    batch: usize,

    /// Seed of the noise
    #[arg(long, default_value_t = 0, value_parser = count::<u64>, allow_negative_numbers = true)]
    seed: u64,

    /// How to show it; where not given, as the name of --out ends, else as text
    #[arg(long, value_enum)]
    format: Option<Picture>,

    /// Write to this file instead of the terminal
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    // The last, because its heading would stand over what follows.
    #[command(flatten)]
    hyper: HyperFlags,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Picture {
    Text,
    Json,
    Csv,
    Svg,
    Html,
    Terminal,
}

impl Verb for Descend {
    fn run(self, output: &Output) -> Outcome {
        let expr = Expr::parse(&self.expr)?;
        let mut paths = Vec::new();
        for name in &self.optimizer {
            if !NAMES.contains(&name.as_str()) {
                return Err(Failure::unknown("optimiser", name, NAMES));
            }
            let path = descend(&expr, &entries(&self.from), &self.descent(name));
            paths.push(placed(path, &self.expr)?);
        }
        let text = match format(self.format, self.out.as_ref(), Picture::Text)? {
            Picture::Text => {
                let mut tables: Vec<String> = paths.iter().map(ToString::to_string).collect();
                if paths.len() > 1 {
                    tables.push(compare_paths(&paths));
                }
                tables.join("\n")
            }
            Picture::Csv => paths_csv(&paths),
            Picture::Svg => plot_paths(&expr, &paths)?.svg()?,
            Picture::Html => plot_paths(&expr, &paths)?.html()?,
            Picture::Terminal => output.drawn(&plot_paths(&expr, &paths)?, self.out.is_none())?,
            Picture::Json => match paths.as_slice() {
                [path] => json(path)?,
                paths => json(paths)?,
            },
        };
        deliver(&text, self.out.as_ref(), output)
    }
}

impl Descend {
    fn descent(&self, name: &str) -> Descent {
        Descent {
            optimizer: name.to_string(),
            hyper: self.hyper.hyper(name),
            schedule: self.schedule.clone(),
            steps: self.steps,
            tolerance: self.tolerance,
            noise: self.noise,
            batch: self.batch,
            seed: self.seed,
        }
    }
}
