//! Attention as data.

use serde::{Deserialize, Serialize};

use super::super::spec::float;
use super::super::{Init, Kept, Layer, Spec};
use super::{AttentionOptions, MultiheadAttention};
use crate::op::Meta;
use crate::tensor::{Result, Rng};

/// A [`MultiheadAttention`] as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttentionSpec {
    /// The width of the sequences.
    pub width: usize,
    /// The number of heads.
    pub heads: usize,
    /// As [`AttentionOptions::causal`].
    pub causal: bool,
    /// As [`AttentionOptions::dropout`].
    pub dropout: f64,
    /// As [`AttentionOptions::bias`].
    pub bias: bool,
    /// As [`AttentionOptions::rotary`].
    pub rotary: Option<f64>,
    /// The element type, `f32` or `f64`.
    pub dtype: String,
}

impl Spec for AttentionSpec {
    fn build(&self, init: Init, rng: &mut Rng) -> Result<Box<dyn Layer>> {
        let (&AttentionSpec { causal, dropout, bias, rotary, .. }, dtype) =
            (self, float(&self.dtype)?);
        let options = AttentionOptions { causal, dropout, bias, rotary, dtype };
        Ok(Box::new(MultiheadAttention::build(self.width, self.heads, options, init, rng)?))
    }

    fn tensors(&self) -> Result<Vec<Kept>> {
        let (width, dtype) = (self.width, float(&self.dtype)?);
        let rows = width.saturating_mul(3);
        let mut kept = vec![Kept::parameter("in_proj_weight", Meta::new(dtype, [rows, width]))];
        if self.bias {
            kept.push(Kept::parameter("in_proj_bias", Meta::new(dtype, [rows])));
        }
        kept.push(Kept::parameter("out_proj.weight", Meta::new(dtype, [width, width])));
        if self.bias {
            kept.push(Kept::parameter("out_proj.bias", Meta::new(dtype, [width])));
        }
        Ok(kept)
    }

    fn samples() -> Vec<(Self, Vec<usize>)> {
        let plain = AttentionSpec {
            width: 4,
            heads: 2,
            causal: false,
            dropout: 0.25,
            bias: true,
            rotary: None,
            dtype: "f32".into(),
        };
        let causal = AttentionSpec {
            causal: true,
            bias: false,
            rotary: Some(10_000.0),
            dtype: "f64".into(),
            ..plain.clone()
        };
        [plain, causal].into_iter().map(|spec| (spec, vec![2, 3, 4])).collect()
    }
}
