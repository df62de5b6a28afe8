//! The secant of a difference beside the tangent.

use std::fmt;

use gradtape_chart::{
    Axis, COLOURS, Chart, Dash, Dots, GREY, Line, Mark, Panel, THEME, extent,
    extent_without_outliers, text::escaped,
};
use serde::Serialize;

use super::differences::chosen;
use super::explain::{Options, explain};
use super::plot::Curve;
use crate::expression::Expr;
use crate::report::{Error, Named, Number, Result, factor, short};

/// The slope of a line through two points of a curve, and the derivative that it stands for. Serialises to the
/// JSON of `gradtape explain --differences --step`.
#[derive(Clone, Debug, Serialize)]
pub struct Secant {
    /// The expression as it is printed.
    pub expression: String,
    /// The point.
    pub at: Named<Number>,
    /// The variable that is moved.
    pub variable: String,
    /// How far: below 0 to the left.
    pub step: Number,
    /// The values before and after it.
    pub values: [Number; 2],
    /// The slope of the secant: the forward difference (f(x + h) - f(x)) / h.
    pub slope: Number,
    /// The slope of the tangent: the derivative, from the tape.
    pub derivative: Number,
    /// The curve around both points.
    #[serde(skip)]
    curve: Curve,
    /// Where a jump or a pole lies between both points.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parted: Option<f64>,
    /// Between which ends it was looked at.
    #[serde(skip)]
    ends: [f64; 2],
    /// The axis up, the same for every step, so that only the secant moves.
    #[serde(skip)]
    up: [f64; 2],
    /// Smaller steps, with the values after them.
    #[serde(skip)]
    smaller: Vec<(f64, f64)>,
}

/// Samples of the curve.
const CURVE: usize = 401;

/// Steps on a page, each 4/5 of the one before.
const STEPS: i32 = 40;

/// The secant of an expression for one step in one variable.
///
/// ```
/// use gradtape_calculus::{Expr, secant};
/// let found = secant(&Expr::parse("x^2")?, &[("x", 1.0)], None, 0.5)?;
/// assert_eq!((found.slope.0, found.derivative.0), (2.5, 2.0));
/// # Ok::<(), gradtape_calculus::Error>(())
/// ```
///
/// # Errors
/// As [`explain()`](crate::explain()); no variable, or several and none named; a step of 0, or lost in the
/// variable; a value or derivative that is not finite.
pub fn secant(
    expr: &Expr,
    at: &[(&str, f64)],
    variable: Option<&str>,
    step: f64,
) -> Result<Secant> {
    let names: Vec<&str> = expr.variables().collect();
    let moved = chosen(&names, variable)?;
    let name = names[moved];
    let explained = explain(expr, at, Options::default())?;
    let mut point = expr.point(at)?;
    let x = point[moved];
    if !step.is_finite() || x + step == x {
        let message = format!("the step {} leaves {name} = {} as it is", short(step), short(x));
        return Err(Error::new(message).hint("choose a larger one, as in --step 0.5"));
    }
    let mut f = |x: f64| {
        point[moved] = x;
        expr.evaluate(&point)
    };
    let derivative = explained.gradient.get(name).map_or(f64::NAN, |number| number.0);
    let values = [f(x), f(x + step)];
    for (what, number) in [
        ("value before the step", values[0]),
        ("value after the step", values[1]),
        ("derivative", derivative),
    ] {
        if !number.is_finite() {
            let message =
                format!("the {what} of {expr} at {name} = {} is {}", short(x), short(number));
            return Err(Error::new(message).hint("a secant needs numbers at both points"));
        }
    }
    let (low, high) = (x - 1.5 * step.abs(), x + 1.5 * step.abs());
    let places = (0..CURVE).map(|i| low + (high - low) * i as f64 / (CURVE - 1) as f64);
    let samples: Vec<(f64, f64)> = places.map(|x| (x, f(x))).collect();
    let numbers = samples.iter().map(|point| point.1);
    let numbers = extent_without_outliers(numbers).map_or(values, |(low, high)| [low, high]);
    let tangent = [low, high].map(|end| values[0] + derivative * (end - x));
    let all = numbers.into_iter().chain(tangent).chain(values);
    let up = extent(all).unwrap_or((-1.0, 1.0));
    let curve = Curve::of(samples, &Axis::around("", up), expr.nodes().len(), &mut f);
    let steps = (0..STEPS).map(|n| step * 0.8f64.powi(n)).take_while(|step| x + step != x);
    let smaller = steps.map(|step| (step, f(x + step))).filter(|(_, y)| y.is_finite()).collect();
    Ok(Secant {
        expression: explained.expression,
        at: explained.at,
        variable: name.to_string(),
        step: Number(step),
        values: values.map(Number),
        slope: Number((values[1] - values[0]) / step),
        derivative: Number(derivative),
        parted: curve.parted(x.min(x + step), x.max(x + step)),
        curve,
        ends: [low, high],
        up: [up.0, up.1],
        smaller,
    })
}

impl Secant {
    /// The curve with its secant and its tangent.
    pub fn chart(&self) -> Chart {
        self.with(self.step.0, self.values[1].0)
    }

    fn with(&self, step: f64, after: f64) -> Chart {
        let x = self.at.get(&self.variable).map_or(f64::NAN, |number| number.0);
        let before = self.values[0].0;
        let slope = (after - before) / step;
        let wide = Axis::along(&self.variable, &self.ends);
        let through = |slope: f64| {
            [wide.low, wide.high].map(|end| (end, before + slope * (end - x))).to_vec()
        };
        let tangent = through(self.derivative.0);
        let line = |points, colour, dash, label| {
            Mark::Line(Line { points, colour, dash, label, ..Line::default() })
        };
        let [h, slope_text, derivative] = [step, slope, self.derivative.0].map(short);
        let label = self.expression.clone();
        let mut marks = self.curve.marks(Line { colour: GREY, label, ..Line::default() });
        marks.extend([
            line(tangent, COLOURS[0], Dash::None, format!("tangent: slope {derivative}")),
            line(
                through(slope),
                COLOURS[1],
                Dash::Long,
                format!("secant, h = {h}: slope {slope_text}"),
            ),
            Mark::Dots(Dots {
                points: vec![(x, before), (x + step, after)],
                colour: COLOURS[1],
                large: true,
                label: String::new(),
            }),
        ]);
        let y = Axis::around("", (self.up[0], self.up[1]));
        let panel = Panel { x: wide, y, equal: false, marks };
        Chart {
            title: format!("{} at {}", self.expression, self.at.equations()),
            panels: vec![panel],
        }
    }

    /// Both slopes and how far they are apart, in a line.
    pub(super) fn caption(&self) -> String {
        let error = short((self.slope.0 - self.derivative.0).abs());
        let [h, slope] = [self.step, self.slope].map(|number| short(number.0));
        format!("h = {h}: secant {slope}, error {error}")
    }

    /// A page on which a slider makes the step smaller, down to where digits cancel or the secant is the tangent.
    ///
    /// # Errors
    /// What the drawing library refuses.
    pub fn html(&self) -> Result<String> {
        let refused = |error: gradtape_chart::Error| Error::new(error.to_string());
        let title = escaped(&self.chart().title);
        let mut frames = String::new();
        for (number, &(step, after)) in self.smaller.iter().enumerate() {
            let picture = self.with(step, after).figures().map_err(refused)?.concat();
            let hidden = if number == 0 { "" } else { " hidden" };
            let slope = (after - self.values[0].0) / step;
            let error = short((slope - self.derivative.0).abs());
            let [h, slope] = [step, slope].map(short);
            frames += &format!(
                "<figure{hidden}>{picture}<figcaption>h = {h}: secant {slope}, error {error}</figcaption></figure>\n"
            );
        }
        let last = self.smaller.len().saturating_sub(1);
        let (x, derivative) = (escaped(&self.variable), short(self.derivative.0));
        Ok(format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" \
             content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title}</title>\n<style>\n{THEME}{PAGE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n\
             <p>d/d{x} = {derivative}, the slope of the tangent. The secant goes through the points at {x} and \
             {x} + h.</p>\n\
             <label>smaller h <input type=\"range\" min=\"0\" max=\"{last}\" value=\"0\" autocomplete=\"off\"></label>\n\
             <div aria-live=\"polite\">\n{frames}</div>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n"
        ))
    }
}

/// How pages of secants look.
pub(super) const PAGE: &str = "\
body { max-width: 560px; margin: 24px auto; padding: 0 12px; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 17px; overflow-wrap: anywhere; }
label, input { display: block; width: 100%; }
figure { margin: 12px 0; break-inside: avoid; }
figure svg { display: block; width: 100%; height: auto; }
@media print { label { display: none; } }
";

const SCRIPT: &str = "\
const slider = document.querySelector('input'), frames = document.querySelectorAll('figure');
slider.addEventListener('input', () => frames.forEach((frame, at) => { frame.hidden = at !== slider.valueAsNumber; }));
";

/// Both slopes, and how far they are apart.
impl fmt::Display for Secant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Secant {
            expression,
            at,
            variable: x,
            step,
            values: [before, after],
            slope,
            derivative,
            ..
        } = self;
        let [h, before, after] = [step, before, after].map(|n| factor(n.0));
        let [secant, tangent] = [slope, derivative].map(|n| short(n.0));
        writeln!(f, "{expression}   at {}\n", at.equations())?;
        let error = short((slope.0 - derivative.0).abs());
        writeln!(
            f,
            "secant   (f({x} + h) - f({x})) / h = ({after} - {before}) / {h} = {secant}   with h = {h}"
        )?;
        writeln!(f, "tangent  d/d{x} = {tangent}")?;
        writeln!(f, "error    {error}")?;
        if let Some(place) = self.parted {
            let place = short(place);
            writeln!(
                f,
                "the curve is parted at {x} = {place}, between both points: the secant tells nothing of its slope"
            )?;
        }
        Ok(())
    }
}
