//! `cosh`: the hyperbolic cosine.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Operands, Sample, Term, operation};

operation! {
    /// # What
    /// The hyperbolic cosine, element by element: `(e^x + e^-x) / 2`.
    ///
    /// # Gradient
    /// `g * sinh(x)`
    ///
    /// # Why it holds
    /// The derivative of `e^-x` is `-e^-x`.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(Tensor::scalar(0.0f64));
    /// let [dx] = gradient(x.cosh(), [x]);
    /// assert_eq!(dx.item()?, 0.0);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "cosh" Cosh {}
}

impl Elementwise for Cosh {
    fn operands(&self) -> Operands {
        Operands::floats(1)
    }

    fn cost(&self) -> Cost {
        Cost::Costly
    }

    fn vjp<'r>(&self, _: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        (g * x[0].sinh()).into()
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, ..]: [S; 3]) -> S {
        x.cosh()
    }

    fn samples() -> Vec<Sample<Cosh>> {
        Sample::unary(Cosh {}, &[-2.0, -0.3, 0.4, 1.7])
    }
}
