//! Operations that pick elements by number.

mod argsort;
mod gather;
mod index_add;
mod index_select;
mod one_hot;
mod scatter_add;

pub use argsort::ArgSort;
pub use gather::Gather;
pub use index_add::IndexAdd;
pub use index_select::IndexSelect;
pub use one_hot::OneHot;
pub(crate) use one_hot::class;
pub use scatter_add::ScatterAdd;

use crate::op::value_error;
use crate::tensor::{Element, Result, Shape};

/// An element of an index as a place along an axis of `size`; `i` is its number in the index.
pub(crate) fn place(op: &str, to: i64, size: usize, i: usize, index: &Shape) -> Result<usize> {
    usize::try_from(to).ok().filter(|&to| to < size).ok_or_else(|| {
        let at: Vec<usize> =
            index.strides().iter().zip(index.iter()).map(|(step, size)| i / step % size).collect();
        let message =
            format!("{op}: the index at {at:?} is {to}, out of range for {size} elements");
        value_error(message).hint(match size.checked_sub(1) {
            Some(last) => format!("indices go from 0 to {last}"),
            None => "there is nothing to pick from an empty axis".into(),
        })
    })
}

/// The number of the element of `shape` that element `i` of an index stands for, when its place
/// along the axis is `to`.
fn place_along(axis: usize, i: usize, to: usize, index: &Shape, shape: &Shape) -> usize {
    let (from, strides) = (index.strides(), shape.strides());
    (0..shape.rank())
        .map(|k| if k == axis { to } else { i / from[k] % index[k] } * strides[k])
        .sum()
}

/// Numbers that are added up; whole ones wrap around.
pub(crate) trait Plus: Element {
    fn plus(self, other: Self) -> Self;
}

impl Plus for f32 {
    fn plus(self, other: f32) -> f32 {
        self + other
    }
}

impl Plus for f64 {
    fn plus(self, other: f64) -> f64 {
        self + other
    }
}

impl Plus for i64 {
    fn plus(self, other: i64) -> i64 {
        self.wrapping_add(other)
    }
}
