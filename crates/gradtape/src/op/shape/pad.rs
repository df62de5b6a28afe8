//! `pad`: zeros around and between the elements of an axis.

use crate::op::{
    Along, Broken, Cotangent, Examples, Form, Meaning, Meta, Numbers, NumbersMut, Operation,
    Sample, Term, operation, rules, with_type,
};
use crate::tensor::{Dims, Result};

operation! {
    /// # What
    /// Element `i` along an axis goes to place `start + i * step` of an axis of `size` zeros.
    ///
    /// # Gradient
    /// `g` at the places that were filled: `slice`.
    ///
    /// # Why it holds
    /// Every element goes to one place and keeps its value; the zeros depend on nothing.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor};
    /// let tape = Tape::new();
    /// let x = tape.constant(Tensor::from_slice(&[1.0f32, 2.0], [2])?);
    /// assert_eq!(x.pad(0, 1, 2).value()?.to_vec::<f32>()?, [0.0, 1.0, 2.0, 0.0, 0.0]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "pad" Pad {
        /// The axis.
        axis: usize,
        /// The place of the first element.
        start: usize,
        /// How far apart the elements go; at least 1.
        step: usize,
        /// The size of the axis of the result.
        size: usize,
    }
}

impl Operation for Pad {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::arity(x, 1)?;
        let Pad { axis, start, step, size } = *self;
        let count = rules::size_along(axis, x[0])?;
        let last = count.saturating_sub(1).saturating_mul(step).saturating_add(start);
        if step == 0 || (count > 0 && last >= size) {
            let rule = format!(
                "{count} elements from place {start} on with step {step} do not fit an axis of {size}"
            );
            return Err(Broken::new(rule).hint(match step {
                0 => "steps are at least 1".to_owned(),
                _ => format!("they take {} places", last.saturating_add(1)),
            }));
        }
        let mut dims = Dims::from_slice(&x[0].shape);
        dims[axis] = size;
        rules::countable(Meta::new(x[0].dtype, dims))
    }

    fn form(&self) -> Form<'_> {
        Form::Spread(self)
    }

    fn vjp<'r>(&self, _: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        let count = x[0].shape()[self.axis];
        let stop = if count == 0 { self.start } else { self.start + (count - 1) * self.step + 1 };
        match count {
            0 => g.slice_step(self.axis as isize, 0, 0, 1).into(),
            _ => g.slice_step(self.axis as isize, self.start, stop, self.step).into(),
        }
    }

    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
        all.together(Pad { axis: self.axis + 1, ..self.clone() })
    }

    fn samples() -> Vec<Sample<Pad>> {
        [(0, 1, 1, 4), (1, 0, 2, 5), (1, 2, 1, 5), (0, 0, 1, 2)]
            .into_iter()
            .map(|(axis, start, step, size)| Pad { axis, start, step, size })
            .flat_map(|op| Sample::shaped(op, &[&[2, 3]]))
            .collect()
    }
}

impl Meaning for Pad {
    fn run(&self, x: &[Numbers<'_>], out: NumbersMut<'_>) -> Result<()> {
        let &Pad { axis, start, step, size } = self;
        let from = Along::new(x[0].shape(), axis);
        let to = from.of(size);
        with_type!(out.dtype(), T => {
            let (x, out) = (x[0].elements::<T>()?, out.elements::<T>()?);
            if x.is_empty() {
                out.fill(T::default());
            }
            for (x, out) in x.chunks(from.block()).zip(out.chunks_mut(to.block())) {
                let end = from.count.saturating_mul(step).saturating_add(start).min(size);
                let (before, rest) = out.split_at_mut(start * to.inner);
                let (filled, after) = rest.split_at_mut((end - start) * to.inner);
                before.fill(T::default());
                after.fill(T::default());
                if step == 1 {
                    filled.copy_from_slice(x);
                    continue;
                }
                let apart = filled.chunks_mut(step.saturating_mul(to.inner));
                for (x, out) in x.chunks(to.inner).zip(apart) {
                    let (own, zeros) = out.split_at_mut(to.inner);
                    own.copy_from_slice(x);
                    zeros.fill(T::default());
                }
            }
        });
        Ok(())
    }
}
