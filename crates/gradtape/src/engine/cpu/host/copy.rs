//! Copying elements to other places.

use super::Walk;
use crate::op::{Op, shape};
use crate::tensor::{Dims, Element, Shape};

/// Where each element of a view lies in what it is a view of.
pub(super) fn walk(op: &Op, from: &Shape, out: &Shape) -> Walk {
    let mut strides = from.strides();
    let mut offset = 0;
    match op {
        Op::Broadcast(_) => {
            let new = out.rank() - from.rank();
            let stride = |axis: usize| match axis.checked_sub(new) {
                Some(own) if from[own] == out[axis] => strides[own],
                _ => 0,
            };
            strides = (0..out.rank()).map(stride).collect();
        }
        Op::Transpose(shape::Transpose { order }) => {
            strides = order.iter().map(|&axis| strides[axis]).collect();
        }
        Op::Slice(shape::Slice { axis, start, step, .. }) => {
            offset = start * strides[*axis];
            strides[*axis] *= step;
        }
        _ => strides = Dims::from_slice(&out.strides()),
    }
    Walk::new(out, offset, strides)
}

/// The elements of a view.
pub(super) fn view<T: Copy>(walk: &Walk, x: &[T], out: &mut [T]) {
    let (width, stride) = walk.row;
    for (row, out) in out.chunks_mut(width).enumerate() {
        let start = walk.start(row);
        match stride {
            0 => out.fill(x[start]),
            1 => out.copy_from_slice(&x[start..start + width]),
            _ => out.iter_mut().zip(x[start..].iter().step_by(stride)).for_each(|(to, x)| *to = *x),
        }
    }
}

/// Zeros with the elements of `x` between them.
pub(super) fn pad<T: Element>(op: &shape::Pad, x: &[T], from: &Shape, out: &mut [T]) {
    let &shape::Pad { axis, start, step, size } = op;
    let (count, inner): (usize, usize) = (from[axis], from[axis + 1..].iter().product());
    for (x, out) in x.chunks(count * inner).zip(out.chunks_mut(size * inner)) {
        let end = (start + count * step).min(size) * inner;
        let (before, rest) = out.split_at_mut(start * inner);
        let (filled, after) = rest.split_at_mut(end - start * inner);
        before.fill(T::default());
        after.fill(T::default());
        if step == 1 {
            filled.copy_from_slice(x);
            continue;
        }
        for (x, out) in x.chunks(inner).zip(filled.chunks_mut(step * inner)) {
            let (own, zeros) = out.split_at_mut(inner);
            own.copy_from_slice(x);
            zeros.fill(T::default());
        }
    }
}

/// Runs of `x` put into longer ones, at a place of each.
pub(super) fn part<T: Copy>(x: &[T], run: usize, out: &mut [T], whole: usize, start: usize) {
    for (x, out) in x.chunks(run).zip(out.chunks_mut(whole)) {
        out[start..start + run].copy_from_slice(x);
    }
}

/// Positions along an axis of `count`, each repeated for `inner` elements.
pub(super) fn iota<T: Element>(out: &mut [T], count: usize, inner: usize) {
    for (place, out) in out.chunks_mut(inner).enumerate() {
        out.fill(T::from_f64((place % count) as f64));
    }
}
