//! What every operation's file states.

use std::fmt;
use std::hash::Hash;

use super::scalar::Scalar;
use super::{Cost, Examples, Form, Operands, Term};
use crate::tensor::{DType, Error, Kind, Result, Shape, Tensor};

/// The element type and shape of a value that may not have been computed yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Meta {
    /// The element type.
    pub dtype: DType,
    /// The number of elements along each axis.
    pub shape: Shape,
}

impl Meta {
    /// An element type and a shape.
    pub fn new(dtype: DType, shape: impl Into<Shape>) -> Meta {
        Meta { dtype, shape: shape.into() }
    }

    /// The element type and shape of a tensor.
    pub fn of(tensor: &Tensor) -> Meta {
        Meta::new(tensor.dtype(), tensor.shape())
    }

    /// The same shape with another element type.
    pub fn with_dtype(&self, dtype: DType) -> Meta {
        Meta { dtype, shape: self.shape.clone() }
    }
}

/// As in `f32[2, 3]`.
impl fmt::Display for Meta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.dtype, self.shape)
    }
}

/// The rule that operands break, and what would mend it. The tape adds names, shapes and lines.
#[derive(Clone, Debug)]
pub struct Broken {
    /// The rule in words, naming the axis and sizes.
    pub rule: String,
    /// What would mend it.
    pub hint: Option<String>,
}

impl Broken {
    /// A broken rule without a hint.
    pub fn new(rule: impl Into<String>) -> Broken {
        Broken { rule: rule.into(), hint: None }
    }

    /// Adds what would mend it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Broken {
        self.hint = Some(hint.into());
        self
    }

    /// The error of what was attempted.
    pub(crate) fn of(self, attempt: &str) -> Error {
        let error = Error::new(Kind::Shape, format!("{attempt}: {}", self.rule));
        self.hint.into_iter().fold(error, Error::hint)
    }
}

/// The rule that an error tells of, with its hint.
impl From<Error> for Broken {
    fn from(error: Error) -> Broken {
        Broken { rule: error.message().to_owned(), hint: error.mend().map(str::to_owned) }
    }
}

/// The answer of a gradient rule for one input.
pub enum Cotangent<'r> {
    /// The cotangent of the input: same shape and element type as the input.
    Of(Term<'r>),
    /// The derivative is zero everywhere (or by convention); the text says because of what.
    Zero(&'static str),
    /// The gradient is not defined through here; the text says why. Asking for it is an error.
    Stopped(&'static str),
}

impl<'r> From<Term<'r>> for Cotangent<'r> {
    fn from(term: Term<'r>) -> Cotangent<'r> {
        Cotangent::Of(term)
    }
}

/// An example on which the tests try an operation.
#[derive(Clone)]
pub struct Sample<O> {
    /// The operation with its attributes.
    pub op: O,
    /// Inputs in f64 (or i64, bool), away from kinks and ties so that finite differences hold.
    pub inputs: Vec<Tensor>,
    /// Why the gradient rule gives no derivative of what is computed, where it gives none.
    pub no_derivative: Option<&'static str>,
}

/// What `operation!` states of an operation: everything that its struct says already.
pub trait Declared: Clone + fmt::Debug + PartialEq + Eq + Hash + Into<super::Op> {
    /// The name in text form, messages and the table of operations.
    const NAME: &'static str;
    /// The documentation, line by line.
    const DOC: &'static [&'static str];

    /// The attributes by name, as they stand in text form.
    fn attributes(&self) -> Vec<(&'static str, String)>;

    /// The operation with the attributes read back from text form.
    fn from_attributes(get: &mut dyn FnMut(&str) -> Option<String>) -> Option<Self>;
}

/// An operation: what a graph can contain. Nothing here has a default.
pub trait Operation: Declared {
    /// The shape rule: the result's element type and shape, or the rule that the inputs break.
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken>;

    /// What it is to whoever plans or runs it.
    fn form(&self) -> Form<'_>;

    /// The gradient rule: the cotangent of input number `input`, given the inputs `x`, the result
    /// `out` and its cotangent `g`. Called only for inputs that need it.
    fn vjp<'r>(&self, input: usize, x: &[Term<'r>], out: Term<'r>, g: Term<'r>) -> Cotangent<'r>;

    /// The batching rule: the results of all examples of a batch along a new first axis, given the inputs of
    /// all. Called where at least one input is batched.
    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r>;

    /// Examples for the tests.
    fn samples() -> Vec<Sample<Self>>;
}

/// An operation whose result at each place depends only on its inputs at that place: all that is left to say
/// of one. Nothing here has a default.
pub trait Elementwise: Declared {
    /// The shape rule: how many operands there are, and of which types they and the result are.
    fn operands(&self) -> Operands;

    /// What computing the formula costs.
    fn cost(&self) -> Cost;

    /// The gradient rule; see [`Operation::vjp`].
    fn vjp<'r>(&self, input: usize, x: &[Term<'r>], out: Term<'r>, g: Term<'r>) -> Cotangent<'r>;

    /// The meaning for one element. One formula serves every number type: f32, f64, dual numbers,
    /// vector code. Inputs beyond the operation's own are to be ignored; truth values are 1 and 0.
    fn formula<S: Scalar>(&self, x: [S; 3]) -> S;

    /// Examples for the tests.
    fn samples() -> Vec<Sample<Self>>;
}

/// What all elementwise operations have alike.
impl<O: Elementwise> Operation for O {
    #[inline]
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        self.operands().infer(x)
    }

    #[inline]
    fn form(&self) -> Form<'_> {
        Form::Formula(self.cost())
    }

    fn vjp<'r>(&self, input: usize, x: &[Term<'r>], out: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        Elementwise::vjp(self, input, x, out, g)
    }

    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
        all.together(self.clone())
    }

    fn samples() -> Vec<Sample<Self>> {
        <O as Elementwise>::samples()
    }
}

/// Declares an operation's struct with its documentation, name and attributes.
macro_rules! operation {
    ($(#[doc = $doc:literal])* $name:literal $type:ident { $($(#[doc = $adoc:literal])* $attr:ident: $kind:ty),* $(,)? }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub struct $type {
            $($(#[doc = $adoc])* pub $attr: $kind,)*
        }

        impl From<$type> for $crate::op::Op {
            fn from(op: $type) -> $crate::op::Op {
                $crate::op::Op::$type(op)
            }
        }

        impl $crate::op::Declared for $type {
            const NAME: &'static str = $name;
            const DOC: &'static [&'static str] = &[$($doc),*];

            fn attributes(&self) -> Vec<(&'static str, String)> {
                vec![$((stringify!($attr), $crate::op::Attr::print(&self.$attr))),*]
            }

            #[allow(unused_variables, reason = "an operation without attributes reads none")]
            fn from_attributes(get: &mut dyn FnMut(&str) -> Option<String>) -> Option<Self> {
                Some($type { $($attr: $crate::op::Attr::parse(&get(stringify!($attr))?)?),* })
            }
        }
    };
}
pub(crate) use operation;

/// Runs `$body` with `$type` standing for the Rust type in which numbers of an element type are computed; truth
/// values, which shape rules keep out, are read as f64.
macro_rules! with_number {
    ($dtype:expr, $type:ident => $body:expr) => {
        match $dtype.computed() {
            $crate::tensor::DType::F32 => {
                type $type = f32;
                $body
            }
            $crate::tensor::DType::I64 => {
                type $type = i64;
                $body
            }
            _ => {
                type $type = f64;
                $body
            }
        }
    };
}
pub(crate) use with_number;

/// As [`with_number`], with truth values as they are.
macro_rules! with_computed {
    ($dtype:expr, $type:ident => $body:expr) => {
        match $dtype {
            $crate::tensor::DType::Bool => {
                type $type = bool;
                $body
            }
            number => $crate::op::with_number!(number, $type => $body),
        }
    };
}
pub(crate) use with_computed;

/// An error of an operation's meaning: a value in the inputs that it does not allow.
pub(crate) fn value_error(message: impl Into<String>) -> Error {
    Error::new(Kind::Value, message)
}
