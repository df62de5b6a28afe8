//! A training as a page of the terminal that is drawn anew while it goes on.

use std::fmt::Write;
use std::slice;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use console::Term;
use gradtape::Result;
use gradtape::train::{EpochReport, History, StepReport, Warning, Watch};
use gradtape_chart::{Chart, Panel};

use crate::error::{Failure, Outcome};
use crate::report::percent;
use crate::train::curves::curves;

/// What is drawn.
pub(super) struct Page {
    term: Term,
    started: Instant,
    drawn: Option<Instant>,
    /// Lines that stand there now.
    lines: usize,
    seen: Seen,
}

/// What is known of the training.
#[derive(Default)]
struct Seen {
    history: History,
    last: Option<StepReport>,
    /// The losses of the steps of the first epoch.
    first: Vec<f64>,
    warnings: Vec<String>,
}

/// Between two drawings.
const BETWEEN: Duration = Duration::from_millis(250);

impl Page {
    /// Fails where standard error is no terminal.
    pub(super) fn new() -> Outcome<Page> {
        let term = Term::stderr();
        if !term.is_term() {
            let message = "--watch draws on a terminal, and standard error is none\n  hint: --progress FILE \
                           writes the same numbers as lines of JSON";
            return Err(Failure::usage(message));
        }
        Ok(Page { term, started: Instant::now(), drawn: None, lines: 0, seen: Seen::default() })
    }

    fn draw(&mut self) {
        let (rows, columns) = self.term.size();
        let text = self.seen.text(columns.into(), rows.into(), self.started.elapsed());
        // A terminal that went away is no reason to end a training.
        let _ = self.term.clear_last_lines(self.lines);
        let _ = self.term.write_str(&text);
        self.lines = text.lines().count();
        self.drawn = Some(Instant::now());
    }
}

/// Draws what happens.
pub(super) struct Drawing(pub(super) Arc<Mutex<Page>>);

impl Watch for Drawing {
    fn is_due(&self, _: usize, _: usize, _: usize) -> bool {
        false
    }

    fn step(&mut self, report: &StepReport) -> Result<()> {
        let mut page = lock(&self.0);
        page.seen.last = Some(*report);
        if report.epoch == 1 {
            page.seen.first.push(report.loss);
        }
        if page.drawn.is_none_or(|drawn| drawn.elapsed() > BETWEEN) {
            page.draw();
        }
        Ok(())
    }
}

/// An epoch is done.
pub(super) fn epoch(page: &Mutex<Page>, report: &EpochReport) {
    lock(page).seen.history.epochs.push(report.clone());
}

/// Something goes wrong.
pub(super) fn warn(page: &Mutex<Page>, warning: &Warning) {
    lock(page).seen.warnings.push(warning.to_string());
}

/// Draws the last page, which stays.
pub(super) fn end(page: &Mutex<Page>) {
    lock(page).draw();
}

impl Seen {
    /// The page, at most as wide and high as the terminal, with a row left below it.
    fn text(&self, columns: usize, rows: usize, spent: Duration) -> String {
        let mut below = self.numbers(spent);
        below.extend(self.warnings.iter().rev().take(3).rev().map(|line| format!("note: {line}")));
        let below: Vec<String> =
            below.iter().map(|line| line.chars().take(columns.max(2) - 1).collect()).collect();
        let chart = match self.history.epochs.len() {
            0 | 1 => {
                let panel = Panel::series("step", "loss", [("train", self.first.clone())]);
                Chart { title: String::new(), panels: vec![panel] }
            }
            _ => curves(slice::from_ref(&self.history), None, ""),
        };
        let high = rows.saturating_sub(below.len() + 2);
        let mut text = match self.first.len() > 1 && high >= 10 && columns >= 30 {
            true => chart.terminal(columns, high, false).unwrap_or_default(),
            false => String::new(),
        };
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        for line in below {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{line}");
        }
        text
    }

    /// Where it is, how fast, and for how long.
    fn numbers(&self, spent: Duration) -> Vec<String> {
        let Some(last) = &self.last else { return vec!["the first step".to_string()] };
        let StepReport { epoch, epochs, step, steps, running, .. } = last;
        let done = (epoch - 1) * steps + step;
        let all = (epochs * steps).max(done);
        let rate = done as f64 / spent.as_secs_f64().max(1e-9);
        let shown = if rate < 10.0 { format!("{rate:.1}") } else { format!("{rate:.0}") };
        let left = (all - done) as f64 / rate.max(1e-9);
        let accuracy = running
            .accuracy
            .map(|share| format!(", accuracy {}", percent(share)))
            .unwrap_or_default();
        let mut lines = vec![format!(
            "epoch {epoch}/{epochs}, step {step}/{steps}; loss {:.4}{accuracy}",
            running.loss
        )];
        if let Some(report) = self.history.epochs.last() {
            let validation = report.validation.map(|scores| {
                let accuracy = scores.accuracy.map(|share| format!(", {}", percent(share)));
                format!("validation {:.4}{}; ", scores.loss, accuracy.unwrap_or_default())
            });
            let validation = validation.unwrap_or_default();
            lines.push(format!("{validation}learning rate {}", report.learning_rate));
        }
        lines.push(format!(
            "{shown} steps a second, {} spent, about {} left",
            time(spent.as_secs_f64()),
            time(left)
        ));
        lines
    }
}

/// Seconds, minutes or hours.
fn time(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match whole {
        0..60 => format!("{seconds:.1} s"),
        60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole / 60 % 60),
    }
}

fn lock(page: &Mutex<Page>) -> MutexGuard<'_, Page> {
    page.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use gradtape::train::Scores;

    use super::*;

    fn seen(epochs: usize) -> Seen {
        let mut seen = Seen::default();
        for epoch in 1..=epochs {
            for step in 1..=10 {
                let loss = 1.0 / (epoch * 10 + step) as f64;
                let running = Scores { loss, accuracy: Some(0.5), ..Scores::default() };
                seen.last = Some(StepReport { epoch, epochs: 8, step, steps: 10, running, loss });
                if epoch == 1 {
                    seen.first.push(loss);
                }
            }
            let scores = Scores { loss: 1.0 / epoch as f64, ..Scores::default() };
            let validation = Some(scores);
            let report = EpochReport { epoch, learning_rate: 0.01, train: scores, validation };
            seen.history.epochs.push(report);
        }
        seen
    }

    #[test]
    fn a_page_has_curves_rates_and_the_time_left() {
        let text = seen(4).text(80, 24, Duration::from_secs(100));
        for part in [
            "epoch 4/8, step 10/10; loss 0.0200, accuracy 50.00 %",
            "validation 0.2500; learning rate 0.01",
            "0.4 steps a second, 1 min 40 s spent, about 1 min 40 s left",
            "train",
            "epoch",
        ] {
            assert!(text.contains(part), "{part:?} is not in:\n{text}");
        }
    }

    #[test]
    fn a_page_is_no_larger_than_the_terminal() {
        let mut long = seen(3);
        long.warnings = vec!["w".repeat(300); 5];
        for seen in [Seen::default(), seen(1), seen(2), long] {
            for (columns, rows) in [(80, 24), (20, 10), (200, 60), (1, 1), (0, 0)] {
                let text = seen.text(columns, rows, Duration::from_millis(1));
                let high = text.lines().count();
                assert!(high < rows.max(8), "{high} lines of {rows}:\n{text}");
                let wide = text.lines().map(|line| line.chars().count()).max().unwrap_or(0);
                assert!(wide <= columns.max(40), "{wide} of {columns}:\n{text}");
            }
        }
        assert_eq!([0.4, 61.0, 7322.0].map(time), ["0.4 s", "1 min 01 s", "2 h 02 min"]);
    }
}
