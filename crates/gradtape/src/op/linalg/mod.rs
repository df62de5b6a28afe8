//! Decompositions of matrices, and what is solved with them.
//!
//! The last two axes of an operand are a matrix, those before them a batch. Numbers are f32 or f64; the
//! decompositions themselves are computed in f64 by the crate `faer`, on one thread, and rounded once. The
//! gradient rules are recorded with other operations, so that there are derivatives of every order.
//!
//! Results of several parts are one row of numbers for each matrix, which the methods of
//! [`Var`](crate::Var) take apart: no decomposition is computed twice for its parts.

mod cholesky;
mod decompose;
mod eigh;
mod lu;
mod matrix;
mod pinv;
mod qr;
mod slogdet;
mod solve;
mod svd;
mod triangular_solve;
mod turn;

pub use cholesky::Cholesky;
pub use eigh::Eigh;
pub use lu::Lu;
pub use pinv::Pinv;
pub use qr::Qr;
pub use slogdet::SlogDet;
pub use solve::Solve;
pub use svd::Svd;
pub use triangular_solve::TriangularSolve;

pub(crate) use matrix::{batch, matrix, sizes, solvable, square};

use decompose::{Failure, each, finite, not_found, orient, write};
use matrix::{factored, packed, right_side};
use turn::{over, with_diagonal};
