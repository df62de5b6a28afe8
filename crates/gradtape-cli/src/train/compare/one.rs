//! One of several trainings that are compared.

use std::sync::{Arc, Mutex, PoisonError};

use gradtape::train::{Checkpoints, Stopped};

use super::again::Again;
use super::known::Known;
use super::log::Log;
use super::{Comparison, Ran};
use crate::error::Outcome;
use crate::output::Output;
use crate::report::Format;
use crate::train::Done;
use crate::train::files::named;
use crate::train::flags::Train;
use crate::train::losses::{self, Losses};
use crate::train::resume::Before;

impl Comparison {
    /// One of the trainings, which goes on from its checkpoint if it has one, and is noted once it is done. Fails where its
    /// flags do not fit its data.
    pub(super) fn ran(
        &self,
        (number, values): (usize, Vec<String>),
        training: Train,
        again: Option<&Again>,
        log: &mut Log,
        output: &Output,
    ) -> Outcome<Ran> {
        let folder = named(&training.out, "checkpoints");
        let keeps = training.runs.checkpoint_every.is_some();
        let beside = training.runs.beside;
        let (mut training, before) = resumed(training, again)?;
        let goes_on = before.is_some();
        if goes_on {
            self.set_apart(number, &values, &mut training);
            training.runs.beside = beside;
        }
        let known = if keeps { Losses::kept(&folder, goes_on) } else { Losses::default() };
        let losses = Arc::new(Mutex::new(known));
        training.runs.losses = Some(Arc::clone(&losses));
        let done = match alone(training, before, output) {
            Ok(done) => Known::of(done),
            Err(failure) if failure.status() == 2 => return Err(failure),
            // Of another training nothing is taken up.
            Err(failure) if goes_on && failure.message().contains("--insist") => {
                let label = self.label(&values, " ", ", ");
                return Err(failure.note(format!("in the training with {label}")));
            }
            Err(failure) => Known::nothing(failure),
        };
        let losses = std::mem::take(&mut *losses.lock().unwrap_or_else(PoisonError::into_inner));
        if losses.is_cut() || goes_on && losses.is_empty() {
            output.note(format!(
                "note: {} does not say the losses of all steps before the stop: they are missing in steps.csv",
                folder.display()
            ));
        }
        let losses = losses.list();
        if !matches!(done.history.stopped, Stopped::Requested) {
            log.add(&done.kept(number, &losses)?).map_err(|failure| match &done.failed {
                // It may say where the model is.
                Some(own) => {
                    let label = self.label(&values, " ", ", ");
                    failure.note(format!("the training with {label}: {}", own.message()))
                }
                None => failure,
            })?;
            losses::forget(&folder);
        }
        Ok(Ran { values, done, losses })
    }
}

/// A training of a comparison that goes on, from its checkpoint if it has one.
pub(super) fn resumed(
    mut training: Train,
    again: Option<&Again>,
) -> Outcome<(Train, Option<Before>)> {
    let Some(again) = again else { return Ok((training, None)) };
    // What has not begun has no folder.
    let latest = Checkpoints::latest(&training.out).ok().filter(|_| training.out.is_dir());
    let Some(path) = latest else {
        training.watch.begin_again();
        return Ok((training, None));
    };
    let words = again.words(&training.out);
    training.runs.resume = Some(path);
    training.runs.insist = again.insists();
    training.remembered_beside(words)
}

/// Trains one of several, without a word.
pub(super) fn alone(mut training: Train, before: Option<Before>, output: &Output) -> Outcome<Done> {
    training.quiet = true;
    training.format = Format::Text;
    training.goes_on(before, output)
}
