//! Products of matrices.

/// Stamps the products of matrices as methods of a handle type.
macro_rules! linear_methods {
    ($handle:ty, $life:lifetime) => {
        const _: () = {
            use $crate::op::linear;
            use $crate::tensor::{Dims, Error, Kind, Shape};

            impl<$life> $handle {
                /// The matrix product over the last two axes. As in NumPy, batch axes broadcast and
                /// a vector stands for one row on the left, one column on the right. See
                /// [`linear::MatMul`].
                #[doc(alias("mm", "bmm", "dot"))]
                #[track_caller]
                pub fn matmul(self, y: Self) -> Self {
                    let (a, b) = (self.shape(), y.shape());
                    if a.rank() == 0 || b.rank() == 0 || (a.rank(), b.rank()) == (2, 2) {
                        return self.apply(linear::MatMul {}, &[y]);
                    }
                    let (row, column) = (a.rank() == 1, b.rank() == 1);
                    let x = if row { self.unsqueeze(0) } else { self };
                    let y = if column { y.unsqueeze(1) } else { y };
                    let (a, b) = (x.shape(), y.shape());
                    let (batch_a, own_a) = a.split_at(a.rank() - 2);
                    let (batch_b, own_b) = b.split_at(b.rank() - 2);
                    let product = match Shape::from(batch_a).broadcast(&Shape::from(batch_b)) {
                        Ok(batch) => {
                            let with = |own: &[usize]| -> Dims {
                                batch.iter().chain(own).copied().collect()
                            };
                            let (x, y) = (x.broadcast_to(with(own_a)), y.broadcast_to(with(own_b)));
                            x.apply(linear::MatMul {}, &[y])
                        }
                        Err(axis) => {
                            let axis = axis - 2;
                            let rule = format!(
                                "batch axes of {a} and {b} do not broadcast: axis {axis} differs"
                            );
                            let error = Error::new(Kind::Shape, format!("matmul: {rule}"))
                                .hint("sizes must be equal or 1, counted from the last axis");
                            self.failed(error, &[self, y])
                        }
                    };
                    let product = if column { product.squeeze(-1) } else { product };
                    match (row, column) {
                        (true, true) => product.squeeze(-1),
                        (true, false) => product.squeeze(-2),
                        _ => product,
                    }
                }
            }
        };
    };
}
pub(crate) use linear_methods;
