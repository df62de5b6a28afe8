//! `sign`: the sign.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Operands, Sample, Term, operation};

operation! {
    /// # What
    /// 1 above 0, -1 below, 0 at 0 (and -0 at -0), element by element; NaN stays NaN.
    ///
    /// # Gradient
    /// 0
    ///
    /// # Why it holds
    /// The result is constant wherever it is continuous.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(Tensor::scalar(-2.0f64));
    /// let [dx] = gradient(x.sign(), [x]);
    /// assert_eq!(dx.item()?, 0.0);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "sign" Sign {}
}

impl Elementwise for Sign {
    fn operands(&self) -> Operands {
        Operands::floats(1)
    }

    fn cost(&self) -> Cost {
        Cost::Costly
    }

    fn vjp<'r>(&self, _: usize, _: &[Term<'r>], _: Term<'r>, _: Term<'r>) -> Cotangent<'r> {
        Cotangent::Zero("the sign is constant wherever it is continuous")
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, ..]: [S; 3]) -> S {
        let below = x.less(S::constant(0.0)).select(S::constant(-1.0), x);
        S::constant(0.0).less(x).select(S::constant(1.0), below)
    }

    fn samples() -> Vec<Sample<Sign>> {
        Sample::unary(Sign {}, &[-2.0, -0.3, 0.4, 1.7])
    }
}
