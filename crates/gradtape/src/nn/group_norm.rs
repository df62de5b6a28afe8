//! [`GroupNorm`], [`InstanceNorm1d`] and [`InstanceNorm2d`]: normalisation of channels, each example by itself.

use serde::{Deserialize, Serialize};

use super::conv::check_images;
use super::fit::{check_eps, check_float, misfit, setting};
use super::spec::float;
use super::{Init, Kept, Layer, LayerSpec, Module, Spec, Visitor};
use crate::op::Meta;
use crate::tape::{Parameter, Part, Var};
use crate::tensor::{DType, Dims, Error, Kind, Result, Rng, Tensor};

/// Group normalisation: the channels of each example are divided into groups, each of which is brought to mean 0 and
/// variance 1 (that of a population) over its channels and all places; then each channel is scaled by its
/// `weight` and moved by its `bias`: `[n, channels, …]` to `[n, channels, …]`. Wu and He 2018. The same in
/// training and in inference.
///
/// ```
/// use gradtape::nn::{GroupNorm, NormOptions};
/// use gradtape::{DType, Tape, Tensor};
/// let tape = Tape::new();
/// let x = tape.constant([[1.0f32, 3.0, 10.0, 20.0]]);
/// let y = GroupNorm::new(2, 4)?.forward(x).value()?;
/// assert!(y.all_close(&Tensor::from([[-1.0, 1.0, -1.0, 1.0]]), 1e-4, 0.0));
/// let error = GroupNorm::new(3, 4).unwrap_err();
/// assert!(error.message().contains("3 groups do not divide 4 channels"), "{error}");
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct GroupNorm {
    /// `[channels]`, first 1; `None` without [`NormOptions::affine`].
    pub weight: Option<Parameter>,
    /// `[channels]`, first 0; `None` without [`NormOptions::affine`].
    pub bias: Option<Parameter>,
    groups: usize,
    channels: usize,
    options: NormOptions,
}

/// What [`GroupNorm::with`] and [`InstanceNorm::with`] can be told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NormOptions {
    /// What is added to the variance, at least 0 (default: 1e-5).
    pub eps: f64,
    /// Whether there are a weight and a bias (default: yes; [`InstanceNorm::new`] has none, as in PyTorch).
    pub affine: bool,
    /// The element type, f32 (default) or f64.
    pub dtype: DType,
}

impl Default for NormOptions {
    fn default() -> NormOptions {
        NormOptions { eps: 1e-5, affine: true, dtype: DType::F32 }
    }
}

impl GroupNorm {
    /// A layer in f32 with the default options. Fails for groups that do not divide the channels.
    pub fn new(groups: usize, channels: usize) -> Result<GroupNorm> {
        GroupNorm::with(groups, channels, NormOptions::default())
    }

    /// A layer with other [`NormOptions`]. Fails for groups that do not divide the channels, for an eps out of
    /// range, and for an element type that is no float.
    pub fn with(groups: usize, channels: usize, options: NormOptions) -> Result<GroupNorm> {
        let name = format!("GroupNorm of {channels} channels");
        if groups == 0 || !channels.is_multiple_of(groups) {
            let rule = format!("{groups} groups do not divide {channels} channels");
            let hint = "the channels must be a multiple of the number of groups";
            return Err(setting(name, rule).hint(hint));
        }
        let [weight, bias] = scales(&name, channels, options)?;
        Ok(GroupNorm { weight, bias, groups, channels, options })
    }

    /// The number of groups.
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// The number of channels.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// What it was made with.
    pub fn options(&self) -> NormOptions {
        self.options
    }

    /// Records the normalisation of `x`, which has shape `[n, channels, …]` and the layer's element type.
    #[track_caller]
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let _layer = x.tape().within(Part::Layer("GroupNorm"));
        let affine = Affine::of(x, &self.weight, &self.bias);
        let (input, dtype) = (x.meta(), self.options.dtype);
        let fits = input.shape.get(1) == Some(&self.channels) && input.dtype == dtype;
        if x.check().is_ok() && !fits {
            let takes = format!("{} channels, as [n, channels, …],", self.channels);
            let hint = "axis 1 of the input must have the layer's channels";
            return x.failed(misfit("group_norm", takes, dtype, &input, hint), &[x]);
        }
        if x.check().is_err() {
            return x;
        }
        // An input without elements has groups without elements, of which nothing is computed.
        let rest: usize = input.shape[2..].iter().product();
        let size = self.channels / self.groups * rest;
        let groups = x.reshape([input.shape[0], self.groups, size]);
        affine.apply(groups.normalize(-1, self.options.eps).reshape(&input.shape))
    }
}

/// Instance normalisation of signals `[n, features, length]`.
pub type InstanceNorm1d = InstanceNorm<1>;
/// Instance normalisation of images `[n, features, height, width]`.
pub type InstanceNorm2d = InstanceNorm<2>;

/// Instance normalisation: each channel of each example is brought to mean 0 and variance 1 (that of a population)
/// over its places; with [`NormOptions::affine`] it is then scaled by `weight` and moved by `bias`. Ulyanov,
/// Vedaldi and Lempitsky 2016. Used as [`InstanceNorm1d`] and [`InstanceNorm2d`]; the same in training and in
/// inference, as in PyTorch without running statistics, its default.
///
/// ```
/// use gradtape::nn::InstanceNorm1d;
/// use gradtape::{Tape, Tensor};
/// let layer = InstanceNorm1d::new(2);
/// let y = layer.forward(Tape::new().constant([[[1.0f32, 3.0], [20.0, 10.0]]])).value()?;
/// assert!(y.all_close(&Tensor::from([[[-1.0, 1.0], [1.0, -1.0]]]), 1e-4, 0.0));
/// let error = layer.forward(Tape::new().constant([[[1.0f32], [2.0]]])).value().unwrap_err();
/// assert!(error.message().contains("1 place in each channel"), "{error}");
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct InstanceNorm<const AXES: usize> {
    /// `[features]`, first 1; `None` without [`NormOptions::affine`].
    pub weight: Option<Parameter>,
    /// `[features]`, first 0; `None` without [`NormOptions::affine`].
    pub bias: Option<Parameter>,
    features: usize,
    options: NormOptions,
}

impl<const AXES: usize> InstanceNorm<AXES> {
    const NAME: &str = match AXES {
        1 => "InstanceNorm1d",
        2 => "InstanceNorm2d",
        _ => "InstanceNorm",
    };

    /// A layer for this many features (channels), in f32, without weight and bias.
    pub fn new(features: usize) -> Self {
        let options = NormOptions { affine: false, ..NormOptions::default() };
        InstanceNorm { weight: None, bias: None, features, options }
    }

    /// A layer with other [`NormOptions`]. Fails for an eps out of range, and for an element type that is no float.
    pub fn with(features: usize, options: NormOptions) -> Result<Self> {
        let name = format!("{} of {features} features", Self::NAME);
        let [weight, bias] = scales(&name, features, options)?;
        Ok(InstanceNorm { weight, bias, features, options })
    }

    /// The number of features.
    pub fn features(&self) -> usize {
        self.features
    }

    /// What it was made with.
    pub fn options(&self) -> NormOptions {
        self.options
    }

    /// Records the normalisation of `x`, which has the layer's element type and 2 places in each channel or more.
    #[track_caller]
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let _layer = x.tape().within(Part::Layer(Self::NAME));
        let affine = Affine::of(x, &self.weight, &self.bias);
        if let Err(error) = self.check(x) {
            return x.failed(error, &[x]);
        }
        let axes: [isize; AXES] = std::array::from_fn(|axis| axis as isize + 2);
        affine.apply(x.normalize(&axes[..], self.options.eps))
    }

    fn check(&self, x: Var<'_>) -> Result<()> {
        x.check()?;
        let input = x.meta();
        check_images::<AXES>(Self::NAME, self.features, self.options.dtype, &input)?;
        let count: usize = input.shape[2..].iter().product();
        if count >= 2 {
            return Ok(());
        }
        let places = if count == 1 { "1 place" } else { "no place" };
        let message = format!(
            "{}: {input} has {places} in each channel, but statistics need 2 or more",
            Self::NAME
        );
        Err(Error::new(Kind::Shape, message).hint("LayerNorm normalises over the channels instead"))
    }
}

/// A weight of ones and a bias of zeros, if there are any.
fn scales(name: &str, channels: usize, options: NormOptions) -> Result<[Option<Parameter>; 2]> {
    let NormOptions { eps, affine, dtype } = options;
    check_eps(name, eps)?;
    check_float(name, dtype)?;
    let full = |number| affine.then(|| Parameter::new(Tensor::full(channels, number, dtype)));
    Ok([full(1.0), full(0.0)])
}

/// What scales and moves each channel, on a tape.
struct Affine<'t> {
    weight: Option<Var<'t>>,
    bias: Option<Var<'t>>,
}

impl<'t> Affine<'t> {
    #[track_caller]
    fn of(x: Var<'t>, weight: &Option<Parameter>, bias: &Option<Parameter>) -> Affine<'t> {
        let parameter = |own: &Option<Parameter>| own.as_ref().map(|own| x.tape().parameter(own));
        Affine { weight: parameter(weight), bias: parameter(bias) }
    }

    #[track_caller]
    fn apply(self, y: Var<'t>) -> Var<'t> {
        let rank = y.shape().rank();
        let along = |of_each: Var<'t>| {
            let mut shape = Dims::from_elem(1, rank.saturating_sub(1));
            if let Some(first) = shape.first_mut() {
                *first = of_each.shape().elements();
            }
            of_each.reshape(shape)
        };
        let y = self.weight.map_or(y, |weight| y * along(weight));
        self.bias.map_or(y, |bias| y + along(bias))
    }
}

impl Module for GroupNorm {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        for (name, parameter) in [("weight", &self.weight), ("bias", &self.bias)] {
            parameter.iter().for_each(|parameter| visitor.child(name, parameter));
        }
    }

    fn kind(&self) -> String {
        format!("GroupNorm({}, {})", self.groups, self.channels)
    }
}

impl<const AXES: usize> Module for InstanceNorm<AXES> {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        for (name, parameter) in [("weight", &self.weight), ("bias", &self.bias)] {
            parameter.iter().for_each(|parameter| visitor.child(name, parameter));
        }
    }

    fn kind(&self) -> String {
        format!("{}({})", Self::NAME, self.features)
    }
}

impl Layer for GroupNorm {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        GroupNorm::forward(self, x)
    }

    fn spec(&self) -> Option<LayerSpec> {
        let NormOptions { eps, dtype, .. } = self.options;
        let affine = self.weight.is_some();
        let &GroupNorm { groups, channels, .. } = self;
        let spec = GroupNormSpec { groups, channels, eps, affine, dtype: dtype.to_string() };
        (affine == self.bias.is_some()).then(|| spec.into())
    }
}

impl<const AXES: usize> Layer for InstanceNorm<AXES>
where
    InstanceNormSpec<AXES>: Into<LayerSpec>,
{
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        InstanceNorm::forward(self, x)
    }

    fn spec(&self) -> Option<LayerSpec> {
        let NormOptions { eps, dtype, .. } = self.options;
        let (features, affine) = (self.features, self.weight.is_some());
        let spec = InstanceNormSpec::<AXES> { features, eps, affine, dtype: dtype.to_string() };
        (affine == self.bias.is_some()).then(|| spec.into())
    }
}

/// A [`GroupNorm`] as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupNormSpec {
    /// The number of groups.
    pub groups: usize,
    /// The number of channels.
    pub channels: usize,
    /// As [`NormOptions::eps`].
    pub eps: f64,
    /// As [`NormOptions::affine`].
    pub affine: bool,
    /// The element type, `f32` or `f64`.
    pub dtype: String,
}

/// An [`InstanceNorm`] as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceNormSpec<const AXES: usize> {
    /// The number of features.
    pub features: usize,
    /// As [`NormOptions::eps`].
    pub eps: f64,
    /// As [`NormOptions::affine`].
    pub affine: bool,
    /// The element type, `f32` or `f64`.
    pub dtype: String,
}

/// Weight and bias of so many channels, if there are any.
fn kept(affine: bool, channels: usize, dtype: &str) -> Result<Vec<Kept>> {
    let of_each = Meta::new(float(dtype)?, [channels]);
    let names = if affine { &["weight", "bias"][..] } else { &[] };
    Ok(names.iter().map(|name| Kept::parameter(name, of_each.clone())).collect())
}

impl Spec for GroupNormSpec {
    fn build(&self, _: Init, _: &mut Rng) -> Result<Box<dyn Layer>> {
        let (&GroupNormSpec { groups, channels, eps, affine, .. }, dtype) =
            (self, float(&self.dtype)?);
        Ok(Box::new(GroupNorm::with(groups, channels, NormOptions { eps, affine, dtype })?))
    }

    fn tensors(&self) -> Result<Vec<Kept>> {
        kept(self.affine, self.channels, &self.dtype)
    }

    fn samples() -> Vec<(Self, Vec<usize>)> {
        let sample = |groups, affine, dtype: &str| {
            let spec = GroupNormSpec { groups, channels: 4, eps: 0.1, affine, dtype: dtype.into() };
            (spec, vec![2, 4, 3])
        };
        vec![sample(2, true, "f32"), sample(1, false, "f32"), sample(4, true, "f64")]
    }
}

impl<const AXES: usize> Spec for InstanceNormSpec<AXES>
where
    Self: Into<LayerSpec>,
{
    fn build(&self, _: Init, _: &mut Rng) -> Result<Box<dyn Layer>> {
        let (&InstanceNormSpec { features, eps, affine, .. }, dtype) = (self, float(&self.dtype)?);
        let options = NormOptions { eps, affine, dtype };
        Ok(Box::new(InstanceNorm::<AXES>::with(features, options)?))
    }

    fn tensors(&self) -> Result<Vec<Kept>> {
        kept(self.affine, self.features, &self.dtype)
    }

    fn samples() -> Vec<(Self, Vec<usize>)> {
        let sample = |affine, dtype: &str| {
            let shape = [&[2, 4][..], &[3].repeat(AXES)].concat();
            (InstanceNormSpec { features: 4, eps: 1e-5, affine, dtype: dtype.into() }, shape)
        };
        vec![sample(false, "f32"), sample(true, "f64")]
    }
}
