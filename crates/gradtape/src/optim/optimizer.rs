//! [`Optimizer`]: what a training loop calls.

use std::panic::Location;

use smallvec::SmallVec;

use super::base::Kept;
use super::rule::{Dials, Update, no_slot};
use super::{Base, Hyper, Rule};
use crate::eval;
use crate::grad::{connected_gradients, gradients};
use crate::tape::{Dial, Part, Tape, Var};
use crate::tensor::{DType, Error, Kind, Result, Tensor};

/// Changes parameters so that a loss becomes smaller. Every [`Rule`] is one.
///
/// ```
/// use gradtape::optim::{Optimizer, Sgd};
/// use gradtape::{Parameter, Tape, Tensor};
///
/// // The smallest value of (x - 3)², starting at 0.
/// let x = Parameter::new(Tensor::scalar(0.0f64));
/// let opt = Sgd::new(&x, 0.25);
/// let mut tape = Tape::new();
/// for _ in 0..50 {
///     tape.reset();
///     let loss = (tape.parameter(&x) - 3.0).square();
///     opt.step(loss)?;
/// }
/// assert!((x.value().item()? - 3.0).abs() < 1e-12);
/// # Ok::<(), gradtape::Error>(())
/// ```
///
/// A parameter of f16 or bf16 is updated in f32, in which its state is kept too, and rounded once. Steps of less than
/// half the distance to the next number of 16 bits then change nothing. Where that stops training, keep the
/// parameters in f32 and cast what products take, as in mixed precision:
///
/// ```
/// use gradtape::optim::{Adam, Optimizer};
/// use gradtape::{DType, Parameter, Rng, Tape, Tensor};
///
/// let w = Parameter::new(Tensor::normal([3, 2], 0.0, 1.0, DType::F32, &mut Rng::new(1))?);
/// let opt = Adam::new(&w, 1e-3);
/// let tape = Tape::new();
/// let x = tape.constant(Tensor::ones([4, 3], DType::BF16));
/// let y = x.matmul(tape.parameter(&w).cast(DType::BF16));
/// opt.step(y.cast(DType::F32).square().mean(()))?;
/// # Ok::<(), gradtape::Error>(())
/// ```
pub trait Optimizer: Rule {
    /// Takes a step: differentiates the loss, records the update of every parameter, and runs all of it
    /// as one program. Afterwards the loss can be read; the tape is used up until
    /// [`Tape::reset`](crate::Tape::reset).
    ///
    /// A loss that is NaN or infinite is stepped like any other, as its value is not awaited, and leaves NaN
    /// in the parameters. `loss.item()?.is_finite()` after the step costs nothing, as the value is at hand;
    /// before it, the parameters are still as they were, and the step computes no matrix product of the loss
    /// again. [`Trainer`](crate::train::Trainer) looks after
    /// every step, and gives the last good parameters back.
    ///
    /// Fails for a loss that is no scalar or could not be recorded, for a hyperparameter out of range,
    /// for a parameter that the loss does not depend on (unless [`Optimizer::allow_unused`] was called),
    /// and where an operation fails when it runs, such as a label out of range. Then the parameters, the
    /// optimiser's state and its step count are as before, and the tape is not used up.
    ///
    /// What it changes it shares with compiled steps, so that a shared reference is enough; threads that
    /// train the same parameters take turns.
    #[doc(alias("backward", "backward_step"))]
    #[track_caller]
    fn step(&self, loss: Var<'_>) -> Result<()> {
        self.step_with(loss, &[])
    }

    /// As [`Optimizer::step`], computing other values of the same recording in the same run: they can be
    /// read afterwards, from the parameters as they were before the step.
    ///
    /// ```
    /// use gradtape::loss::cross_entropy;
    /// use gradtape::nn::Linear;
    /// use gradtape::optim::{Optimizer, Sgd};
    /// use gradtape::{DType, Rng, Tape, Tensor};
    /// let net = Linear::new(3, 2, &mut Rng::new(1));
    /// let opt = Sgd::new(&net, 0.1);
    /// let tape = Tape::new();
    /// let (x, y) = (tape.constant(Tensor::ones([4, 3], DType::F32)), tape.constant([0i64, 1, 1, 1]));
    /// let logits = net.forward(x);
    /// let right = logits.argmax(1).equal(y).cast(DType::F32).mean(());
    /// let loss = cross_entropy(logits, y);
    /// opt.step_with(loss, &[right, logits])?;
    /// assert!(loss.item()? > 0.0 && (0.0..=1.0).contains(&right.item()?));
    /// assert_eq!(logits.value()?.shape()[..], [4, 2]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    #[track_caller]
    fn step_with<'t>(&self, loss: Var<'t>, values: &[Var<'t>]) -> Result<()> {
        let at = Location::caller();
        loss.check().map_err(|error| error.called_from(at))?;
        let _call = loss.tape().within(Part::Call);
        take_step(self, loss, values).map_err(|error| error.called_from(at))
    }

    /// Scales the gradients down where their norm, over all parameters together, is above `most`:
    /// by `most / (norm + 1e-6)`, for gradients whose norm their type can hold. Pascanu, Mikolov and
    /// Bengio 2013.
    #[doc(alias = "clip_grad_norm_")]
    #[must_use]
    fn clip_norm(mut self, most: f64) -> Self
    where
        Self: Sized,
    {
        self.base_mut().clip_norm = Some(most);
        self
    }

    /// As [`Optimizer::clip_norm`], on an optimiser in use; `None` clips nothing.
    fn set_clip_norm(&mut self, most: Option<f64>) {
        self.base_mut().clip_norm = most;
    }

    /// Leaves parameters that the loss does not depend on as they are, instead of failing.
    #[must_use]
    fn allow_unused(mut self) -> Self
    where
        Self: Sized,
    {
        self.base_mut().allow_unused = true;
        self
    }

    /// The learning rate now.
    fn learning_rate(&self) -> f64 {
        self.base().learning_rate()
    }

    /// Sets the learning rate for the steps that follow, compiled ones included. Fails when it is not
    /// a finite number of at least 0.
    fn set_learning_rate(&self, rate: f64) -> Result<()> {
        self.base().set_learning_rate(rate)
    }

    /// All settings with the learning rate of now, by the names that
    /// [`by_name`](super::by_name()) takes.
    ///
    /// ```
    /// use gradtape::optim::{HyperValue, Optimizer, Sgd};
    /// use gradtape::{Parameter, Tensor};
    /// let x = Parameter::new(Tensor::scalar(0.0));
    /// let hyper = Sgd::new(&x, 0.1).momentum(0.9).hyper();
    /// assert_eq!(hyper.get("momentum"), Some(HyperValue::Number(0.9)));
    /// assert_eq!(hyper.get("lr"), Some(HyperValue::Number(0.1)));
    /// ```
    fn hyper(&self) -> Hyper {
        let settings = self.settings();
        let lr = ("lr", self.learning_rate().into());
        settings.iter().map(|(known, value)| (known.name, *value)).chain([lr]).collect()
    }

    /// The number of steps taken.
    fn steps(&self) -> u64 {
        self.base().steps()
    }

    /// What a checkpoint needs: the step count and the tensors kept for each parameter, by name
    /// (`hidden.weight.exp_avg`).
    fn state(&self) -> Result<Vec<(String, Tensor)>> {
        Ok(self.base().save(kept(self)?))
    }

    /// Takes over what [`Optimizer::state`] gave, all or nothing. Fails where it does not fit.
    fn load_state(&self, saved: &[(String, Tensor)]) -> Result<()> {
        self.base().load(kept(self)?, saved)
    }
}

impl<R: Rule + ?Sized> Optimizer for R {}

/// What the optimiser keeps. Fails for settings out of range.
fn kept<R: Rule + ?Sized>(rule: &R) -> Result<&Kept> {
    let kept = rule.base().kept(rule)?;
    rule.base().check().map_err(|error| error.context(rule.name()))?;
    Ok(kept)
}

#[track_caller]
fn take_step<'t, R: Rule + ?Sized>(rule: &R, loss: Var<'t>, values: &[Var<'t>]) -> Result<()> {
    let kept = kept(rule)?;
    loss.check()?;
    let (base, tape) = (rule.base(), loss.tape());
    let xs: SmallVec<[Var<'_>; 16]> =
        base.parameters.iter().map(|(_, parameter)| tape.parameter(parameter)).collect();
    let mut gs: SmallVec<[Option<Var<'_>>; 16]> = SmallVec::from_elem(None, xs.len());
    connected_gradients(loss, &xs, |i, g| gs[i] = g);
    gs.iter().flatten().try_for_each(|g| g.check())?;
    if !base.allow_unused
        && let Some(missing) = gs.iter().position(Option::is_none)
    {
        // A loss made of whole numbers, as accuracy is, says so.
        gradients(loss, &xs[missing..=missing]).iter().try_for_each(|g| g.check())?;
        return Err(unused(base, &gs).at(Location::caller()));
    }
    // What is only kept in 16 bits is updated in f32, and rounded once.
    gs.iter_mut().flatten().for_each(|g| *g = computed(*g));
    if let Some(most) = base.clip_norm {
        clip(&mut gs, most);
    }
    let recorded = record(rule, kept, tape, &xs, &gs);
    if recorded.is_err() {
        tape.recording().borrow_mut().updates.clear();
    }
    recorded?;
    let mut results: SmallVec<[Var<'_>; 8]> = SmallVec::from_slice(&[loss]);
    results.extend_from_slice(values);
    eval::step(tape, &results)?;
    kept.count(tape);
    Ok(())
}

/// Records the new value of every parameter that has a gradient, and of what is kept for it.
#[track_caller]
fn record<'t, R: Rule + ?Sized>(
    rule: &R,
    kept: &Kept,
    tape: &'t Tape,
    xs: &[Var<'t>],
    gs: &[Option<Var<'t>>],
) -> Result<()> {
    let base = rule.base();
    let mut dials = Dials::new(tape, kept.turn(tape).dials.each_ref().map(Dial::share));
    for (i, (_, parameter)) in base.parameters.iter().enumerate() {
        let Some(g) = gs[i] else { continue };
        let state = kept.state(i);
        let next = SmallVec::new();
        let mut update = Update { x: computed(xs[i]), g, state, next, dials: &mut dials };
        let value = rule.update(&mut update).cast(xs[i].dtype());
        let next = update.next;
        tape.assign(parameter, value)?;
        for (slot, value) in next {
            tape.assign(state.get(slot).ok_or_else(|| no_slot(slot))?, value)?;
        }
    }
    Ok(())
}

/// A value as the type that it is computed in.
fn computed(x: Var<'_>) -> Var<'_> {
    x.cast(x.dtype().computed())
}

/// Scales the gradients so that their common norm is at most `most`. The norm is a norm of norms, none of
/// which squares what is too large or too small for it.
fn clip(gs: &mut [Option<Var<'_>>], most: f64) {
    let Some(first) = gs.iter().flatten().next() else { return };
    let tape = first.tape();
    let norms: SmallVec<[Var<'_>; 16]> =
        gs.iter().flatten().map(|g| g.norm(2.0, ()).cast(DType::F64)).collect();
    let norm = tape.stack(&norms, 0).norm(2.0, ());
    let scale = (most / (norm + 1e-6)).minimum(1.0);
    gs.iter_mut().flatten().for_each(|g| *g *= scale.cast(g.dtype()));
}

fn unused(base: &Base, gs: &[Option<Var<'_>>]) -> Error {
    let missing = || gs.iter().zip(&base.parameters).filter(|(g, _)| g.is_none());
    let names: Vec<&str> = missing().take(5).map(|(_, (name, _))| &name[..]).collect();
    let more = match missing().count() - names.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let named = match &names[..] {
        [""] => String::from("the parameter"),
        [one] => format!("the parameter {one}"),
        several => format!("the parameters {}", several.join(", ")),
    };
    if missing().count() == gs.len() && gs.len() > 1 {
        let message = format!(
            "none of the {} parameters received a gradient: the loss does not depend on them",
            gs.len()
        );
        return Error::new(Kind::Gradient, message)
            .hint("make the optimiser from the network whose outputs the loss is computed from");
    }
    let it = if names.len() == 1 && more.is_empty() { "it" } else { "them" };
    let message = format!("{named}{more} received no gradient: the loss does not depend on {it}");
    Error::new(Kind::Gradient, message).hint(
        "give the optimiser only what the loss uses, or call .allow_unused() to leave the rest as it is",
    )
}
