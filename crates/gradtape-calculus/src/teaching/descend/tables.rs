//! Paths as tables: for people, for spreadsheets, side by side.

use std::fmt;

use super::path::{Path, PathStep, Stopped, length, numbers};
use crate::report::{Number, exact, short, table};

/// Paths of one expression as comma-separated values with one header. Those of several optimisers have
/// the optimiser in the first column.
pub fn paths_csv(paths: &[Path]) -> String {
    let Some(first) = paths.iter().find_map(|path| path.steps.first()) else {
        return String::new();
    };
    let names = || first.at.0.iter().map(|(name, _)| name.clone());
    let several = paths.len() > 1;
    let mut heading: Vec<String> = several.then(|| "optimizer".to_string()).into_iter().collect();
    heading.push("step".to_string());
    heading.extend(names());
    heading.push("value".to_string());
    heading.extend(names().map(|name| format!("d_{name}")));
    let mut text = heading.join(",") + "\n";
    for path in paths {
        for step in &path.steps {
            if several {
                text += &format!("{},", path.optimizer);
            }
            text += &step.step.to_string();
            for value in numbers_of(step) {
                text += &format!(",{}", exact(value.0));
            }
            text.push('\n');
        }
    }
    text
}

/// The place, the value and the gradient.
fn numbers_of(step: &PathStep) -> impl Iterator<Item = &Number> {
    step.at.values().chain([&step.value]).chain(step.gradient.values())
}

/// Where several descents ended, a row for each.
pub fn compare_paths(paths: &[Path]) -> String {
    let Some(first) = paths.iter().find_map(|path| path.steps.first()) else {
        return String::new();
    };
    let mut heading: Vec<String> = ["optimizer", "rate", "steps"].map(str::to_string).into();
    heading.extend(first.at.0.iter().map(|(name, _)| name.clone()));
    heading.extend(["value", "|gradient|", "stopped"].map(str::to_string));
    let mut rows = vec![heading];
    for path in paths {
        let Some(last) = path.steps.last() else { continue };
        let mut row = vec![path.optimizer.clone(), short(path.lr.0), last.step.to_string()];
        row.extend(last.at.values().map(|value| short(value.0)));
        row.push(short(last.value.0));
        row.push(short(length(&numbers(&last.gradient))));
        row.push(path.stopped.name().to_string());
        rows.push(row);
    }
    format!("Where they ended\n{}", table(&rows))
}

impl Path {
    /// The path as comma-separated values with a header.
    pub fn csv(&self) -> String {
        paths_csv(std::slice::from_ref(self))
    }
}

impl Stopped {
    /// The word in JSON.
    fn name(self) -> &'static str {
        match self {
            Stopped::Steps => "steps",
            Stopped::Tolerance => "tolerance",
            Stopped::Diverged => "diverged",
        }
    }
}

/// Long paths are shown by their beginning and end.
const SHOWN: usize = 10;

/// A table of the steps and what the end is.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(first) = self.steps.first() else { return Ok(()) };
        writeln!(
            f,
            "{}   by {} with learning rate {}",
            self.expression,
            self.optimizer,
            short(self.lr.0)
        )?;
        let mut heading = vec!["step".to_string()];
        heading.extend(first.at.0.iter().map(|(name, _)| name.clone()));
        heading.push("value".to_string());
        heading.extend(first.at.0.iter().map(|(name, _)| format!("d/d{name}")));
        let mut rows = vec![heading];
        let count = self.steps.len();
        for (number, step) in self.steps.iter().enumerate() {
            if count > 2 * SHOWN + 1 && (SHOWN..count - SHOWN).contains(&number) {
                if number == SHOWN {
                    rows.push(vec!["…".to_string()]);
                }
                continue;
            }
            let mut row = vec![step.step.to_string()];
            row.extend(numbers_of(step).map(|value| short(value.0)));
            rows.push(row);
        }
        f.write_str(&table(&rows))?;
        let why = match self.stopped {
            Stopped::Steps => "all steps taken",
            Stopped::Tolerance => "the last step was shorter than the tolerance",
            Stopped::Diverged => "it diverged",
        };
        writeln!(f, "\n{why}; the end is {}", self.end)?;
        self.notes.iter().try_for_each(|note| writeln!(f, "{note}"))
    }
}
