//! `reduce_precision`: numbers with no more digits than another type has.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Operands, Sample, Term, operation};
use crate::tensor::DType;

operation! {
    /// # What
    /// The nearest number that a floating-point type has, as the type of `x`: what a cast to that type and back gives.
    /// The planner computes numbers of 16 bits so, and stores none of them before the end.
    ///
    /// # Gradient
    /// `g`, as of the two casts.
    ///
    /// # Why it holds
    /// It is the identity up to rounding.
    ///
    /// # Example
    /// ```
    /// use gradtape::{DType, Tape, Tensor};
    /// let tape = Tape::new();
    /// let x = tape.constant(Tensor::from([0.1f32, 70000.0]));
    /// assert_eq!(x.reduce_precision(DType::F16).value()?.to_f64_vec(), [0.0999755859375, f64::INFINITY]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "reduce_precision" ReducePrecision {
        /// The type whose numbers there are.
        dtype: DType,
    }
}

impl Elementwise for ReducePrecision {
    fn operands(&self) -> Operands {
        Operands::floats(1)
    }

    fn cost(&self) -> Cost {
        match self.dtype {
            dtype if dtype.is_stored_only() => Cost::Rounded(dtype),
            _ => Cost::Cheap,
        }
    }

    fn vjp<'r>(&self, _: usize, _: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        g.into()
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, ..]: [S; 3]) -> S {
        x.rounded(self.dtype)
    }

    fn samples() -> Vec<Sample<ReducePrecision>> {
        let of = |dtype| Sample::unary(ReducePrecision { dtype }, &[-1.5, -0.25, 0.1, 0.5, 2.0]);
        let few = |dtype: &DType| dtype.is_float() && *dtype != DType::F64;
        let steps = DType::ALL.into_iter().filter(few).flat_map(of).collect();
        let mut samples =
            Sample::without_derivative(steps, "it is constant between two numbers of the type");
        samples.extend(of(DType::F64));
        samples
    }
}
