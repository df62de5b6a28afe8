//! Transformers: attention and a small network for each place.

mod causal;
mod decoder;
mod encoder;
mod generate;
mod spec;
mod stack;

pub use causal::{CausalTransformer, CausalTransformerOptions, CausalTransformerSpec};
pub use decoder::{DecoderCache, TransformerDecoderLayer};
pub use encoder::TransformerEncoderLayer;
pub use generate::{Continuation, Sampling};
pub use spec::{
    TransformerDecoderSpec, TransformerDecoderStackSpec, TransformerEncoderSpec,
    TransformerStackSpec,
};
pub use stack::{TransformerDecoder, TransformerEncoder, TransformerStackOptions};

use super::fit::{check_eps, setting};
use super::{
    Activation, AttentionOptions, Init, Layer, LayerNorm, LayerNormOptions, LayerSpec, Linear,
    LinearOptions,
};
use crate::tape::Var;
use crate::tensor::{DType, Error, Kind, Result, Rng};

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

/// What a part computes of `x` added to `x`, normalised before or behind, and what else the part tells.
#[track_caller]
fn added<'t, T>(
    before: bool,
    norm: &LayerNorm,
    x: Var<'t>,
    part: impl FnOnce(Var<'t>) -> (Var<'t>, T),
) -> (Var<'t>, T) {
    let (y, told) = part(if before { norm.forward(x) } else { x });
    (if before { x + y } else { norm.forward(x + y) }, told)
}

/// What a decoder fails with where a target and a memory are not of the same examples.
#[track_caller]
fn apart<'t>(name: &str, target: Var<'t>, memory: Var<'t>) -> Option<Var<'t>> {
    let (own, other) = (target.meta(), memory.meta());
    let fits = own.shape.first() == other.shape.first();
    if fits || target.check().is_err() || memory.check().is_err() {
        return None;
    }
    let message =
        format!("{name}: the target {own} and the memory {other} are not of as many examples");
    let hint = "each target looks at the memory of its example; broadcast_to() repeats one for all";
    Some(target.failed(Error::new(Kind::Shape, message).hint(hint), &[target, memory]))
}

/// What a layer of one kind is as data.
fn spec_of<S: TryFrom<LayerSpec, Error = Error>>(layer: &(impl Layer + ?Sized)) -> Result<S> {
    let named = |error: Error| error.context(layer.kind());
    let spec = layer.spec().ok_or_else(|| {
        Error::new(Kind::Model, "the layer is one of a program, and has no description as data")
    });
    let hint = "of a network, give one of its layers";
    spec.and_then(S::try_from).map_err(|error| named(error).hint(hint))
}
