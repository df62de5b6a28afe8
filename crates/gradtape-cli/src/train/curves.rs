//! The picture of a training.

use gradtape::train::{EpochReport, History, Scores};
use gradtape_chart::{Chart, Panel};

/// A panel for each score, with its curves over the epochs. Scores that were not measured have none.
pub(super) fn curves(history: &History, title: &str) -> Chart {
    let panel = |name, score: fn(&Scores) -> Option<f64>| {
        let values = |of: fn(&EpochReport) -> Option<&Scores>| -> Vec<f64> {
            let value = |report| of(report).and_then(score).unwrap_or(f64::NAN);
            history.epochs.iter().map(value).collect()
        };
        let train = values(|report| Some(&report.train));
        let validation = values(|report| report.validation.as_ref());
        Panel::series("epoch", name, [("train", train), ("validation", validation)])
    };
    let all = [
        panel("loss", |scores| Some(scores.loss)),
        panel("accuracy", |scores| scores.accuracy),
        panel("mean absolute error", |scores| scores.mean_absolute_error),
    ];
    let measured = all.into_iter().filter(|panel| !panel.marks.is_empty());
    Chart { title: title.to_string(), panels: measured.collect() }
}
