//! `stop_gradient`: a value that gradients do not flow through.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Operands, Sample, Term, operation};

operation! {
    /// # What
    /// `x` unchanged.
    ///
    /// # Gradient
    /// Stopped: `x` is treated as a constant. Asking for a gradient that could flow only through
    /// here is an error.
    ///
    /// # Why it holds
    /// It is what the user asks for, not a derivative.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(Tensor::scalar(3.0f64));
    /// let [dx] = gradient(x * x.stop_gradient(), [x]);
    /// assert_eq!(dx.item()?, 3.0);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "stop_gradient" StopGradient {}
}

impl Elementwise for StopGradient {
    fn operands(&self) -> Operands {
        Operands::anything(1)
    }

    fn cost(&self) -> Cost {
        Cost::Copy
    }

    fn vjp<'r>(&self, _: usize, _: &[Term<'r>], _: Term<'r>, _: Term<'r>) -> Cotangent<'r> {
        Cotangent::Stopped("stop_gradient lets no gradient through")
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, ..]: [S; 3]) -> S {
        x
    }

    fn samples() -> Vec<Sample<StopGradient>> {
        let samples = Sample::unary(StopGradient {}, &[-1.5, 0.5, 2.0]);
        Sample::without_derivative(samples, "the gradient is stopped")
    }
}
