//! `sinh`: the hyperbolic sine.

use crate::op::scalar::Scalar;
use crate::op::{
    Broken, Cost, Cotangent, Elementwise, Form, Meta, Operation, Sample, Term, operation, rules,
};
use crate::tensor::Result;

operation! {
    /// # What
    /// The hyperbolic sine, element by element: `(e^x - e^-x) / 2`.
    ///
    /// # Gradient
    /// `g * cosh(x)`
    ///
    /// # Why it holds
    /// The second term changes its sign twice.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(Tensor::scalar(0.0f64));
    /// let [dx] = gradient(x.sinh(), [x]);
    /// assert_eq!(dx.item()?, 1.0);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "sinh" Sinh {}
}

impl Operation for Sinh {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::float_unary(x)
    }

    fn form(&self) -> Form<'_> {
        Form::Formula(Cost::Costly)
    }

    fn vjp<'r>(&self, _: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        (g * x[0].cosh()).into()
    }

    fn samples() -> Vec<Sample<Sinh>> {
        Sample::unary(Sinh {}, &[-2.0, -0.3, 0.4, 1.7])
    }
}

impl Elementwise for Sinh {
    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, ..]: [S; 3]) -> S {
        x.sinh()
    }
}
