//! Looking into a training: `--log`, `--health`, `--progress`, `--watch`, `--checked`, profiles.

mod lines;
mod page;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

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

#[derive(Args)]
pub(crate) struct WatchFlags {
    /// Write the run for TensorBoard into this folder, which must have no other: curves, histograms of weights and
    /// gradients, pictures of the first weights, the graph, settings
    #[arg(long, value_name = "FOLDER", help_heading = "Watching")]
    log: Option<PathBuf>,

    /// Print at the end how each layer is: its gradients, weights and steps, dead and saturated units
    #[arg(long, help_heading = "Watching")]
    pub(super) health: bool,

    /// Write a JSON line for each epoch, for each warning and for a step now and then to this file; - for
    /// standard output, where the report is then the last line
    #[arg(long, value_name = "FILE", help_heading = "Watching")]
    progress: Option<PathBuf>,

    /// Draw a page of the terminal anew while it trains: curves, rates, the time left
    #[arg(long, conflicts_with = "quiet", help_heading = "Watching")]
    pub(super) watch: bool,

    /// Compute operation by operation, and stop at the first result that is NaN or infinite, with its
    /// layer and its operands; slow
    #[arg(long, help_heading = "Watching")]
    checked: bool,

    /// What watches for things that go wrong.
    #[arg(skip)]
    seen: Health,

    /// What measures the steps.
    #[arg(skip)]
    pub(super) profiler: Option<Profiler>,
}

/// What is written of a training while it goes on.
#[derive(Clone)]
pub(super) struct Log {
    board: Option<TensorBoard>,
    lines: Option<Arc<Mutex<Lines>>>,
    page: Option<Arc<Mutex<Page>>>,
}

impl Train {
    /// Begins what is to be written of the training. Of several networks, those after the first have event folders
    /// of their own inside of the first's, and write no lines.
    pub(super) fn log(&self, number: usize, output: &Output) -> Outcome<Log> {
        let page = self.watch.watch.then(Page::new).transpose()?;
        let page = page.map(|page| Arc::new(Mutex::new(page)));
        let board = self.watch.log.as_ref().map(|folder| -> Outcome<TensorBoard> {
            let folder = match number {
                0 => folder.clone(),
                other => folder.join(format!("network-{}", other + 1)),
            };
            let board = TensorBoard::create(&folder)
                .map_err(|error| Failure::usage(error.context("--log")))?;
            board.settings(&self.logged())?;
            Ok(board)
        });
        let progress = self.watch.progress.as_ref().filter(|_| number == 0);
        let resumes = self.runs.resume.is_some();
        let lines = progress.map(|path| Lines::to(path, resumes, output));
        let lines = lines.transpose()?.map(|lines| Arc::new(Mutex::new(lines)));
        Ok(Log { board: board.transpose()?, lines, page })
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
    pub(super) fn on<'n>(
        &self,
        network: usize,
        log: &Log,
        mut trainer: Trainer<'n>,
    ) -> Trainer<'n> {
        if self.checked {
            trainer = trainer.mode(Mode::Checked);
        }
        match &self.profiler {
            // What is measured is the steps alone.
            Some(profiler) => return trainer.profile(profiler),
            None if network == 0 => trainer = trainer.watch(self.seen.clone()),
            None => {}
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

    /// What watches for things that go wrong.
    pub(super) fn seen(&self) -> Health {
        self.seen.clone()
    }

    /// All that went wrong, each in a line.
    pub(super) fn warnings(&self) -> Vec<String> {
        self.seen.report().warnings.iter().map(Warning::to_string).collect()
    }

    /// Prints the report of a training; in one line after others of the same output.
    pub(super) fn report(&self, output: &Output, report: &impl Serialize) -> Outcome {
        match self.progress.as_ref().is_some_and(|path| path.as_os_str() == "-") {
            true => output.line(serde_json::to_string(report).map_err(Failure::failed)?),
            false => output.json(report),
        }
    }

    /// Prints what was watched of each layer; of several networks those of the first.
    pub(super) fn health_table(&self, output: &Output) -> Outcome {
        output.line(format!("\n{}", self.seen.report().to_string().trim_end()))
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
