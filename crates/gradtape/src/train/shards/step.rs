//! A step whose batch is cut into shards, each of which is computed by itself.

use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::Traffic;
use super::alongside::{Way, together};
use super::filling::Filling;
use super::layout::Layout;
use super::program::{Early, program};
use super::shared::Shared;
use super::spare::Spare;
use super::update::Update;
use crate::data::Batch;
use crate::tensor::{Result, Tensor};
use crate::train::score::Mean;
use crate::train::step::{Parts, Signals, Stepper};

/// The step of a training whose batches are cut into shards.
pub(in crate::train) fn step<'a, 'n: 'a>(
    parts: Parts<'a, 'n>,
    shared: Shared<'n>,
    stop: &'a AtomicBool,
    traffic: &'a Mutex<Traffic>,
) -> Result<Stepper<'a>> {
    let tree = shared.tree();
    let layout = Rc::new(Layout::of(parts.net, parts.optimizer));
    let mut program = program(parts);
    let update = Rc::new(RefCell::new(Update::new(parts, &layout, shared)?));
    let (updating, settled) = (Rc::clone(&update), Rc::clone(&update));
    let spare = Rc::new(Spare::default());
    let (signals, kept) = (Rc::new(Signals::default()), Rc::clone(&spare));
    let told = Rc::clone(&signals);
    let in_parts = update.borrow().is_in_parts();
    let note = move |spent| traffic.lock().unwrap_or_else(PoisonError::into_inner).add(spent);
    let take = move |batch: &Batch, mean: &mut Mean| {
        let started = Instant::now();
        let all = told.rows.take();
        let rows = all.unwrap_or_else(|| batch.len());
        // Where the rows of this rank's batch begin among those of all.
        let first = all.map_or(0, |rows| tree.rows(tree.shards_of_rank().start, rows).start);
        let before = layout.before();
        let mut asks = [stop.load(Ordering::Relaxed), told.wants.get()];
        let mut spent = Traffic::default();
        let way = Way { tree, ranks: shared.ranks, spare: &spare, in_parts };
        let sums = together(way, rows, &layout, &mut spent, |hand_over| {
            let filling = Filling::new((&layout, &spare), (tree, rows), hand_over);
            let own = tree.own(rows);
            for (number, &shard) in own.iter().enumerate() {
                layout.begin(&before, shard)?;
                let place = (shard, number + 1 == own.len());
                let Range { start, end } = tree.rows(shard, rows);
                let own = part(batch, start - first..end - first)?;
                let share = own.y.shape()[0] as f64 / rows as f64;
                filling.begin();
                let early: &Early<'_> =
                    &|used, parameter, numbers| filling.early(used, parameter, numbers, place);
                let given = program(&own, share, early)?;
                let mut scores = Mean::default();
                scores.add(given.loss, &given.outputs, &own, parts.undo)?;
                let used: Vec<bool> = given.gradients.iter().map(Option::is_some).collect();
                let asks = std::mem::take(&mut asks);
                let count = |sums: &mut _| {
                    layout.count(sums, &before, (shard, share), &used, &scores);
                    Layout::ask(sums, asks);
                };
                filling.end(&given.gradients, count, place);
            }
            if own.is_empty() {
                (0..layout.buckets()).for_each(|bucket| hand_over(bucket, Vec::new()));
            }
            Ok(())
        });
        let sums = match sums {
            Ok(sums) => sums,
            Err(error) => {
                // As if the step had not begun.
                layout.begin(&before, 0)?;
                return Err(error);
            }
        };
        let last = &sums[sums.len() - 1];
        layout.end(&before, last)?;
        let ([stopped, saved], scores) = Layout::told(last);
        updating.borrow_mut().take(sums, &spare, &mut spent)?;
        told.stops.set(stopped);
        told.saves.set(saved);
        let scores = scores.unwrap_or_default();
        let loss = scores.loss_of_rows();
        mean.join(&scores);
        if shared.ranks.is_some() {
            spent.steps = started.elapsed();
            note(spent);
        }
        Ok(loss)
    };
    let settle = move || {
        let (started, mut spent) = (Instant::now(), Traffic::default());
        settled.borrow().settle(&kept, &mut spent)?;
        spent.steps = started.elapsed();
        note(spent);
        Ok(())
    };
    Ok(Stepper {
        take: Box::new(take),
        gathered: None,
        lost: Rc::new(Cell::new(0)),
        signals: Some(signals),
        settle: Box::new(settle),
    })
}

/// Some rows of a batch.
fn part(batch: &Batch, rows: Range<usize>) -> Result<Batch> {
    let of = |tensor: &Tensor| tensor.slice(0, rows.clone());
    Ok(Batch { x: of(&batch.x)?, y: of(&batch.y)?, w: batch.w.as_ref().map(of).transpose()? })
}
