//! [`RotaryEmbedding`] and [`PositionalEmbedding`]: where in a sequence a place is.

use serde::{Deserialize, Serialize};

use super::fit::{check_float, misfit, setting};
use super::spec::float;
use super::{Init, Kept, Layer, LayerSpec, Module, Spec, Visitor};
use crate::op::Meta;
use crate::tape::{Parameter, Part, Var};
use crate::tensor::{DType, Error, Kind, Result, Rng, Tensor};

/// Turns pairs of numbers by angles that grow with their place in the sequence, so that products of queries and keys
/// tell how far apart they are: `[…, length, width]` to the same. Su, Lu, Pan, Wen and Liu 2021.
///
/// Number `i` of the first half of the width and number `i` of the second are turned by
/// `place / base^(2 i / width)` radians, places counted from 0. [`AttentionOptions::rotary`] does it inside of
/// attention.
///
/// [`AttentionOptions::rotary`]: super::AttentionOptions::rotary
///
/// ```
/// use gradtape::Tape;
/// use gradtape::nn::RotaryEmbedding;
/// let y = RotaryEmbedding::default().forward(Tape::new().constant([[[3.0, 4.0]; 2]])).value()?;
/// let y = y.to_f64_vec();
/// assert_eq!(y[..2], [3.0, 4.0]);
/// // At place 1 by one radian.
/// assert!((y[2] - (3.0 * 1f64.cos() - 4.0 * 1f64.sin())).abs() < 1e-15);
/// assert!((y[3] - (4.0 * 1f64.cos() + 3.0 * 1f64.sin())).abs() < 1e-15);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[doc(alias = "RoPE")]
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RotaryEmbedding {
    /// The base of the angles, above 1; 10,000 by default.
    pub base: f64,
}

impl Default for RotaryEmbedding {
    fn default() -> RotaryEmbedding {
        RotaryEmbedding { base: 10_000.0 }
    }
}

impl RotaryEmbedding {
    /// Records `x` turned by its places; `x` has shape `[…, length, width]` with an even width. With a base that is not
    /// above 1 every use is an error.
    #[track_caller]
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let _layer = x.tape().within(Part::Layer("RotaryEmbedding"));
        match self.check(x) {
            Ok(()) => Rotary { base: self.base }.turn(x, 0),
            Err(error) => x.failed(error, &[x]),
        }
    }

    fn check(&self, x: Var<'_>) -> Result<()> {
        x.check()?;
        let input = x.meta();
        let width = input.shape.last().copied().unwrap_or(0);
        Rotary::check("RotaryEmbedding", self.base, 2)?;
        if input.shape.rank() >= 2 && input.dtype.is_float() && width.is_multiple_of(2) {
            return Ok(());
        }
        let message = format!(
            "rotary: the layer takes floats of […, length, an even width], but the input is {input}"
        );
        Err(Error::new(Kind::Shape, message)
            .hint("the last axis is the width, the one before it the places"))
    }
}

/// What turns pairs, of an input that fits.
pub(super) struct Rotary {
    pub(super) base: f64,
}

impl Rotary {
    /// Whether a base turns something, and a width has pairs.
    pub(super) fn check(layer: &str, base: f64, width: usize) -> Result<()> {
        if !base.is_finite() || base <= 1.0 {
            let rule =
                format!("the base of its angles is {base}, but must be a finite number above 1");
            return Err(setting(layer, rule));
        }
        if !width.is_multiple_of(2) {
            let rule = format!("rotary heads have width {width}, but it must be even");
            return Err(setting(layer, rule).hint("take another number of heads"));
        }
        Ok(())
    }

    /// Records the turn of the places from one on.
    #[track_caller]
    pub(super) fn turn<'t>(&self, x: Var<'t>, from: usize) -> Var<'t> {
        let (tape, input) = (x.tape(), x.meta());
        let [.., length, width] = input.shape[..] else { return x };
        let half = width / 2;
        // In 16 bits neither a place beyond some hundreds nor its angle would be right.
        let along = |axis| tape.iota([length, half], axis, input.dtype.computed());
        let pace = along(1) * (-2.0 * self.base.ln() / width as f64);
        let places = if from == 0 { along(0) } else { along(0) + from as f64 };
        let angles = places * pace.exp();
        let (cos, sin) = (angles.cos().cast(input.dtype), angles.sin().cast(input.dtype));
        let [a, b] = x.chunk(-1);
        (a * cos - b * sin).concat(&[b * cos + a * sin], -1)
    }
}

impl Module for RotaryEmbedding {
    fn visit(&self, _: &mut Visitor<'_>) {}
}

impl Layer for RotaryEmbedding {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        RotaryEmbedding::forward(self, x)
    }

    fn spec(&self) -> Option<LayerSpec> {
        Some((*self).into())
    }
}

impl Spec for RotaryEmbedding {
    fn build(&self, _: Init, _: &mut Rng) -> Result<Box<dyn Layer>> {
        Rotary::check("RotaryEmbedding", self.base, 2)?;
        Ok(Box::new(*self))
    }

    fn samples() -> Vec<(Self, Vec<usize>)> {
        vec![(RotaryEmbedding { base: 100.0 }, vec![2, 3, 4])]
    }
}

/// Adds a learned vector to each place of a sequence: `[n, length, width]` to the same, for lengths up to that of the
/// table. Gehring, Auli, Grangier, Yarats and Dauphin 2017.
///
/// ```
/// use gradtape::nn::PositionalEmbedding;
/// use gradtape::{DType, Rng, Tape, Tensor};
/// let layer = PositionalEmbedding::new(64, 8, DType::F32, &mut Rng::new(1))?;
/// let tape = Tape::new();
/// let x = tape.constant(Tensor::ones([2, 5, 8], DType::F32));
/// assert_eq!(layer.forward(x).shape()[..], [2, 5, 8]);
/// let long = tape.constant(Tensor::ones([2, 65, 8], DType::F32));
/// let error = layer.forward(long).value().unwrap_err();
/// assert!(error.message().contains("up to 64 places"), "{error}");
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct PositionalEmbedding {
    /// `[places, width]`, first normal with standard deviation 0.02, as in GPT-2.
    pub weight: Parameter,
}

impl PositionalEmbedding {
    /// A table for this many places. Fails for an element type that is no float, and for sizes that memory cannot
    /// hold.
    pub fn new(
        places: usize,
        width: usize,
        dtype: DType,
        rng: &mut Rng,
    ) -> Result<PositionalEmbedding> {
        let name = format!("PositionalEmbedding of {places} places");
        check_float(&name, dtype)?;
        let weight = Tensor::normal([places, width], 0.0, 0.02, dtype, rng);
        let weight = weight.map_err(|error| error.context(&name))?;
        Ok(PositionalEmbedding { weight: Parameter::new(weight) })
    }

    /// Records `x` with the vectors of its places added; `x` has shape `[n, length, width]` and the layer's element type.
    #[track_caller]
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.forward_from(x, 0)
    }

    /// As [`PositionalEmbedding::forward`], for a sequence whose places begin with number `from`: one that is continued.
    #[track_caller]
    pub fn forward_from<'t>(&self, x: Var<'t>, from: usize) -> Var<'t> {
        let tape = x.tape();
        let _layer = tape.within(Part::Layer("PositionalEmbedding"));
        let weight = tape.parameter(&self.weight);
        let (input, table) = (x.meta(), weight.meta());
        let [places, width] = table.shape[..] else { return x };
        let fits = match input.shape[..] {
            [_, length, own] => {
                from.saturating_add(length) <= places && own == width && input.dtype == table.dtype
            }
            _ => false,
        };
        if x.check().is_ok() && !fits {
            let takes = format!("sequences of [n, length, {width}] of up to {places} places");
            let hint = "build it for the longest sequence, or cut the input";
            return x.failed(misfit("positions", takes, table.dtype, &input, hint), &[x, weight]);
        }
        match input.shape[..] {
            [_, length, _] => x + weight.slice(0, from..from + length),
            _ => x,
        }
    }
}

impl Module for PositionalEmbedding {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        visitor.child("weight", &self.weight);
    }

    fn kind(&self) -> String {
        format!("PositionalEmbedding{}", self.weight.read().shape())
    }
}

impl Layer for PositionalEmbedding {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        PositionalEmbedding::forward(self, x)
    }

    fn spec(&self) -> Option<LayerSpec> {
        let weight = self.weight.read();
        let [places, width] = weight.shape()[..] else { return None };
        Some(PositionsSpec { places, width, dtype: weight.dtype().to_string() }.into())
    }
}

/// A [`PositionalEmbedding`] as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PositionsSpec {
    /// How many places there are.
    pub places: usize,
    /// The width of the sequences.
    pub width: usize,
    /// The element type, `f32` or `f64`.
    pub dtype: String,
}

impl Spec for PositionsSpec {
    fn build(&self, _: Init, rng: &mut Rng) -> Result<Box<dyn Layer>> {
        let dtype = float(&self.dtype)?;
        Ok(Box::new(PositionalEmbedding::new(self.places, self.width, dtype, rng)?))
    }

    fn tensors(&self) -> Result<Vec<Kept>> {
        let meta = Meta::new(float(&self.dtype)?, [self.places, self.width]);
        Ok(vec![Kept::parameter("weight", meta)])
    }

    fn samples() -> Vec<(Self, Vec<usize>)> {
        let sample = |dtype: &str| PositionsSpec { places: 4, width: 3, dtype: dtype.into() };
        vec![(sample("f32"), vec![2, 4, 3]), (sample("f64"), vec![2, 2, 3])]
    }
}
