//! Gradient descent on an expression, step by step.

mod advice;
mod path;
mod tables;
mod walk;

pub use path::{Descent, MAX_STEPS, Path, PathStep, Stopped};
pub(crate) use tables::{columns, ends, lowest};
pub use tables::{compare_paths, paths_csv};

use super::extremum::classify;
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
    check(expr, how)?;
    let (steps, stopped, lr) = walk(expr, &start, how)?;
    let last: Vec<f64> = steps.last().map_or(start.clone(), |step| numbers(&step.at));
    let notes = advice::notes(expr, how, &steps, stopped, lr)?;
    Ok(Path {
        expression: expr.to_string(),
        optimizer: how.optimizer.clone(),
        label: how.optimizer.clone(),
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
    check_size(std::slice::from_ref(expr), "descended on")?;
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
