//! `logsumexp_rest`: what a logarithm of a sum of exponentials is above the greatest.

use crate::op::reduce::{after_examples, dropped, softmax_vjp};
use crate::op::{
    Broken, Cotangent, Examples, Form, Meta, Operation, Reduce, Sample, Term, operation, rules,
};
use crate::tensor::{Dims, Result};

operation! {
    /// # What
    /// `log Σ e^(x - max)` over axes, which are dropped, with `max` the greatest element: logsumexp
    /// less `max`, between 0 and the logarithm of the number of elements. Beside a large `max` it would
    /// be rounded away. Of nothing, or of nothing but -inf, it is -inf; with an inf in it, it is inf.
    ///
    /// # Gradient
    /// `g * e^((x - max) - out)`: the softmax of `x`. No gradient flows through `max`.
    ///
    /// # Why it holds
    /// The chain rule gives `e^(x - max) / Σ e^(x - max)`, and the sum is `e^out`. What `max` adds to
    /// logsumexp and what it takes off here cancel; so it is held fixed in both places.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch([1e308, 1e308]);
    /// let log_softmax = x.log_softmax(0);
    /// assert_eq!(log_softmax.value()?.to_f64_vec(), [-(2f64.ln()), -(2f64.ln())]);
    /// let [dx] = gradient(x.logsumexp(()), [x]);
    /// assert_eq!(dx.value()?.to_f64_vec(), [0.5, 0.5]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "logsumexp_rest" LogSumExpRest {
        /// The axes, sorted.
        axes: Dims,
    }
}

impl Operation for LogSumExpRest {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        let x = rules::float_unary(x)?;
        Ok(Meta::new(x.dtype, dropped(&x.shape, &self.axes)?))
    }

    fn form(&self) -> Form<'_> {
        Form::Reduction(Reduce::LogSumExpRest, &self.axes)
    }

    fn vjp<'r>(&self, _: usize, x: &[Term<'r>], out: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        softmax_vjp(&self.axes, x[0], out, g).into()
    }

    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
        all.together(LogSumExpRest { axes: after_examples(&self.axes) })
    }

    fn samples() -> Vec<Sample<LogSumExpRest>> {
        let samples = [&[0][..], &[1], &[0, 2], &[0, 1, 2]]
            .into_iter()
            .map(|axes| LogSumExpRest { axes: Dims::from_slice(axes) })
            .flat_map(|op| Sample::shaped(op, &[&[2, 3, 4]]))
            .collect();
        Sample::without_derivative(samples, "the greatest is held fixed")
    }
}
