//! `sqrt`: the square root.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Exact, Operands, Sample, Term, operation};

operation! {
    /// # What
    /// The square root, element by element; NaN below 0.
    ///
    /// # Gradient
    /// `g * 0.5 / out`: infinite at 0.
    ///
    /// # Why it holds
    /// `out² = x`, so `2 out dout = dx`.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(Tensor::scalar(4.0f64));
    /// let [dx] = gradient(x.sqrt(), [x]);
    /// assert_eq!(dx.item()?, 0.25);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "sqrt" Sqrt {}
}

impl Elementwise for Sqrt {
    fn operands(&self) -> Operands {
        Operands::floats(1)
    }

    fn cost(&self) -> Cost {
        Cost::Exact(Exact::Sqrt)
    }

    fn vjp<'r>(&self, _: usize, _: &[Term<'r>], out: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        (g * 0.5 / out).into()
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, ..]: [S; 3]) -> S {
        x.sqrt()
    }

    fn samples() -> Vec<Sample<Sqrt>> {
        Sample::unary(Sqrt {}, &[0.2, 0.7, 1.4, 3.0])
    }
}
