//! [`Upsample`]: signals, images and volumes of another size.

use serde::{Deserialize, Serialize};

use super::fit::setting;
use super::{Init, Layer, LayerSpec, Module, Spec, Visitor};
use crate::tape::{Part, Var};
use crate::tensor::{DType, Error, Kind, Result, Rng, Tensor};

/// Another size along each spatial axis, `[n, channels, size…]` to `[n, channels, new size…]`, greater or smaller: each
/// element is that nearest to its place, or interpolated between its neighbours along each axis (which is bilinear for
/// images). With any number of spatial axes; one size or factor stands for all of them.
///
/// ```
/// use gradtape::Tape;
/// use gradtape::nn::{Interpolation, Upsample};
/// let tape = Tape::new();
/// let x = tape.constant([[[1.0, 3.0]]]);
/// let y = Upsample::by(&[2.0], Interpolation::Nearest)?.forward(x).value()?;
/// assert_eq!(y.to_f64_vec(), [1.0, 1.0, 3.0, 3.0]);
/// let linear = Interpolation::Linear { align_corners: false };
/// let y = Upsample::by(&[2.0], linear)?.forward(x).value()?;
/// assert_eq!(y.to_f64_vec(), [1.0, 1.5, 2.5, 3.0]);
/// let aligned = Interpolation::Linear { align_corners: true };
/// let y = Upsample::to_size(&[3], aligned)?.forward(x).value()?;
/// assert_eq!(y.to_f64_vec(), [1.0, 2.0, 3.0]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[doc(alias("interpolate", "resize", "bilinear", "UpsamplingNearest2d", "UpsamplingBilinear2d"))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upsample {
    /// The new sizes, or
    size: Option<Vec<usize>>,
    /// what the sizes are multiplied by, rounded down: one of the two.
    scale: Option<Vec<f64>>,
    mode: Interpolation,
}

/// What [`Upsample`] puts at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interpolation {
    /// The element before it, as PyTorch's `nearest`.
    Nearest,
    /// What lies on straight lines between its neighbours along each axis.
    Linear {
        /// Whether the centres of the first and the last elements stay where they are, and not the outer edges (PyTorch's
        /// default is no).
        align_corners: bool,
    },
}

impl Upsample {
    /// To these sizes, one for each spatial axis or one for all. Fails for none, and for a size of 0.
    pub fn to_size(size: &[usize], mode: Interpolation) -> Result<Upsample> {
        Upsample { size: Some(size.to_vec()), scale: None, mode }.checked()
    }

    /// By these factors, one for each spatial axis or one for all; sizes are rounded down. Fails for none, and for a factor
    /// that is not a finite number above 0.
    pub fn by(scale: &[f64], mode: Interpolation) -> Result<Upsample> {
        Upsample { size: None, scale: Some(scale.to_vec()), mode }.checked()
    }

    fn checked(self) -> Result<Upsample> {
        let rule = match (&self.size, &self.scale) {
            (Some(size), None) if size.is_empty() || size.contains(&0) => {
                format!("size is {size:?}, but each must be at least 1")
            }
            (None, Some(scale))
                if scale.is_empty() || scale.iter().any(|&by| !by.is_finite() || by <= 0.0) =>
            {
                format!("scale is {scale:?}, but each must be a finite number above 0")
            }
            (Some(_), None) | (None, Some(_)) => return Ok(self),
            _ => String::from("it has a size or a scale, one of the two"),
        };
        Err(setting("Upsample", rule))
    }

    /// Records `x` `[n, channels, size…]`, floats, in its new size.
    #[track_caller]
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let _layer = x.tape().within(Part::Layer("Upsample"));
        match self.resized(x) {
            Ok(y) => y,
            Err(error) => x.failed(error, &[x]),
        }
    }

    #[track_caller]
    fn resized<'t>(&self, x: Var<'t>) -> Result<Var<'t>> {
        x.check()?;
        let (input, mut y) = (x.meta(), x);
        for axis in 0..self.check(x)? {
            let (place, from) = (axis as isize + 2, input.shape[axis + 2]);
            let (to, scale) = self.along(axis, from);
            if to == 0 {
                let message =
                    format!("upsample: {input} is left without elements along spatial axis {axis}");
                return Err(Error::new(Kind::Shape, message).hint("take a greater scale"));
            }
            y = match self.mode {
                Interpolation::Nearest if to.is_multiple_of(from) && whole(scale, to / from) => {
                    y.repeat_interleave(place, to / from)
                }
                Interpolation::Nearest => {
                    // In f32, as PyTorch rounds.
                    let step = scale.map_or(from as f32 / to as f32, |by| (1.0 / by) as f32);
                    let nearest = |i: usize| ((i as f32 * step) as usize).min(from - 1) as i64;
                    let mut places = memory(to)?;
                    places.extend((0..to).map(nearest));
                    y.index_select(place, x.tape().constant(Tensor::from_vec(places, [to])?))
                }
                Interpolation::Linear { align_corners } => {
                    let step = match align_corners {
                        true if to > 1 => (from - 1) as f64 / (to - 1) as f64,
                        true => 0.0,
                        false => scale.map_or(from as f64 / to as f64, |by| 1.0 / by),
                    };
                    let computed = input.dtype.computed();
                    let [before, after, part] = neighbours(from, to, step, align_corners)?;
                    let [before, after] = [before, after].map(|places| x.tape().constant(places));
                    let mut along = vec![1; input.shape.rank() - 2];
                    along[axis] = to;
                    let part = x.tape().constant(part.cast(computed).reshape(along)?);
                    let wide = y.cast(computed);
                    let (before, after) =
                        (wide.index_select(place, before), wide.index_select(place, after));
                    (before * (1.0 - part) + after * part).cast(input.dtype)
                }
            };
        }
        Ok(y)
    }

    /// The new size of an axis, and its factor if that was given.
    fn along(&self, axis: usize, from: usize) -> (usize, Option<f64>) {
        match (&self.size, &self.scale) {
            (Some(size), _) => (size.get(axis).or(size.first()).copied().unwrap_or(0), None),
            (None, Some(scale)) => {
                let by = scale.get(axis).or(scale.first()).copied().unwrap_or(0.0);
                ((from as f64 * by) as usize, Some(by))
            }
            (None, None) => (0, None),
        }
    }

    /// How many spatial axes an input has that fits.
    fn check(&self, x: Var<'_>) -> Result<usize> {
        let input = x.meta();
        let axes = input.shape.rank().saturating_sub(2);
        let given = self.size.as_ref().map(Vec::len).or(self.scale.as_ref().map(Vec::len));
        let fits = given.is_some_and(|given| given == 1 || given == axes);
        let empty = input.shape.iter().skip(2).any(|&size| size == 0);
        if axes > 0 && fits && input.dtype.is_float() && !empty {
            return Ok(axes);
        }
        let what = match given {
            Some(1) | None => String::from("[n, channels, size…]"),
            Some(given) => format!("[n, channels, size…] with {given} spatial axes"),
        };
        let message =
            format!("upsample: the layer takes floats of {what}, but the input is {input}");
        let hint = match () {
            () if input.dtype == DType::Bool || !input.dtype.is_float() => "cast() it to floats",
            () if empty => "each spatial axis needs an element at least",
            () => "give one size or factor for each spatial axis, or one for all",
        };
        Err(Error::new(Kind::Shape, message).hint(hint))
    }
}

/// Whether a factor, where it is given, is this whole number.
fn whole(scale: Option<f64>, factor: usize) -> bool {
    scale.is_none_or(|by| by == factor as f64)
}

/// Memory for so many numbers.
fn memory<T>(count: usize) -> Result<Vec<T>> {
    let mut numbers = Vec::new();
    match numbers.try_reserve_exact(count) {
        Ok(()) => Ok(numbers),
        Err(_) => {
            let message = format!("upsample: memory cannot hold {count} elements");
            Err(Error::new(Kind::Shape, message).hint("take a smaller size or scale"))
        }
    }
}

/// For each new element the places before and after it, and how much the one after counts.
fn neighbours(from: usize, to: usize, step: f64, align_corners: bool) -> Result<[Tensor; 3]> {
    let (mut befores, mut afters, mut parts) = (memory(to)?, memory(to)?, memory(to)?);
    for new in 0..to {
        let place = match align_corners {
            true => new as f64 * step,
            false => ((new as f64 + 0.5) * step - 0.5).max(0.0),
        };
        let before = (place as usize).min(from - 1);
        let after = (before + 1).min(from - 1);
        befores.push(before as i64);
        afters.push(after as i64);
        // Where there is none after it, the one before is all.
        parts.push(if after > before { (place - before as f64).clamp(0.0, 1.0) } else { 0.0 });
    }
    Ok([
        Tensor::from_vec(befores, [to])?,
        Tensor::from_vec(afters, [to])?,
        Tensor::from_vec(parts, [to])?,
    ])
}

impl Module for Upsample {
    fn visit(&self, _: &mut Visitor<'_>) {}

    fn kind(&self) -> String {
        match (&self.size, &self.scale) {
            (Some(size), _) => format!("Upsample(to {size:?})"),
            (None, scale) => format!("Upsample(by {:?})", scale.as_deref().unwrap_or_default()),
        }
    }
}

impl Layer for Upsample {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        Upsample::forward(self, x)
    }

    fn spec(&self) -> Option<LayerSpec> {
        Some(self.clone().into())
    }
}

impl Spec for Upsample {
    fn build(&self, _: Init, _: &mut Rng) -> Result<Box<dyn Layer>> {
        Ok(Box::new(self.clone().checked()?))
    }

    fn samples() -> Vec<(Self, Vec<usize>)> {
        let linear = |align_corners| Interpolation::Linear { align_corners };
        let scaled = |by: &[f64], mode| Upsample::by(by, mode).unwrap();
        vec![
            (scaled(&[2.0], Interpolation::Nearest), vec![2, 3, 4]),
            (scaled(&[1.5, 0.5], linear(false)), vec![2, 3, 4, 4]),
            (Upsample::to_size(&[5], linear(true)).unwrap(), vec![2, 3, 4]),
            (Upsample::to_size(&[3], Interpolation::Nearest).unwrap(), vec![2, 3, 4, 5]),
        ]
    }
}
