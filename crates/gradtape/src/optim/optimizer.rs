//! [`Optimizer`]: what a training loop calls.

use std::panic::Location;

use smallvec::SmallVec;

use super::rule::{Dials, Update, no_slot};
use super::{Base, Rule};
use crate::eval;
use crate::grad::connected_gradients;
use crate::tape::{Tape, Var};
use crate::tensor::{DType, Error, Kind, Result, Tensor};

/// Changes parameters so that a loss becomes smaller. Every [`Rule`] is one.
///
/// ```
/// use gradtape::optim::{Optimizer, Sgd};
/// use gradtape::{Parameter, Tape, Tensor};
///
/// // The smallest value of (x - 3)², starting at 0.
/// let x = Parameter::new(Tensor::scalar(0.0f64));
/// let mut opt = Sgd::new(&x, 0.25);
/// let mut tape = Tape::new();
/// for _ in 0..50 {
///     tape.reset();
///     let loss = (tape.parameter(&x) - 3.0).square();
///     opt.step(loss)?;
/// }
/// assert!((x.value().item()? - 3.0).abs() < 1e-12);
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
    #[track_caller]
    fn step(&mut self, loss: Var<'_>) -> Result<()> {
        take_step(self, loss)
    }

    /// Scales the gradients down where their norm, over all parameters together, is above `most`:
    /// by `most / (norm + 1e-6)`, for gradients whose norm their type can hold. Pascanu, Mikolov and
    /// Bengio 2013.
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
    fn set_learning_rate(&mut self, rate: f64) -> Result<()> {
        self.base().set_learning_rate(rate)
    }

    /// The number of steps taken.
    fn steps(&self) -> u64 {
        self.base().steps()
    }

    /// What a checkpoint needs: the step count and the tensors kept for each parameter, by name
    /// (`hidden.weight.exp_avg`).
    fn state(&mut self) -> Result<Vec<(String, Tensor)>> {
        prepare(self)?;
        Ok(self.base().save())
    }

    /// Takes over what [`Optimizer::state`] gave, all or nothing. Fails where it does not fit.
    fn load_state(&mut self, saved: &[(String, Tensor)]) -> Result<()> {
        prepare(self)?;
        self.base().load(saved)
    }
}

impl<R: Rule + ?Sized> Optimizer for R {}

fn prepare<R: Rule + ?Sized>(rule: &mut R) -> Result<()> {
    if !rule.base().is_prepared() {
        rule.check().map_err(|error| error.context(rule.name()))?;
        let (slots, rates) = (rule.slots(), rule.rates());
        rule.base_mut().prepare(&slots, || rates);
    }
    rule.base().check().map_err(|error| error.context(rule.name()))
}

#[track_caller]
fn take_step<R: Rule + ?Sized>(rule: &mut R, loss: Var<'_>) -> Result<()> {
    prepare(rule)?;
    loss.check()?;
    let (base, tape) = (rule.base(), loss.tape());
    let xs: SmallVec<[Var<'_>; 16]> =
        base.parameters.iter().map(|(_, parameter)| tape.parameter(parameter)).collect();
    let mut gs: SmallVec<[Option<Var<'_>>; 16]> = SmallVec::from_elem(None, xs.len());
    connected_gradients(loss, &xs, |i, g| gs[i] = g);
    gs.iter().flatten().try_for_each(|g| g.check())?;
    if !base.allow_unused && gs.iter().any(Option::is_none) {
        return Err(unused(base, &gs).at(Location::caller()));
    }
    if let Some(most) = base.clip_norm {
        clip(&mut gs, most);
    }
    let recorded = record(rule, tape, &xs, &gs);
    if recorded.is_err() {
        tape.recording().borrow_mut().updates.clear();
    }
    recorded?;
    eval::step(tape, &[loss])?;
    rule.base().count(tape);
    Ok(())
}

/// Records the new value of every parameter that has a gradient, and of what is kept for it.
#[track_caller]
fn record<'t, R: Rule + ?Sized>(
    rule: &R,
    tape: &'t Tape,
    xs: &[Var<'t>],
    gs: &[Option<Var<'t>>],
) -> Result<()> {
    let base = rule.base();
    let Some(clock) = base.turn(tape) else { return Ok(()) };
    let mut dials = Dials::new(tape, clock.dials.clone());
    let slots = base.state.len() / base.parameters.len().max(1);
    for (i, (_, parameter)) in base.parameters.iter().enumerate() {
        let Some(g) = gs[i] else { continue };
        let state = &base.state[i * slots..][..slots];
        let next = SmallVec::new();
        let mut update = Update { x: xs[i], g, state, next, dials: &mut dials };
        let value = rule.update(&mut update);
        let next = update.next;
        tape.assign(parameter, value)?;
        for (slot, value) in next {
            tape.assign(state.get(slot).ok_or_else(|| no_slot(slot))?, value)?;
        }
    }
    Ok(())
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
    gs.iter_mut().flatten().for_each(|g| *g = *g * scale.cast(g.dtype()));
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
