//! A gradient tape that trains networks and shows how they learn.

#![deny(unsafe_code)]

pub mod data;
#[allow(unsafe_code, reason = "vector code and threads, behind safe functions")]
pub mod engine;
pub mod eval;
pub mod grad;
pub mod io;
pub mod loss;
pub mod metric;
pub mod nn;
pub mod op;
pub mod optim;
pub mod plan;
pub mod tape;
pub mod tensor;
pub mod train;

// For the derive macro, whose output names the crate from outside.
extern crate self as gradtape;

pub use eval::{Mode, check_gradients, compile, evaluate};
pub use grad::{depends_on, gradient, gradients, hessian, jacobian, jvp, vjp};
pub use tape::{Dial, Generator, Parameter, Tape, Var};
pub use tensor::{DType, Element, Error, Kind, Result, Rng, Shape, Tensor, nearest};

/// The README's examples, run as tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
pub struct Readme;
