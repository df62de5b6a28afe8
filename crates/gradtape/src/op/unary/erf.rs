//! `erf`: the error function.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Operands, Sample, Term, operation};

operation! {
    /// # What
    /// The error function, element by element: `2/√π ∫ e^(-t²) dt` from 0 to `x`.
    ///
    /// # Gradient
    /// `g * 2/√π * e^(-x²)`
    ///
    /// # Why it holds
    /// The derivative of an integral in its upper end is the integrand there.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(Tensor::scalar(0.0f64));
    /// let [dx] = gradient(x.erf(), [x]);
    /// assert_eq!(dx.item()?, std::f64::consts::FRAC_2_SQRT_PI);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "erf" Erf {}
}

impl Elementwise for Erf {
    fn operands(&self) -> Operands {
        Operands::floats(1)
    }

    fn cost(&self) -> Cost {
        Cost::Costly
    }

    fn vjp<'r>(&self, _: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        let x = x[0];
        (g * ((-(x * x)).exp() * std::f64::consts::FRAC_2_SQRT_PI)).into()
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, ..]: [S; 3]) -> S {
        x.erf()
    }

    fn samples() -> Vec<Sample<Erf>> {
        Sample::unary(Erf {}, &[-2.0, -0.3, 0.4, 1.7])
    }
}
