//! `sinh`: the hyperbolic sine.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Operands, Sample, Term, operation};

operation! {
    /// # What
    /// The hyperbolic sine, element by element: `(e^x - e^-x) / 2`.
    ///
    /// # Gradient
    /// `g * cosh(x)`
    ///
    /// # Why it holds
    /// The second term changes its sign twice.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(Tensor::scalar(0.0f64));
    /// let [dx] = gradient(x.sinh(), [x]);
    /// assert_eq!(dx.item()?, 1.0);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "sinh" Sinh {}
}

impl Elementwise for Sinh {
    fn operands(&self) -> Operands {
        Operands::floats(1)
    }

    fn cost(&self) -> Cost {
        Cost::Costly
    }

    fn vjp<'r>(&self, _: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        (g * x[0].cosh()).into()
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, ..]: [S; 3]) -> S {
        x.sinh()
    }

    fn samples() -> Vec<Sample<Sinh>> {
        Sample::unary(Sinh {}, &[-2.0, -0.3, 0.4, 1.7])
    }
}
