//! `log10`: the logarithm to base 10.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Operands, Sample, Term, operation};

operation! {
    /// # What
    /// The logarithm to base 10, element by element: -inf at 0, NaN below.
    ///
    /// # Gradient
    /// `g / (x log 10)`
    ///
    /// # Why it holds
    /// It is the natural logarithm divided by `log 10`.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(1000.0);
    /// let [dx] = gradient(x.log10(), [x]);
    /// assert_eq!((x.log10().item()?, dx.item()?), (3.0, std::f64::consts::LOG10_E / 1000.0));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "log10" Log10 {}
}

impl Elementwise for Log10 {
    fn operands(&self) -> Operands {
        Operands::floats(1)
    }

    fn cost(&self) -> Cost {
        Cost::Costly
    }

    fn vjp<'r>(&self, _: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        (g * std::f64::consts::LOG10_E / x[0]).into()
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, ..]: [S; 3]) -> S {
        x.log10()
    }

    fn samples() -> Vec<Sample<Log10>> {
        Sample::unary(Log10 {}, &[0.2, 0.7, 1.4, 3.0])
    }
}
