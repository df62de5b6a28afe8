//! `tan`: the tangent.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Operands, Sample, Term, operation};

operation! {
    /// # What
    /// The tangent of an angle in radians, element by element.
    ///
    /// # Gradient
    /// `g * (1 + out²)`
    ///
    /// # Why it holds
    /// The quotient rule on `sin x / cos x` gives `1 + (sin x / cos x)²`.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(Tensor::scalar(0.0f64));
    /// let [dx] = gradient(x.tan(), [x]);
    /// assert_eq!(dx.item()?, 1.0);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "tan" Tan {}
}

impl Elementwise for Tan {
    fn operands(&self) -> Operands {
        Operands::floats(1)
    }

    fn cost(&self) -> Cost {
        Cost::Costly
    }

    fn vjp<'r>(&self, _: usize, _: &[Term<'r>], out: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        (g * (1.0 + out * out)).into()
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, ..]: [S; 3]) -> S {
        x.tan()
    }

    fn samples() -> Vec<Sample<Tan>> {
        Sample::unary(Tan {}, &[-1.2, -0.3, 0.4, 0.9])
    }
}
