//! Layers, and how a user's own struct becomes a module.
//!
//! | for | see |
//! |---|---|
//! | networks of your own | [`Module`](trait@Module), [`Layer`], [`Sequential`], [`Residual`], [`Parallel`], [`Blueprint`], [`summary`](summary()) |
//! | rows | [`Linear`], [`Sequential::mlp`], [`BatchNorm1d`], [`Dropout`], [`EmbedColumns`] |
//! | images and signals | [`Conv2d`], [`ConvTranspose2d`], [`MaxPool2d`], [`AvgPool2d`], [`LpPool2d`], [`AdaptiveAvgPool2d`], [`AdaptiveMaxPool2d`], [`GlobalAvgPool`], [`GlobalMaxPool`], [`Upsample`], [`BatchNorm2d`], [`GroupNorm`], [`InstanceNorm2d`], [`Dropout2d`], [`Flatten`], [`Unflatten`], and their kin for one and three axes |
//! | sequences | [`Embedding`], [`EmbeddingBag`], [`PositionalEmbedding`], [`RotaryEmbedding`], [`MultiheadAttention`], [`LayerNorm`], [`RmsNorm`], [`Rnn`], [`Lstm`], [`Gru`], [`Bidirectional`] |
//! | transformers | [`TransformerEncoder`], [`TransformerDecoder`], their layers [`TransformerEncoderLayer`] and [`TransformerDecoderLayer`], [`CausalTransformer`], [`SwiGlu`] |
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
mod embed_columns;
mod embedding;
mod embedding_bag;
mod fit;
mod flatten;
mod group_norm;
mod info;
mod init;
mod layer;
mod layer_norm;
mod linear;
mod module;
mod parallel;
mod pool;
mod positions;
mod recurrent;
mod residual;
mod sequential;
mod spec;
mod summary;
mod swiglu;
mod transformer;
mod unflatten;
mod upsample;

pub(crate) use assign::{Origin, Place, assign, fit, named_state, pair, values};
pub(crate) use spec::{Kept, Spec};

pub use activation::gated::{Glu, Prelu, PreluOptions, PreluSpec};
pub use activation::piecewise::{Hardsigmoid, Hardswish, Hardtanh, Relu6};
pub use activation::smooth::{Celu, Elu, Gelu, Mish, Selu, Silu, Softplus, Softsign};
pub use activation::{Activation, LeakyRelu, LogSoftmax, Relu, Sigmoid, Softmax, Tanh};
pub use attention::{AttentionOptions, AttentionSpec, KeyValueCache, MultiheadAttention};
pub use batch_norm::{BatchNorm, BatchNorm1d, BatchNorm2d, BatchNormOptions, BatchNormSpec};
pub use blueprint::Blueprint;
pub use conv::{Conv, Conv1d, Conv2d, Conv3d, ConvOptions, ConvSpec, Padding, PaddingSpec};
pub use conv_transpose::{
    ConvTranspose, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d, ConvTransposeOptions,
    ConvTransposeSpec,
};
pub use dropout::{Dropout, DropoutSpec};
pub use dropout_channels::{ChannelDropout, Dropout1d, Dropout2d, DropoutChannelsSpec};
pub use embed_columns::{EmbedColumns, EmbedColumnsSpec, EmbeddedColumns};
pub use embedding::{Embedding, EmbeddingOptions, EmbeddingSpec};
pub use embedding_bag::{BagMode, EmbeddingBag, EmbeddingBagSpec};
pub use flatten::Flatten;
pub use group_norm::{
    GroupNorm, GroupNormSpec, InstanceNorm, InstanceNorm1d, InstanceNorm2d, InstanceNormSpec,
    NormOptions,
};
pub use info::LayerInfo;
pub use init::Init;
pub use layer::{CloneLayer, Layer};
pub use layer_norm::{
    LayerNorm, LayerNormOptions, LayerNormSpec, RmsNorm, RmsNormOptions, RmsNormSpec,
};
pub use linear::{Linear, LinearOptions, LinearSpec};
pub use module::{Module, Visitor};
pub use parallel::{Bidirectional, BidirectionalSpec, Merge, Parallel, ParallelSpec};
pub use pool::{
    AdaptiveAvgPool, AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveAvgPool3d, AdaptiveAvgPoolSpec,
    AdaptiveMaxPool, AdaptiveMaxPool1d, AdaptiveMaxPool2d, AdaptiveMaxPool3d, AdaptiveMaxPoolSpec,
    AvgPool, AvgPool1d, AvgPool2d, AvgPool3d, AvgPoolOptions, AvgPoolSpec, GlobalAvgPool,
    GlobalMaxPool, LpPool, LpPool1d, LpPool2d, LpPool3d, LpPoolOptions, LpPoolSpec, MaxPool,
    MaxPool1d, MaxPool2d, MaxPool3d, MaxPoolOptions, MaxPoolSpec,
};
pub use positions::{PositionalEmbedding, PositionsSpec, RotaryEmbedding};
pub use recurrent::{
    Cell, Gru, GruCell, Lstm, LstmCell, Nonlinearity, Recurrent, RecurrentOptions, RecurrentSpec,
    RecurrentState, Rnn, RnnCell,
};
pub use residual::{Residual, ResidualSpec};
pub use sequential::{Sequential, SequentialSpec};
pub use spec::LayerSpec;
pub use summary::{Summary, SummaryRow, summary, summary_for, summary_with};
pub use swiglu::{SwiGlu, SwiGluOptions, SwiGluSpec};
pub use transformer::{
    CausalTransformer, CausalTransformerOptions, CausalTransformerSpec, Continuation, DecoderCache,
    Sampling, TransformerDecoder, TransformerDecoderLayer, TransformerDecoderSpec,
    TransformerDecoderStackSpec, TransformerEncoder, TransformerEncoderLayer,
    TransformerEncoderSpec, TransformerOptions, TransformerStackOptions, TransformerStackSpec,
};
pub use unflatten::Unflatten;
pub use upsample::{Interpolation, Upsample};

/// Implements the trait [`Module`](trait@Module) for a struct of modules.
pub use gradtape_derive::Module;
