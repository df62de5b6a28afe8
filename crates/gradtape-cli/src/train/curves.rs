//! The picture of a training.

use gradtape::train::{EpochReport, History, Scores};
use gradtape_chart::{COLOURS, Chart, Dash, Dots, GREY, Line, Mark, Panel};

use crate::report::of;

/// A panel for each score, with its curves over the epochs, a point at the epoch that was kept, and a line at what was
/// reached on the rows that were held out. Scores that were not measured have none.
///
/// Of several networks that answer together each has a thin line of its own, on its rows to validate, else on those to
/// train on, with the epoch that it kept; the means end where the first of them ended.
pub(super) fn curves(histories: &[History], held_out: Option<&Scores>, title: &str) -> Chart {
    let panel = |name, score: Score| panel(histories, held_out, name, score);
    let all = [
        panel("loss", |scores| Some(scores.loss)),
        panel("accuracy", |scores| scores.accuracy),
        panel("mean absolute error", |scores| scores.mean_absolute_error),
    ];
    let measured = all.into_iter().filter(|panel| !panel.marks.is_empty());
    Chart { title: title.to_string(), panels: measured.collect() }
}

type Score = fn(&Scores) -> Option<f64>;
type Rows = fn(&EpochReport) -> Option<&Scores>;

const TRAIN: Rows = |report| Some(&report.train);
const VALIDATION: Rows = |report| report.validation.as_ref();

fn panel(histories: &[History], held_out: Option<&Scores>, name: &str, score: Score) -> Panel {
    let values = |history: &History, of: Rows| -> Vec<f64> {
        let value = |report| of(report).and_then(score).unwrap_or(f64::NAN);
        history.epochs.iter().map(value).collect()
    };
    let validated =
        histories.iter().any(|history| history.epochs.iter().any(|e| e.validation.is_some()));
    let own: Vec<Vec<f64>> = histories
        .iter()
        .map(|history| values(history, if validated { VALIDATION } else { TRAIN }))
        .collect();
    let several = histories.len() > 1;
    let mean = if several { format!(", mean of {}", histories.len()) } else { String::new() };
    let longest = own.iter().map(Vec::len).max().unwrap_or(0);
    let level = held_out.and_then(score);
    let mut rows = vec![
        (format!("train{mean}"), while_all_run(histories, |history| values(history, TRAIN))),
        (
            format!("validation{mean}"),
            while_all_run(histories, |history| values(history, VALIDATION)),
        ),
        ("held out".to_string(), vec![level.unwrap_or(f64::NAN); longest]),
    ];
    // The axes are made for all that is drawn.
    if several {
        rows.extend(own.iter().map(|values| (String::new(), values.clone())));
    }
    let mut panel = Panel::series("epoch", name, rows);
    let mut seen = false;
    for mark in &mut panel.marks {
        let Mark::Line(line) = mark else { continue };
        if line.label == "held out" {
            *line = Line { colour: GREY, dash: Dash::Short, ..line.clone() };
        }
        if line.label.is_empty() {
            let label = match std::mem::replace(&mut seen, true) {
                true => String::new(),
                false => format!("each of {}", of(histories.len(), "network")),
            };
            let place = if validated { 1 } else { 0 };
            let shape = Line { points: line.points.clone(), ..Line::nth(place) };
            *line = Line { thin: true, dash: Dash::None, label, ..shape };
        }
    }
    // What is thin lies behind.
    panel.marks.sort_by_key(|mark| !matches!(mark, Mark::Line(line) if line.thin));
    let kept = histories.iter().zip(&own).filter_map(|(history, values)| {
        let value = *values.get(history.kept_epoch.wrapping_sub(1))?;
        value.is_finite().then_some((history.kept_epoch as f64, value))
    });
    let points: Vec<(f64, f64)> = kept.collect();
    if !points.is_empty() {
        let label = if several { "kept epochs" } else { "kept epoch" }.to_string();
        panel.marks.push(Mark::Dots(Dots { points, colour: COLOURS[2], large: true, label }));
    }
    panel
}

/// The means over the networks of each epoch that all of them had.
fn while_all_run(histories: &[History], values: impl Fn(&History) -> Vec<f64>) -> Vec<f64> {
    let all: Vec<Vec<f64>> = histories.iter().map(values).collect();
    let epochs = all.iter().map(Vec::len).min().unwrap_or(0);
    let mean = |epoch: usize| all.iter().map(|own| own[epoch]).sum::<f64>() / all.len() as f64;
    (0..epochs).map(mean).collect()
}
