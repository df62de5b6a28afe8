//! `cast`: the same numbers as another element type.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Operands, Sample, Term, operation};
use crate::tensor::DType;

operation! {
    /// # What
    /// The same numbers as another element type, rounded to it; what is too large for a float is infinite.
    /// A float becomes an integer by dropping its fraction (NaN becomes 0, what is out of range the nearest
    /// integer there is), and true unless it is 0.
    ///
    /// # Gradient
    /// `g` as the type of `x` between floats. None through integers and truth values.
    ///
    /// # Why it holds
    /// Between floats it is the identity up to rounding; integers are constant wherever they are
    /// continuous.
    ///
    /// # Example
    /// ```
    /// use gradtape::{DType, Tape, Tensor};
    /// let tape = Tape::new();
    /// let x = tape.constant(Tensor::from_slice(&[1.75f32, -1.75], [2])?);
    /// assert_eq!(x.cast(DType::I64).value()?.to_vec::<i64>()?, [1, -1]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "cast" Cast {
        /// The element type of the result.
        dtype: DType,
    }
}

impl Elementwise for Cast {
    fn operands(&self) -> Operands {
        Operands::anything(1).giving(self.dtype)
    }

    fn cost(&self) -> Cost {
        match self.dtype {
            dtype if dtype.is_stored_only() => Cost::Rounded(dtype),
            dtype if dtype.is_float() => Cost::Copy,
            _ => Cost::Cheap,
        }
    }

    fn vjp<'r>(&self, _: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        if self.dtype.is_float() {
            return g.cast(x[0].dtype()).into();
        }
        Cotangent::Zero("an integer or a truth value is constant wherever it is continuous")
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, ..]: [S; 3]) -> S {
        match self.dtype {
            DType::I64 => x.trunc(),
            DType::Bool => x.equal(S::constant(0.0)).select(S::constant(0.0), S::constant(1.0)),
            dtype => x.rounded(dtype),
        }
    }

    fn samples() -> Vec<Sample<Cast>> {
        DType::ALL
            .into_iter()
            .flat_map(|dtype| Sample::unary(Cast { dtype }, &[-1.5, -0.25, 0.0, 0.5, 2.0]))
            .collect()
    }
}
