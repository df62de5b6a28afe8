//! `add`: the sum.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Exact, Operands, Sample, Term, operation};

operation! {
    /// # What
    /// `x + y`, element by element.
    ///
    /// # Gradient
    /// `g` to both.
    ///
    /// # Why it holds
    /// The function is linear in each operand with slope 1.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(Tensor::scalar(3.0f64));
    /// let y = tape.watch(Tensor::scalar(2.0f64));
    /// let [dx, dy] = gradient(x + y, [x, y]);
    /// assert_eq!((dx.item()?, dy.item()?), (1.0, 1.0));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "add" Add {}
}

impl Elementwise for Add {
    fn operands(&self) -> Operands {
        Operands::numbers(2)
    }

    fn cost(&self) -> Cost {
        Cost::Exact(Exact::Add)
    }

    fn vjp<'r>(&self, _: usize, _: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        g.into()
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, y, _]: [S; 3]) -> S {
        x + y
    }

    fn samples() -> Vec<Sample<Add>> {
        Sample::binary(Add {}, &[-1.5, 0.25, 0.5, 2.0], &[0.75, -1.25, 3.0, -0.5])
    }
}
