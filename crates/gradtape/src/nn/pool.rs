//! [`MaxPool2d`], [`AvgPool2d`] and their kin: a number for each window.

mod adaptive;
mod global;
mod lp;
mod slide;
mod spec;

pub use adaptive::{
    AdaptiveAvgPool, AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveAvgPool3d, AdaptiveAvgPoolSpec,
    AdaptiveMaxPool, AdaptiveMaxPool1d, AdaptiveMaxPool2d, AdaptiveMaxPool3d, AdaptiveMaxPoolSpec,
};
pub use global::{GlobalAvgPool, GlobalMaxPool};
pub use lp::{LpPool, LpPool1d, LpPool2d, LpPool3d, LpPoolOptions, LpPoolSpec};
pub use spec::{AvgPoolSpec, MaxPoolSpec};

use self::slide::{Slide, framed, places};
use crate::tape::{Part, Var};
use crate::tensor::{Dims, Error, Kind, Result};

/// The greatest of each window of signals `[n, channels, length]`.
pub type MaxPool1d = MaxPool<1>;
/// The greatest of each window of images `[n, channels, height, width]`.
pub type MaxPool2d = MaxPool<2>;
/// The greatest of each window of volumes `[n, channels, depth, height, width]`.
pub type MaxPool3d = MaxPool<3>;
/// The mean of each window of signals `[n, channels, length]`.
pub type AvgPool1d = AvgPool<1>;
/// The mean of each window of images `[n, channels, height, width]`.
pub type AvgPool2d = AvgPool<2>;
/// The mean of each window of volumes `[n, channels, depth, height, width]`.
pub type AvgPool3d = AvgPool<3>;

/// The greatest element of each window over `AXES` spatial axes, `[n, channels, size…]` to
/// `[n, channels, windows…]`. Used as [`MaxPool1d`], [`MaxPool2d`] and
/// [`MaxPool3d`].
///
/// Padding counts as less than every number. Where several elements of a window are the greatest, each takes
/// an equal share of the gradient (in PyTorch the first takes it all).
///
/// ```
/// use gradtape::nn::{MaxPool2d, MaxPoolOptions};
/// use gradtape::{Tape, Tensor};
/// let tape = Tape::new();
/// let x = tape.constant(Tensor::from_vec((0..15).map(f64::from).collect(), [1, 1, 3, 5])?);
/// let y = MaxPool2d::new([2, 2]).forward(x).value()?;
/// assert_eq!((&y.shape()[2..], y.to_f64_vec()), (&[1, 2][..], vec![6.0, 8.0]));
/// // What does not fill a window counts too.
/// let options = MaxPoolOptions { ceil_mode: true, ..MaxPoolOptions::of([2, 2]) };
/// let y = MaxPool2d::with([2, 2], options)?.forward(x).value()?;
/// assert_eq!(y.to_f64_vec(), [6.0, 8.0, 9.0, 11.0, 13.0, 14.0]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MaxPool<const AXES: usize> {
    kernel: [usize; AXES],
    options: MaxPoolOptions<AXES>,
}

/// What [`MaxPool::with`] can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxPoolOptions<const AXES: usize> {
    /// How far apart windows start, at least 1 (default: the kernel).
    pub stride: [usize; AXES],
    /// How many elements are added before and after those of each spatial axis, at most half of the kernel
    /// (default: 0).
    pub padding: [usize; AXES],
    /// How far apart the elements of a window are, at least 1 (default: 1).
    pub dilation: [usize; AXES],
    /// Whether a last window may reach beyond the end (default: no).
    pub ceil_mode: bool,
}

impl<const AXES: usize> MaxPoolOptions<AXES> {
    /// The defaults for a kernel, as in PyTorch.
    pub fn of(kernel: [usize; AXES]) -> Self {
        let (padding, dilation) = ([0; AXES], [1; AXES]);
        MaxPoolOptions { stride: kernel, padding, dilation, ceil_mode: false }
    }
}

impl<const AXES: usize> MaxPool<AXES> {
    const NAME: &str = match AXES {
        1 => "MaxPool1d",
        2 => "MaxPool2d",
        3 => "MaxPool3d",
        _ => "MaxPool",
    };

    /// Windows of this size side by side. Of a size without elements every use is an error.
    pub fn new(kernel: [usize; AXES]) -> Self {
        MaxPool { kernel, options: MaxPoolOptions::of(kernel) }
    }

    /// A layer with other [`MaxPoolOptions`]. Fails for a kernel, a stride or a dilation of 0, and for padding of
    /// more than half of the kernel.
    pub fn with(kernel: [usize; AXES], options: MaxPoolOptions<AXES>) -> Result<Self> {
        let layer = MaxPool { kernel, options };
        layer.slide().check(Self::NAME)?;
        Ok(layer)
    }

    /// The size of the windows.
    pub fn kernel(&self) -> [usize; AXES] {
        self.kernel
    }

    /// What it was made with.
    pub fn options(&self) -> MaxPoolOptions<AXES> {
        self.options
    }

    fn slide(&self) -> Slide<AXES> {
        let MaxPoolOptions { stride, padding, dilation, ceil_mode } = self.options;
        Slide { kernel: self.kernel, stride, padding, dilation, ceil_mode }
    }

    /// Records the greatest element of each window of `x`, which has shape `[n, channels, size…]`.
    #[track_caller]
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let _layer = x.tape().within(Part::Layer(Self::NAME));
        match self.slide().sides(Self::NAME, x) {
            Ok(sides) => {
                let least = if x.dtype().is_float() { f64::NEG_INFINITY } else { i64::MIN as f64 };
                self.slide().windows(framed(x, sides, least)).max(&places::<AXES>()[..])
            }
            Err(error) => x.failed(error, &[x]),
        }
    }
}

/// The mean of each window over `AXES` spatial axes, `[n, channels, size…]` to `[n, channels, windows…]`. Used as
/// [`AvgPool1d`], [`AvgPool2d`] and [`AvgPool3d`].
///
/// ```
/// use gradtape::nn::{AvgPool1d, AvgPoolOptions};
/// use gradtape::{Tape, Tensor};
/// let tape = Tape::new();
/// let x = tape.constant(Tensor::from([[[2.0, 4.0, 6.0, 8.0]]]));
/// assert_eq!(AvgPool1d::new([2]).forward(x).value()?.to_f64_vec(), [3.0, 7.0]);
/// let padded = AvgPoolOptions { padding: [1], ..AvgPoolOptions::of([2]) };
/// let y = AvgPool1d::with([2], padded)?.forward(x).value()?;
/// assert_eq!(y.to_f64_vec(), [1.0, 5.0, 4.0]);
/// let alone = AvgPoolOptions { count_include_pad: false, ..padded };
/// let y = AvgPool1d::with([2], alone)?.forward(x).value()?;
/// assert_eq!(y.to_f64_vec(), [2.0, 5.0, 8.0]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AvgPool<const AXES: usize> {
    kernel: [usize; AXES],
    options: AvgPoolOptions<AXES>,
}

/// What [`AvgPool::with`] can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AvgPoolOptions<const AXES: usize> {
    /// How far apart windows start, at least 1 (default: the kernel).
    pub stride: [usize; AXES],
    /// How many zeros are added before and after the elements of each spatial axis, at most half of the
    /// kernel (default: 0).
    pub padding: [usize; AXES],
    /// Whether a last window may reach beyond the end, of which only what lies before the end counts (default:
    /// no).
    pub ceil_mode: bool,
    /// Whether a mean counts the zeros of the padding (default: yes).
    pub count_include_pad: bool,
}

impl<const AXES: usize> AvgPoolOptions<AXES> {
    /// The defaults for a kernel, as in PyTorch.
    pub fn of(kernel: [usize; AXES]) -> Self {
        let padding = [0; AXES];
        AvgPoolOptions { stride: kernel, padding, ceil_mode: false, count_include_pad: true }
    }
}

impl<const AXES: usize> AvgPool<AXES> {
    const NAME: &str = match AXES {
        1 => "AvgPool1d",
        2 => "AvgPool2d",
        3 => "AvgPool3d",
        _ => "AvgPool",
    };

    /// Windows of this size side by side. Of a size without elements every use is an error.
    pub fn new(kernel: [usize; AXES]) -> Self {
        AvgPool { kernel, options: AvgPoolOptions::of(kernel) }
    }

    /// A layer with other [`AvgPoolOptions`]. Fails for a kernel or a stride of 0, and for padding of more than half
    /// of the kernel.
    pub fn with(kernel: [usize; AXES], options: AvgPoolOptions<AXES>) -> Result<Self> {
        let layer = AvgPool { kernel, options };
        layer.slide().check(Self::NAME)?;
        Ok(layer)
    }

    /// The size of the windows.
    pub fn kernel(&self) -> [usize; AXES] {
        self.kernel
    }

    /// What it was made with.
    pub fn options(&self) -> AvgPoolOptions<AXES> {
        self.options
    }

    fn slide(&self) -> Slide<AXES> {
        let AvgPoolOptions { stride, padding, ceil_mode, .. } = self.options;
        Slide { kernel: self.kernel, stride, padding, dilation: [1; AXES], ceil_mode }
    }

    /// Records the mean of each window of `x`, which has shape `[n, channels, size…]`.
    #[track_caller]
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let _layer = x.tape().within(Part::Layer(Self::NAME));
        let slide = self.slide();
        let sides = match slide.sides(Self::NAME, x) {
            Ok(sides) if x.dtype().is_float() => sides,
            Ok(_) => {
                let message = format!("{}: a mean of {}", Self::NAME, x.meta());
                let error = Error::new(Kind::Shape, message).hint("cast() it to a float");
                return x.failed(error, &[x]);
            }
            Err(error) => return x.failed(error, &[x]),
        };
        let sum = |x: Var<'t>| slide.windows(x).sum(&places::<AXES>()[..]);
        let (padding, include) = (self.options.padding, self.options.count_include_pad);
        let beyond = (0..AXES).any(|axis| sides[axis].1 > padding[axis]);
        if !beyond && (include || padding == [0; AXES]) {
            return sum(framed(x, sides, 0.0)) / self.kernel.iter().product::<usize>() as f64;
        }
        // How many elements of each window count.
        let shape = x.shape();
        let mut size: Dims = [1, 1].into_iter().chain(shape[2..].iter().copied()).collect();
        let mut rest = sides;
        if include {
            for axis in 0..AXES {
                size[axis + 2] += 2 * padding[axis];
                rest[axis] = (0, sides[axis].1 - padding[axis]);
            }
        }
        let ones = x.literal(1.0).broadcast_to(size);
        sum(framed(x, sides, 0.0)) / sum(framed(ones, rest, 0.0))
    }
}
