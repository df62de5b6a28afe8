//! The one list of operations, and everything that is done for all of them.

#[cfg(feature = "linalg")]
use super::linalg;
use super::{
    Broken, Cotangent, Declared, Elementwise, Examples, Form, Meta, Operation, Sample, Term,
    binary, compare, control, index, linear, reduce, shape, source, unary,
};
use crate::tensor::Result;

/// Makes the [`Op`] enum, its dispatch and its tables from the list, whose last part is there with a feature of
/// the crate alone.
macro_rules! ops {
    (
        elementwise { $($efamily:ident: $($e:ident)*;)* }
        other { $($ofamily:ident: $($o:ident)*;)* }
        feature $feature:literal { $($ffamily:ident: $($f:ident)*;)* }
    ) => {
        /// An operation with its attributes. Each variant is documented in its own file.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "each variant is documented at its struct")]
        pub enum Op {
            $($($e($efamily::$e),)*)*
            $($($o($ofamily::$o),)*)*
            $($(#[cfg(feature = $feature)] $f($ffamily::$f),)*)*
        }

        macro_rules! dispatch {
            ($op:expr, $bound:ident => $body:expr) => {
                match $op {
                    $($(Op::$e($bound) => $body,)*)*
                    $($(Op::$o($bound) => $body,)*)*
                    $($(#[cfg(feature = $feature)] Op::$f($bound) => $body,)*)*
                }
            };
        }

        /// Runs `$body` with the concrete operation bound when it is elementwise, else `$other`.
        macro_rules! with_elementwise {
            ($op:expr, $bound:ident => $body:expr, else $other:expr) => {
                match $op {
                    $($($crate::op::Op::$e($bound) => $body,)*)*
                    #[allow(unreachable_patterns, reason = "the list may hold elementwise operations alone")]
                    _ => $other,
                }
            };
        }
        pub(crate) use with_elementwise;

        impl Op {
            /// The names, families and documentation of all operations, in the order of the list.
            pub const TABLE: &'static [OpInfo] = &[
                $($(OpInfo {
                    name: <$efamily::$e as Declared>::NAME,
                    family: stringify!($efamily),
                    elementwise: true,
                    doc: <$efamily::$e as Declared>::DOC,
                },)*)*
                $($(OpInfo {
                    name: <$ofamily::$o as Declared>::NAME,
                    family: stringify!($ofamily),
                    elementwise: false,
                    doc: <$ofamily::$o as Declared>::DOC,
                },)*)*
                $($(#[cfg(feature = $feature)] OpInfo {
                    name: <$ffamily::$f as Declared>::NAME,
                    family: stringify!($ffamily),
                    elementwise: false,
                    doc: <$ffamily::$f as Declared>::DOC,
                },)*)*
            ];

            /// The samples of every operation.
            pub fn samples() -> Vec<Sample<Op>> {
                fn erase<O: Operation>(samples: Vec<Sample<O>>) -> impl Iterator<Item = Sample<Op>> {
                    samples.into_iter().map(|Sample { op, inputs, no_derivative }| Sample { op: op.into(), inputs, no_derivative })
                }
                let mut all = Vec::new();
                $($(all.extend(erase(<$efamily::$e as Operation>::samples()));)*)*
                $($(all.extend(erase(<$ofamily::$o as Operation>::samples()));)*)*
                $($(#[cfg(feature = $feature)] all.extend(erase(<$ffamily::$f as Operation>::samples()));)*)*
                all
            }

            /// The operation of a name, with its attributes read from text.
            pub fn parse(name: &str, get: &mut dyn FnMut(&str) -> Option<String>) -> Option<Op> {
                $($(if name == <$efamily::$e as Declared>::NAME {
                    return <$efamily::$e as Declared>::from_attributes(get).map(Op::$e);
                })*)*
                $($(if name == <$ofamily::$o as Declared>::NAME {
                    return <$ofamily::$o as Declared>::from_attributes(get).map(Op::$o);
                })*)*
                $($(#[cfg(feature = $feature)] if name == <$ffamily::$f as Declared>::NAME {
                    return <$ffamily::$f as Declared>::from_attributes(get).map(Op::$f);
                })*)*
                None
            }

            /// The formula for one element, when the operation is elementwise.
            pub fn formula<S: super::scalar::Scalar>(&self, x: [S; 3]) -> Option<S> {
                with_elementwise!(self, op => Some(op.formula(x)), else None)
            }

            /// How many operands a formula has, when the operation is elementwise.
            pub(crate) fn operands(&self) -> Option<usize> {
                with_elementwise!(self, op => Some(op.operands().count()), else None)
            }

            /// Whether the result at each place depends only on the inputs at that place.
            pub fn is_elementwise(&self) -> bool {
                with_elementwise!(self, _op => true, else false)
            }

            /// The name in text form.
            pub fn name(&self) -> &'static str {
                fn name<O: Declared>(_: &O) -> &'static str {
                    O::NAME
                }
                dispatch!(self, op => name(op))
            }

            /// The attributes by name, as in text form.
            pub fn attributes(&self) -> Vec<(&'static str, String)> {
                dispatch!(self, op => op.attributes())
            }

            /// The shape rule; see [`Operation::infer`].
            pub fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
                dispatch!(self, op => op.infer(x))
            }

            /// What it is to a planner; see [`Operation::form`].
            #[inline]
            pub fn form(&self) -> Form<'_> {
                dispatch!(self, op => op.form())
            }

            /// The gradient rule; see [`Operation::vjp`].
            pub(crate) fn vjp<'r>(&self, input: usize, x: &[Term<'r>], out: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
                dispatch!(self, op => Operation::vjp(op, input, x, out, g))
            }

            /// The batching rule; see [`Operation::batch`].
            pub fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
                dispatch!(self, op => op.batch(all))
            }
        }
    };
}

/// One row of the table of operations.
pub struct OpInfo {
    /// The name in text form.
    pub name: &'static str,
    /// The family: the folder of its file.
    pub family: &'static str,
    /// Whether it is elementwise.
    pub elementwise: bool,
    /// The documentation, line by line.
    pub doc: &'static [&'static str],
}

ops! {
    elementwise {
        unary: Neg Exp Exp2 Expm1 Log Log2 Log10 Log1p Sqrt Tanh Sigmoid Softplus Relu Abs Sign Trunc Sin Cos Tan Asin Acos
            Atan Sinh Cosh Asinh Acosh Atanh Erf Erfc ErfInv LGamma Polygamma;
        binary: Add Sub Mul Div Pow Maximum Minimum Atan2 Hypot XLogY LogAddExp;
        compare: Less LessEqual Equal;
        control: Select Cast ReducePrecision StopGradient;
    }
    other {
        source: Input Constant Random Iota;
        control: Custom;
        shape: Broadcast Reshape Transpose Slice Flip Diagonal Window Fold Pad Concat;
        reduce: Sum Max Min ArgMax LogSumExp LogSumExpRest CumSum CumArgMax;
        index: Gather ScatterAdd ScatterMax IndexSelect IndexAdd OneHot ArgSort SearchSorted IsotonicBlocks;
        linear: Contract;
    }
    feature "linalg" {
        linalg: TriangularSolve Cholesky Lu Solve SlogDet Qr Eigh Svd Pinv;
    }
}
