//! Results that are made of no operand's elements: a number, positions, random numbers, labels.

use super::{Along, Numbers, NumbersMut};
use crate::op::{Bits, value_error, with_type};
use crate::tensor::{DType, Element, Error, Result, uniform_at, unit_f32, unit_f64};

/// The same number everywhere.
pub(super) fn number(value: Bits, out: NumbersMut<'_>) -> Result<()> {
    with_type!(out.dtype(), T => out.elements::<T>()?.fill(value.element()));
    Ok(())
}

/// The position of each element along an axis.
pub(super) fn positions(axis: usize, out: NumbersMut<'_>) -> Result<()> {
    let Along { count, inner } = Along::new(out.shape(), axis);
    with_type!(out.dtype(), T => {
        for (place, out) in out.elements::<T>()?.chunks_mut(inner).enumerate() {
            out.fill(T::from_f64((place % count) as f64));
        }
    });
    Ok(())
}

/// Uniform random numbers of a key, a counter and each element's number.
pub(super) fn random(key: u64, counter: Numbers<'_>, out: NumbersMut<'_>) -> Result<()> {
    let counter = counter.elements::<i64>()?.first().copied().unwrap_or_default() as u64;
    let bits = |at: usize| uniform_at(key, counter, at as u64);
    match out.dtype() {
        DType::F32 => each(out.elements()?, |at| unit_f32(bits(at))),
        _ => each(out.elements()?, |at| unit_f64(bits(at))),
    }
    Ok(())
}

fn each<T>(out: &mut [T], number: impl Fn(usize) -> T) {
    out.iter_mut().enumerate().for_each(|(at, out)| *out = number(at));
}

/// For each label zeros, with a 1 at its place.
pub(super) fn labels(classes: usize, x: Numbers<'_>, out: NumbersMut<'_>) -> Result<()> {
    let labels = x.elements::<i64>()?;
    check_labels(labels, classes)?;
    with_type!(out.dtype(), T => {
        let out = out.elements::<T>()?;
        out.fill(T::default());
        for (out, &label) in out.chunks_mut(classes.max(1)).zip(labels) {
            out[label as usize] = T::from_f64(1.0);
        }
    });
    Ok(())
}

/// Whether all labels are those of one of `classes` classes; the error names the row of one that is not.
pub(crate) fn check_labels(labels: &[i64], classes: usize) -> Result<()> {
    let outside = |&label: &i64| usize::try_from(label).map_or(true, |label| label >= classes);
    match labels.iter().position(outside) {
        None => Ok(()),
        Some(row) => Err(no_class(labels[row], classes, row)),
    }
}

fn no_class(label: i64, classes: usize, row: usize) -> Error {
    let message = format!("one_hot: row {row} holds label {label} of {classes} classes");
    value_error(message).hint(match classes.checked_sub(1) {
        Some(last) => format!("labels go from 0 to {last}"),
        None => "there is no label without a class".into(),
    })
}
