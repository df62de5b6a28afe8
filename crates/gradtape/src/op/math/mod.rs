//! The methods that both handles have: `Var` for users and `Term` for gradient rules.
//!
//! One text, stamped twice. A handle provides `apply`, `apart`, `source`, `failed`, `meta`, `shape`,
//! `dtype`, `has_shape` and `same_shape`.

mod activation;
mod assign;
mod elementwise;
mod index;
#[cfg(feature = "linalg")]
mod linalg;
mod linear;
mod logic;
mod operators;
mod reduce;
mod repeat;
mod scan;
mod shape;
mod special;

pub(crate) use activation::activation_methods;
pub(crate) use assign::assign_methods;
pub(crate) use elementwise::elementwise_methods;
pub(crate) use index::index_methods;
#[cfg(feature = "linalg")]
pub(crate) use linalg::linalg_methods;
pub(crate) use linear::linear_methods;
pub(crate) use logic::logic_methods;
pub(crate) use operators::operators;
pub(crate) use reduce::reduce_methods;
pub(crate) use repeat::repeat_methods;
pub(crate) use scan::scan_methods;
pub(crate) use shape::shape_methods;
pub(crate) use special::special_methods;

/// Stamps the operations as methods and operators of a handle type.
macro_rules! math_methods {
    ($handle:ty, $life:lifetime) => {
        const _: () = {
            use $crate::op::{Bits, Broken, binary, source, unary};
            use $crate::tensor::{Error, Kind, Shape};

            impl<$life> $handle {
                /// A scalar of this node's element type.
                #[track_caller]
                pub fn literal(self, value: f64) -> Self {
                    self.source(source::Constant { value: Bits::new(value), dtype: self.dtype() })
                }

                /// A number of any type as a scalar of this node's element type.
                #[track_caller]
                fn number(self, y: impl $crate::op::Number) -> Self {
                    if !y.is_exact() && !self.dtype().is_float() {
                        let rule = Broken::new(format!("a number near {} is not exact", y.to_f64()));
                        let hint = "whole numbers beyond 2^53 come from a tensor: tape.constant(n)";
                        return self.broken("a literal beside a value", rule.hint(hint));
                    }
                    self.literal(y.to_f64())
                }

                /// This number everywhere, of this node's element type and shape.
                #[track_caller]
                pub fn full_like(self, value: f64) -> Self {
                    self.literal(value).broadcast_to(self.shape())
                }

                /// Both operands broadcast to their common shape by NumPy's rule.
                #[track_caller]
                fn aligned(self, other: Self, name: &str) -> (Self, Self) {
                    if self.same_shape(other) {
                        return (self, other);
                    }
                    let (x, y) = (self.meta(), other.meta());
                    // A number beside a value, the most frequent case.
                    if y.shape.is_empty() {
                        return (self, other.broadcast_to(x.shape));
                    }
                    match x.shape.broadcast(&y.shape) {
                        Ok(shape) => (self.broadcast_to(&shape), other.broadcast_to(&shape)),
                        Err(axis) => {
                            if let Some(failed) = self.apart(name, &[other]) {
                                return (failed, failed);
                            }
                            let size = |s: &Shape| s[(s.rank() as isize + axis) as usize];
                            let message = format!(
                                "{name}: shapes {} and {} do not broadcast: axis {axis} has sizes {} and {}",
                                x.shape, y.shape, size(&x.shape), size(&y.shape),
                            );
                            let hint = "sizes must be equal or 1, counted from the last axis";
                            let error = Error::new(Kind::Shape, message).hint(hint);
                            let failed = self.failed(error, &[self, other]);
                            (failed, failed)
                        }
                    }
                }

                /// Fails under the name that the user wrote where these are no floating-point numbers, or a
                /// number beside them does not hold what it must.
                #[track_caller]
                fn floats(
                    self,
                    name: &str,
                    setting: Option<(&str, f64, bool, &'static str)>,
                ) -> Result<(), Self> {
                    $crate::op::rules::float(&self.meta()).map_err(|rule| self.broken(name, rule))?;
                    match setting {
                        Some((setting, value, false, must)) => {
                            let rule = Broken::new(format!("{setting} is {value}"));
                            Err(self.broken(name, rule.hint(format!("it must be {must}"))))
                        }
                        _ => Ok(()),
                    }
                }

                /// What was made of operations; where it failed since these are no numbers that they take, that
                /// is said under the name that the user wrote.
                #[track_caller]
                fn called(
                    self,
                    name: &str,
                    takes: fn(&$crate::op::Meta) -> Result<(), Broken>,
                    made: Self,
                ) -> Self {
                    if !made.id().is_failed() || self.id().is_failed() {
                        return made;
                    }
                    match takes(&self.meta()) {
                        Ok(()) => made,
                        Err(rule) => self.broken(name, rule),
                    }
                }

                #[track_caller]
                fn broken(self, name: &str, rule: Broken) -> Self {
                    self.failed(rule.of(&format!("{name} of {}", self.meta())), &[self])
                }

                /// Fails under the name that the user wrote where the operands are on two tapes or
                /// do not fit.
                #[track_caller]
                fn fits(self, name: &str, y: Self, fit: Result<(), Broken>) -> Result<(), Self> {
                    match (self.apart(name, &[y]), fit) {
                        (Some(failed), _) => Err(failed),
                        (None, Err(rule)) => Err(self.failed(rule.of(name), &[self, y])),
                        (None, Ok(())) => Ok(()),
                    }
                }

                /// An operation along an axis that the user named, on this and other operands.
                #[track_caller]
                fn along<O: Into<$crate::op::Op>>(
                    self,
                    name: &str,
                    axis: isize,
                    op: impl FnOnce(usize) -> O,
                    others: &[Self],
                ) -> Self {
                    match self.shape().axis(axis) {
                        Ok(axis) => self.apply(op(axis), others),
                        Err(error) => self.broken(name, error.into()),
                    }
                }
            }

            impl<$life> std::ops::Neg for $handle {
                type Output = Self;
                #[track_caller]
                fn neg(self) -> Self {
                    self.apply(unary::Neg {}, &[])
                }
            }

            impl<$life> $crate::op::Operand<$handle> for $handle {
                fn operand(self, _: $handle) -> $handle {
                    self
                }

                fn handle(self) -> Option<$handle> {
                    Some(self)
                }
            }

            impl<$life, N: $crate::op::Number> $crate::op::Operand<$handle> for N {
                #[track_caller]
                fn operand(self, like: $handle) -> $handle {
                    like.number(self)
                }

                fn handle(self) -> Option<$handle> {
                    None
                }
            }

            $crate::op::operators!($handle, $life, Add, add, AddAssign, add_assign, binary::Add {});
            $crate::op::operators!($handle, $life, Sub, sub, SubAssign, sub_assign, binary::Sub {});
            $crate::op::operators!($handle, $life, Mul, mul, MulAssign, mul_assign, binary::Mul {});
            $crate::op::operators!($handle, $life, Div, div, DivAssign, div_assign, binary::Div {});
        };
        $crate::op::elementwise_methods!($handle, $life);
        $crate::op::special_methods!($handle, $life);
        $crate::op::logic_methods!($handle, $life);
        $crate::op::activation_methods!($handle, $life);
        $crate::op::shape_methods!($handle, $life);
        $crate::op::reduce_methods!($handle, $life);
        $crate::op::index_methods!($handle, $life);
        $crate::op::scan_methods!($handle, $life);
        $crate::op::assign_methods!($handle, $life);
        $crate::op::repeat_methods!($handle, $life);
        $crate::op::linear_methods!($handle, $life);
        #[cfg(feature = "linalg")]
        $crate::op::linalg_methods!($handle, $life);
    };
}
pub(crate) use math_methods;
