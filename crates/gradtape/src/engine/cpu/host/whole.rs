//! Whole numbers, which wrap around: elementwise operations by their own formulas, and reductions.

use std::num::Wrapping;

use super::Walk;
use crate::op::{Elementwise, Op, binary, reduce, with_elementwise};
use crate::tensor::{Element, Result, Shape};

/// Numbers computed at a time.
const TILE: usize = 256;

/// An input of an elementwise operation on whole numbers.
#[derive(Clone, Copy)]
pub(super) enum Operand<'a> {
    Whole(&'a [i64]),
    /// 1 and 0.
    Truth(&'a [bool]),
    None,
}

impl Operand<'_> {
    fn read(&self, start: usize, out: &mut [Wrapping<i64>]) {
        let range = start..start + out.len();
        match self {
            Operand::Whole(x) => out.iter_mut().zip(&x[range]).for_each(|(to, &x)| to.0 = x),
            Operand::Truth(x) => {
                out.iter_mut().zip(&x[range]).for_each(|(to, &x)| to.0 = i64::from(x));
            }
            Operand::None => {}
        }
    }
}

/// What a whole number is stored as.
pub(super) trait Stored {
    fn of(value: i64) -> Self;
}

impl Stored for i64 {
    fn of(value: i64) -> i64 {
        value
    }
}

impl Stored for bool {
    fn of(value: i64) -> bool {
        value != 0
    }
}

pub(super) fn elementwise<E: Stored>(op: &Op, x: [Operand<'_>; 3], out: &mut [E]) -> Result<()> {
    if let (Op::Div(_), Operand::Whole(divisors)) = (op, x[1]) {
        binary::check_divisors(divisors)?;
    }
    with_elementwise!(op, op => tiles(op, x, out), else ());
    Ok(())
}

fn tiles<E: Stored>(op: &impl Elementwise, x: [Operand<'_>; 3], out: &mut [E]) {
    let mut tile = [[Wrapping(0); TILE]; 3];
    for (number, out) in out.chunks_mut(TILE).enumerate() {
        for (x, tile) in x.iter().zip(&mut tile) {
            x.read(number * TILE, &mut tile[..out.len()]);
        }
        let [x, y, z] = &tile;
        for (i, out) in out.iter_mut().enumerate() {
            *out = E::of(op.formula([x[i], y[i], z[i]]).0);
        }
    }
}

/// The whole parts of numbers.
pub(super) fn truncate<T: Element>(x: &[T], out: &mut [i64]) {
    out.iter_mut().zip(x).for_each(|(to, x)| *to = i64::from_f64(x.to_f64()));
}

/// The axes of a reduction of whole numbers.
pub(super) fn reduced_axes(op: &Op) -> Option<&[usize]> {
    match op {
        Op::Sum(reduce::Sum { axes })
        | Op::Max(reduce::Max { axes })
        | Op::Min(reduce::Min { axes }) => Some(axes),
        _ => None,
    }
}

/// Where each element goes when axes are dropped.
pub(super) fn walk(from: &Shape, axes: &[usize]) -> Walk {
    let mut strides = from.strides();
    let mut stride = 1;
    for axis in (0..from.rank()).rev() {
        let dropped = axes.contains(&axis);
        strides[axis] = if dropped { 0 } else { stride };
        stride *= if dropped { 1 } else { from[axis] };
    }
    Walk::new(from, 0, strides)
}

pub(super) fn reduce(op: &Op, walk: &Walk, x: &[i64], out: &mut [i64]) {
    match op {
        Op::Sum(_) => fold(walk, x, out, 0, i64::wrapping_add),
        Op::Max(_) => fold(walk, x, out, i64::MIN, i64::max),
        _ => fold(walk, x, out, i64::MAX, i64::min),
    }
}

fn fold(walk: &Walk, x: &[i64], out: &mut [i64], nothing: i64, join: impl Fn(i64, i64) -> i64) {
    out.fill(nothing);
    let (width, stride) = walk.row;
    for (row, x) in x.chunks(width).enumerate() {
        let start = walk.start(row);
        match stride {
            0 => out[start] = x.iter().fold(out[start], |all, &x| join(all, x)),
            _ => {
                let out = &mut out[start..start + width];
                out.iter_mut().zip(x).for_each(|(all, &x)| *all = join(*all, x));
            }
        }
    }
}
