//! `log2`: the logarithm to base 2.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Operands, Sample, Term, operation};

operation! {
    /// # What
    /// The logarithm to base 2, element by element, exact for powers of 2: -inf at 0, NaN below.
    ///
    /// # Gradient
    /// `g / (x log 2)`
    ///
    /// # Why it holds
    /// It is the natural logarithm divided by `log 2`.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(8.0);
    /// let [dx] = gradient(x.log2(), [x]);
    /// assert_eq!((x.log2().item()?, dx.item()?), (3.0, std::f64::consts::LOG2_E / 8.0));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "log2" Log2 {}
}

impl Elementwise for Log2 {
    fn operands(&self) -> Operands {
        Operands::floats(1)
    }

    fn cost(&self) -> Cost {
        Cost::Costly
    }

    fn vjp<'r>(&self, _: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        (g * std::f64::consts::LOG2_E / x[0]).into()
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, ..]: [S; 3]) -> S {
        x.log2()
    }

    fn samples() -> Vec<Sample<Log2>> {
        Sample::unary(Log2 {}, &[0.2, 0.7, 1.4, 3.0])
    }
}
