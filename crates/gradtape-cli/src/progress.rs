//! What is seen while a network trains: a bar on a terminal, a line for each epoch.

use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use gradtape::train::{EpochReport, Scores, StepReport, Warning};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::error::{Failure, Outcome};
use crate::measure::short;
use crate::output::Output;
use crate::report::percent;

/// Follows a training.
pub(crate) struct Progress {
    output: Output,
    lines: bool,
    beside: Option<Beside>,
    validation: bool,
    bar: Option<ProgressBar>,
    drawn: Option<Instant>,
    started: Instant,
    /// How long each epoch took.
    pub(crate) seconds: Vec<f64>,
    failure: Option<Failure>,
}

/// What is shown of a training.
#[derive(Clone, Copy)]
pub(crate) struct Shown {
    /// A line for each epoch.
    pub(crate) lines: bool,
    /// A bar, if standard error is a terminal.
    pub(crate) bar: bool,
    /// What stands beside the loss.
    pub(crate) beside: Option<Beside>,
    /// The scores on the validation rows too.
    pub(crate) validation: bool,
}

/// A score beside the loss.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Beside {
    Accuracy,
    /// The mean absolute error of a number to predict, in its own unit; `unit` is the size in which the network
    /// measures it.
    Error {
        unit: f64,
    },
}

impl Shown {
    /// Has the errors of a report in the unit of the target.
    pub(crate) fn in_unit(&self, report: &mut EpochReport) {
        let Some(Beside::Error { unit }) = self.beside else { return };
        for scores in std::iter::once(&mut report.train).chain(&mut report.validation) {
            scores.mean_absolute_error = scores.mean_absolute_error.map(|error| error * unit);
        }
    }
}

impl Progress {
    pub(crate) fn new(output: &Output, shown: &Shown, epochs: usize, steps: usize) -> Progress {
        let bar = (shown.bar && stderr().is_terminal()).then(|| {
            let target = ProgressDrawTarget::stderr_with_hz(10);
            let bar = ProgressBar::with_draw_target(Some((epochs * steps) as u64), target);
            let style = "{prefix} [{bar:24}] {percent} % {msg}";
            if let Ok(style) = ProgressStyle::with_template(style) {
                bar.set_style(style.progress_chars("=> "));
            }
            bar
        });
        Progress {
            output: output.clone(),
            lines: shown.lines,
            beside: shown.beside,
            validation: shown.validation,
            bar,
            drawn: None,
            started: Instant::now(),
            seconds: Vec::new(),
            failure: None,
        }
    }

    /// The headings of the lines.
    pub(crate) fn begin(&mut self) {
        let mut cells = vec![format!("{:>5}", "epoch"), format!("{:>LOSS$}", "train loss")];
        let beside = self.beside.map(|beside| match beside {
            Beside::Error { .. } => format!("{:>BESIDE$}", "error"),
            Beside::Accuracy => format!("{:>BESIDE$}", "accuracy"),
        });
        cells.extend(beside.clone());
        if self.validation {
            cells.push(format!("{:>LOSS$}", "validation loss"));
            cells.extend(beside);
        }
        cells.push(format!("{:>SECONDS$}", "seconds"));
        let heading = self.output.bold(cells.join("  "));
        self.line(&heading);
        self.started = Instant::now();
    }

    pub(crate) fn step(&mut self, report: &StepReport) {
        let Some(bar) = &self.bar else { return };
        let due = self.drawn.is_none_or(|drawn| drawn.elapsed() > BETWEEN_DRAWINGS);
        if !due && report.step < report.steps {
            return;
        }
        self.drawn = Some(Instant::now());
        let accuracy =
            report.running.accuracy.map(|share| format!(", accuracy {}", percent(share)));
        bar.update(|state| {
            state.set_pos(((report.epoch - 1) * report.steps + report.step) as u64);
        });
        bar.set_prefix(format!("epoch {}/{}", report.epoch, report.epochs));
        bar.set_message(format!("loss {:.4}{}", report.running.loss, accuracy.unwrap_or_default()));
    }

    pub(crate) fn epoch(&mut self, report: &EpochReport) {
        let seconds = self.started.elapsed().as_secs_f64();
        self.started = Instant::now();
        self.seconds.push(seconds);
        let mut cells = vec![format!("{:>5}", report.epoch)];
        cells.extend(self.scores(Some(&report.train)));
        if self.validation {
            cells.extend(self.scores(report.validation.as_ref()));
        }
        cells.push(format!("{seconds:>SECONDS$.2}"));
        self.line(&cells.join("  "));
    }

    /// Something that goes wrong.
    pub(crate) fn note(&mut self, warning: &Warning) {
        self.line(&format!("note: {warning}"));
    }

    /// Something beside the result, on standard error.
    pub(crate) fn tell(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| self.output.note(text)),
            None => self.output.note(text),
        }
    }

    /// Takes the bar away; fails when a line could not be printed.
    pub(crate) fn end(&mut self) -> Outcome {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        self.failure.take().map_or(Ok(()), Err)
    }

    fn scores(&self, scores: Option<&Scores>) -> Vec<String> {
        let loss = scores.map_or("-".to_string(), |scores| loss(scores.loss));
        let beside = self.beside.map(|beside| {
            let score = scores.and_then(|scores| match beside {
                Beside::Error { .. } => scores.mean_absolute_error.map(short),
                Beside::Accuracy => scores.accuracy.map(percent),
            });
            format!("{:>BESIDE$}", score.unwrap_or("-".to_string()))
        });
        [format!("{loss:>LOSS$}")].into_iter().chain(beside).collect()
    }

    fn line(&mut self, text: &str) {
        if !self.lines || self.failure.is_some() {
            return;
        }
        let print = || self.output.line(text);
        let printed = match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        };
        self.failure = printed.err();
    }
}

const BETWEEN_DRAWINGS: Duration = Duration::from_millis(60);
const LOSS: usize = 15;
const BESIDE: usize = 9;
const SECONDS: usize = 7;

/// A loss with digits that matter also when it is tiny.
fn loss(loss: f64) -> String {
    if loss == 0.0 || (1e-3..1e6).contains(&loss.abs()) {
        format!("{loss:.4}")
    } else {
        format!("{loss:.3e}")
    }
}
