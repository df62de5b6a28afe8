//! `sub`: the difference.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Exact, Operands, Sample, Term, operation};

operation! {
    /// # What
    /// `x - y`, element by element.
    ///
    /// # Gradient
    /// `g` to `x`, `-g` to `y`.
    ///
    /// # Why it holds
    /// The function is linear with slopes 1 and -1.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(Tensor::scalar(3.0f64));
    /// let y = tape.watch(Tensor::scalar(2.0f64));
    /// let [dx, dy] = gradient(x - y, [x, y]);
    /// assert_eq!((dx.item()?, dy.item()?), (1.0, -1.0));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "sub" Sub {}
}

impl Elementwise for Sub {
    fn operands(&self) -> Operands {
        Operands::numbers(2)
    }

    fn cost(&self) -> Cost {
        Cost::Exact(Exact::Sub)
    }

    fn vjp<'r>(&self, input: usize, _: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        match input {
            0 => g.into(),
            _ => (-g).into(),
        }
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, y, _]: [S; 3]) -> S {
        x - y
    }

    fn samples() -> Vec<Sample<Sub>> {
        Sample::binary(Sub {}, &[-1.5, 0.25, 0.5, 2.0], &[0.75, -1.25, 3.0, -0.5])
    }
}
