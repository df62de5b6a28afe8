//! Errors in the place of results.

use crate::op::rules;
use crate::tape::Var;
use crate::tensor::{DType, Error, Kind};

/// The error in the place of the result of numbers that are none with a point, or of a softness that is
/// not above 0.
#[track_caller]
pub(super) fn refused<'t>(
    name: &str,
    x: Var<'t>,
    (what, softness): (&str, f64),
) -> Option<Var<'t>> {
    if x.id().is_failed() {
        return Some(x);
    }
    if let Err(broken) = rules::float(&x.meta()) {
        return Some(x.failed(broken.of(&format!("{name} of {}", x.meta())), &[x]));
    }
    let computed = x.dtype().computed();
    let hint = match softness.is_finite() && softness > 0.0 {
        true if computed == DType::F32 && (softness as f32) < f32::MIN_POSITIVE => {
            "f32, which it is computed in, does not tell it from 0: take a greater one"
        }
        true => return None,
        false => "it must be a finite number above 0",
    };
    let error = Error::new(Kind::Value, format!("{name}: {what} is {softness}"));
    Some(x.failed(error.hint(hint), &[x]))
}

/// As [`refused`], also where there is no such axis.
#[track_caller]
pub(super) fn refused_along<'t>(
    name: &str,
    x: Var<'t>,
    axis: isize,
    softness: (&str, f64),
) -> Option<Var<'t>> {
    if let Some(failed) = refused(name, x, softness) {
        return Some(failed);
    }
    let error = x.shape().axis(axis).err()?;
    Some(x.failed(error.context(format!("{name} of {}", x.meta())), &[x]))
}
