//! [`LayerNorm`] and [`RmsNorm`]: normalisation of each example by itself.

use serde::{Deserialize, Serialize};

use super::fit::{check_eps, check_float, misfit, setting};
use super::spec::float;
use super::{Init, Kept, Layer, LayerSpec, Module, Spec, Visitor};
use crate::op::Meta;
use crate::tape::{Parameter, Part, Var};
use crate::tensor::{DType, Result, Rng, Shape, Tensor};

/// Layer normalisation: over the last axes, those of `shape`, each example is brought to mean 0 and variance 1 (that
/// of a population), then scaled by `weight` and moved by `bias`: `[…, shape…]` to `[…, shape…]`. Ba, Kiros and
/// Hinton 2016. The same in training and in inference.
///
/// ```
/// use gradtape::nn::LayerNorm;
/// use gradtape::{Tape, Tensor};
/// let layer = LayerNorm::new(2);
/// let y = layer.forward(Tape::new().constant([[1.0f32, 3.0], [20.0, 10.0]])).value()?;
/// assert!(y.all_close(&Tensor::from([[-1.0, 1.0], [1.0, -1.0]]), 1e-4, 0.0));
/// let error = layer.forward(Tape::new().constant([[1.0f32, 2.0, 3.0]])).value().unwrap_err();
/// assert!(error.message().contains("takes last axes of [2] in f32"), "{error}");
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct LayerNorm {
    /// `[shape…]`, first 1; `None` without [`LayerNormOptions::affine`].
    pub weight: Option<Parameter>,
    /// `[shape…]`, first 0; `None` without [`LayerNormOptions::affine`] or [`LayerNormOptions::bias`].
    pub bias: Option<Parameter>,
    shape: Shape,
    options: LayerNormOptions,
}

/// What [`LayerNorm::with`] can be told; the default is what [`LayerNorm::new`] does, and PyTorch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayerNormOptions {
    /// What is added to the variance, at least 0 (default: 1e-5).
    pub eps: f64,
    /// Whether there is a weight (default: yes); PyTorch's `elementwise_affine`.
    pub affine: bool,
    /// Whether there is a bias beside the weight (default: yes).
    pub bias: bool,
    /// The element type, f32 (default) or f64.
    pub dtype: DType,
}

impl Default for LayerNormOptions {
    fn default() -> LayerNormOptions {
        LayerNormOptions { eps: 1e-5, affine: true, bias: true, dtype: DType::F32 }
    }
}

impl LayerNorm {
    /// A layer in f32 over last axes of these sizes, one or several, with the default options. Over no axis
    /// every use is an error.
    pub fn new(shape: impl Into<Shape>) -> LayerNorm {
        LayerNorm::of(shape.into(), LayerNormOptions::default())
    }

    /// A layer with other [`LayerNormOptions`]. Fails without an axis, for an eps out of range, and for an element
    /// type that is no float.
    pub fn with(shape: impl Into<Shape>, options: LayerNormOptions) -> Result<LayerNorm> {
        let shape = shape.into();
        let name = format!("LayerNorm of {shape}");
        check_eps(&name, options.eps)?;
        check_float(&name, options.dtype)?;
        check_axes(&name, &shape)?;
        Ok(LayerNorm::of(shape, options))
    }

    fn of(shape: Shape, options: LayerNormOptions) -> LayerNorm {
        let LayerNormOptions { affine, bias, dtype, .. } = options;
        let full = |number| Parameter::new(Tensor::full(&shape, number, dtype));
        let weight = affine.then(|| full(1.0));
        let bias = (affine && bias).then(|| full(0.0));
        LayerNorm { weight, bias, shape, options }
    }

    /// The sizes of the axes that are normalised.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// What it was made with.
    pub fn options(&self) -> LayerNormOptions {
        self.options
    }

    /// Records the normalisation of `x`, which has shape `[…, shape…]` and the layer's element type.
    #[track_caller]
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let tape = x.tape();
        let _layer = tape.within(Part::Layer("LayerNorm"));
        let parameter = |own: &Option<Parameter>| own.as_ref().map(|own| tape.parameter(own));
        let (weight, bias) = (parameter(&self.weight), parameter(&self.bias));
        let axes = match last_axes("layer_norm", x, &self.shape, self.options.dtype) {
            Ok(axes) => axes,
            Err(error) => return x.failed(error, &[x]),
        };
        let y = x.normalize(&axes[..], self.options.eps);
        let y = weight.map_or(y, |weight| y * weight);
        bias.map_or(y, |bias| y + bias)
    }
}

/// Root mean square normalisation: over the last axes each example is divided by the root of its mean square, then
/// scaled by `weight`: `[…, shape…]` to `[…, shape…]`. Zhang and Sennrich 2019. The same in training and in
/// inference.
///
/// ```
/// use gradtape::nn::RmsNorm;
/// use gradtape::{Tape, Tensor};
/// let y = RmsNorm::new(2).forward(Tape::new().constant([[3.0f32, 3.0], [0.0, -10.0]])).value()?;
/// assert!(y.all_close(&Tensor::from([[1.0, 1.0], [0.0, -2.0f64.sqrt()]]), 1e-6, 0.0));
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct RmsNorm {
    /// `[shape…]`, first 1; `None` without [`RmsNormOptions::affine`].
    pub weight: Option<Parameter>,
    shape: Shape,
    options: RmsNormOptions,
}

/// What [`RmsNorm::with`] can be told; the default is what [`RmsNorm::new`] does, and PyTorch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmsNormOptions {
    /// What is added to the mean square, at least 0 (default: `None`, the distance from 1 to the next number
    /// of the element type).
    pub eps: Option<f64>,
    /// Whether there is a weight (default: yes); PyTorch's `elementwise_affine`.
    pub affine: bool,
    /// The element type, f32 (default) or f64.
    pub dtype: DType,
}

impl Default for RmsNormOptions {
    fn default() -> RmsNormOptions {
        RmsNormOptions { eps: None, affine: true, dtype: DType::F32 }
    }
}

impl RmsNorm {
    /// A layer in f32 over last axes of these sizes, one or several, with the default options. Over no axis
    /// every use is an error.
    pub fn new(shape: impl Into<Shape>) -> RmsNorm {
        RmsNorm::of(shape.into(), RmsNormOptions::default())
    }

    /// A layer with other [`RmsNormOptions`]. Fails without an axis, for an eps out of range, and for an element
    /// type that is no float.
    pub fn with(shape: impl Into<Shape>, options: RmsNormOptions) -> Result<RmsNorm> {
        let shape = shape.into();
        let name = format!("RmsNorm of {shape}");
        check_eps(&name, options.eps.unwrap_or(0.0))?;
        check_float(&name, options.dtype)?;
        check_axes(&name, &shape)?;
        Ok(RmsNorm::of(shape, options))
    }

    fn of(shape: Shape, options: RmsNormOptions) -> RmsNorm {
        let full = || Parameter::new(Tensor::full(&shape, 1.0, options.dtype));
        RmsNorm { weight: options.affine.then(full), shape, options }
    }

    /// The sizes of the axes that are normalised.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// What it was made with.
    pub fn options(&self) -> RmsNormOptions {
        self.options
    }

    /// Records the normalisation of `x`, which has shape `[…, shape…]` and the layer's element type.
    #[track_caller]
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let tape = x.tape();
        let _layer = tape.within(Part::Layer("RmsNorm"));
        let weight = self.weight.as_ref().map(|own| tape.parameter(own));
        let dtype = self.options.dtype;
        let axes = match last_axes("rms_norm", x, &self.shape, dtype) {
            Ok(axes) => axes,
            Err(error) => return x.failed(error, &[x]),
        };
        let eps = self.options.eps.unwrap_or(match dtype {
            DType::F32 => f64::from(f32::EPSILON),
            _ => f64::EPSILON,
        });
        let y = x * (x.square().mean_keepdims(&axes[..]) + eps).rsqrt();
        weight.map_or(y, |weight| y * weight)
    }
}

/// The last axes of an input, if they are of the sizes that a layer takes.
fn last_axes(layer: &str, x: Var<'_>, shape: &Shape, dtype: DType) -> Result<Vec<isize>> {
    x.check()?;
    check_axes(layer, shape)?;
    let input = x.meta();
    if input.shape.ends_with(shape) && input.dtype == dtype {
        return Ok((1..=shape.rank() as isize).map(|axis| -axis).collect());
    }
    let hint = "build the layer for the sizes of the input's last axes";
    Err(misfit(layer, format!("last axes of {shape}"), dtype, &input, hint))
}

fn check_axes(layer: &str, shape: &Shape) -> Result<()> {
    match shape.rank() {
        0 => Err(setting(layer, "it has no axis to normalise").hint("give the width, as in 64")),
        _ => Ok(()),
    }
}

impl Module for LayerNorm {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        for (name, parameter) in [("weight", &self.weight), ("bias", &self.bias)] {
            parameter.iter().for_each(|parameter| visitor.child(name, parameter));
        }
    }

    fn kind(&self) -> String {
        format!("LayerNorm({})", self.shape)
    }
}

impl Module for RmsNorm {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        self.weight.iter().for_each(|weight| visitor.child("weight", weight));
    }

    fn kind(&self) -> String {
        format!("RmsNorm({})", self.shape)
    }
}

impl Layer for LayerNorm {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        LayerNorm::forward(self, x)
    }

    fn spec(&self) -> Option<LayerSpec> {
        let LayerNormOptions { eps, dtype, .. } = self.options;
        let spec = LayerNormSpec {
            shape: self.shape.to_vec(),
            eps,
            affine: self.weight.is_some(),
            bias: self.bias.is_some(),
            dtype: dtype.to_string(),
        };
        (spec.affine || !spec.bias).then(|| spec.into())
    }
}

impl Layer for RmsNorm {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        RmsNorm::forward(self, x)
    }

    fn spec(&self) -> Option<LayerSpec> {
        let RmsNormOptions { eps, dtype, .. } = self.options;
        let (shape, affine) = (self.shape.to_vec(), self.weight.is_some());
        Some(RmsNormSpec { shape, eps, affine, dtype: dtype.to_string() }.into())
    }
}

/// A [`LayerNorm`] as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerNormSpec {
    /// The sizes of the axes that are normalised.
    pub shape: Vec<usize>,
    /// As [`LayerNormOptions::eps`].
    pub eps: f64,
    /// As [`LayerNormOptions::affine`].
    pub affine: bool,
    /// As [`LayerNormOptions::bias`].
    pub bias: bool,
    /// The element type, `f32` or `f64`.
    pub dtype: String,
}

/// A [`RmsNorm`] as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RmsNormSpec {
    /// The sizes of the axes that are normalised.
    pub shape: Vec<usize>,
    /// As [`RmsNormOptions::eps`].
    pub eps: Option<f64>,
    /// As [`RmsNormOptions::affine`].
    pub affine: bool,
    /// The element type, `f32` or `f64`.
    pub dtype: String,
}

impl Spec for LayerNormSpec {
    fn build(&self, _: Init, _: &mut Rng) -> Result<Box<dyn Layer>> {
        let (&LayerNormSpec { eps, affine, bias, .. }, dtype) = (self, float(&self.dtype)?);
        let options = LayerNormOptions { eps, affine, bias, dtype };
        Ok(Box::new(LayerNorm::with(&self.shape[..], options)?))
    }

    fn tensors(&self) -> Result<Vec<Kept>> {
        let meta = Meta::new(float(&self.dtype)?, &self.shape[..]);
        let weight = self.affine.then(|| Kept::parameter("weight", meta.clone()));
        let bias = (self.affine && self.bias).then(|| Kept::parameter("bias", meta));
        Ok(weight.into_iter().chain(bias).collect())
    }

    fn samples() -> Vec<(Self, Vec<usize>)> {
        let (shape, dtype) = (vec![3, 4], "f32".to_string());
        let plain = LayerNormSpec { shape, eps: 1e-5, affine: true, bias: true, dtype };
        let half = LayerNormSpec { bias: false, dtype: "f64".into(), ..plain.clone() };
        let bare = LayerNormSpec { affine: false, bias: false, eps: 0.5, ..plain.clone() };
        [plain, half, bare].into_iter().map(|spec| (spec, vec![2, 3, 4])).collect()
    }
}

impl Spec for RmsNormSpec {
    fn build(&self, _: Init, _: &mut Rng) -> Result<Box<dyn Layer>> {
        let (&RmsNormSpec { eps, affine, .. }, dtype) = (self, float(&self.dtype)?);
        Ok(Box::new(RmsNorm::with(&self.shape[..], RmsNormOptions { eps, affine, dtype })?))
    }

    fn tensors(&self) -> Result<Vec<Kept>> {
        let meta = Meta::new(float(&self.dtype)?, &self.shape[..]);
        Ok(self.affine.then(|| Kept::parameter("weight", meta)).into_iter().collect())
    }

    fn samples() -> Vec<(Self, Vec<usize>)> {
        let sample = |eps, affine, dtype: &str| {
            (RmsNormSpec { shape: vec![4], eps, affine, dtype: dtype.into() }, vec![2, 3, 4])
        };
        vec![sample(None, true, "f32"), sample(Some(0.5), false, "f32"), sample(None, true, "f64")]
    }
}
