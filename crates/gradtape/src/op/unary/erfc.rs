//! `erfc`: 1 less the error function.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Operands, Sample, Term, operation};

operation! {
    /// # What
    /// `1 - erf(x)`, element by element: `2/√π ∫ e^(-t²) dt` from `x` on, which keeps its digits where `erf` is
    /// near 1.
    ///
    /// # Gradient
    /// `-g * 2/√π * e^(-x²)`
    ///
    /// # Why it holds
    /// It falls as the error function rises.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(0.0);
    /// let [dx] = gradient(x.erfc(), [x]);
    /// assert_eq!((x.erfc().item()?, dx.item()?), (1.0, -std::f64::consts::FRAC_2_SQRT_PI));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "erfc" Erfc {}
}

impl Elementwise for Erfc {
    fn operands(&self) -> Operands {
        Operands::floats(1)
    }

    fn cost(&self) -> Cost {
        Cost::Costly
    }

    fn vjp<'r>(&self, _: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        let x = x[0];
        (g * ((-(x * x)).exp() * -std::f64::consts::FRAC_2_SQRT_PI)).into()
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, ..]: [S; 3]) -> S {
        x.erfc()
    }

    fn samples() -> Vec<Sample<Erfc>> {
        Sample::unary(Erfc {}, &[-2.0, -0.3, 0.4, 1.7])
    }
}
