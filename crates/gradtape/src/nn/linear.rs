//! [`Linear`]: the fully connected layer.

use serde::{Deserialize, Serialize};

use super::fit::misfit;
use super::spec::{WeightAndBias, float};
use super::{Init, Kept, Layer, LayerSpec, Module, Spec, Visitor};
use crate::tape::{Parameter, Part, Var};
use crate::tensor::{DType, Error, Kind, Result, Rng, Shape, Tensor};

/// The fully connected layer: `x wᵀ + b` over the last axis, `[…, inputs]` to `[…, outputs]`.
///
/// The weight has shape `[outputs, inputs]` and the bias `[outputs]`, as in PyTorch.
///
/// ```
/// use gradtape::nn::Linear;
/// use gradtape::{Rng, Tape, Tensor};
///
/// let layer = Linear::new(3, 2, &mut Rng::new(42));
/// let tape = Tape::new();
/// let x = tape.constant(Tensor::from_slice(&[1.0f32, 2.0, 3.0], [1, 3])?);
/// assert_eq!(layer.forward(x).value()?.shape()[..], [1, 2]);
///
/// let wrong = tape.constant(Tensor::from_slice(&[1.0f32, 2.0], [1, 2])?);
/// let error = layer.forward(wrong).value().unwrap_err();
/// assert!(error.message().contains("takes 3"), "{error}");
/// # Ok::<(), gradtape::Error>(())
/// ```
///
/// A clone has a weight and a bias of its own, which start with the same numbers.
#[doc(alias = "Dense")]
#[derive(Clone, Debug)]
pub struct Linear {
    /// `[outputs, inputs]`.
    pub weight: Parameter,
    /// `[outputs]`.
    pub bias: Option<Parameter>,
}

/// What [`Linear::with`] can be told; the default is what [`Linear::new`] does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinearOptions {
    /// Whether a bias is added (default: yes).
    pub bias: bool,
    /// How the weight starts (default: [`Init::FanIn`]).
    pub weight_init: Init,
    /// How the bias starts (default: [`Init::FanIn`] of the weight's fan).
    pub bias_init: Init,
    /// The element type, f32 (default) or f64.
    pub dtype: DType,
}

impl Default for LinearOptions {
    fn default() -> LinearOptions {
        LinearOptions {
            bias: true,
            weight_init: Init::FanIn,
            bias_init: Init::FanIn,
            dtype: DType::F32,
        }
    }
}

impl Linear {
    /// A layer in f32 with a bias, weight and bias uniform in ±1/√inputs (PyTorch's default).
    ///
    /// A layer of more numbers than memory can hold has zeros, and its first use is an error.
    pub fn new(inputs: usize, outputs: usize, rng: &mut Rng) -> Linear {
        let options = LinearOptions::default();
        Linear::with(inputs, outputs, options, rng).unwrap_or_else(|_| Linear {
            weight: Parameter::new(Tensor::zeros([outputs, inputs], DType::F32)),
            bias: Some(Parameter::new(Tensor::zeros(outputs, DType::F32))),
        })
    }

    /// A layer with other [`LinearOptions`]. Fails for an element type that is no float, for a rule of
    /// nonsense numbers, and for sizes that memory cannot hold.
    ///
    /// ```
    /// use gradtape::nn::{Init, Linear, LinearOptions};
    /// use gradtape::Rng;
    /// let he = LinearOptions {
    ///     weight_init: Init::KaimingNormal,
    ///     bias_init: Init::Zeros,
    ///     ..LinearOptions::default()
    /// };
    /// let layer = Linear::with(784, 128, he, &mut Rng::new(1))?;
    /// assert_eq!((layer.inputs(), layer.outputs()), (784, 128));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn with(
        inputs: usize,
        outputs: usize,
        options: LinearOptions,
        rng: &mut Rng,
    ) -> Result<Linear> {
        let LinearOptions { bias, weight_init, bias_init, dtype } = options;
        let made = || -> Result<Linear> {
            let fans = [inputs as f64, outputs as f64];
            let bias_init = bias.then_some(bias_init);
            let start = WeightAndBias { shape: &[outputs, inputs], outputs, dtype };
            let (weight, bias) = start.fill(fans, weight_init, bias_init, rng)?;
            Linear::from_tensors(weight, bias)
        }();
        made.map_err(|error| error.context(format!("a linear layer from {inputs} to {outputs}")))
    }

    /// A layer of given numbers: a weight `[outputs, inputs]` and perhaps a bias `[outputs]`, both f32
    /// or both f64.
    pub fn from_tensors(weight: Tensor, bias: Option<Tensor>) -> Result<Linear> {
        let refuse = |message: String| Err(Error::new(Kind::Shape, message));
        if weight.rank() != 2 || !weight.dtype().is_float() {
            let (dtype, shape) = (weight.dtype(), weight.shape());
            return refuse(format!("a weight needs shape [outputs, inputs], not {dtype}{shape}"));
        }
        if let Some(bias) = &bias
            && (bias.shape()[..] != weight.shape()[..1] || bias.dtype() != weight.dtype())
        {
            return refuse(format!(
                "a bias of {}{} does not fit a weight of {}{}, which needs {}[{}]",
                bias.dtype(),
                bias.shape(),
                weight.dtype(),
                weight.shape(),
                weight.dtype(),
                weight.shape()[0],
            ));
        }
        Ok(Linear { weight: Parameter::new(weight), bias: bias.map(Parameter::new) })
    }

    /// Width of the input.
    pub fn inputs(&self) -> usize {
        self.weight.read().shape().get(1).copied().unwrap_or(0)
    }

    /// Width of the output.
    pub fn outputs(&self) -> usize {
        self.weight.read().shape().first().copied().unwrap_or(0)
    }

    /// Records `x wᵀ + b` for `x` of shape `[…, inputs]`, in the layer's element type.
    #[track_caller]
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let tape = x.tape();
        let _layer = tape.within(Part::Layer("Linear"));
        let weight = tape.parameter(&self.weight);
        let (input, layer) = (x.meta(), weight.meta());
        let rank = input.shape.rank();
        let [outputs, inputs] = layer.shape[..] else { return x.matmul(weight) };
        if x.check().is_ok() && (input.shape.last() != Some(&inputs) || input.dtype != layer.dtype)
        {
            let takes = format!("{inputs} features");
            let hint = match input.shape.elements().checked_rem(inputs) {
                Some(0) if rank > 2 => "flatten each example to one row first, with Flatten",
                _ => "the last axis of the input must have the layer's width",
            };
            return x.failed(misfit("linear", takes, layer.dtype, &input, hint), &[x, weight]);
        }
        // Leading axes, none or several, are rows of one matrix.
        let rows = input.shape[..rank.saturating_sub(1)].iter().product::<usize>();
        let product = match rank {
            2 => x.matmul(weight.t()),
            _ => x.reshape([rows, inputs]).matmul(weight.t()),
        };
        let out = match &self.bias {
            Some(bias) => product + tape.parameter(bias),
            None => product,
        };
        if rank == 2 {
            return out;
        }
        let mut shape = input.shape.to_vec();
        shape.pop();
        shape.push(outputs);
        out.reshape(Shape::from(shape))
    }
}

impl Module for Linear {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        visitor.child("weight", &self.weight);
        if let Some(bias) = &self.bias {
            visitor.child("bias", bias);
        }
    }

    fn kind(&self) -> String {
        format!("Linear({}, {})", self.inputs(), self.outputs())
    }
}

impl Layer for Linear {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        Linear::forward(self, x)
    }

    fn spec(&self) -> Option<LayerSpec> {
        let spec = LinearSpec {
            inputs: self.inputs(),
            outputs: self.outputs(),
            bias: self.bias.is_some(),
            dtype: self.weight.read().dtype().to_string(),
        };
        Some(spec.into())
    }
}

/// A [`Linear`] as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinearSpec {
    /// Width of the input.
    pub inputs: usize,
    /// Width of the output.
    pub outputs: usize,
    /// Whether a bias is added.
    pub bias: bool,
    /// The element type, `f32` or `f64`.
    pub dtype: String,
}

impl Spec for LinearSpec {
    fn build(&self, init: Init, rng: &mut Rng) -> Result<Box<dyn Layer>> {
        let (bias, dtype) = (self.bias, float(&self.dtype)?);
        let options = LinearOptions { bias, weight_init: init, bias_init: init, dtype };
        Ok(Box::new(Linear::with(self.inputs, self.outputs, options, rng)?))
    }

    fn tensors(&self) -> Result<Vec<Kept>> {
        let (outputs, dtype) = (self.outputs, float(&self.dtype)?);
        let kept = WeightAndBias { shape: &[outputs, self.inputs], outputs, dtype };
        Ok(kept.kept(self.bias))
    }

    fn samples() -> Vec<(Self, Vec<usize>)> {
        let sample = |bias, dtype: &str| {
            (LinearSpec { inputs: 4, outputs: 3, bias, dtype: dtype.into() }, vec![2, 4])
        };
        vec![sample(true, "f32"), sample(false, "f64")]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tape::Tape;

    fn layer() -> Linear {
        let weight = Tensor::from([[1.0, 2.0, 3.0], [0.0, -1.0, 0.5]]);
        Linear::from_tensors(weight, Some(Tensor::from([10.0, 20.0]))).unwrap()
    }

    #[test]
    fn any_number_of_leading_axes() {
        let tape = Tape::new();
        let x = [1.0, 1.0, 2.0];
        let row = [19.0, 20.0];
        for lead in [vec![], vec![2], vec![2, 1, 2], vec![0]] {
            let rows: usize = lead.iter().product();
            let shape = [&lead[..], &[3]].concat();
            let x = tape.constant(Tensor::from_vec(x.repeat(rows), shape).unwrap());
            let y = layer().forward(x).value().unwrap();
            assert_eq!(y.shape()[..], [&lead[..], &[2]].concat());
            assert_eq!(y.to_f64_vec(), row.repeat(rows));
        }
    }

    #[test]
    fn what_does_not_fit_is_an_error_at_the_users_line() {
        let tape = Tape::new();
        let wide = tape.constant(Tensor::zeros([5, 4], DType::F64));
        let (line, error) = (line!(), layer().forward(wide).value().unwrap_err());
        assert_eq!(error.location().map(|at| at.line()), Some(line), "{error}");
        for words in ["takes 3 features", "f64[5, 4]"] {
            assert!(error.to_string().contains(words), "{error}");
        }
        let single = tape.constant(Tensor::zeros([5, 3], DType::F32));
        assert!(layer().forward(single).value().unwrap_err().to_string().contains("cast()"));
        let images = tape.constant(Tensor::zeros([5, 3, 1], DType::F64));
        assert!(layer().forward(images).value().unwrap_err().to_string().contains("Flatten"));
        let scalar = tape.constant(Tensor::scalar(1.0));
        assert!(layer().forward(scalar).value().is_err());

        assert!(Linear::from_tensors(Tensor::zeros(3, DType::F32), None).is_err());
        assert!(Linear::from_tensors(Tensor::zeros([3, 2], DType::I64), None).is_err());
        let (weight, bias) = (Tensor::zeros([3, 2], DType::F32), Tensor::zeros(2, DType::F32));
        let text = Linear::from_tensors(weight, Some(bias)).unwrap_err().to_string();
        assert!(text.contains("f32[2]") && text.contains("needs f32[3]"), "{text}");
    }

    #[test]
    fn impossible_sizes_are_an_error_at_the_first_use() {
        let rng = &mut Rng::new(1);
        let (inputs, outputs) = (usize::MAX / 2, 3);
        assert!(Linear::with(inputs, outputs, LinearOptions::default(), rng).is_err());
        let layer = Linear::new(inputs, outputs, rng);
        let tape = Tape::new();
        let x = tape.constant(Tensor::zeros([1, inputs], DType::F32));
        assert!(layer.forward(x).value().is_err());
        assert_eq!(layer.parameter_count(), usize::MAX);
        assert_eq!(crate::nn::summary(&layer).total(), usize::MAX);
    }

    #[test]
    fn the_same_seed_gives_the_same_bits() {
        let [a, b, c] = [7, 7, 8].map(|seed| Linear::new(5, 4, &mut Rng::new(seed)));
        assert!(a.weight.value().equals(&b.weight.value()));
        assert!(!a.weight.value().equals(&c.weight.value()));
        let biases = a.bias.unwrap().value().to_f64_vec();
        assert!(biases.iter().all(|b| b.abs() <= 1.0 / 5.0f64.sqrt()));
    }
}
