//! What an operation is to whoever plans, runs or looks through it.

use std::fmt;

use smallvec::SmallVec;

use super::linear::Contract;
use super::shape::{Concat, Pad};
use super::{Bits, Meaning, Op, compare, control, index, source};
use crate::tensor::{DType, Shape};

/// What an operation is, whatever its name: all that the planner and the engines ask.
///
/// Elementwise operations are [`Form::Formula`]; what they compute, [`Op::formula`] says.
#[derive(Clone, Copy, Debug)]
pub enum Form<'a> {
    /// Numbers from outside.
    Input,
    /// A number of the program.
    Constant(Bits),
    /// The position of each element along this axis.
    Position(usize),
    /// Uniform random numbers, made of this key, of a counter (the input) and of each element's position.
    Random(u64),
    /// The first input as it is. The others matter to the gradient alone.
    First,
    /// A formula of the inputs' elements at the same index.
    Formula(Cost),
    /// Whether each position along a new last axis of this size is that of the label, which must be one.
    Label(usize),
    /// The elements of the input at other indices.
    View(&'a dyn View),
    /// One number for all elements along these axes.
    Reduction(Reduce, &'a [usize]),
    /// Sums of products of two inputs' elements.
    Contraction(&'a Contract),
    /// Zeros with the input's elements between them.
    Spread(&'a Pad),
    /// The inputs one after another along an axis.
    Joined(&'a Concat),
    /// Nothing of these: a loop of its own over whole tensors.
    Own {
        /// Whether numbers among the inputs can make it fail.
        can_fail: bool,
        /// What it computes.
        meaning: &'a dyn Meaning,
    },
}

/// What computing a formula costs, and what is known of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// Nothing: the first input's number, as the result's type.
    Copy,
    /// Rounding to the nearest number of this floating-point type, in which numbers are only kept.
    Rounded(DType),
    /// One instruction whose result IEEE 754 fixes to the last bit.
    Exact(Exact),
    /// About as much as reading a number from memory.
    Cheap,
    /// More than that.
    Costly,
}

/// Arithmetic of one instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of the operations say it")]
pub enum Exact {
    Add,
    Sub,
    Mul,
    /// Of whole numbers it fails where the divisor is 0.
    Div,
    Sqrt,
}

/// What a reduction does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reduce {
    /// The sum; 0 of nothing.
    Sum,
    /// The greatest; -inf of nothing; NaN if any is NaN.
    Max,
    /// The least; inf of nothing; NaN if any is NaN.
    Min,
    /// `log Σ exp(x)`, shifted by the greatest so that it does not overflow; -inf of nothing.
    LogSumExp,
    /// [`Reduce::LogSumExp`] less the greatest: `log Σ exp(x - max)`.
    LogSumExpRest,
}

/// The name of the operation.
impl fmt::Display for Reduce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reduce::Sum => "sum",
            Reduce::Max => "max",
            Reduce::Min => "min",
            Reduce::LogSumExp => "logsumexp",
            Reduce::LogSumExpRest => "logsumexp_rest",
        })
    }
}

/// An operation that moves elements, so that its readers can read what it is a view of instead.
pub trait View: fmt::Debug + Send + Sync {
    /// Where the element at each index of the view, which has shape `to`, lies in its input of shape `from`;
    /// `None` where elements only keep their row-major numbers.
    fn places(&self, from: &Shape, to: &Shape) -> Option<Places>;
}

/// For each axis of a view's input, the place along it.
pub type Places = SmallVec<[PlaceAlong; 4]>;

/// A place along an axis of a view's input: `start + Σ step * index[axis]` over the steps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlaceAlong {
    /// The place at index zero.
    pub start: usize,
    /// Axes of the view, and how far a step along each goes.
    pub steps: SmallVec<[(usize, isize); 2]>,
}

impl PlaceAlong {
    /// The place that an axis of the view has as its index.
    pub(crate) fn axis(axis: usize) -> PlaceAlong {
        PlaceAlong { start: 0, steps: SmallVec::from_elem((axis, 1), 1) }
    }
}

impl Op {
    /// Numbers from outside a graph.
    pub(crate) fn input(dtype: DType, shape: &Shape) -> Op {
        source::Input { dtype, shape: shape.clone() }.into()
    }

    /// A formula that gives its input as it is.
    pub(crate) fn copy() -> Op {
        control::StopGradient {}.into()
    }

    /// The formula that gives the same numbers as another element type.
    pub(crate) fn cast(dtype: DType) -> Op {
        control::Cast { dtype }.into()
    }

    /// The formula that rounds numbers to those of another type.
    pub(crate) fn reduce_precision(dtype: DType) -> Op {
        control::ReducePrecision { dtype }.into()
    }

    /// The same with a result of this type, if it says itself which type that has.
    pub(crate) fn giving(&self, dtype: DType) -> Op {
        match self.clone() {
            Op::Cast(_) => Op::cast(dtype),
            Op::Iota(iota) => source::Iota { dtype, ..iota }.into(),
            Op::OneHot(labels) => index::OneHot { dtype, ..labels }.into(),
            other => other,
        }
    }

    /// The formula that compares two numbers.
    pub(crate) fn equality() -> Op {
        compare::Equal {}.into()
    }

    /// The type that it rounds its input to, if that is all it does.
    pub(crate) fn rounds_to(&self) -> Option<DType> {
        match self.form() {
            Form::Formula(Cost::Rounded(dtype)) => Some(dtype),
            _ => None,
        }
    }

    /// Whether each of its results is a sum of its input's elements.
    pub(crate) fn adds_up(&self) -> bool {
        matches!(self, Op::Sum(_) | Op::Fold(_))
    }

    /// Whether it stands for numbers from outside.
    pub(crate) fn is_input(&self) -> bool {
        // Not by its form: this and the next are asked of every node of every step.
        matches!(self, Op::Input(_))
    }

    /// Whether it takes one of its last two inputs by the first one, and the other does not matter.
    pub(crate) fn is_choice(&self) -> bool {
        matches!(self, Op::Select(_))
    }

    /// The number of the program that it is, if it is one.
    pub(crate) fn number(&self) -> Option<Bits> {
        match self {
            Op::Constant(constant) => Some(constant.value),
            _ => None,
        }
    }

    /// Whether running it can fail for the numbers of its inputs, with an error that names its line, when
    /// its result is of this type.
    pub(crate) fn can_fail(&self, dtype: DType) -> bool {
        match self.form() {
            // Whole numbers have no infinity.
            Form::Formula(Cost::Exact(Exact::Div)) => dtype == DType::I64,
            Form::Label(_) => true,
            Form::Own { can_fail, .. } => can_fail,
            _ => false,
        }
    }

    /// Whether its meaning runs on numbers that are only kept: it moves them, makes them of nothing, or takes
    /// each by itself.
    pub(super) fn runs_stored(&self) -> bool {
        match self.form() {
            Form::Own { meaning, .. } => meaning.moves(),
            Form::Reduction(..) | Form::Contraction(_) => false,
            _ => true,
        }
    }

    /// Whether kernels take and give numbers that are only kept without computing: it moves them, or makes them
    /// of what they compute in. `whole` tells that operand or result is of whole numbers.
    pub(crate) fn takes_stored(&self, whole: bool) -> bool {
        match self.form() {
            Form::Formula(Cost::Copy | Cost::Rounded(_)) => !whole,
            Form::Formula(_) => matches!(self, Op::Cast(_)) && !whole,
            Form::Position(_) | Form::Label(_) => false,
            _ => self.runs_stored(),
        }
    }

    /// Whether computing it anew costs more than keeping its result.
    pub(crate) fn is_costly(&self) -> bool {
        matches!(self.form(), Form::Reduction(..) | Form::Contraction(_) | Form::Own { .. })
    }

    /// The axes that it drops, if it is a reduction.
    pub(crate) fn reduced_axes(&self) -> &[usize] {
        match self.form() {
            Form::Reduction(_, axes) => axes,
            _ => &[],
        }
    }

    /// Whether an input of these says only which of the others is taken, or where it goes, or stands beside
    /// a rule of the user's own. `float` tells which inputs are floating-point numbers.
    pub(crate) fn only_decides(
        &self,
        input: usize,
        inputs: usize,
        float: impl Fn(usize) -> bool,
    ) -> bool {
        match self.form() {
            Form::First => input == 0,
            _ => !float(input) && (0..inputs).any(float),
        }
    }
}
