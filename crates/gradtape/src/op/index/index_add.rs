//! `index_add`: whole rows added at places along an axis.

use crate::op::index::{places, repeated};
use crate::op::{
    Along, Arithmetic, Broken, Cotangent, Examples, Form, Meaning, Meta, Numbers, NumbersMut,
    Operation, Sample, Term, operation, rules, with_number,
};
use crate::tensor::{Dims, Result};

operation! {
    /// # What
    /// Zeros, to which the slices of `x` are added at their places along an axis of `size`. The
    /// index is i64; its axes stand in `x` where the axis stands in the result.
    ///
    /// # Gradient
    /// `g` picked at the same places: `index_select`. None to the index.
    ///
    /// # Why it holds
    /// Each element enters one sum with factor 1.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor};
    /// let tape = Tape::new();
    /// let x = tape.constant(Tensor::from_slice(&[1.0f32, 2.0, 3.0], [3, 1])?);
    /// let index = tape.constant(Tensor::from_slice(&[1i64, 0, 1], [3])?);
    /// assert_eq!(x.index_add(0, index, 2).value()?.to_vec::<f32>()?, [2.0, 4.0]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "index_add" IndexAdd {
        /// The axis.
        axis: usize,
        /// The size of the axis of the result.
        size: usize,
    }
}

impl Operation for IndexAdd {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::arity(x, 2)?;
        rules::numeric(x[0])?;
        rules::index(x[1])?;
        let (shape, index) = (&x[0].shape, &x[1].shape);
        let after = self.axis.saturating_add(index.rank());
        if after > shape.rank() || shape[self.axis..after] != index[..] {
            let rule = format!(
                "the index has shape {index}, which {shape} does not have from axis {} on",
                self.axis
            );
            return Err(Broken::new(rule).hint("one place is needed for each slice"));
        }
        let mut dims = Dims::from_slice(&shape[..self.axis]);
        dims.push(self.size);
        dims.extend_from_slice(&shape[after..]);
        rules::countable(Meta::new(x[0].dtype, dims))
    }

    fn form(&self) -> Form<'_> {
        Form::Own { can_fail: true, meaning: self }
    }

    fn vjp<'r>(&self, input: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        match input {
            0 => g.index_select(self.axis as isize, x[1]).into(),
            _ => Cotangent::Zero("an index has no gradient"),
        }
    }

    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
        let &IndexAdd { axis, size } = self;
        if !all.is_batched(1) {
            let op = IndexAdd { axis: axis + 1, size };
            return all.record(op, &[all.whole(0), all.input(1)]);
        }
        let (x, index) = (all.shape(0), all.shape(1));
        let [before, after] = [&x[..axis], &x[axis + index.rank()..]];
        let places = repeated(all, before, after);
        let shape = all.all(&[before, &[size], after].concat().into());
        all.whole(0).reshape(places.shape()).scatter_add(axis as isize + 1, places, shape)
    }

    fn samples() -> Vec<Sample<IndexAdd>> {
        let op = |axis, size| IndexAdd { axis, size };
        let rows = Sample::indexed(op(0, 4), &[2, 2, 3], &[2, 0, 2, 1], &[2, 2]);
        let columns = Sample::indexed(op(1, 3), &[2, 4], &[2, 0, 2, 1], &[4]);
        let one = Sample::indexed(op(1, 3), &[2, 2], &[1], &[]);
        rows.into_iter().chain(columns).chain(one).collect()
    }
}

impl Meaning for IndexAdd {
    fn run(&self, x: &[Numbers<'_>], out: NumbersMut<'_>) -> Result<()> {
        let places = places("index_add", x[1], self.size)?;
        let to = Along::new(out.shape(), self.axis);
        let from = to.of(places.len());
        with_number!(out.dtype(), T => {
            let (x, sums) = (x[0].elements::<T>()?, out.elements::<T>()?);
            sums.fill(T::default());
            for (x, sums) in x.chunks(from.block()).zip(sums.chunks_mut(to.block())) {
                for (x, &place) in x.chunks(from.inner).zip(places) {
                    let start = place as usize * to.inner;
                    let sums = &mut sums[start..start + to.inner];
                    sums.iter_mut().zip(x).for_each(|(sum, &x)| *sum = sum.plus(x));
                }
            }
        });
        Ok(())
    }
}
