//! `index_select`: whole rows picked along an axis.

use crate::op::index::{places, repeated};
use crate::op::{
    Along, Broken, Cotangent, Examples, Form, Meaning, Meta, Numbers, NumbersMut, Operation,
    Sample, Term, operation, rules, with_type,
};
use crate::tensor::{Dims, Result};

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
        Form::Own { can_fail: true, meaning: self }
    }

    fn vjp<'r>(&self, input: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        match input {
            0 => g.index_add(self.axis as isize, x[1], x[0].shape()[self.axis]).into(),
            _ => Cotangent::Zero("an index has no gradient"),
        }
    }

    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
        let &IndexSelect { axis } = self;
        match (all.is_batched(0), all.is_batched(1)) {
            (_, false) => all.record(IndexSelect { axis: axis + 1 }, &[all.whole(0), all.input(1)]),
            (false, true) => {
                all.record(self.clone(), &[all.input(0), all.input(1)]).move_axis(axis as isize, 0)
            }
            (true, true) => {
                let (x, index) = (all.shape(0), all.shape(1));
                let [before, after] = [&x[..axis], &x[axis + 1..]];
                let picked = all.input(0).gather(axis as isize + 1, repeated(all, before, after));
                picked.reshape(all.all(&[before, &index, after].concat().into()))
            }
        }
    }

    fn samples() -> Vec<Sample<IndexSelect>> {
        let rows = Sample::indexed(IndexSelect { axis: 0 }, &[4, 3], &[2, 0, 2, 1], &[2, 2]);
        let columns = Sample::indexed(IndexSelect { axis: 1 }, &[2, 3], &[2, 0, 2, 1], &[4]);
        let one = Sample::indexed(IndexSelect { axis: 1 }, &[2, 3, 2], &[1], &[]);
        rows.into_iter().chain(columns).chain(one).collect()
    }
}

impl Meaning for IndexSelect {
    fn run(&self, x: &[Numbers<'_>], out: NumbersMut<'_>) -> Result<()> {
        let from = Along::new(x[0].shape(), self.axis);
        let places = places("index_select", x[1], from.count)?;
        let to = from.of(places.len());
        with_type!(out.dtype(), T => {
            let (x, out) = (x[0].elements::<T>()?, out.elements::<T>()?);
            for (x, out) in x.chunks(from.block()).zip(out.chunks_mut(to.block())) {
                for (out, &place) in out.chunks_mut(to.inner).zip(places) {
                    let start = place as usize * from.inner;
                    out.copy_from_slice(&x[start..start + from.inner]);
                }
            }
        });
        Ok(())
    }

    fn moves(&self) -> bool {
        true
    }
}
