//! [`Conv1d`], [`Conv2d`] and [`Conv3d`]: layers of convolution.

mod fit;
mod spec;

pub use spec::{ConvSpec, PaddingSpec};

pub(super) use self::fit::{
    add_along_channels, axes, check_groups, check_images, check_window, sizes,
};
use super::fit::{check_float, setting};
use super::spec::WeightAndBias;
use super::{Init, Layer, LayerSpec, Module, Visitor};
use crate::tape::{Convolution, Parameter, Part, Var};
use crate::tensor::{DType, Dims, Error, Kind, Result, Rng, Tensor};

/// Convolution of signals `[n, channels, length]`.
pub type Conv1d = Conv<1>;

/// Convolution of images `[n, channels, height, width]`.
pub type Conv2d = Conv<2>;

/// Convolution of volumes `[n, channels, depth, height, width]`.
pub type Conv3d = Conv<3>;

/// Convolution over `AXES` spatial axes, `[n, inputs, size…]` to `[n, outputs, windows…]`: each output is a window
/// of the input contracted with a weight that is the same everywhere. LeCun et al. 1989. Used as [`Conv1d`],
/// [`Conv2d`] and [`Conv3d`].
///
/// Along each spatial axis there are `(size + 2 padding - dilation (kernel - 1) - 1) / stride + 1` windows, rounded
/// down. The weight has shape `[outputs, inputs / groups, kernel…]` and is not reversed, as in PyTorch.
///
/// ```
/// use gradtape::nn::{Conv2d, ConvOptions, Padding};
/// use gradtape::{DType, Rng, Tape, Tensor};
/// let rng = &mut Rng::new(1);
/// let tape = Tape::new();
/// let images = tape.constant(Tensor::ones([8, 3, 28, 28], DType::F32));
/// assert_eq!(Conv2d::new(3, 6, [5, 5], rng).forward(images).shape()[..], [8, 6, 24, 24]);
///
/// let options = ConvOptions { padding: Padding::Same, bias: false, ..ConvOptions::default() };
/// let same = Conv2d::with(3, 6, [5, 5], options, rng)?;
/// assert_eq!(same.forward(images).shape()[..], [8, 6, 28, 28]);
///
/// let gray = images.slice(1, ..1);
/// let error = same.forward(gray).value().unwrap_err();
/// assert!(error.message().contains("takes 3 channels"), "{error}");
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Conv<const AXES: usize> {
    /// `[outputs, inputs / groups, kernel…]`.
    pub weight: Parameter,
    /// `[outputs]`.
    pub bias: Option<Parameter>,
    inputs: usize,
    outputs: usize,
    kernel: [usize; AXES],
    options: ConvOptions<AXES>,
}

/// What [`Conv::with`] can be told; the default is what [`Conv::new`] does, and PyTorch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConvOptions<const AXES: usize> {
    /// How far apart windows start, at least 1 (default: 1).
    pub stride: [usize; AXES],
    /// Zeros around the input (default: none).
    pub padding: Padding<AXES>,
    /// How far apart the elements of a window are, at least 1 (default: 1).
    pub dilation: [usize; AXES],
    /// Into how many groups the channels are divided, which have nothing to do with each other (default: 1).
    pub groups: usize,
    /// Whether a bias is added (default: yes).
    pub bias: bool,
    /// How the weight starts (default: [`Init::FanIn`]).
    pub weight_init: Init,
    /// How the bias starts (default: [`Init::FanIn`] of the weight's fan).
    pub bias_init: Init,
    /// The element type, f32 (default) or f64.
    pub dtype: DType,
}

/// How many zeros a convolution puts around its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding<const AXES: usize> {
    /// So many before and after the elements of each spatial axis.
    Zeros([usize; AXES]),
    /// As many as it takes to have as many windows as elements, for stride 1. Of an odd number, the greater
    /// part comes after the elements.
    Same,
}

impl<const AXES: usize> Default for ConvOptions<AXES> {
    fn default() -> ConvOptions<AXES> {
        ConvOptions {
            stride: [1; AXES],
            padding: Padding::Zeros([0; AXES]),
            dilation: [1; AXES],
            groups: 1,
            bias: true,
            weight_init: Init::FanIn,
            bias_init: Init::FanIn,
            dtype: DType::F32,
        }
    }
}

impl<const AXES: usize> Conv<AXES> {
    /// The name that the layer is used under.
    const NAME: &str = match AXES {
        1 => "Conv1d",
        2 => "Conv2d",
        3 => "Conv3d",
        _ => "Conv",
    };

    /// A layer in f32 from `inputs` to `outputs` channels with a kernel of this size, a bias and the default
    /// options. Weight and bias are uniform in ±1/√(inputs kernel…) (PyTorch's default).
    ///
    /// A layer of more numbers than memory can hold has zeros, and its first use is an error; so is that of a
    /// layer whose kernel has no element.
    pub fn new(inputs: usize, outputs: usize, kernel: [usize; AXES], rng: &mut Rng) -> Self {
        let options = ConvOptions::default();
        Conv::with(inputs, outputs, kernel, options, rng).unwrap_or_else(|_| {
            let shape: Dims = [outputs, inputs].into_iter().chain(kernel).collect();
            let weight = Parameter::new(Tensor::zeros(shape, DType::F32));
            let bias = Some(Parameter::new(Tensor::zeros(outputs, DType::F32)));
            Conv { weight, bias, inputs, outputs, kernel, options }
        })
    }

    /// A layer with other [`ConvOptions`]. Fails for a kernel, a stride or a dilation of 0, for groups that do not
    /// divide both numbers of channels, for [`Padding::Same`] with a stride, for an element type that is no
    /// float, for a rule of nonsense numbers, and for sizes that memory cannot hold.
    ///
    /// ```
    /// use gradtape::nn::{Conv1d, ConvOptions, Module};
    /// use gradtape::Rng;
    /// // Depthwise: each channel has a kernel of its own.
    /// let options = ConvOptions { groups: 8, padding: gradtape::nn::Padding::Same, ..Default::default() };
    /// let layer = Conv1d::with(8, 8, [3], options, &mut Rng::new(1))?;
    /// assert_eq!(layer.parameter_count(), 8 * 3 + 8);
    ///
    /// let options = ConvOptions { groups: 3, ..Default::default() };
    /// let error = Conv1d::with(8, 8, [3], options, &mut Rng::new(1)).unwrap_err();
    /// assert!(error.message().contains("3 groups do not divide"), "{error}");
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn with(
        inputs: usize,
        outputs: usize,
        kernel: [usize; AXES],
        options: ConvOptions<AXES>,
        rng: &mut Rng,
    ) -> Result<Self> {
        let ConvOptions { stride, padding, dilation, groups, bias, weight_init, bias_init, dtype } =
            options;
        let name = format!("{} from {inputs} to {outputs} channels", Self::NAME);
        check_window(&name, kernel, stride, dilation)?;
        check_groups(&name, groups, inputs, outputs)?;
        check_float(&name, dtype)?;
        if padding == Padding::Same && stride != [1; AXES] {
            let rule = format!("stride is {stride:?}, but Padding::Same needs a stride of 1");
            return Err(setting(name, rule).hint("pad a number of zeros: Padding::Zeros"));
        }
        let shape: Dims = [outputs, inputs / groups].into_iter().chain(kernel).collect();
        let size: f64 = kernel.iter().map(|&n| n as f64).product();
        let per_group = |channels: usize| (channels / groups) as f64 * size;
        let fans = [per_group(inputs), per_group(outputs)];
        let bias_init = bias.then_some(bias_init);
        let start = WeightAndBias { shape: &shape, outputs, dtype };
        let (weight, bias) =
            start.fill(fans, weight_init, bias_init, rng).map_err(|error| error.context(&name))?;
        let (weight, bias) = (Parameter::new(weight), bias.map(Parameter::new));
        Ok(Conv { weight, bias, inputs, outputs, kernel, options })
    }

    /// The number of channels of the input.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The number of channels of the output.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// The size of the kernel.
    pub fn kernel(&self) -> [usize; AXES] {
        self.kernel
    }

    /// What it was made with.
    pub fn options(&self) -> ConvOptions<AXES> {
        self.options
    }

    /// Records the convolution of `x`, which has shape `[n, inputs, size…]` and the layer's element type.
    #[track_caller]
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let tape = x.tape();
        let _layer = tape.within(Part::Layer(Self::NAME));
        let weight = tape.parameter(&self.weight);
        if let Err(error) = self.check(x, weight) {
            return x.failed(error, &[x, weight]);
        }
        let ConvOptions { stride, padding, dilation, groups, .. } = self.options;
        let mut how = Convolution::new().stride(&stride).dilation(&dilation).groups(groups);
        let mut x = x;
        match padding {
            Padding::Zeros(zeros) => how = how.padding(&zeros),
            Padding::Same => {
                for (axis, reach) in self.reach().into_iter().enumerate() {
                    if reach > 0 {
                        x = x.pad(axis as isize + 2, reach / 2, reach - reach / 2);
                    }
                }
            }
        }
        add_along_channels::<AXES>(x.convolve(weight, &how), &self.bias)
    }

    /// By how much a window is longer than one element.
    fn reach(&self) -> [usize; AXES] {
        let mut reach = self.options.dilation;
        for (reach, kernel) in reach.iter_mut().zip(self.kernel) {
            *reach = reach.saturating_mul(kernel.saturating_sub(1));
        }
        reach
    }

    fn check(&self, x: Var<'_>, weight: Var<'_>) -> Result<()> {
        x.check()?;
        let (input, dtype, layer) = (x.meta(), weight.dtype(), Self::NAME);
        check_images::<AXES>(layer, self.inputs, dtype, &input)?;
        check_window(layer, self.kernel, self.options.stride, self.options.dilation)?;
        let zeros = match self.options.padding {
            Padding::Zeros(zeros) => zeros,
            Padding::Same => return Ok(()),
        };
        for (axis, reach) in self.reach().into_iter().enumerate() {
            let padded = input.shape[axis + 2].saturating_add(zeros[axis].saturating_mul(2));
            if reach >= padded {
                let message = format!(
                    "conv: a kernel of {:?} reaches over {} elements along spatial axis {axis}, but the padded \
                     input {input} has {padded}",
                    self.kernel,
                    reach.saturating_add(1)
                );
                let hint = "pad more, or take a smaller kernel; fewer layers of pooling or stride before it leave \
                            more elements";
                return Err(Error::new(Kind::Shape, message).hint(hint));
            }
        }
        Ok(())
    }
}

impl<const AXES: usize> Module for Conv<AXES> {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        visitor.child("weight", &self.weight);
        if let Some(bias) = &self.bias {
            visitor.child("bias", bias);
        }
    }

    fn kind(&self) -> String {
        format!("{}({}, {}, {:?})", Self::NAME, self.inputs, self.outputs, self.kernel)
    }
}

impl<const AXES: usize> Layer for Conv<AXES>
where
    ConvSpec<AXES>: Into<LayerSpec>,
{
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        Conv::forward(self, x)
    }

    fn spec(&self) -> Option<LayerSpec> {
        let ConvOptions { stride, padding, dilation, groups, dtype, .. } = self.options;
        let spec = ConvSpec::<AXES> {
            inputs: self.inputs,
            outputs: self.outputs,
            kernel: self.kernel.to_vec(),
            stride: stride.to_vec(),
            padding: match padding {
                Padding::Zeros(zeros) => PaddingSpec::Zeros(zeros.to_vec()),
                Padding::Same => PaddingSpec::Same,
            },
            dilation: dilation.to_vec(),
            groups,
            bias: self.bias.is_some(),
            dtype: dtype.to_string(),
        };
        Some(spec.into())
    }
}
