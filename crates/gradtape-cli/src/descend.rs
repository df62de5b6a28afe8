//! `gradtape descend`: gradient descent on an expression.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use gradtape::optim::NAMES;
use gradtape_calculus::{
    Descent, Descents, Expr, Extras, Path, Question, Range, Run, Trace, compare_paths, descend,
    descend_program, paths_csv, plot_paths, plot_program_paths,
};
use gradtape_chart::Chart;
use gradtape_lab::MODULE;

use crate::Verb;
use crate::error::{Failure, Outcome};
use crate::expression::{Point, deliver, entries, format, placed, point};
use crate::flags::{bound, count, decay, lookahead, number, schedule};
use crate::hyper::{HyperFlags, with_settings};
use crate::output::{Output, json};
use crate::plot::range;

/// Descend along the gradient of an expression, with any optimiser or several at once.
#[derive(Args)]
#[command(after_help = "Examples:
  gradtape descend \"x^2 - 4*x + 7\" --from x=0 --lr 0.1
  gradtape descend \"(1-x)^2 + 100*(y-x^2)^2\" --from x=-1.2,y=1 --optimizer adam --lr 0.05 --steps 500
  gradtape descend \"x^2 + 10*y^2\" --from x=3,y=1 --optimizer sgd,momentum,adam --lr 0.05
  gradtape descend \"x^2 + 10*y^2\" --from x=3,y=1 --optimizer sgd:lr=0.09,adam:lr=0.5 --out paths.svg
  gradtape descend \"x^4 - 2x^2 + x/4\" --from x=-0.1 --from x=0.5 --lr 0.05      two starts, two minima
  gradtape descend \"x^2 + 10*y^2\" --from x=3,y=1 --optimizer sgd,adam --lr 0.05 --out lab.html      a page in which
    the start is dragged, and rates, momentum and noise are changed
  gradtape descend \"while abs(x) > 5: x = x/2; x^2\" --from x=12 --lr 0.25      a program: the path that it takes
  gradtape descend \"x^2\" --from x=1 --noise 1 --batch 64 --out path.csv
  gradtape descend \"x^2 + 10*y^2\" --from x=3,y=1 --format terminal --lr 0.05")]
pub(crate) struct Descend {
    /// The expression to make small
    #[arg(allow_hyphen_values = true)]
    expr: String,

    /// Where to start: a value for each variable, as in x=-1.2,y=1; a value that is given again begins another start
    #[arg(long, value_parser = point, allow_negative_numbers = true)]
    from: Vec<Point>,

    /// The optimiser, or several separated by commas, each with settings of its own: sgd:lr=0.1,adam:lr=0.05:eps=1e-6
    #[arg(
        long,
        default_value = "sgd",
        value_delimiter = ',',
        value_name = "NAME[:SETTING=VALUE...]"
    )]
    optimizer: Vec<String>,

    /// The part of an axis that a picture shows, as in x=-2:6; as far as the paths go where not given
    #[arg(long, value_parser = range, value_name = "NAME=LOW:HIGH", value_delimiter = ',', allow_hyphen_values = true)]
    range: Vec<Range>,

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

    /// Scale the gradient down to at most this norm
    #[arg(long, value_name = "NORM", value_parser = bound, allow_negative_numbers = true)]
    clip_norm: Option<f64>,

    /// Hold each number of the gradient between this and its negative
    #[arg(long, value_name = "NUMBER", value_parser = bound, allow_negative_numbers = true)]
    clip_value: Option<f64>,

    /// Let slow weights follow every so many steps, by a share of the way (0.5)
    #[arg(long, value_name = "STEPS[,SHARE]", value_parser = lookahead)]
    lookahead: Option<(usize, f64)>,

    /// Keep a moving average of the place beside it, of which each step is a share of 1 less this
    #[arg(long, value_name = "DECAY", value_parser = decay, allow_negative_numbers = true)]
    average: Option<f64>,

    /// How to show it; where not given, as the name of --out ends, else as text
    #[arg(long, value_enum)]
    format: Option<Picture>,

    /// Write to this file instead of the terminal
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Leave the library out of a page: it is small, and nothing on it can be changed
    #[arg(long)]
    still: bool,

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
        let picture = format(self.format, self.out.as_ref(), Picture::Text)?;
        if self.still && picture != Picture::Html {
            return Err(Failure::usage(
                "--still is about pages: name a file that ends in .html\n  hint: --out descent.html --still",
            ));
        }
        // A program is another expression at each place.
        let expr = match Trace::is_program(&self.expr) {
            true => None,
            false => Some(Expr::parse(&self.expr)?),
        };
        let starts = starts(&self.from);
        let mut paths = Vec::new();
        for start in &starts {
            for optimizer in &self.optimizer {
                let how = self.descent(optimizer)?;
                let path = match &expr {
                    Some(expr) => descend(expr, start, &how),
                    None => descend_program(&self.expr, start, &how),
                };
                let mut path = placed(path, &self.expr)?;
                path.label = self.label(optimizer, start, starts.len());
                paths.push(path);
            }
        }
        let text = match picture {
            Picture::Text => {
                let mut tables: Vec<String> = paths.iter().map(ToString::to_string).collect();
                if paths.len() > 1 {
                    tables.push(compare_paths(&paths));
                }
                tables.join("\n")
            }
            Picture::Csv => paths_csv(&paths),
            Picture::Svg => self.chart(expr.as_ref(), &paths)?.svg()?,
            Picture::Html => {
                let module = (!self.still).then_some(MODULE);
                Question::Descend(self.question(expr.as_ref(), &starts)?).page(module)?
            }
            Picture::Terminal => {
                output.drawn(&self.chart(expr.as_ref(), &paths)?, self.out.is_none())?
            }
            Picture::Json => match paths.as_slice() {
                [path] => json(path)?,
                paths => json(paths)?,
            },
        };
        deliver(&text, self.out.as_ref(), output)
    }
}

impl Descend {
    fn chart(&self, expr: Option<&Expr>, paths: &[Path]) -> Outcome<Chart> {
        Ok(match expr {
            Some(expr) => plot_paths(expr, paths, &self.range)?,
            None => plot_program_paths(&self.expr, paths, &self.range)?,
        })
    }

    /// How an optimiser with settings of its own descends.
    fn descent(&self, text: &str) -> Outcome<Descent> {
        let name = text.split(':').next().unwrap_or_default();
        if !NAMES.contains(&name) {
            return Err(Failure::unknown("optimiser", name, NAMES));
        }
        let (_, own) = with_settings(text)
            .map_err(|why| Failure::usage(format!("--optimizer {text}: {why}")))?;
        let hyper = self.hyper.hyper(name);
        let hyper = own.iter().fold(hyper, |hyper, (name, value)| hyper.with(name, value));
        Ok(Descent {
            optimizer: name.to_string(),
            hyper,
            schedule: self.schedule.clone(),
            steps: self.steps,
            tolerance: self.tolerance,
            noise: self.noise,
            batch: self.batch,
            seed: self.seed,
            extras: self.extras(),
        })
    }

    fn extras(&self) -> Extras {
        Extras {
            clip_norm: self.clip_norm,
            clip_value: self.clip_value,
            lookahead: self.lookahead,
            average: self.average,
        }
    }

    /// What a page asks again.
    fn question(&self, expr: Option<&Expr>, starts: &[Vec<(&str, f64)>]) -> Outcome<Descents> {
        let runs = self.optimizer.iter().map(|text| {
            let Descent { optimizer, hyper: settings, .. } = self.descent(text)?;
            Ok(Run { optimizer, settings })
        });
        // In the order of the variables, which a page has too.
        let from = starts.iter().map(|start| {
            let owned = |(name, value): (&str, f64)| (name.to_string(), value);
            Ok(match expr {
                Some(expr) => expr.variables().zip(expr.point(start)?).map(owned).collect(),
                None => start.iter().copied().map(owned).collect(),
            })
        });
        let range = self.range.iter().map(|Range { name, low, high }| (name.clone(), *low, *high));
        Ok(Descents {
            expr: self.expr.trim().to_string(),
            from: from.collect::<Outcome<_>>()?,
            runs: runs.collect::<Outcome<_>>()?,
            schedule: self.schedule.clone(),
            steps: self.steps,
            tolerance: self.tolerance,
            noise: self.noise,
            batch: self.batch,
            seed: self.seed,
            extras: self.extras(),
            range: range.collect(),
        })
    }

    /// The optimiser, and what else tells this path from the others.
    fn label(&self, optimizer: &str, start: &[(&str, f64)], starts: usize) -> String {
        let name = |text: &str| text.split(':').next().unwrap_or_default().to_string();
        let alike = self.optimizer.iter().filter(|text| name(text) == name(optimizer));
        let mut label = match alike.count() {
            1 => name(optimizer),
            _ => optimizer.replace(':', " "),
        };
        if starts > 1 {
            let at: Vec<String> =
                start.iter().map(|(name, value)| format!("{name}={value}")).collect();
            label += &format!(" from {}", at.join(", "));
        }
        label
    }
}

/// The starts: a variable that is given again begins another one.
fn starts(points: &[Point]) -> Vec<Vec<(&str, f64)>> {
    let mut starts = vec![Vec::new()];
    for (name, value) in entries(points) {
        let last = starts.len() - 1;
        match starts[last].iter().any(|(known, _)| *known == name) {
            true => starts.push(vec![(name, value)]),
            false => starts[last].push((name, value)),
        }
    }
    starts
}
