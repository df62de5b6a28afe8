//! The networks of a training, trained one after the other.

use gradtape::data::Target;
use gradtape::shell_word;
use gradtape::train::{Checkpoints, History, Stopped};
use gradtape_tables::Turns;

use super::compare;
use super::files::{Files, named};
use super::fit::{Fitted, Part, undo};
use super::flags::Train;
use super::members::{self, mean};
use super::ready::Ready;
use super::resume::Before;
use crate::error::{Failure, Outcome};
use crate::output::Output;
use crate::progress::{Beside, Shown};
use crate::report::{of, thousands};

/// What became of the networks.
pub(super) struct Trained {
    /// Of each that came to something, in their order.
    pub(super) histories: Vec<History>,
    /// Of these the mean.
    pub(super) history: History,
    /// Those of each epoch, of all networks together.
    pub(super) seconds: Vec<f64>,
    /// How the last one ended.
    pub(super) ended: Outcome,
}

impl Train {
    /// Trains the networks, from where an earlier training left off if there is one. Fails where no weights are worth
    /// keeping.
    pub(super) fn train_networks(
        &mut self,
        ready: &Ready,
        files: &Files,
        before: Option<Before>,
        output: &Output,
    ) -> Outcome<Trained> {
        let networks = &ready.networks;
        let several = networks.0.len() > 1;
        let text = self.tells_people();
        let shown = Shown {
            lines: text && !several,
            bar: !self.quiet,
            beside: Some(match ready.prepared.preprocessing.target() {
                Target::Classes { .. } => Beside::Accuracy,
                target if target.is_transformed() => Beside::Error { unit: 1.0 },
                Target::Number { scale, .. } => Beside::Error { unit: *scale },
            }),
            validation: !ready.prepared.split.validation.is_empty(),
        };
        if text && several {
            output.line(output.bold(members::heading()))?;
        }
        let mut histories = before.as_ref().map_or_else(Vec::new, |before| before.kept().to_vec());
        let done = histories.len();
        let further = before.as_ref().and_then(|before| before.further);
        let mut before = before;
        if let Some(before) = &mut before {
            let folder = self.runs.checkpoint_every.map(|_| files.checkpoints());
            before.gather_ends(folder.as_deref(), networks.0.len())?;
        }
        let mut told = before.as_ref().and_then(|before| before.told(self));
        let (mut seconds, mut ended) = (Vec::new(), Ok(()));
        let turns = Turns::new(done..networks.0.len());
        while let Some(number) = turns.next() {
            let network = &networks.0[number];
            let rows = ready.rows(number)?;
            let part = Part {
                undo: undo(&ready.prepared.preprocessing),
                number,
                rows: [&rows[0], &rows[1]],
                stream: ready.prepared.stream.as_ref(),
                augment: ready.augment.clone(),
                whole: Some(networks),
                from: before.as_ref().and_then(|before| before.from(number)),
                further,
                beyond: before.as_ref().is_some_and(|before| before.alone(number)),
                alone: before.as_ref().is_some_and(|before| before.alone(number)),
                told: told.take(),
                checkpoints: self.checkpoints(
                    &files.checkpoints(),
                    number,
                    &histories,
                    further.is_some(),
                )?,
            };
            let resumes = part.from.is_some();
            let optimizer = self.optimizer_of(network)?;
            let Fitted { history, seconds: taken, ended: end } =
                self.fit(network, optimizer, part, &shown, |_| {}, output)?;
            if text && several {
                output.line(members::line(number, &history, taken.iter().sum()))?;
                output.flush()?;
            }
            let nothing = history.kept_epoch == 0;
            // What could not go on has the first weights: of those before it nothing is known here.
            if let (Err(failure), true) = (&end, nothing && resumes) {
                return Err(failure.clone().note(files.none_written()));
            }
            if turns.came(number, &history) {
                add(&mut seconds, &taken);
                histories.push(history);
            }
            ended = end;
            if ended.is_err() {
                turns.end();
            }
        }
        let is_told = before.as_ref().is_some_and(|before| !before.quiet);
        if is_told && ended.is_ok() && seconds.iter().all(|taken| *taken == 0.0) {
            output.note(self.nothing_left(&histories));
        }
        if several && self.watch.health && text {
            self.watch.health_table(output)?;
        }
        if several && histories.len() < networks.0.len() {
            self.runs.members = Some(histories.len());
            if text {
                let all = networks.0.len();
                output.line(format!("{} of {all} networks were trained", histories.len()))?;
            }
        }
        let history = mean(&histories);
        // After a failure the weights are those of the last epoch that went well.
        match ended {
            Err(failure) if history.kept_epoch == 0 => Err(failure.note(files.none_written())),
            ended => Ok(Trained { histories, history, seconds, ended }),
        }
    }

    /// Why a training that was to go on did not, and how it does.
    fn nothing_left(&self, histories: &[History]) -> String {
        let done = histories.iter().map(|own| own.epochs.len()).max().unwrap_or_default();
        let early = histories.iter().any(|own| matches!(own.stopped, Stopped::Early { .. }));
        let (done, asked) = (of(done, "epoch"), self.epochs());
        match early {
            true => format!(
                "no epoch was left to train: it had stopped early after {done}, as validation was no better\n  hint: --epochs \
                 other than {asked}, and more than were done, goes on; the patience then begins anew"
            ),
            false => match self.steps {
                Some(steps) => format!(
                    "no epoch was left to train: {done} are done, {} and {} asked for\n  hint: more of both go on",
                    thousands(asked),
                    of(steps, "step")
                ),
                None => format!(
                    "no epoch was left to train: {done} are done, {} asked for\n  hint: more --epochs go on",
                    thousands(asked)
                ),
            },
        }
    }

    /// Fails where a training that begins would mix its checkpoints with those of another in its folder.
    pub(super) fn spare_checkpoints(&self) -> Outcome {
        let out = &self.out;
        let folder = named(out, "checkpoints");
        let others = self.runs.checkpoint_every.is_some() && self.runs.resume.is_none();
        if others && folder.is_dir() && Checkpoints::latest(&folder).is_ok() {
            // Of trainings that are compared, all go on.
            let all = out.parent().filter(|all| compare::is_in(all)).unwrap_or(out);
            let (folder, out) = (folder.display(), shell_word(&all.display().to_string()));
            return Err(Failure::usage(format!(
                "{folder} has the checkpoints of an earlier training\n  hint: --resume {out} goes on with it; \
                 for another, take them away or choose another --out"
            )));
        }
        Ok(())
    }
}

/// Adds the seconds of the epochs of a network to those of others.
fn add(all: &mut Vec<f64>, more: &[f64]) {
    all.resize(all.len().max(more.len()), 0.0);
    all.iter_mut().zip(more).for_each(|(all, more)| *all += more);
}
