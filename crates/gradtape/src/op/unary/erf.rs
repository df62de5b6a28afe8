//! `erf`: the error function.

use crate::op::scalar::Scalar;
use crate::op::{
    Broken, Cost, Cotangent, Elementwise, Form, Meta, Operation, Sample, Term, operation, rules,
};
use crate::tensor::Result;

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

impl Operation for Erf {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::float_unary(x)
    }

    fn form(&self) -> Form<'_> {
        Form::Formula(Cost::Costly)
    }

    fn vjp<'r>(&self, _: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        let x = x[0];
        (g * ((-(x * x)).exp() * std::f64::consts::FRAC_2_SQRT_PI)).into()
    }

    fn samples() -> Vec<Sample<Erf>> {
        Sample::unary(Erf {}, &[-2.0, -0.3, 0.4, 1.7])
    }
}

impl Elementwise for Erf {
    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, ..]: [S; 3]) -> S {
        x.erf()
    }
}
