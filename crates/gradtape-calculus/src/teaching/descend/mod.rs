//! Gradient descent on an expression, step by step.

mod advice;
mod extras;
mod path;
mod tables;
mod walk;

pub use extras::Extras;
pub use path::{Descent, MAX_STEPS, Path, PathStep, Stopped};
pub(crate) use tables::{columns, ends, lowest};
pub use tables::{compare_paths, paths_csv};

use super::extremum::{Kind, Place, classify};
use super::ground::Ground;
use crate::expression::{Expr, check_size};
use crate::report::{Error, Number, Result};
use path::numbers;
use walk::walk;

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
    check_size(std::slice::from_ref(expr), "descended on")?;
    descended(&Ground::Expression(expr), &start, how)
}

/// Descends on a program with loops and branches, as [`Trace::of`](crate::Trace::of) reads it: each step follows the
/// derivative of the path that the program takes at the place before it.
///
/// ```
/// use gradtape::optim::Hyper;
/// use gradtape_calculus::{Descent, descend_program};
///
/// let how = Descent { hyper: Hyper::new().with("lr", 0.25), steps: 2, ..Descent::default() };
/// let path = descend_program("while abs(x) > 5: x = x/2; x^2", &[("x", 12.0)], &how)?;
/// let places = path.steps.iter().map(|step| step.at.get("x").unwrap().0);
/// // x/4 squared has the slope 1.5 at 12, and again at what comes then, 1.453125.
/// assert_eq!(places.collect::<Vec<_>>(), [12.0, 11.625, 11.26171875]);
/// # Ok::<(), gradtape_calculus::Error>(())
/// ```
///
/// # Errors
/// As [`descend`] and [`Trace::of`](crate::Trace::of), which a later place may also come to.
pub fn descend_program(text: &str, from: &[(&str, f64)], how: &Descent) -> Result<Path> {
    let names: Vec<&str> = from.iter().map(|(name, _)| *name).collect();
    for (place, (name, value)) in from.iter().enumerate() {
        if names[..place].contains(name) {
            return Err(Error::new(format!("`{name}` is given twice"))
                .hint("a start has each variable once; another start is another descent"));
        }
        if !value.is_finite() {
            return Err(Error::new(format!(
                "`{name}` is {value}, which is no place to start from"
            ))
            .hint("start from a number"));
        }
    }
    let start: Vec<f64> = from.iter().map(|(_, value)| *value).collect();
    let ground = Ground::program(text, &names)?;
    // What a program lacks is told before anything else.
    ground.at(&start)?;
    descended(&ground, &start, how)
}

fn descended(ground: &Ground<'_>, start: &[f64], how: &Descent) -> Result<Path> {
    check(ground, how)?;
    let (steps, stopped, lr) = walk(ground, start, how)?;
    let last: Vec<f64> = steps.last().map_or(start.to_vec(), |step| numbers(&step.at));
    let mut notes = advice::notes(ground, how, &steps, stopped, lr)?;
    notes.extend(advice::of_program(ground, start, &last));
    let undefined = Place { kind: Kind::Undefined, eigenvalues: Vec::new() };
    Ok(Path {
        expression: ground.to_string(),
        optimizer: how.optimizer.clone(),
        label: how.optimizer.clone(),
        lr: Number(lr),
        end: match ground.at(&last) {
            Ok(expr) => classify(&expr, &last)?,
            Err(_) => undefined,
        },
        steps,
        stopped,
        notes,
    })
}

fn check(ground: &Ground<'_>, how: &Descent) -> Result<()> {
    if ground.names().is_empty() {
        return Err(Error::new("the expression has no variables to change")
            .hint("what is descended on has a variable, as x in x^2"));
    }
    if how.steps > MAX_STEPS {
        let message = format!("{} steps are too many; at most {MAX_STEPS} are taken", how.steps);
        return Err(Error::new(message).hint("take fewer steps, each longer: a higher rate"));
    }
    for (name, value) in [("tolerance", how.tolerance), ("noise", how.noise)] {
        if !(value.is_finite() && value >= 0.0) {
            return Err(Error::new(format!(
                "the {name} is {value}; it must be a number from 0 on"
            ))
            .hint(match name {
                "noise" => "0 is none; 1 blurs each slope by about 1",
                _ => "0 takes all steps; 0.001 ends after a step shorter than that",
            }));
        }
    }
    if how.batch == 0 {
        return Err(Error::new("a batch of 0 examples has no gradient")
            .hint("1 has the noise of one example"));
    }
    Ok(())
}
