//! `less`: whether one number is below another.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Operands, Sample, Term, operation};
use crate::tensor::DType;

operation! {
    /// # What
    /// Whether `x < y`, element by element. False when either is NaN.
    ///
    /// # Gradient
    /// None: truth values have no gradient.
    ///
    /// # Why it holds
    /// The result is constant wherever it is continuous.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor};
    /// let tape = Tape::new();
    /// let x = tape.constant(Tensor::from_slice(&[1.0f32, 3.0], [2])?);
    /// assert_eq!(x.less(x.literal(2.0)).value()?.to_vec::<bool>()?, [true, false]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "less" Less {}
}

impl Elementwise for Less {
    fn operands(&self) -> Operands {
        Operands::numbers(2).giving(DType::Bool)
    }

    fn cost(&self) -> Cost {
        Cost::Cheap
    }

    fn vjp<'r>(&self, _: usize, _: &[Term<'r>], _: Term<'r>, _: Term<'r>) -> Cotangent<'r> {
        Cotangent::Zero("a comparison is constant wherever it is continuous")
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, y, _]: [S; 3]) -> S {
        x.less(y)
    }

    fn samples() -> Vec<Sample<Less>> {
        Sample::binary(Less {}, &[-1.5, 0.25, 0.5, 2.0], &[0.75, -1.25, 3.0, -0.5])
    }
}
