//! `concat`: several values one after another.

use crate::op::{
    Along, Broken, Cotangent, Examples, Form, Meaning, Meta, Numbers, NumbersMut, Operation,
    Sample, Term, operation, rules, with_type,
};
use crate::tensor::{Dims, Result};

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
            return Err(
                Broken::new("needs at least one operand").hint("give it at least one value")
            );
        };
        rules::size_along(self.axis, first)?;
        let mut dims = Dims::from_slice(&first.shape);
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
        rules::countable(Meta::new(first.dtype, dims))
    }

    fn form(&self) -> Form<'_> {
        Form::Joined(self)
    }

    fn vjp<'r>(&self, input: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        let size = |term: &Term<'r>| term.shape()[self.axis];
        let start: usize = x[..input].iter().map(size).sum();
        g.slice(self.axis as isize, start..start + size(&x[input])).into()
    }

    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
        all.together(Concat { axis: self.axis + 1 })
    }

    fn samples() -> Vec<Sample<Concat>> {
        let rows = Sample::shaped(Concat { axis: 0 }, &[&[2, 3], &[1, 3], &[0, 3], &[3, 3]]);
        let columns = Sample::shaped(Concat { axis: 1 }, &[&[2, 3], &[2, 1]]);
        rows.into_iter().chain(columns).collect()
    }
}

impl Meaning for Concat {
    fn run(&self, x: &[Numbers<'_>], out: NumbersMut<'_>) -> Result<()> {
        let whole = Along::new(out.shape(), self.axis);
        with_type!(out.dtype(), T => {
            let out = out.elements::<T>()?;
            let mut start = 0;
            for x in x {
                let part = whole.of(x.shape()[self.axis]);
                if part.count == 0 {
                    continue;
                }
                let end = start + part.block();
                let blocks = x.elements::<T>()?.chunks(part.block());
                let wholes = out.chunks_mut(whole.block()).zip(blocks);
                wholes.for_each(|(out, x)| out[start..end].copy_from_slice(x));
                start = end;
            }
        });
        Ok(())
    }

    fn moves(&self) -> bool {
        true
    }
}
