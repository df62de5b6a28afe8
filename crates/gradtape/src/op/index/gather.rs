//! `gather`: elements picked along an axis.

use crate::op::index::{place, place_along};
use crate::op::{
    Broken, Cotangent, Form, Meta, Operation, Sample, Term, operation, rules, with_type,
};
use crate::tensor::{Element, Result, Tensor, allocate};

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
        Form::Own { can_fail: true }
    }

    fn vjp<'r>(&self, input: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        match input {
            0 => g.scatter_add(self.axis as isize, x[1], x[0].shape()).into(),
            _ => Cotangent::Zero("an index has no gradient"),
        }
    }

    fn eval(&self, x: &[Tensor], out: &Meta) -> Result<Tensor> {
        with_type!(out.dtype, T => self.pick::<T>(&x[0], &x[1]))
    }

    fn samples() -> Vec<Sample<Gather>> {
        let rows = Sample::indexed(Gather { axis: 0 }, &[3, 2], &[2, 0, 2, 1, 1, 1], &[3, 2]);
        let part = Sample::indexed(Gather { axis: 1 }, &[3, 4], &[3, 0, 3, 1, 1, 2], &[2, 3]);
        rows.into_iter().chain(part).collect()
    }
}

impl Gather {
    fn pick<T: Element>(&self, x: &Tensor, index: &Tensor) -> Result<Tensor> {
        let data = x.to_vec::<T>()?;
        let mut picked = allocate(index.shape())?;
        for (i, to) in index.to_vec::<i64>()?.into_iter().enumerate() {
            let to = place("gather", to, x.shape()[self.axis], i, index.shape())?;
            picked.push(data[place_along(self.axis, i, to, index.shape(), x.shape())]);
        }
        Tensor::from_vec(picked, index.shape())
    }
}
