//! Layers, and how a user's own struct becomes a module.

mod activation;
mod assign;
mod dropout;
mod flatten;
mod init;
mod layer;
mod linear;
mod module;
mod sequential;
mod summary;

pub(crate) use assign::{Origin, assign, fit, named, pair, values};

pub use activation::{Activation, LeakyRelu, Relu, Sigmoid, Softmax, Tanh};
pub use dropout::Dropout;
pub use flatten::Flatten;
pub use init::Init;
pub use layer::{CloneLayer, Layer, LayerSpec};
pub use linear::{Linear, LinearOptions};
pub use module::{Module, Visitor};
pub use sequential::Sequential;
pub use summary::{Summary, SummaryRow, summary};

/// Implements the trait [`Module`](trait@Module) for a struct of modules.
pub use gradtape_derive::Module;
