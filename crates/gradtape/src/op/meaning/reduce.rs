//! Reductions: one number for all elements along axes, taken in row-major order.

use super::{Arithmetic, Numbers, NumbersMut, Walk};
use crate::op::{Reduce, with_number};
use crate::tensor::{Result, Shape};

/// `walk` tells the place in the result of each element.
pub(super) fn run(
    kind: Reduce,
    axes: &[usize],
    walk: &Walk,
    x: Numbers<'_>,
    out: NumbersMut<'_>,
) -> Result<()> {
    with_number!(out.dtype(), T => {
        let (shape, x, out) = (x.shape(), x.elements::<T>()?, out.elements::<T>()?);
        match kind {
            Reduce::Sum => walk.fold(x, out, T::default(), T::plus),
            Reduce::Max => walk.fold(x, out, T::LEAST, |a, b| if b > a || b.is_nan() { b } else { a }),
            Reduce::Min => walk.fold(x, out, T::GREATEST, |a, b| if b < a || b.is_nan() { b } else { a }),
            Reduce::LogSumExp => exponentials(shape, axes, x, out, |max, rest| max + rest),
            Reduce::LogSumExpRest => exponentials(shape, axes, x, out, |_, rest| rest),
        }
    });
    Ok(())
}

/// For each group of elements what `result` makes, in double precision, of the greatest (0 for an infinite
/// one) and of `log Σ e^(x - greatest)`.
fn exponentials<T: Arithmetic>(
    shape: &Shape,
    axes: &[usize],
    x: &[T],
    out: &mut [T],
    result: fn(f64, f64) -> f64,
) {
    let members: usize = axes.iter().map(|&axis| shape[axis]).product();
    for (group, out) in out.iter_mut().enumerate() {
        let start = place(shape, |axis| !axes.contains(&axis), group);
        let member = |i| x[start + place(shape, |axis| axes.contains(&axis), i)].to_f64();
        let group = || (0..members).map(member);
        let greater = |max: f64, x: f64| if x > max || x.is_nan() { x } else { max };
        let max = group().fold(f64::NEG_INFINITY, greater);
        // One of ±inf would turn the differences into NaN.
        let max = if max.is_infinite() { 0.0 } else { max };
        let sum = group().fold(0.0, |sum, x| sum + (x - max).exp());
        *out = T::from_f64(result(max, sum.ln()));
    }
}

/// The place of the element that has this number among those that differ along some axes alone.
fn place(shape: &Shape, along: impl Fn(usize) -> bool, mut number: usize) -> usize {
    let (mut place, mut stride) = (0, 1);
    for axis in (0..shape.rank()).rev() {
        if along(axis) {
            place += number % shape[axis] * stride;
            number /= shape[axis];
        }
        stride *= shape[axis];
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_of_a_group_are_counted_in_row_major_order() {
        let shape = Shape::from([2, 3, 4]);
        let places = |axes: &[usize], count| -> Vec<usize> {
            (0..count).map(|i| place(&shape, |axis| axes.contains(&axis), i)).collect()
        };
        assert_eq!(places(&[1], 3), [0, 4, 8]);
        assert_eq!(places(&[0, 2], 8), [0, 1, 2, 3, 12, 13, 14, 15]);
        assert_eq!(places(&[], 1), [0]);
    }
}
