//! `trunc`: the integer part.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Operands, Sample, Term, operation};

operation! {
    /// # What
    /// The integer part, towards 0, element by element; what is not finite stays. Whole numbers stay as
    /// they are.
    ///
    /// # Gradient
    /// 0
    ///
    /// # Why it holds
    /// The result is constant wherever it is continuous.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(-2.7);
    /// let [dx] = gradient(x.trunc(), [x]);
    /// assert_eq!((x.trunc().item()?, dx.item()?), (-2.0, 0.0));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "trunc" Trunc {}
}

impl Elementwise for Trunc {
    fn operands(&self) -> Operands {
        Operands::numbers(1)
    }

    fn cost(&self) -> Cost {
        Cost::Costly
    }

    fn vjp<'r>(&self, _: usize, _: &[Term<'r>], _: Term<'r>, _: Term<'r>) -> Cotangent<'r> {
        Cotangent::Zero("the integer part is constant wherever it is continuous")
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, ..]: [S; 3]) -> S {
        x.trunc()
    }

    fn samples() -> Vec<Sample<Trunc>> {
        Sample::unary(Trunc {}, &[-2.6, -0.3, 0.4, 1.7])
    }
}
