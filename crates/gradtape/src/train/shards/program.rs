//! The program of a shard: its loss, its outputs and its gradients.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::data::Batch;
use crate::eval::{self, compile};
use crate::tape::{Tape, Var};
use crate::tensor::{Error, Kind, Result, Tensor};
use crate::train::losses::On;
use crate::train::step::Parts;

/// What a shard gives.
pub(super) struct Given {
    pub(super) loss: f64,
    pub(super) outputs: Tensor,
    /// For each parameter that has one, the gradient of the shard's part of the batch's loss.
    pub(super) gradients: Vec<Option<Tensor>>,
}

/// Is told, while others are still computed, which parameters have a gradient, and the numbers of that of one of them.
pub(super) type Early<'a> = dyn Fn(&[bool], usize, &[f32]) + Sync + 'a;

/// Runs on the rows of a shard, which are a share of the batch's.
pub(super) type Program<'a> = Box<dyn FnMut(&Batch, f64, &Early<'_>) -> Result<Given> + 'a>;

/// All that is recorded of a shard, run with the share of the batch that it is. Is told of results by their number.
type Run<'a> = Box<dyn FnMut(&Batch, Tensor, &Told<'_>) -> Result<Vec<Tensor>> + 'a>;

type Told<'a> = dyn Fn(usize, &[f32]) + Sync + 'a;

/// Results before the gradients.
const BEFORE: usize = 2;

pub(super) fn program<'a, 'n: 'a>(parts: Parts<'a, 'n>) -> Program<'a> {
    let used: Arc<Mutex<Used>> = Arc::default();
    let noted = Arc::clone(&used);
    let note = move |on: On<'_>, used| {
        locked(&noted).insert([on.x, on.y].map(|own| own.shape().to_vec()), used);
    };
    let mut run: Run = match parts.is_static() {
        true => {
            let mut compiled = compile(move |_, inputs| {
                let share = inputs[inputs.len() - 1];
                let w = (inputs.len() > 3).then(|| inputs[2]);
                let on = On { x: inputs[0], y: inputs[1], w };
                record(parts, on, share, false, &note)
            });
            if let Some(profiler) = parts.profiler {
                compiled = compiled.profile_to(profiler);
            }
            Box::new(move |batch, share, told| {
                let inputs = [&batch.x, &batch.y].into_iter().chain(&batch.w).cloned();
                compiled.call_telling(&inputs.chain([share]).collect::<Vec<_>>(), told)
            })
        }
        false => {
            let mut tape = Tape::new();
            Box::new(move |batch, share, _| {
                tape.reset();
                let results = {
                    let (on, share) = (On::of(batch, &tape), tape.constant(share));
                    record(parts, on, share, true, &note)?
                };
                eval::step(&tape, &results)?;
                results.into_iter().map(Var::value).collect()
            })
        }
    };
    Box::new(move |batch, share, early| {
        let shapes = [&batch.x, &batch.y].map(|own| own.shape().to_vec());
        let told = |result: usize, numbers: &[f32]| {
            let used = locked(&used);
            let Some(used) = used.get(&shapes) else { return };
            let mut those = used.iter().enumerate().filter(|(_, used)| **used);
            if let Some((parameter, _)) = result.checked_sub(BEFORE).and_then(|n| those.nth(n)) {
                early(used, parameter, numbers);
            }
        };
        let mut results = run(batch, Tensor::scalar(share as f32), &told)?.into_iter();
        let missing = || Error::new(Kind::Value, "a shard gave no loss and outputs");
        let loss = results.next().ok_or_else(missing)?.item()?;
        let outputs = results.next().ok_or_else(missing)?;
        let used = locked(&used);
        let used = used.get(&shapes).ok_or_else(missing)?;
        let gradients = used.iter().map(|used| used.then(|| results.next()).flatten()).collect();
        Ok(Given { loss, outputs, gradients })
    })
}

/// Which parameters have a gradient, for each two shapes of inputs and targets that were recorded.
type Used = BTreeMap<[Vec<usize>; 2], Vec<bool>>;

fn locked(used: &Mutex<Used>) -> MutexGuard<'_, Used> {
    used.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Records a shard: its loss, its outputs, and a gradient for each parameter that has one, which `note` is told.
fn record<'t>(
    parts: Parts<'_, '_>,
    on: On<'t>,
    share: Var<'t>,
    kept: bool,
    note: &dyn Fn(On<'t>, Vec<bool>),
) -> Result<Vec<Var<'t>>> {
    let (loss, outputs) = parts.look(on, kept)?;
    loss.check()?;
    let gradients = parts.optimizer.gradients(loss * share.cast(loss.dtype()))?;
    note(on, gradients.iter().map(Option::is_some).collect());
    let gradients = gradients.into_iter().flatten().map(|g| g.cast(g.dtype().computed()));
    Ok([loss, outputs].into_iter().chain(gradients).collect())
}
