//! [`Dropout1d`] and [`Dropout2d`]: dropout of whole channels.

use serde::{Deserialize, Serialize};

use super::conv::axes;
use super::{Dropout, Init, Layer, LayerSpec, Module, Spec, Visitor};
use crate::tape::{Generator, Part, Var};
use crate::tensor::{Dims, Error, Kind, Result, Rng};

/// Dropout of the channels of signals `[n, channels, length]`.
pub type Dropout1d = ChannelDropout<1>;
/// Dropout of the channels of images `[n, channels, height, width]`.
pub type Dropout2d = ChannelDropout<2>;

/// Sets each channel of each example to 0 as a whole with probability `p` during training and divides the others by
/// `1 - p`: [`Dropout`] for what a convolution takes, where neighbours say the same. On a
/// [`Tape::inference`](crate::Tape::inference) it passes its input on. Tompson et al. 2015. Used as [`Dropout1d`]
/// and [`Dropout2d`].
///
/// ```
/// use gradtape::nn::Dropout2d;
/// use gradtape::{DType, Rng, Tape, Tensor};
/// let dropout = Dropout2d::new(0.5, &mut Rng::new(42));
/// let tape = Tape::new();
/// let y = dropout.forward(tape.constant(Tensor::ones([4, 8, 3, 3], DType::F32))).value()?;
/// let channels = y.to_f64_vec();
/// assert!(channels.chunks(9).all(|channel| channel == [0.0; 9] || channel == [2.0; 9]));
/// # Ok::<(), gradtape::Error>(())
/// ```
///
/// What [`Dropout`] says of masks, checkpoints and clones holds here too.
#[derive(Clone, Debug)]
pub struct ChannelDropout<const AXES: usize> {
    p: f64,
    /// Draws a mask for each use in training.
    masks: Generator,
}

impl<const AXES: usize> ChannelDropout<AXES> {
    const NAME: &str = match AXES {
        1 => "Dropout1d",
        2 => "Dropout2d",
        _ => "ChannelDropout",
    };

    /// A dropout of probability `p` in [0, 1). With any other `p` every use is an error.
    pub fn new(p: f64, rng: &mut Rng) -> Self {
        ChannelDropout { p, masks: Generator::new(rng.next_u64()) }
    }

    /// The probability that a channel is set to 0.
    pub fn p(&self) -> f64 {
        self.p
    }

    /// Records the dropout of the channels of `x`, which has shape `[n, channels, size…]`.
    #[track_caller]
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let tape = x.tape();
        let _layer = tape.within(Part::Layer(Self::NAME));
        let input = x.meta();
        if let Err(error) = Dropout::check(self.p) {
            return x.failed(error, &[x]);
        }
        if input.shape.rank() != AXES + 2 && x.check().is_ok() {
            let takes = axes::<AXES>();
            let message =
                format!("{}: the layer takes {takes}, but the input is {input}", Self::NAME);
            let error = Error::new(Kind::Shape, message).hint("Dropout takes any shape");
            return x.failed(error, &[x]);
        }
        if !tape.is_training() || self.p == 0.0 || !input.dtype.is_float() || x.check().is_err() {
            return tape.drawing(Self::NAME, &self.masks, x);
        }
        let mut shape = Dims::from_elem(1, AXES + 2);
        shape[..2].copy_from_slice(&input.shape[..2]);
        let kept = tape.uniform(&self.masks, shape, input.dtype).greater_equal(self.p);
        tape.drawing(Self::NAME, &self.masks, kept.select(x * (1.0 / (1.0 - self.p)), 0.0))
    }
}

impl<const AXES: usize> Module for ChannelDropout<AXES> {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        visitor.child("masks", &self.masks);
    }

    fn kind(&self) -> String {
        format!("{}({})", Self::NAME, self.p)
    }
}

impl<const AXES: usize> Layer for ChannelDropout<AXES>
where
    DropoutChannelsSpec<AXES>: Into<LayerSpec>,
{
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        ChannelDropout::forward(self, x)
    }

    fn spec(&self) -> Option<LayerSpec> {
        Some(DropoutChannelsSpec::<AXES> { p: self.p }.into())
    }
}

/// A [`ChannelDropout`] as data.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropoutChannelsSpec<const AXES: usize> {
    /// The probability that a channel is set to 0.
    pub p: f64,
}

impl<const AXES: usize> Spec for DropoutChannelsSpec<AXES>
where
    Self: Into<LayerSpec>,
{
    fn build(&self, _: Init, rng: &mut Rng) -> Result<Box<dyn Layer>> {
        Dropout::check(self.p)?;
        Ok(Box::new(ChannelDropout::<AXES>::new(self.p, rng)))
    }

    fn samples() -> Vec<(Self, Vec<usize>)> {
        vec![(DropoutChannelsSpec { p: 0.25 }, [&[3, 4][..], &[2].repeat(AXES)].concat())]
    }
}
