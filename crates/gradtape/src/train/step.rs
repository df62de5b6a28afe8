//! A step of training: recorded anew each time, or compiled once.

use std::cell::Cell;
use std::rc::Rc;

use super::LossScale;
use super::losses::{Loss, On};
use super::own_step::{OwnStep, taken};
use super::score::{Mean, Undo};
use crate::data::Batch;
use crate::eval::{Mode, Profiler, compile};
use crate::nn::Layer;
use crate::optim::{Accumulator, Optimizer};
use crate::tape::{Part, Tape, Var};
use crate::tensor::{DType, Error, Kind, Result, Tensor};

/// Takes a step on a batch; gives its loss and the outputs of the network.
pub(super) type Step<'a> = Box<dyn FnMut(&Batch) -> Result<(f64, Tensor)> + 'a>;

/// Takes a step on a batch, adds its scores to others, and gives its loss.
pub(super) type ScoredStep<'a> = Box<dyn FnMut(&Batch, &mut Mean) -> Result<f64> + 'a>;

/// A step, and what it keeps between two.
pub(super) struct Stepper<'a> {
    pub(super) take: ScoredStep<'a>,
    /// The gradients that wait for a step.
    pub(super) gathered: Option<Rc<Accumulator<'a>>>,
    /// How many steps in a row did not count.
    pub(super) lost: Rc<Cell<u32>>,
    /// What ranks ask each other, where there are several.
    pub(super) signals: Option<Rc<Signals>>,
    /// Has all that the optimiser keeps be in it, where ranks share that.
    pub(super) settle: Settle<'a>,
}

/// See [`Stepper::settle`].
pub(super) type Settle<'a> = Box<dyn Fn() -> Result<()> + 'a>;

/// What ranks ask each other with a step.
#[derive(Default)]
pub(super) struct Signals {
    /// How many rows the batch of the next step has on all ranks, where the ranks have different ones.
    pub(super) rows: Cell<Option<usize>>,
    /// Whether this rank wants to save after the next step.
    pub(super) wants: Cell<bool>,
    /// Whether any rank wanted that of the last step.
    pub(super) saves: Cell<bool>,
    /// Whether any rank was asked to stop by the last step.
    pub(super) stops: Cell<bool>,
}

/// What a step is made of.
#[derive(Clone, Copy)]
pub(super) struct Parts<'a, 'n> {
    pub(super) net: &'n dyn Layer,
    /// The default one if `None`.
    pub(super) loss: Option<&'a Loss<'n>>,
    pub(super) optimizer: &'a (dyn Optimizer + 'n),
    /// The step, if the user writes it.
    pub(super) own: Option<&'a OwnStep<'n>>,
    /// How many batches are gathered for a step.
    pub(super) accumulate: usize,
    /// The type of products.
    pub(super) precision: DType,
    /// What the loss is scaled by, where products need it.
    pub(super) scale: &'a LossScale,
    /// How values are computed.
    pub(super) mode: Mode,
    /// What measures it, if anything does.
    pub(super) profiler: Option<&'a Profiler>,
    /// What errors are brought back by before they are measured.
    pub(super) undo: Option<&'a Undo<'n>>,
}

/// The step of a network, compiled where nobody can tell the difference; with several batches for a step, or a
/// search, recorded each time.
pub(super) fn step<'a, 'n: 'a>(parts: Parts<'a, 'n>) -> Result<Stepper<'a>> {
    let lost = Rc::new(Cell::new(0));
    let with = |mut take: Step<'a>| {
        let scored: ScoredStep<'a> = Box::new(move |batch, mean| {
            let (loss, outputs) = take(batch)?;
            mean.add(loss, &outputs, batch, parts.undo)?;
            Ok(loss)
        });
        let lost = Rc::clone(&lost);
        Stepper { take: scored, gathered: None, lost, signals: None, settle: Box::new(|| Ok(())) }
    };
    if let Some(own) = parts.own {
        return Ok(with(taken(parts, own)?));
    }
    let is_static = parts.is_static();
    let (every, searches) = (parts.accumulate, parts.optimizer.searches());
    if every == 1 && !searches {
        let count = counting(parts.scale, Rc::clone(&lost));
        return Ok(with(if is_static { compiled(parts, count) } else { recorded(parts, count) }));
    }
    if LossScale::is_needed(parts.precision) {
        let rule = match searches {
            true => format!("{} looks at the loss several times", parts.optimizer.name()),
            false => format!("gradients of {every} batches are gathered"),
        };
        let message = format!("{rule}, which {} cannot scale", parts.precision);
        return Err(Error::new(Kind::Value, message).hint("bf16 needs no scale"));
    }
    if searches && every == 1 {
        return Ok(with(searched(parts)));
    }
    let gathered = Rc::new(Accumulator::new(parts.optimizer, parts.accumulate)?);
    let take = accumulated(parts, Rc::clone(&gathered));
    Ok(Stepper { gathered: Some(gathered), ..with(take) })
}

impl<'a, 'n: 'a> Parts<'a, 'n> {
    /// Whether what is recorded is the same each time.
    pub(super) fn is_static(self) -> bool {
        self.loss.is_none() && self.net.is_static()
    }

    /// Records what the network gives, and the loss.
    pub(super) fn look<'t>(self, on: On<'t>, kept: bool) -> Result<(Var<'t>, Var<'t>)> {
        let x = on.x;
        x.tape().set_mode(self.mode);
        let outputs = {
            let _narrow = x.tape().autocast(self.precision)?;
            let outputs = self.net.forward(x);
            if kept { outputs.keep() } else { outputs }
        };
        let _loss = x.tape().within(Part::Layer("loss"));
        let loss = on.loss(outputs, self.loss);
        Ok((loss, outputs))
    }

    /// Records the step and runs it, unless it is being compiled; gives the loss, the outputs, and whether the step
    /// counted, if that is a question.
    fn take<'t>(self, on: On<'t>, kept: bool) -> Result<(Var<'t>, Var<'t>, Option<Var<'t>>)> {
        let (loss, outputs) = self.look(on, kept)?;
        let counted = match LossScale::is_needed(self.precision) {
            true => Some(self.scale.step(self.net, self.optimizer, loss)?),
            false => {
                self.optimizer.step(loss)?;
                None
            }
        };
        Ok((loss, outputs, counted))
    }
}

/// A step of an optimiser that looks at the loss several times. What the network gave at the first of them is
/// what other optimisers give.
fn searched<'a, 'n: 'a>(parts: Parts<'a, 'n>) -> Step<'a> {
    Box::new(move |batch| {
        let mut first = None;
        let loss = parts.optimizer.minimize(&mut |tape| {
            let (loss, outputs) = parts.look(On::of(batch, tape), first.is_none())?;
            if first.is_none() {
                first = Some(outputs.value()?);
            }
            Ok(loss)
        })?;
        let unseen = || Error::new(Kind::Value, "the optimiser did not look at the loss");
        Ok((loss, first.ok_or_else(unseen)?))
    })
}

fn accumulated<'a, 'n: 'a>(parts: Parts<'a, 'n>, gathered: Rc<Accumulator<'a>>) -> Step<'a> {
    let mut tape = Tape::new();
    Box::new(move |batch| {
        tape.reset();
        let (loss, outputs) = parts.look(On::of(batch, &tape), true)?;
        gathered.step(loss)?;
        Ok((loss.item()?, outputs.value()?))
    })
}

/// Counts the steps in a row that did not count; fails where they are too many.
fn counting(scale: &LossScale, lost: Rc<Cell<u32>>) -> impl FnMut(bool) -> Result<()> + 'static {
    let scale = scale.share();
    move |counted| {
        lost.set(if counted { 0 } else { lost.get() + 1 });
        let lost = lost.get();
        if lost < LossScale::MOST_LOST {
            return Ok(());
        }
        let message = format!(
            "gradients are not finite, the last {lost} steps in a row, however small the loss scale: it is {:e} now",
            scale.scale()
        );
        Err(Error::new(Kind::Value, message)
            .hint("train in f32 or bf16, or look for what makes them infinite"))
    }
}

fn recorded<'a, 'n: 'a>(
    parts: Parts<'a, 'n>,
    mut count: impl FnMut(bool) -> Result<()> + 'a,
) -> Step<'a> {
    let mut tape = Tape::new();
    Box::new(move |batch| {
        tape.reset();
        let (loss, outputs, counted) = parts.take(On::of(batch, &tape), true)?;
        if let Some(counted) = counted {
            count(counted.item()? != 0.0)?;
        }
        Ok((loss.item()?, outputs.value()?))
    })
}

fn compiled<'a, 'n: 'a>(
    parts: Parts<'a, 'n>,
    mut count: impl FnMut(bool) -> Result<()> + 'a,
) -> Step<'a> {
    let mut step = compile(move |_, inputs| {
        let (loss, outputs, counted) = {
            let on = On { x: inputs[0], y: inputs[1], w: inputs.get(2).copied() };
            parts.take(on, false)?
        };
        Ok([loss, outputs].into_iter().chain(counted).collect())
    });
    if let Some(profiler) = parts.profiler {
        step = step.profile_to(profiler);
    }
    let mut results = Vec::new();
    Box::new(move |batch| {
        let inputs = [&batch.x, &batch.y].into_iter().chain(&batch.w);
        step.call_into(&inputs.cloned().collect::<Vec<_>>(), &mut results)?;
        // Taken out, so that their memory is free again for the next step.
        if let Some(counted) = results.drain(2..).next() {
            let counted = counted.item()? != 0.0;
            LossScale::settle(parts.optimizer, counted)?;
            count(counted)?;
        }
        let outputs = results.pop().expect("the outputs");
        Ok((results.pop().expect("the loss").item()?, outputs))
    })
}
