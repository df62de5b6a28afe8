//! `erf_inv`: the inverse of the error function.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Operands, Sample, Term, operation};

operation! {
    /// # What
    /// The number whose error function is `x`, element by element: infinite at -1 and 1, NaN beyond. Of
    /// uniform numbers between -1 and 1, `√2` times it is normally distributed.
    ///
    /// # Gradient
    /// `g * √π/2 * e^(out²)`
    ///
    /// # Why it holds
    /// The inverse has the inverse slope, and that of the error function at `out` is `2/√π e^(-out²)`.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(0.0);
    /// let [dx] = gradient(x.erf_inv(), [x]);
    /// assert_eq!((x.erf_inv().item()?, dx.item()?), (0.0, 1.0 / std::f64::consts::FRAC_2_SQRT_PI));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "erf_inv" ErfInv {}
}

impl Elementwise for ErfInv {
    fn operands(&self) -> Operands {
        Operands::floats(1)
    }

    fn cost(&self) -> Cost {
        Cost::Costly
    }

    fn vjp<'r>(&self, _: usize, _: &[Term<'r>], out: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        (g * ((out * out).exp() / std::f64::consts::FRAC_2_SQRT_PI)).into()
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, ..]: [S; 3]) -> S {
        x.erf_inv()
    }

    fn samples() -> Vec<Sample<ErfInv>> {
        Sample::unary(ErfInv {}, &[-0.9, -0.3, 0.4, 0.7])
    }
}
