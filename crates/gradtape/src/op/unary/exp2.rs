//! `exp2`: 2 to a power.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Operands, Sample, Term, operation};

operation! {
    /// # What
    /// `2^x`, element by element; exact where `x` is a whole number.
    ///
    /// # Gradient
    /// `g * out * log 2`
    ///
    /// # Why it holds
    /// `2^x = e^(x log 2)`, whose inner derivative is `log 2`.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(3.0);
    /// let [dx] = gradient(x.exp2(), [x]);
    /// assert_eq!((x.exp2().item()?, dx.item()?), (8.0, 8.0 * std::f64::consts::LN_2));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "exp2" Exp2 {}
}

impl Elementwise for Exp2 {
    fn operands(&self) -> Operands {
        Operands::floats(1)
    }

    fn cost(&self) -> Cost {
        Cost::Costly
    }

    fn vjp<'r>(&self, _: usize, _: &[Term<'r>], out: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        (g * (out * std::f64::consts::LN_2)).into()
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, ..]: [S; 3]) -> S {
        x.exp2()
    }

    fn samples() -> Vec<Sample<Exp2>> {
        Sample::unary(Exp2 {}, &[-2.0, -0.3, 0.4, 1.7])
    }
}
