//! Operations that drop axes.

mod argmax;
mod axes;
mod cumargmax;
mod cumsum;
mod logsumexp;
mod logsumexp_rest;
mod max;
mod min;
mod sum;

pub use argmax::ArgMax;
pub use cumargmax::CumArgMax;
pub use cumsum::CumSum;
pub use logsumexp::LogSumExp;
pub use logsumexp_rest::LogSumExpRest;
pub use max::Max;
pub use min::Min;
pub use sum::Sum;

use axes::{after_examples, extreme_vjp, softmax_vjp};
pub(crate) use axes::{dropped, kept};
