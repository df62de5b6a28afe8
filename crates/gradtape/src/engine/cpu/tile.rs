//! One instruction of a fused loop on a tile: the operation's own formula as a vector loop.

use super::isa::Isa;
use super::lane::{Real, Task, Wrap, dispatch};
use super::math32::FAR;
use crate::op::{Elementwise, Op, with_elementwise};

/// An elementwise operation on tiles.
pub(crate) trait TileOp<T>: Send + Sync {
    /// `out[i] = formula(x[0][i], x[1][i], x[2][i])`. All slices have the same length.
    fn run(&self, x: [&[T]; 3], out: &mut [T]);
}

/// The tile code of an operation, or `None` when it is not elementwise.
pub(crate) fn tile_op<T: Real>(op: &Op, isa: Isa) -> Option<Box<dyn TileOp<T>>> {
    match op {
        Op::Sin(sin) => {
            Some(Box::new(Far { near: Stamped { op: sin.clone(), isa }, exact: f64::sin }))
        }
        Op::Cos(cos) => {
            Some(Box::new(Far { near: Stamped { op: cos.clone(), isa }, exact: f64::cos }))
        }
        _ => {
            with_elementwise!(op, op => Some(Box::new(Stamped { op: op.clone(), isa })), else None)
        }
    }
}

/// Vector code that holds for arguments up to [`FAR`], and the exact function for those beyond.
struct Far<O> {
    near: Stamped<O>,
    exact: fn(f64) -> f64,
}

impl<T: Real, O: Elementwise + Send + Sync> TileOp<T> for Far<O> {
    fn run(&self, x: [&[T]; 3], out: &mut [T]) {
        self.near.run(x, out);
        let far = |x: &T| x.to_f64().abs() > f64::from(FAR);
        if x[0].iter().any(far) {
            for (out, x) in out.iter_mut().zip(x[0]).filter(|(_, x)| far(x)) {
                *out = T::from_f64((self.exact)(x.to_f64()));
            }
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

struct Map<'a, O, T> {
    op: &'a O,
    x: [&'a [T]; 3],
    out: &'a mut [T],
}

impl<T: Real, O: Elementwise> Task<T> for Map<'_, O, T> {
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
