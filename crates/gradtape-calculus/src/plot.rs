//! What `gradtape plot` shows: a function and its derivatives at many places, and its picture.

use gradtape::{DType, Tape, Tensor, vjp};
use plotters::prelude::{ColorMap, ViridisRGB};
use serde::Serialize;

use crate::chart::{Arrow, Axis, COLOURS, Chart, Contour, Line, Mark, Panel};
use crate::contours::{Grid, flat, levels};
use crate::error::{Error, Result};
use crate::explain::{MAX_EXPLAINED, read_all};
use crate::expr::{Expr, no_variable};
use crate::json::{Named, Number, exact, short};

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

/// Samples of a curve.
const CURVE: usize = 801;
/// Samples of a field along each axis: every eighth has an arrow.
const GRID: usize = 121;
const BETWEEN_ARROWS: usize = 8;

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
/// # Ok::<(), gradtape_calculus::Error>(())
/// ```
///
/// # Errors
/// Not one or two variables; a range of another variable, given twice, empty, too narrow or not finite;
/// too many nodes; no finite value at all.
pub fn plot(expr: &Expr, ranges: &[Range]) -> Result<Plot> {
    let names = variables(expr, "a picture")?;
    let axes = axes(&names, ranges)?;
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
                let (low, high) = ends(values.iter().copied().filter(|value| value.is_finite()));
                if flat(low, high) {
                    title += &format!(" (flat: {} everywhere)", short(low));
                }
                let mut panel = field(x, across, y, up, &values);
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
        let y = padded(extent(values.iter().chain(&slopes).copied()));
        let curve = |points: Vec<(f64, f64)>, place: usize, dashed, label| {
            Mark::Line(Line { points, colour: COLOURS[place], dashed, label, dots: false })
        };
        let marks = vec![
            curve(unbroken(across, &values, &slopes, y), 0, false, self.expression.clone()),
            curve(
                across.iter().copied().zip(slopes).collect(),
                1,
                true,
                format!("its derivative in {x}"),
            ),
        ];
        Panel { x: axis(x, across), y: Axis::new("", y.0, y.1), equal: false, marks }
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
            (dx[place], dy[place])
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
        let width = |places: &[f64]| places[places.len() - 1] - places[0];
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

/// The variables of an expression that can be drawn.
pub(crate) fn variables<'e>(expr: &'e Expr, what: &str) -> Result<Vec<&'e str>> {
    let names: Vec<&str> = expr.variables().collect();
    if !(1..=2).contains(&names.len()) {
        let has = match names.as_slice() {
            [] => "none".to_string(),
            names => format!("{} ({})", names.len(), names.join(", ")),
        };
        let error = Error::new(format!("{what} needs one or two variables; {expr} has {has}"));
        return Err(match names.len() {
            0 => error.hint("write x where the number changes"),
            _ => error.hint("put numbers in place of the others"),
        });
    }
    if expr.nodes().len() > MAX_EXPLAINED {
        return Err(Error::new(format!("more than {MAX_EXPLAINED} nodes are not drawn")));
    }
    Ok(names)
}

/// An expression in one variable as a line, in two as contours, without derivatives.
pub(crate) fn background(expr: &Expr, names: &[&str], axes: &[(f64, f64)]) -> Result<Panel> {
    let Sampled { along, values, slopes } = sampled(expr, axes)?;
    Ok(match (names, along.as_slice()) {
        ([x, y, ..], [across, up, ..]) => field(x, across, y, up, &values),
        _ => {
            let ends = padded(extent(values.iter().copied()));
            let points = unbroken(&along[0], &values, &slopes[0], ends);
            let line = Line { points, colour: crate::chart::GREY, ..Line::default() };
            let y = Axis::new("", ends.0, ends.1);
            Panel { x: axis(names[0], &along[0]), y, equal: false, marks: vec![Mark::Line(line)] }
        }
    })
}

/// The contours over two axes.
fn field(x: &str, across: &[f64], y: &str, up: &[f64], values: &[f64]) -> Panel {
    let grid = Grid { xs: across, ys: up, values };
    let levels = levels(values);
    let shade = |place: usize| {
        // The yellow end is hard to see on white.
        let share = 0.88 * place as f64 / levels.len().saturating_sub(1).max(1) as f64;
        let colour = ViridisRGB.get_color(share);
        (colour.0, colour.1, colour.2)
    };
    let contour = |(place, &level): (usize, &f64)| {
        Mark::Contour(Contour { level, lines: grid.lines(level), colour: shade(place) })
    };
    let marks = levels.iter().enumerate().map(contour).collect();
    Panel { x: axis(x, across), y: axis(y, up), equal: true, marks }
}

fn axis(name: &str, places: &[f64]) -> Axis {
    Axis::new(name, places[0], places[places.len() - 1])
}

/// The points of a curve, with a gap at a pole: where its value jumps against both slopes.
fn unbroken(
    across: &[f64],
    values: &[f64],
    slopes: &[f64],
    (low, high): (f64, f64),
) -> Vec<(f64, f64)> {
    let mut points: Vec<(f64, f64)> = Vec::with_capacity(values.len());
    for (place, (&x, &y)) in across.iter().zip(values).enumerate() {
        if let (Some(&(_, before)), Some(slopes)) =
            (points.last(), slopes.get(place.max(1) - 1..=place))
        {
            let jump = y - before;
            let against = slopes.iter().all(|slope| slope * jump < 0.0);
            if against && jump.abs() > 0.2 * (high - low) {
                points.push((x, f64::NAN));
            }
        }
        points.push((x, y));
    }
    points
}

/// The range of each variable.
fn axes(names: &[&str], ranges: &[Range]) -> Result<Vec<(f64, f64)>> {
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
    let range = |name: &&str| {
        let found = ranges.iter().find(|range| range.name == **name);
        found.map_or((-5.0, 5.0), |range| (range.low, range.high))
    };
    Ok(names.iter().map(range).collect())
}

fn samples((low, high): (f64, f64), count: usize) -> Vec<f64> {
    (0..count).map(|i| low + (high - low) * i as f64 / (count - 1) as f64).collect()
}

/// The places of a line or grid for each variable, row by row from below.
fn over(along: &[Vec<f64>]) -> Vec<Vec<f64>> {
    match along {
        [xs, ys] => {
            let places = || ys.iter().flat_map(|y| xs.iter().map(move |x| (*x, *y)));
            vec![places().map(|(x, _)| x).collect(), places().map(|(_, y)| y).collect()]
        }
        along => along.to_vec(),
    }
}

/// An expression's values and derivatives over places along each axis.
struct Sampled {
    along: Vec<Vec<f64>>,
    values: Vec<f64>,
    slopes: Vec<Vec<f64>>,
}

fn sampled(expr: &Expr, axes: &[(f64, f64)]) -> Result<Sampled> {
    let each = if axes.len() == 1 { CURVE } else { GRID };
    let along: Vec<Vec<f64>> = axes.iter().map(|axis| samples(*axis, each)).collect();
    let places = over(&along);
    let count = places.first().map_or(0, Vec::len);
    let tape = Tape::new();
    let inputs: Vec<_> = places.into_iter().map(|place| tape.watch(Tensor::from(place))).collect();
    let value = expr.record(&tape, &inputs);
    let ones = tape.constant(Tensor::ones([count], DType::F64));
    let mut all = vjp(&[value], &[ones], &inputs);
    all.push(value);
    let mut slopes = read_all(&all)?;
    let values = slopes.pop().unwrap_or_default();
    Ok(Sampled { along, values, slopes })
}

/// The least and the greatest.
pub(crate) fn ends(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)))
}

/// The range of the finite values, without the outermost that would flatten everything else.
pub(crate) fn extent(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let mut sorted: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let (Some(&low), Some(&high)) = (sorted.first(), sorted.last()) else { return (-1.0, 1.0) };
    let at = |share: f64| sorted[((sorted.len() - 1) as f64 * share) as usize];
    let (inner_low, inner_high) = (at(0.05), at(0.95));
    let reach = 1.5 * (inner_high - inner_low);
    if reach > 0.0 {
        (low.max(inner_low - reach), high.min(inner_high + reach))
    } else {
        (low, high)
    }
}

/// With some room, so that a curve does not run along the frame.
pub(crate) fn padded((low, high): (f64, f64)) -> (f64, f64) {
    let room = 0.04 * (high - low);
    (low - room, high + room)
}
