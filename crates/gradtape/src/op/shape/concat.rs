//! `concat`: several values one after another.

use crate::op::{Broken, Cotangent, Form, Meta, Operation, Sample, Term, operation};
use crate::tensor::{Dims, Result, Tensor};

operation! {
    /// # What
    /// The inputs one after another along an axis; all other axes have equal sizes.
    ///
    /// # Gradient
    /// To each input its part of `g`.
    ///
    /// # Why it holds
    /// Every element goes to one place and keeps its value.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor};
    /// let tape = Tape::new();
    /// let x = tape.constant(Tensor::from_slice(&[1.0f32, 2.0], [2])?);
    /// let y = tape.constant(Tensor::from_slice(&[3.0f32], [1])?);
    /// assert_eq!(tape.concat(&[x, y], 0).value()?.to_vec::<f32>()?, [1.0, 2.0, 3.0]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "concat" Concat {
        /// The axis.
        axis: usize,
    }
}

impl Operation for Concat {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        let Some((first, others)) = x.split_first() else {
            return Err(Broken::new("needs at least one operand"));
        };
        let mut dims = Dims::from_slice(&first.shape);
        if self.axis >= dims.len() {
            return Err(Broken::new(format!("axis {} is not one of {first}", self.axis)));
        }
        for (i, other) in others.iter().enumerate() {
            let differs = |&axis: &usize| axis != self.axis && other.shape[axis] != dims[axis];
            let problem = if other.dtype != first.dtype {
                "element types differ".to_string()
            } else if other.shape.rank() != first.shape.rank() {
                "numbers of axes differ".to_string()
            } else if let Some(axis) = (0..dims.len()).find(differs) {
                format!("sizes along axis {axis} differ")
            } else {
                dims[self.axis] = dims[self.axis].saturating_add(other.shape[self.axis]);
                continue;
            };
            let rule = format!(
                "along axis {}: {problem}: operand 0 is {first}, operand {} is {other}",
                self.axis,
                i + 1
            );
            return Err(Broken::new(rule).hint("only the axis that is joined may differ"));
        }
        crate::op::rules::countable(Meta::new(first.dtype, dims))
    }

    fn form(&self) -> Form<'_> {
        Form::Own { can_fail: false }
    }

    fn vjp<'r>(&self, input: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        let size = |term: &Term<'r>| term.shape()[self.axis];
        let start: usize = x[..input].iter().map(size).sum();
        g.slice(self.axis as isize, start..start + size(&x[input])).into()
    }

    fn eval(&self, x: &[Tensor], _: &Meta) -> Result<Tensor> {
        Tensor::concat(x, self.axis as isize)
    }

    fn samples() -> Vec<Sample<Concat>> {
        let rows = Sample::shaped(Concat { axis: 0 }, &[&[2, 3], &[1, 3], &[0, 3], &[3, 3]]);
        let columns = Sample::shaped(Concat { axis: 1 }, &[&[2, 3], &[2, 1]]);
        rows.into_iter().chain(columns).collect()
    }
}
