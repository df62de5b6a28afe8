//! Operations that move elements and compute nothing.

mod broadcast;
mod concat;
mod diagonal;
mod flip;
mod fold;
mod pad;
mod reshape;
mod slice;
mod transpose;
mod window;

pub use broadcast::Broadcast;
pub use concat::Concat;
pub use diagonal::Diagonal;
pub use flip::Flip;
pub use fold::Fold;
pub use pad::Pad;
pub use reshape::Reshape;
pub use slice::Slice;
pub use transpose::Transpose;
pub use window::Window;

use crate::op::{Meta, View, with_type};
use crate::tensor::{Element, Result, Tensor, allocate};

/// The meaning of a view: its elements, from where they lie in its input.
fn moved(view: &impl View, x: &Tensor, out: &Meta) -> Result<Tensor> {
    with_type!(out.dtype, T => moved_as::<T>(view, x, out))
}

fn moved_as<T: Element>(view: &impl View, x: &Tensor, out: &Meta) -> Result<Tensor> {
    let data = x.to_vec::<T>()?;
    let mut moved = allocate(&out.shape)?;
    match view.places(x.shape(), &out.shape) {
        None => moved.extend(data),
        Some(places) => {
            let (own, strides) = (x.shape().strides(), out.shape.strides());
            for i in 0..out.shape.elements() {
                let index = |axis: usize| i / strides[axis] % out.shape[axis];
                let along = |place: &crate::op::PlaceAlong| {
                    let steps = place.steps.iter().map(|&(axis, step)| step * index(axis) as isize);
                    place.start.wrapping_add_signed(steps.sum())
                };
                let at: usize =
                    places.iter().zip(&own).map(|(place, step)| along(place) * step).sum();
                moved.push(data[at]);
            }
        }
    }
    Tensor::from_vec(moved, &out.shape)
}
