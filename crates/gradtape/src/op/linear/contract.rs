//! `contract`: sums of products, of which the matrix product is one.

use crate::op::{
    Broken, Cotangent, Examples, Form, Meaning, Meta, Numbers, NumbersMut, Operation, Sample, Term,
    operation, rules, with_number,
};
use crate::tensor::{Dims, Element, Result, Shape};

/// What mends axes that do not fit.
const BY_NAME: &str = "name the axes with einsum(), as in \"bij,bjk->bik\"";

operation! {
    /// # What
    /// `out[b, r, c] = Σ_s x[b, r, s] y[b, s, c]`, where `b`, `r`, `s` and `c` are groups of any number of
    /// axes: the batch axes come first in both operands, the summed ones last in `x` and after the batch in
    /// `y`; all others are rows of `x` and columns of `y`. With one axis in each of the last three it is the
    /// matrix product. Sums are accumulated in blocks, always in the same order.
    ///
    /// # Gradient
    /// `Σ_c g[b, r, c] y[b, s, c]` to `x`, `Σ_r x[b, r, s] g[b, r, c]` to `y`.
    ///
    /// # Why it holds
    /// The element `x[b, r, s]` enters row `r` of the result with the factors `y[b, s, c]`.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor};
    /// let tape = Tape::new();
    /// let x = tape.constant(Tensor::from_slice(&[1.0f32, 2.0], [1, 2])?);
    /// let y = tape.constant(Tensor::from_slice(&[3.0f32, 4.0], [2, 1])?);
    /// assert_eq!(x.matmul(y).item()?, 11.0);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "contract" Contract {
        /// How many axes are batch axes.
        batch: usize,
        /// How many axes are summed over.
        summed: usize,
    }
}

/// The sizes of the axes of a contraction, by group.
#[derive(Default)]
pub(crate) struct Groups {
    pub(crate) batch: Dims,
    pub(crate) rows: Dims,
    pub(crate) columns: Dims,
    pub(crate) summed: Dims,
}

impl Contract {
    /// The groups of operands that fit.
    pub(crate) fn groups(&self, x: &Shape, y: &Shape) -> Groups {
        let (batch, own) = x.split_at(self.batch);
        let (rows, summed) = own.split_at(own.len() - self.summed);
        let columns = &y[self.batch + self.summed..];
        let [batch, rows, columns, summed] = [batch, rows, columns, summed].map(Dims::from_slice);
        Groups { batch, rows, columns, summed }
    }
}

impl Operation for Contract {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::arity(x, 2)?;
        super::factors(x[0], x[1])?;
        let (a, b) = (&x[0].shape, &x[1].shape);
        let &Contract { batch, summed } = self;
        let needed = batch.saturating_add(summed);
        if a.rank() < needed || b.rank() < needed {
            let rule = format!(
                "{batch} batch axes and {summed} summed ones are more than {a} and {b} have"
            );
            return Err(Broken::new(rule).hint(BY_NAME));
        }
        if a[..batch] != b[..batch] {
            let rule = format!("batch axes differ: {:?} and {:?}", &a[..batch], &b[..batch]);
            return Err(Broken::new(rule).hint(BY_NAME));
        }
        let (left, right) = (&a[a.rank() - summed..], &b[batch..needed]);
        if left != right {
            let rule = format!("summed axes differ: {left:?} last in {a} and {right:?} in {b}");
            return Err(Broken::new(rule).hint(BY_NAME));
        }
        let mut dims = Dims::from_slice(&a[..a.rank() - summed]);
        dims.extend_from_slice(&b[needed..]);
        rules::countable(Meta::new(x[0].dtype, dims))
    }

    fn form(&self) -> Form<'_> {
        Form::Contraction(self)
    }

    fn vjp<'r>(&self, input: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        let &Contract { batch, summed } = self;
        let rows = x[0].shape().rank() - batch - summed;
        let columns = x[1].shape().rank() - batch - summed;
        match input {
            0 => g.contract(x[1].swap_groups(batch, summed), batch, columns).into(),
            _ => x[0].swap_groups(batch, rows).contract(g, batch, rows).into(),
        }
    }

    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
        let &Contract { batch, summed } = self;
        let inputs = |x, y| all.record(self.clone(), &[x, y]);
        let (x, y) = (all.input(0), all.input(1));
        match (all.is_batched(0), all.is_batched(1)) {
            (true, false) => inputs(x.move_axis(0, batch as isize), y).move_axis(batch as isize, 0),
            (false, true) => {
                let rows = all.shape(0).rank() - summed;
                inputs(x, y.move_axis(0, (batch + summed) as isize)).move_axis(rows as isize, 0)
            }
            _ => all.together(Contract { batch: batch + 1, summed }),
        }
    }

    fn samples() -> Vec<Sample<Contract>> {
        let shapes: [(usize, usize, &[&[usize]]); 7] = [
            (0, 1, &[&[2, 3], &[3, 4]]),
            (1, 1, &[&[2, 2, 3], &[2, 3, 2]]),
            (0, 1, &[&[2, 2, 3], &[3, 2]]),
            (1, 2, &[&[2, 3, 2, 3], &[2, 2, 3, 2, 2]]),
            (0, 0, &[&[3], &[2]]),
            (0, 1, &[&[3], &[3]]),
            (2, 0, &[&[2, 3], &[2, 3]]),
        ];
        let sample = |(batch, summed, shapes)| Sample::shaped(Contract { batch, summed }, shapes);
        shapes.into_iter().flat_map(sample).collect()
    }
}

impl Meaning for Contract {
    fn run(&self, x: &[Numbers<'_>], out: NumbersMut<'_>) -> Result<()> {
        let (left, right) = (x[0].shape(), x[1].shape());
        let count = |sizes: &[usize]| sizes.iter().product::<usize>();
        let rows = &left[self.batch..left.rank() - self.summed];
        let (m, k) = (count(rows), count(&left[left.rank() - self.summed..]));
        let n = count(&right[self.batch + self.summed..]);
        with_number!(out.dtype(), T => {
            let (a, b) = (x[0].elements::<T>()?, x[1].elements::<T>()?);
            for (i, out) in out.elements::<T>()?.iter_mut().enumerate() {
                let (row, column, batch) = (i / n, i % n, i / n / m);
                let term = |l: usize| a[row * k + l].to_f64() * b[(batch * k + l) * n + column].to_f64();
                // Not `sum`, which gives -0 for nothing.
                *out = T::from_f64((0..k).map(term).fold(0.0, |sum, term| sum + term));
            }
        });
        Ok(())
    }
}
