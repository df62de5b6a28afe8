//! `less_equal`: whether one number is at most another.

use crate::op::scalar::Scalar;
use crate::op::{
    Broken, Cost, Cotangent, Elementwise, Form, Meta, Operation, Sample, Term, operation, rules,
};
use crate::tensor::{DType, Result};

operation! {
    /// # What
    /// Whether `x <= y`, element by element. False when either is NaN.
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
    /// let x = tape.constant(Tensor::from_slice(&[1.0f32, 2.0, 3.0], [3])?);
    /// assert_eq!(x.less_equal(x.literal(2.0)).value()?.to_vec::<bool>()?, [true, true, false]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "less_equal" LessEqual {}
}

impl Operation for LessEqual {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        Ok(rules::numeric_binary(x)?.with_dtype(DType::Bool))
    }

    fn form(&self) -> Form<'_> {
        Form::Formula(Cost::Cheap)
    }

    fn vjp<'r>(&self, _: usize, _: &[Term<'r>], _: Term<'r>, _: Term<'r>) -> Cotangent<'r> {
        Cotangent::Zero("a comparison is constant wherever it is continuous")
    }

    fn samples() -> Vec<Sample<LessEqual>> {
        Sample::binary(LessEqual {}, &[-1.5, 0.25, 0.5, 2.0], &[0.75, -1.25, 0.5, -0.5])
    }
}

impl Elementwise for LessEqual {
    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, y, _]: [S; 3]) -> S {
        x.less_equal(y)
    }
}
