//! A training as JSON lines, for other programs.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use gradtape::Result;
use gradtape::train::{EpochReport, Scores, StepReport, Warning, Watch};
use serde_json::{Value, json};

use crate::error::{Failure, Outcome};
use crate::output::Output;
use crate::report::Number;

/// Where the lines go.
pub(super) struct Lines {
    to: To,
    /// What each line says of where it comes from.
    names: Vec<(&'static str, Value)>,
    started: Instant,
    last: Option<Instant>,
    failure: Option<Failure>,
}

enum To {
    File(File),
    Output(Output),
}

/// Between two steps that are told.
const BETWEEN: Duration = Duration::from_millis(250);

impl Lines {
    /// Lines to standard output, or to a file that is begun anew, or goes on with a training that does. Fails for a
    /// file that holds anything else.
    pub(super) fn to(
        path: &Path,
        goes_on: bool,
        names: Vec<(&'static str, Value)>,
        output: &Output,
    ) -> Outcome<Lines> {
        let refused = |why: &dyn fmt::Display| {
            Failure::usage(format!("--progress {}: {why}", path.display()))
        };
        if path.as_os_str() == "-" {
            let to = To::Output(output.clone());
            return Ok(Lines { to, names, started: Instant::now(), last: None, failure: None });
        }
        if path.exists() && !is_progress(path).map_err(|error| refused(&error))? {
            return Err(refused(
                &"the file holds something else than the progress of a training\n  hint: name a new file",
            ));
        }
        let mut options = OpenOptions::new();
        options.create(true).write(true).append(goes_on).truncate(!goes_on);
        let to = To::File(options.open(path).map_err(|error| refused(&error))?);
        Ok(Lines { to, names, started: Instant::now(), last: None, failure: None })
    }

    fn write(&mut self, mut line: Value) {
        if self.failure.is_some() {
            return;
        }
        for (name, value) in &self.names {
            line[*name] = value.clone();
        }
        line["seconds"] = json!(self.started.elapsed().as_secs_f64());
        let written = match &mut self.to {
            To::Output(output) => output.line(&line).and_then(|()| output.finish()),
            To::File(file) => writeln!(file, "{line}")
                .map_err(|error| Failure::failed(format!("--progress cannot be written: {error}"))),
        };
        self.failure = written.err();
    }
}

/// Whether a file is empty or begins with a line of progress; of what is no file, as a terminal, there is nothing to
/// lose.
fn is_progress(path: &Path) -> io::Result<bool> {
    if !path.is_file() {
        return Ok(true);
    }
    let mut first = String::new();
    let read = BufReader::new(File::open(path)?).take(4096).read_line(&mut first);
    let line = read.ok().and_then(|_| serde_json::from_str::<Value>(&first).ok());
    Ok(fs::metadata(path)?.len() == 0 || line.is_some_and(|line| line.get("event").is_some()))
}

/// Writes a step now and then.
pub(super) struct Watching(pub(super) Arc<Mutex<Lines>>);

/// Fails where a line could not be written.
pub(super) fn end(lines: &Mutex<Lines>) -> Outcome {
    lock(lines).failure.take().map_or(Ok(()), Err)
}

/// Writes a line about something that goes wrong.
pub(super) fn warn(lines: &Mutex<Lines>, Warning { epoch, what, help }: &Warning) {
    lock(lines).write(json!({"event": "warning", "epoch": epoch, "what": what, "help": help}));
}

/// Writes a line about an epoch.
pub(super) fn epoch(lines: &Mutex<Lines>, report: &EpochReport) {
    lock(lines).write(json!({
        "event": "epoch", "epoch": report.epoch, "learning_rate": Number(report.learning_rate),
        "train": scores(&report.train), "validation": report.validation.as_ref().map(scores),
    }));
}

impl Watch for Watching {
    fn is_due(&self, _: usize, _: usize, _: usize) -> bool {
        false
    }

    fn step(&mut self, report: &StepReport) -> Result<()> {
        let mut lines = lock(&self.0);
        let now = Instant::now();
        if lines.last.is_none_or(|last| now - last > BETWEEN) {
            lines.last = Some(now);
            let StepReport { epoch, epochs, step, steps, running, loss } = report;
            lines.write(json!({
                "event": "step", "epoch": epoch, "epochs": epochs, "step": step, "steps": steps,
                "loss": Number(*loss), "running_loss": Number(running.loss),
            }));
        }
        Ok(())
    }
}

fn scores(scores: &Scores) -> Value {
    let mut all = json!({"loss": Number(scores.loss)});
    if let Some(accuracy) = scores.accuracy {
        all["accuracy"] = json!(Number(accuracy));
    }
    if let Some(error) = scores.mean_absolute_error {
        all["mae"] = json!(Number(error));
    }
    all
}

fn lock(lines: &Mutex<Lines>) -> MutexGuard<'_, Lines> {
    lines.lock().unwrap_or_else(PoisonError::into_inner)
}
