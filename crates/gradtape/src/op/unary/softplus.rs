//! `softplus`: the smooth relu.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Operands, Sample, Term, operation};

operation! {
    /// # What
    /// `log(1 + e^x)`, element by element, as `max(x, 0) + log1p(e^-|x|)`, which neither overflows
    /// nor loses small numbers.
    ///
    /// # Gradient
    /// `g * sigmoid(x)`
    ///
    /// # Why it holds
    /// The chain rule gives `e^x / (1 + e^x)`.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(Tensor::scalar(0.0f64));
    /// let [dx] = gradient(x.softplus(), [x]);
    /// assert_eq!(dx.item()?, 0.5);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "softplus" Softplus {}
}

impl Elementwise for Softplus {
    fn operands(&self) -> Operands {
        Operands::floats(1)
    }

    fn cost(&self) -> Cost {
        Cost::Costly
    }

    fn vjp<'r>(&self, _: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        (g * x[0].sigmoid()).into()
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, ..]: [S; 3]) -> S {
        x.less_equal(S::constant(0.0)).select(S::constant(0.0), x) + (-x.abs()).exp().log1p()
    }

    fn samples() -> Vec<Sample<Softplus>> {
        Sample::unary(Softplus {}, &[-2.0, -0.3, 0.4, 1.7])
    }
}
