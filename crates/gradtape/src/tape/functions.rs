//! What a tape records from several values, or from none.

use std::panic::Location;

use super::einsum::Labelled;
use super::{Dial, Tape, Var, mixed_tapes};
use crate::op::linear::{Einsum, Label, factors};
use crate::op::{NodeId, Op, Recorder, control, source};
use crate::tensor::{DType, Dims, Error, Kind, Result, Shape};

impl Tape {
    /// Records any operation, which has no method of its own on [`Var`] perhaps.
    ///
    /// ```
    /// use gradtape::{Tape, Tensor, op};
    /// let tape = Tape::new();
    /// let x = tape.watch(Tensor::scalar(0.0f64));
    /// assert_eq!(tape.apply(op::unary::Exp {}, &[x]).item()?, 1.0);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    #[track_caller]
    pub fn apply<'t>(&'t self, op: impl Into<Op>, inputs: &[Var<'t>]) -> Var<'t> {
        let (op, at) = (op.into(), Location::caller());
        if inputs.iter().any(|var| var.tape().id() != self.id()) {
            return self.var(self.fail(mixed_tapes(op.name()).at(at), &[]));
        }
        let ids: Vec<NodeId> = inputs.iter().map(|var| var.id()).collect();
        self.var(self.record(op, &ids, at))
    }

    /// Values one after another along an axis. See [`crate::op::shape::Concat`].
    #[doc(alias = "cat")]
    #[track_caller]
    pub fn concat<'t>(&'t self, vars: &[Var<'t>], axis: isize) -> Var<'t> {
        match vars.split_first() {
            Some((first, others)) => first.concat(others, axis),
            None => self.nothing("concat"),
        }
    }

    /// Values of one shape along a new axis of the result.
    #[track_caller]
    pub fn stack<'t>(&'t self, vars: &[Var<'t>], axis: isize) -> Var<'t> {
        match vars.split_first() {
            Some((first, others)) => first.stack(others, axis),
            None => self.nothing("stack"),
        }
    }

    /// For vectors of coordinates along axes, the coordinate along each at every point of the grid: value `i`
    /// has the elements of vector `i` along axis `i`, as NumPy's and PyTorch's `indexing="ij"`.
    ///
    /// ```
    /// use gradtape::Tape;
    /// let tape = Tape::new();
    /// let [y, x] = tape.meshgrid([tape.constant([0.0, 1.0]), tape.constant([5.0, 6.0, 7.0])]);
    /// assert_eq!(y.value()?.to_f64_vec(), [0.0, 0.0, 0.0, 1.0, 1.0, 1.0]);
    /// assert_eq!(x.value()?.to_f64_vec(), [5.0, 6.0, 7.0, 5.0, 6.0, 7.0]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    #[track_caller]
    pub fn meshgrid<'t, const N: usize>(&'t self, vectors: [Var<'t>; N]) -> [Var<'t>; N] {
        let shape: Dims = vectors.iter().map(|var| var.shape().elements()).collect();
        let mut grid = vectors;
        for (axis, var) in grid.iter_mut().enumerate() {
            let meta = var.meta();
            if meta.shape.rank() != 1 {
                let message = format!("meshgrid: operand {axis} is {meta}, which is no vector");
                let error = Error::new(Kind::Shape, message).hint("flatten(0) makes it one");
                *var = var.failed(error, &[*var]);
                continue;
            }
            let mut along = Dims::from_elem(1, N);
            along[axis] = shape[axis];
            *var = var.reshape(along).broadcast_to(&shape[..]);
        }
        grid
    }

    /// Sums of products in Einstein's notation, as in NumPy: each operand's axes are named by letters, and
    /// what the result does not name is summed over.
    ///
    /// A letter that an operand has twice takes the diagonal. `...` stands for any further axes, which
    /// broadcast; a size of 1 goes with every other. Without `->` the result has the axes of the ellipsis
    /// and then, in the order of the alphabet, the letters that stand once. With more than two operands they
    /// are multiplied from the left. Each product is one [contraction](crate::op::linear::Contract), which
    /// reads its operands where they lie.
    ///
    /// ```
    /// use gradtape::{Tape, Tensor};
    /// let tape = Tape::new();
    /// let x = tape.watch(Tensor::from([[1.0f32, 2.0], [3.0, 4.0]]));
    /// assert_eq!(tape.einsum("ij,jk->ik", &[x, x]).value()?.to_f64_vec(), [7.0, 10.0, 15.0, 22.0]);
    /// assert_eq!(tape.einsum("ii", &[x]).item()?, 5.0);
    /// let error = tape.einsum("ij,kj->ij", &[x, x.slice(1, 1..)]).value();
    /// assert!(error.is_ok(), "a size of 1 goes with every other");
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    #[track_caller]
    pub fn einsum<'t>(&'t self, subscripts: &str, operands: &[Var<'t>]) -> Var<'t> {
        let at = Location::caller();
        if operands.is_empty() {
            return self.nothing("einsum");
        }
        if operands.iter().any(|var| var.tape().id() != self.id()) {
            return self.var(self.fail(mixed_tapes("einsum").at(at), &[]));
        }
        let shapes: Vec<Shape> = operands.iter().map(|var| var.shape()).collect();
        let fit = operands[1..]
            .iter()
            .try_for_each(|other| factors(&operands[0].meta(), &other.meta()))
            .and_then(|()| Einsum::parse(subscripts, &shapes));
        let read = match fit {
            Ok(read) => read,
            Err(broken) => {
                let ids: Vec<NodeId> = operands.iter().map(|var| var.id()).collect();
                return self.var(self.fail(broken.of("einsum").at(at), &ids));
            }
        };
        let mut rest =
            operands.iter().zip(read.operands).map(|(&var, labels)| Labelled { var, labels });
        let mut rest: Vec<Labelled<'t>> = rest.by_ref().map(Labelled::without_repeats).collect();
        rest.reverse();
        let mut product = rest.pop();
        while let (Some(x), Some(y)) = (&product, rest.pop()) {
            let wanted = |label: &Label| {
                read.out.contains(label) || rest.iter().any(|other| other.labels.contains(label))
            };
            product = Some(x.times(&y, wanted, if rest.is_empty() { &read.out } else { &[] }));
        }
        match product {
            Some(product) => product.only(|label| read.out.contains(label)).ordered(&read.out),
            None => self.nothing("einsum"),
        }
    }

    /// The position of each element along an axis. See [`source::Iota`].
    #[track_caller]
    pub fn iota(&self, shape: impl Into<Shape>, axis: usize, dtype: DType) -> Var<'_> {
        let op = source::Iota { shape: shape.into(), axis, dtype };
        self.var(self.record(op.into(), &[], Location::caller()))
    }

    /// Uniform random numbers in [0, 1) of f32 or f64, which depend on the key (a seed), the
    /// counter's number and the position alone. See [`source::Random`].
    #[track_caller]
    pub fn random(
        &self,
        key: u64,
        counter: &Dial,
        shape: impl Into<Shape>,
        dtype: DType,
    ) -> Var<'_> {
        self.random_at(key, self.dial(counter, DType::I64), shape, dtype)
    }

    /// As [`Tape::random`], with a counter that was recorded.
    #[track_caller]
    pub(super) fn random_at<'t>(
        &'t self,
        key: u64,
        counter: Var<'t>,
        shape: impl Into<Shape>,
        dtype: DType,
    ) -> Var<'t> {
        let op = source::Random { key, shape: shape.into(), dtype };
        self.var(self.record(op.into(), &[counter.id()], Location::caller()))
    }

    /// A value, computed somehow from `inputs`, whose gradient is what `rule` says: given the
    /// inputs, the value and its cotangent, it records one cotangent for each input, of the input's
    /// shape and element type. Gradients of gradients differentiate what the rule recorded.
    ///
    /// ```
    /// use gradtape::{Tape, Tensor, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(Tensor::scalar(3.0f64));
    /// // The value itself, with its gradient turned around.
    /// let y = tape.custom_gradient(&[x], x, |_, _, g| vec![-g]);
    /// let [dx] = gradient(y * y, [x]);
    /// assert_eq!((y.item()?, dx.item()?), (3.0, -6.0));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    #[doc(alias("Function", "CustomOp", "custom_vjp"))]
    #[track_caller]
    pub fn custom_gradient<'t>(
        &'t self,
        inputs: &[Var<'t>],
        value: Var<'t>,
        rule: impl for<'a> Fn(&[Var<'a>], Var<'a>, Var<'a>) -> Vec<Var<'a>> + Send + Sync + 'static,
    ) -> Var<'t> {
        let at = Location::caller();
        let vars = || std::iter::once(&value).chain(inputs);
        if vars().any(|var| var.tape().id() != self.id()) {
            return self.var(self.fail(mixed_tapes("custom gradient").at(at), &[]));
        }
        let rule = self.recording().borrow_mut().push_rule(rule);
        let ids: Vec<NodeId> = vars().map(|var| var.id()).collect();
        self.var(self.record(control::Custom { rule }.into(), &ids, at))
    }

    #[track_caller]
    fn nothing(&self, name: &str) -> Var<'_> {
        let error = Error::new(Kind::Shape, format!("{name}: needs at least one operand"))
            .hint("give it at least one value");
        self.var(self.fail(error.at(Location::caller()), &[]))
    }
}

/// A user's gradient rule must answer with one cotangent for each input, like it in type and shape.
pub(super) fn check_answer(inputs: &[Var<'_>], answer: &[Var<'_>]) -> Result<()> {
    let broken = |rule: String| {
        let error = Error::new(Kind::Gradient, format!("custom gradient: {rule}"));
        Err(error.hint("a cotangent has the shape and type of its input"))
    };
    if answer.len() != inputs.len() {
        let (gave, want) = (answer.len(), inputs.len());
        return broken(format!("the rule gave {gave} cotangents for {want} inputs"));
    }
    for (i, (input, cotangent)) in inputs.iter().zip(answer).enumerate() {
        cotangent.check()?;
        if cotangent.tape().id() != input.tape().id() {
            return Err(mixed_tapes("custom gradient"));
        }
        let (have, want) = (cotangent.meta(), input.meta());
        if have != want && want.dtype.is_float() {
            return broken(format!(
                "the cotangent of input {i} is {have}, but the input is {want}"
            ));
        }
    }
    Ok(())
}
