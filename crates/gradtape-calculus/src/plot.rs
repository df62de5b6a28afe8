//! Pictures of functions in SVG: curves with their derivative, contours with the gradient field, paths.

use gradtape::{DType, Tape, Tensor, vjp};

use crate::descend::Path;
use crate::error::{Error, Result};
use crate::explain::{MAX_EXPLAINED, read_all};
use crate::expr::Expr;
use crate::svg::{COLOURS, Frame};

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
/// Samples of a field along each axis.
const GRID: usize = 121;
/// Arrows along each axis.
const ARROWS: usize = 17;
/// Contours.
const LEVELS: usize = 14;

/// The picture of an expression in one or two variables: its curve and derivative, or its contours and
/// gradient field. A variable without a range goes from -5 to 5. Values and derivatives come from one
/// tape over all samples.
///
/// ```
/// use gradtape_calculus::{Expr, plot};
/// let svg = plot(&Expr::parse("x^2 - 4*x + 7 + 2*y")?, &[])?;
/// assert!(svg.starts_with("<svg"));
/// # Ok::<(), gradtape_calculus::Error>(())
/// ```
///
/// # Errors
/// Not one or two variables; a range of another variable, empty, or not finite; too many nodes.
pub fn plot(expr: &Expr, ranges: &[Range]) -> Result<String> {
    let names: Vec<&str> = expr.variables().collect();
    let axes = axes(&names, ranges)?;
    let text = expr.to_string();
    match (names.as_slice(), axes.as_slice()) {
        ([x], [across]) => {
            let places = samples(*across, CURVE);
            let (values, slopes) = sampled(expr, std::slice::from_ref(&places))?;
            let slopes = slopes.into_iter().next().unwrap_or_default();
            let shown = values.iter().chain(&slopes).copied();
            let mut frame = Frame::new(*across, extent(shown));
            let pairs =
                |y: &[f64]| places.iter().copied().zip(y.iter().copied()).collect::<Vec<_>>();
            let style = |colour: &str| format!("stroke=\"{colour}\" stroke-width=\"2\"");
            frame.line(&pairs(&values), &style(COLOURS[0]));
            frame.line(&pairs(&slopes), &(style(COLOURS[1]) + " stroke-dasharray=\"6 4\""));
            frame.legend(COLOURS[0], &text);
            frame.legend(COLOURS[1], &format!("derivative in {x}"));
            Ok(frame.finish(&text, (x, "")))
        }
        ([x, y], [across, up]) => {
            let mut frame = Frame::new(*across, *up);
            contours(&mut frame, expr, *across, *up)?;
            let (xs, ys) = grid(*across, *up, ARROWS);
            let (_, slopes) = sampled(expr, &[xs.clone(), ys.clone()])?;
            if let [dx, dy] = slopes.as_slice() {
                let reach = 0.01 * (across.1 - across.0).min(up.1 - up.0);
                for (((x, y), dx), dy) in xs.iter().zip(&ys).zip(dx).zip(dy) {
                    let size = dx.hypot(*dy);
                    let to = (x + reach * dx / size, y + reach * dy / size);
                    frame.arrow((*x, *y), to, 16.0, "#888");
                }
            }
            Ok(frame.finish(&text, (x, y)))
        }
        _ => Err(Error::new(format!(
            "a picture needs one or two variables; {text} has {}",
            names.len()
        ))),
    }
}

/// The picture of descents on one expression: along the curve (one variable) or on the contours (two).
///
/// # Errors
/// As [`plot`].
pub fn plot_paths(expr: &Expr, paths: &[Path]) -> Result<String> {
    let names: Vec<&str> = expr.variables().collect();
    if !(1..=2).contains(&names.len()) || expr.nodes().len() > MAX_EXPLAINED {
        return Err(Error::new("a picture of paths needs one or two variables"));
    }
    let places = |axis: usize| {
        let steps = paths.iter().flat_map(|path| &path.steps);
        extent(steps.filter_map(move |step| step.at.values().nth(axis)).map(|number| number.0))
    };
    let wide = |(low, high): (f64, f64)| {
        let margin = 0.25 * (high - low).max(1e-3 * (1.0 + low.abs().max(high.abs())));
        (low - margin, high + margin)
    };
    let across = wide(places(0));
    let text = expr.to_string();
    let mut frame = if names.len() == 1 {
        let xs = samples(across, CURVE);
        let (values, _) = sampled(expr, std::slice::from_ref(&xs))?;
        let mut frame = Frame::new(across, extent(values.iter().copied()));
        let curve: Vec<(f64, f64)> = xs.into_iter().zip(values).collect();
        frame.line(&curve, "stroke=\"#999\" stroke-width=\"2\"");
        frame
    } else {
        let up = wide(places(1));
        let mut frame = Frame::new(across, up);
        contours(&mut frame, expr, across, up)?;
        frame
    };
    for (path, colour) in paths.iter().zip(COLOURS.iter().cycle()) {
        let points: Vec<(f64, f64)> = path
            .steps
            .iter()
            .map(|step| {
                let at: Vec<f64> = step.at.values().map(|number| number.0).collect();
                (at[0], at.get(1).copied().unwrap_or(step.value.0))
            })
            .collect();
        frame.line(&points, &format!("stroke=\"{colour}\" stroke-width=\"1.5\""));
        for &point in points.iter().take(2000) {
            frame.dot(point, 2.5, colour);
        }
        frame.legend(colour, &path.optimizer);
    }
    Ok(frame.finish(&text, (names[0], names.get(1).copied().unwrap_or(""))))
}

/// The range of each variable.
fn axes(names: &[&str], ranges: &[Range]) -> Result<Vec<(f64, f64)>> {
    for range in ranges {
        let Range { name, low, high } = range;
        if !names.contains(&name.as_str()) {
            let error = Error::new(format!("the expression has no variable `{name}`"));
            return Err(match gradtape::nearest(name, names.iter().copied()) {
                Some(close) => error.hint(format!("did you mean `{close}`?")),
                None => error,
            });
        }
        if !(low.is_finite() && high.is_finite() && low < high) {
            return Err(Error::new(format!("the range of {name} from {low} to {high} is empty")));
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

/// The places of a grid, row by row from below.
fn grid(across: (f64, f64), up: (f64, f64), count: usize) -> (Vec<f64>, Vec<f64>) {
    let (xs, ys) = (samples(across, count), samples(up, count));
    let places = || ys.iter().flat_map(|y| xs.iter().map(move |x| (*x, *y)));
    (places().map(|(x, _)| x).collect(), places().map(|(_, y)| y).collect())
}

/// Values and derivatives at many places at once.
fn sampled(expr: &Expr, places: &[Vec<f64>]) -> Result<(Vec<f64>, Vec<Vec<f64>>)> {
    if expr.nodes().len() > MAX_EXPLAINED {
        return Err(Error::new(format!("more than {MAX_EXPLAINED} nodes are not drawn")));
    }
    let count = places.first().map_or(0, Vec::len);
    let tape = Tape::new();
    let inputs: Vec<_> =
        places.iter().map(|place| tape.watch(Tensor::from(place.clone()))).collect();
    let value = expr.record(&tape, &inputs);
    let ones = tape.constant(Tensor::ones([count], DType::F64));
    let mut all = vjp(&[value], &[ones], &inputs);
    all.push(value);
    let mut numbers = read_all(&all)?;
    let values = numbers.pop().unwrap_or_default();
    Ok((values, numbers))
}

/// The range of the finite values, without the outermost that would flatten everything else.
fn extent(values: impl Iterator<Item = f64>) -> (f64, f64) {
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

/// Lines of equal value, at levels that part the samples evenly.
fn contours(frame: &mut Frame, expr: &Expr, across: (f64, f64), up: (f64, f64)) -> Result<()> {
    let (xs, ys) = grid(across, up, GRID);
    let (values, _) = sampled(expr, &[xs.clone(), ys.clone()])?;
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    for level in 0..LEVELS {
        let place = sorted.len() * (2 * level + 1) / (2 * LEVELS);
        let Some(&height) = sorted.get(place) else { continue };
        let mut line = Vec::new();
        for row in 0..GRID - 1 {
            for column in 0..GRID - 1 {
                let at = row * GRID + column;
                let corners = [at, at + 1, at + 1 + GRID, at + GRID];
                cell(&corners.map(|c| (xs[c], ys[c], values[c] - height)), &mut line);
            }
        }
        let shade = 60 + 110 * level / LEVELS;
        frame.line(&line, &format!("stroke=\"rgb({shade},{shade},{})\" stroke-width=\"0.8\"", 190));
    }
    Ok(())
}

/// Where the zero line crosses a cell, as segments with gaps between.
fn cell(corners: &[(f64, f64, f64); 4], line: &mut Vec<(f64, f64)>) {
    let mut crossings = Vec::new();
    for side in 0..4 {
        let ((x0, y0, a), (x1, y1, b)) = (corners[side], corners[(side + 1) % 4]);
        if (a < 0.0) != (b < 0.0) && a.is_finite() && b.is_finite() {
            let share = a / (a - b);
            crossings.push((x0 + share * (x1 - x0), y0 + share * (y1 - y0)));
        }
    }
    for segment in crossings.chunks_exact(2) {
        line.extend(segment);
        line.push((f64::NAN, f64::NAN));
    }
}
