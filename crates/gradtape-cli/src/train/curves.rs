//! The picture of a training.

use gradtape::train::{EpochReport, History, Scores};
use gradtape_chart::{COLOURS, Chart, GREY, Line, Mark, Panel};

/// A panel for each score, with its curves over the epochs, a point at the epoch that was kept, and a line at what was
/// reached on the rows that were held out. Scores that were not measured have none.
pub(super) fn curves(history: &History, held_out: Option<&Scores>, title: &str) -> Chart {
    let panel = |name, score: fn(&Scores) -> Option<f64>| {
        let values = |of: fn(&EpochReport) -> Option<&Scores>| -> Vec<f64> {
            let value = |report| of(report).and_then(score).unwrap_or(f64::NAN);
            history.epochs.iter().map(value).collect()
        };
        let train = values(|report| Some(&report.train));
        let validation = values(|report| report.validation.as_ref());
        let rows = [("train", &train), ("validation", &validation)];
        // The axes are made for all that is drawn.
        let level = held_out.and_then(score);
        let constant = vec![level.unwrap_or(f64::NAN); train.len()];
        let mut panel =
            Panel::series("epoch", name, rows.into_iter().chain([("held out", &constant)]));
        for mark in &mut panel.marks {
            if let Mark::Line(line) = mark
                && line.label == "held out"
            {
                *line = Line { colour: GREY, dashed: true, ..line.clone() };
            }
        }
        let kept = history.kept_epoch;
        let decisive =
            [&validation, &train].into_iter().filter_map(|own| own.get(kept.wrapping_sub(1)));
        if let Some(value) = decisive.copied().find(|value| value.is_finite()) {
            panel.marks.push(Mark::Point((kept as f64, value), COLOURS[2]));
        }
        panel
    };
    let all = [
        panel("loss", |scores| Some(scores.loss)),
        panel("accuracy", |scores| scores.accuracy),
        panel("mean absolute error", |scores| scores.mean_absolute_error),
    ];
    let measured = all.into_iter().filter(|panel| !panel.marks.is_empty());
    Chart { title: title.to_string(), panels: measured.collect() }
}
