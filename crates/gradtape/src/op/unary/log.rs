//! `log`: the natural logarithm.

use crate::op::scalar::Scalar;
use crate::op::{
    Broken, Cost, Cotangent, Elementwise, Form, Meta, Operation, Sample, Term, operation, rules,
};
use crate::tensor::Result;

operation! {
    /// # What
    /// The natural logarithm, element by element: -inf at 0, NaN below.
    ///
    /// # Gradient
    /// `g / x`
    ///
    /// # Why it holds
    /// The inverse of the exponential has the inverse slope: `1 / e^(log x)`.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(Tensor::scalar(4.0f64));
    /// let [dx] = gradient(x.log(), [x]);
    /// assert_eq!(dx.item()?, 0.25);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "log" Log {}
}

impl Operation for Log {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::float_unary(x)
    }

    fn form(&self) -> Form<'_> {
        Form::Formula(Cost::Costly)
    }

    fn vjp<'r>(&self, _: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        (g / x[0]).into()
    }

    fn samples() -> Vec<Sample<Log>> {
        Sample::unary(Log {}, &[0.2, 0.7, 1.4, 3.0])
    }
}

impl Elementwise for Log {
    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, ..]: [S; 3]) -> S {
        x.log()
    }
}
