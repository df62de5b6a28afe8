//! What `gradtape plot` shows: a function and its derivatives at many places, and its picture.

use gradtape_chart::{Arrow, Axis, Chart, Grid, Line, Mark, Panel, extent};
use serde::Serialize;

use super::breaks::{Break, breaks, pieces};
use super::samples::{GRID, Sampled, curve_axis, sampled, variables};
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
    /// Where the curve and its derivative are not one piece.
    #[serde(skip)]
    breaks: [Vec<Break>; 2],
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
    let breaks = match (along.as_slice(), slopes.as_slice()) {
        ([across], [slopes]) => {
            let axis = curve_axis(values.iter().chain(slopes).copied());
            let of = |samples: &[f64], expr: &Expr| {
                breaks(across, samples, &axis, |x| expr.evaluate(&[x]))
            };
            // A derivative that is too long to write out is drawn in one piece.
            let derivative = expr.derivative(names[0]).ok();
            [of(&values, expr), derivative.map(|slope| of(slopes, &slope)).unwrap_or_default()]
        }
        _ => Default::default(),
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
        breaks,
    })
}

impl Plot {
    /// The picture: the curve and its derivative, or contours and the gradient field. Where there are no
    /// contours, because the value is the same everywhere, the title says so.
    pub fn chart(&self) -> Chart {
        let mut title = self.expression.clone();
        let panel = match self.axes().as_slice() {
            [(x, across)] => self.curves(x, across),
            [(x, across), (y, up), ..] => {
                let values = self.values.flat();
                let is_flat = Grid::new(across, up, &values).is_flat();
                if let (true, Some((low, _))) = (is_flat, extent(values.iter().copied())) {
                    title += &format!(" (flat: {} everywhere)", short(low));
                }
                let mut panel = Panel::contours((x, across), (y, up), &values);
                panel.marks.push(Mark::Arrows(self.arrows(across, up)));
                panel
            }
            [] => return Chart { title, panels: Vec::new() },
        };
        Chart { title, panels: vec![panel] }
    }

    fn axes(&self) -> Vec<(&str, Vec<f64>)> {
        let plain = |places: &Vec<Number>| places.iter().map(|number| number.0).collect();
        self.places.0.iter().map(|(name, places)| (name.as_str(), plain(places))).collect()
    }

    fn curves(&self, x: &str, across: &[f64]) -> Panel {
        let values = self.values.flat();
        let slopes = self.slopes().into_iter().next().unwrap_or_default();
        let y = curve_axis(values.iter().chain(&slopes).copied());
        let labels = [self.expression.clone(), format!("its derivative in {x}")];
        let mut marks = Vec::new();
        for (place, (samples, label)) in [values, slopes].iter().zip(labels).enumerate() {
            let line = Line { label, ..Line::nth(place) };
            marks.extend(pieces(across, samples, &self.breaks[place], line));
        }
        Panel { x: Axis::along(x, across), y, equal: false, marks }
    }

    /// The derivatives, where there is a value: rules such as 1/x for log(x) give numbers beyond.
    fn slopes(&self) -> Vec<Vec<f64>> {
        let values = self.values.flat();
        let defined = |slopes: &Samples| {
            let pairs = slopes.flat().into_iter().zip(&values);
            pairs.map(|(slope, value)| if value.is_nan() { f64::NAN } else { slope }).collect()
        };
        self.gradient.values().map(defined).collect()
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
