//! [`TransformerEncoderLayer`]: attention of a sequence to itself, and a network.

use super::super::{
    Dropout, Init, KeyValueCache, Layer, LayerNorm, LayerSpec, Linear, Module, MultiheadAttention,
    Visitor,
};
use super::{TransformerEncoderSpec, TransformerOptions, added};
use crate::tape::{Part, Var};
use crate::tensor::{Result, Rng};

/// A layer of a transformer's encoder: self-attention and a network of two linear layers for each place, each added to
/// the sequence and normalised, `[n, length, width]` to the same. Vaswani et al. 2017. With
/// [`TransformerOptions::causal`] it is a layer of a model like GPT. Weights have the names of PyTorch.
///
/// ```
/// use gradtape::nn::{Activation, Layer, Sequential, TransformerEncoderLayer, TransformerOptions};
/// use gradtape::{DType, Rng, Tape, Tensor};
/// let rng = &mut Rng::new(1);
/// let options = TransformerOptions {
///     feedforward: 16,
///     activation: Activation::Gelu,
///     norm_first: true,
///     causal: true,
///     ..TransformerOptions::default()
/// };
/// let net = Sequential::new()
///     .add(TransformerEncoderLayer::with(8, 2, options, rng)?)
///     .add(TransformerEncoderLayer::with(8, 2, options, rng)?);
/// let tape = Tape::new();
/// let text = tape.constant(Tensor::ones([2, 5, 8], DType::F32));
/// assert_eq!(net.forward(text).shape()[..], [2, 5, 8]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TransformerEncoderLayer {
    /// Where each place looks at others.
    pub self_attn: MultiheadAttention,
    /// The first layer of the network.
    pub linear1: Linear,
    /// The second layer of the network.
    pub linear2: Linear,
    /// Of attention.
    pub norm1: LayerNorm,
    /// Of the network.
    pub norm2: LayerNorm,
    dropout: Dropout,
    dropout1: Dropout,
    dropout2: Dropout,
    options: TransformerOptions,
}

impl TransformerEncoderLayer {
    const NAME: &str = "TransformerEncoderLayer";

    /// A layer in f32 with the default options. Fails for heads that do not divide the width.
    pub fn new(width: usize, heads: usize, rng: &mut Rng) -> Result<TransformerEncoderLayer> {
        TransformerEncoderLayer::with(width, heads, TransformerOptions::default(), rng)
    }

    /// A layer with other [`TransformerOptions`]. Fails for heads that do not divide the width, for settings out of
    /// range, for an element type that is no float, and for sizes that memory cannot hold.
    pub fn with(
        width: usize,
        heads: usize,
        options: TransformerOptions,
        rng: &mut Rng,
    ) -> Result<TransformerEncoderLayer> {
        TransformerEncoderLayer::build(width, heads, options, Init::FanIn, rng)
            .map_err(|error| error.context(Self::NAME))
    }

    pub(super) fn build(
        width: usize,
        heads: usize,
        options: TransformerOptions,
        init: Init,
        rng: &mut Rng,
    ) -> Result<TransformerEncoderLayer> {
        options.check(Self::NAME)?;
        let dropout = options.dropout;
        Ok(TransformerEncoderLayer {
            self_attn: MultiheadAttention::build(width, heads, options.attention(), init, rng)?,
            linear1: options.linear(width, options.feedforward, init, rng)?,
            linear2: options.linear(options.feedforward, width, init, rng)?,
            norm1: options.norm(Self::NAME, width)?,
            norm2: options.norm(Self::NAME, width)?,
            dropout: Dropout::new(dropout, rng),
            dropout1: Dropout::new(dropout, rng),
            dropout2: Dropout::new(dropout, rng),
            options,
        })
    }

    /// What it was made with.
    pub fn options(&self) -> TransformerOptions {
        self.options
    }

    /// Records the layer of `x`, `[n, length, width]`, whose places may all be looked at.
    #[track_caller]
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.encode(x, None)
    }

    /// Records the layer of `x`, `[n, length, width]`, with a mask as [`MultiheadAttention::attend`] takes it.
    #[track_caller]
    pub fn encode<'t>(&self, x: Var<'t>, mask: Option<Var<'t>>) -> Var<'t> {
        self.run(x, None, mask).0
    }

    /// Records the layer of `x`, `[n, length, width]`, whose places follow those of `past` (`None`: the first ones), and the
    /// cache of all of them: see [`MultiheadAttention::run`].
    #[track_caller]
    pub fn run<'t>(
        &self,
        x: Var<'t>,
        past: Option<KeyValueCache<'t>>,
        mask: Option<Var<'t>>,
    ) -> (Var<'t>, KeyValueCache<'t>) {
        let _layer = x.tape().within(Part::Layer(Self::NAME));
        let before = self.options.norm_first;
        let (x, cache) = added(before, &self.norm1, x, |x| {
            let (taken, cache) = self.self_attn.run(x, past, mask);
            (self.dropout1.forward(taken), cache)
        });
        let think = |x: Var<'t>| {
            let inside = self.options.activation.layer().forward(self.linear1.forward(x));
            (self.dropout2.forward(self.linear2.forward(self.dropout.forward(inside))), cache)
        };
        added(before, &self.norm2, x, think)
    }
}

impl Module for TransformerEncoderLayer {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        visitor.child("self_attn", &self.self_attn);
        visitor.child("linear1", &self.linear1);
        visitor.child("dropout", &self.dropout);
        visitor.child("linear2", &self.linear2);
        visitor.child("norm1", &self.norm1);
        visitor.child("norm2", &self.norm2);
        visitor.child("dropout1", &self.dropout1);
        visitor.child("dropout2", &self.dropout2);
    }
}

impl Layer for TransformerEncoderLayer {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        TransformerEncoderLayer::forward(self, x)
    }

    fn spec(&self) -> Option<LayerSpec> {
        let (width, heads) = (self.self_attn.width(), self.self_attn.heads());
        Some(TransformerEncoderSpec::of(width, heads, self.options).into())
    }
}
