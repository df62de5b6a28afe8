//! `expm1`: the exponential less 1.

use crate::op::scalar::Scalar;
use crate::op::{
    Broken, Cost, Cotangent, Elementwise, Form, Meta, Operation, Sample, Term, operation, rules,
};
use crate::tensor::Result;

operation! {
    /// # What
    /// `e^x - 1`, element by element, also accurate where `x` is near 0 and the subtraction would
    /// cancel.
    ///
    /// # Gradient
    /// `g * e^x`
    ///
    /// # Why it holds
    /// The 1 has no derivative. The result plus 1 is the same, but far below 0 rounding leaves nothing of
    /// it.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(Tensor::scalar(0.0f64));
    /// let [dx] = gradient(x.expm1(), [x]);
    /// assert_eq!(dx.item()?, 1.0);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "expm1" Expm1 {}
}

impl Operation for Expm1 {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::float_unary(x)
    }

    fn form(&self) -> Form<'_> {
        Form::Formula(Cost::Costly)
    }

    fn vjp<'r>(&self, _: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        (g * x[0].exp()).into()
    }

    fn samples() -> Vec<Sample<Expm1>> {
        Sample::unary(Expm1 {}, &[-2.0, -0.3, 0.4, 1.7])
    }
}

impl Elementwise for Expm1 {
    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, ..]: [S; 3]) -> S {
        x.expm1()
    }
}
