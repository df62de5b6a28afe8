//! `sigmoid`: the logistic function.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Operands, Sample, Term, operation};

operation! {
    /// # What
    /// The logistic function, element by element: `1 / (1 + e^-x)`. It does not overflow: where
    /// `e^-x` is infinite the result is 0.
    ///
    /// # Gradient
    /// `g * out * (1 - out)`
    ///
    /// # Why it holds
    /// The quotient rule gives `e^-x / (1 + e^-x)²`, and `1 - out = e^-x / (1 + e^-x)`. It needs only the
    /// result: another exponential would double the cost. The price is an error of half a unit in the last
    /// place of 1 (6e-8 in f32, 1.1e-16 in f64): from about 17 in f32 and 37 in f64 on, the derivative is 0.
    /// `(-x).sigmoid()` is accurate there. Results below the least normal number may be 0.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(Tensor::scalar(0.0f64));
    /// let [dx] = gradient(x.sigmoid(), [x]);
    /// assert_eq!(dx.item()?, 0.25);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "sigmoid" Sigmoid {}
}

impl Elementwise for Sigmoid {
    fn operands(&self) -> Operands {
        Operands::floats(1)
    }

    fn cost(&self) -> Cost {
        Cost::Costly
    }

    fn vjp<'r>(&self, _: usize, _: &[Term<'r>], out: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        (g * (out * (1.0 - out))).into()
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, ..]: [S; 3]) -> S {
        S::constant(1.0) / (S::constant(1.0) + (-x).exp())
    }

    fn samples() -> Vec<Sample<Sigmoid>> {
        Sample::unary(Sigmoid {}, &[-2.0, -0.3, 0.4, 1.7])
    }
}
