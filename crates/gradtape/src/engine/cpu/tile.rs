//! One instruction of a fused loop on a tile: the operation's own formula as a vector loop.

use std::marker::PhantomData;

use super::far::has_far;
use super::isa::Isa;
use super::lane::{Real, Task, Wrap, dispatch};
use crate::op::{Elementwise, Op, with_elementwise};
use crate::tensor::{Element, with_float};

/// An elementwise operation on tiles.
pub(crate) trait TileOp<T>: Send + Sync {
    /// `out[i] = formula(x[0][i], x[1][i], x[2][i])`. All slices have the same length.
    fn run(&self, x: [&[T]; 3], out: &mut [T]);
}

/// The tile code of an operation, or `None` when it is not elementwise.
pub(crate) fn tile_op<T: Real>(op: &Op, isa: Isa) -> Option<Box<dyn TileOp<T>>> {
    if let Some(dtype) = op.rounds_to() {
        return with_float!(dtype, E => Some(Box::new(Rounding::<E> { isa, to: PhantomData })), else None);
    }
    with_elementwise!(op, op => Some(made_ready(op.clone(), isa)), else None)
}

fn made_ready<T: Real, O>(op: O, isa: Isa) -> Box<dyn TileOp<T>>
where
    O: Elementwise + Send + Sync + 'static,
{
    let far = has_far::<T>(&op);
    let near = Stamped { op, isa };
    if far { Box::new(Far { near }) } else { Box::new(near) }
}

/// Vector code that gives NaN for arguments that it cannot tell, and the formula as it is for those.
struct Far<O> {
    near: Stamped<O>,
}

impl<T: Real, O: Elementwise + Send + Sync> TileOp<T> for Far<O> {
    fn run(&self, x: [&[T]; 3], out: &mut [T]) {
        self.near.run(x, out);
        #[allow(clippy::eq_op, reason = "a number that differs from itself is NaN")]
        for (i, out) in out.iter_mut().enumerate().filter(|(_, out)| **out != **out) {
            *out = self.near.op.formula(x.map(|x| x[i]));
        }
    }
}

struct Stamped<O> {
    op: O,
    isa: Isa,
}

impl<T: Real, O: Elementwise + Send + Sync> TileOp<T> for Stamped<O> {
    fn run(&self, x: [&[T]; 3], out: &mut [T]) {
        dispatch(self.isa, Map { op: &self.op, x, out });
    }
}

/// Rounding to a type that is known here, so that its loop has no choice to make.
struct Rounding<E> {
    isa: Isa,
    to: PhantomData<E>,
}

impl<T: Real, E: Element> TileOp<T> for Rounding<E> {
    fn run(&self, x: [&[T]; 3], out: &mut [T]) {
        dispatch(self.isa, Round { x: x[0], out, to: self.to });
    }
}

struct Round<'a, T, E> {
    x: &'a [T],
    out: &'a mut [T],
    to: PhantomData<E>,
}

impl<T: Real, E: Element> Task for Round<'_, T, E> {
    type Output = ();

    #[allow(clippy::needless_range_loop, reason = "a plain loop becomes vector code")]
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let n = self.out.len();
        let x = &self.x[..n];
        for i in 0..n {
            self.out[i] = T::from_f64(E::from_f64(x[i].to_f64()).to_f64());
        }
    }
}

struct Map<'a, O, T> {
    op: &'a O,
    x: [&'a [T]; 3],
    out: &'a mut [T],
}

impl<T: Real, O: Elementwise> Task for Map<'_, O, T> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let n = self.out.len();
        let [x, y, z] = self.x.map(|x| &x[..n]);
        for i in 0..n {
            let lane = T::Lane::<FMA>::wrap;
            self.out[i] = self.op.formula([lane(x[i]), lane(y[i]), lane(z[i])]).unwrap();
        }
    }
}
