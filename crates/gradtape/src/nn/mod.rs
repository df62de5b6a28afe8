//! Layers, and how a user's own struct becomes a module.

mod activation;
mod assign;
mod batch_norm;
mod dropout;
mod flatten;
mod init;
mod layer;
mod linear;
mod module;
mod sequential;
mod spec;
mod summary;

pub(crate) use assign::{Origin, Place, assign, fit, named_state, pair, values};
pub(crate) use spec::{Kept, Spec};

pub use activation::{Activation, LeakyRelu, Relu, Sigmoid, Softmax, Tanh};
pub use batch_norm::{BatchNorm, BatchNorm1d, BatchNorm2d, BatchNormOptions, BatchNormSpec};
pub use dropout::{Dropout, DropoutSpec};
pub use flatten::Flatten;
pub use init::Init;
pub use layer::{CloneLayer, Layer};
pub use linear::{Linear, LinearOptions, LinearSpec};
pub use module::{Module, Visitor};
pub use sequential::{Sequential, SequentialSpec};
pub use spec::LayerSpec;
pub use summary::{Summary, SummaryRow, summary};

/// Implements the trait [`Module`](trait@Module) for a struct of modules.
pub use gradtape_derive::Module;
