//! `cumargmax`: the places of running maxima.

use crate::op::{
    Along, Arithmetic, Broken, Cotangent, Examples, Form, Meaning, Meta, Numbers, NumbersMut,
    Operation, Sample, Term, operation, rules, with_number,
};
use crate::tensor::{DType, Result};

operation! {
    /// # What
    /// For each element the place, along an axis, of the greatest of it and all before it, as i64. Of
    /// several the first; NaN counts as greater than everything.
    ///
    /// # Gradient
    /// None: places have no gradient. That of running maxima goes through `gather`, which picks them.
    ///
    /// # Why it holds
    /// The result is constant wherever it is continuous.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch([1.0, 3.0, 2.0]);
    /// let (values, places) = x.cummax(0);
    /// assert_eq!(places.value()?.to_vec::<i64>()?, [0, 1, 1]);
    /// let [dx] = gradient(values.sum(()), [x]);
    /// assert_eq!(dx.value()?.to_f64_vec(), [1.0, 2.0, 0.0]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "cumargmax" CumArgMax {
        /// The axis.
        axis: usize,
    }
}

impl Operation for CumArgMax {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::arity(x, 1)?;
        rules::numeric(x[0])?;
        rules::size_along(self.axis, x[0])?;
        Ok(x[0].with_dtype(DType::I64))
    }

    fn form(&self) -> Form<'_> {
        Form::Own { can_fail: false, meaning: self }
    }

    fn vjp<'r>(&self, _: usize, _: &[Term<'r>], _: Term<'r>, _: Term<'r>) -> Cotangent<'r> {
        Cotangent::Zero("a place is constant wherever it is continuous")
    }

    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
        all.together(CumArgMax { axis: self.axis + 1 })
    }

    fn samples() -> Vec<Sample<CumArgMax>> {
        let axes = [0, 1, 2].into_iter();
        axes.flat_map(|axis| Sample::shaped(CumArgMax { axis }, &[&[2, 5, 3]])).collect()
    }
}

impl Meaning for CumArgMax {
    fn run(&self, x: &[Numbers<'_>], out: NumbersMut<'_>) -> Result<()> {
        let along = Along::new(x[0].shape(), self.axis);
        let out = out.elements::<i64>()?;
        with_number!(x[0].dtype(), T => {
            let blocks = x[0].elements::<T>()?.chunks(along.block());
            let both = blocks.zip(out.chunks_mut(along.block()));
            both.for_each(|(x, out)| places(x, along.inner, out));
        });
        Ok(())
    }
}

/// The place of the greatest so far in each of `inner` columns.
fn places<T: Arithmetic>(x: &[T], inner: usize, out: &mut [i64]) {
    for (at, &value) in x.iter().enumerate() {
        let best = at.checked_sub(inner).map_or(0, |before| out[before]);
        let most = x[best as usize * inner + at % inner];
        let greater = value > most || value.is_nan() && !most.is_nan();
        out[at] = if greater { (at / inner) as i64 } else { best };
    }
}
