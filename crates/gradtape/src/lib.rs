//! A gradient tape that trains networks and shows how they learn.

pub mod data;
pub mod tensor;

pub use tensor::{DType, Element, Error, Kind, Result, Rng, Shape, Tensor, nearest};
