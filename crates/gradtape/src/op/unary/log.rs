//! `log`: the natural logarithm.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Operands, Sample, Term, operation};

operation! {
    /// # What
    /// The natural logarithm, element by element: -inf at 0, NaN below.
    ///
    /// # Gradient
    /// `g / x`
    ///
    /// # Why it holds
    /// The inverse of the exponential has the inverse slope: `1 / e^(log x)`.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(Tensor::scalar(4.0f64));
    /// let [dx] = gradient(x.log(), [x]);
    /// assert_eq!(dx.item()?, 0.25);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "log" Log {}
}

impl Elementwise for Log {
    fn operands(&self) -> Operands {
        Operands::floats(1)
    }

    fn cost(&self) -> Cost {
        Cost::Costly
    }

    fn vjp<'r>(&self, _: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        (g / x[0]).into()
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, ..]: [S; 3]) -> S {
        x.log()
    }

    fn samples() -> Vec<Sample<Log>> {
        Sample::unary(Log {}, &[0.2, 0.7, 1.4, 3.0])
    }
}
