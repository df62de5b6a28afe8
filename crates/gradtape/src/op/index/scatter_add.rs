//! `scatter_add`: elements added at places along an axis.

use crate::op::index::{Rows, places, scattered};
use crate::op::{
    Arithmetic, Broken, Cotangent, Examples, Form, Meaning, Meta, Numbers, NumbersMut, Operation,
    Sample, Term, operation, with_number,
};
use crate::tensor::{Result, Shape};

operation! {
    /// # What
    /// Zeros of a shape, to which every element of `x` is added at its place along an axis: with
    /// axis 1 of two, `out[i, index[i, j]] += x[i, j]`. The index is i64 and has the shape of `x`.
    ///
    /// # Gradient
    /// `g` picked at the same places: `gather`. None to the index.
    ///
    /// # Why it holds
    /// Each element enters one sum with factor 1.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor};
    /// let tape = Tape::new();
    /// let x = tape.constant(Tensor::from_slice(&[1.0f32, 2.0, 3.0], [3])?);
    /// let index = tape.constant(Tensor::from_slice(&[3i64, 0, 3], [3])?);
    /// assert_eq!(x.scatter_add(0, index, 4).value()?.to_vec::<f32>()?, [2.0, 0.0, 0.0, 4.0]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "scatter_add" ScatterAdd {
        /// The axis.
        axis: usize,
        /// The result's shape.
        shape: Shape,
    }
}

impl Operation for ScatterAdd {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        scattered(self.axis, &self.shape, x)
    }

    fn form(&self) -> Form<'_> {
        Form::Own { can_fail: true, meaning: self }
    }

    fn vjp<'r>(&self, input: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        match input {
            0 => g.gather(self.axis as isize, x[1]).into(),
            _ => Cotangent::Zero("an index has no gradient"),
        }
    }

    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
        all.together(ScatterAdd { axis: self.axis + 1, shape: all.all(&self.shape) })
    }

    fn samples() -> Vec<Sample<ScatterAdd>> {
        let op = |axis, shape: [usize; 2]| ScatterAdd { axis, shape: shape.into() };
        let rows = Sample::indexed(op(0, [4, 2]), &[3, 2], &[2, 0, 2, 1, 1, 1], &[3, 2]);
        let part = Sample::indexed(op(1, [3, 4]), &[2, 3], &[3, 0, 3, 1, 1, 2], &[2, 3]);
        rows.into_iter().chain(part).collect()
    }
}

impl Meaning for ScatterAdd {
    fn run(&self, x: &[Numbers<'_>], out: NumbersMut<'_>) -> Result<()> {
        let places = places("scatter_add", x[1], out.shape()[self.axis])?;
        let rows = Rows::new(self.axis, x[1].shape(), out.shape());
        with_number!(out.dtype(), T => {
            let (x, sums) = (x[0].elements::<T>()?, out.elements::<T>()?);
            sums.fill(T::default());
            rows.each(x, places, |at, x| sums[at] = sums[at].plus(x));
        });
        Ok(())
    }
}
