//! Products of matrices.

/// Stamps the products of matrices as methods of a handle type.
macro_rules! linear_methods {
    ($handle:ty, $life:lifetime) => {
        const _: () = {
            use $crate::op::{Broken, linear, rules};
            use $crate::tensor::{Dims, Shape};

            impl<$life> $handle {
                /// The matrix product over the last two axes. As in NumPy, batch axes broadcast and
                /// a vector stands for one row on the left, one column on the right. See
                /// [`linear::Contract`].
                #[doc(alias("mm", "bmm"))]
                #[track_caller]
                pub fn matmul(self, y: Self) -> Self {
                    let (a, b) = (self.meta(), y.meta());
                    if let Err(failed) = self.fits("matmul", y, linear::matmul_fits(&a, &b)) {
                        return failed;
                    }
                    let (a, b) = (a.shape, b.shape);
                    let (row, column) = (a.rank() == 1, b.rank() == 1);
                    // One matrix for all of a batch: its products are the rows of one.
                    if !row && (column || b.rank() == 2) {
                        return self.contract(y, 0, 1);
                    }
                    let x = if row { self.unsqueeze(0) } else { self };
                    let y = if column { y.unsqueeze(1) } else { y };
                    let (a, b) = (x.shape(), y.shape());
                    let (batch_a, own_a) = a.split_at(a.rank() - 2);
                    let (batch_b, own_b) = b.split_at(b.rank() - 2);
                    let Ok(batch) = Shape::from(batch_a).broadcast(&Shape::from(batch_b)) else {
                        return self;
                    };
                    let with =
                        |own: &[usize]| -> Dims { batch.iter().chain(own).copied().collect() };
                    let (x, y) = (x.broadcast_to(with(own_a)), y.broadcast_to(with(own_b)));
                    let product = x.contract(y, batch.rank(), 1);
                    let product = if column { product.squeeze(-1) } else { product };
                    if row { product.squeeze(if column { -1 } else { -2 }) } else { product }
                }

                /// The inner product of two vectors.
                ///
                /// ```
                /// use gradtape::{Tape, Tensor};
                /// let tape = Tape::new();
                /// let x = tape.constant(Tensor::from([1.0f32, 2.0, 3.0]));
                /// assert_eq!(x.dot(x).item()?, 14.0);
                /// # Ok::<(), gradtape::Error>(())
                /// ```
                #[doc(alias("vdot", "inner"))]
                #[track_caller]
                pub fn dot(self, y: Self) -> Self {
                    let (a, b) = (self.meta(), y.meta());
                    let fit = match (a.shape.rank(), b.shape.rank()) {
                        (1, 1) => linear::matmul_fits(&a, &b),
                        _ => {
                            let rule = format!("needs two vectors, not {a} and {b}");
                            Err(Broken::new(rule).hint("matmul() and tensordot() take more axes"))
                        }
                    };
                    match self.fits("dot", y, fit) {
                        Ok(()) => self.contract(y, 0, 1),
                        Err(failed) => failed,
                    }
                }

                /// Every product of an element of this with one of `y`: the axes of this, then
                /// those of `y`.
                ///
                /// ```
                /// use gradtape::{Tape, Tensor};
                /// let tape = Tape::new();
                /// let x = tape.constant(Tensor::from([1.0f32, 2.0]));
                /// let y = tape.constant(Tensor::from([3.0f32, 4.0, 5.0]));
                /// let products = x.outer(y).value()?;
                /// assert_eq!(products.to_f64_vec(), [3.0, 4.0, 5.0, 6.0, 8.0, 10.0]);
                /// # Ok::<(), gradtape::Error>(())
                /// ```
                #[doc(alias = "ger")]
                #[track_caller]
                pub fn outer(self, y: Self) -> Self {
                    match self.fits("outer", y, linear::factors(&self.meta(), &y.meta())) {
                        Ok(()) => self.contract(y, 0, 0),
                        Err(failed) => failed,
                    }
                }

                /// Sums of products over the last `axes` axes of this and the first of `y`: the
                /// other axes of this, then those of `y`. With 1 it is `matmul` without a batch, with 0
                /// [`outer`](Self::outer). For other axes, see [`Tape::einsum`](crate::Tape::einsum).
                ///
                /// ```
                /// use gradtape::{DType, Tape, Tensor};
                /// let tape = Tape::new();
                /// let x = tape.constant(Tensor::ones([2, 3, 4], DType::F32));
                /// let y = tape.constant(Tensor::ones([3, 4, 5], DType::F32));
                /// let z = x.tensordot(y, 2).value()?;
                /// assert_eq!((&z.shape()[..], z.to_vec::<f32>()?[0]), (&[2, 5][..], 12.0));
                /// # Ok::<(), gradtape::Error>(())
                /// ```
                #[track_caller]
                pub fn tensordot(self, y: Self, axes: usize) -> Self {
                    let (a, b) = (self.meta(), y.meta());
                    let few = a.shape.rank().min(b.shape.rank()) < axes;
                    let same = |axes| a.shape[a.shape.rank() - axes..] == b.shape[..axes];
                    let fit = linear::factors(&a, &b).and_then(|()| {
                        if few || !same(axes) {
                            let rule = format!(
                                "the last {axes} axes of {a} are not the first {axes} of {b}"
                            );
                            let hint = "transpose() an operand, or name the axes with einsum()";
                            return Err(Broken::new(rule).hint(hint));
                        }
                        Ok(())
                    });
                    match self.fits("tensordot", y, fit) {
                        Ok(()) => self.contract(y, 0, axes),
                        Err(failed) => failed,
                    }
                }

                /// The sum of the diagonal of the matrices in the last two axes, which need not be square.
                ///
                /// ```
                /// use gradtape::Tape;
                /// let tape = Tape::new();
                /// let x = tape.constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
                /// assert_eq!(x.trace().item()?, 6.0);
                /// # Ok::<(), gradtape::Error>(())
                /// ```
                #[track_caller]
                pub fn trace(self) -> Self {
                    let shape = self.shape();
                    match shape[..] {
                        [.., rows, columns] => {
                            let size = rows.min(columns);
                            let square = self.slice(-2, ..size).slice(-1, ..size);
                            let sum = square.diagonal(-2, -1).sum(-1);
                            self.called("trace", rules::numeric, sum)
                        }
                        _ => {
                            let rule = "needs the rows and columns of a matrix";
                            let broken = Broken::new(rule).hint("unsqueeze() adds an axis");
                            self.broken("trace", broken)
                        }
                    }
                }

                /// See [`linear::Contract`].
                #[track_caller]
                pub(crate) fn contract(self, y: Self, batch: usize, summed: usize) -> Self {
                    self.apply(linear::Contract { batch, summed }, &[y])
                }
            }
        };
    };
}
pub(crate) use linear_methods;
