//! [`MaxPool2d`], [`AvgPool2d`] and their kin: a number for each window.

use serde::{Deserialize, Serialize};

use super::conv::{axes, check_window, sizes};
use super::fit::setting;
use super::{Init, Layer, LayerSpec, Module, Spec, Visitor};
use crate::op::Meta;
use crate::tape::{Part, Var};
use crate::tensor::{DType, Dims, Error, Kind, Result, Rng};

/// The greatest of each window of signals `[n, channels, length]`.
pub type MaxPool1d = MaxPool<1>;
/// The greatest of each window of images `[n, channels, height, width]`.
pub type MaxPool2d = MaxPool<2>;
/// The mean of each window of signals `[n, channels, length]`.
pub type AvgPool1d = AvgPool<1>;
/// The mean of each window of images `[n, channels, height, width]`.
pub type AvgPool2d = AvgPool<2>;

/// The greatest element of each window over `AXES` spatial axes, `[n, channels, size…]` to
/// `[n, channels, windows…]`. Used as [`MaxPool1d`] and [`MaxPool2d`].
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
/// [`AvgPool1d`] and [`AvgPool2d`].
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

/// How windows slide.
struct Slide<const AXES: usize> {
    kernel: [usize; AXES],
    stride: [usize; AXES],
    padding: [usize; AXES],
    dilation: [usize; AXES],
    ceil_mode: bool,
}

impl<const AXES: usize> Slide<AXES> {
    fn check(&self, layer: &str) -> Result<()> {
        check_window(layer, self.kernel, self.stride, self.dilation)?;
        if (0..AXES).any(|axis| self.padding[axis] > self.kernel[axis] / 2) {
            let (padding, kernel) = (self.padding, self.kernel);
            let rule = format!(
                "padding is {padding:?}, but must be at most half of the kernel {kernel:?}"
            );
            return Err(setting(layer, rule));
        }
        Ok(())
    }

    /// How many elements each spatial axis of an input gets before and after its own.
    fn sides(&self, layer: &str, x: Var<'_>) -> Result<[(usize, usize); AXES]> {
        x.check()?;
        self.check(layer)?;
        let input = x.meta();
        check_rank::<AXES>(layer, &input)?;
        let mut sides = [(0, 0); AXES];
        for (axis, sides) in sides.iter_mut().enumerate() {
            let (size, padding, stride) =
                (input.shape[axis + 2], self.padding[axis], self.stride[axis]);
            let reach =
                (self.kernel[axis] - 1).saturating_mul(self.dilation[axis]).saturating_add(1);
            let padded = size.saturating_add(padding.saturating_mul(2));
            let Some(rest) = padded.checked_sub(reach) else {
                let message = format!(
                    "{layer}: a window of {:?} reaches over {reach} elements along spatial axis {axis}, but the \
                     padded input {input} has {padded}",
                    self.kernel
                );
                return Err(Error::new(Kind::Shape, message)
                    .hint("take smaller windows, or fewer layers of pooling or stride before"));
            };
            // A last window must begin before the end of what is not padding after it.
            let one_more = self.ceil_mode
                && !rest.is_multiple_of(stride)
                && (rest / stride + 1).saturating_mul(stride) < size + padding;
            let beyond = if one_more { stride - rest % stride } else { 0 };
            *sides = (padding, padding + beyond);
        }
        Ok(sides)
    }

    /// The windows, the places in them as the last axes.
    #[track_caller]
    fn windows<'t>(&self, mut x: Var<'t>) -> Var<'t> {
        for axis in 0..AXES {
            let [size, stride, dilation] =
                [self.kernel, self.stride, self.dilation].map(|of| of[axis]);
            x = x.window(axis as isize + 2, size, stride, dilation);
        }
        x
    }
}

/// With a number around the elements of each spatial axis.
#[track_caller]
fn framed<'t, const AXES: usize>(
    mut x: Var<'t>,
    sides: [(usize, usize); AXES],
    number: f64,
) -> Var<'t> {
    for (axis, (before, after)) in sides.into_iter().enumerate() {
        let place = axis as isize + 2;
        if before == 0 && after == 0 {
            continue;
        }
        if number == 0.0 {
            x = x.pad(place, before, after);
            continue;
        }
        let edge = |size: usize| {
            let mut shape = Dims::from_slice(&x.shape());
            shape[axis + 2] = size;
            x.literal(number).broadcast_to(shape)
        };
        x = match (before, after) {
            (0, _) => x.concat(&[edge(after)], place),
            (_, 0) => edge(before).concat(&[x], place),
            _ => edge(before).concat(&[x, edge(after)], place),
        };
    }
    x
}

/// The last axes, as many as there are spatial ones.
fn places<const AXES: usize>() -> [isize; AXES] {
    std::array::from_fn(|axis| -1 - axis as isize)
}

/// Whether an input is numbers of `[n, channels, size…]`.
pub(super) fn check_rank<const AXES: usize>(layer: &str, input: &Meta) -> Result<()> {
    if input.shape.rank() == AXES + 2 && input.dtype != DType::Bool {
        return Ok(());
    }
    let message = format!("{layer}: the layer takes {}, but the input is {input}", axes::<AXES>());
    let hint = match input.shape.rank() {
        _ if input.dtype == DType::Bool => "cast() it to numbers",
        rank if rank + 1 == AXES + 2 => {
            "unsqueeze(1) gives images of one channel their axis of channels"
        }
        _ => "reshape the input, with the examples along axis 0 and the channels along axis 1",
    };
    Err(Error::new(Kind::Shape, message).hint(hint))
}

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

    #[cfg(test)]
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

    #[cfg(test)]
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
