//! How exact differences of values are as derivatives, against the step: truncation and cancellation.

use std::fmt;

use gradtape_chart::{Axis, COLOURS, Chart, Dots, Line, Mark, Panel, extent};
use serde::Serialize;

use super::explain::{Options, explain};
use crate::expression::{Expr, StepErrors, central_step, forward_step, no_variable, step_errors};
use crate::report::{Error, Named, Number, Result, short, table};

/// The errors of differences at one point. Serialises to the JSON of `gradtape explain --differences`.
#[derive(Clone, Debug, Serialize)]
pub struct Differences {
    /// The expression as it is printed.
    pub expression: String,
    /// The point.
    pub at: Named<Number>,
    /// The variable that is moved.
    pub variable: String,
    /// The derivative in it, from the tape.
    pub derivative: Number,
    /// The errors at each step, from the largest step to the smallest.
    pub steps: Vec<DifferenceErrors>,
    /// The step at which each way is most exact, whatever rounding does: where the larger of the error and
    /// of what rounding may add is least. An error that is smaller elsewhere is so by luck.
    pub best: Named<Best>,
    /// What the errors show, a line for each way.
    pub seen: Vec<String>,
}

/// How far each way is off at one step; NaN where a value needed is none.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct DifferenceErrors {
    /// The step.
    pub step: Number,
    /// The error of the forward difference.
    pub forward: Number,
    /// The error of the central difference.
    pub central: Number,
    /// The error of one extrapolation from central differences with this step and its half.
    pub extrapolated: Number,
}

/// The best step.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Best {
    /// The step.
    pub step: Number,
    /// The error there.
    pub error: Number,
}

/// The ways, with the power of the step by which their truncation falls.
const WAYS: [(&str, u32); 3] = [("forward", 1), ("central", 2), ("extrapolated", 4)];

/// The errors of forward, central and extrapolated differences in one variable, at steps from 1 to
/// 10^-16. The true derivative is the tape's.
///
/// ```
/// use gradtape_calculus::{Expr, differences};
/// let found = differences(&Expr::parse("exp(x)")?, &[("x", 1.0)], None)?;
/// let best = found.best.get("forward").unwrap();
/// assert!((1e-9..1e-7).contains(&best.step.0) && best.error.0 < 1e-7);
/// # Ok::<(), gradtape_calculus::Error>(())
/// ```
///
/// # Errors
/// As [`explain()`](crate::explain()); no variable, or several and none named; a variable that the expression lacks; a
/// value or derivative that is not finite.
pub fn differences(expr: &Expr, at: &[(&str, f64)], variable: Option<&str>) -> Result<Differences> {
    let names: Vec<&str> = expr.variables().collect();
    let moved = chosen(&names, variable)?;
    let explained = explain(expr, at, Options::default())?;
    let mut point = expr.point(at)?;
    let derivative = explained.gradient.get(names[moved]).map_or(f64::NAN, |number| number.0);
    let x = point[moved];
    for (what, number) in [("value", explained.value.0), ("derivative", derivative)] {
        if !number.is_finite() {
            let message = format!(
                "the {what} of {expr} at {} is {}",
                explained.at.equations(),
                short(number)
            );
            return Err(Error::new(message).hint("differences need a point where both are numbers"));
        }
    }
    let mut values = Vec::new();
    let f = |x: f64| {
        point[moved] = x;
        expr.evaluate_into(&point, &mut values);
        values[expr.root().index()]
    };
    let rows = step_errors(f, x, derivative);
    let found = WAYS.map(|(name, power)| Way::of(name, power, &rows, x));
    let best = found.iter().filter_map(|way| way.best);
    let named = found.iter().filter(|way| way.best.is_some()).map(|way| way.name);
    Ok(Differences {
        expression: explained.expression,
        at: explained.at,
        variable: names[moved].to_string(),
        derivative: Number(derivative),
        best: Named::new(named, best),
        seen: found.iter().map(Way::seen).collect(),
        steps: rows.iter().map(DifferenceErrors::from).collect(),
    })
}

/// The place of the variable that is meant.
pub(super) fn chosen(names: &[&str], variable: Option<&str>) -> Result<usize> {
    let Some(name) = variable else {
        return match names.len() {
            0 => Err(Error::new("the expression has no variable")),
            1 => Ok(0),
            _ => {
                let message =
                    format!("one variable is meant; the expression has {}", names.join(", "));
                Err(Error::new(message).hint(format!("choose it, as in --wrt {}", names[0])))
            }
        };
    };
    names.iter().position(|known| *known == name).ok_or_else(|| no_variable(names, name))
}

impl From<&StepErrors> for DifferenceErrors {
    fn from(row: &StepErrors) -> DifferenceErrors {
        DifferenceErrors {
            step: Number(row.step),
            forward: Number(row.forward),
            central: Number(row.central),
            extrapolated: Number(row.extrapolated),
        }
    }
}

/// One way, with what its errors show.
struct Way {
    name: &'static str,
    power: u32,
    /// Steps and errors that are numbers, from the largest step.
    errors: Vec<(f64, f64)>,
    best: Option<Best>,
    /// The usual rule for the step.
    rule: Option<f64>,
    /// How far the values on both sides are apart however small the step.
    jump: Option<f64>,
    /// Whether rounding makes nothing of every step.
    lost: bool,
}

impl Way {
    fn of(name: &'static str, power: u32, rows: &[StepErrors], x: f64) -> Way {
        let of = |row: &StepErrors| match name {
            "forward" => (row.forward, 2.0 * row.rounding),
            "central" => (row.central, row.rounding),
            _ => (row.extrapolated, 3.0 * row.rounding),
        };
        // A step that is lost tells nothing: its difference is 0, or one of other places.
        let kept = |row: &&StepErrors| x + row.step != x && x - row.step != x;
        let numbers = || rows.iter().filter(kept).filter(|row| of(row).0.is_finite());
        let sure = |row: &StepErrors| of(row).0.max(of(row).1);
        let best = numbers().min_by(|a, b| sure(a).total_cmp(&sure(b)));
        let best = best.map(|row| Best { step: Number(row.step), error: Number(of(row).0) });
        let errors = numbers().map(|row| (row.step, of(row).0)).collect();
        // What one step of each way makes of a jump by 1.
        let share = match name {
            "forward" => 1.0,
            "central" => 0.5,
            _ => 7.0 / 6.0,
        };
        let small = numbers().filter(|row| (1e-9..1e-2).contains(&row.step));
        let jumps: Vec<f64> = small.clone().map(|row| of(row).0 * row.step / share).collect();
        let sure = small.clone().all(|row| of(row).0 > 1e3 * of(row).1);
        let jump = jumps.last().copied().filter(|&jump| {
            let same = jumps.iter().all(|other| (other - jump).abs() <= 0.02 * jump);
            same && sure && jump > 0.0 && jumps.len() > 5
        });
        let lost = !rows.is_empty() && rows.iter().all(|row| !kept(&row));
        let rule = match name {
            "forward" => Some(forward_step(x)),
            "central" => Some(central_step(x)),
            _ => None,
        };
        Way { name, power, errors, best, rule, jump, lost }
    }

    /// By which power of the step the error falls where truncation rules: the middle one of the powers
    /// from step to step in the longest run of steps over which it falls.
    fn truncation(&self) -> Option<f64> {
        let (mut longest, mut run) = (Vec::new(), Vec::new());
        for pair in self.errors.windows(2) {
            let [(step, error), (smaller, next)] = [pair[0], pair[1]];
            let power = (error / next).ln() / (step / smaller).ln();
            if !(power.is_finite() && power > 0.5) {
                run.clear();
                continue;
            }
            run.push(power);
            if run.len() > longest.len() {
                longest.clone_from(&run);
            }
        }
        longest.sort_by(f64::total_cmp);
        // A fall that short may be rounding.
        (longest.len() >= 4).then(|| longest[longest.len() / 2])
    }

    /// The largest error at steps below the best, and its step.
    fn cancellation(&self) -> Option<(f64, f64)> {
        let best = self.best?;
        let below = self.errors.iter().filter(|(step, _)| *step < best.step.0);
        let most = below.copied().max_by(|a, b| a.1.total_cmp(&b.1));
        most.filter(|(_, error)| *error > 2.0 * best.error.0)
    }

    /// Whether no step comes near the derivative, beyond what rounding does.
    fn stays(&self) -> bool {
        let least = self.best.map_or(0.0, |best| best.error.0);
        let small = self.errors.iter().filter(|(step, _)| (1e-9..1e-3).contains(step));
        least > 1e-6
            && small.clone().count() > 0
            && small.clone().all(|(_, error)| *error < 2.0 * least)
    }

    fn seen(&self) -> String {
        let name = self.name;
        if self.lost {
            return format!(
                "{name}: every step is lost: this far from 0, numbers lie farther apart than h, so that adding it leaves \
                 the variable as it is"
            );
        }
        if let Some(jump) = self.jump {
            let jump = short(jump);
            return format!(
                "{name}: the values jump by {jump} here, however small the step: the difference grows like 1/h and has no \
                 limit"
            );
        }
        let Some(best) = self.best else {
            return format!("{name}: no step gives a number");
        };
        let (step, error) = (short2(best.step.0), short2(best.error.0));
        let whole = self.errors.first().is_some_and(|(_, error)| *error <= best.error.0);
        let mut text = match self.truncation() {
            Some(power) => format!(
                "{name}: the error falls as h^{power:.1} (truncation, in theory at least h^{}) down to {error} at \
                 h = {step}",
                self.power
            ),
            None if self.stays() => format!(
                "{name}: the error stays {error} however small the step: the values have a kink here, and the slopes \
                 on both sides differ"
            ),
            None if whole => {
                format!("{name}: nothing is truncated, the error is {error} at h = {step}")
            }
            None => format!("{name}: the error is {error} at the best step, h = {step}"),
        };
        if let Some((step, error)) = self.cancellation() {
            text += &format!(
                "; at smaller steps digits cancel: {} at h = {}",
                short2(error),
                short2(step)
            );
        }
        if let Some(rule) = self.rule {
            text += &format!(" (rule of thumb for h: {})", short2(rule));
        }
        text
    }
}

/// Two digits: the size of an error or of a step.
fn short2(value: f64) -> String {
    if value == 0.0 || (0.1..100.0).contains(&value) {
        return short(format!("{value:.1e}").parse().unwrap_or(value));
    }
    format!("{value:.1e}").replace(".0e", "e")
}

impl Differences {
    /// The errors as comma-separated values with a header.
    pub fn csv(&self) -> String {
        let mut text = String::from("step,forward,central,extrapolated\n");
        for row in &self.steps {
            let [a, b, c, d] = row.numbers();
            text += &format!("{a:e},{b:e},{c:e},{d:e}\n").replace("NaN", "nan");
        }
        text
    }

    /// The errors against the step, both by equal ratios, the best of each way marked. An error of 0, which has no
    /// logarithm, is marked on the lower end of the axis.
    pub fn chart(&self) -> Chart {
        let errors =
            |way: usize| self.steps.iter().map(move |row| (row.step.0, row.numbers()[way + 1]));
        let curve = |(way, (name, _)): (usize, (&str, u32))| {
            let points: Vec<(f64, f64)> = errors(way)
                .map(|(step, error)| (step, if error > 0.0 { error } else { f64::NAN }))
                .collect();
            let label = match errors(way).map(|(_, error)| error).fold(f64::NAN, f64::max) {
                0.0 => format!("{name}: error 0"),
                largest if largest.is_nan() => format!("{name}: no value"),
                _ => name.to_string(),
            };
            Line { points, label, dots: true, ..Line::nth(way) }
        };
        let lines: Vec<Line> = WAYS.into_iter().enumerate().map(curve).collect();
        let numbers = lines.iter().flat_map(|line| &line.points).map(|point| point.1);
        let (low, high) = extent(numbers).unwrap_or((1.0, 1.0));
        let low = 0.3 * low.clamp(1e-290, 1.0);
        let mut marks: Vec<Mark> = lines.into_iter().map(Mark::Line).collect();
        for (way, ((name, _), colour)) in WAYS.into_iter().zip(COLOURS).enumerate() {
            let zeros = errors(way).filter(|(_, error)| *error == 0.0);
            let points: Vec<(f64, f64)> = zeros.map(|(step, _)| (step, low)).collect();
            if !points.is_empty() {
                let label = format!("{name}: 0, on the axis");
                marks.push(Mark::Dots(Dots { points, colour, large: false, label }));
            }
        }
        for ((name, _), colour) in WAYS.into_iter().zip(COLOURS) {
            let best = self.best.get(name).filter(|best| best.error.0 > 0.0);
            marks.extend(best.map(|best| Mark::Point((best.step.0, best.error.0), colour)));
        }
        Chart {
            title: format!(
                "{}: differences in {} at {}",
                self.expression,
                self.variable,
                self.at.equations()
            ),
            panels: vec![Panel {
                x: Axis::logarithmic("step h", 5e-17, 2.0),
                y: Axis::logarithmic("error", low, 3.0 * high.clamp(1e-16, 1e290)),
                equal: false,
                marks,
            }],
        }
    }
}

impl DifferenceErrors {
    fn numbers(&self) -> [f64; 4] {
        [self.step, self.forward, self.central, self.extrapolated].map(|number| number.0)
    }
}

/// A table of the errors, the best step of each way marked, and what is seen.
impl fmt::Display for Differences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let variable = &self.variable;
        writeln!(f, "{}   at {}", self.expression, self.at.equations())?;
        writeln!(
            f,
            "d/d{variable} = {} from the tape; errors of differences:\n",
            short(self.derivative.0)
        )?;
        let heading =
            ["step", "forward", "central", "extrapolated"].map(|name| format!("{name}  "));
        let mut rows = vec![heading.to_vec()];
        for row in &self.steps {
            let [step, errors @ ..] = row.numbers();
            let mut cells = vec![format!("{step:.1e}")];
            for (error, (name, _)) in errors.into_iter().zip(WAYS) {
                let is_best = self.best.get(name).is_some_and(|best| best.step.0 == step);
                let mark = if is_best { " *" } else { "  " };
                let text = if error.is_finite() { format!("{error:.1e}") } else { short(error) };
                cells.push(text + mark);
            }
            rows.push(cells);
        }
        f.write_str(&table(&rows))?;
        writeln!(
            f,
            "\n* the best step of each way; a smaller error at a smaller step is luck, because rounding \
             may add more there"
        )?;
        if self.steps.iter().any(|row| !row.numbers().iter().all(|number| number.is_finite())) {
            writeln!(f, "nan: a value that the difference needs is none")?;
        }
        let x = self.at.get(variable).map_or(f64::NAN, |number| number.0);
        if let Some(lost) = self.steps.iter().find(|row| x + row.step.0 == x) {
            writeln!(
                f,
                "from h = {} on, h is lost in {variable} ({variable} + h = {variable}): the difference is 0",
                short2(lost.step.0)
            )?;
        }
        self.seen.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}
