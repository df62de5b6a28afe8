//! Transformers as data.

use serde::{Deserialize, Serialize};

use super::super::spec::float;
use super::super::{Init, Kept, Layer, Spec};
use super::{
    TransformerDecoder, TransformerDecoderLayer, TransformerEncoder, TransformerEncoderLayer,
    TransformerOptions, TransformerStackOptions,
};
use crate::op::Meta;
use crate::tensor::{Error, Kind, Result, Rng};

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

impl TransformerEncoderSpec {
    pub(super) fn of(width: usize, heads: usize, options: TransformerOptions) -> Self {
        TransformerEncoderSpec {
            width,
            heads,
            feedforward: options.feedforward,
            dropout: options.dropout,
            activation: options.activation.name().to_string(),
            eps: options.eps,
            norm_first: options.norm_first,
            bias: options.bias,
            causal: options.causal,
            rotary: options.rotary,
            dtype: options.dtype.to_string(),
        }
    }

    fn options(&self) -> Result<TransformerOptions> {
        let &TransformerEncoderSpec { feedforward, dropout, eps, norm_first, .. } = self;
        let &TransformerEncoderSpec { bias, causal, rotary, .. } = self;
        let (activation, dtype) = (self.activation.parse()?, float(&self.dtype)?);
        Ok(TransformerOptions {
            feedforward,
            dropout,
            activation,
            eps,
            norm_first,
            bias,
            causal,
            rotary,
            dtype,
        })
    }

    /// The tensors of a layer with these attentions and normalisations.
    fn kept(&self, attentions: &[&str], norms: &[&str]) -> Result<Vec<Kept>> {
        let &TransformerEncoderSpec { width, feedforward, bias, .. } = self;
        let (dtype, rows) = (float(&self.dtype)?, width.saturating_mul(3));
        let mut all = Vec::new();
        let mut keep = |part: &str, weight: &str, shape: &[usize]| {
            let name = |what: &str| format!("{part}.{}", weight.replace('*', what));
            all.push(Kept::parameter(&name("weight"), Meta::new(dtype, shape)));
            if bias {
                all.push(Kept::parameter(&name("bias"), Meta::new(dtype, &shape[..1])));
            }
        };
        for attention in attentions {
            keep(attention, "in_proj_*", &[rows, width]);
            keep(attention, "out_proj.*", &[width, width]);
        }
        keep("linear1", "*", &[feedforward, width]);
        keep("linear2", "*", &[width, feedforward]);
        norms.iter().for_each(|norm| keep(norm, "*", &[width]));
        Ok(all)
    }
}

impl Spec for TransformerEncoderSpec {
    fn build(&self, init: Init, rng: &mut Rng) -> Result<Box<dyn Layer>> {
        let options = self.options()?;
        let layer = TransformerEncoderLayer::build(self.width, self.heads, options, init, rng)?;
        Ok(Box::new(layer))
    }

    fn tensors(&self) -> Result<Vec<Kept>> {
        self.kept(&["self_attn"], &["norm1", "norm2"])
    }

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

/// A [`TransformerEncoder`] as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransformerStackSpec {
    /// As [`TransformerStackOptions::layers`].
    pub layers: usize,
    /// As [`TransformerStackOptions::final_norm`].
    pub final_norm: bool,
    /// Each layer.
    pub encoder_layer: TransformerEncoderSpec,
}

impl TransformerStackSpec {
    pub(super) fn encoder(&self, init: Init, rng: &mut Rng) -> Result<TransformerEncoder> {
        let &TransformerStackSpec { layers, final_norm, encoder_layer: ref layer } = self;
        let options = TransformerStackOptions { layers, final_norm, layer: layer.options()? };
        TransformerEncoder::build(layer.width, layer.heads, options, init, rng)
    }
}

/// The tensors of so many layers, each with these, and of a last normalisation.
fn stacked(
    layers: usize,
    each: &[Kept],
    final_norm: bool,
    of: &TransformerEncoderSpec,
) -> Result<Vec<Kept>> {
    // A file names each tensor, and none has so many.
    if layers > 1 << 16 {
        let message = format!("a transformer of {layers} layers");
        return Err(Error::new(Kind::Model, message));
    }
    let mut kept = Vec::new();
    for number in 0..layers {
        let layer = format!("layers.{number}");
        kept.extend(each.iter().cloned().map(|kept| kept.inside(&layer)));
    }
    if final_norm {
        let meta = Meta::new(float(&of.dtype)?, [of.width]);
        let names = ["weight", "bias"];
        let names = &names[..if of.bias { 2 } else { 1 }];
        let norm = names.iter().map(|name| Kept::parameter(name, meta.clone()).inside("norm"));
        kept.extend(norm);
    }
    Ok(kept)
}

impl Spec for TransformerStackSpec {
    fn build(&self, init: Init, rng: &mut Rng) -> Result<Box<dyn Layer>> {
        Ok(Box::new(self.encoder(init, rng)?))
    }

    fn tensors(&self) -> Result<Vec<Kept>> {
        let layer = &self.encoder_layer;
        stacked(self.layers, &layer.tensors()?, self.final_norm, layer)
    }

    fn samples() -> Vec<(Self, Vec<usize>)> {
        let both = TransformerEncoderSpec::samples().into_iter().zip([true, false]);
        let stack = |((layer, shape), final_norm)| {
            (TransformerStackSpec { layers: 2, final_norm, encoder_layer: layer }, shape)
        };
        both.map(stack).collect()
    }
}

/// A [`TransformerDecoderLayer`] as data: what an encoder's layer is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TransformerDecoderSpec(pub TransformerEncoderSpec);

impl TransformerDecoderSpec {
    pub(super) fn layer(&self, init: Init, rng: &mut Rng) -> Result<TransformerDecoderLayer> {
        let options = self.0.options()?;
        TransformerDecoderLayer::build(self.0.width, self.0.heads, options, init, rng)
    }
}

impl Spec for TransformerDecoderSpec {
    fn build(&self, init: Init, rng: &mut Rng) -> Result<Box<dyn Layer>> {
        Ok(Box::new(self.layer(init, rng)?))
    }

    fn tensors(&self) -> Result<Vec<Kept>> {
        self.0.kept(&["self_attn", "multihead_attn"], &["norm1", "norm2", "norm3"])
    }

    fn samples() -> Vec<(Self, Vec<usize>)> {
        let samples = TransformerEncoderSpec::samples().into_iter();
        samples.map(|(spec, shape)| (TransformerDecoderSpec(spec), shape)).collect()
    }
}

/// A [`TransformerDecoder`] as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransformerDecoderStackSpec {
    /// As [`TransformerStackOptions::layers`].
    pub layers: usize,
    /// As [`TransformerStackOptions::final_norm`].
    pub final_norm: bool,
    /// Each layer.
    pub decoder_layer: TransformerDecoderSpec,
}

impl TransformerDecoderStackSpec {
    pub(super) fn decoder(&self, init: Init, rng: &mut Rng) -> Result<TransformerDecoder> {
        let &TransformerDecoderStackSpec { layers, final_norm, ref decoder_layer } = self;
        let TransformerDecoderSpec(layer) = decoder_layer;
        let options = TransformerStackOptions { layers, final_norm, layer: layer.options()? };
        TransformerDecoder::build(layer.width, layer.heads, options, init, rng)
    }
}

impl Spec for TransformerDecoderStackSpec {
    fn build(&self, init: Init, rng: &mut Rng) -> Result<Box<dyn Layer>> {
        Ok(Box::new(self.decoder(init, rng)?))
    }

    fn tensors(&self) -> Result<Vec<Kept>> {
        let layer = &self.decoder_layer;
        stacked(self.layers, &layer.tensors()?, self.final_norm, &layer.0)
    }

    fn samples() -> Vec<(Self, Vec<usize>)> {
        let both = TransformerDecoderSpec::samples().into_iter().zip([false, true]);
        let stack = |((decoder_layer, shape), final_norm)| {
            (TransformerDecoderStackSpec { layers: 2, final_norm, decoder_layer }, shape)
        };
        both.map(stack).collect()
    }
}
