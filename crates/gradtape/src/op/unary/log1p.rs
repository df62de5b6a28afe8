//! `log1p`: the logarithm of 1 plus a number.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Operands, Sample, Term, operation};

operation! {
    /// # What
    /// `log(1 + x)`, element by element, also accurate where `x` is near 0 and the sum would lose
    /// it.
    ///
    /// # Gradient
    /// `g / (1 + x)`
    ///
    /// # Why it holds
    /// The chain rule: the inner function has slope 1.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(Tensor::scalar(1.0f64));
    /// let [dx] = gradient(x.log1p(), [x]);
    /// assert_eq!(dx.item()?, 0.5);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "log1p" Log1p {}
}

impl Elementwise for Log1p {
    fn operands(&self) -> Operands {
        Operands::floats(1)
    }

    fn cost(&self) -> Cost {
        Cost::Costly
    }

    fn vjp<'r>(&self, _: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        (g / (1.0 + x[0])).into()
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, ..]: [S; 3]) -> S {
        x.log1p()
    }

    fn samples() -> Vec<Sample<Log1p>> {
        Sample::unary(Log1p {}, &[-0.6, -0.1, 0.4, 3.0])
    }
}
