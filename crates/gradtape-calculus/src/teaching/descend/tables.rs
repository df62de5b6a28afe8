//! Paths as tables: for people, for spreadsheets, side by side.

use std::fmt;

use super::path::{Path, PathStep, Stopped, length, numbers};
use crate::report::{Named, Number, exact, short, table};
use crate::teaching::extremum::Kind;

/// Paths of one expression as comma-separated values with one header. Those of several have the path's label in the
/// first column. After the gradient stand how far the step goes (`step_x`), the gradient it used where there
/// is noise (`used_x`), and what the optimiser keeps after it, such as `exp_avg_x`.
pub fn paths_csv(paths: &[Path]) -> String {
    let (mut heading, rows) = columns(paths);
    if heading.is_empty() {
        return String::new();
    }
    let several = paths.len() > 1;
    if several {
        heading.insert(0, "path".to_string());
    }
    let mut text = heading.join(",") + "\n";
    for (path, rows) in paths.iter().zip(&rows) {
        for row in rows {
            if several {
                let quoted = path.label.contains(',');
                text += &if quoted {
                    format!("\"{}\",", path.label)
                } else {
                    format!("{},", path.label)
                };
            }
            let cells: Vec<String> =
                row.iter().map(|number| number.map(exact).unwrap_or_default()).collect();
            text += &(cells.join(",") + "\n");
        }
    }
    text
}

/// Numbers of a path, a row for each of its steps; what a step does not have is left out.
type Rows = Vec<Vec<Option<f64>>>;

/// The columns of all that is known of some paths, and the rows of each path: the step, the place, the value, the gradient,
/// how far the step goes, the gradient it used where there is noise, and what the optimiser keeps.
pub(crate) fn columns(paths: &[Path]) -> (Vec<String>, Vec<Rows>) {
    let Some(first) = paths.iter().find_map(|path| path.steps.first()) else {
        return Default::default();
    };
    let names: Vec<&str> = first.at.0.iter().map(|(name, _)| name.as_str()).collect();
    let steps = || paths.iter().flat_map(|path| &path.steps);
    let has_noise = steps().any(|step| step.used.is_some());
    let mut kept: Vec<&str> = Vec::new();
    for (name, _) in steps().flat_map(|step| &step.state.0) {
        if !kept.contains(&name.as_str()) {
            kept.push(name);
        }
    }
    let mut kinds = vec!["d", "step"];
    kinds.extend(has_noise.then_some("used"));
    kinds.extend(&kept);
    let heading = heading(&names, &kinds);
    let width = first.at.0.len();
    let row = |step: &PathStep| {
        let mut row = vec![Some(step.step as f64)];
        row.extend(numbers_of(step).map(|number| Some(number.0)));
        let used = has_noise.then_some(step.used.as_ref());
        let states = kept.iter().map(|name| step.state.get(name));
        for group in [step.moved.as_ref()].into_iter().chain(used).chain(states) {
            match group {
                Some(group) => row.extend(group.values().map(|number| Some(number.0))),
                None => row.resize(row.len() + width, None),
            }
        }
        row
    };
    let rows = paths.iter().map(|path| path.steps.iter().map(row).collect());
    (heading, rows.collect())
}

/// The names of the columns: the step, the variables, the value, and of each kind of number one for each
/// variable. A variable that is called as another column, such as `value`, has `at_` before its name.
fn heading(names: &[&str], kinds: &[&str]) -> Vec<String> {
    let mut derived: Vec<String> = Vec::new();
    for kind in kinds {
        for name in names {
            let mut own = format!("{kind}_{name}");
            // `exp_avg` of a variable `sq_x` beside `exp_avg_sq` of `x`.
            if derived.contains(&own) {
                own = format!("{kind}_of_{name}");
            }
            derived.push(own);
        }
    }
    let mut all = vec!["step".to_string()];
    let taken = |name: &str| {
        ["path", "step", "value"].contains(&name) || derived.iter().any(|other| other == name)
    };
    let variables = names.iter().map(|name| {
        let mut own = name.to_string();
        while taken(&own) || own != *name && names.contains(&&*own) {
            own = format!("at_{own}");
        }
        own
    });
    all.extend(variables);
    all.push("value".to_string());
    all.extend(derived);
    all
}

/// The place, the value and the gradient.
fn numbers_of(step: &PathStep) -> impl Iterator<Item = &Number> {
    step.at.values().chain([&step.value]).chain(step.gradient.values())
}

/// Where several descents ended, a row for each, and which end is the lowest.
pub fn compare_paths(paths: &[Path]) -> String {
    let rows = ends(paths);
    if rows.is_empty() {
        return String::new();
    }
    format!("Where they ended\n{}{}", table(&rows), lowest(paths))
}

/// Where descents ended: a row with the names of the columns, and one for each path.
pub(crate) fn ends(paths: &[Path]) -> Vec<Vec<String>> {
    let Some(first) = paths.iter().find_map(|path| path.steps.first()) else {
        return Vec::new();
    };
    let mut heading: Vec<String> = ["path", "rate", "steps"].map(str::to_string).into();
    heading.extend(first.at.0.iter().map(|(name, _)| name.clone()));
    heading.extend(["value", "|gradient|", "stopped"].map(str::to_string));
    let mut rows = vec![heading];
    for path in paths {
        let Some(last) = path.steps.last() else { continue };
        let mut row = vec![path.label.clone(), short(path.lr.0), last.step.to_string()];
        row.extend(last.at.values().map(|value| short(value.0)));
        row.push(short(last.value.0));
        row.push(short(length(&numbers(&last.gradient))));
        row.push(path.stopped.name().to_string());
        rows.push(row);
    }
    rows
}

/// Says which of several ends is the lowest, and whether others are minima as well.
pub(crate) fn lowest(paths: &[Path]) -> String {
    let ends = paths.iter().filter_map(|path| Some((path, path.steps.last()?)));
    let ends =
        ends.filter(|(path, last)| path.stopped != Stopped::Diverged && last.value.0.is_finite());
    let mut ends: Vec<(&Path, &PathStep)> = ends.collect();
    ends.sort_by(|a, b| a.1.value.0.total_cmp(&b.1.value.0));
    let [(best, low), rest @ ..] = ends.as_slice() else { return String::new() };
    let mut text = format!("\nthe lowest end is that of {}: {}\n", best.label, short(low.value.0));
    let size = low.value.0.abs().max(1.0);
    let local = rest.iter().filter(|(path, last)| {
        path.end.kind == Kind::Minimum && last.value.0 - low.value.0 > 1e-6 * size
    });
    for (path, last) in local {
        text += &format!(
            "{} ended in another minimum, which is higher: {}; a descent ends in the valley that it starts in\n",
            path.label,
            short(last.value.0)
        );
    }
    text
}

impl Path {
    /// The path as comma-separated values with a header.
    pub fn csv(&self) -> String {
        paths_csv(std::slice::from_ref(self))
    }

    /// Why it ended, and at what kind of place.
    pub(crate) fn ended(&self) -> String {
        let why = match self.stopped {
            Stopped::Steps => "all steps taken",
            Stopped::Tolerance => "the last step was shorter than the tolerance",
            Stopped::Diverged => "it diverged",
        };
        format!("{why}; the end is {}", self.end)
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
        // Without the gradient that it used, a step would not add up.
        let has_noise = self.steps.iter().any(|step| step.used.is_some());
        let names = first.at.0.iter().map(|(name, _)| name).filter(|_| has_noise);
        heading.extend(names.map(|name| format!("used d/d{name}")));
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
            row.extend(step.used.iter().flat_map(Named::values).map(|value| short(value.0)));
            rows.push(row);
        }
        f.write_str(&table(&rows))?;
        writeln!(f, "\n{}", self.ended())?;
        self.notes.iter().try_for_each(|note| writeln!(f, "{note}"))
    }
}
