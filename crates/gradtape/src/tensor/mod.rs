//! Numbers in memory: [`Tensor`], [`Shape`], [`DType`], [`Rng`] and the one [`Error`] of the library.
//!
//! This room imports no other.

mod compare;
mod construct;
mod convert;
mod dtype;
mod error;
mod format;
mod half;
#[cfg(feature = "ndarray")]
mod interop;
mod join;
mod nearest;
mod philox;
mod place;
mod rng;
mod shape;
mod shell;
mod storage;
#[allow(clippy::module_inception, reason = "the room is named after the type it is about")]
mod tensor;
mod view;

pub(crate) use compare::fingerprint;
pub use dtype::{DType, Element};
pub(crate) use dtype::{sealed, with_float, with_type};
pub(crate) use error::is_foreign;
pub use error::{Error, Kind, Result};
pub use half::{Bf16, F16};
pub use nearest::nearest;
pub(crate) use philox::{random_block, unit_f32};
pub use philox::{uniform_at, unit_f64};
pub use place::{IntoRange, Place};
pub use rng::Rng;
pub use shape::{Dims, Shape};
pub use shell::shell_word;
pub(crate) use storage::{Slice, SliceMut};
pub use tensor::Tensor;
pub(crate) use tensor::allocate;
