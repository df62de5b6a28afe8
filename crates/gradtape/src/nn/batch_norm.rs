//! [`BatchNorm1d`] and [`BatchNorm2d`]: batch normalisation.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::fit::type_hint;
use super::spec::float;
use super::{Init, Kept, Layer, LayerSpec, Module, Spec, Visitor};
use crate::op::Meta;
use crate::tape::{Buffer, Parameter, Part, Tape, Var};
use crate::tensor::{DType, Dims, Error, Kind, Result, Rng, Tensor};

/// Batch normalisation of rows `[n, features]` or of signals `[n, features, length]`.
pub type BatchNorm1d = BatchNorm<1>;

/// Batch normalisation of images `[n, features, height, width]`.
pub type BatchNorm2d = BatchNorm<2>;

/// Batch normalisation: each feature (channel) is brought to mean 0 and variance 1 over all other axes, then
/// scaled by `weight` and moved by `bias`. Ioffe and Szegedy 2015. Used as [`BatchNorm1d`] and
/// [`BatchNorm2d`]; features are axis 1, and `AXES` others follow them, or none.
///
/// During training `y = (x - mean) / √(variance + eps) weight + bias` with the mean and the variance (that of
/// a population, dividing by n) of the batch, and the running statistics follow:
/// `running += (of the batch - running) momentum`, the variance as an estimate from a sample (dividing by
/// n - 1), as in PyTorch. On a [`Tape::inference`] the running statistics take the place of those of the
/// batch, and stay. They are [buffers](Buffer), and change when what was recorded is computed; see
/// [`Tape::update`].
///
/// ```
/// use gradtape::nn::BatchNorm1d;
/// use gradtape::{Tape, Tensor};
/// let layer = BatchNorm1d::new(2);
/// let x = Tensor::from([[1.0f32, 10.0], [3.0, 30.0]]);
///
/// let y = layer.forward(Tape::new().constant(&x)).value()?;
/// assert!(y.all_close(&Tensor::from([[-1.0, -1.0], [1.0, 1.0]]), 1e-4, 0.0));
/// let mean = layer.running_mean.as_ref().unwrap().value();
/// assert!(mean.all_close(&Tensor::from([0.2, 2.0]), 1e-6, 0.0));
///
/// // With one row there is nothing to vary.
/// let row = x.slice(0, ..1)?;
/// let error = layer.forward(Tape::new().constant(&row)).value().unwrap_err();
/// assert!(error.message().contains("1 value of each feature"), "{error}");
/// let y = layer.forward(Tape::inference().constant(&row)).value()?;
/// assert!(y.item().is_err() && y.to_f64_vec()[0] > 0.0);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct BatchNorm<const AXES: usize> {
    /// `[features]`, first 1; `None` without [`BatchNormOptions::affine`].
    pub weight: Option<Parameter>,
    /// `[features]`, first 0; `None` without [`BatchNormOptions::affine`].
    pub bias: Option<Parameter>,
    /// `[features]`, first 0; `None` without [`BatchNormOptions::track_running_stats`].
    pub running_mean: Option<Buffer>,
    /// `[features]`, first 1; `None` without [`BatchNormOptions::track_running_stats`].
    pub running_var: Option<Buffer>,
    /// How many batches the running statistics have seen, i64; `None` without them.
    pub num_batches_tracked: Option<Buffer>,
    features: usize,
    options: BatchNormOptions,
}

/// What [`BatchNorm::with`] can be told; the default is what [`BatchNorm::new`] does, and PyTorch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchNormOptions {
    /// The share of a batch in the running statistics, in [0, 1] (default: 0.1); `None` for the plain
    /// average over all batches, each counting alike.
    pub momentum: Option<f64>,
    /// What is added to the variance, at least 0 (default: 1e-5).
    pub eps: f64,
    /// Whether there are a weight and a bias (default: yes).
    pub affine: bool,
    /// Whether there are running statistics (default: yes). Without them those of the batch are used in
    /// inference too.
    pub track_running_stats: bool,
    /// The element type, f32 (default) or f64.
    pub dtype: DType,
}

impl Default for BatchNormOptions {
    fn default() -> BatchNormOptions {
        BatchNormOptions {
            momentum: Some(0.1),
            eps: 1e-5,
            affine: true,
            track_running_stats: true,
            dtype: DType::F32,
        }
    }
}

impl<const AXES: usize> BatchNorm<AXES> {
    /// The name that the layer is used under.
    const NAME: &str = match AXES {
        1 => "BatchNorm1d",
        2 => "BatchNorm2d",
        _ => "BatchNorm",
    };

    /// A layer for this many features, in f32, with the default options.
    pub fn new(features: usize) -> Self {
        BatchNorm::of(features, BatchNormOptions::default())
    }

    /// A layer with other [`BatchNormOptions`]. Fails for a momentum or an eps out of range, and for an
    /// element type that is no float.
    ///
    /// ```
    /// use gradtape::nn::{BatchNorm2d, BatchNormOptions, Module};
    /// let options = BatchNormOptions { affine: false, ..BatchNormOptions::default() };
    /// let layer = BatchNorm2d::with(16, options)?;
    /// assert_eq!((layer.parameter_count(), layer.named_buffers().len()), (0, 3));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn with(features: usize, options: BatchNormOptions) -> Result<Self> {
        let BatchNormOptions { momentum, eps, dtype, .. } = options;
        let broken = match () {
            () if momentum.is_some_and(|momentum| !(0.0..=1.0).contains(&momentum)) => {
                format!("momentum is {}, but must be in [0, 1]", momentum.unwrap_or_default())
            }
            () if !eps.is_finite() || eps < 0.0 => {
                format!("eps is {eps}, but must be a finite number of at least 0")
            }
            () if !dtype.is_float() => {
                format!("its numbers are of a floating-point type, not {dtype}")
            }
            () => return Ok(BatchNorm::of(features, options)),
        };
        Err(Error::new(Kind::Value, format!("{} of {features} features: {broken}", Self::NAME)))
    }

    fn of(features: usize, options: BatchNormOptions) -> Self {
        let BatchNormOptions { affine, track_running_stats: tracked, dtype, .. } = options;
        let full = |number| Tensor::full(features, number, dtype);
        BatchNorm {
            weight: affine.then(|| Parameter::new(full(1.0))),
            bias: affine.then(|| Parameter::new(full(0.0))),
            running_mean: tracked.then(|| Buffer::new(full(0.0))),
            running_var: tracked.then(|| Buffer::new(full(1.0))),
            num_batches_tracked: tracked.then(|| Buffer::new(Tensor::scalar(0i64))),
            features,
            options,
        }
    }

    /// The number of features.
    pub fn features(&self) -> usize {
        self.features
    }

    /// What it was made with.
    pub fn options(&self) -> BatchNormOptions {
        self.options
    }

    /// Records the normalisation of `x`, which has the layer's element type. What was recorded before on this
    /// tape by the same layer counts in the running statistics too, in order.
    ///
    /// Where the statistics are those of the batch, it must have 2 values of each feature or more.
    #[track_caller]
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let _layer = x.tape().within(Part::Layer(Self::NAME));
        match self.normalize(x) {
            Ok(y) => y,
            Err(error) => x.failed(error, &[x]),
        }
    }

    #[track_caller]
    fn normalize<'t>(&self, x: Var<'t>) -> Result<Var<'t>> {
        let (tape, input) = (x.tape(), x.meta());
        let parameter = |own: &Option<Parameter>| own.as_ref().map(|own| tape.parameter(own));
        let (weight, bias) = (parameter(&self.weight), parameter(&self.bias));
        let running = self.running(tape);
        x.check()?;
        self.check(&input)?;
        let rank = input.shape.rank();
        let mut along = Dims::from_elem(1, rank - 1);
        along[0] = self.features;
        let along_features = |of_each: Var<'t>| match rank {
            2 => of_each,
            _ => of_each.reshape(along.clone()),
        };
        let mut y = match running {
            Some(running) if !tape.is_training() => {
                let scale = 1.0 / (running.var + self.options.eps).sqrt();
                (x - along_features(running.mean)) * along_features(scale)
            }
            _ => {
                let others = (0..rank as isize).filter(|&axis| axis != 1);
                let axes: SmallVec<[isize; 4]> = others.collect();
                let of_each = axes.iter().map(|&axis| input.shape[axis as usize]).product();
                self.check_count(of_each, &input)?;
                if let Some(running) = running {
                    self.follow(running, x, &axes)?;
                }
                x.normalize(&axes[..], self.options.eps)
            }
        };
        if let Some(weight) = weight {
            y *= along_features(weight);
        }
        Ok(bias.map_or(y, |bias| y + along_features(bias)))
    }

    /// The running statistics as they are, if all are there.
    #[track_caller]
    fn running<'t>(&self, tape: &'t Tape) -> Option<Running<'_, 't>> {
        let buffers =
            [&self.running_mean, &self.running_var, &self.num_batches_tracked].map(Option::as_ref);
        let [Some(mean), Some(var), Some(count)] = buffers else { return None };
        let [mean_now, var_now] = [mean, var].map(|buffer| tape.buffer(buffer));
        Some(Running { mean: mean_now, var: var_now, buffers: [mean, var, count] })
    }

    /// Records that the running statistics follow those of a batch.
    #[track_caller]
    fn follow<'t>(&self, running: Running<'_, 't>, x: Var<'t>, axes: &[isize]) -> Result<()> {
        let (tape, dtype) = (x.tape(), self.options.dtype);
        let Running { mean, var, buffers: [mean_kept, var_kept, count] } = running;
        let seen = tape.buffer(count) + 1;
        let towards = |kept: Var<'t>, of_batch: Var<'t>| match self.options.momentum {
            Some(momentum) => kept + (of_batch - kept) * momentum,
            None => kept + (of_batch - kept) / seen.cast(dtype),
        };
        tape.update(mean_kept, towards(mean, x.mean(axes)))?;
        tape.update(var_kept, towards(var, x.var(axes, 1)))?;
        tape.update(count, seen)
    }

    /// Whether an input fits the layer.
    fn check(&self, input: &Meta) -> Result<()> {
        let (features, dtype) = (self.features, self.options.dtype);
        let rank = input.shape.rank();
        let fits_rank = rank == 2 + AXES || rank == 2 && AXES == 1;
        if fits_rank && input.shape[1] == features && input.dtype == dtype {
            return Ok(());
        }
        let axes = match AXES {
            1 => "[n, features] or [n, features, length]",
            2 => "[n, features, height, width]",
            _ => "[n, features, …]",
        };
        let message = format!(
            "batch_norm: {} takes {features} features in {dtype}, as {axes}, but the input is {input}",
            Self::NAME
        );
        let hint = match rank {
            4 if !fits_rank && AXES == 1 => "images take BatchNorm2d",
            2 | 3 if !fits_rank && AXES == 2 => "this takes BatchNorm1d",
            _ if !fits_rank => "reshape the input, with the examples along axis 0",
            _ if input.shape[1] != features => "axis 1 of the input must have the layer's features",
            _ => type_hint(input.dtype, dtype).unwrap_or_default(),
        };
        Err(Error::new(Kind::Shape, message).hint(hint))
    }

    /// Whether a batch has enough values of each feature to have a variance.
    fn check_count(&self, of_each: usize, input: &Meta) -> Result<()> {
        if of_each >= 2 {
            return Ok(());
        }
        let values = if of_each == 1 { "1 value" } else { "no value" };
        let message = format!(
            "batch_norm: the batch {input} has {values} of each feature, but its statistics need 2 or more"
        );
        let hint = match self.running_mean {
            Some(_) => {
                "in training choose a batch size that leaves no last batch of one row; to predict, record on \
                 Tape::inference(), which takes the running statistics"
            }
            None => "keep running statistics (track_running_stats) to normalise a single row",
        };
        Err(Error::new(Kind::Shape, message).hint(hint))
    }
}

/// The running statistics on a tape, and where they are kept: mean, variance, count.
struct Running<'b, 't> {
    mean: Var<'t>,
    var: Var<'t>,
    buffers: [&'b Buffer; 3],
}

impl<const AXES: usize> Module for BatchNorm<AXES> {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        for (name, parameter) in [("weight", &self.weight), ("bias", &self.bias)] {
            parameter.iter().for_each(|parameter| visitor.child(name, parameter));
        }
        for (name, buffer) in [
            ("running_mean", &self.running_mean),
            ("running_var", &self.running_var),
            ("num_batches_tracked", &self.num_batches_tracked),
        ] {
            buffer.iter().for_each(|buffer| visitor.child(name, buffer));
        }
    }

    fn kind(&self) -> String {
        format!("{}({})", Self::NAME, self.features)
    }
}

impl<const AXES: usize> Layer for BatchNorm<AXES>
where
    BatchNormSpec<AXES>: Into<LayerSpec>,
{
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        BatchNorm::forward(self, x)
    }

    fn spec(&self) -> Option<LayerSpec> {
        let BatchNormOptions { momentum, eps, dtype, .. } = self.options;
        let (features, dtype) = (self.features, dtype.to_string());
        // By what is there: the fields can be changed.
        let affine = all_or_none([self.weight.is_some(), self.bias.is_some()])?;
        let buffers = [&self.running_mean, &self.running_var, &self.num_batches_tracked];
        let track_running_stats = all_or_none(buffers.map(Option::is_some))?;
        let spec =
            BatchNormSpec::<AXES> { features, momentum, eps, affine, track_running_stats, dtype };
        Some(spec.into())
    }
}

/// Whether all are there, or none.
fn all_or_none<const N: usize>(there: [bool; N]) -> Option<bool> {
    let first = there.first().copied()?;
    there.iter().all(|&one| one == first).then_some(first)
}

/// A [`BatchNorm`] as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchNormSpec<const AXES: usize> {
    /// The number of features.
    pub features: usize,
    /// As [`BatchNormOptions::momentum`].
    pub momentum: Option<f64>,
    /// As [`BatchNormOptions::eps`].
    pub eps: f64,
    /// As [`BatchNormOptions::affine`].
    pub affine: bool,
    /// As [`BatchNormOptions::track_running_stats`].
    pub track_running_stats: bool,
    /// The element type, `f32` or `f64`.
    pub dtype: String,
}

impl<const AXES: usize> Spec for BatchNormSpec<AXES>
where
    Self: Into<LayerSpec>,
{
    fn build(&self, _: Init, _: &mut Rng) -> Result<Box<dyn Layer>> {
        let &BatchNormSpec { features, momentum, eps, affine, track_running_stats, ref dtype } =
            self;
        let dtype = float(dtype)?;
        let options = BatchNormOptions { momentum, eps, affine, track_running_stats, dtype };
        Ok(Box::new(BatchNorm::<AXES>::with(features, options)?))
    }

    fn tensors(&self) -> Result<Vec<Kept>> {
        let of_each = Meta::new(float(&self.dtype)?, [self.features]);
        let mut kept = Vec::new();
        if self.affine {
            kept.extend(["weight", "bias"].map(|name| Kept::parameter(name, of_each.clone())));
        }
        if self.track_running_stats {
            let names = ["running_mean", "running_var"];
            kept.extend(names.map(|name| Kept::buffer(name, of_each.clone())));
            kept.push(Kept::buffer("num_batches_tracked", Meta::new(DType::I64, ())));
        }
        Ok(kept)
    }

    fn samples() -> Vec<(Self, Vec<usize>)> {
        let shape = [&[4, 3][..], &[2].repeat(AXES)].concat();
        let plain = BatchNormSpec {
            features: 3,
            momentum: Some(0.1),
            eps: 1e-5,
            affine: true,
            track_running_stats: true,
            dtype: "f32".into(),
        };
        let bare =
            BatchNormSpec { momentum: None, affine: false, dtype: "f64".into(), ..plain.clone() };
        let untracked = BatchNormSpec { track_running_stats: false, eps: 0.5, ..plain.clone() };
        [plain, bare, untracked].into_iter().map(|spec| (spec, shape.clone())).collect()
    }
}
