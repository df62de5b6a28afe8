//! Products of matrices.

mod contract;
mod einsum;
mod fit;

pub use contract::Contract;
pub(crate) use contract::Groups;
pub(crate) use einsum::{Einsum, Label, Labels, Layout, Pair, pair};
pub(crate) use fit::{factors, matmul_fits};
