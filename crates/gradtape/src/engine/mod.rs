//! Engines: what runs programs. The only room with `unsafe` code.
//!
//! [`reference`] runs a graph operation by operation and defines every result; faster engines are
//! compared with it.

pub mod cpu;
pub mod interpret;
pub mod reference;

use crate::tensor::Tensor;

/// The numbers of one input of a run.
pub enum Slot<'a> {
    /// A contiguous tensor that is only read.
    Read(&'a Tensor),
    /// A contiguous tensor that nothing else views, updated in place.
    Write(&'a mut Tensor),
    /// A scalar, converted to the input's element type.
    Scalar(f64),
}
