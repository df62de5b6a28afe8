//! `asin`: the inverse sine.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Operands, Sample, Term, operation};

operation! {
    /// # What
    /// The angle in radians, between -π/2 and π/2, whose sine is `x`, element by element; NaN beyond -1 and 1.
    ///
    /// # Gradient
    /// `g / √((1 - x) (1 + x))`: infinite at -1 and 1.
    ///
    /// # Why it holds
    /// The inverse of the sine has the inverse slope, `1 / cos(asin x)`, and `cos² + sin² = 1`. The product
    /// keeps the digits that `1 - x²` loses near 1.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(0.0);
    /// let [dx] = gradient(x.asin(), [x]);
    /// assert_eq!((x.asin().item()?, dx.item()?), (0.0, 1.0));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "asin" Asin {}
}

impl Elementwise for Asin {
    fn operands(&self) -> Operands {
        Operands::floats(1)
    }

    fn cost(&self) -> Cost {
        Cost::Costly
    }

    fn vjp<'r>(&self, _: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        let x = x[0];
        (g / ((1.0 - x) * (1.0 + x)).sqrt()).into()
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, ..]: [S; 3]) -> S {
        let one = S::constant(1.0);
        (x / ((one - x) * (one + x)).sqrt()).atan()
    }

    fn samples() -> Vec<Sample<Asin>> {
        Sample::unary(Asin {}, &[-0.9, -0.3, 0.4, 0.7])
    }
}
