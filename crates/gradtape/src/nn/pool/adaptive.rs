//! Adaptive pools: a number for each of as many parts as are asked for.

use serde::{Deserialize, Serialize};

use super::super::conv::sizes;
use super::super::fit::setting;
use super::super::{Init, Layer, LayerSpec, Module, Spec, Visitor};
use super::slide::check_rank;
use crate::tape::{Part, Var};
use crate::tensor::{Error, Kind, Result, Rng};

/// The mean of as many parts of signals `[n, channels, length]` as are asked for.
pub type AdaptiveAvgPool1d = AdaptiveAvgPool<1>;
/// The mean of as many parts of images `[n, channels, height, width]` as are asked for.
pub type AdaptiveAvgPool2d = AdaptiveAvgPool<2>;
/// The mean of as many parts of volumes `[n, channels, depth, height, width]` as are asked for.
pub type AdaptiveAvgPool3d = AdaptiveAvgPool<3>;
/// The greatest of as many parts of signals `[n, channels, length]` as are asked for.
pub type AdaptiveMaxPool1d = AdaptiveMaxPool<1>;
/// The greatest of as many parts of images `[n, channels, height, width]` as are asked for.
pub type AdaptiveMaxPool2d = AdaptiveMaxPool<2>;
/// The greatest of as many parts of volumes `[n, channels, depth, height, width]` as are asked for.
pub type AdaptiveMaxPool3d = AdaptiveMaxPool<3>;

/// Stamps a pool of parts of the input.
macro_rules! adaptive {
    (
        $(#[$doc:meta])*
        $name:ident $spec:ident, $word:literal, $names:expr, $along:ident, $keep:ident
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct $name<const AXES: usize> {
            size: [usize; AXES],
        }

        impl<const AXES: usize> $name<AXES> {
            const NAME: &str = match AXES {
                1..=3 => $names[AXES - 1],
                _ => stringify!($name),
            };

            /// A layer whose output has this size. Fails for a size of 0.
            pub fn new(size: [usize; AXES]) -> Result<Self> {
                match size.contains(&0) {
                    true => {
                        Err(setting(Self::NAME, format!("size is {size:?}, but must be at least 1")))
                    }
                    false => Ok($name { size }),
                }
            }

            /// The size of the output.
            pub fn size(&self) -> [usize; AXES] {
                self.size
            }

            #[doc = concat!("Records the ", $word, " of each part of `x`, which has shape `[n, channels, …]`.")]
            #[track_caller]
            pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
                let _layer = x.tape().within(Part::Layer(Self::NAME));
                if let Err(error) = check(Self::NAME, x, self.size) {
                    return x.failed(error, &[x]);
                }
                let mut y = x;
                for (axis, &size) in self.size.iter().enumerate() {
                    let (place, count) = (axis as isize + 2, x.shape()[axis + 2]);
                    y = match count.is_multiple_of(size) {
                        true if size == 1 => y.$keep(place),
                        true => y.window(place, count / size, count / size, 1).$along(-1),
                        false => {
                            let part = |part: usize| {
                                let start = part * count / size;
                                let stop = ((part + 1) * count).div_ceil(size);
                                y.slice_step(place, start, stop, 1).$keep(place)
                            };
                            let parts: Vec<_> = (0..size).map(part).collect();
                            x.tape().concat(&parts, place)
                        }
                    };
                }
                y
            }
        }

        impl<const AXES: usize> Module for $name<AXES> {
            fn visit(&self, _: &mut Visitor<'_>) {}

            fn kind(&self) -> String {
                format!("{}({:?})", Self::NAME, self.size)
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
                Some($spec::<AXES> { size: self.size.to_vec() }.into())
            }
        }

        #[doc = concat!("An [`", stringify!($name), "`] as data.")]
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $spec<const AXES: usize> {
            /// The size of the output.
            pub size: Vec<usize>,
        }

        impl<const AXES: usize> Spec for $spec<AXES>
        where
            Self: Into<LayerSpec>,
        {
            fn build(&self, _: Init, _: &mut Rng) -> Result<Box<dyn Layer>> {
                Ok(Box::new($name::<AXES>::new(sizes("size", &self.size)?)?))
            }

            fn samples() -> Vec<(Self, Vec<usize>)> {
                let shape = [&[2, 3][..], &[5].repeat(AXES)].concat();
                vec![($spec { size: vec![3; AXES] }, shape)]
            }
        }
    };
}

adaptive! {
    /// The mean of parts of the input, so many that the output has a given size whatever that of the input:
    /// `[n, channels, …]` to `[n, channels, size…]`. Used as [`AdaptiveAvgPool1d`] to [`AdaptiveAvgPool3d`]; with size
    /// 1 it is the global average (Lin, Chen and Yan 2013), which [`GlobalAvgPool`](super::GlobalAvgPool) gives without
    /// the axes.
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
    AdaptiveAvgPool AdaptiveAvgPoolSpec, "mean",
    ["AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d"], mean, mean_keepdims
}

adaptive! {
    /// The greatest of parts of the input, so many that the output has a given size whatever that of the input:
    /// `[n, channels, …]` to `[n, channels, size…]`. Used as [`AdaptiveMaxPool1d`] to [`AdaptiveMaxPool3d`]. The parts are
    /// those of [`AdaptiveAvgPool`]; elements that are the greatest together share the gradient, as in
    /// [`MaxPool`](super::MaxPool).
    ///
    /// ```
    /// use gradtape::nn::AdaptiveMaxPool2d;
    /// use gradtape::{Tape, Tensor};
    /// let tape = Tape::new();
    /// let x = tape.constant(Tensor::from_vec((0..12).map(f64::from).collect(), [1, 1, 3, 4])?);
    /// let y = AdaptiveMaxPool2d::new([2, 2])?.forward(x).value()?;
    /// assert_eq!(y.to_f64_vec(), [5.0, 7.0, 9.0, 11.0]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    AdaptiveMaxPool AdaptiveMaxPoolSpec, "greatest",
    ["AdaptiveMaxPool1d", "AdaptiveMaxPool2d", "AdaptiveMaxPool3d"], max, max_keepdims
}

/// Whether an input can be divided into so many parts.
fn check<const AXES: usize>(layer: &str, x: Var<'_>, size: [usize; AXES]) -> Result<()> {
    x.check()?;
    let input = x.meta();
    check_rank::<AXES>(layer, &input)?;
    for (axis, size) in size.into_iter().enumerate() {
        let count = input.shape[axis + 2];
        if count < size {
            let message = format!(
                "{layer}: the layer divides spatial axis {axis} into {size} parts, but the input {input} has \
                 {count} elements there"
            );
            return Err(Error::new(Kind::Shape, message).hint("ask for a smaller output"));
        }
    }
    Ok(())
}
