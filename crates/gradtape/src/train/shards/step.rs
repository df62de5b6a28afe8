//! A step whose batch is cut into shards, each of which is computed by itself.

use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::collective::Link;
use super::layout::Layout;
use super::sums::Sums;
use super::tree::Tree;
use super::{Collective, Traffic};
use crate::data::Batch;
use crate::eval::{self, compile};
use crate::tape::{Tape, Var};
use crate::tensor::{Error, Kind, Result, Tensor};
use crate::train::LossScale;
use crate::train::losses::On;
use crate::train::score::Mean;
use crate::train::step::{Parts, Stepper};

/// How the work on a batch is shared.
#[derive(Clone, Copy)]
pub(in crate::train) struct Shared<'n> {
    /// Into how many shards a batch is cut.
    pub(in crate::train) shards: usize,
    /// Who else computes some of them.
    pub(in crate::train) ranks: Option<&'n dyn Collective>,
}

impl Shared<'_> {
    fn tree(self) -> Tree {
        let (ranks, rank) = self.ranks.map_or((1, 0), |own| (own.ranks(), own.rank()));
        Tree { shards: self.shards, ranks, rank }
    }

    /// Whether this rank is the one that writes files.
    pub(in crate::train) fn is_first(self) -> bool {
        self.ranks.is_none_or(|own| own.rank() == 0)
    }

    /// Whether a batch is more than one program.
    pub(in crate::train) fn is_cut(self) -> bool {
        self.shards != 1 || self.ranks.is_some()
    }

    /// Fails where shards, ranks and the rows of a batch do not fit, or where a step cannot be cut.
    pub(in crate::train) fn check(self, parts: &Parts<'_, '_>, rows: usize) -> Result<()> {
        let Tree { shards, ranks, .. } = self.tree();
        if shards == 0 {
            return Err(Error::new(Kind::Value, "a batch that is cut into 0 shards")
                .hint("1 leaves it whole; 8 can be shared by up to 8 ranks"));
        }
        if ranks > shards {
            let message =
                format!("{ranks} ranks share the shards of a batch, of which there are {shards}");
            let enough = ranks.next_power_of_two();
            return Err(Error::new(Kind::Value, message).hint(format!(
                "cut it into more, such as {enough}, or start fewer ranks; the number of shards decides the bits of the \
                 result, the number of ranks does not"
            )));
        }
        // Of a rank that never has rows, nobody would hear.
        if self.ranks.is_some() && rows < shards {
            let message = format!(
                "{ranks} ranks share batches of {rows} rows, which are cut into {shards} shards"
            );
            return Err(Error::new(Kind::Value, message)
                .hint("each needs a row at least: take larger batches, or fewer shards"));
        }
        let others = [
            ("takes steps of its own", parts.own.is_some()),
            ("looks at the loss several times in a step", parts.optimizer.searches()),
            ("gathers several batches for a step", parts.accumulate > 1),
            ("scales its loss", LossScale::is_needed(parts.precision)),
        ];
        if let Some((what, _)) = others.iter().find(|(_, asked)| *asked && self.is_cut()) {
            let message = format!("batches are cut into {shards} shards in a training that {what}");
            let hint = if parts.accumulate > 1 {
                "shards are computed one after the other: a larger batch in more shards needs no more memory"
            } else if LossScale::is_needed(parts.precision) {
                "bf16 needs no scale"
            } else {
                "leave one of the two out"
            };
            return Err(Error::new(Kind::Value, message).hint(hint));
        }
        Ok(())
    }
}

/// The step of a training whose batches are cut into shards.
pub(in crate::train) fn step<'a, 'n: 'a>(
    parts: Parts<'a, 'n>,
    shared: Shared<'n>,
    stop: &'a AtomicBool,
    traffic: &'a Mutex<Traffic>,
) -> Stepper<'a> {
    let tree = shared.tree();
    let layout = Rc::new(Layout::of(parts.net, parts.optimizer));
    let mut link = shared.ranks.map(|ranks| Link { ranks, traffic: Traffic::default() });
    let mut program = program(parts);
    let mut update = update(parts, Rc::clone(&layout));
    let stops = Rc::new(Cell::new(false));
    let told = Rc::clone(&stops);
    let take = move |batch: &Batch, mean: &mut Mean| {
        let started = Instant::now();
        let rows = batch.y.shape().first().copied().unwrap_or(0);
        let before = layout.before();
        let mut asks = stop.load(Ordering::Relaxed);
        let mut leaf = |shard: usize| {
            layout.begin(&before, shard)?;
            let own = part(batch, tree.rows(shard, rows))?;
            let count = own.y.shape()[0] as f64;
            let share = count / rows as f64;
            let (loss, outputs, gradients) = program(&own, share)?;
            let mut scores = Mean::default();
            scores.add(loss, &outputs, &own, parts.undo)?;
            let mut sums = layout.sums(&before, (shard, share), &gradients, &scores);
            if std::mem::take(&mut asks) {
                Layout::ask_to_stop(&mut sums);
            }
            Ok(sums)
        };
        let sums = tree.sum(rows, link.as_mut(), &mut leaf, &|| layout.zeros());
        let sums = match sums {
            Ok(sums) => sums,
            Err(error) => {
                // As if the step had not begun.
                layout.begin(&before, 0)?;
                return Err(error);
            }
        };
        layout.end(&before, &sums)?;
        let (stopped, scores) = Layout::told(&sums);
        update(sums)?;
        told.set(stopped);
        let scores = scores.unwrap_or_default();
        let loss = scores.loss_of_rows();
        mean.join(&scores);
        if let Some(link) = &mut link {
            link.traffic.steps += started.elapsed();
            *traffic.lock().unwrap_or_else(PoisonError::into_inner) = link.traffic;
        }
        Ok(loss)
    };
    let lost = Rc::new(Cell::new(0));
    Stepper { take: Box::new(take), gathered: None, lost, stops: Some(stops) }
}

/// Some rows of a batch.
fn part(batch: &Batch, rows: Range<usize>) -> Result<Batch> {
    let of = |tensor: &Tensor| tensor.slice(0, rows.clone());
    Ok(Batch { x: of(&batch.x)?, y: of(&batch.y)?, w: batch.w.as_ref().map(of).transpose()? })
}

/// The loss of a shard, its outputs, and the gradients of its part of the batch's loss.
type Program<'a> = Box<dyn FnMut(&Batch, f64) -> Result<(f64, Tensor, Vec<Option<Tensor>>)> + 'a>;

/// All that is recorded of a shard, run with the share of the batch that it is.
type Run<'a> = Box<dyn FnMut(&Batch, Tensor) -> Result<Vec<Tensor>> + 'a>;

fn program<'a, 'n: 'a>(parts: Parts<'a, 'n>) -> Program<'a> {
    let used: Rc<RefCell<Vec<bool>>> = Rc::default();
    let noted = Rc::clone(&used);
    let mut run: Run = match parts.is_static() {
        true => {
            let mut compiled = compile(move |_, inputs| {
                let share = inputs[inputs.len() - 1];
                let w = (inputs.len() > 3).then(|| inputs[2]);
                let on = On { x: inputs[0], y: inputs[1], w };
                record(parts, on, share, false, &mut noted.borrow_mut())
            });
            if let Some(profiler) = parts.profiler {
                compiled = compiled.profile_to(profiler);
            }
            Box::new(move |batch, share| {
                let inputs = [&batch.x, &batch.y].into_iter().chain(&batch.w).cloned();
                compiled.call(&inputs.chain([share]).collect::<Vec<_>>())
            })
        }
        false => {
            let mut tape = Tape::new();
            Box::new(move |batch, share| {
                tape.reset();
                let results = {
                    let (on, share) = (On::of(batch, &tape), tape.constant(share));
                    record(parts, on, share, true, &mut noted.borrow_mut())?
                };
                eval::step(&tape, &results)?;
                results.into_iter().map(Var::value).collect()
            })
        }
    };
    Box::new(move |batch, share| {
        let mut results = run(batch, Tensor::scalar(share as f32))?.into_iter();
        let missing = || Error::new(Kind::Value, "a shard gave no loss and outputs");
        let loss = results.next().ok_or_else(missing)?.item()?;
        let outputs = results.next().ok_or_else(missing)?;
        let gradients =
            used.borrow().iter().map(|used| used.then(|| results.next()).flatten()).collect();
        Ok((loss, outputs, gradients))
    })
}

/// Records a shard: its loss, its outputs, and a gradient for each parameter that has one, which `used` tells.
fn record<'t>(
    parts: Parts<'_, '_>,
    on: On<'t>,
    share: Var<'t>,
    kept: bool,
    used: &mut Vec<bool>,
) -> Result<Vec<Var<'t>>> {
    let (loss, outputs) = parts.look(on, kept)?;
    loss.check()?;
    let gradients = parts.optimizer.gradients(loss * share.cast(loss.dtype()))?;
    *used = gradients.iter().map(Option::is_some).collect();
    let gradients = gradients.into_iter().flatten().map(|g| g.cast(g.dtype().computed()));
    Ok([loss, outputs].into_iter().chain(gradients).collect())
}

/// The optimiser's step along the gradients among what was added up.
fn update<'a, 'n: 'a>(
    parts: Parts<'a, 'n>,
    layout: Rc<Layout>,
) -> impl FnMut(Sums) -> Result<()> + use<'a, 'n> {
    let make = move |layout: Rc<Layout>, used: Vec<bool>| {
        compile(move |_, inputs: &[Var<'_>]| {
            let gradients = layout.gradients(&used, [inputs[0], inputs[1]]);
            parts.optimizer.step_by(&gradients, &[])?;
            Ok(Vec::new())
        })
    };
    let mut step = None;
    let mut before = Vec::new();
    move |sums| {
        let (used, numbers) = layout.told_of(sums)?;
        if used != before {
            step = Some(make(Rc::clone(&layout), used.clone()));
            before = used;
        }
        match &mut step {
            Some(step) => step.call(&numbers).map(drop),
            None => Ok(()),
        }
    }
}
