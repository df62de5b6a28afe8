//! `acos`: the inverse cosine.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Operands, Sample, Term, operation};

operation! {
    /// # What
    /// The angle in radians, between 0 and π, whose cosine is `x`, element by element; NaN beyond -1 and 1.
    ///
    /// # Gradient
    /// `-g / √((1 - x) (1 + x))`: infinite at -1 and 1.
    ///
    /// # Why it holds
    /// The angles of sine and cosine add up to π/2, so that the slope is that of the inverse sine with the
    /// other sign.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(0.0);
    /// let [dx] = gradient(x.acos(), [x]);
    /// assert_eq!((x.acos().item()?, dx.item()?), (std::f64::consts::FRAC_PI_2, -1.0));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "acos" Acos {}
}

impl Elementwise for Acos {
    fn operands(&self) -> Operands {
        Operands::floats(1)
    }

    fn cost(&self) -> Cost {
        Cost::Costly
    }

    fn vjp<'r>(&self, _: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        let x = x[0];
        (-g / ((1.0 - x) * (1.0 + x)).sqrt()).into()
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, ..]: [S; 3]) -> S {
        let one = S::constant(1.0);
        // The tangent of half the angle.
        S::constant(2.0) * ((one - x) / (one + x)).sqrt().atan()
    }

    fn samples() -> Vec<Sample<Acos>> {
        Sample::unary(Acos {}, &[-0.9, -0.3, 0.4, 0.7])
    }
}
