//! `slice`: a part of an axis.

use crate::op::{
    Broken, Cotangent, Examples, Form, Meta, Operation, PlaceAlong, Places, Sample, Term, View,
    operation, rules,
};
use crate::tensor::{Dims, Result, Shape};

operation! {
    /// # What
    /// Elements `start`, `start + step`, … before `stop` along an axis.
    ///
    /// # Gradient
    /// `g` at the places that were taken, 0 at the others: `pad`.
    ///
    /// # Why it holds
    /// What was taken keeps its value; the rest has no effect.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(Tensor::from_slice(&[1.0f64, 2.0, 3.0], [3])?);
    /// let [dx] = gradient(x.slice(0, 1..).sum(()), [x]);
    /// assert_eq!(dx.value()?.to_vec::<f64>()?, [0.0, 1.0, 1.0]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "slice" Slice {
        /// The axis.
        axis: usize,
        /// The first place that is taken.
        start: usize,
        /// The place before which it ends.
        stop: usize,
        /// How far apart the places are; at least 1.
        step: usize,
    }
}

impl Operation for Slice {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::arity(x, 1)?;
        let Slice { axis, start, stop, step } = *self;
        let size = rules::size_along(axis, x[0])?;
        if step == 0 || start > stop || stop > size {
            let rule = format!("{start}..{stop} step {step} is no part of axis {axis} of {}", x[0]);
            let hint = format!("start <= stop <= {size} and a step of at least 1 are needed");
            return Err(Broken::new(rule).hint(hint));
        }
        let mut dims = Dims::from_slice(&x[0].shape);
        dims[axis] = (stop - start).div_ceil(step);
        Ok(Meta::new(x[0].dtype, dims))
    }

    fn form(&self) -> Form<'_> {
        Form::View(self)
    }

    fn vjp<'r>(&self, _: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        g.spread(self.axis, self.start, self.step, x[0].shape()[self.axis]).into()
    }

    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
        all.together(Slice { axis: self.axis + 1, ..self.clone() })
    }

    fn samples() -> Vec<Sample<Slice>> {
        [(0, 1, 3, 1), (1, 0, 5, 2), (1, 1, 5, 3), (0, 2, 2, 1)]
            .into_iter()
            .map(|(axis, start, stop, step)| Slice { axis, start, stop, step })
            .flat_map(|op| Sample::shaped(op, &[&[4, 5]]))
            .collect()
    }
}

impl View for Slice {
    fn places(&self, from: &Shape, _: &Shape) -> Option<Places> {
        let mut places: Places = (0..from.rank()).map(PlaceAlong::axis).collect();
        let PlaceAlong { start, steps } = &mut places[self.axis];
        *start = self.start;
        steps[0].1 = self.step as isize;
        Some(places)
    }
}
