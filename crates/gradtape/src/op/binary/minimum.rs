//! `minimum`: the smaller of two numbers.

use crate::op::binary::taken_vjp;
use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Operands, Sample, Term, operation};

operation! {
    /// # What
    /// The smaller of `x` and `y`, element by element; NaN if either is NaN.
    ///
    /// # Gradient
    /// `g` to the smaller one, 0 to the other; at a tie `g / 2` to each.
    ///
    /// # Why it holds
    /// Where one is smaller, the result moves with it alone. At a tie the halves are a subgradient
    /// that treats both alike.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(Tensor::scalar(3.0f64));
    /// let y = tape.watch(Tensor::scalar(3.0f64));
    /// let [dx, dy] = gradient(x.minimum(y), [x, y]);
    /// assert_eq!((dx.item()?, dy.item()?), (0.5, 0.5));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "minimum" Minimum {}
}

impl Elementwise for Minimum {
    fn operands(&self) -> Operands {
        Operands::numbers(2)
    }

    fn cost(&self) -> Cost {
        Cost::Costly
    }

    fn vjp<'r>(&self, input: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        let (this, other) = (x[input], x[1 - input.min(1)]);
        taken_vjp(this, other, this.less(other), g).into()
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, y, _]: [S; 3]) -> S {
        y.less(x).select(y, y.equal(y).select(x, y))
    }

    fn samples() -> Vec<Sample<Minimum>> {
        Sample::binary(Minimum {}, &[-1.5, 0.25, 0.5, 2.0], &[0.75, -1.25, 3.0, -0.5])
    }
}
