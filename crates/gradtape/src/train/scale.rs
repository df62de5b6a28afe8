//! [`LossScale`]: training in f16 whose gradients neither vanish nor overflow.

use crate::grad::connected_gradients;
use crate::nn::{Module, Visitor};
use crate::optim::Optimizer;
use crate::tape::{Buffer, Parameter, Var};
use crate::tensor::{DType, Error, Kind, Result, Tensor};

/// Scales a loss so that gradients in f16 are neither too small nor too large for it: Micikevicius et al. 2018, with
/// the rule of PyTorch's `GradScaler`.
///
/// The gradients of the scaled loss are divided by the scale again, in f32. If any of them is not finite the step
/// does not count: parameters and what the optimiser keeps stay as they are, and the scale is halved, though never to
/// less than the smallest normal f32. After 2,000 steps in a row that counted it is doubled. It starts at 65,536. All
/// of it is part of the one program of the step.
///
/// ```
/// use gradtape::loss::mse;
/// use gradtape::nn::Linear;
/// use gradtape::optim::Adam;
/// use gradtape::train::LossScale;
/// use gradtape::{DType, Rng, Tape, Tensor};
/// let net = Linear::new(3, 1, &mut Rng::new(1));
/// let (adam, scale) = (Adam::new(&net, 0.01), LossScale::new(1024.0)?);
/// let tape = Tape::new();
/// let outputs = {
///     let _half = tape.autocast(DType::F16)?;
///     net.forward(tape.constant(Tensor::ones([4, 3], DType::F32)))
/// };
/// let loss = mse(outputs, tape.constant(Tensor::zeros([4, 1], DType::F32)));
/// let counted = scale.step(&net, &adam, loss)?;
/// assert_eq!((counted.item()?, scale.scale()), (1.0, 1024.0));
/// # Ok::<(), gradtape::Error>(())
/// ```
///
/// It is a [`Module`] of two buffers, which [`io::save`](crate::io::save) and, beside a network,
/// [`Checkpoint`](crate::io::Checkpoint) keep.
#[doc(alias = "GradScaler")]
#[derive(Clone, Debug)]
pub struct LossScale {
    scale: Buffer,
    /// How many steps in a row counted.
    good: Buffer,
}

impl Default for LossScale {
    fn default() -> LossScale {
        LossScale {
            scale: Buffer::new(Tensor::scalar(65_536f32)),
            good: Buffer::new(Tensor::scalar(0f32)),
        }
    }
}

impl LossScale {
    /// After so many steps in a row that counted the scale is doubled.
    pub const INTERVAL: u32 = 2_000;

    /// So many steps in a row that do not count tell that no scale would help: from 65,536 it has fallen to 2^-34.
    pub(super) const MOST_LOST: u32 = 50;

    /// One that starts at another scale. Fails for one that is not a finite number above 0.
    pub fn new(scale: f64) -> Result<LossScale> {
        let made = LossScale::default();
        let narrow = scale as f32;
        if !narrow.is_finite() || narrow <= 0.0 {
            let message = format!("a loss scale of {scale}");
            return Err(Error::new(Kind::Value, message).hint("it is a finite number above 0"));
        }
        made.scale.set(Tensor::scalar(narrow))?;
        Ok(made)
    }

    /// Whether products of a type overflow long before those of f32.
    pub(super) fn is_needed(dtype: DType) -> bool {
        let large = Tensor::scalar(1e6f32).cast(dtype).item();
        dtype.is_float() && large.is_ok_and(|large| !large.is_finite())
    }

    /// The scale now.
    pub fn scale(&self) -> f64 {
        self.scale.value().item().unwrap_or(f64::NAN)
    }

    /// Another handle to the same scale.
    #[must_use]
    pub fn share(&self) -> LossScale {
        LossScale { scale: self.scale.share(), good: self.good.share() }
    }

    /// Takes a step of an optimiser on a scaled loss, as [`Optimizer::step`] does on a loss; gives whether it counted,
    /// a bool scalar. Of what is [compiled](crate::compile), that is to be a result, and [`LossScale::settle`] told of it
    /// after each call.
    ///
    /// Fails where the optimiser's step does.
    #[track_caller]
    pub fn step<'t>(
        &self,
        net: &(impl Module + ?Sized),
        optimizer: &dyn Optimizer,
        loss: Var<'t>,
    ) -> Result<Var<'t>> {
        loss.check()?;
        let tape = loss.tape();
        let (scale, good) = (tape.buffer(&self.scale), tape.buffer(&self.good));
        let trained = net.parameters().into_iter().filter(|own| own.value().dtype().is_float());
        let xs: Vec<Var<'t>> = trained.map(|own: Parameter| tape.parameter(&own)).collect();
        let mut pairs = Vec::new();
        connected_gradients(loss.cast(DType::F32) * scale, &xs, |i, g| {
            pairs.extend(g.map(|g| (xs[i], (g / scale.cast(g.dtype())).stop_gradient())));
        });
        let mut finite = tape.constant(true);
        for (_, g) in &pairs {
            finite = finite.logical_and(g.is_finite().all(()));
        }
        // The loss itself, whose gradients are these.
        let count = pairs.len();
        let (xs, gs): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
        let inputs = [xs, gs].concat();
        let known = tape.custom_gradient(&inputs, loss, move |inputs, _, g| {
            let of_x = inputs[count..].iter().map(|own| *own * g.cast(own.dtype()));
            let of_g = inputs[count..].iter().map(|own| own.full_like(0.0));
            of_x.chain(of_g).collect()
        });
        let more = good + 1.0;
        let full = more.greater_equal(f64::from(LossScale::INTERVAL));
        // Beyond what f32 holds it stays.
        let doubled = (scale * 2.0).minimum(f64::from(f32::MAX / 2.0));
        let halved = (scale * 0.5).maximum(f64::from(f32::MIN_POSITIVE));
        tape.update(&self.scale, finite.select(full.select(doubled, scale), halved))?;
        tape.update(&self.good, finite.select(full.select(0.0, more), 0.0))?;
        tape.update_if(finite)?;
        optimizer.step_with(known, &[loss, finite])?;
        if !tape.is_tracing() {
            LossScale::settle(optimizer, finite.item()? != 0.0)?;
        }
        Ok(finite)
    }

    /// Takes the last step of an optimiser back from its count, unless it counted.
    pub fn settle(optimizer: &dyn Optimizer, counted: bool) -> Result<()> {
        if counted {
            return Ok(());
        }
        let steps = optimizer.steps().saturating_sub(1);
        let mut state = optimizer.state()?;
        for (name, value) in &mut state {
            if name == "steps" {
                *value = Tensor::scalar(steps as i64);
            }
        }
        optimizer.load_state(&state)
    }
}

impl Module for LossScale {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        visitor.child("scale", &self.scale);
        visitor.child("good", &self.good);
    }
}
