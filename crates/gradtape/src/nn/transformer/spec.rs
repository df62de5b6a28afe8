//! Transformers as data.

use serde::{Deserialize, Serialize};

use super::super::spec::float;
use super::super::{Init, Kept, Layer, Spec};
use super::{
    TransformerEncoder, TransformerEncoderLayer, TransformerOptions, TransformerStackOptions,
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
}

impl Spec for TransformerEncoderSpec {
    fn build(&self, init: Init, rng: &mut Rng) -> Result<Box<dyn Layer>> {
        let options = self.options()?;
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

impl Spec for TransformerStackSpec {
    fn build(&self, init: Init, rng: &mut Rng) -> Result<Box<dyn Layer>> {
        Ok(Box::new(self.encoder(init, rng)?))
    }

    fn tensors(&self) -> Result<Vec<Kept>> {
        // A file names each tensor, and none has so many.
        if self.layers > 1 << 16 {
            let message = format!("a transformer of {} layers", self.layers);
            return Err(Error::new(Kind::Model, message));
        }
        let mut kept = Vec::new();
        let each = self.encoder_layer.tensors()?;
        for number in 0..self.layers {
            let layer = format!("layers.{number}");
            kept.extend(each.iter().cloned().map(|kept| kept.inside(&layer)));
        }
        if self.final_norm {
            let meta = Meta::new(float(&self.encoder_layer.dtype)?, [self.encoder_layer.width]);
            let names = ["weight", "bias"];
            let names = &names[..if self.encoder_layer.bias { 2 } else { 1 }];
            let norm = names.iter().map(|name| Kept::parameter(name, meta.clone()).inside("norm"));
            kept.extend(norm);
        }
        Ok(kept)
    }

    fn samples() -> Vec<(Self, Vec<usize>)> {
        let both = TransformerEncoderSpec::samples().into_iter().zip([true, false]);
        let stack = |((layer, shape), final_norm)| {
            (TransformerStackSpec { layers: 2, final_norm, encoder_layer: layer }, shape)
        };
        both.map(stack).collect()
    }
}
