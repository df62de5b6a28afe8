//! `scatter_max`: the greatest of the elements that come to a place along an axis.

use crate::op::index::{Rows, places, scattered};
use crate::op::{
    Arithmetic, Broken, Cotangent, Examples, Form, Meaning, Meta, Numbers, NumbersMut, Operation,
    Sample, Term, operation, with_number,
};
use crate::tensor::{Result, Shape};

operation! {
    /// # What
    /// For each place of a shape the greatest of the elements of `x` that come to it along an axis: with
    /// axis 1 of two, `out[i, index[i, j]] = max(x[i, j])`. NaN if any is NaN; -inf (the least i64 for
    /// integers) where none comes. The index is i64 and has the shape of `x`.
    ///
    /// # Gradient
    /// `g` to the element that is taken; greatest elements of a place that tie share it equally. None to
    /// the index.
    ///
    /// # Why it holds
    /// Each place moves with its greatest element alone. At a tie equal shares are a subgradient that treats
    /// all alike.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, gradient};
    /// let tape = Tape::new();
    /// let (x, index) = (tape.watch([1.0, 5.0, 3.0]), tape.constant([0i64, 1, 0]));
    /// let y = x.scatter_max(0, index, 2);
    /// assert_eq!(y.value()?.to_f64_vec(), [3.0, 5.0]);
    /// let [dx] = gradient(y.sum(()), [x]);
    /// assert_eq!(dx.value()?.to_f64_vec(), [0.0, 1.0, 1.0]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "scatter_max" ScatterMax {
        /// The axis.
        axis: usize,
        /// The result's shape.
        shape: Shape,
    }
}

impl Operation for ScatterMax {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        scattered(self.axis, &self.shape, x)
    }

    fn form(&self) -> Form<'_> {
        Form::Own { can_fail: true, meaning: self }
    }

    fn vjp<'r>(&self, input: usize, x: &[Term<'r>], out: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        if input == 1 {
            return Cotangent::Zero("an index has no gradient");
        }
        let (axis, index) = (self.axis as isize, x[1]);
        let taken = x[0].equal(out.gather(axis, index));
        let shares = taken.cast(g.dtype()).scatter_add(axis, index, &self.shape);
        taken.select((g / shares).gather(axis, index), 0.0).into()
    }

    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
        all.together(ScatterMax { axis: self.axis + 1, shape: all.all(&self.shape) })
    }

    fn samples() -> Vec<Sample<ScatterMax>> {
        let op = |axis| ScatterMax { axis, shape: [2, 2].into() };
        let rows = Sample::indexed(op(0), &[3, 2], &[0, 1, 1, 0, 0, 1], &[3, 2]);
        let columns = Sample::indexed(op(1), &[2, 4], &[0, 1, 0, 1, 1, 1, 0, 0], &[2, 4]);
        rows.into_iter().chain(columns).collect()
    }
}

impl Meaning for ScatterMax {
    fn run(&self, x: &[Numbers<'_>], out: NumbersMut<'_>) -> Result<()> {
        let places = places("scatter_max", x[1], out.shape()[self.axis])?;
        let rows = Rows::new(self.axis, x[1].shape(), out.shape());
        with_number!(out.dtype(), T => {
            let (x, most) = (x[0].elements::<T>()?, out.elements::<T>()?);
            most.fill(T::LEAST);
            rows.each(x, places, |at, x| {
                if x > most[at] || x.is_nan() {
                    most[at] = x;
                }
            });
        });
        Ok(())
    }
}
