//! `tan`: the tangent.

use crate::op::scalar::Scalar;
use crate::op::{
    Broken, Cost, Cotangent, Elementwise, Form, Meta, Operation, Sample, Term, operation, rules,
};
use crate::tensor::Result;

operation! {
    /// # What
    /// The tangent of an angle in radians, element by element.
    ///
    /// # Gradient
    /// `g * (1 + out²)`
    ///
    /// # Why it holds
    /// The quotient rule on `sin x / cos x` gives `1 + (sin x / cos x)²`.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(Tensor::scalar(0.0f64));
    /// let [dx] = gradient(x.tan(), [x]);
    /// assert_eq!(dx.item()?, 1.0);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "tan" Tan {}
}

impl Operation for Tan {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::float_unary(x)
    }

    fn form(&self) -> Form<'_> {
        Form::Formula(Cost::Costly)
    }

    fn vjp<'r>(&self, _: usize, _: &[Term<'r>], out: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        (g * (1.0 + out * out)).into()
    }

    fn samples() -> Vec<Sample<Tan>> {
        Sample::unary(Tan {}, &[-1.2, -0.3, 0.4, 0.9])
    }
}

impl Elementwise for Tan {
    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, ..]: [S; 3]) -> S {
        x.tan()
    }
}
