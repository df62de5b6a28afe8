//! `mul`: the product.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Exact, Operands, Sample, Term, operation};

operation! {
    /// # What
    /// `x * y`, element by element.
    ///
    /// # Gradient
    /// `g * y` to `x`, `g * x` to `y`.
    ///
    /// # Why it holds
    /// The product rule: with one factor fixed, the function is linear in the other.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(Tensor::scalar(3.0f64));
    /// let y = tape.watch(Tensor::scalar(2.0f64));
    /// let [dx, dy] = gradient(x * y, [x, y]);
    /// assert_eq!((dx.item()?, dy.item()?), (2.0, 3.0));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "mul" Mul {}
}

impl Elementwise for Mul {
    fn operands(&self) -> Operands {
        Operands::numbers(2)
    }

    fn cost(&self) -> Cost {
        Cost::Exact(Exact::Mul)
    }

    fn vjp<'r>(&self, input: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        let (x, y) = (x[0], x[1]);
        match input {
            0 => (g * y).into(),
            _ => (g * x).into(),
        }
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, y, _]: [S; 3]) -> S {
        x * y
    }

    fn samples() -> Vec<Sample<Mul>> {
        Sample::binary(Mul {}, &[-1.5, 0.25, 0.5, 2.0], &[0.75, -1.25, 3.0, -0.5])
    }
}
