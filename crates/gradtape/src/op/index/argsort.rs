//! `argsort`: the places of the elements in order.

use crate::op::index::first_places;
use crate::op::{
    Broken, Cotangent, Examples, Form, Meaning, Meta, Numbers, NumbersMut, Operation, Sample, Term,
    operation, rules, with_computed,
};
use crate::tensor::{DType, Dims, Result};

operation! {
    /// # What
    /// For each row along the last axis, the places of its elements from the least to the greatest, or
    /// from the greatest to the least when `descending`, as i64; of all of them the first `count`.
    /// Equal elements, as 0 and -0, stay in the order of their places. NaN counts as greater than
    /// everything, `true` as greater than `false`.
    ///
    /// # Gradient
    /// None: places have no gradient. That of sorted elements goes through `gather`, which picks them.
    ///
    /// # Why it holds
    /// The result is constant wherever it is continuous: away from ties a small step changes no order.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch([0.5, 3.0, -1.0]);
    /// assert_eq!(x.argsort(0).value()?.to_vec::<i64>()?, [2, 0, 1]);
    /// let [dx] = gradient((x.sort(0) * tape.constant([1.0, 2.0, 3.0])).sum(()), [x]);
    /// assert_eq!(dx.value()?.to_f64_vec(), [2.0, 3.0, 1.0]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "argsort" ArgSort {
        /// Whether the greatest comes first.
        descending: bool,
        /// How many places of each row are given.
        count: usize,
    }
}

impl Operation for ArgSort {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::arity(x, 1)?;
        let Some((&size, outer)) = x[0].shape.split_last() else {
            return Err(
                Broken::new("a scalar has no axis to sort along").hint("unsqueeze() adds one")
            );
        };
        if self.count > size {
            let rule =
                format!("{} of the {size} elements along the axis were asked for", self.count);
            return Err(Broken::new(rule).hint(format!("at most {size} can be given")));
        }
        let mut dims = Dims::from_slice(outer);
        dims.push(self.count);
        Ok(Meta::new(DType::I64, dims))
    }

    fn form(&self) -> Form<'_> {
        Form::Own { can_fail: false, meaning: self }
    }

    fn vjp<'r>(&self, _: usize, _: &[Term<'r>], _: Term<'r>, _: Term<'r>) -> Cotangent<'r> {
        Cotangent::Zero("a place is constant wherever it is continuous")
    }

    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
        all.together(self.clone())
    }

    fn samples() -> Vec<Sample<ArgSort>> {
        let op = |descending, count| ArgSort { descending, count };
        let whole = Sample::shaped(op(false, 7), &[&[2, 3, 7]]);
        let first = Sample::shaped(op(true, 3), &[&[2, 3, 7]]);
        let ties = Sample::labels(op(false, 6), &[3, -1, 3, 0, -1, 3], &[6]);
        let turned = Sample::labels(op(true, 4), &[3, -1, 3, 0, -1, 3], &[6]);
        [whole, first, ties, turned].concat()
    }
}

impl Meaning for ArgSort {
    fn run(&self, x: &[Numbers<'_>], out: NumbersMut<'_>) -> Result<()> {
        let size = x[0].shape().last().copied().unwrap_or(1).max(1);
        let out = out.elements::<i64>()?.chunks_mut(self.count.max(1));
        with_computed!(x[0].dtype(), T => {
            let rows = x[0].elements::<T>()?.chunks(size).zip(out);
            rows.for_each(|(x, out)| first_places(x, self.descending, out));
        });
        Ok(())
    }
}
