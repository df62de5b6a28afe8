//! [`AdaptiveAvgPool1d`] and [`AdaptiveAvgPool2d`]: means that make an output of a given size.

use serde::{Deserialize, Serialize};

use super::conv::sizes;
use super::fit::setting;
use super::pool::check_rank;
use super::{Init, Layer, LayerSpec, Module, Spec, Visitor};
use crate::tape::{Part, Var};
use crate::tensor::{Error, Kind, Result, Rng};

/// The mean of as many parts of signals `[n, channels, length]` as are asked for.
pub type AdaptiveAvgPool1d = AdaptiveAvgPool<1>;
/// The mean of as many parts of images `[n, channels, height, width]` as are asked for.
pub type AdaptiveAvgPool2d = AdaptiveAvgPool<2>;

/// The mean of parts of the input, so many that the output has a given size whatever that of the input:
/// `[n, channels, …]` to `[n, channels, size…]`. Used as [`AdaptiveAvgPool1d`] and [`AdaptiveAvgPool2d`]; with size
/// 1 it is the global average (Lin, Chen and Yan 2013).
///
/// Part `i` of `size` covers the places from `⌊i n / size⌋` up to, not including, `⌈(i + 1) n / size⌉` of an axis of
/// `n` elements, as in PyTorch; there are as many elements as parts or more.
///
/// ```
/// use gradtape::nn::AdaptiveAvgPool2d;
/// use gradtape::{Tape, Tensor};
/// let tape = Tape::new();
/// let x = tape.constant(Tensor::from_vec((0..12).map(f64::from).collect(), [1, 1, 3, 4])?);
/// assert_eq!(AdaptiveAvgPool2d::new([1, 1])?.forward(x).value()?.to_f64_vec(), [5.5]);
/// let y = AdaptiveAvgPool2d::new([2, 2])?.forward(x).value()?;
/// assert_eq!(y.to_f64_vec(), [2.5, 4.5, 6.5, 8.5]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[doc(alias("GlobalAveragePooling", "global_avg_pool"))]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdaptiveAvgPool<const AXES: usize> {
    size: [usize; AXES],
}

impl<const AXES: usize> AdaptiveAvgPool<AXES> {
    const NAME: &str = match AXES {
        1 => "AdaptiveAvgPool1d",
        2 => "AdaptiveAvgPool2d",
        _ => "AdaptiveAvgPool",
    };

    /// A layer whose output has this size. Fails for a size of 0.
    pub fn new(size: [usize; AXES]) -> Result<Self> {
        match size.contains(&0) {
            true => Err(setting(Self::NAME, format!("size is {size:?}, but must be at least 1"))),
            false => Ok(AdaptiveAvgPool { size }),
        }
    }

    /// The size of the output.
    pub fn size(&self) -> [usize; AXES] {
        self.size
    }

    /// Records the means of `x`, which has shape `[n, channels, …]`.
    #[track_caller]
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let _layer = x.tape().within(Part::Layer(Self::NAME));
        if let Err(error) = x.check().and_then(|()| check_rank::<AXES>(Self::NAME, &x.meta())) {
            return x.failed(error, &[x]);
        }
        let mut y = x;
        for (axis, &size) in self.size.iter().enumerate() {
            let (place, count) = (axis as isize + 2, x.shape()[axis + 2]);
            if count < size {
                let message = format!(
                    "{}: the layer divides spatial axis {axis} into {size} parts, but the input {} has {count} \
                     elements there",
                    Self::NAME,
                    x.meta()
                );
                let error = Error::new(Kind::Shape, message).hint("ask for a smaller output");
                return x.failed(error, &[x]);
            }
            y = match count.is_multiple_of(size) {
                true if size == 1 => y.mean_keepdims(place),
                true => y.window(place, count / size, count / size, 1).mean(-1),
                false => {
                    let mut parts = Vec::with_capacity(size);
                    for part in 0..size {
                        let (start, stop) =
                            (part * count / size, ((part + 1) * count).div_ceil(size));
                        parts.push(y.slice_step(place, start, stop, 1).mean_keepdims(place));
                    }
                    x.tape().concat(&parts, place)
                }
            };
        }
        y
    }
}

impl<const AXES: usize> Module for AdaptiveAvgPool<AXES> {
    fn visit(&self, _: &mut Visitor<'_>) {}

    fn kind(&self) -> String {
        format!("{}({:?})", Self::NAME, self.size)
    }
}

impl<const AXES: usize> Layer for AdaptiveAvgPool<AXES>
where
    AdaptivePoolSpec<AXES>: Into<LayerSpec>,
{
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        AdaptiveAvgPool::forward(self, x)
    }

    fn spec(&self) -> Option<LayerSpec> {
        Some(AdaptivePoolSpec::<AXES> { size: self.size.to_vec() }.into())
    }
}

/// An [`AdaptiveAvgPool`] as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdaptivePoolSpec<const AXES: usize> {
    /// The size of the output.
    pub size: Vec<usize>,
}

impl<const AXES: usize> Spec for AdaptivePoolSpec<AXES>
where
    Self: Into<LayerSpec>,
{
    fn build(&self, _: Init, _: &mut Rng) -> Result<Box<dyn Layer>> {
        Ok(Box::new(AdaptiveAvgPool::<AXES>::new(sizes("size", &self.size)?)?))
    }

    #[cfg(test)]
    fn samples() -> Vec<(Self, Vec<usize>)> {
        let shape = [&[2, 3][..], &[5].repeat(AXES)].concat();
        vec![(AdaptivePoolSpec { size: vec![3; AXES] }, shape)]
    }
}
