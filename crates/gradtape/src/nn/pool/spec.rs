//! Pools as data.

use serde::{Deserialize, Serialize};

use super::super::conv::sizes;
use super::super::{Init, Layer, LayerSpec, Module, Spec, Visitor};
use super::{AvgPool, AvgPoolOptions, MaxPool, MaxPoolOptions};
use crate::tape::Var;
use crate::tensor::{Result, Rng};

/// Stamps [`Module`] and [`Layer`] on layers of windows, which keep nothing.
macro_rules! pools {
    ($($name:ident $spec:ident, |$pool:ident| $data:expr;)*) => {$(
        impl<const AXES: usize> Module for $name<AXES> {
            fn visit(&self, _: &mut Visitor<'_>) {}

            fn kind(&self) -> String {
                format!("{}({:?})", Self::NAME, self.kernel)
            }
        }

        impl<const AXES: usize> Layer for $name<AXES>
        where
            $spec<AXES>: Into<LayerSpec>,
        {
            #[track_caller]
            fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
                $name::forward(self, x)
            }

            fn spec(&self) -> Option<LayerSpec> {
                let $pool = self;
                Some($data.into())
            }
        }
    )*};
}

pools! {
    MaxPool MaxPoolSpec, |pool| MaxPoolSpec::<AXES> {
        kernel: pool.kernel.to_vec(),
        stride: pool.options.stride.to_vec(),
        padding: pool.options.padding.to_vec(),
        dilation: pool.options.dilation.to_vec(),
        ceil_mode: pool.options.ceil_mode,
    };
    AvgPool AvgPoolSpec, |pool| AvgPoolSpec::<AXES> {
        kernel: pool.kernel.to_vec(),
        stride: pool.options.stride.to_vec(),
        padding: pool.options.padding.to_vec(),
        ceil_mode: pool.options.ceil_mode,
        count_include_pad: pool.options.count_include_pad,
    };
}

/// A [`MaxPool`] as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaxPoolSpec<const AXES: usize> {
    /// The size of the windows along each spatial axis.
    pub kernel: Vec<usize>,
    /// As [`MaxPoolOptions::stride`].
    pub stride: Vec<usize>,
    /// As [`MaxPoolOptions::padding`].
    pub padding: Vec<usize>,
    /// As [`MaxPoolOptions::dilation`].
    pub dilation: Vec<usize>,
    /// As [`MaxPoolOptions::ceil_mode`].
    pub ceil_mode: bool,
}

/// An [`AvgPool`] as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AvgPoolSpec<const AXES: usize> {
    /// The size of the windows along each spatial axis.
    pub kernel: Vec<usize>,
    /// As [`AvgPoolOptions::stride`].
    pub stride: Vec<usize>,
    /// As [`AvgPoolOptions::padding`].
    pub padding: Vec<usize>,
    /// As [`AvgPoolOptions::ceil_mode`].
    pub ceil_mode: bool,
    /// As [`AvgPoolOptions::count_include_pad`].
    pub count_include_pad: bool,
}

impl<const AXES: usize> Spec for MaxPoolSpec<AXES>
where
    Self: Into<LayerSpec>,
{
    fn build(&self, _: Init, _: &mut Rng) -> Result<Box<dyn Layer>> {
        let options = MaxPoolOptions {
            stride: sizes("stride", &self.stride)?,
            padding: sizes("padding", &self.padding)?,
            dilation: sizes("dilation", &self.dilation)?,
            ceil_mode: self.ceil_mode,
        };
        Ok(Box::new(MaxPool::<AXES>::with(sizes("kernel", &self.kernel)?, options)?))
    }

    fn samples() -> Vec<(Self, Vec<usize>)> {
        let plain = MaxPoolSpec {
            kernel: vec![3; AXES],
            stride: vec![2; AXES],
            padding: vec![1; AXES],
            dilation: vec![2; AXES],
            ceil_mode: true,
        };
        vec![(plain, [&[2, 3][..], &[6].repeat(AXES)].concat())]
    }
}

impl<const AXES: usize> Spec for AvgPoolSpec<AXES>
where
    Self: Into<LayerSpec>,
{
    fn build(&self, _: Init, _: &mut Rng) -> Result<Box<dyn Layer>> {
        let options = AvgPoolOptions {
            stride: sizes("stride", &self.stride)?,
            padding: sizes("padding", &self.padding)?,
            ceil_mode: self.ceil_mode,
            count_include_pad: self.count_include_pad,
        };
        Ok(Box::new(AvgPool::<AXES>::with(sizes("kernel", &self.kernel)?, options)?))
    }

    fn samples() -> Vec<(Self, Vec<usize>)> {
        let plain = AvgPoolSpec {
            kernel: vec![3; AXES],
            stride: vec![2; AXES],
            padding: vec![1; AXES],
            ceil_mode: true,
            count_include_pad: false,
        };
        vec![(plain, [&[2, 3][..], &[6].repeat(AXES)].concat())]
    }
}
