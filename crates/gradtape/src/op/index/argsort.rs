//! `argsort`: the places of the elements in order.

use std::cmp::Ordering;

use crate::op::{
    Broken, Cotangent, Form, Meta, Operation, Sample, Term, operation, rules, with_type,
};
use crate::tensor::{DType, Dims, Element, Result, Tensor, allocate};

operation! {
    /// # What
    /// For each row along the last axis, the places of its elements from the least to the greatest, or
    /// from the greatest to the least when `descending`, as i64; of all of them the first `count`.
    /// Equal elements, as 0 and -0, stay in the order of their places. NaN counts as greater than
    /// everything, `true` as greater than `false`.
    ///
    /// # Gradient
    /// None: places have no gradient. That of sorted elements goes through `gather`, which picks them.
    ///
    /// # Why it holds
    /// The result is constant wherever it is continuous: away from ties a small step changes no order.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch([0.5, 3.0, -1.0]);
    /// assert_eq!(x.argsort(0).value()?.to_vec::<i64>()?, [2, 0, 1]);
    /// let [dx] = gradient((x.sort(0) * tape.constant([1.0, 2.0, 3.0])).sum(()), [x]);
    /// assert_eq!(dx.value()?.to_f64_vec(), [2.0, 3.0, 1.0]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "argsort" ArgSort {
        /// Whether the greatest comes first.
        descending: bool,
        /// How many places of each row are given.
        count: usize,
    }
}

impl Operation for ArgSort {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::arity(x, 1)?;
        let Some((&size, outer)) = x[0].shape.split_last() else {
            return Err(
                Broken::new("a scalar has no axis to sort along").hint("unsqueeze() adds one")
            );
        };
        if self.count > size {
            let rule =
                format!("{} of the {size} elements along the axis were asked for", self.count);
            return Err(Broken::new(rule).hint(format!("at most {size} can be given")));
        }
        let mut dims = Dims::from_slice(outer);
        dims.push(self.count);
        Ok(Meta::new(DType::I64, dims))
    }

    fn form(&self) -> Form<'_> {
        Form::Own { can_fail: false }
    }

    fn vjp<'r>(&self, _: usize, _: &[Term<'r>], _: Term<'r>, _: Term<'r>) -> Cotangent<'r> {
        Cotangent::Zero("a place is constant wherever it is continuous")
    }

    fn eval(&self, x: &[Tensor], out: &Meta) -> Result<Tensor> {
        with_type!(x[0].dtype(), T => self.places::<T>(&x[0], out))
    }

    fn samples() -> Vec<Sample<ArgSort>> {
        let op = |descending, count| ArgSort { descending, count };
        let whole = Sample::shaped(op(false, 7), &[&[2, 3, 7]]);
        let first = Sample::shaped(op(true, 3), &[&[2, 3, 7]]);
        let ties = Sample::labels(op(false, 6), &[3, -1, 3, 0, -1, 3], &[6]);
        let turned = Sample::labels(op(true, 4), &[3, -1, 3, 0, -1, 3], &[6]);
        [whole, first, ties, turned].concat()
    }
}

impl ArgSort {
    fn places<T: Element + PartialOrd>(&self, x: &Tensor, out: &Meta) -> Result<Tensor> {
        let size = x.shape().last().copied().unwrap_or(1);
        let mut places = allocate(&out.shape)?;
        for row in x.to_vec::<T>()?.chunks(size.max(1)) {
            let mut order: Vec<usize> = (0..size).collect();
            order.sort_by(|&a, &b| self.order(row[a], row[b]));
            places.extend(order[..self.count].iter().map(|&place| place as i64));
        }
        Tensor::from_vec(places, &out.shape)
    }

    /// Which of two elements comes first.
    pub(crate) fn order<T: Element + PartialOrd>(&self, a: T, b: T) -> Ordering {
        let nan = |x: T| x.partial_cmp(&x).is_none();
        let ascending = a.partial_cmp(&b).unwrap_or_else(|| nan(a).cmp(&nan(b)));
        if self.descending { ascending.reverse() } else { ascending }
    }
}
