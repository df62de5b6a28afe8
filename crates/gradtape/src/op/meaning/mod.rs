//! What operations compute, stated once: the reference engine runs it on tensors, the cpu engine on the
//! memory of a program.
//!
//! A form says it for all operations that have it; one that is a loop of its own brings its [`Meaning`].
//! Nothing here allocates, and what can fail fails before anything is written.

mod along;
mod arithmetic;
mod fill;
mod formula;
mod numbers;
mod reduce;
mod walk;

pub(crate) use along::Along;
pub(crate) use arithmetic::Arithmetic;
pub(crate) use fill::check_labels;
pub use numbers::{Numbers, NumbersMut};
pub(crate) use walk::{Walk, next_index, set_index};

use std::fmt;

use super::{Form, Meta, Op, value_error, with_type};
use crate::tensor::{DType, Error, Kind, Result, Shape, Tensor, allocate};

/// What an operation computes whose form does not say it.
pub trait Meaning: fmt::Debug + Send + Sync {
    /// Computes the result of operands that the shape rule takes. It must write every element of the
    /// result, which may hold anything before; it must allocate nothing, but for a decomposition's work, and
    /// fail before it writes.
    fn run(&self, x: &[Numbers<'_>], out: NumbersMut<'_>) -> Result<()>;

    /// Whether it only moves numbers, so that it takes those of any type as they are. Else those that are only
    /// kept ([`DType::computed`](crate::DType::computed)) come to it in the wider type.
    fn moves(&self) -> bool {
        false
    }
}

impl Op {
    /// The meaning: computes the result, whose type and shape are `out`, which must be those that the shape
    /// rule tells.
    ///
    /// ```
    /// use gradtape::op::{Meta, Op, shape};
    /// use gradtape::{DType, Tensor};
    /// let pad: Op = shape::Pad { axis: 0, start: 1, step: 1, size: 3 }.into();
    /// let y = pad.eval(&[Tensor::from([5i64])], &Meta::new(DType::I64, [3]))?;
    /// assert_eq!(y.to_vec::<i64>()?, [0, 5, 0]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn eval(&self, x: &[Tensor], out: &Meta) -> Result<Tensor> {
        self.check(x, out)?;
        let mut types = x.iter().map(Tensor::dtype).chain([out.dtype]);
        if !self.runs_stored() && types.any(DType::is_stored_only) {
            // Computed in the wider type, and rounded once.
            let wide: Vec<Tensor> = x.iter().map(|x| x.cast(x.dtype().computed())).collect();
            let value = self.computed(&wide, &out.with_dtype(out.dtype.computed()))?;
            return Ok(value.cast(out.dtype));
        }
        self.computed(x, out)
    }

    /// As [`Op::eval`], without looking at types and shapes.
    fn computed(&self, x: &[Tensor], out: &Meta) -> Result<Tensor> {
        let x = x.iter().map(laid_out).collect::<Result<Vec<Tensor>>>()?;
        let numbers = x.iter().map(Numbers::of).collect::<Result<Vec<_>>>()?;
        let walk = self.walk(numbers.first().map(Numbers::shape), &out.shape);
        with_type!(out.dtype, T => {
            let mut data = filled(T::default(), &out.shape)?;
            self.run(&walk, &numbers, NumbersMut::new(&out.shape, &mut data))?;
            Tensor::from_vec(data, &out.shape)
        })
    }

    /// Operands and a result that the shape rule knows nothing of are an error.
    fn check(&self, x: &[Tensor], out: &Meta) -> Result<()> {
        let metas: Vec<Meta> = x.iter().map(Meta::of).collect();
        let inferred = self.infer(&metas.iter().collect::<Vec<_>>());
        let wrong = match inferred {
            Ok(inferred) if inferred == *out => return Ok(()),
            Ok(inferred) => format!("the result is {inferred}, not {out}"),
            Err(broken) => broken.rule,
        };
        Err(Error::new(Kind::Shape, format!("{}: {wrong}", self.name())))
    }

    /// Which elements of the first operand and of the result belong together: made once, before runs.
    pub(crate) fn walk(&self, first: Option<&Shape>, out: &Shape) -> Walk {
        match (self.form(), first) {
            (Form::View(view), Some(from)) => Walk::of_view(view, from, out),
            (Form::Reduction(_, axes), Some(from)) => Walk::of_reduction(from, axes),
            _ => Walk::through(out.elements()),
        }
    }

    /// The meaning on memory that is given: as [`Op::eval`], with the [`Op::walk`] of these shapes.
    pub(crate) fn run(&self, walk: &Walk, x: &[Numbers<'_>], out: NumbersMut<'_>) -> Result<()> {
        match self.form() {
            Form::Input => Err(value_error(format!("input {} was given no value", out.meta()))),
            Form::Constant(value) => fill::number(value, out),
            Form::Position(axis) => fill::positions(axis, out),
            Form::Random(key) => fill::random(key, x[0], out),
            Form::Label(classes) => fill::labels(classes, x[0], out),
            Form::First | Form::View(_) => walk.copy(x[0], out),
            Form::Formula(cost) => formula::run(self, cost, x, out),
            Form::Reduction(kind, axes) => reduce::run(kind, axes, walk, x[0], out),
            Form::Contraction(meaning) => meaning.run(x, out),
            Form::Spread(meaning) => meaning.run(x, out),
            Form::Joined(meaning) => meaning.run(x, out),
            Form::Own { meaning, .. } => meaning.run(x, out),
        }
    }
}

/// The elements in row-major order, or an error where memory cannot hold them.
fn laid_out(x: &Tensor) -> Result<Tensor> {
    match x.is_contiguous() {
        true => Ok(x.clone()),
        false => with_type!(x.dtype(), T => Tensor::from_vec(x.to_vec::<T>()?, x.shape())),
    }
}

/// As many copies of a value as a shape has elements; an error when memory cannot hold them.
fn filled<T: Clone>(value: T, shape: &Shape) -> Result<Vec<T>> {
    let mut data = allocate(shape)?;
    data.resize(shape.elements(), value);
    Ok(data)
}

#[cfg(test)]
mod tests;
