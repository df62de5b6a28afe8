//! `searchsorted`: where values can be put into sorted rows.

use std::cmp::Ordering;

use crate::op::index::order;
use crate::op::{
    Broken, Cotangent, Examples, Form, Meaning, Meta, Numbers, NumbersMut, Operation, Sample, Term,
    operation, rules, with_computed,
};
use crate::tensor::{DType, Result, Tensor};

operation! {
    /// # What
    /// For each of the values how many elements of a sorted row are less, or less or equal when `right`, as
    /// i64: the place at which it can be put in. The rows lie along the last axis of the first input; the
    /// values, the second, have the same axes before it. NaN counts as greater than everything. Of rows that
    /// are not sorted the result is one of the places between 0 and their length.
    ///
    /// # Gradient
    /// None: places have no gradient.
    ///
    /// # Why it holds
    /// The result is constant wherever it is continuous.
    ///
    /// # Example
    /// ```
    /// use gradtape::Tape;
    /// let tape = Tape::new();
    /// let (edges, x) = (tape.constant([0.0, 1.0]), tape.constant([[-1.0, 0.5], [1.0, 2.0]]));
    /// assert_eq!(edges.searchsorted(x).value()?.to_vec::<i64>()?, [0, 1, 1, 2]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "searchsorted" SearchSorted {
        /// Whether equal elements count too.
        right: bool,
    }
}

impl Operation for SearchSorted {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::arity(x, 2)?;
        let (sorted, values) = (x[0], x[1]);
        if sorted.dtype != values.dtype {
            let rule = format!("element types differ: {} and {}", sorted.dtype, values.dtype);
            return Err(Broken::new(rule).hint(rules::cast_hint(sorted.dtype, values.dtype)));
        }
        match (sorted.shape.split_last(), values.shape.split_last()) {
            (Some((_, rows)), Some((_, of_values))) if rows == of_values => {
                Ok(values.with_dtype(DType::I64))
            }
            _ => {
                let rule = format!("the sorted rows are {sorted}, the values {values}");
                let hint =
                    "one sorted row serves all values; else all axes but the last are the same";
                Err(Broken::new(rule).hint(hint))
            }
        }
    }

    fn form(&self) -> Form<'_> {
        Form::Own { can_fail: false, meaning: self }
    }

    fn vjp<'r>(&self, _: usize, _: &[Term<'r>], _: Term<'r>, _: Term<'r>) -> Cotangent<'r> {
        Cotangent::Zero("a place is constant wherever it is continuous")
    }

    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
        all.together(self.clone())
    }

    fn samples() -> Vec<Sample<SearchSorted>> {
        let rows = Tensor::from([[-1.0, 0.25, 0.25, 2.0], [-3.0, -2.0, 0.5, 0.75]]);
        let values = Tensor::from([[0.25, -2.0, 5.0], [0.5, 0.625, -4.0]]);
        let sides = [false, true].into_iter();
        sides
            .flat_map(|right| {
                Sample::new(SearchSorted { right }, vec![rows.clone(), values.clone()])
            })
            .collect()
    }
}

impl Meaning for SearchSorted {
    fn run(&self, x: &[Numbers<'_>], out: NumbersMut<'_>) -> Result<()> {
        let last = |x: &Numbers<'_>| x.shape().last().copied().unwrap_or(0);
        let (size, count) = (last(&x[0]), last(&x[1]).max(1));
        let out = out.elements::<i64>()?;
        if size == 0 {
            out.fill(0);
            return Ok(());
        }
        with_computed!(x[0].dtype(), T => {
            let rows = x[0].elements::<T>()?.chunks(size);
            let values = x[1].elements::<T>()?.chunks(count).zip(out.chunks_mut(count));
            for (row, (values, out)) in rows.zip(values) {
                for (&value, out) in values.iter().zip(out) {
                    *out = row.partition_point(|&element| match order(element, value) {
                        Ordering::Less => true,
                        Ordering::Equal => self.right,
                        Ordering::Greater => false,
                    }) as i64;
                }
            }
        });
        Ok(())
    }
}
