//! Convolutions as data.

use serde::{Deserialize, Serialize};

use super::super::spec::{WeightAndBias, float};
use super::super::{Init, Kept, Layer, LayerSpec, Spec};
use super::fit::{check_groups, sizes};
use super::{Conv, ConvOptions, Padding};
use crate::tensor::{Dims, Result, Rng};

/// A [`Conv`] as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConvSpec<const AXES: usize> {
    /// The number of channels of the input.
    pub inputs: usize,
    /// The number of channels of the output.
    pub outputs: usize,
    /// The size of the kernel along each spatial axis.
    pub kernel: Vec<usize>,
    /// As [`ConvOptions::stride`].
    pub stride: Vec<usize>,
    /// As [`ConvOptions::padding`].
    pub padding: PaddingSpec,
    /// As [`ConvOptions::dilation`].
    pub dilation: Vec<usize>,
    /// As [`ConvOptions::groups`].
    pub groups: usize,
    /// Whether a bias is added.
    pub bias: bool,
    /// The element type, `f32` or `f64`.
    pub dtype: String,
}

/// A [`Padding`] as data: `"same"` or `{"zeros": [1, 1]}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaddingSpec {
    /// [`Padding::Zeros`].
    Zeros(Vec<usize>),
    /// [`Padding::Same`].
    Same,
}

impl<const AXES: usize> Spec for ConvSpec<AXES>
where
    Self: Into<LayerSpec>,
{
    fn build(&self, init: Init, rng: &mut Rng) -> Result<Box<dyn Layer>> {
        let options = ConvOptions {
            stride: sizes("stride", &self.stride)?,
            padding: match &self.padding {
                PaddingSpec::Zeros(zeros) => Padding::Zeros(sizes("padding", zeros)?),
                PaddingSpec::Same => Padding::Same,
            },
            dilation: sizes("dilation", &self.dilation)?,
            groups: self.groups,
            bias: self.bias,
            weight_init: init,
            bias_init: init,
            dtype: float(&self.dtype)?,
        };
        let kernel = sizes("kernel", &self.kernel)?;
        Ok(Box::new(Conv::<AXES>::with(self.inputs, self.outputs, kernel, options, rng)?))
    }

    fn tensors(&self) -> Result<Vec<Kept>> {
        let dtype = float(&self.dtype)?;
        let kernel: [usize; AXES] = sizes("kernel", &self.kernel)?;
        check_groups("a convolution", self.groups, self.inputs, self.outputs)?;
        let shape: Dims =
            [self.outputs, self.inputs / self.groups].into_iter().chain(kernel).collect();
        Ok(WeightAndBias { shape: &shape, outputs: self.outputs, dtype }.kept(self.bias))
    }

    fn samples() -> Vec<(Self, Vec<usize>)> {
        let shape = [&[2, 4][..], &[5].repeat(AXES)].concat();
        let plain = ConvSpec {
            inputs: 4,
            outputs: 6,
            kernel: vec![3; AXES],
            stride: vec![2; AXES],
            padding: PaddingSpec::Zeros(vec![1; AXES]),
            dilation: vec![2; AXES],
            groups: 1,
            bias: true,
            dtype: "f32".into(),
        };
        let same = ConvSpec {
            kernel: vec![2; AXES],
            stride: vec![1; AXES],
            padding: PaddingSpec::Same,
            groups: 2,
            bias: false,
            dtype: "f64".into(),
            ..plain.clone()
        };
        [plain, same].into_iter().map(|spec| (spec, shape.clone())).collect()
    }
}
