//! What `gradtape plot` shows: a function and its derivatives at many places, and its picture.

use gradtape_chart::{Arrow, Axis, Chart, Grid, Line, Mark, Panel, extent};
use serde::Serialize;

use super::curve::Curve;
use super::samples::{GRID, Sampled, contours, curve, curve_axis, sampled, variables};
use crate::expression::{Expr, no_variable};
use crate::report::{Error, Named, Number, Result, exact, short};

/// Every eighth place of a field has an arrow.
const BETWEEN_ARROWS: usize = 8;

/// The part of a variable's axis that a picture shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Range {
    /// The variable.
    pub name: String,
    /// The left or lower end.
    pub low: f64,
    /// The right or upper end.
    pub high: f64,
}

/// An expression in one or two variables at evenly spaced places. Serialises to the JSON of
/// `gradtape plot`.
#[derive(Clone, Debug, Serialize)]
pub struct Plot {
    /// The expression as it is printed.
    pub expression: String,
    /// The places along the axis of each variable.
    pub places: Named<Vec<Number>>,
    /// The values: one for each place, or a row of them for each place of the second variable.
    pub values: Samples,
    /// The derivative in each variable, as the values.
    pub gradient: Named<Samples>,
    /// What the places do not show.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The curve and its derivative, with places between.
    #[serde(skip)]
    curves: Vec<Curve>,
    /// The numbers that the axis up of each is made for.
    #[serde(skip)]
    up: Vec<Vec<f64>>,
    /// The lines of equal value.
    #[serde(skip)]
    field: Option<Panel>,
}

/// Numbers along one axis or over two.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Samples {
    /// A number for each place.
    Line(Vec<Number>),
    /// A row for each place of the second variable.
    Rows(Vec<Vec<Number>>),
}

/// Evaluates an expression for its picture. A variable without a range goes from -5 to 5. Values and
/// derivatives come from one tape over all samples.
///
/// ```
/// use gradtape_calculus::{Expr, plot};
/// let plot = plot(&Expr::parse("x^2 - 4*x + 7 + 2*y")?, &[])?;
/// assert!(plot.chart().svg()?.starts_with("<svg"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Not one or two variables; a range of another variable, given twice, empty, too narrow or not finite;
/// too many nodes; no finite value at all.
pub fn plot(expr: &Expr, ranges: &[Range]) -> Result<Plot> {
    plotted(expr, ranges, true)
}

/// As [`plot()`], for a picture with the derivative of a curve, or with the curve alone, on whose axis it may turn more.
pub(super) fn plotted(expr: &Expr, ranges: &[Range], derivatives: bool) -> Result<Plot> {
    let names = variables(expr, "a picture")?;
    let axes = axes(&names, ranges, |_| (-5.0, 5.0))?;
    let Sampled { along, values, slopes } = sampled(expr, &axes)?;
    if !values.iter().any(|value| value.is_finite()) {
        let ends = names
            .iter()
            .zip(&axes)
            .map(|(name, (low, high))| format!("{name} from {low} to {high}"));
        let ends: Vec<String> = ends.collect();
        let message = format!("{expr} has no finite value for {}", ends.join(", "));
        return Err(Error::new(message)
            .hint(format!("show another part, as in --range {}=LOW:HIGH", names[0])));
    }
    let (mut curves, mut up, mut notes) = (Vec::new(), Vec::new(), Vec::new());
    if let ([across], [slopes]) = (along.as_slice(), slopes.as_slice()) {
        let slopes = defined(slopes, &values);
        // What samples of a curve that turns fast have missed belongs to the picture, too.
        let shown = |samples: &[f64], curve: &Curve| match curve.is_wild() {
            true => curve.values().collect(),
            false => samples.to_vec(),
        };
        let drawn = if derivatives { &slopes[..] } else { &[] };
        let axis = curve_axis(values.iter().chain(drawn).copied());
        let own = curve(expr, across, &values, &axis);
        up.push(shown(&values, &own));
        curves.push(own);
        if derivatives {
            // A derivative that is too long to write out is drawn as it was sampled.
            let own = match expr.derivative(names[0]) {
                Ok(slope) => curve(&slope, across, &slopes, &axis),
                Err(_) => {
                    Curve::through(across.iter().copied().zip(slopes.iter().copied()).collect())
                }
            };
            up.push(shown(&slopes, &own));
            curves.push(own);
        }
        if curves.iter().any(Curve::is_wild) {
            let (name, (low, high)) = (names[0], axes[0]);
            notes.push(format!(
                "{expr} turns more often from {name} = {} to {} than a picture can show: choose a smaller part, as in \
                 --range {name}=LOW:HIGH",
                short(low),
                short(high)
            ));
        }
    }
    let field = match (along.as_slice(), names.as_slice()) {
        ([across, up], [x, y]) => {
            Some(contours(expr.nodes().len(), (x, across), (y, up), &values, |x, y| {
                expr.evaluate(&[x, y])
            }))
        }
        _ => None,
    };
    let numbers = |values: &[f64]| values.iter().copied().map(Number).collect::<Vec<_>>();
    let shaped = |values: Vec<f64>| match along.as_slice() {
        [across, _] => Samples::Rows(values.chunks(across.len()).map(numbers).collect()),
        _ => Samples::Line(numbers(&values)),
    };
    Ok(Plot {
        expression: expr.to_string(),
        places: Named::new(names.iter().copied(), along.iter().map(|places| numbers(places))),
        values: shaped(values),
        gradient: Named::new(names.iter().copied(), slopes.into_iter().map(shaped)),
        notes,
        curves,
        up,
        field,
    })
}

/// Derivatives where there is a value: rules such as 1/x for log(x) give numbers beyond.
fn defined(slopes: &[f64], values: &[f64]) -> Vec<f64> {
    let pairs = slopes.iter().zip(values);
    pairs.map(|(slope, value)| if value.is_nan() { f64::NAN } else { *slope }).collect()
}

impl Plot {
    /// The picture: the curve and its derivative, or contours and the gradient field. Where there are no
    /// contours, because the value is the same everywhere, the title says so.
    pub fn chart(&self) -> Chart {
        let mut title = self.expression.clone();
        let panel = match self.axes().as_slice() {
            [(x, across)] => {
                if !self.notes.is_empty() {
                    title += " (turns too often for this picture: choose a smaller --range)";
                }
                let labels = [self.expression.clone(), format!("its derivative in {x}")];
                let lines = labels.into_iter().enumerate();
                let lines = lines.map(|(place, label)| Line { label, ..Line::nth(place) });
                let marks = (0..).zip(lines).flat_map(|(which, line)| self.marks(which, line));
                let y = curve_axis(self.up.iter().flatten().copied());
                Panel { x: Axis::along(*x, across), y, equal: false, marks: marks.collect() }
            }
            [(_, across), (_, up), ..] => {
                let values = self.values.flat();
                let is_flat = Grid::new(across, up, &values).is_flat();
                if let (true, Some((low, _))) = (is_flat, extent(values.iter().copied())) {
                    title += &format!(" (flat: {} everywhere)", short(low));
                }
                let Some(mut panel) = self.field.clone() else {
                    return Chart { title, panels: Vec::new() };
                };
                panel.marks.push(Mark::Arrows(self.arrows(across, up)));
                panel
            }
            [] => return Chart { title, panels: Vec::new() },
        };
        Chart { title, panels: vec![panel] }
    }

    /// What is drawn of the curve (0) or of its derivative (1).
    pub(super) fn marks(&self, which: usize, line: Line) -> Vec<Mark> {
        self.curves.get(which).map(|curve| curve.marks(line)).unwrap_or_default()
    }

    /// The numbers that the axis up is made for, of the curve (0) or of its derivative (1).
    pub(super) fn shown(&self, which: usize) -> &[f64] {
        self.up.get(which).map(Vec::as_slice).unwrap_or_default()
    }

    fn axes(&self) -> Vec<(&str, Vec<f64>)> {
        let plain = |places: &Vec<Number>| places.iter().map(|number| number.0).collect();
        self.places.0.iter().map(|(name, places)| (name.as_str(), plain(places))).collect()
    }

    /// The derivatives, where there is a value.
    fn slopes(&self) -> Vec<Vec<f64>> {
        let values = self.values.flat();
        self.gradient.values().map(|slopes| defined(&slopes.flat(), &values)).collect()
    }

    /// An arrow for some of the places, longer where it is steeper.
    fn arrows(&self, across: &[f64], up: &[f64]) -> Vec<Arrow> {
        let slopes = self.slopes();
        let [dx, dy] = slopes.as_slice() else { return Vec::new() };
        let every = |count: usize| (BETWEEN_ARROWS / 2..count).step_by(BETWEEN_ARROWS);
        let places: Vec<(usize, usize)> = every(up.len())
            .flat_map(|row| every(across.len()).map(move |column| (row, column)))
            .collect();
        let slope = |&(row, column): &(usize, usize)| {
            let place = row * across.len() + column;
            let at = |slopes: &[f64]| slopes.get(place).copied().unwrap_or(f64::NAN);
            (at(dx), at(dy))
        };
        let steep = |(dx, dy): (f64, f64)| dx.hypot(dy);
        let mut sizes: Vec<f64> = places
            .iter()
            .map(|place| steep(slope(place)))
            .filter(|size| size.is_finite())
            .collect();
        sizes.sort_by(f64::total_cmp);
        // The few steepest would make all others short.
        let most = sizes.get(sizes.len() * 9 / 10).copied().unwrap_or(1.0);
        let width = |places: &[f64]| match places {
            [first, .., last] => last - first,
            _ => f64::NAN,
        };
        let (wide, high) = (width(across), width(up));
        let longest = 0.85 * BETWEEN_ARROWS as f64 / (GRID - 1) as f64;
        places
            .iter()
            .filter_map(|place| {
                let (dx, dy) = slope(place);
                let shown = (dx / wide).hypot(dy / high);
                let share = (steep((dx, dy)) / most).min(1.0).sqrt().max(0.3);
                let half = 0.5 * longest * share / shown;
                let (x, y) = (across[place.1], up[place.0]);
                let along = |side: f64| (x + side * half * dx, y + side * half * dy);
                (shown.is_finite() && shown > 0.0)
                    .then(|| Arrow { from: along(-1.0), to: along(1.0) })
            })
            .collect()
    }
}

impl Samples {
    /// All numbers, row by row.
    fn flat(&self) -> Vec<f64> {
        match self {
            Samples::Line(numbers) => numbers.iter().map(|number| number.0).collect(),
            Samples::Rows(rows) => rows.iter().flatten().map(|number| number.0).collect(),
        }
    }
}

/// The range of each variable, given or usual.
pub(super) fn axes(
    names: &[&str],
    ranges: &[Range],
    usual: impl Fn(usize) -> (f64, f64),
) -> Result<Vec<(f64, f64)>> {
    for (place, Range { name, low, high }) in ranges.iter().enumerate() {
        if !names.contains(&name.as_str()) {
            return Err(no_variable(names, name));
        }
        if ranges[..place].iter().any(|earlier| earlier.name == *name) {
            return Err(Error::new(format!("`{name}` has two ranges")));
        }
        let range = format!("the range of {name} from {} to {}", exact(*low), exact(*high));
        let largest = low.abs().max(high.abs());
        if [low, high].into_iter().any(|end| !end.is_finite() || end.abs() > 1e150) {
            return Err(Error::new(format!("{range} is not finite or too wide"))
                .hint("both ends must be numbers between -1e150 and 1e150"));
        }
        if low >= high {
            return Err(Error::new(format!("{range} is empty"))
                .hint("the lower end comes first, as in x=-2:6"));
        }
        if high - low < (1e-9 * largest).max(1e-150) {
            return Err(Error::new(format!("{range} is too narrow"))
                .hint("the ends must differ in their first nine digits"));
        }
    }
    let range = |(place, name): (usize, &&str)| {
        let found = ranges.iter().find(|range| range.name == *name);
        found.map_or_else(|| usual(place), |range| (range.low, range.high))
    };
    Ok(names.iter().enumerate().map(range).collect())
}
