//! `relu`: the rectifier.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Operands, Sample, Term, operation};

operation! {
    /// # What
    /// `max(x, 0)`, element by element; NaN stays NaN.
    ///
    /// # Gradient
    /// `g` where the result is above 0, else 0; at the kink 0.
    ///
    /// # Why it holds
    /// Above 0 the slope is 1, below 0 it is 0. At 0 any number between is a subgradient; 0 is the
    /// usual choice.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(Tensor::scalar(-2.0f64));
    /// let [dx] = gradient(x.relu(), [x]);
    /// assert_eq!(dx.item()?, 0.0);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "relu" Relu {}
}

impl Elementwise for Relu {
    fn operands(&self) -> Operands {
        Operands::floats(1)
    }

    fn cost(&self) -> Cost {
        Cost::Cheap
    }

    fn vjp<'r>(&self, _: usize, _: &[Term<'r>], out: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        let zero = g.full_like(0.0);
        out.less_equal(zero).select(zero, g).into()
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, ..]: [S; 3]) -> S {
        x.less_equal(S::constant(0.0)).select(S::constant(0.0), x)
    }

    fn samples() -> Vec<Sample<Relu>> {
        Sample::unary(Relu {}, &[-2.0, -0.3, 0.4, 1.7])
    }
}
