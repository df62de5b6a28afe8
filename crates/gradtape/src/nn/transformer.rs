//! [`TransformerEncoderLayer`] and [`TransformerDecoderLayer`]: attention and a small network for each place.

use serde::{Deserialize, Serialize};

use super::fit::{check_eps, setting};
use super::spec::float;
use super::{
    Activation, AttentionOptions, Dropout, Init, Kept, Layer, LayerNorm, LayerNormOptions,
    LayerSpec, Linear, LinearOptions, Module, MultiheadAttention, Spec, Visitor,
};
use crate::op::Meta;
use crate::tape::{Part, Var};
use crate::tensor::{DType, Result, Rng};

/// What [`TransformerEncoderLayer::with`] and [`TransformerDecoderLayer::with`] can be told; the default is what `new`
/// does, and PyTorch, but that sequences are `[n, length, width]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TransformerOptions {
    /// The width inside of the network for each place (default: 2048).
    pub feedforward: usize,
    /// The probability that an element is set to 0 during training, in [0, 1) (default: 0.1): of the weights of
    /// attention, inside of the network, and of what is added to the sequence.
    pub dropout: f64,
    /// The activation inside of the network (default: [`Activation::Relu`]).
    pub activation: Activation,
    /// What normalisation adds to the variance, at least 0 (default: 1e-5).
    pub eps: f64,
    /// Whether normalisation comes before attention and network, and not behind what they are added to
    /// (default: no). Xiong et al. 2020.
    pub norm_first: bool,
    /// Whether there are biases (default: yes).
    pub bias: bool,
    /// Whether a place looks at itself and those before it alone (default: no). Of a decoder, in its own
    /// sequence.
    pub causal: bool,
    /// As [`AttentionOptions::rotary`], in the layer's own sequence (default: none).
    pub rotary: Option<f64>,
    /// The element type, f32 (default) or f64.
    pub dtype: DType,
}

impl Default for TransformerOptions {
    fn default() -> TransformerOptions {
        TransformerOptions {
            feedforward: 2048,
            dropout: 0.1,
            activation: Activation::Relu,
            eps: 1e-5,
            norm_first: false,
            bias: true,
            causal: false,
            rotary: None,
            dtype: DType::F32,
        }
    }
}

impl TransformerOptions {
    fn attention(self) -> AttentionOptions {
        let TransformerOptions { causal, dropout, bias, rotary, dtype, .. } = self;
        AttentionOptions { causal, dropout, bias, rotary, dtype }
    }

    fn norm(self, name: &str, width: usize) -> Result<LayerNorm> {
        let TransformerOptions { eps, bias, dtype, .. } = self;
        check_eps(name, eps)?;
        LayerNorm::with(width, LayerNormOptions { eps, affine: true, bias, dtype })
    }

    fn linear(self, from: usize, to: usize, init: Init, rng: &mut Rng) -> Result<Linear> {
        let TransformerOptions { bias, dtype, .. } = self;
        Linear::with(
            from,
            to,
            LinearOptions { bias, weight_init: init, bias_init: init, dtype },
            rng,
        )
    }

    fn check(self, name: &str) -> Result<()> {
        match self.feedforward {
            0 => Err(setting(name, "feedforward is 0, but must be at least 1")),
            _ => Ok(()),
        }
    }
}

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

    fn build(
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
        let _layer = x.tape().within(Part::Layer(Self::NAME));
        let look = |x: Var<'t>| self.dropout1.forward(self.self_attn.attend(x, x, mask));
        let think = |x: Var<'t>| {
            let inside = self.options.activation.layer().forward(self.linear1.forward(x));
            self.dropout2.forward(self.linear2.forward(self.dropout.forward(inside)))
        };
        let before = self.options.norm_first;
        added(before, &self.norm2, added(before, &self.norm1, x, look), think)
    }
}

/// A layer of a transformer's decoder: self-attention, attention to another sequence (the memory), and a network of two
/// linear layers for each place, each added to the sequence and normalised. Vaswani et al. 2017. Weights have the
/// names of PyTorch. It takes two values, and so is a [`Module`] and no [`Layer`].
///
/// ```
/// use gradtape::nn::{TransformerDecoderLayer, TransformerOptions};
/// use gradtape::{DType, Rng, Tape, Tensor};
/// let options = TransformerOptions { feedforward: 16, causal: true, ..Default::default() };
/// let layer = TransformerDecoderLayer::with(8, 2, options, &mut Rng::new(1))?;
/// let tape = Tape::new();
/// let target = tape.constant(Tensor::ones([2, 3, 8], DType::F32));
/// let memory = tape.constant(Tensor::ones([2, 5, 8], DType::F32));
/// assert_eq!(layer.forward(target, memory).shape()[..], [2, 3, 8]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TransformerDecoderLayer {
    /// Where each place looks at others of its sequence.
    pub self_attn: MultiheadAttention,
    /// Where each place looks at the memory.
    pub multihead_attn: MultiheadAttention,
    /// The first layer of the network.
    pub linear1: Linear,
    /// The second layer of the network.
    pub linear2: Linear,
    /// Of self-attention.
    pub norm1: LayerNorm,
    /// Of attention to the memory.
    pub norm2: LayerNorm,
    /// Of the network.
    pub norm3: LayerNorm,
    dropout: Dropout,
    dropout1: Dropout,
    dropout2: Dropout,
    dropout3: Dropout,
    options: TransformerOptions,
}

impl TransformerDecoderLayer {
    const NAME: &str = "TransformerDecoderLayer";

    /// A layer in f32 with the default options. Fails for heads that do not divide the width.
    pub fn new(width: usize, heads: usize, rng: &mut Rng) -> Result<TransformerDecoderLayer> {
        TransformerDecoderLayer::with(width, heads, TransformerOptions::default(), rng)
    }

    /// A layer with other [`TransformerOptions`]. Fails for heads that do not divide the width, for settings out of
    /// range, for an element type that is no float, and for sizes that memory cannot hold.
    pub fn with(
        width: usize,
        heads: usize,
        options: TransformerOptions,
        rng: &mut Rng,
    ) -> Result<TransformerDecoderLayer> {
        let mut build = || -> Result<TransformerDecoderLayer> {
            options.check(Self::NAME)?;
            let (dropout, own) = (options.dropout, options.attention());
            // The memory has an order of its own.
            let other = AttentionOptions { causal: false, rotary: None, ..own };
            let feedforward = options.feedforward;
            Ok(TransformerDecoderLayer {
                self_attn: MultiheadAttention::with(width, heads, own, rng)?,
                multihead_attn: MultiheadAttention::with(width, heads, other, rng)?,
                linear1: options.linear(width, feedforward, Init::FanIn, rng)?,
                linear2: options.linear(feedforward, width, Init::FanIn, rng)?,
                norm1: options.norm(Self::NAME, width)?,
                norm2: options.norm(Self::NAME, width)?,
                norm3: options.norm(Self::NAME, width)?,
                dropout: Dropout::new(dropout, rng),
                dropout1: Dropout::new(dropout, rng),
                dropout2: Dropout::new(dropout, rng),
                dropout3: Dropout::new(dropout, rng),
                options,
            })
        };
        build().map_err(|error| error.context(Self::NAME))
    }

    /// What it was made with.
    pub fn options(&self) -> TransformerOptions {
        self.options
    }

    /// Records the layer of `target` `[n, length, width]`, which looks at all of `memory` `[n, places, width]`.
    #[track_caller]
    pub fn forward<'t>(&self, target: Var<'t>, memory: Var<'t>) -> Var<'t> {
        self.decode(target, memory, None, None)
    }

    /// As [`TransformerDecoderLayer::forward`], with masks as [`MultiheadAttention::attend`] takes them: of the target's own
    /// places, and of the memory's.
    #[track_caller]
    pub fn decode<'t>(
        &self,
        target: Var<'t>,
        memory: Var<'t>,
        target_mask: Option<Var<'t>>,
        memory_mask: Option<Var<'t>>,
    ) -> Var<'t> {
        let _layer = target.tape().within(Part::Layer(Self::NAME));
        let look = |x: Var<'t>| self.dropout1.forward(self.self_attn.attend(x, x, target_mask));
        let recall =
            |x: Var<'t>| self.dropout2.forward(self.multihead_attn.attend(x, memory, memory_mask));
        let think = |x: Var<'t>| {
            let inside = self.options.activation.layer().forward(self.linear1.forward(x));
            self.dropout3.forward(self.linear2.forward(self.dropout.forward(inside)))
        };
        let before = self.options.norm_first;
        let x = added(before, &self.norm1, target, look);
        added(before, &self.norm3, added(before, &self.norm2, x, recall), think)
    }
}

/// What a part computes of `x` added to `x`, normalised before or behind.
#[track_caller]
fn added<'t>(
    before: bool,
    norm: &LayerNorm,
    x: Var<'t>,
    part: impl Fn(Var<'t>) -> Var<'t>,
) -> Var<'t> {
    match before {
        true => x + part(norm.forward(x)),
        false => norm.forward(x + part(x)),
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

impl Module for TransformerDecoderLayer {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        visitor.child("self_attn", &self.self_attn);
        visitor.child("multihead_attn", &self.multihead_attn);
        visitor.child("linear1", &self.linear1);
        visitor.child("dropout", &self.dropout);
        visitor.child("linear2", &self.linear2);
        visitor.child("norm1", &self.norm1);
        visitor.child("norm2", &self.norm2);
        visitor.child("norm3", &self.norm3);
        visitor.child("dropout1", &self.dropout1);
        visitor.child("dropout2", &self.dropout2);
        visitor.child("dropout3", &self.dropout3);
    }
}

impl Layer for TransformerEncoderLayer {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        TransformerEncoderLayer::forward(self, x)
    }

    fn spec(&self) -> Option<LayerSpec> {
        let options = self.options;
        let spec = TransformerEncoderSpec {
            width: self.self_attn.width(),
            heads: self.self_attn.heads(),
            feedforward: options.feedforward,
            dropout: options.dropout,
            activation: options.activation.name().to_string(),
            eps: options.eps,
            norm_first: options.norm_first,
            bias: options.bias,
            causal: options.causal,
            rotary: options.rotary,
            dtype: options.dtype.to_string(),
        };
        Some(spec.into())
    }
}

/// A [`TransformerEncoderLayer`] as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransformerEncoderSpec {
    /// The width of the sequences.
    pub width: usize,
    /// The number of heads.
    pub heads: usize,
    /// As [`TransformerOptions::feedforward`].
    pub feedforward: usize,
    /// As [`TransformerOptions::dropout`].
    pub dropout: f64,
    /// The name of [`TransformerOptions::activation`].
    pub activation: String,
    /// As [`TransformerOptions::eps`].
    pub eps: f64,
    /// As [`TransformerOptions::norm_first`].
    pub norm_first: bool,
    /// As [`TransformerOptions::bias`].
    pub bias: bool,
    /// As [`TransformerOptions::causal`].
    pub causal: bool,
    /// As [`TransformerOptions::rotary`].
    pub rotary: Option<f64>,
    /// The element type, `f32` or `f64`.
    pub dtype: String,
}

impl Spec for TransformerEncoderSpec {
    fn build(&self, init: Init, rng: &mut Rng) -> Result<Box<dyn Layer>> {
        let &TransformerEncoderSpec {
            feedforward,
            dropout,
            eps,
            norm_first,
            bias,
            causal,
            rotary,
            ..
        } = self;
        let (activation, dtype) = (self.activation.parse()?, float(&self.dtype)?);
        let options = TransformerOptions {
            feedforward,
            dropout,
            activation,
            eps,
            norm_first,
            bias,
            causal,
            rotary,
            dtype,
        };
        let layer = TransformerEncoderLayer::build(self.width, self.heads, options, init, rng)?;
        Ok(Box::new(layer))
    }

    fn tensors(&self) -> Result<Vec<Kept>> {
        let &TransformerEncoderSpec { width, feedforward, bias, .. } = self;
        let (dtype, rows) = (float(&self.dtype)?, width.saturating_mul(3));
        let all: [(&str, &[usize]); 12] = [
            ("self_attn.in_proj_weight", &[rows, width]),
            ("self_attn.in_proj_bias", &[rows]),
            ("self_attn.out_proj.weight", &[width, width]),
            ("self_attn.out_proj.bias", &[width]),
            ("linear1.weight", &[feedforward, width]),
            ("linear1.bias", &[feedforward]),
            ("linear2.weight", &[width, feedforward]),
            ("linear2.bias", &[width]),
            ("norm1.weight", &[width]),
            ("norm1.bias", &[width]),
            ("norm2.weight", &[width]),
            ("norm2.bias", &[width]),
        ];
        let there = all.into_iter().filter(|(name, _)| bias || !name.ends_with("bias"));
        Ok(there.map(|(name, shape)| Kept::parameter(name, Meta::new(dtype, shape))).collect())
    }

    #[cfg(test)]
    fn samples() -> Vec<(Self, Vec<usize>)> {
        let plain = TransformerEncoderSpec {
            width: 4,
            heads: 2,
            feedforward: 5,
            dropout: 0.1,
            activation: "gelu".into(),
            eps: 1e-5,
            norm_first: false,
            bias: true,
            causal: false,
            rotary: None,
            dtype: "f32".into(),
        };
        let first = TransformerEncoderSpec {
            norm_first: true,
            bias: false,
            causal: true,
            rotary: Some(100.0),
            dtype: "f64".into(),
            ..plain.clone()
        };
        [plain, first].into_iter().map(|spec| (spec, vec![2, 3, 4])).collect()
    }
}
