//! Picking elements by number, and adding them at places: one after another, in the order of the index.

use super::Walk;
use crate::op::index::{Plus, class, place};
use crate::tensor::{Element, Result, Shape};

/// Numbers of places, to be checked before anything is written.
pub(super) struct Index<'a> {
    op: &'a str,
    pub(super) places: &'a [i64],
    shape: &'a Shape,
}

impl<'a> Index<'a> {
    pub(super) fn new(op: &'a str, places: &'a [i64], shape: &'a Shape) -> Index<'a> {
        Index { op, places, shape }
    }

    /// Whether all are places along an axis of `size`.
    pub(super) fn check(&self, size: usize) -> Result<()> {
        let outside = |&to: &i64| usize::try_from(to).map_or(true, |to| to >= size);
        match self.places.iter().position(outside) {
            Some(i) => place(self.op, self.places[i], size, i, self.shape).map(|_| ()),
            None => Ok(()),
        }
    }
}

/// Where the elements of an index stand in `shape` but for their place along the axis.
pub(super) fn walk(axis: usize, index: &Shape, shape: &Shape) -> Walk {
    let mut strides = shape.strides();
    strides[axis] = 0;
    Walk::new(index, 0, strides)
}

/// One element for each place; `step` is the stride of the axis.
pub(super) fn gather<T: Copy>(walk: &Walk, step: usize, x: &[T], places: &[i64], out: &mut [T]) {
    let (width, stride) = walk.row;
    for (row, (out, places)) in out.chunks_mut(width).zip(places.chunks(width)).enumerate() {
        let start = walk.start(row);
        for (i, (out, &to)) in out.iter_mut().zip(places).enumerate() {
            *out = x[start + i * stride + to as usize * step];
        }
    }
}

/// Zeros, to which one element is added for each place.
pub(super) fn scatter_add<T: Plus>(
    walk: &Walk,
    step: usize,
    x: &[T],
    places: &[i64],
    out: &mut [T],
) {
    out.fill(T::default());
    let (width, stride) = walk.row;
    for (row, (x, places)) in x.chunks(width).zip(places.chunks(width)).enumerate() {
        let start = walk.start(row);
        for (i, (&x, &to)) in x.iter().zip(places).enumerate() {
            let sum = &mut out[start + i * stride + to as usize * step];
            *sum = sum.plus(x);
        }
    }
}

/// Slices of `inner` elements at their places along an axis of `count`.
pub(super) fn index_select<T: Copy>(
    x: &[T],
    count: usize,
    inner: usize,
    places: &[i64],
    out: &mut [T],
) {
    for (x, out) in x.chunks(count * inner).zip(out.chunks_mut(places.len() * inner)) {
        for (out, &to) in out.chunks_mut(inner).zip(places) {
            let start = to as usize * inner;
            out.copy_from_slice(&x[start..start + inner]);
        }
    }
}

/// Zeros, to which slices of `inner` elements are added at their places along an axis of `count`.
pub(super) fn index_add<T: Plus>(
    x: &[T],
    count: usize,
    inner: usize,
    places: &[i64],
    out: &mut [T],
) {
    out.fill(T::default());
    for (x, out) in x.chunks(places.len() * inner).zip(out.chunks_mut(count * inner)) {
        for (x, &to) in x.chunks(inner).zip(places) {
            let start = to as usize * inner;
            for (sum, &x) in out[start..start + inner].iter_mut().zip(x) {
                *sum = sum.plus(x);
            }
        }
    }
}

/// Zeros with a 1 at the place of each label.
pub(super) fn one_hot<T: Element>(labels: &[i64], classes: usize, out: &mut [T]) -> Result<()> {
    for (row, &label) in labels.iter().enumerate() {
        class(label, classes, row)?;
    }
    out.fill(T::default());
    for (out, &label) in out.chunks_mut(classes).zip(labels) {
        out[label as usize] = T::from_f64(1.0);
    }
    Ok(())
}
