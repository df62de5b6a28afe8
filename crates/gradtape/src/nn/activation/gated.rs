//! Activation functions that learn, or that one half of their input steers.

use serde::{Deserialize, Serialize};

use super::super::fit::{check_float, check_floats, misfit, setting};
use super::super::spec::float;
use super::super::{Init, Kept, Layer, LayerSpec, Module, Spec, Visitor};
use super::stateless;
use crate::op::Meta;
use crate::tape::{Parameter, Part, Var};
use crate::tensor::{DType, Dims, Result, Rng, Tensor};

/// The gated linear unit: the first half along an axis times the sigmoid of the second, `[…, 2 n, …]` to
/// `[…, n, …]`. Dauphin, Fan, Auli and Grangier 2016.
///
/// As a method: `x.glu(axis)`.
///
/// ```
/// use gradtape::Tape;
/// use gradtape::nn::Glu;
/// let y = Glu::default().forward(Tape::new().constant([[2.0, 4.0, 0.0, 800.0]])).value()?;
/// assert_eq!((&y.shape()[..], y.to_f64_vec()), (&[1, 2][..], vec![1.0, 4.0]));
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Glu {
    /// The axis, of an even size; the last (-1) by default.
    pub axis: isize,
}

impl Default for Glu {
    fn default() -> Glu {
        Glu { axis: -1 }
    }
}

stateless! {
    /// Records the first half along the axis times the sigmoid of the second.
    Glu [check_floats], |layer, x| x.glu(layer.axis)
}

/// A leaky rectifier whose slope is learned: `x` above 0, `weight * x` elsewhere. He, Zhang, Ren and Sun 2015.
///
/// One weight stands for all elements, or there is one for each channel, which are axis 1 (of a vector, axis 0).
///
/// ```
/// use gradtape::Tape;
/// use gradtape::nn::Prelu;
/// let y = Prelu::new(1).forward(Tape::new().constant([[-2.0f32, 3.0]])).value()?;
/// assert_eq!(y.to_f64_vec(), [-0.5, 3.0]);
///
/// let error = Prelu::new(3).forward(Tape::new().constant([[-2.0f32, 3.0]])).value().unwrap_err();
/// assert!(error.message().contains("takes 3 channels along axis 1"), "{error}");
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Prelu {
    /// `[parameters]`.
    pub weight: Parameter,
}

/// What [`Prelu::with`] can be told; the default is what [`Prelu::new`] does, and PyTorch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PreluOptions {
    /// The first slope (default: 0.25).
    pub init: f64,
    /// The element type, f32 (default) or f64.
    pub dtype: DType,
}

impl Default for PreluOptions {
    fn default() -> PreluOptions {
        PreluOptions { init: 0.25, dtype: DType::F32 }
    }
}

impl Prelu {
    /// A layer of one slope, or of one for each of so many channels, which start at 0.25, in f32.
    pub fn new(parameters: usize) -> Prelu {
        Prelu { weight: Parameter::new(Tensor::full(parameters, 0.25, DType::F32)) }
    }

    /// A layer with other [`PreluOptions`]. Fails without a parameter, for a slope that is no finite number and
    /// for an element type that is no float.
    pub fn with(parameters: usize, options: PreluOptions) -> Result<Prelu> {
        let PreluOptions { init, dtype } = options;
        check_float("Prelu", dtype)?;
        if parameters == 0 {
            return Err(setting("Prelu", "it has 0 slopes, but needs 1 or one for each channel"));
        }
        if !init.is_finite() {
            return Err(setting("Prelu", format!("init is {init}, but must be a finite number")));
        }
        Ok(Prelu { weight: Parameter::new(Tensor::full(parameters, init, dtype)) })
    }

    /// The number of slopes.
    pub fn parameters(&self) -> usize {
        self.weight.read().elements()
    }

    /// Records `x` above 0, `weight * x` elsewhere, for `x` of the layer's element type.
    #[track_caller]
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let tape = x.tape();
        let _layer = tape.within(Part::Layer("Prelu"));
        let weight = tape.parameter(&self.weight);
        let (input, count, dtype) = (x.meta(), weight.shape().elements(), weight.dtype());
        let rank = input.shape.rank();
        let axis = usize::from(rank > 1);
        let fits = count == 1 || input.shape.get(axis) == Some(&count);
        if x.check().is_ok() && !(fits && input.dtype == dtype) {
            let takes = match count {
                1 => String::from("numbers"),
                _ => format!("{count} channels along axis {axis}"),
            };
            let hint = "give it one slope, or one for each channel";
            return x.failed(misfit("prelu", takes, dtype, &input, hint), &[x, weight]);
        }
        let mut along = Dims::from_elem(1, rank);
        if count > 1 {
            along[axis] = count;
        }
        x.greater(0.0).select(x, x * weight.reshape(along))
    }
}

impl Module for Prelu {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        visitor.child("weight", &self.weight);
    }

    fn kind(&self) -> String {
        format!("Prelu({})", self.parameters())
    }
}

impl Layer for Prelu {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        Prelu::forward(self, x)
    }

    fn spec(&self) -> Option<LayerSpec> {
        let dtype = self.weight.read().dtype().to_string();
        Some(PreluSpec { parameters: self.parameters(), dtype }.into())
    }
}

/// A [`Prelu`] as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreluSpec {
    /// The number of slopes.
    pub parameters: usize,
    /// The element type, `f32` or `f64`.
    pub dtype: String,
}

impl Spec for PreluSpec {
    fn build(&self, _: Init, _: &mut Rng) -> Result<Box<dyn Layer>> {
        let options = PreluOptions { dtype: float(&self.dtype)?, ..PreluOptions::default() };
        Ok(Box::new(Prelu::with(self.parameters, options)?))
    }

    fn tensors(&self) -> Result<Vec<Kept>> {
        Ok(vec![Kept::parameter("weight", Meta::new(float(&self.dtype)?, [self.parameters]))])
    }

    fn samples() -> Vec<(Self, Vec<usize>)> {
        let sample = |parameters, dtype: &str| PreluSpec { parameters, dtype: dtype.into() };
        vec![(sample(1, "f32"), vec![4]), (sample(3, "f64"), vec![2, 3, 2])]
    }
}
