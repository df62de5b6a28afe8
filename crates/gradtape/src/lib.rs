//! A gradient tape that trains networks and shows how they learn.

pub mod tensor;

pub use tensor::{DType, Element, Error, Kind, Result, Rng, Shape, Tensor};
