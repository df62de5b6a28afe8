//! `exp`: the exponential.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Operands, Sample, Term, operation};

operation! {
    /// # What
    /// `e^x`, element by element.
    ///
    /// # Gradient
    /// `g * out`
    ///
    /// # Why it holds
    /// The exponential is its own derivative, so the result is all that is needed.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(Tensor::scalar(0.0f64));
    /// let [dx] = gradient(x.exp(), [x]);
    /// assert_eq!(dx.item()?, 1.0);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "exp" Exp {}
}

impl Elementwise for Exp {
    fn operands(&self) -> Operands {
        Operands::floats(1)
    }

    fn cost(&self) -> Cost {
        Cost::Costly
    }

    fn vjp<'r>(&self, _: usize, _: &[Term<'r>], out: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        (g * out).into()
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, ..]: [S; 3]) -> S {
        x.exp()
    }

    fn samples() -> Vec<Sample<Exp>> {
        Sample::unary(Exp {}, &[-2.0, -0.3, 0.4, 1.7])
    }
}
