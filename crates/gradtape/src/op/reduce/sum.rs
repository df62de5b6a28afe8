//! `sum`: addition along axes.

use crate::op::reduce::{after_examples, dropped, kept};
use crate::op::{
    Broken, Cotangent, Examples, Form, Meta, Operation, Reduce, Sample, Term, operation, rules,
};
use crate::tensor::{Dims, Result};

operation! {
    /// # What
    /// The sum over axes, which are dropped. The sum of nothing is 0.
    ///
    /// # Gradient
    /// `g` repeated along the axes that were summed.
    ///
    /// # Why it holds
    /// Each element of `x` enters one sum with factor 1.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor};
    /// let tape = Tape::new();
    /// let x = tape.constant(Tensor::from_slice(&[1.0f32, 2.0, 3.0, 4.0], [2, 2])?);
    /// assert_eq!(x.sum(0).value()?.to_vec::<f32>()?, [4.0, 6.0]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "sum" Sum {
        /// The axes, sorted.
        axes: Dims,
    }
}

impl Operation for Sum {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::arity(x, 1)?;
        rules::numeric(x[0])?;
        Ok(Meta::new(x[0].dtype, dropped(&x[0].shape, &self.axes)?))
    }

    fn form(&self) -> Form<'_> {
        Form::Reduction(Reduce::Sum, &self.axes)
    }

    fn vjp<'r>(&self, _: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        let shape = x[0].shape();
        g.reshape(kept(&shape, &self.axes)).broadcast_to(shape).into()
    }

    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
        all.together(Sum { axes: after_examples(&self.axes) })
    }

    fn samples() -> Vec<Sample<Sum>> {
        [&[0][..], &[1], &[0, 2], &[0, 1, 2]]
            .into_iter()
            .flat_map(|axes| Sample::shaped(Sum { axes: Dims::from_slice(axes) }, &[&[2, 3, 4]]))
            .collect()
    }
}
