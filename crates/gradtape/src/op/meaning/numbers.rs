//! The elements of operands and results, wherever they lie.

use crate::op::{Meta, value_error, with_type};
use crate::tensor::{DType, Element, Error, Result, Shape, Slice, SliceMut, Tensor};

/// The elements of an operand in row-major order.
#[derive(Clone, Copy, Debug)]
pub struct Numbers<'a> {
    shape: &'a Shape,
    data: Slice<'a>,
}

impl<'a> Numbers<'a> {
    /// The elements of a shape; there must be as many.
    pub fn new<T: Element>(shape: &'a Shape, data: &'a [T]) -> Numbers<'a> {
        debug_assert_eq!(shape.elements(), data.len());
        Numbers { shape, data: T::lend(data) }
    }

    /// The elements of a contiguous tensor.
    pub(super) fn of(tensor: &'a Tensor) -> Result<Numbers<'a>> {
        with_type!(tensor.dtype(), T => {
            let data = tensor.as_slice::<T>();
            data.map(|data| Numbers::new(tensor.shape(), data))
                .ok_or_else(|| value_error("the elements do not lie in row-major order"))
        })
    }

    /// The number of elements along each axis.
    pub fn shape(&self) -> &'a Shape {
        self.shape
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        self.data.dtype()
    }

    /// The elements, if this is their type.
    pub fn as_slice<T: Element>(&self) -> Option<&'a [T]> {
        T::lent(self.data)
    }

    /// The elements; another type than theirs is an error.
    pub fn elements<T: Element>(&self) -> Result<&'a [T]> {
        self.as_slice().ok_or_else(|| other_type(self.dtype(), T::DTYPE))
    }
}

/// The elements of a result in row-major order, to be written.
#[derive(Debug)]
pub struct NumbersMut<'a> {
    shape: &'a Shape,
    data: SliceMut<'a>,
}

impl<'a> NumbersMut<'a> {
    /// The elements of a shape; there must be as many.
    pub fn new<T: Element>(shape: &'a Shape, data: &'a mut [T]) -> NumbersMut<'a> {
        debug_assert_eq!(shape.elements(), data.len());
        NumbersMut { shape, data: T::lend_mut(data) }
    }

    /// The number of elements along each axis.
    pub fn shape(&self) -> &'a Shape {
        self.shape
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        self.data.dtype()
    }

    /// The element type and shape.
    pub(super) fn meta(&self) -> Meta {
        Meta::new(self.dtype(), self.shape)
    }

    /// The elements; another type than theirs is an error.
    pub fn elements<T: Element>(self) -> Result<&'a mut [T]> {
        let dtype = self.dtype();
        T::lent_mut(self.data).ok_or_else(|| other_type(dtype, T::DTYPE))
    }
}

fn other_type(is: DType, asked: DType) -> Error {
    value_error(format!("elements of {is} were asked for as {asked}"))
}
