//! `gradtape train`: from data to a model file.

mod build;
mod columns;
mod compare;
mod curves;
mod defaults;
mod differences;
mod embed;
mod ending;
mod files;
mod fit;
mod flags;
mod held_out;
mod large;
mod losses;
mod members;
mod network;
mod networks;
mod optimizer;
mod page;
mod paths;
mod profile;
mod ranks;
mod ready;
mod report;
mod resume;
mod run_flags;
mod start;
mod tell;
mod text;
mod tune;
mod watch;

use gradtape::engine;
use gradtape::nn::Module;
use gradtape::train::History;

pub(crate) use self::compare::Comparison;
use self::files::Files;
pub(crate) use self::flags::{Train, count};
use self::networks::Trained;
pub(crate) use self::ranks::is_alone;
use self::ready::Ready;
use self::report::{Report, epochs};
use self::resume::Before;
use crate::Verb;
use crate::error::{Failure, Outcome};
use crate::measure::Measured;
use crate::output::Output;
use crate::report::Format;
use crate::settings::{Counts, Course, Settings};

impl Verb for Train {
    fn run(self, output: &Output) -> Outcome {
        self.shared(output)?.well().map(drop)
    }
}

/// The rows that are held out, as an input.
const TEST_TABLE: &str = "the table of --test";

/// What became of a training.
pub(super) struct Done {
    pub(super) history: History,
    pub(super) held_out: Option<Measured>,
    pub(super) rows: Counts,
    /// How it was trained; of one that came to nothing this is not known.
    pub(super) settings: Option<Box<Settings>>,
    /// Why it did not come to its end; the model is that of the last epoch that went well.
    pub(super) failed: Option<Failure>,
}

impl Done {
    /// A training that came to its end.
    pub(super) fn well(self) -> Outcome<Done> {
        match self.failed {
            Some(failure) => Err(failure),
            None => Ok(self),
        }
    }
}

impl Train {
    /// Trains, and tells of it.
    pub(super) fn ran(self, output: &Output) -> Outcome<Done> {
        let (this, before) = self.remembered()?;
        this.goes_on(before, output)
    }

    /// Trains with the flags of a checkpoint, if it goes on from one.
    fn goes_on(mut self, before: Option<Before>, output: &Output) -> Outcome<Done> {
        self.quiet |= self.watch.takes_output() && self.format == Format::Text;
        self.check()?;
        self.train(before, output)
    }

    fn train(&mut self, before: Option<Before>, output: &Output) -> Outcome<Done> {
        engine::cpu::set_threads(self.threads);
        let source = self.source()?;
        if self.network.is_of_texts() {
            return self.run_text(&source, before, output);
        }
        let files = Files::check(&self.out, self.runs.report.as_deref(), &source)?;
        files.spare(self.start.start.as_deref(), "the model of --start")?;
        files.spare(self.test.as_deref(), TEST_TABLE)?;
        let ready = self.ready(source, &self.out.clone())?;
        self.spare_checkpoints()?;
        if self.tells_people() {
            self.introduce(&ready, output)?;
        }

        let trained = self.train_networks(&ready, &files, before, output)?;
        let count = trained.histories.len();
        let residuals = ready.residuals(count)?;
        let Ready { source, mut prepared, networks, .. } = ready;
        prepared.preprocessing = residuals.told_to(prepared.preprocessing);
        let network = networks.mean(count)?;
        let held_out = match prepared.split.test.is_empty() {
            true => None,
            false => {
                let test = &prepared.split.test;
                let measured = Measured::of(&network, &prepared.preprocessing, test)?;
                // Nobody looks at simple answers that are not told.
                let told = !self.quiet || self.format == Format::Json || self.runs.report.is_some();
                Some(match told || self.runs.beside || self.runs.held_out().is_some() {
                    true => {
                        let (train, all) = (&prepared.split.train, prepared.counts().train);
                        measured.beside(train, all, test, &prepared.preprocessing)?
                    }
                    false => measured,
                })
            }
        };
        let Trained { histories, history, seconds, ended } = trained;
        let mut settings = self.settings(&source, &prepared, &history);
        settings.course = settings.course.map(|course| course.with_each(&histories));
        let preprocessing = &prepared.preprocessing;
        let model = self.model(network, preprocessing, &prepared, &settings, &residuals)?;
        let scores = held_out.as_ref().map(Measured::scores);
        files.write(&model, &histories, scores.as_ref(), &source.name())?;
        files.write_report(|| {
            let (prepared, settings, histories) = (&prepared, &settings, &histories);
            let held_out = held_out.as_ref();
            page::page(self, &page::Told { prepared, settings, histories, model: &model, held_out })
        })?;
        let rows = prepared.counts();
        if let Err(failure) = ended {
            let failure = self.runs.ranks.with_model(failure, &files, history.kept_epoch);
            let (settings, failed) = (Some(Box::new(settings)), Some(failure));
            return Ok(Done { history, held_out, rows, settings, failed });
        }

        match self.format {
            Format::Json => self.watch.report(
                output,
                &Report {
                    data: source.name(),
                    task: prepared.preprocessing.task().to_string(),
                    rows,
                    parameters: model.network.parameter_count(),
                    members: Some(count).filter(|&count| count > 1),
                    epochs: epochs(&history, &seconds),
                    stopped: Course::of(&history).ended,
                    kept_epoch: history.kept_epoch,
                    networks: Course::of(&history).with_each(&histories).networks,
                    held_out: held_out.as_ref(),
                    warnings: self.watch.warnings(),
                    ranks: self.told_of_ranks(),
                    files: &files,
                },
            )?,
            Format::Text if self.quiet => {}
            Format::Text => {
                self.tell_end(&history, output)?;
                output.line("")?;
                match &held_out {
                    Some(measured) => {
                        measured.print("held-out", output)?;
                        let weighed = self.columns.class_weights.is_some();
                        if let Some(rare) = measured.rarely_found().filter(|_| !weighed) {
                            output.line(format!("note: {rare}"))?;
                        }
                    }
                    None => output.line("no rows were held out: how good it is, is not known")?,
                }
                output.line(format!("\nwrote {files}"))?;
            }
        }
        Ok(Done { history, held_out, rows, settings: Some(Box::new(settings)), failed: None })
    }

    /// Whether lines for people are printed.
    fn tells_people(&self) -> bool {
        self.format == Format::Text && !self.quiet
    }
}
