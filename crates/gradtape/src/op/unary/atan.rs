//! `atan`: the inverse tangent.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Operands, Sample, Term, operation};

operation! {
    /// # What
    /// The angle in radians, between -π/2 and π/2, whose tangent is `x`; element by element.
    ///
    /// # Gradient
    /// `g / (1 + x²)`
    ///
    /// # Why it holds
    /// The inverse of the tangent has the inverse slope: `1 / (1 + tan²(atan x))`.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(Tensor::scalar(1.0f64));
    /// let [dx] = gradient(x.atan(), [x]);
    /// assert_eq!(dx.item()?, 0.5);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "atan" Atan {}
}

impl Elementwise for Atan {
    fn operands(&self) -> Operands {
        Operands::floats(1)
    }

    fn cost(&self) -> Cost {
        Cost::Costly
    }

    fn vjp<'r>(&self, _: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        let x = x[0];
        (g / (1.0 + x * x)).into()
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, ..]: [S; 3]) -> S {
        x.atan()
    }

    fn samples() -> Vec<Sample<Atan>> {
        Sample::unary(Atan {}, &[-2.0, -0.3, 0.4, 1.7])
    }
}
