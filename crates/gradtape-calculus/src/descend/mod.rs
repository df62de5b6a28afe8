//! Gradient descent on an expression, step by step.

mod advice;
mod report;

use gradtape::optim::{Hyper, Optimizer, by_name};
use gradtape::{Parameter, Rng, Tape, Tensor, evaluate, gradients};
use serde::Serialize;

use crate::error::{Error, Result};
use crate::explain::MAX_EXPLAINED;
use crate::expr::Expr;
use crate::extremum::{Place, classify};
use crate::json::{Named, Number};
use crate::record::reading_tape;
pub use report::{compare_paths, paths_csv};

/// How to descend.
#[derive(Clone, Debug)]
pub struct Descent {
    /// The optimiser's name, as [`gradtape::optim::NAMES`] has them.
    pub optimizer: String,
    /// Its settings, the learning rate among them.
    pub hyper: Hyper,
    /// The most steps, at most [`MAX_STEPS`].
    pub steps: usize,
    /// A step shorter than this is the last one; 0 for none.
    pub tolerance: f64,
    /// The standard deviation of the noise that one example adds to every component of the gradient.
    pub noise: f64,
    /// How many examples a step averages: the noise shrinks by its root.
    pub batch: usize,
    /// The seed of the noise.
    pub seed: u64,
}

/// Plain gradient descent for 100 steps, without noise.
impl Default for Descent {
    fn default() -> Descent {
        Descent {
            optimizer: "sgd".to_string(),
            hyper: Hyper::default(),
            steps: 100,
            tolerance: 0.0,
            noise: 0.0,
            batch: 1,
            seed: 0,
        }
    }
}

/// The most steps of a descent.
pub const MAX_STEPS: usize = 1_000_000;

/// The path of a descent. Serialises to the JSON of `gradtape descend`.
#[derive(Clone, Debug, Serialize)]
pub struct Path {
    /// The expression as it is printed.
    pub expression: String,
    /// The optimiser.
    pub optimizer: String,
    /// The learning rate.
    pub lr: Number,
    /// Every place, the start first.
    pub steps: Vec<PathStep>,
    /// Why it ended.
    pub stopped: Stopped,
    /// What kind of place the end is.
    pub end: Place,
    /// What a reader should know: where it left the domain, what a smaller learning rate would do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// One place on the path.
#[derive(Clone, Debug, Serialize)]
pub struct PathStep {
    /// How many steps were taken before.
    pub step: usize,
    /// The place.
    pub at: Named<Number>,
    /// The value there.
    pub value: Number,
    /// The gradient there, without noise.
    pub gradient: Named<Number>,
}

/// Why a descent ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stopped {
    /// All steps were taken.
    Steps,
    /// A step was shorter than the tolerance.
    Tolerance,
    /// It left the numbers, went a million million times farther from 0 than it started, or ended more
    /// than a hundred times higher.
    Diverged,
}

/// Descends from a point.
///
/// ```
/// use gradtape_calculus::{Descent, Expr, Stopped, descend};
/// use gradtape::optim::Hyper;
///
/// let e = Expr::parse("x^2 - 4*x + 7")?;
/// let how = Descent {
///     hyper: Hyper::new().with("lr", 0.25),
///     tolerance: 1e-9,
///     ..Descent::default()
/// };
/// let path = descend(&e, &[("x", 0.0)], &how)?;
/// assert_eq!(path.stopped, Stopped::Tolerance);
/// assert!((path.steps.last().unwrap().at.get("x").unwrap().0 - 2.0).abs() < 1e-8);
/// # Ok::<(), gradtape_calculus::Error>(())
/// ```
///
/// # Errors
/// A point that does not fit; an expression without variables or with too many nodes; settings out of
/// range; an unknown optimiser, with the nearest match.
pub fn descend(expr: &Expr, from: &[(&str, f64)], how: &Descent) -> Result<Path> {
    let start = expr.point(from)?;
    check(expr, how)?;
    let (steps, stopped, lr) = walk(expr, &start, how)?;
    let last: Vec<f64> = steps.last().map_or(start.clone(), |step| numbers(&step.at));
    let notes = advice::notes(expr, how, &steps, stopped, lr)?;
    Ok(Path {
        expression: expr.to_string(),
        optimizer: how.optimizer.clone(),
        lr: Number(lr),
        end: classify(expr, &last)?,
        steps,
        stopped,
        notes,
    })
}

fn check(expr: &Expr, how: &Descent) -> Result<()> {
    if expr.variables().len() == 0 {
        return Err(Error::new("the expression has no variables to change"));
    }
    if expr.nodes().len() > MAX_EXPLAINED {
        let message = format!(
            "the expression has {} nodes; at most {MAX_EXPLAINED} are descended on",
            expr.nodes().len()
        );
        return Err(Error::new(message));
    }
    if how.steps > MAX_STEPS {
        let message = format!("{} steps are too many; at most {MAX_STEPS} are taken", how.steps);
        return Err(Error::new(message));
    }
    for (name, value) in [("tolerance", how.tolerance), ("noise", how.noise)] {
        if !(value.is_finite() && value >= 0.0) {
            return Err(Error::new(format!(
                "the {name} is {value}; it must be a number from 0 on"
            )));
        }
    }
    if how.batch == 0 {
        return Err(Error::new("a batch of 0 examples has no gradient"));
    }
    Ok(())
}

/// Longer expressions are computed operation by operation: planning them takes seconds.
const MAX_PLANNED: usize = 500;

/// The places, why it ended, and the learning rate.
fn walk(expr: &Expr, start: &[f64], how: &Descent) -> Result<(Vec<PathStep>, Stopped, f64)> {
    let wrong = |error: gradtape::Error| Error::new(error.to_string());
    let parameters: Vec<Parameter> =
        start.iter().map(|&value| Parameter::new(Tensor::scalar(value))).collect();
    let made = by_name(&how.optimizer, parameters.as_slice(), &how.hyper).map_err(wrong)?;
    let optimizer = made.allow_unused();
    let lr = optimizer.learning_rate();
    let mut random = Rng::new(how.seed);
    let size = how.noise / (how.batch as f64).sqrt();
    let limit = 1e12 * (1.0 + length(start));
    let mut tape = match expr.nodes().len() > MAX_PLANNED {
        true => reading_tape(),
        false => Tape::new(),
    };
    let mut places: Vec<PathStep> = Vec::new();
    loop {
        tape.reset();
        let inputs: Vec<_> = parameters.iter().map(|parameter| tape.parameter(parameter)).collect();
        let value = expr.record(&tape, &inputs);
        let mut read = gradients(value, &inputs);
        read.extend(&inputs);
        read.push(value);
        evaluate(&read).map_err(wrong)?;
        let mut found = Vec::with_capacity(read.len());
        for var in &read {
            found.push(var.item().map_err(wrong)?);
        }
        let (gradient, rest) = found.split_at(start.len());
        let (at, value_now) = rest.split_at(start.len());
        let named =
            |values: &[f64]| Named::new(expr.variables(), values.iter().copied().map(Number));
        let before = places.last().map(|place| numbers(&place.at));
        let step = places.len();
        places.push(PathStep {
            step,
            at: named(at),
            value: Number(value_now[0]),
            gradient: named(gradient),
        });
        let finite = found.iter().all(|number| number.is_finite());
        if !finite || length(at) > limit {
            return Ok((places, Stopped::Diverged, lr));
        }
        if let Some(before) = before {
            let moved: Vec<f64> = at.iter().zip(&before).map(|(a, b)| a - b).collect();
            if length(&moved) < how.tolerance {
                return Ok((places, Stopped::Tolerance, lr));
            }
        }
        if step == how.steps {
            let first = places[0].value.0;
            let risen = value_now[0] - first > 100.0 * (1.0 + first.abs());
            let stopped = if risen { Stopped::Diverged } else { Stopped::Steps };
            return Ok((places, stopped, lr));
        }
        // Noise in the gradient is a slope added to the loss.
        let noisy = match size > 0.0 {
            true => {
                inputs.iter().fold(value, |loss, &input| loss + input * (size * random.normal()))
            }
            false => value,
        };
        optimizer.step(noisy).map_err(wrong)?;
    }
}

fn numbers(named: &Named<Number>) -> Vec<f64> {
    named.values().map(|number| number.0).collect()
}

fn length(x: &[f64]) -> f64 {
    x.iter().fold(0.0_f64, |length, &x| length.hypot(x))
}
