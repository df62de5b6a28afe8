//! Decompositions of matrices, and what is made of them.

/// Stamps the decompositions of matrices as methods of a handle type.
macro_rules! linalg_methods {
    ($handle:ty, $life:lifetime) => {
        const _: () = {
            use $crate::op::{Bits, Broken, linalg};
            use $crate::tensor::{DType, Dims};

            /// # Matrices
            ///
            /// With the feature `linalg` of the crate. The last two axes are a matrix, those before them a batch;
            /// numbers are f32 or f64. See [`linalg`].
            impl<$life> $handle {
                /// The `X` for which `A X = B`, of this square `A`. `b` is a vector, or a matrix of as many rows;
                /// batches broadcast. See [`linalg::Solve`].
                ///
                /// A matrix that is singular to the last bit is an error when it is computed. The decomposition is
                /// shared with the gradient, and with [`Self::slogdet`] and [`Self::inverse`].
                ///
                /// ```
                /// # use gradtape::Tape;
                /// let tape = Tape::new();
                /// let a = tape.constant([[2.0, 0.0], [1.0, 4.0]]);
                /// assert_eq!(a.solve(tape.constant([2.0, 9.0])).value()?.to_f64_vec(), [1.0, 2.0]);
                /// # Ok::<(), gradtape::Error>(())
                /// ```
                #[track_caller]
                pub fn solve(self, b: Self) -> Self {
                    let meta = b.meta();
                    let batch =
                        match (self.apart("solve", &[b]), linalg::solvable(&self.meta(), &meta)) {
                            (Some(failed), _) => return failed,
                            (None, Err(rule)) => return self.failed(rule.of("solve"), &[self, b]),
                            (None, Ok(batch)) => batch,
                        };
                    let (factors, rows) = self.apply(linalg::Lu {}, &[]).lu_parts();
                    let vector = meta.shape.rank() == 1;
                    let right = if vector { b.unsqueeze(-1) } else { b };
                    let spread = |x: Self, own: usize| {
                        let shape = x.shape();
                        let own = &shape[shape.rank() - own..];
                        x.broadcast_to(batch.iter().chain(own).copied().collect::<Dims>())
                    };
                    let (x, factors, rows) = (spread(self, 2), spread(factors, 2), spread(rows, 1));
                    let out = x.solve_by(factors, rows, spread(right, 2), false);
                    if vector { out.squeeze(-1) } else { out }
                }

                /// The inverse of a square matrix. To multiply by it, [`Self::solve`] is faster and more accurate.
                ///
                /// ```
                /// # use gradtape::Tape;
                /// let tape = Tape::new();
                /// let inverse = tape.constant([[2.0, 0.0], [1.0, 4.0]]).inverse();
                /// assert_eq!(inverse.value()?.to_f64_vec(), [0.5, 0.0, -0.125, 0.25]);
                /// # Ok::<(), gradtape::Error>(())
                /// ```
                #[doc(alias = "inv")]
                #[track_caller]
                pub fn inverse(self) -> Self {
                    match self.square_size("inverse") {
                        Ok(_) => {
                            let (factors, rows) = self.apply(linalg::Lu {}, &[]).lu_parts();
                            self.solve_by(factors, rows, self.identity(), false)
                        }
                        Err(failed) => failed,
                    }
                }

                /// The `X` for which `T X = B`, where `T` is the lower triangle of this, or with `upper` the upper
                /// one; the other triangle is not read. `b` has as many rows and the same batch. See
                /// [`linalg::TriangularSolve`].
                #[doc(alias = "solve_triangular")]
                #[track_caller]
                pub fn triangular_solve(self, b: Self, upper: bool) -> Self {
                    self.triangular(b, upper, false)
                }

                /// The order of the rows as i64, and the factors `L` and `U` of this with its rows in that order.
                /// See [`linalg::Lu`].
                #[doc(alias = "lu_factor")]
                #[track_caller]
                pub fn lu(self) -> (Self, Self, Self) {
                    match self.square_size("lu") {
                        Ok(_) => {
                            let (factors, rows) = self.apply(linalg::Lu {}, &[]).lu_parts();
                            (rows, factors.tril(-1) + self.identity(), factors.triu(0))
                        }
                        Err(failed) => (failed, failed, failed),
                    }
                }

                /// The lower triangular `L` with `L Lᵀ` equal to this symmetric positive definite matrix. See
                /// [`linalg::Cholesky`].
                ///
                /// As in JAX the mean of the matrix and its transpose is taken, so that the gradient is symmetric.
                #[track_caller]
                pub fn cholesky(self) -> Self {
                    match self.square_size("cholesky") {
                        Ok(_) => self.symmetric().apply(linalg::Cholesky {}, &[]),
                        Err(failed) => failed,
                    }
                }

                /// Orthonormal columns `Q` and an upper triangular `R` with a diagonal that is not negative, whose
                /// product is this: of `m` rows and `n` columns, `k` the smaller of the two, `m × k` and `k × n`. See
                /// [`linalg::Qr`].
                #[track_caller]
                pub fn qr(self) -> (Self, Self) {
                    match self.matrix_sizes("qr") {
                        Ok([m, n]) => self.apply(linalg::Qr {}, &[]).qr_parts(m, n),
                        Err(failed) => (failed, failed),
                    }
                }

                /// The singular value decomposition `U diag(s) Vh`, reduced: of `m` rows and `n` columns, `k` the smaller
                /// of the two, `m × k`, `k` and `k × n`; the greatest singular value first. See [`linalg::Svd`].
                #[track_caller]
                pub fn svd(self) -> (Self, Self, Self) {
                    match self.matrix_sizes("svd") {
                        Ok([m, n]) => self.apply(linalg::Svd {}, &[]).svd_parts(m, n),
                        Err(failed) => (failed, failed, failed),
                    }
                }

                /// The singular values alone, the greatest first. Their gradient is finite where some are equal, or 0.
                #[track_caller]
                pub fn svdvals(self) -> Self {
                    match self.matrix_sizes("svdvals") {
                        Ok(_) => self.svd().1,
                        Err(failed) => failed,
                    }
                }

                /// The eigenvalues of a symmetric matrix, the least first, and its eigenvectors as columns. See
                /// [`linalg::Eigh`].
                ///
                /// As in JAX the mean of the matrix and its transpose is taken, so that the gradient is symmetric.
                #[track_caller]
                pub fn eigh(self) -> (Self, Self) {
                    match self.square_size("eigh") {
                        Ok(n) => self.symmetric().apply(linalg::Eigh {}, &[]).eigh_parts(n),
                        Err(failed) => (failed, failed),
                    }
                }

                /// The eigenvalues of a symmetric matrix alone, the least first. Their gradient is finite where some
                /// are equal.
                #[track_caller]
                pub fn eigvalsh(self) -> Self {
                    match self.square_size("eigvalsh") {
                        Ok(_) => self.eigh().0,
                        Err(failed) => failed,
                    }
                }

                /// The sign of the determinant of a square matrix, and the logarithm of its magnitude, which neither
                /// overflows nor vanishes. See [`linalg::SlogDet`].
                #[track_caller]
                pub fn slogdet(self) -> (Self, Self) {
                    match self.square_size("slogdet") {
                        Ok(_) => {
                            let (factors, rows) = self.apply(linalg::Lu {}, &[]).lu_parts();
                            let both = self.apply(linalg::SlogDet {}, &[factors, rows]);
                            (both.index(-1, 0), both.index(-1, 1))
                        }
                        Err(failed) => (failed, failed),
                    }
                }

                /// The logarithm of the determinant; NaN where that is negative.
                #[doc(alias = "log_det")]
                #[track_caller]
                pub fn logdet(self) -> Self {
                    if let Err(failed) = self.square_size("logdet") {
                        return failed;
                    }
                    let (sign, log) = self.slogdet();
                    // NaN arises there alone, so that a checked tape takes it for no mistake elsewhere.
                    sign.less(0).select(sign.sqrt(), log)
                }

                /// The determinant, by its logarithm. Its gradient is an error where it is 0.
                #[track_caller]
                pub fn det(self) -> Self {
                    if let Err(failed) = self.square_size("det") {
                        return failed;
                    }
                    let (sign, log) = self.slogdet();
                    sign * log.exp()
                }

                /// The pseudoinverse. Singular values not above the greatest times the larger size times the distance
                /// from 1 to the next number count as 0. See [`linalg::Pinv`].
                #[doc(alias = "pseudoinverse")]
                #[track_caller]
                pub fn pinv(self) -> Self {
                    match self.matrix_sizes("pinv") {
                        Ok([m, n]) => {
                            let epsilon = match self.dtype() {
                                DType::F32 => f32::EPSILON.into(),
                                _ => f64::EPSILON,
                            };
                            self.apply(
                                linalg::Pinv { rtol: Bits::new(m.max(n) as f64 * epsilon) },
                                &[],
                            )
                        }
                        Err(failed) => failed,
                    }
                }

                /// The `X` for which the squares of `A X - B` add up to least, and of several such the smallest: `B`
                /// multiplied by [`Self::pinv`]. `b` is a vector, or a matrix of as many rows; batches broadcast.
                ///
                /// ```
                /// # use gradtape::Tape;
                /// let tape = Tape::new();
                /// // The line through three points.
                /// let a = tape.constant([[0.0, 1.0], [1.0, 1.0], [2.0, 1.0]]);
                /// let x = a.lstsq(tape.constant([1.0, 3.0, 5.0])).value()?;
                /// assert!(x.all_close(&[2.0, 1.0].into(), 0.0, 1e-14));
                /// # Ok::<(), gradtape::Error>(())
                /// ```
                #[track_caller]
                pub fn lstsq(self, b: Self) -> Self {
                    let [rows, _] = match self.matrix_sizes("lstsq") {
                        Ok(sizes) => sizes,
                        Err(failed) => return failed,
                    };
                    let (own, right) = (self.meta(), b.meta());
                    let given = match right.shape[..] {
                        [given] | [.., given, _] => Some(given),
                        [] => None,
                    };
                    let fit = match given {
                        Some(given) if given == rows => Ok(()),
                        _ => {
                            let rule = format!("the right side of matrices {own} is {right}");
                            let hint = format!("it is a vector or a matrix of {rows} rows");
                            Err(Broken::new(rule).hint(hint))
                        }
                    };
                    match self.fits("lstsq", b, fit) {
                        Ok(()) => self.pinv().matmul(b),
                        Err(failed) => failed,
                    }
                }

                /// A square matrix times itself so many times; the identity for 0, powers of the inverse below.
                ///
                /// ```
                /// # use gradtape::Tape;
                /// let tape = Tape::new();
                /// let x = tape.constant([[1.0, 1.0], [1.0, 0.0]]);
                /// assert_eq!(x.matrix_power(10).value()?.to_f64_vec(), [89.0, 55.0, 55.0, 34.0]);
                /// # Ok::<(), gradtape::Error>(())
                /// ```
                #[track_caller]
                pub fn matrix_power(self, exponent: i32) -> Self {
                    if let Err(failed) = self.square_size("matrix_power") {
                        return failed;
                    }
                    let mut square = if exponent < 0 { self.inverse() } else { self };
                    let mut rest = exponent.unsigned_abs();
                    let mut product: Option<Self> = None;
                    while rest > 0 {
                        if rest & 1 == 1 {
                            product =
                                Some(product.map_or(square, |product| product.matmul(square)));
                        }
                        rest >>= 1;
                        if rest > 0 {
                            square = square.matmul(square);
                        }
                    }
                    product.unwrap_or_else(|| self.identity())
                }

                /// The spectral norm: the greatest singular value. 0 where there is none.
                #[track_caller]
                pub fn spectral_norm(self) -> Self {
                    match self.matrix_sizes("spectral_norm") {
                        Ok([m, n]) if m.min(n) > 0 => self.svdvals().index(-1, 0),
                        Ok(_) => self.svdvals().sum(-1),
                        Err(failed) => failed,
                    }
                }

                /// The nuclear norm: the sum of the singular values.
                #[track_caller]
                pub fn nuclear_norm(self) -> Self {
                    match self.matrix_sizes("nuclear_norm") {
                        Ok(_) => self.svdvals().sum(-1),
                        Err(failed) => failed,
                    }
                }

                /// As [`Self::solve`], given what [`linalg::Lu`] gives of this, all of one batch.
                #[track_caller]
                pub(crate) fn solve_by(
                    self,
                    factors: Self,
                    rows: Self,
                    b: Self,
                    transposed: bool,
                ) -> Self {
                    self.apply(linalg::Solve { transposed }, &[factors, rows, b])
                }

                /// As [`Self::triangular_solve`]; with `unit` the diagonal counts as 1.
                #[track_caller]
                pub(crate) fn triangular(self, b: Self, upper: bool, unit: bool) -> Self {
                    self.apply(linalg::TriangularSolve { upper, unit }, &[b])
                }

                /// The factors, and the order of rows, of what [`linalg::Lu`] gives.
                #[track_caller]
                pub(crate) fn lu_parts(self) -> (Self, Self) {
                    let n = self.shape().last().map_or(0, |columns| columns.saturating_sub(1));
                    (self.slice(-1, ..n), self.index(-1, n).cast(DType::I64))
                }

                #[track_caller]
                pub(crate) fn qr_parts(self, m: usize, n: usize) -> (Self, Self) {
                    let k = m.min(n);
                    (self.part(0, &[m, k]), self.part(m.saturating_mul(k), &[k, n]))
                }

                #[track_caller]
                pub(crate) fn svd_parts(self, m: usize, n: usize) -> (Self, Self, Self) {
                    let k = m.min(n);
                    let start = m.saturating_mul(k);
                    let rest = start.saturating_add(k);
                    (self.part(0, &[m, k]), self.part(start, &[k]), self.part(rest, &[k, n]))
                }

                #[track_caller]
                pub(crate) fn eigh_parts(self, n: usize) -> (Self, Self) {
                    (self.part(0, &[n]), self.part(n, &[n, n]))
                }

                /// An array among the numbers along the last axis.
                #[track_caller]
                fn part(self, start: usize, own: &[usize]) -> Self {
                    let shape = self.shape();
                    let batch = &shape[..shape.rank().saturating_sub(1)];
                    let size = own.iter().fold(1usize, |size, &n| size.saturating_mul(n));
                    let stop = start.saturating_add(size);
                    let dims: Dims = batch.iter().chain(own).copied().collect();
                    self.slice_step(-1, start, stop, 1).reshape(dims)
                }

                /// The mean of matrices and their transposes.
                #[track_caller]
                fn symmetric(self) -> Self {
                    (self + self.t()) * 0.5
                }

                /// Ones on the diagonals of matrices of this shape, zeros elsewhere.
                #[track_caller]
                pub(crate) fn identity(self) -> Self {
                    match self.diagonals("identity") {
                        Ok((rows, columns)) => {
                            rows.equal(columns).cast(self.dtype()).broadcast_to(self.shape())
                        }
                        Err(failed) => failed,
                    }
                }

                #[track_caller]
                fn matrix_sizes(self, name: &str) -> Result<[usize; 2], Self> {
                    let meta = self.meta();
                    match linalg::matrix(&meta) {
                        Ok(()) => Ok(linalg::sizes(&meta.shape)),
                        Err(rule) => Err(self.broken(name, rule)),
                    }
                }

                #[track_caller]
                fn square_size(self, name: &str) -> Result<usize, Self> {
                    let meta = self.meta();
                    match linalg::square(&meta) {
                        Ok(()) => Ok(linalg::sizes(&meta.shape)[0]),
                        Err(rule) => Err(self.broken(name, rule)),
                    }
                }
            }
        };
    };
}
pub(crate) use linalg_methods;
