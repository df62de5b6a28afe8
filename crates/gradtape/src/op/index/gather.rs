//! `gather`: elements picked along an axis.

use crate::op::index::{Rows, places};
use crate::op::{
    Broken, Cotangent, Examples, Form, Meaning, Meta, Numbers, NumbersMut, Operation, Sample, Term,
    operation, rules, with_type,
};
use crate::tensor::{Dims, Result};

operation! {
    /// # What
    /// One element of `x` along an axis for each element of `index`: with axis 1 of two,
    /// `out[i, j] = x[i, index[i, j]]`. The index is i64, has as many axes as `x` and is nowhere
    /// longer, except along the axis.
    ///
    /// # Gradient
    /// `g` added at the places that were picked: `scatter_add`. None to the index.
    ///
    /// # Why it holds
    /// What is picked keeps its value; picked twice, its effects add up.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor};
    /// let tape = Tape::new();
    /// let x = tape.constant(Tensor::from_slice(&[1.0f32, 2.0, 3.0, 4.0], [2, 2])?);
    /// let index = tape.constant(Tensor::from_slice(&[1i64, 0], [2, 1])?);
    /// assert_eq!(x.gather(1, index).value()?.to_vec::<f32>()?, [2.0, 3.0]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "gather" Gather {
        /// The axis.
        axis: usize,
    }
}

impl Operation for Gather {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::arity(x, 2)?;
        rules::index(x[1])?;
        rules::size_along(self.axis, x[0])?;
        rules::index_fits(self.axis, &x[1].shape, &x[0].shape)?;
        Ok(Meta::new(x[0].dtype, &x[1].shape))
    }

    fn form(&self) -> Form<'_> {
        Form::Own { can_fail: true, meaning: self }
    }

    fn vjp<'r>(&self, input: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        match input {
            0 => g.scatter_add(self.axis as isize, x[1], x[0].shape()).into(),
            _ => Cotangent::Zero("an index has no gradient"),
        }
    }

    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
        if all.is_batched(0) || !all.is_batched(1) {
            return all.together(Gather { axis: self.axis + 1 });
        }
        // Along the axis an index may be longer: there it takes the places of all examples.
        let index = all.shape(1);
        let mut dims = Dims::from_slice(&index);
        dims[self.axis] = dims[self.axis].saturating_mul(all.count());
        let places = all.input(1).move_axis(0, self.axis as isize);
        let picked = all.record(self.clone(), &[all.input(0), places.reshape(dims)]);
        picked.reshape(places.shape()).move_axis(self.axis as isize, 0)
    }

    fn samples() -> Vec<Sample<Gather>> {
        let rows = Sample::indexed(Gather { axis: 0 }, &[3, 2], &[2, 0, 2, 1, 1, 1], &[3, 2]);
        let part = Sample::indexed(Gather { axis: 1 }, &[3, 4], &[3, 0, 3, 1, 1, 2], &[2, 3]);
        rows.into_iter().chain(part).collect()
    }
}

impl Meaning for Gather {
    fn run(&self, x: &[Numbers<'_>], out: NumbersMut<'_>) -> Result<()> {
        let from = x[0].shape();
        let places = places("gather", x[1], from[self.axis])?;
        let rows = Rows::new(self.axis, out.shape(), from);
        with_type!(out.dtype(), T => {
            let (x, out) = (x[0].elements::<T>()?, out.elements::<T>()?);
            let both = out.chunks_mut(rows.width).zip(places.chunks(rows.width));
            for (row, (out, places)) in both.enumerate() {
                out.iter_mut().zip(rows.of(row, places)).for_each(|(out, at)| *out = x[at]);
            }
        });
        Ok(())
    }

    fn moves(&self) -> bool {
        true
    }
}
