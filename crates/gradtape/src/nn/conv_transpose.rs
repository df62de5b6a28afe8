//! [`ConvTranspose1d`] to [`ConvTranspose3d`]: what goes back through a convolution.

use serde::{Deserialize, Serialize};

use super::conv::{add_along_channels, check_groups, check_images, check_window, sizes};
use super::fit::{check_float, setting};
use super::spec::{WeightAndBias, float};
use super::{Init, Kept, Layer, LayerSpec, Module, Spec, Visitor};
use crate::tape::{Parameter, Part, Var};
use crate::tensor::{DType, Dims, Error, Kind, Result, Rng, Tensor};

/// Transposed convolution of signals `[n, channels, length]`.
pub type ConvTranspose1d = ConvTranspose<1>;

/// Transposed convolution of images `[n, channels, height, width]`.
pub type ConvTranspose2d = ConvTranspose<2>;

/// Transposed convolution of volumes `[n, channels, depth, height, width]`.
pub type ConvTranspose3d = ConvTranspose<3>;

/// Transposed convolution over `AXES` spatial axes, `[n, inputs, windows…]` to `[n, outputs, size…]`: each element
/// of the input adds a weight times itself to a window of the output, which is what a convolution does to
/// gradients. Zeiler et al. 2010. Used as [`ConvTranspose1d`] to [`ConvTranspose3d`].
///
/// Along each spatial axis the output has `(windows - 1) stride - 2 padding + dilation (kernel - 1) + 1 +
/// output_padding` elements. The weight has shape `[inputs, outputs / groups, kernel…]`, as in PyTorch.
///
/// ```
/// use gradtape::nn::{ConvTranspose2d, ConvTransposeOptions};
/// use gradtape::{DType, Rng, Tape, Tensor};
/// // Twice the height and width.
/// let options = ConvTransposeOptions { stride: [2, 2], ..Default::default() };
/// let layer = ConvTranspose2d::with(6, 3, [2, 2], options, &mut Rng::new(1))?;
/// let x = Tape::new();
/// let y = layer.forward(x.constant(Tensor::ones([8, 6, 14, 14], DType::F32)));
/// assert_eq!(y.shape()[..], [8, 3, 28, 28]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ConvTranspose<const AXES: usize> {
    /// `[inputs, outputs / groups, kernel…]`.
    pub weight: Parameter,
    /// `[outputs]`.
    pub bias: Option<Parameter>,
    inputs: usize,
    outputs: usize,
    kernel: [usize; AXES],
    options: ConvTransposeOptions<AXES>,
}

/// What [`ConvTranspose::with`] can be told; the default is what [`ConvTranspose::new`] does, and PyTorch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConvTransposeOptions<const AXES: usize> {
    /// How far apart windows start, at least 1 (default: 1).
    pub stride: [usize; AXES],
    /// How many elements are left out before and after those of each spatial axis (default: 0).
    pub padding: [usize; AXES],
    /// How many elements more there are after those of each spatial axis, fewer than stride or dilation: of
    /// the sizes that a convolution takes to the same number of windows, it tells which is meant (default: 0).
    pub output_padding: [usize; AXES],
    /// How far apart the elements of a window are, at least 1 (default: 1).
    pub dilation: [usize; AXES],
    /// Into how many groups the channels are divided (default: 1).
    pub groups: usize,
    /// Whether a bias is added (default: yes).
    pub bias: bool,
    /// How the weight starts (default: [`Init::FanIn`], whose fan is `outputs / groups kernel…`).
    pub weight_init: Init,
    /// How the bias starts (default: [`Init::FanIn`] of the weight's fan).
    pub bias_init: Init,
    /// The element type, f32 (default) or f64.
    pub dtype: DType,
}

impl<const AXES: usize> Default for ConvTransposeOptions<AXES> {
    fn default() -> Self {
        ConvTransposeOptions {
            stride: [1; AXES],
            padding: [0; AXES],
            output_padding: [0; AXES],
            dilation: [1; AXES],
            groups: 1,
            bias: true,
            weight_init: Init::FanIn,
            bias_init: Init::FanIn,
            dtype: DType::F32,
        }
    }
}

impl<const AXES: usize> ConvTranspose<AXES> {
    /// The name that the layer is used under.
    const NAME: &str = match AXES {
        1 => "ConvTranspose1d",
        2 => "ConvTranspose2d",
        3 => "ConvTranspose3d",
        _ => "ConvTranspose",
    };

    /// A layer in f32 from `inputs` to `outputs` channels with a kernel of this size, a bias and the default
    /// options. Weight and bias are uniform in ±1/√(outputs kernel…) (PyTorch's default).
    ///
    /// A layer of more numbers than memory can hold has zeros, and its first use is an error; so is that of a
    /// layer whose kernel has no element.
    pub fn new(inputs: usize, outputs: usize, kernel: [usize; AXES], rng: &mut Rng) -> Self {
        let options = ConvTransposeOptions::default();
        Self::with(inputs, outputs, kernel, options, rng).unwrap_or_else(|_| {
            let shape: Dims = [inputs, outputs].into_iter().chain(kernel).collect();
            let weight = Parameter::new(Tensor::zeros(shape, DType::F32));
            let bias = Some(Parameter::new(Tensor::zeros(outputs, DType::F32)));
            ConvTranspose { weight, bias, inputs, outputs, kernel, options }
        })
    }

    /// A layer with other [`ConvTransposeOptions`]. Fails for a kernel, a stride or a dilation of 0, for an output
    /// padding of stride and dilation or more, for groups that do not divide both numbers of channels, for
    /// an element type that is no float, for a rule of nonsense numbers, and for sizes that memory cannot
    /// hold.
    pub fn with(
        inputs: usize,
        outputs: usize,
        kernel: [usize; AXES],
        options: ConvTransposeOptions<AXES>,
        rng: &mut Rng,
    ) -> Result<Self> {
        let ConvTransposeOptions { stride, dilation, output_padding, groups, dtype, .. } = options;
        let name = format!("{} from {inputs} to {outputs} channels", Self::NAME);
        check_window(&name, kernel, stride, dilation)?;
        check_groups(&name, groups, inputs, outputs)?;
        check_float(&name, dtype)?;
        let more = |axis: usize| output_padding[axis] >= stride[axis].max(dilation[axis]);
        if (0..AXES).any(more) {
            let rule = format!(
                "output_padding is {output_padding:?}, but must be below the stride {stride:?} or the dilation \
                 {dilation:?}"
            );
            return Err(setting(name, rule));
        }
        let shape: Dims = [inputs, outputs / groups].into_iter().chain(kernel).collect();
        let size: f64 = kernel.iter().map(|&n| n as f64).product();
        // As PyTorch counts them, from the shape of the weight.
        let fans = [(outputs / groups) as f64 * size, inputs as f64 * size];
        let bias_init = options.bias.then_some(options.bias_init);
        let start = WeightAndBias { shape: &shape, outputs, dtype };
        let (weight, bias) = start
            .fill(fans, options.weight_init, bias_init, rng)
            .map_err(|error| error.context(&name))?;
        let (weight, bias) = (Parameter::new(weight), bias.map(Parameter::new));
        Ok(ConvTranspose { weight, bias, inputs, outputs, kernel, options })
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
    pub fn options(&self) -> ConvTransposeOptions<AXES> {
        self.options
    }

    /// Records the transposed convolution of `x`, which has shape `[n, inputs, windows…]` and the layer's element
    /// type.
    #[track_caller]
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let tape = x.tape();
        let _layer = tape.within(Part::Layer(Self::NAME));
        let weight = tape.parameter(&self.weight);
        match self.spread(x, weight) {
            Ok(y) => add_along_channels::<AXES>(y, &self.bias),
            Err(error) => x.failed(error, &[x, weight]),
        }
    }

    #[track_caller]
    fn spread<'t>(&self, x: Var<'t>, weight: Var<'t>) -> Result<Var<'t>> {
        x.check()?;
        let input = x.meta();
        check_images::<AXES>(Self::NAME, self.inputs, weight.dtype(), &input)?;
        check_window(Self::NAME, self.kernel, self.options.stride, self.options.dilation)?;
        let ConvTransposeOptions { stride, padding, output_padding, dilation, groups, .. } =
            self.options;
        let (rows, windows) = (input.shape[0], &input.shape[2..]);
        let spatial = |first: [usize; 3], then: &[usize]| -> Dims {
            first.into_iter().chain(then.iter().copied()).collect()
        };
        // Each element of the input times the weight: the windows of the output, their places behind them.
        let per_group = self.outputs / groups;
        let images = x.reshape(spatial([rows, groups, self.inputs / groups], windows));
        let kernels =
            weight.reshape(spatial([groups, self.inputs / groups, per_group], &self.kernel));
        let subscripts = match AXES {
            1 => "ngix,gioa->ngoxa",
            2 => "ngixy,gioab->ngoxyab",
            _ => "ngixyz,gioabc->ngoxyzabc",
        };
        let mut y = x.tape().einsum(subscripts, &[images, kernels]);
        y.check()?;
        for axis in (0..AXES).rev() {
            let (place, kernel) = (axis as isize + 3, self.kernel[axis]);
            let last = windows[axis].saturating_sub(1).saturating_mul(stride[axis]);
            let full = (kernel - 1).saturating_mul(dilation[axis]).saturating_add(1);
            let full = full.saturating_add(last);
            if windows[axis] == 0
                || full.saturating_add(output_padding[axis]) <= padding[axis].saturating_mul(2)
            {
                let rule = format!(
                    "{}: {input} leaves no element along spatial axis {axis}, of whose {full} elements padding \
                     {} takes both ends",
                    Self::NAME,
                    padding[axis]
                );
                let hint = "pad less, or give it more elements";
                return Err(Error::new(Kind::Shape, rule).hint(hint));
            }
            y = y.fold(place, full, stride[axis], dilation[axis]);
            if output_padding[axis] > 0 {
                y = y.pad(place, 0, output_padding[axis]);
            }
            let (start, stop) = (padding[axis], full + output_padding[axis] - padding[axis]);
            y = y.slice_step(place, start, stop, 1);
        }
        let sizes: Dims =
            [rows, self.outputs].into_iter().chain(y.shape()[3..].iter().copied()).collect();
        Ok(y.reshape(sizes))
    }
}

impl<const AXES: usize> Module for ConvTranspose<AXES> {
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

impl<const AXES: usize> Layer for ConvTranspose<AXES>
where
    ConvTransposeSpec<AXES>: Into<LayerSpec>,
{
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        ConvTranspose::forward(self, x)
    }

    fn spec(&self) -> Option<LayerSpec> {
        let options = self.options;
        let spec = ConvTransposeSpec::<AXES> {
            inputs: self.inputs,
            outputs: self.outputs,
            kernel: self.kernel.to_vec(),
            stride: options.stride.to_vec(),
            padding: options.padding.to_vec(),
            output_padding: options.output_padding.to_vec(),
            dilation: options.dilation.to_vec(),
            groups: options.groups,
            bias: self.bias.is_some(),
            dtype: options.dtype.to_string(),
        };
        Some(spec.into())
    }
}

/// A [`ConvTranspose`] as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConvTransposeSpec<const AXES: usize> {
    /// The number of channels of the input.
    pub inputs: usize,
    /// The number of channels of the output.
    pub outputs: usize,
    /// The size of the kernel along each spatial axis.
    pub kernel: Vec<usize>,
    /// As [`ConvTransposeOptions::stride`].
    pub stride: Vec<usize>,
    /// As [`ConvTransposeOptions::padding`].
    pub padding: Vec<usize>,
    /// As [`ConvTransposeOptions::output_padding`].
    pub output_padding: Vec<usize>,
    /// As [`ConvTransposeOptions::dilation`].
    pub dilation: Vec<usize>,
    /// As [`ConvTransposeOptions::groups`].
    pub groups: usize,
    /// Whether a bias is added.
    pub bias: bool,
    /// The element type, `f32` or `f64`.
    pub dtype: String,
}

impl<const AXES: usize> Spec for ConvTransposeSpec<AXES>
where
    Self: Into<LayerSpec>,
{
    fn build(&self, init: Init, rng: &mut Rng) -> Result<Box<dyn Layer>> {
        let options = ConvTransposeOptions {
            stride: sizes("stride", &self.stride)?,
            padding: sizes("padding", &self.padding)?,
            output_padding: sizes("output_padding", &self.output_padding)?,
            dilation: sizes("dilation", &self.dilation)?,
            groups: self.groups,
            bias: self.bias,
            weight_init: init,
            bias_init: init,
            dtype: float(&self.dtype)?,
        };
        let kernel = sizes("kernel", &self.kernel)?;
        Ok(Box::new(ConvTranspose::<AXES>::with(self.inputs, self.outputs, kernel, options, rng)?))
    }

    fn tensors(&self) -> Result<Vec<Kept>> {
        let dtype = float(&self.dtype)?;
        let kernel: [usize; AXES] = sizes("kernel", &self.kernel)?;
        check_groups("a transposed convolution", self.groups, self.inputs, self.outputs)?;
        let shape: Dims =
            [self.inputs, self.outputs / self.groups].into_iter().chain(kernel).collect();
        Ok(WeightAndBias { shape: &shape, outputs: self.outputs, dtype }.kept(self.bias))
    }

    fn samples() -> Vec<(Self, Vec<usize>)> {
        let shape = [&[2, 4][..], &[3].repeat(AXES)].concat();
        let plain = ConvTransposeSpec {
            inputs: 4,
            outputs: 6,
            kernel: vec![3; AXES],
            stride: vec![2; AXES],
            padding: vec![1; AXES],
            output_padding: vec![1; AXES],
            dilation: vec![1; AXES],
            groups: 2,
            bias: true,
            dtype: "f32".into(),
        };
        let bare = ConvTransposeSpec {
            dilation: vec![2; AXES],
            output_padding: vec![0; AXES],
            groups: 1,
            bias: false,
            dtype: "f64".into(),
            ..plain.clone()
        };
        [plain, bare].into_iter().map(|spec| (spec, shape.clone())).collect()
    }
}
