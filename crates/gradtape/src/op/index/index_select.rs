//! `index_select`: whole rows picked along an axis.

use crate::op::index::place;
use crate::op::{
    Broken, Cotangent, Form, Meta, Operation, Sample, Term, operation, rules, with_type,
};
use crate::tensor::{Dims, Element, Result, Tensor, allocate};

operation! {
    /// # What
    /// The slice of `x` at a place of an axis, for each element of `index`, which is i64 and of any
    /// shape; that shape stands in the place of the axis. Along axis 0 this looks up rows of a
    /// table, as an embedding does.
    ///
    /// # Gradient
    /// `g` added at the places that were picked: `index_add`. None to the index.
    ///
    /// # Why it holds
    /// What is picked keeps its value; picked twice, its effects add up.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor};
    /// let tape = Tape::new();
    /// let x = tape.constant(Tensor::from_slice(&[1.0f32, 2.0, 3.0, 4.0], [2, 2])?);
    /// let index = tape.constant(Tensor::from_slice(&[1i64, 0, 1], [3])?);
    /// let rows = x.index_select(0, index).value()?;
    /// assert_eq!(rows.to_vec::<f32>()?, [3.0, 4.0, 1.0, 2.0, 3.0, 4.0]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "index_select" IndexSelect {
        /// The axis.
        axis: usize,
    }
}

impl Operation for IndexSelect {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::arity(x, 2)?;
        rules::index(x[1])?;
        rules::size_along(self.axis, x[0])?;
        let mut dims = Dims::from_slice(&x[0].shape[..self.axis]);
        dims.extend_from_slice(&x[1].shape);
        dims.extend_from_slice(&x[0].shape[self.axis + 1..]);
        rules::countable(Meta::new(x[0].dtype, dims))
    }

    fn form(&self) -> Form<'_> {
        Form::Own { can_fail: true }
    }

    fn vjp<'r>(&self, input: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        match input {
            0 => g.index_add(self.axis as isize, x[1], x[0].shape()[self.axis]).into(),
            _ => Cotangent::Zero("an index has no gradient"),
        }
    }

    fn eval(&self, x: &[Tensor], out: &Meta) -> Result<Tensor> {
        with_type!(out.dtype, T => self.pick::<T>(&x[0], &x[1], out))
    }

    fn samples() -> Vec<Sample<IndexSelect>> {
        let rows = Sample::indexed(IndexSelect { axis: 0 }, &[4, 3], &[2, 0, 2, 1], &[2, 2]);
        let columns = Sample::indexed(IndexSelect { axis: 1 }, &[2, 3], &[2, 0, 2, 1], &[4]);
        let one = Sample::indexed(IndexSelect { axis: 1 }, &[2, 3, 2], &[1], &[]);
        rows.into_iter().chain(columns).chain(one).collect()
    }
}

impl IndexSelect {
    fn pick<T: Element>(&self, x: &Tensor, index: &Tensor, out: &Meta) -> Result<Tensor> {
        let count = x.shape()[self.axis];
        let inner: usize = x.shape()[self.axis + 1..].iter().product();
        let outer: usize = x.shape()[..self.axis].iter().product();
        let data = x.to_vec::<T>()?;
        let mut places = allocate(index.shape())?;
        for (i, to) in index.to_vec::<i64>()?.into_iter().enumerate() {
            places.push(place("index_select", to, count, i, index.shape())?);
        }
        let mut picked = allocate(&out.shape)?;
        for block in 0..outer {
            for place in &places {
                let start = (block * count + place) * inner;
                picked.extend_from_slice(&data[start..start + inner]);
            }
        }
        Tensor::from_vec(picked, &out.shape)
    }
}
