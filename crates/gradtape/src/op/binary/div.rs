//! `div`: the quotient.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Exact, Operands, Sample, Term, operation};

operation! {
    /// # What
    /// `x / y`, element by element. Whole numbers are divided towards 0, as in Rust; by 0 that is an
    /// error.
    ///
    /// # Gradient
    /// `g / y` to `x`, `-g * out / y` to `y`.
    ///
    /// # Why it holds
    /// The quotient rule; `x / y²` is `out / y`.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(Tensor::scalar(3.0f64));
    /// let y = tape.watch(Tensor::scalar(2.0f64));
    /// let [dx, dy] = gradient(x / y, [x, y]);
    /// assert_eq!((dx.item()?, dy.item()?), (0.5, -0.75));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "div" Div {}
}

impl Elementwise for Div {
    fn operands(&self) -> Operands {
        Operands::numbers(2)
    }

    fn cost(&self) -> Cost {
        Cost::Exact(Exact::Div)
    }

    fn vjp<'r>(&self, input: usize, x: &[Term<'r>], out: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        let y = x[1];
        match input {
            0 => (g / y).into(),
            _ => (-(g * out / y)).into(),
        }
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, y, _]: [S; 3]) -> S {
        x / y
    }

    fn samples() -> Vec<Sample<Div>> {
        Sample::binary(Div {}, &[-1.5, 0.25, 0.5, 2.0], &[0.75, -1.25, 3.0, -0.5])
    }
}
