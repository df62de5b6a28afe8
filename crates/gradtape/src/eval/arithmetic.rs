//! Operators between tensors, and how methods of tensors are computed.

use std::panic::Location;

use smallvec::SmallVec;

use super::cache::Prepared;
use super::graph::graph;
use crate::engine::Slot;
use crate::op::Term;
use crate::tape::Tape;
use crate::tensor::{Error, Kind, Result, Tensor};

/// What stands beside a tensor in an operation: another tensor, or a number (f64 or i32) that takes the
/// tensor's element type.
///
/// ```
/// use gradtape::Tensor;
/// let x = Tensor::from([1.0f32, -2.0]);
/// assert_eq!(x.maximum(0)?.to_vec::<f32>()?, [1.0, 0.0]);
/// assert_eq!(x.maximum(&x.abs()?)?.to_vec::<f32>()?, [1.0, 2.0]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub enum TensorOperand<'x> {
    /// A tensor.
    Tensor(&'x Tensor),
    /// A number.
    Number(f64),
}

impl<'x> From<&'x Tensor> for TensorOperand<'x> {
    fn from(tensor: &'x Tensor) -> TensorOperand<'x> {
        TensorOperand::Tensor(tensor)
    }
}

impl From<f64> for TensorOperand<'_> {
    fn from(number: f64) -> Self {
        TensorOperand::Number(number)
    }
}

impl From<i32> for TensorOperand<'_> {
    fn from(number: i32) -> Self {
        TensorOperand::Number(number.into())
    }
}

/// What a function records of a tensor and an operand, computed at once.
#[track_caller]
pub(super) fn compute_with(
    x: &Tensor,
    y: TensorOperand<'_>,
    function: impl for<'r> FnOnce(Term<'r>, Term<'r>) -> Term<'r>,
) -> Result<Tensor> {
    match y {
        TensorOperand::Tensor(y) => compute(&[x, y], |terms| function(terms[0], terms[1])),
        TensorOperand::Number(y) => compute(&[x], |terms| function(terms[0], terms[0].literal(y))),
    }
}

/// What a function records of tensors, computed at once by the engine that tapes are computed by. The plan
/// is not kept, where it would take the place of a training step's.
#[track_caller]
pub(super) fn compute(
    x: &[&Tensor],
    function: impl for<'r> FnOnce(&[Term<'r>]) -> Term<'r>,
) -> Result<Tensor> {
    let at = Location::caller();
    let tape = Tape::inference();
    let mut terms: SmallVec<[Term<'_>; 3]> = SmallVec::new();
    for &x in x {
        terms.push(Term::new(&tape, tape.constant(x).id(), at));
    }
    let result = tape.var(function(&terms).id());
    let (graph, numbers) = graph(&tape, &[result])?;
    if graph.outputs.is_empty() {
        // What was given, which needs no run.
        return result.value();
    }
    let mut slots: SmallVec<[Slot<'_>; 3]> = numbers.iter().map(Slot::Read).collect();
    let computed = Prepared::new(graph)?.run(&mut slots)?.first().cloned();
    computed.ok_or_else(|| Error::new(Kind::Tape, "the run left the result without a value"))
}

/// Stamps an operator on tensors and references to them, with each other and with numbers on either side.
macro_rules! operator {
    ($trait:ident $method:ident) => {
        operator!($trait $method: Tensor, Tensor; Tensor, &Tensor; &Tensor, Tensor; &Tensor, &Tensor);
        operator!($trait $method: numbers f64 i32);
    };
    ($trait:ident $method:ident: $($left:ty, $right:ty);*) => {
        $(impl std::ops::$trait<$right> for $left {
            type Output = Result<Tensor>;

            #[track_caller]
            fn $method(self, y: $right) -> Result<Tensor> {
                compute(&[&self, &y], |x| std::ops::$trait::$method(x[0], x[1]))
            }
        })*
    };
    ($trait:ident $method:ident: numbers $($number:ty)*) => {
        $(
            operator!($trait $method: number $number, Tensor);
            operator!($trait $method: number $number, &Tensor);
        )*
    };
    ($trait:ident $method:ident: number $number:ty, $tensor:ty) => {
        impl std::ops::$trait<$number> for $tensor {
            type Output = Result<Tensor>;

            #[track_caller]
            fn $method(self, y: $number) -> Result<Tensor> {
                compute(&[&self], |x| std::ops::$trait::$method(x[0], f64::from(y)))
            }
        }

        impl std::ops::$trait<$tensor> for $number {
            type Output = Result<Tensor>;

            #[track_caller]
            fn $method(self, y: $tensor) -> Result<Tensor> {
                compute(&[&y], |y| std::ops::$trait::$method(f64::from(self), y[0]))
            }
        }
    };
}

operator!(Add add);
operator!(Sub sub);
operator!(Mul mul);
operator!(Div div);

impl std::ops::Neg for &Tensor {
    type Output = Result<Tensor>;

    #[track_caller]
    fn neg(self) -> Result<Tensor> {
        compute(&[self], |x| -x[0])
    }
}

impl std::ops::Neg for Tensor {
    type Output = Result<Tensor>;

    #[track_caller]
    fn neg(self) -> Result<Tensor> {
        -&self
    }
}
