//! The methods that both handles have: `Var` for users and `Term` for gradient rules.
//!
//! One text, stamped twice. A handle provides `apply`, `source`, `failed`, `meta`, `shape`, `dtype`,
//! `has_shape` and `same_shape`.

mod elementwise;
mod operators;

pub(crate) use elementwise::elementwise_methods;
pub(crate) use operators::operators;

/// Stamps the operations as methods and operators of a handle type.
macro_rules! math_methods {
    ($handle:ty, $life:lifetime) => {
        const _: () = {
            use $crate::op::{Bits, Broken, IntoAxes, binary, linear, reduce, shape, source, unary};
            use $crate::tensor::{Dims, Error, Kind, Shape};

            impl<$life> $handle {
                /// A scalar of this node's element type.
                #[track_caller]
                pub fn literal(self, value: f64) -> Self {
                    self.source(source::Constant { value: Bits::new(value), dtype: self.dtype() })
                }

                /// Both operands broadcast to their common shape by NumPy's rule.
                #[track_caller]
                fn aligned(self, other: Self, name: &str) -> (Self, Self) {
                    if self.same_shape(other) {
                        return (self, other);
                    }
                    let (x, y) = (self.meta(), other.meta());
                    match x.shape.broadcast(&y.shape) {
                        Ok(shape) => (self.broadcast_to(&shape), other.broadcast_to(&shape)),
                        Err(axis) => {
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

                #[track_caller]
                fn broken(self, name: &str, rule: Broken) -> Self {
                    let message = format!("{name} of {}: {}", self.meta(), rule.rule);
                    let mut error = Error::new(Kind::Shape, message);
                    if let Some(hint) = rule.hint {
                        error = error.hint(hint);
                    }
                    self.failed(error, &[self])
                }

                /// Repeats along axes of size 1 and along new leading axes. See [`shape::Broadcast`].
                #[track_caller]
                pub fn broadcast_to(self, shape: impl Into<Shape>) -> Self {
                    let shape = shape.into();
                    if self.has_shape(&shape) { self } else { self.apply(shape::Broadcast { shape }, &[]) }
                }

                /// The same elements under another shape. See [`shape::Reshape`].
                #[track_caller]
                pub fn reshape(self, shape: impl Into<Shape>) -> Self {
                    let shape = shape.into();
                    if self.has_shape(&shape) { self } else { self.apply(shape::Reshape { shape }, &[]) }
                }

                /// The axes in another order. See [`shape::Transpose`].
                #[track_caller]
                pub fn transpose(self, order: &[usize]) -> Self {
                    self.apply(shape::Transpose { order: Dims::from_slice(order) }, &[])
                }

                /// The last two axes exchanged.
                #[track_caller]
                pub fn t(self) -> Self {
                    let rank = self.shape().rank();
                    let mut order: Dims = (0..rank).collect();
                    if rank >= 2 {
                        order.swap(rank - 1, rank - 2);
                    }
                    self.transpose(&order)
                }

                /// The sum over axes, which are dropped. See [`reduce::Sum`].
                #[track_caller]
                pub fn sum(self, axes: impl IntoAxes) -> Self {
                    match axes.axes(&self.shape()) {
                        Ok(axes) if axes.is_empty() => self,
                        Ok(axes) => self.apply(reduce::Sum { axes }, &[]),
                        Err(rule) => self.broken("sum", rule),
                    }
                }

                /// The mean over axes, which are dropped: the sum divided by the number of elements.
                #[track_caller]
                pub fn mean(self, axes: impl IntoAxes) -> Self {
                    let shape = self.shape();
                    match axes.axes(&shape) {
                        Ok(axes) => {
                            let count: usize = axes.iter().map(|&axis| shape[axis]).product();
                            let sum = match axes.is_empty() {
                                true => self,
                                false => self.apply(reduce::Sum { axes }, &[]),
                            };
                            sum / count as f64
                        }
                        Err(rule) => self.broken("mean", rule),
                    }
                }

                /// The matrix product over the last two axes. See [`linear::MatMul`].
                #[track_caller]
                pub fn matmul(self, y: Self) -> Self {
                    self.apply(linear::MatMul {}, &[y])
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

            impl<$life> $crate::op::Operand<$handle> for f64 {
                #[track_caller]
                fn operand(self, like: $handle) -> $handle {
                    like.literal(self)
                }

                fn handle(self) -> Option<$handle> {
                    None
                }
            }

            $crate::op::operators!($handle, $life, Add, add, binary::Add {});
            $crate::op::operators!($handle, $life, Sub, sub, binary::Sub {});
            $crate::op::operators!($handle, $life, Mul, mul, binary::Mul {});
            $crate::op::operators!($handle, $life, Div, div, binary::Div {});
        };
        $crate::op::elementwise_methods!($handle, $life);
    };
}
pub(crate) use math_methods;
