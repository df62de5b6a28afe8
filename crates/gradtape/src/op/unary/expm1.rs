//! `expm1`: the exponential less 1.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Operands, Sample, Term, operation};

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

impl Elementwise for Expm1 {
    fn operands(&self) -> Operands {
        Operands::floats(1)
    }

    fn cost(&self) -> Cost {
        Cost::Costly
    }

    fn vjp<'r>(&self, _: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        (g * x[0].exp()).into()
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, ..]: [S; 3]) -> S {
        x.expm1()
    }

    fn samples() -> Vec<Sample<Expm1>> {
        Sample::unary(Expm1 {}, &[-2.0, -0.3, 0.4, 1.7])
    }
}
