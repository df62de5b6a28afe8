//! A gradient tape that trains networks and shows how they learn.
//!
//! Operations on a [`Tape`] are recorded while the program runs; a gradient is more recording; what is read
//! is planned, fused and computed at once.
//!
//! ```
//! use gradtape::prelude::*;
//! let tape = Tape::new();
//! let x = tape.watch(3.0);
//! let y = x * x + 2 * x;
//! let [dy] = gradient(y, [x]);
//! assert_eq!((y.item()?, dy.item()?), (15.0, 8.0));
//! # Ok::<(), gradtape::Error>(())
//! ```
//!
//! | for | see |
//! |---|---|
//! | a first program | [`prelude`], [`train::Trainer`], the examples of the repository |
//! | what PyTorch, burn or candle calls it | [`coming_from`] |
//! | layers, losses, optimisers | [`nn`], [`loss`], [`optim`] |
//! | a gradient for what has none: ranks, sorting, choices, rounding | [`soft`] |
//! | derivatives | [`gradient`], [`jacobian`], [`hessian`], [`jvp`], [`vjp`] |
//! | a function of one example, of a whole batch | [`vmap`] |
//! | operations, with their gradients and why they hold | the methods of [`Var`], and [`op`] |
//! | data and model files | [`data`], [`io`] |

#![deny(unsafe_code)]

#[doc = include_str!("coming_from.md")]
pub mod coming_from {}
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
pub mod prelude;
pub mod soft;
pub mod tape;
pub mod tensor;
pub mod train;

// For the derive macro, whose output names the crate from outside.
extern crate self as gradtape;

pub use eval::{Mode, check_gradients, compile, evaluate};
pub use grad::{
    Vars, depends_on, gradient, gradients, hessian, jacobian, jvp, vjp, vmap, vmap_axes,
};
pub use tape::{Buffer, Convolution, Dial, Generator, Parameter, Tape, Var};
pub use tensor::{
    Bf16, DType, Element, Error, F16, Kind, Result, Rng, Shape, Tensor, nearest, shell_word,
};

/// The README's examples, run as tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
pub struct Readme;
