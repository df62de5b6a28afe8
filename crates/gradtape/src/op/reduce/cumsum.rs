//! `cumsum`: the running sum.

use crate::op::{
    Along, Arithmetic, Broken, Cotangent, Examples, Form, Meaning, Meta, Numbers, NumbersMut,
    Operation, Sample, Term, operation, rules, with_number,
};
use crate::tensor::Result;

operation! {
    /// # What
    /// The sum of each element and all before it along an axis; of all after it when `reverse`.
    ///
    /// # Gradient
    /// The running sum of `g` from the other end.
    ///
    /// # Why it holds
    /// An element enters its own sum and every later one, each with factor 1.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor};
    /// let tape = Tape::new();
    /// let x = tape.constant(Tensor::from_slice(&[1.0f32, 2.0, 3.0], [3])?);
    /// assert_eq!(x.cumsum(0).value()?.to_vec::<f32>()?, [1.0, 3.0, 6.0]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "cumsum" CumSum {
        /// The axis.
        axis: usize,
        /// Whether it runs from the end.
        reverse: bool,
    }
}

impl Operation for CumSum {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::arity(x, 1)?;
        rules::numeric(x[0])?;
        rules::size_along(self.axis, x[0])?;
        Ok(x[0].clone())
    }

    fn form(&self) -> Form<'_> {
        Form::Own { can_fail: false, meaning: self }
    }

    fn vjp<'r>(&self, _: usize, _: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        g.running_sum(self.axis, !self.reverse).into()
    }

    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
        all.together(CumSum { axis: self.axis + 1, ..self.clone() })
    }

    fn samples() -> Vec<Sample<CumSum>> {
        [(0, false), (1, false), (1, true)]
            .into_iter()
            .flat_map(|(axis, reverse)| Sample::shaped(CumSum { axis, reverse }, &[&[3, 4, 2]]))
            .collect()
    }
}

impl Meaning for CumSum {
    fn run(&self, x: &[Numbers<'_>], out: NumbersMut<'_>) -> Result<()> {
        let along = Along::new(out.shape(), self.axis);
        with_number!(out.dtype(), T => {
            let (x, out) = (x[0].elements::<T>()?, out.elements::<T>()?);
            for (x, out) in x.chunks(along.block()).zip(out.chunks_mut(along.block())) {
                match along.inner {
                    1 => self.add_up(x, out),
                    inner => self.add_up_rows(x, inner, out),
                }
            }
        });
        Ok(())
    }
}

impl CumSum {
    fn add_up<T: Arithmetic>(&self, x: &[T], out: &mut [T]) {
        let mut pairs = out.iter_mut().zip(x);
        let first = if self.reverse { pairs.next_back() } else { pairs.next() };
        // No 0 is added to the first, which may be -0.
        let Some((out, &first)) = first else { return };
        *out = first;
        let mut sum = first;
        let add = |(out, &x): (&mut T, &T)| {
            sum = sum.plus(x);
            *out = sum;
        };
        if self.reverse { pairs.rev().for_each(add) } else { pairs.for_each(add) }
    }

    /// The same of rows of `inner` elements.
    fn add_up_rows<T: Arithmetic>(&self, x: &[T], inner: usize, out: &mut [T]) {
        out.copy_from_slice(x);
        for end in (inner..out.len()).step_by(inner) {
            let (sums, next) = match self.reverse {
                true => {
                    let (next, sums) = out.split_at_mut(x.len() - end);
                    (&sums[..inner], &mut next[x.len() - end - inner..])
                }
                false => {
                    let (sums, next) = out.split_at_mut(end);
                    (&sums[end - inner..], &mut next[..inner])
                }
            };
            next.iter_mut().zip(sums).for_each(|(next, &sum)| *next = sum.plus(*next));
        }
    }
}
