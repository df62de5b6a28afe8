//! Layers, and how a user's own struct becomes a module.
//!
//! | for | see |
//! |---|---|
//! | networks of your own | [`Module`](trait@Module), [`Layer`], [`Sequential`], [`Residual`], [`Blueprint`], [`summary`](summary()) |
//! | rows | [`Linear`], [`Sequential::mlp`], [`BatchNorm1d`], [`Dropout`] |
//! | images and signals | [`Conv2d`], [`ConvTranspose2d`], [`MaxPool2d`], [`AvgPool2d`], [`AdaptiveAvgPool2d`], [`BatchNorm2d`], [`GroupNorm`], [`InstanceNorm2d`], [`Dropout2d`], [`Flatten`], [`Unflatten`], and their kin for one and three axes |
//! | sequences | [`Embedding`], [`PositionalEmbedding`], [`RotaryEmbedding`], [`MultiheadAttention`], [`TransformerEncoderLayer`], [`TransformerDecoderLayer`], [`LayerNorm`], [`RmsNorm`], [`Rnn`], [`Lstm`], [`Gru`], [`Gpt`] |
//! | activations | [`Relu`], [`Gelu`], [`Silu`], [`Prelu`], [`Glu`], [`Softmax`] and others, or methods of [`Var`](crate::Var) |

mod activation;
mod assign;
mod attention;
mod batch_norm;
mod blueprint;
mod conv;
mod conv_transpose;
mod dropout;
mod dropout_channels;
mod embedding;
mod fit;
mod flatten;
mod gpt;
mod group_norm;
mod init;
mod layer;
mod layer_norm;
mod linear;
mod module;
mod pool;
mod pool_adaptive;
mod positions;
mod recurrent;
mod residual;
mod sequential;
mod spec;
mod summary;
mod transformer;
mod unflatten;

pub(crate) use assign::{Origin, Place, assign, fit, named_state, pair, values};
pub(crate) use spec::{Kept, Spec};

pub use activation::gated::{Glu, Prelu, PreluOptions, PreluSpec};
pub use activation::piecewise::{Hardsigmoid, Hardswish, Hardtanh, Relu6};
pub use activation::smooth::{Celu, Elu, Gelu, Mish, Selu, Silu, Softplus, Softsign};
pub use activation::{Activation, LeakyRelu, LogSoftmax, Relu, Sigmoid, Softmax, Tanh};
pub use attention::{AttentionOptions, AttentionSpec, MultiheadAttention};
pub use batch_norm::{BatchNorm, BatchNorm1d, BatchNorm2d, BatchNormOptions, BatchNormSpec};
pub use blueprint::Blueprint;
pub use conv::{Conv, Conv1d, Conv2d, Conv3d, ConvOptions, ConvSpec, Padding, PaddingSpec};
pub use conv_transpose::{
    ConvTranspose, ConvTranspose1d, ConvTranspose2d, ConvTransposeOptions, ConvTransposeSpec,
};
pub use dropout::{Dropout, DropoutSpec};
pub use dropout_channels::{ChannelDropout, Dropout1d, Dropout2d, DropoutChannelsSpec};
pub use embedding::{Embedding, EmbeddingOptions, EmbeddingSpec};
pub use flatten::Flatten;
pub use gpt::{Continuation, Gpt, Sampling};
pub use group_norm::{
    GroupNorm, GroupNormSpec, InstanceNorm, InstanceNorm1d, InstanceNorm2d, InstanceNormSpec,
    NormOptions,
};
pub use init::Init;
pub use layer::{CloneLayer, Layer};
pub use layer_norm::{
    LayerNorm, LayerNormOptions, LayerNormSpec, RmsNorm, RmsNormOptions, RmsNormSpec,
};
pub use linear::{Linear, LinearOptions, LinearSpec};
pub use module::{Module, Visitor};
pub use pool::{
    AvgPool, AvgPool1d, AvgPool2d, AvgPoolOptions, AvgPoolSpec, MaxPool, MaxPool1d, MaxPool2d,
    MaxPoolOptions, MaxPoolSpec,
};
pub use pool_adaptive::{AdaptiveAvgPool, AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptivePoolSpec};
pub use positions::{PositionalEmbedding, PositionsSpec, RotaryEmbedding};
pub use recurrent::{
    Cell, Gru, GruCell, Lstm, LstmCell, Nonlinearity, Recurrent, RecurrentOptions, RecurrentSpec,
    RecurrentState, Rnn, RnnCell,
};
pub use residual::{Residual, ResidualSpec};
pub use sequential::{Sequential, SequentialSpec};
pub use spec::LayerSpec;
pub use summary::{Summary, SummaryRow, summary};
pub use transformer::{
    TransformerDecoderLayer, TransformerEncoderLayer, TransformerEncoderSpec, TransformerOptions,
};
pub use unflatten::Unflatten;

/// Implements the trait [`Module`](trait@Module) for a struct of modules.
pub use gradtape_derive::Module;
