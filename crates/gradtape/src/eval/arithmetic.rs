//! Operators between tensors, and how methods of tensors are computed.

use std::panic::Location;

use smallvec::SmallVec;

use super::graph::graph;
use crate::engine::{Engine, Slot};
use crate::op::{Number, Operand, Term};
use crate::tape::{Tape, Var};
use crate::tensor::{Error, Kind, Result, Tensor};

/// What stands beside a tensor in an operation: another tensor, or a [`Number`] that takes the tensor's
/// element type.
///
/// ```
/// use gradtape::Tensor;
/// let x = Tensor::from([1.0f32, -2.0]);
/// assert_eq!(x.maximum(0)?.to_vec::<f32>()?, [1.0, 0.0]);
/// assert_eq!(x.maximum(&x.abs()?)?.to_vec::<f32>()?, [1.0, 2.0]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct TensorOperand<'x>(pub(super) Beside<'x>);

#[derive(Clone, Copy, Debug)]
pub(super) enum Beside<'x> {
    Tensor(&'x Tensor),
    Number(Literal),
}

/// A number of any type.
#[derive(Clone, Copy, Debug)]
pub(super) struct Literal {
    value: f64,
    exact: bool,
}

impl Number for Literal {
    fn to_f64(self) -> f64 {
        self.value
    }

    fn is_exact(self) -> bool {
        self.exact
    }
}

impl<'x> From<&'x Tensor> for TensorOperand<'x> {
    fn from(tensor: &'x Tensor) -> TensorOperand<'x> {
        TensorOperand(Beside::Tensor(tensor))
    }
}

impl<N: Number> From<N> for TensorOperand<'_> {
    fn from(number: N) -> Self {
        TensorOperand(Beside::Number(Literal { value: number.to_f64(), exact: number.is_exact() }))
    }
}

/// What a function records of a tensor and an operand, computed at once.
#[track_caller]
pub(super) fn compute_with(
    x: &Tensor,
    y: TensorOperand<'_>,
    function: impl for<'r> FnOnce(Term<'r>, Term<'r>) -> Term<'r>,
) -> Result<Tensor> {
    match y.0 {
        Beside::Tensor(y) => compute(&[x, y], |terms| function(terms[0], terms[1])),
        Beside::Number(y) => compute(&[x], |terms| function(terms[0], y.operand(terms[0]))),
    }
}

/// What a function records of tensors, computed at once by the engine that tapes are computed by. The plan
/// is not kept, where it would take the place of a training step's.
#[track_caller]
pub(super) fn compute(
    x: &[&Tensor],
    function: impl for<'r> FnOnce(&[Term<'r>]) -> Term<'r>,
) -> Result<Tensor> {
    compute_all(x, |x| [function(x)]).map(|[result]| result)
}

/// As [`compute`], of several results.
#[track_caller]
pub(super) fn compute_all<const N: usize>(
    x: &[&Tensor],
    function: impl for<'r> FnOnce(&[Term<'r>]) -> [Term<'r>; N],
) -> Result<[Tensor; N]> {
    let at = Location::caller();
    let tape = Tape::inference();
    let mut terms: SmallVec<[Term<'_>; 3]> = SmallVec::new();
    for &x in x {
        terms.push(Term::new(&tape, tape.constant(x).id(), at));
    }
    let results = function(&terms).map(|term| tape.var(term.id()));
    let (graph, numbers) = graph(&tape, &results)?;
    // Those that were given need no run.
    let outputs = graph.outputs.len();
    let mut computed = Vec::new();
    if outputs > 0 {
        let mut slots: SmallVec<[Slot<'_>; 3]> = numbers.iter().map(Slot::Read).collect();
        computed = Engine::default().prepare(graph)?.run(&mut slots)?.to_vec();
    }
    if outputs < N {
        computed = results.into_iter().map(Var::value).collect::<Result<_>>()?;
    }
    let lost = |_| Error::new(Kind::Tape, "the run left a result without a value");
    computed.try_into().map_err(lost)
}

/// Stamps an operator on tensors and references to them: with each other, with a number of any type on the
/// right, and with one of f64 or i32 on the left, as for values on a tape.
macro_rules! operator {
    ($trait:ident $method:ident) => {
        operator!($trait $method: Tensor, Tensor; Tensor, &Tensor; &Tensor, Tensor; &Tensor, &Tensor);
        operator!($trait $method: Tensor);
        operator!($trait $method: &Tensor);
        operator!($trait $method: left f64, Tensor; f64, &Tensor; i32, Tensor; i32, &Tensor);
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
    ($trait:ident $method:ident: $tensor:ty) => {
        impl<N: Number> std::ops::$trait<N> for $tensor {
            type Output = Result<Tensor>;

            #[track_caller]
            fn $method(self, y: N) -> Result<Tensor> {
                compute(&[&self], |x| std::ops::$trait::$method(x[0], y))
            }
        }
    };
    ($trait:ident $method:ident: left $($number:ty, $tensor:ty);*) => {
        $(impl std::ops::$trait<$tensor> for $number {
            type Output = Result<Tensor>;

            #[track_caller]
            fn $method(self, y: $tensor) -> Result<Tensor> {
                compute(&[&y], |y| std::ops::$trait::$method(self, y[0]))
            }
        })*
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
