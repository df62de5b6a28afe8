//! Methods of tensors that put values in the place of others, or add them up by number: each is that of
//! [`Var`](crate::Var) of the same name.

use smallvec::SmallVec;

use super::arithmetic::{Beside, TensorOperand, compute};
use crate::op::{Operand, Term};
use crate::tensor::{IntoRange, Place, Result, Shape, Tensor};

/// What a function records of tensors and of values, which may be one number.
#[track_caller]
fn put(
    x: &[&Tensor],
    values: TensorOperand<'_>,
    function: impl for<'r> FnOnce(&[Term<'r>], Term<'r>) -> Term<'r>,
) -> Result<Tensor> {
    match values.0 {
        Beside::Number(number) => compute(x, |x| function(x, number.operand(x[0]))),
        Beside::Tensor(values) => {
            let all: SmallVec<[&Tensor; 3]> = x.iter().copied().chain([values]).collect();
            compute(&all, |all| match all.split_last() {
                Some((&values, x)) => function(x, values),
                None => all[0],
            })
        }
    }
}

/// # Values in the place of others
///
/// Methods named as those of [`Var`](crate::Var); each gives a new tensor. Values are a tensor or a number.
///
/// ```
/// use gradtape::Tensor;
/// let x = Tensor::from([1.0, 2.0, 3.0, 4.0]);
/// assert_eq!(x.with_slice(0, 1..3, 0)?.to_f64_vec(), [1.0, 0.0, 0.0, 4.0]);
/// let places = Tensor::from([3i64, 0]);
/// assert_eq!(x.scatter(0, &places, &Tensor::from([7.0, 8.0]))?.to_f64_vec(), [8.0, 2.0, 3.0, 7.0]);
/// let segments = Tensor::from([0i64, 1, 0, 1]);
/// assert_eq!(x.index_add(0, &segments, 2)?.to_f64_vec(), [4.0, 6.0]);
/// # Ok::<(), gradtape::Error>(())
/// ```
impl Tensor {
    /// This with other values at a range of places along an axis.
    #[track_caller]
    pub fn with_slice<'y>(
        &self,
        axis: isize,
        range: impl IntoRange,
        values: impl Into<TensorOperand<'y>>,
    ) -> Result<Tensor> {
        put(&[self], values.into(), |x, values| x[0].with_slice(axis, range, values))
    }

    /// This with other values at a place of an axis.
    #[track_caller]
    pub fn with_index<'y>(
        &self,
        axis: isize,
        place: impl Place,
        values: impl Into<TensorOperand<'y>>,
    ) -> Result<Tensor> {
        put(&[self], values.into(), |x, values| x[0].with_index(axis, place, values))
    }

    /// This with each value at the place along an axis that an index, which is i64, names; of several for one
    /// place the last.
    #[track_caller]
    pub fn scatter<'y>(
        &self,
        axis: isize,
        index: &Tensor,
        values: impl Into<TensorOperand<'y>>,
    ) -> Result<Tensor> {
        put(&[self, index], values.into(), |x, values| x[0].scatter(axis, x[1], values))
    }

    /// This with whole slices of values at the places of an axis that a vector of i64 names.
    #[track_caller]
    pub fn index_copy<'y>(
        &self,
        axis: isize,
        index: &Tensor,
        values: impl Into<TensorOperand<'y>>,
    ) -> Result<Tensor> {
        put(&[self, index], values.into(), |x, values| x[0].index_copy(axis, x[1], values))
    }

    /// Zeros of a shape with every element added at its place along an axis.
    #[track_caller]
    pub fn scatter_add(
        &self,
        axis: isize,
        index: &Tensor,
        shape: impl Into<Shape>,
    ) -> Result<Tensor> {
        compute(&[self, index], |x| x[0].scatter_add(axis, x[1], shape))
    }

    /// The greatest of the elements that come to each place along an axis of a shape.
    #[track_caller]
    pub fn scatter_max(
        &self,
        axis: isize,
        index: &Tensor,
        shape: impl Into<Shape>,
    ) -> Result<Tensor> {
        compute(&[self, index], |x| x[0].scatter_max(axis, x[1], shape))
    }

    /// The least of the elements that come to each place along an axis of a shape.
    #[track_caller]
    pub fn scatter_min(
        &self,
        axis: isize,
        index: &Tensor,
        shape: impl Into<Shape>,
    ) -> Result<Tensor> {
        compute(&[self, index], |x| x[0].scatter_min(axis, x[1], shape))
    }

    /// Zeros with every slice added at its place along an axis of `size`.
    #[track_caller]
    pub fn index_add(&self, axis: isize, index: &Tensor, size: usize) -> Result<Tensor> {
        compute(&[self, index], |x| x[0].index_add(axis, x[1], size))
    }

    /// The greatest of the slices that come to each place along an axis of `size`, element by element.
    #[track_caller]
    pub fn index_max(&self, axis: isize, index: &Tensor, size: usize) -> Result<Tensor> {
        compute(&[self, index], |x| x[0].index_max(axis, x[1], size))
    }

    /// The least of the slices that come to each place along an axis of `size`, element by element.
    #[track_caller]
    pub fn index_min(&self, axis: isize, index: &Tensor, size: usize) -> Result<Tensor> {
        compute(&[self, index], |x| x[0].index_min(axis, x[1], size))
    }
}
