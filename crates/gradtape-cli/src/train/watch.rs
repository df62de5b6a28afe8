//! Looking into a training: `--log`, `--health`, `--progress`, `--watch`, `--checked`, profiles.

mod lines;
mod page;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use clap::Args;
use gradtape::eval::Profiler;
use gradtape::io::Setting;
use gradtape::train::{EpochReport, Health, TensorBoard, Trainer, Warning};
use gradtape::{Error, Mode};
use serde::Serialize;

use self::lines::Lines;
use self::page::Page;
use super::Train;
use super::network::Network;
use crate::error::{Failure, Outcome};
use crate::output::Output;

#[derive(Args, Default)]
pub(crate) struct WatchFlags {
    /// Write the run for TensorBoard into this folder, which must have no other: curves, histograms of weights and
    /// gradients, pictures of the first weights, the graph, settings
    #[arg(long, value_name = "FOLDER", help_heading = "Watching")]
    log: Option<PathBuf>,

    /// Print at the end how each layer is: its gradients, weights and steps, dead and saturated units
    #[arg(long, help_heading = "Watching")]
    pub(super) health: bool,

    /// Write a JSON line for each epoch, for each warning and for a step now and then to this file; - for standard
    /// output in the place of lines for people, with the report of --format json as the last line
    #[arg(long, value_name = "FILE", help_heading = "Watching")]
    progress: Option<PathBuf>,

    /// Draw a page of the terminal anew while it trains: curves, rates, the time left
    #[arg(long, conflicts_with = "quiet", help_heading = "Watching")]
    pub(super) watch: bool,

    /// Compute operation by operation, and stop at the first result that is NaN or infinite, with its
    /// layer and its operands; slow
    #[arg(long, help_heading = "Watching")]
    checked: bool,

    /// What watched the networks for things that go wrong, in their order.
    #[arg(skip)]
    seen: Arc<Mutex<Vec<(usize, Health)>>>,

    /// The place of this training among several that are compared, and what it is called.
    #[arg(skip)]
    beside: Option<(usize, String)>,

    /// Whether it begins anew where it had begun before.
    #[arg(skip)]
    again: bool,

    /// What measures the steps.
    #[arg(skip)]
    pub(super) profiler: Option<Profiler>,
}

/// What is written of a training while it goes on.
#[derive(Clone)]
pub(super) struct Log {
    health: Health,
    number: usize,
    /// Whether there are other networks.
    several: bool,
    board: Option<TensorBoard>,
    lines: Option<Arc<Mutex<Lines>>>,
    page: Option<Arc<Mutex<Page>>>,
}

impl Train {
    /// Begins what is to be written of the training of the network of a number, or goes on with it. Of several networks,
    /// those after the first have event folders of their own inside of the first's.
    pub(super) fn log(&self, number: usize, resumes: bool, output: &Output) -> Outcome<Log> {
        let page = self.watch.watch.then(Page::new).transpose()?;
        let page = page.map(|page| Arc::new(Mutex::new(page)));
        let board = self.watch.log.as_ref().map(|folder| -> Outcome<TensorBoard> {
            let folder = match number {
                0 => folder.clone(),
                other => folder.join(format!("network-{}", other + 1)),
            };
            // A later network may have begun before the stop, without a checkpoint of its own.
            let board = match self.runs.resume.is_some() || self.watch.again {
                true => TensorBoard::resume(&folder),
                false => TensorBoard::create(&folder),
            };
            let board = board.map_err(|error| Failure::usage(error.context("--log")))?;
            board.settings(&self.logged())?;
            Ok(board)
        });
        let board = board.transpose()?;
        let several = self.members() > 1;
        let goes_on = resumes
            || self.watch.again
            || number > 0
            || self.watch.beside.as_ref().is_some_and(|(place, _)| *place > 0);
        let lines = self.watch.progress.as_ref().map(|path| {
            let mut names = Vec::new();
            if let Some((_, label)) = &self.watch.beside {
                names.push(("training", label.clone().into()));
            }
            if several {
                names.push(("network", (number + 1).into()));
            }
            Lines::to(path, goes_on, names, output)
        });
        let lines = lines.transpose()?.map(|lines| Arc::new(Mutex::new(lines)));
        let health = Health::new();
        // Of a profile, what is measured is the steps alone.
        if self.watch.profiler.is_none() {
            self.watch.seen().push((number, health.clone()));
        }
        Ok(Log { health, number, several, board, lines, page })
    }

    /// The settings, for TensorBoard's table.
    fn logged(&self) -> Vec<(String, Setting)> {
        let number = |number: f64| Setting::Number(number);
        let mut all = vec![
            ("network".to_string(), Setting::Text(self.network.to_string())),
            ("optimizer".to_string(), Setting::Text(self.optimizer().to_string())),
            ("batch".to_string(), number(self.batch() as f64)),
            ("epochs".to_string(), number(self.epochs() as f64)),
            ("seed".to_string(), number(self.seed as f64)),
            ("dropout".to_string(), number(self.dropout())),
        ];
        if self.network == Network::Mlp {
            let widths: Vec<String> = self.hidden().0.iter().map(usize::to_string).collect();
            all.push(("hidden".to_string(), Setting::Text(widths.join(","))));
            all.push(("activation".to_string(), Setting::Text(self.activation().to_string())));
        }
        if let Some(schedule) = &self.schedule {
            all.push(("schedule".to_string(), Setting::Text(schedule.clone())));
        }
        for (name, value) in self.hyperparameters() {
            let setting = match (value.parse(), &*value) {
                (Ok(number), _) => Setting::Number(number),
                (_, "true" | "false") => Setting::Flag(value == "true"),
                _ => Setting::Text(value),
            };
            all.push((name, setting));
        }
        all
    }
}

impl Log {
    /// What went wrong since this was last asked, with the number of the network where there are several.
    pub(super) fn take_warnings(&self) -> Vec<Warning> {
        let mut warnings = self.health.take_warnings();
        for warning in warnings.iter_mut().filter(|_| self.several) {
            warning.what = format!("network {}: {}", self.number + 1, warning.what);
        }
        warnings
    }

    pub(super) fn epoch(&self, report: &EpochReport) {
        if let Some(log) = &self.lines {
            lines::epoch(log, report);
        }
        if let Some(page) = &self.page {
            page::epoch(page, report);
        }
    }

    pub(super) fn warn(&self, warning: &Warning) {
        if let Some(log) = &self.lines {
            lines::warn(log, warning);
        }
        if let Some(page) = &self.page {
            page::warn(page, warning);
        }
    }
}

impl WatchFlags {
    /// A trainer that is watched as asked for.
    pub(super) fn on<'n>(&self, log: &Log, mut trainer: Trainer<'n>) -> Trainer<'n> {
        if self.checked {
            trainer = trainer.mode(Mode::Checked);
        }
        match &self.profiler {
            Some(profiler) => return trainer.profile(profiler),
            None => trainer = trainer.watch(log.health.clone()),
        }
        if let Some(board) = &log.board {
            trainer = trainer.watch(board.clone());
        }
        if let Some(lines) = &log.lines {
            trainer = trainer.watch(lines::Watching(Arc::clone(lines)));
        }
        if let Some(page) = &log.page {
            trainer = trainer.watch(page::Drawing(Arc::clone(page)));
        }
        trainer
    }

    /// Sets apart what is written of one of several trainings: its place, what it is called, and its folder of events
    /// inside of that of all.
    pub(super) fn set_beside(&mut self, place: usize, label: String, folder: &str) {
        self.beside = Some((place, label));
        if let Some(log) = &mut self.log {
            log.push(folder);
        }
    }

    /// What is written goes behind what was written of it before.
    pub(super) fn begin_again(&mut self) {
        self.again = true;
    }

    /// Watches nothing.
    pub(super) fn see_nothing(&mut self) {
        (self.log, self.progress) = (None, None);
        (self.health, self.watch) = (false, false);
    }

    fn seen(&self) -> MutexGuard<'_, Vec<(usize, Health)>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All that went wrong, each in a line.
    pub(super) fn warnings(&self) -> Vec<String> {
        let seen = self.seen();
        let of = |(number, health): &(usize, Health)| -> Vec<String> {
            let warnings = health.report().warnings;
            let told = warnings.iter().map(|warning| match seen.len() {
                1 => warning.to_string(),
                _ => format!("network {}: {warning}", number + 1),
            });
            told.collect()
        };
        seen.iter().flat_map(of).collect()
    }

    /// Of what is looked at, that which the computing itself hangs on.
    #[cfg(feature = "mpi")]
    pub(super) fn silent(&self) -> WatchFlags {
        WatchFlags { checked: self.checked, ..WatchFlags::default() }
    }

    /// Whether standard output is for lines of progress.
    pub(super) fn takes_output(&self) -> bool {
        self.progress.as_ref().is_some_and(|path| path.as_os_str() == "-")
    }

    /// The folder of events and the file of lines.
    pub(super) fn paths(&self) -> [Option<PathBuf>; 2] {
        [self.log.clone(), self.progress.clone()]
    }

    /// Prints the report of a training; in one line after others of the same output.
    pub(super) fn report(&self, output: &Output, report: &impl Serialize) -> Outcome {
        match self.takes_output() {
            true => output.line(serde_json::to_string(report).map_err(Failure::failed)?),
            false => output.json(report),
        }
    }

    /// Prints what was watched of each layer, of each network.
    pub(super) fn health_table(&self, output: &Output) -> Outcome {
        let seen = self.seen();
        for (number, health) in seen.iter() {
            if seen.len() > 1 {
                output.line(format!("\nnetwork {}", number + 1))?;
            } else {
                output.line("")?;
            }
            output.line(health.report().to_string().trim_end())?;
        }
        Ok(())
    }

    /// Ends what was written, and tells what was asked for.
    pub(super) fn end(&self, log: &Log, well: bool, table: bool, output: &Output) -> Outcome {
        if let Some(page) = &log.page {
            page::end(page);
        }
        if table {
            self.health_table(output)?;
        }
        if let Some(lines) = &log.lines {
            lines::end(lines)?;
        }
        match &log.board {
            Some(board) => Ok(board.end(well)?),
            None => Ok(()),
        }
    }
}

/// A failure of a training, with flags in the place of methods, and without lines of this program.
pub(super) fn failure(error: Error) -> Failure {
    let text = error.to_string().replace("Trainer::mode(Mode::Checked)", "--checked");
    let own = |line: &&str| line.starts_with("  at ") && line.contains("gradtape-cli");
    let kept: Vec<&str> = text.lines().filter(|line| !own(line)).collect();
    Failure::failed(kept.join("\n"))
}
