//! `pow`: a number to a power.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Operands, Sample, Term, operation};

operation! {
    /// # What
    /// `x^y`, element by element, as IEEE 754 `pow`: `x^0` is 1 for every `x`, and a negative `x`
    /// to a power that is not an integer is NaN.
    ///
    /// # Gradient
    /// `g * y * x^(y-1)` to `x`, `g * out * log(x)` to `y`. At `0^0` the first is 0. The second is
    /// 0 where `x` is not above 0, so that integer exponents of negative numbers can be used.
    ///
    /// # Why it holds
    /// `x^y = e^(y log x)`, differentiated in `x` and in `y`.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(Tensor::scalar(2.0f64));
    /// let y = tape.watch(Tensor::scalar(3.0f64));
    /// let [dx, dy] = gradient(x.pow(y), [x, y]);
    /// assert_eq!((dx.item()?, dy.item()?), (12.0, 8.0 * 2f64.ln()));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "pow" Pow {}
}

impl Elementwise for Pow {
    fn operands(&self) -> Operands {
        Operands::floats(2)
    }

    fn cost(&self) -> Cost {
        Cost::Costly
    }

    fn vjp<'r>(&self, input: usize, x: &[Term<'r>], out: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        let (x, y) = (x[0], x[1]);
        let zero = x.full_like(0.0);
        if input == 0 {
            let corner = (x.abs() + y.abs()).equal(zero);
            let exponent = y - corner.select(zero, 1.0);
            return (g * (y * x.pow(exponent))).into();
        }
        // The logarithm never sees what select drops: its own gradient there would be NaN.
        let above = zero.less(x);
        (g * above.select(out * above.select(x, 1.0).log(), zero)).into()
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, y, _]: [S; 3]) -> S {
        x.pow(y)
    }

    fn samples() -> Vec<Sample<Pow>> {
        Sample::binary(Pow {}, &[0.5, 1.25, 2.0, 3.0], &[0.75, -1.25, 3.0, -0.5])
    }
}
