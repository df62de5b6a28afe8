//! [`SwiGlu`]: the network for each place of newer transformers.

use serde::{Deserialize, Serialize};

use super::fit::setting;
use super::spec::float;
use super::{Init, Kept, Layer, LayerSpec, Linear, LinearOptions, Module, Spec, Visitor};
use crate::op::Meta;
use crate::tape::{Part, Var};
use crate::tensor::{DType, Result, Rng};

/// A network of three linear layers, one of which steers another: `down(silu(gate(x)) * up(x))`, `[…, width]` to the same.
/// Shazeer 2020. Weights have the names of Llama: `gate_proj.weight`, `up_proj.weight`, `down_proj.weight`.
///
/// ```
/// use gradtape::nn::{LayerNorm, Residual, Sequential, SwiGlu};
/// use gradtape::{DType, Rng, Tape, Tensor};
/// let rng = &mut Rng::new(1);
/// let block =
///     Residual::new(Sequential::new().add(LayerNorm::new(8)).add(SwiGlu::new(8, 16, rng)?));
/// let tape = Tape::new();
/// let x = tape.constant(Tensor::ones([2, 5, 8], DType::F32));
/// assert_eq!(block.forward(x).shape()[..], [2, 5, 8]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct SwiGlu {
    /// What steers.
    pub gate_proj: Linear,
    /// What is steered.
    pub up_proj: Linear,
    /// What leads back to the width.
    pub down_proj: Linear,
}

/// What [`SwiGlu::with`] can be told; the default is what [`SwiGlu::new`] does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SwiGluOptions {
    /// Whether there are biases (default: no).
    pub bias: bool,
    /// The element type, f32 (default) or f64.
    pub dtype: DType,
}

impl Default for SwiGluOptions {
    fn default() -> SwiGluOptions {
        SwiGluOptions { bias: false, dtype: DType::F32 }
    }
}

impl SwiGlu {
    /// A network in f32 without biases, of this width outside and inside. Fails for a width of 0.
    pub fn new(width: usize, hidden: usize, rng: &mut Rng) -> Result<SwiGlu> {
        SwiGlu::with(width, hidden, SwiGluOptions::default(), rng)
    }

    /// A network with other [`SwiGluOptions`]. Fails for a width of 0, for an element type that is no float, and for sizes
    /// that memory cannot hold.
    pub fn with(
        width: usize,
        hidden: usize,
        options: SwiGluOptions,
        rng: &mut Rng,
    ) -> Result<SwiGlu> {
        SwiGlu::build(width, hidden, options, Init::FanIn, rng)
    }

    fn build(
        width: usize,
        hidden: usize,
        options: SwiGluOptions,
        init: Init,
        rng: &mut Rng,
    ) -> Result<SwiGlu> {
        let name = format!("SwiGlu of width {width}");
        if width == 0 || hidden == 0 {
            let rule = format!("{hidden} numbers inside of {width}, none of which may be 0");
            return Err(setting(name, rule));
        }
        let SwiGluOptions { bias, dtype } = options;
        let options = LinearOptions { bias, weight_init: init, bias_init: init, dtype };
        let mut linear = |from, to| {
            Linear::with(from, to, options, &mut *rng).map_err(|error| error.context(&name))
        };
        Ok(SwiGlu {
            gate_proj: linear(width, hidden)?,
            up_proj: linear(width, hidden)?,
            down_proj: linear(hidden, width)?,
        })
    }

    /// Records the network of `x`, `[…, width]`.
    #[track_caller]
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let _layer = x.tape().within(Part::Layer("SwiGlu"));
        let steered = self.gate_proj.forward(x).silu() * self.up_proj.forward(x);
        self.down_proj.forward(steered)
    }
}

impl Module for SwiGlu {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        visitor.child("gate_proj", &self.gate_proj);
        visitor.child("up_proj", &self.up_proj);
        visitor.child("down_proj", &self.down_proj);
    }
}

impl Layer for SwiGlu {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        SwiGlu::forward(self, x)
    }

    fn spec(&self) -> Option<LayerSpec> {
        let dtype = self.gate_proj.weight.read().dtype().to_string();
        let (width, hidden) = (self.gate_proj.inputs(), self.gate_proj.outputs());
        let biases = [&self.gate_proj, &self.up_proj, &self.down_proj];
        let bias = self.gate_proj.bias.is_some();
        let alike = biases.iter().all(|linear| linear.bias.is_some() == bias);
        alike.then(|| SwiGluSpec { width, hidden, bias, dtype }.into())
    }
}

/// A [`SwiGlu`] as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SwiGluSpec {
    /// The width outside.
    pub width: usize,
    /// The width inside.
    pub hidden: usize,
    /// As [`SwiGluOptions::bias`].
    pub bias: bool,
    /// The element type, `f32` or `f64`.
    pub dtype: String,
}

impl Spec for SwiGluSpec {
    fn build(&self, init: Init, rng: &mut Rng) -> Result<Box<dyn Layer>> {
        let options = SwiGluOptions { bias: self.bias, dtype: float(&self.dtype)? };
        Ok(Box::new(SwiGlu::build(self.width, self.hidden, options, init, rng)?))
    }

    fn tensors(&self) -> Result<Vec<Kept>> {
        let &SwiGluSpec { width, hidden, bias, .. } = self;
        let dtype = float(&self.dtype)?;
        let mut kept = Vec::new();
        for (name, from, to) in
            [("gate_proj", width, hidden), ("up_proj", width, hidden), ("down_proj", hidden, width)]
        {
            kept.push(Kept::parameter("weight", Meta::new(dtype, [to, from])).inside(name));
            if bias {
                kept.push(Kept::parameter("bias", Meta::new(dtype, [to])).inside(name));
            }
        }
        Ok(kept)
    }

    fn samples() -> Vec<(Self, Vec<usize>)> {
        let sample = |bias, dtype: &str| {
            (SwiGluSpec { width: 3, hidden: 4, bias, dtype: dtype.into() }, vec![2, 3])
        };
        vec![sample(false, "f32"), sample(true, "f64")]
    }
}
