//! What most programs use, for `use gradtape::prelude::*`.
//!
//! ```
//! use gradtape::prelude::*;
//!
//! #[derive(Clone, Module)]
//! struct Net { hidden: Linear, out: Linear }
//!
//! impl Layer for Net {
//!     fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
//!         self.out.forward(self.hidden.forward(x).tanh())
//!     }
//! }
//!
//! fn main() -> Result<()> {
//!     let mut rng = Rng::new(1);
//!     let net = Net { hidden: Linear::new(2, 8, &mut rng), out: Linear::new(8, 1, &mut rng) };
//!     let adam = Adam::new(&net, 0.05);
//!     let x = Tensor::from([[0.0f32, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]);
//!     let y = Tensor::from([[0.0f32], [1.0], [1.0], [0.0]]);
//!     let mut tape = Tape::new();
//!     let mut last = f64::INFINITY;
//!     for _ in 0..200 {
//!         tape.reset();
//!         let loss = mse(net.forward(tape.constant(&x)), tape.constant(&y));
//!         adam.step(loss)?;
//!         last = loss.item()?;
//!     }
//!     assert!(last < 0.05, "{last}");
//!     Ok(())
//! }
//! ```

pub use crate::eval::{Mode, compile, evaluate};
pub use crate::grad::{gradient, gradients};
pub use crate::io::Checkpoint;
pub use crate::loss::{
    Reduction, bce_with_logits, cross_entropy, huber, kl_div, mae, mse, nll, smooth_l1,
};
pub use crate::nn::{
    Activation, BatchNorm1d, BatchNorm2d, Conv1d, Conv2d, ConvOptions, Dropout, Embedding, Flatten,
    Gelu, Init, Layer, LayerNorm, LeakyRelu, Linear, LinearOptions, MaxPool2d, Module, Padding,
    Relu, Residual, Sequential, Sigmoid, Silu, Softmax, Tanh,
};
pub use crate::optim::{Adam, AdamW, Ema, Optimizer, RmsProp, Schedule, Scheduler, Sgd};
pub use crate::tape::{Buffer, Dial, Generator, Parameter, Tape, Var};
pub use crate::tensor::{DType, Error, Kind, Result, Rng, Shape, Tensor};
pub use crate::train::Trainer;
