//! The three files of a training.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use gradtape::io::{self, Model};
use gradtape::train::{EpochReport, History, Scores};
use gradtape_calculus::chart::{Axis, COLOURS, Chart, Line, Mark, Panel};
use serde::Serialize;

use crate::error::{Failure, Outcome};
use crate::source::Source;

/// Where the files of a training go.
#[derive(Serialize)]
pub(super) struct Files {
    model: PathBuf,
    history: PathBuf,
    curves: PathBuf,
}

impl Files {
    /// The files in a folder, which is made if need be. Fails when one could not be written, or is the data.
    pub(super) fn check(folder: &Path, source: &Source) -> Outcome<Files> {
        let unwritable = |why: String| Failure::usage(format!("--out {}: {why}", folder.display()));
        if folder.exists() && !folder.is_dir() {
            let why = "this is a file, but a folder is needed for model, history and curves";
            return Err(unwritable(why.to_string()));
        }
        fs::create_dir_all(folder).map_err(|error| unwritable(error.to_string()))?;
        let name = |name: &str| match folder == Path::new(".") {
            true => PathBuf::from(name),
            false => folder.join(name),
        };
        let files = Files {
            model: name("model.safetensors"),
            history: name("history.csv"),
            curves: name("curves.svg"),
        };
        for path in [&files.model, &files.history, &files.curves] {
            io::check_writable(path).map_err(Failure::usage)?;
            source.spare(path)?;
        }
        Ok(files)
    }

    /// Writes the files, each whole or not at all, the model first.
    pub(super) fn write(&self, model: &Model, history: &History, title: &str) -> Outcome {
        model.save(&self.model)?;
        io::write_atomic(&self.history, history.to_csv().as_bytes())?;
        let chart = Chart { title: title.to_string(), panels: panels(history) };
        io::write_atomic(&self.curves, chart.svg()?.as_bytes())?;
        Ok(())
    }

    /// What to tell when a training came to nothing.
    pub(super) fn none_written(&self) -> String {
        match self.model.exists() {
            true => {
                format!("no model was saved; {} is of an earlier training", self.model.display())
            }
            false => "no model was saved".to_string(),
        }
    }

    pub(super) fn model(&self) -> impl fmt::Display + '_ {
        self.model.display()
    }
}

impl fmt::Display for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Files { model, history, curves } = self;
        write!(f, "{}, {}, {}", model.display(), history.display(), curves.display())
    }
}

/// A panel for each score, with its curves over the epochs.
fn panels(history: &History) -> Vec<Panel> {
    let panel = |name, score: fn(&Scores) -> Option<f64>| {
        let curve = |label: &str, of: fn(&EpochReport) -> Option<&Scores>| {
            let value = |report| of(report).and_then(score).filter(|value| value.abs() < 1e300);
            let values = (1..).map(f64::from).zip(history.epochs.iter().map(value));
            let points: Vec<(f64, f64)> =
                values.map(|(epoch, value)| (epoch, value.unwrap_or(f64::NAN))).collect();
            let known = points.iter().any(|(_, value)| value.is_finite());
            (label.to_string(), known.then_some(points))
        };
        let train = curve("train", |report| Some(&report.train));
        let validation = curve("validation", |report| report.validation.as_ref());
        let curves = [train, validation].into_iter().zip(COLOURS);
        let marks: Vec<Mark> = curves
            .filter_map(|((label, points), colour)| {
                Some(Mark::Line(Line { points: points?, colour, label, ..Line::default() }))
            })
            .collect();
        let y = axis(name, &marks);
        let last = history.epochs.len().max(2) as f64;
        Panel { x: Axis::new("epoch", 1.0, last), y, equal: false, marks }
    };
    let all = [
        panel("loss", |scores| Some(scores.loss)),
        panel("accuracy", |scores| scores.accuracy),
        panel("mean absolute error", |scores| scores.mean_absolute_error),
    ];
    all.into_iter().filter(|panel| !panel.marks.is_empty()).collect()
}

/// Numbers that fall to less than a hundredth are told apart only by their ratios.
const LOGARITHMIC: f64 = 100.0;

fn axis(name: &str, curves: &[Mark]) -> Axis {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for curve in curves {
        let Mark::Line(line) = curve else { continue };
        for (_, value) in line.points.iter().filter(|(_, value)| value.is_finite()) {
            (low, high) = (low.min(*value), high.max(*value));
        }
    }
    if low > 0.0 && high / low >= LOGARITHMIC {
        let name = format!("{name} (logarithmic)");
        return Axis { log: true, ..Axis::new(name, 0.8 * low, 1.25 * high) };
    }
    let room = 0.04 * (high - low);
    Axis::new(name, low - room, high + room)
}
