//! [`LpPool1d`] to [`LpPool3d`]: the norm of each window.

use serde::{Deserialize, Serialize};

use super::super::conv::sizes;
use super::super::fit::setting;
use super::super::{Init, Layer, LayerSpec, Module, Spec, Visitor};
use super::{AvgPool, AvgPoolOptions};
use crate::tape::{Part, Var};
use crate::tensor::{Result, Rng};

/// The norm of each window of signals `[n, channels, length]`.
pub type LpPool1d = LpPool<1>;
/// The norm of each window of images `[n, channels, height, width]`.
pub type LpPool2d = LpPool<2>;
/// The norm of each window of volumes `[n, channels, depth, height, width]`.
pub type LpPool3d = LpPool<3>;

/// The norm `(Σ x^p)^(1/p)` of each window over `AXES` spatial axes, `[n, channels, size…]` to
/// `[n, channels, windows…]`. Used as [`LpPool1d`], [`LpPool2d`] and [`LpPool3d`]. Of `p = 1` it is the sum, and the
/// greater `p`, the nearer it is to the greatest. Gulcehre, Cho, Pascanu and Bengio 2014.
///
/// `x` is not made positive: where the sum is below 0, an uneven `p` gives NaN, as in PyTorch. At windows whose sum is 0
/// the derivative is 0, where PyTorch's is NaN.
///
/// ```
/// use gradtape::Tape;
/// use gradtape::nn::LpPool1d;
/// let x = Tape::new();
/// let y = LpPool1d::new(2.0, [2])?.forward(x.constant([[[3.0, 4.0, 6.0, 8.0]]])).value()?;
/// assert!(y.to_f64_vec().iter().zip([5.0, 10.0]).all(|(y, want)| (y - want).abs() < 1e-12));
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LpPool<const AXES: usize> {
    norm: f64,
    kernel: [usize; AXES],
    options: LpPoolOptions<AXES>,
}

/// What [`LpPool::with`] can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LpPoolOptions<const AXES: usize> {
    /// How far apart windows start, at least 1 (default: the kernel).
    pub stride: [usize; AXES],
    /// Whether a last window may reach beyond the end (default: no); its sum is then scaled up to that of a whole window,
    /// as in PyTorch.
    pub ceil_mode: bool,
}

impl<const AXES: usize> LpPoolOptions<AXES> {
    /// The defaults for a kernel, as in PyTorch.
    pub fn of(kernel: [usize; AXES]) -> Self {
        LpPoolOptions { stride: kernel, ceil_mode: false }
    }
}

impl<const AXES: usize> LpPool<AXES> {
    const NAME: &str = match AXES {
        1 => "LpPool1d",
        2 => "LpPool2d",
        3 => "LpPool3d",
        _ => "LpPool",
    };

    /// Windows of this size side by side. Fails as [`LpPool::with`] does.
    pub fn new(norm: f64, kernel: [usize; AXES]) -> Result<Self> {
        LpPool::with(norm, kernel, LpPoolOptions::of(kernel))
    }

    /// A layer with other [`LpPoolOptions`]. Fails for a norm that is not a finite number above 0, and for a kernel or a
    /// stride of 0.
    pub fn with(norm: f64, kernel: [usize; AXES], options: LpPoolOptions<AXES>) -> Result<Self> {
        if !norm.is_finite() || norm <= 0.0 {
            let rule = format!("its norm is {norm}, but must be a finite number above 0");
            return Err(setting(Self::NAME, rule));
        }
        let layer = LpPool { norm, kernel, options };
        layer.mean().slide().check(Self::NAME)?;
        Ok(layer)
    }

    /// The size of the windows.
    pub fn kernel(&self) -> [usize; AXES] {
        self.kernel
    }

    /// The norm.
    pub fn norm(&self) -> f64 {
        self.norm
    }

    /// What it was made with.
    pub fn options(&self) -> LpPoolOptions<AXES> {
        self.options
    }

    fn mean(&self) -> AvgPool<AXES> {
        let LpPoolOptions { stride, ceil_mode } = self.options;
        let options = AvgPoolOptions { stride, ceil_mode, ..AvgPoolOptions::of(self.kernel) };
        AvgPool { kernel: self.kernel, options }
    }

    /// Records the norm of each window of `x`, which has shape `[n, channels, size…]`.
    #[track_caller]
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let _layer = x.tape().within(Part::Layer(Self::NAME));
        let size = self.kernel.iter().product::<usize>() as f64;
        match self.mean().slide().sides(Self::NAME, x) {
            Ok(_) => {
                let sum = self.mean().forward(x.powf(self.norm)) * size;
                let zero = sum.equal(0.0);
                zero.select(0.0, zero.select(1.0, sum).powf(1.0 / self.norm))
            }
            Err(error) => x.failed(error, &[x]),
        }
    }
}

impl<const AXES: usize> Module for LpPool<AXES> {
    fn visit(&self, _: &mut Visitor<'_>) {}

    fn kind(&self) -> String {
        format!("{}({}, {:?})", Self::NAME, self.norm, self.kernel)
    }
}

impl<const AXES: usize> Layer for LpPool<AXES>
where
    LpPoolSpec<AXES>: Into<LayerSpec>,
{
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        LpPool::forward(self, x)
    }

    fn spec(&self) -> Option<LayerSpec> {
        let LpPoolOptions { stride, ceil_mode } = self.options;
        let (kernel, stride) = (self.kernel.to_vec(), stride.to_vec());
        Some(LpPoolSpec::<AXES> { norm: self.norm, kernel, stride, ceil_mode }.into())
    }
}

/// An [`LpPool`] as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LpPoolSpec<const AXES: usize> {
    /// The norm.
    pub norm: f64,
    /// The size of the windows along each spatial axis.
    pub kernel: Vec<usize>,
    /// As [`LpPoolOptions::stride`].
    pub stride: Vec<usize>,
    /// As [`LpPoolOptions::ceil_mode`].
    pub ceil_mode: bool,
}

impl<const AXES: usize> Spec for LpPoolSpec<AXES>
where
    Self: Into<LayerSpec>,
{
    fn build(&self, _: Init, _: &mut Rng) -> Result<Box<dyn Layer>> {
        let (stride, ceil_mode) = (sizes("stride", &self.stride)?, self.ceil_mode);
        let options = LpPoolOptions { stride, ceil_mode };
        Ok(Box::new(LpPool::<AXES>::with(self.norm, sizes("kernel", &self.kernel)?, options)?))
    }

    fn samples() -> Vec<(Self, Vec<usize>)> {
        let (kernel, stride) = (vec![3; AXES], vec![2; AXES]);
        let plain = LpPoolSpec { norm: 2.0, kernel, stride, ceil_mode: true };
        vec![(plain, [&[2, 3][..], &[6].repeat(AXES)].concat())]
    }
}
