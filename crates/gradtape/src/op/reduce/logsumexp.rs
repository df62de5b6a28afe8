//! `logsumexp`: the logarithm of a sum of exponentials.

use crate::op::reduce::{after_examples, dropped, softmax_vjp};
use crate::op::{
    Broken, Cotangent, Examples, Form, Meta, Operation, Reduce, Sample, Term, operation, rules,
};
use crate::tensor::{Dims, Result};

operation! {
    /// # What
    /// `log Σ e^x` over axes, which are dropped, as `max + log Σ e^(x - max)`, which does not
    /// overflow. Of nothing, or of nothing but -inf, it is -inf; with an inf in it, it is inf.
    ///
    /// # Gradient
    /// `g * e^((x - max) - rest)` with `rest = log Σ e^(x - max)`: the softmax of `x`. Where the result
    /// is -inf it is 0.
    ///
    /// # Why it holds
    /// The chain rule gives `e^x / Σ e^x`, and `Σ e^x = e^(max + rest)`. The two are subtracted one
    /// after the other: their sum rounds `rest` away where `max` is large.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor};
    /// let tape = Tape::new();
    /// let x = tape.constant(Tensor::from_slice(&[1000.0f64, 1000.0], [2])?);
    /// assert_eq!(x.logsumexp(()).item()?, 1000.0 + 2f64.ln());
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "logsumexp" LogSumExp {
        /// The axes, sorted.
        axes: Dims,
    }
}

impl Operation for LogSumExp {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        let x = rules::float_unary(x)?;
        Ok(Meta::new(x.dtype, dropped(&x.shape, &self.axes)?))
    }

    fn form(&self) -> Form<'_> {
        Form::Reduction(Reduce::LogSumExp, &self.axes)
    }

    fn vjp<'r>(&self, _: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        softmax_vjp(&self.axes, x[0], x[0].logsumexp_rest(&self.axes), g).into()
    }

    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
        all.together(LogSumExp { axes: after_examples(&self.axes) })
    }

    fn samples() -> Vec<Sample<LogSumExp>> {
        [&[0][..], &[1], &[0, 2], &[0, 1, 2]]
            .into_iter()
            .map(|axes| LogSumExp { axes: Dims::from_slice(axes) })
            .flat_map(|op| Sample::shaped(op, &[&[2, 3, 4]]))
            .collect()
    }
}
