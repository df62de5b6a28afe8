//! The page of descents.

use gradtape::optim::{Hyper, HyperValue, NAMES, Pace, info};
use gradtape_chart::text::escaped;
use gradtape_chart::{Chart, THEME, Window, extent};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::explain::{entries, pairs};
use crate::expression::{Expr, Trace};
use crate::report::{Error, Named, Result, exact, short};
use crate::teaching::descend::{
    Descent, Extras, Path, Stopped, columns, descend, descend_program, ends, lowest,
};
use crate::teaching::live::{Live, Scripts, page, parts, quoted};
use crate::teaching::plot::{Range, plot_paths, plot_program_paths};

/// Descents on one expression: from each start with each optimiser.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Descents {
    /// The expression.
    pub expr: String,
    /// The starts.
    pub from: Vec<Vec<(String, f64)>>,
    /// The optimisers.
    pub runs: Vec<Run>,
    /// How the learning rate changes; it stays if not said.
    #[serde(default)]
    pub schedule: Option<String>,
    /// The most steps.
    pub steps: usize,
    /// A step shorter than this is the last one; 0 for none.
    pub tolerance: f64,
    /// The noise that one example adds to the gradient, as a standard deviation.
    pub noise: f64,
    /// Examples per step.
    pub batch: usize,
    /// The seed of the noise.
    pub seed: u64,
    /// What goes on around each optimiser.
    #[serde(default)]
    pub extras: Extras,
    /// The parts of the axes that the picture shows, by name; as far as the paths go where not said.
    #[serde(default)]
    pub range: Vec<(String, f64, f64)>,
}

/// An optimiser with its settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Its name.
    pub optimizer: String,
    /// What is set of it, the learning rate among it.
    pub settings: Hyper,
}

/// More paths than this are not told apart.
const MAX_PATHS: usize = 24;

/// Long paths are shown by their beginning and end.
const SHOWN: usize = 12;

impl Descents {
    /// The paths, start by start.
    pub(super) fn paths(&self) -> Result<Vec<Path>> {
        let expr = match Trace::is_program(&self.expr) {
            true => None,
            false => Some(Expr::parse(&self.expr)?),
        };
        let count = self.from.len() * self.runs.len();
        if count > MAX_PATHS {
            return Err(Error::new(format!("{count} paths; at most {MAX_PATHS} are drawn"))
                .hint("each start has one for each optimiser: take fewer of them"));
        }
        let mut paths = Vec::new();
        for start in &self.from {
            for run in &self.runs {
                let how = Descent {
                    optimizer: run.optimizer.clone(),
                    hyper: run.settings.clone(),
                    schedule: self.schedule.clone(),
                    steps: self.steps,
                    tolerance: self.tolerance,
                    noise: self.noise,
                    batch: self.batch,
                    seed: self.seed,
                    extras: self.extras.clone(),
                };
                let path = match &expr {
                    Some(expr) => descend(expr, &entries(start), &how),
                    None => descend_program(&self.expr, &entries(start), &how),
                };
                let mut path = path.map_err(|error| error.shown_in(&self.expr))?;
                path.label = self.label(run, start);
                paths.push(path);
            }
        }
        Ok(paths)
    }

    /// What tells a path from the others.
    fn label(&self, run: &Run, start: &[(String, f64)]) -> String {
        let alike = self.runs.iter().filter(|other| other.optimizer == run.optimizer);
        let mut label = match alike.count() {
            1 => run.optimizer.clone(),
            _ => written(run).replace(':', " "),
        };
        if self.from.len() > 1 {
            label += &format!(" from {}", pairs(start).replace(',', ", "));
        }
        label
    }

    pub(super) fn parts(&self) -> Result<Named<String>> {
        let paths = self.paths()?;
        let ranges = self.ranges(&paths);
        let chart = match Trace::is_program(&self.expr) {
            true => plot_program_paths(&self.expr, &paths, &ranges)?,
            false => plot_paths(&Expr::parse(&self.expr)?, &paths, &ranges)?,
        };
        let refused = |error: gradtape_chart::Error| Error::new(error.to_string());
        let mut figures = chart.figures().map_err(refused)?.into_iter();
        let mut figure = || figures.next().unwrap_or_default();
        let told = paths.iter().map(|path| {
            let notes = path.notes.iter().map(|note| format!("; {note}")).collect::<String>();
            format!(
                "<li><b>{}</b>: {}</li>\n",
                escaped(&path.label),
                escaped(&(path.ended() + &notes))
            )
        });
        let told: String = told.collect();
        Ok(parts([
            ("head", format!("<h1>{}</h1>", escaped(&chart.title.replace('*', "·")))),
            ("plane", figure()),
            ("values", figure()),
            ("ends", markup(&ends(&paths))),
            ("told", format!("<ul>\n{told}</ul>{}", lines(&lowest(&paths)))),
            ("steps", steps(&paths)),
            ("warning", warning(&paths)),
            ("data", quoted(&drawn(&chart, &paths).to_string())),
        ]))
    }

    /// What the picture shows of each axis. One that is dragged into divergence is not followed: the picture stays where
    /// the others go and where it began.
    fn ranges(&self, paths: &[Path]) -> Vec<Range> {
        let given = self.range.iter().map(|(name, low, high)| Range {
            name: name.clone(),
            low: *low,
            high: *high,
        });
        let mut ranges: Vec<Range> = given.collect();
        if paths.iter().all(|path| path.stopped != Stopped::Diverged) {
            return ranges;
        }
        let names = paths.first().and_then(|path| path.steps.first());
        let names = names.iter().flat_map(|step| &step.at.0).map(|(name, _)| name.as_str());
        for (axis, name) in names.enumerate() {
            let along = |path: &Path| {
                let numbers = path.steps.iter().filter_map(|step| step.at.values().nth(axis));
                let numbers: Vec<f64> = numbers.map(|number| number.0).collect();
                let far = 3.0 * (1.0 + numbers.first().map_or(0.0, |start| start.abs()));
                let follows = path.stopped != Stopped::Diverged;
                numbers.into_iter().filter(move |x| follows || x.abs() <= far)
            };
            let Some((low, high)) = extent(paths.iter().flat_map(along)) else { continue };
            let margin = (0.2 * (high - low)).max(0.1 * (1.0 + low.abs()));
            if ranges.iter().all(|range| range.name != name) {
                let (low, high) = (low - margin, high + margin);
                ranges.push(Range { name: name.to_string(), low, high });
            }
        }
        ranges
    }

    pub(super) fn page(&self, live: Option<&Live<'_>>) -> Result<String> {
        let words = [
            ("title", escaped(&self.expr)),
            ("style", format!("{THEME}{}", include_str!("lab.css"))),
        ];
        let scripts = Scripts { own: "", answering: include_str!("lab.js") };
        Ok(page(include_str!("lab.html"), &words, &self.parts()?, &scripts, live))
    }

    /// The values of the variables that the expression has, 1 where there was none.
    pub(super) fn settled(mut self) -> Result<Descents> {
        for start in &mut self.from {
            *start = super::explain::settled(&self.expr, std::mem::take(start))?;
        }
        let names: Vec<String> = self.from.iter().flatten().map(|(name, _)| name.clone()).collect();
        self.range.retain(|(name, _, _)| names.contains(name));
        Ok(self)
    }

    pub(super) fn command(&self) -> String {
        let mut text = format!("gradtape descend \"{}\"", self.expr);
        for start in &self.from {
            text += &format!(" --from {}", pairs(start));
        }
        let runs: Vec<String> = self.runs.iter().map(written).collect();
        text += &format!(" --optimizer {} --steps {}", runs.join(","), self.steps);
        if let Some(schedule) = &self.schedule {
            text += &format!(" --schedule {schedule}");
        }
        if self.tolerance > 0.0 {
            text += &format!(" --tolerance {}", exact(self.tolerance));
        }
        if self.noise > 0.0 {
            text += &format!(
                " --noise {} --batch {} --seed {}",
                exact(self.noise),
                self.batch,
                self.seed
            );
        }
        text += &self.extras.flags();
        for (name, low, high) in &self.range {
            text += &format!(" --range {name}={}:{}", exact(*low), exact(*high));
        }
        escaped(&text)
    }
}

/// The optimisers with what can be set of each, as JSON.
pub(super) fn choices() -> String {
    let optimizers = NAMES.iter().filter_map(|name| {
        let info = info(name).ok()?;
        let preset = info.presets.iter().find(|preset| preset.name == *name);
        let settings = info.hyperparameters.iter().filter_map(|known| {
            let own = preset.and_then(|preset| {
                let mut all = preset.settings.iter();
                all.find(|(name, _)| *name == known.name).map(|(_, value)| *value)
            });
            let value = match own.unwrap_or(known.default) {
                // Of rates that follow nothing of their own, this is the command line's.
                HyperValue::Number(_) if known.name == "lr" && follows(info.pace) => json!(0.01),
                HyperValue::Number(number) => json!(number),
                HyperValue::Pair(first, second) => json!([first, second]),
                HyperValue::Flag(_) => return None,
            };
            Some(json!({"name": known.name, "doc": known.doc, "value": value}))
        });
        Some(json!({"name": name, "settings": settings.collect::<Vec<Value>>()}))
    });
    json!({"optimizers": optimizers.collect::<Vec<Value>>()}).to_string()
}

fn follows(pace: Pace) -> bool {
    matches!(pace, Pace::Gradient | Pace::Rate | Pace::Falling)
}

/// An optimiser as a flag names it: `adam:lr=0.05:betas=0.9+0.99`.
fn written(run: &Run) -> String {
    let settings = run.settings.iter().map(|(name, value)| match value {
        HyperValue::Pair(first, second) => format!(":{name}={}+{}", exact(first), exact(second)),
        other => format!(":{name}={other}"),
    });
    run.optimizer.clone() + &settings.collect::<String>()
}

/// Which paths diverged, and what would help.
fn warning(paths: &[Path]) -> String {
    let diverged = paths.iter().filter(|path| path.stopped == Stopped::Diverged);
    let told = diverged.map(|path| {
        let notes = path.notes.iter().map(|note| format!("\n  {note}")).collect::<String>();
        format!("{} diverged at step {}{notes}", path.label, path.steps.len().saturating_sub(1))
    });
    told.collect::<Vec<_>>().join("\n")
}

/// Where the starts are in the picture, for those who move them.
fn drawn(chart: &Chart, paths: &[Path]) -> Value {
    let plot = chart.windows().into_iter().next().map(|window| {
        let Window { left, right, top, bottom, x, y } = window;
        json!({"left": left, "right": right, "top": top, "bottom": bottom, "x": x, "y": y})
    });
    let starts = paths.iter().filter_map(|path| {
        let first = path.steps.first()?;
        let mut at = first.at.values().map(|number| number.0);
        let x = at.next()?;
        Some([x, at.next().unwrap_or(first.value.0)])
    });
    json!({"window": plot, "starts": starts.collect::<Vec<_>>()})
}

/// Rows as a table, the first with the names of the columns, and of each row the first cell its name.
fn markup(rows: &[Vec<String>]) -> String {
    let Some((heading, rows)) = rows.split_first() else { return String::new() };
    let head = heading.iter().map(|name| format!("<th scope=\"col\">{}</th>", escaped(name)));
    let head: String = head.collect();
    let row = |row: &Vec<String>| {
        let cells = row.iter().enumerate().map(|(column, cell)| match column {
            0 => format!("<th scope=\"row\">{}</th>", escaped(cell)),
            _ => format!("<td>{}</td>", escaped(cell)),
        });
        format!("<tr>{}</tr>\n", cells.collect::<String>())
    };
    let rows: String = rows.iter().map(row).collect();
    format!("<table><thead><tr>{head}</tr></thead><tbody>\n{rows}</tbody></table>")
}

/// Every step of each path, the first and the last of a long one.
fn steps(paths: &[Path]) -> String {
    let (heading, all) = columns(paths);
    let of = |(path, rows): (&Path, &Vec<Vec<Option<f64>>>)| {
        let used: Vec<usize> = (0..heading.len())
            .filter(|&column| rows.iter().any(|row| row[column].is_some()))
            .collect();
        let mut cells = vec![used.iter().map(|&column| heading[column].clone()).collect()];
        for (number, row) in rows.iter().enumerate() {
            if rows.len() > 2 * SHOWN + 1 && (SHOWN..rows.len() - SHOWN).contains(&number) {
                if number == SHOWN {
                    cells.push(vec!["…".to_string()]);
                }
                continue;
            }
            let cell = |&column: &usize| row[column].map(short).unwrap_or_default();
            cells.push(used.iter().map(cell).collect());
        }
        format!(
            "<details><summary>Every step of {}</summary><div class=\"wide\" role=\"region\" aria-label=\"Steps of {0}\" \
             tabindex=\"0\">{}</div></details>\n",
            escaped(&path.label),
            markup(&cells)
        )
    };
    paths.iter().zip(&all).map(of).collect()
}

fn lines(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.is_empty());
    lines.map(|line| format!("<p>{}</p>\n", escaped(line))).collect()
}
