//! `min`: the least element along axes.

use crate::op::reduce::{after_examples, dropped, extreme_vjp};
use crate::op::{
    Broken, Cotangent, Examples, Form, Meta, Operation, Reduce, Sample, Term, operation, rules,
};
use crate::tensor::{Dims, Result};

operation! {
    /// # What
    /// The least element over axes, which are dropped; NaN if any is NaN. Of nothing, which the method
    /// refuses, it is inf (the greatest i64 for integers).
    ///
    /// # Gradient
    /// `g` to the element that is taken; least elements that tie share it equally.
    ///
    /// # Why it holds
    /// The result moves with the least element alone. At a tie equal shares are a subgradient that
    /// treats all alike.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(Tensor::from_slice(&[4.0f64, 1.0, 1.0], [3])?);
    /// let [dx] = gradient(x.min(()), [x]);
    /// assert_eq!(dx.value()?.to_vec::<f64>()?, [0.0, 0.5, 0.5]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "min" Min {
        /// The axes, sorted.
        axes: Dims,
    }
}

impl Operation for Min {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::arity(x, 1)?;
        rules::numeric(x[0])?;
        Ok(Meta::new(x[0].dtype, dropped(&x[0].shape, &self.axes)?))
    }

    fn form(&self) -> Form<'_> {
        Form::Reduction(Reduce::Min, &self.axes)
    }

    fn vjp<'r>(&self, _: usize, x: &[Term<'r>], out: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        extreme_vjp(&self.axes, x[0], out, g)
    }

    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
        all.together(Min { axes: after_examples(&self.axes) })
    }

    fn samples() -> Vec<Sample<Min>> {
        [&[0][..], &[1], &[0, 2], &[0, 1, 2]]
            .into_iter()
            .flat_map(|axes| Sample::shaped(Min { axes: Dims::from_slice(axes) }, &[&[2, 3, 4]]))
            .collect()
    }
}
