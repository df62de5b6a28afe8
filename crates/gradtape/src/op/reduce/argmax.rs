//! `argmax`: the place of the greatest element.

use crate::op::reduce::dropped;
use crate::op::{
    Along, Arithmetic, Broken, Cotangent, Examples, Form, Meaning, Meta, Numbers, NumbersMut,
    Operation, Sample, Term, operation, rules, with_number,
};
use crate::tensor::{DType, Result};

operation! {
    /// # What
    /// The place of the greatest element along an axis, which is dropped, as i64. Of several the
    /// first; NaN counts as greater than everything.
    ///
    /// # Gradient
    /// None: places have no gradient.
    ///
    /// # Why it holds
    /// The result is constant wherever it is continuous.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor};
    /// let tape = Tape::new();
    /// let x = tape.constant(Tensor::from_slice(&[1.0f32, 4.0, 4.0], [3])?);
    /// assert_eq!(x.argmax(0).item()?, 1.0);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "argmax" ArgMax {
        /// The axis.
        axis: usize,
    }
}

impl Operation for ArgMax {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::arity(x, 1)?;
        rules::numeric(x[0])?;
        if rules::size_along(self.axis, x[0])? == 0 {
            let rule = format!("axis {} of {} is empty", self.axis, x[0]);
            return Err(Broken::new(rule).hint("give the axis at least one place"));
        }
        Ok(Meta::new(DType::I64, dropped(&x[0].shape, &[self.axis])?))
    }

    fn form(&self) -> Form<'_> {
        Form::Own { can_fail: false, meaning: self }
    }

    fn vjp<'r>(&self, _: usize, _: &[Term<'r>], _: Term<'r>, _: Term<'r>) -> Cotangent<'r> {
        Cotangent::Zero("a place is constant wherever it is continuous")
    }

    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
        all.together(ArgMax { axis: self.axis + 1 })
    }

    fn samples() -> Vec<Sample<ArgMax>> {
        [0, 1, 2]
            .into_iter()
            .flat_map(|axis| Sample::shaped(ArgMax { axis }, &[&[2, 3, 4]]))
            .collect()
    }
}

impl Meaning for ArgMax {
    fn run(&self, x: &[Numbers<'_>], out: NumbersMut<'_>) -> Result<()> {
        let along = Along::new(x[0].shape(), self.axis);
        let out = out.elements::<i64>()?;
        with_number!(x[0].dtype(), T => {
            let blocks = x[0].elements::<T>()?.chunks(along.block());
            blocks.zip(out.chunks_mut(along.inner)).for_each(|(x, out)| places(x, along.inner, out));
        });
        Ok(())
    }
}

/// The first place of the greatest of each of `inner` columns.
fn places<T: Arithmetic>(x: &[T], inner: usize, out: &mut [i64]) {
    out.fill(0);
    for (place, row) in x.chunks(inner).enumerate().skip(1) {
        for (column, (&value, out)) in row.iter().zip(out.iter_mut()).enumerate() {
            let best = x[*out as usize * inner + column];
            if value > best || value.is_nan() && !best.is_nan() {
                *out = place as i64;
            }
        }
    }
}
