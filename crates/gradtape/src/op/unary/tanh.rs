//! `tanh`: the hyperbolic tangent.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Operands, Sample, Term, operation};

operation! {
    /// # What
    /// The hyperbolic tangent, element by element: `(e^x - e^-x) / (e^x + e^-x)`.
    ///
    /// # Gradient
    /// `g * (1 - out²)`
    ///
    /// # Why it holds
    /// The quotient rule gives `1 - (sinh x / cosh x)²`, which needs only the result. Its error is a unit in
    /// the last place of 1 (1.2e-7 in f32, 2.2e-16 in f64): from about ±9 in f32 and ±19 in f64 on, the
    /// derivative is 0.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(Tensor::scalar(0.0f64));
    /// let [dx] = gradient(x.tanh(), [x]);
    /// assert_eq!(dx.item()?, 1.0);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "tanh" Tanh {}
}

impl Elementwise for Tanh {
    fn operands(&self) -> Operands {
        Operands::floats(1)
    }

    fn cost(&self) -> Cost {
        Cost::Costly
    }

    fn vjp<'r>(&self, _: usize, _: &[Term<'r>], out: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        (g * (1.0 - out * out)).into()
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, ..]: [S; 3]) -> S {
        x.tanh()
    }

    fn samples() -> Vec<Sample<Tanh>> {
        Sample::unary(Tanh {}, &[-2.0, -0.3, 0.4, 1.7])
    }
}
