//! The values of an expression at many places, and what is drawn of them.

use std::fmt::Display;

use gradtape::{DType, Tape, Tensor, vjp};
use gradtape_chart::{Axis, GREY, Grid, Line, Panel, extent_without_outliers};

use super::curve::Curve;
use super::torn::torn;
use crate::expression::{Expr, check_size, read_all};
use crate::report::{Error, Result};
use crate::teaching::ground::Ground;

/// Samples of a curve.
const CURVE: usize = 801;
/// Samples of a field along each axis.
pub(super) const GRID: usize = 121;

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
pub(super) struct Sampled {
    pub(super) along: Vec<Vec<f64>>,
    pub(super) values: Vec<f64>,
    pub(super) slopes: Vec<Vec<f64>>,
}

pub(super) fn sampled(expr: &Expr, axes: &[(f64, f64)]) -> Result<Sampled> {
    let each = if axes.len() == 1 { CURVE } else { GRID };
    let along: Vec<Vec<f64>> = axes.iter().map(|axis| samples(*axis, each)).collect();
    let places = over(&along);
    let count = places.first().map_or(0, Vec::len);
    let tape = Tape::new();
    let inputs: Vec<_> = places.into_iter().map(|place| tape.watch(Tensor::from(place))).collect();
    // One that does not depend on what it is drawn over is the same everywhere.
    let value = expr.record(&tape, &inputs).broadcast_to([count]);
    let ones = tape.constant(Tensor::ones([count], DType::F64));
    let mut all = vjp(&[value], &[ones], &inputs);
    all.push(value);
    let mut slopes = read_all(&all)?;
    let values = slopes.pop().unwrap_or_default();
    Ok(Sampled { along, values, slopes })
}

/// The variables of an expression that can be drawn.
pub(super) fn variables<'e>(expr: &'e Expr, what: &str) -> Result<Vec<&'e str>> {
    let names: Vec<&str> = expr.variables().collect();
    drawable(&names, expr, what)?;
    check_size(std::slice::from_ref(expr), "drawn")?;
    Ok(names)
}

/// Fails unless there are one or two variables.
pub(super) fn drawable(names: &[&str], shown: &dyn Display, what: &str) -> Result<()> {
    if !(1..=2).contains(&names.len()) {
        let has = match names {
            [] => "none".to_string(),
            names => format!("{} ({})", names.len(), names.join(", ")),
        };
        let error = Error::new(format!("{what} needs one or two variables; {shown} has {has}"));
        return Err(match names.len() {
            0 => error.hint("write x where the number changes"),
            _ => error.hint("put numbers in place of the others"),
        });
    }
    Ok(())
}

/// A program is looked at in fewer places, because it is read and run anew in each.
const PROGRAM_GRID: usize = 61;
const PROGRAM_CURVE: usize = 401;

/// An expression or a program in one variable as a line, in two as contours, without derivatives.
pub(super) fn background(
    ground: &Ground<'_>,
    names: &[&str],
    axes: &[(f64, f64)],
) -> Result<Panel> {
    let (along, values) = match ground {
        Ground::Expression(expr) => {
            let Sampled { along, values, .. } = sampled(expr, axes)?;
            (along, values)
        }
        Ground::Program { .. } => {
            let each = if axes.len() == 1 { PROGRAM_CURVE } else { PROGRAM_GRID };
            let along: Vec<Vec<f64>> = axes.iter().map(|axis| samples(*axis, each)).collect();
            let places = over(&along);
            let place = |i: usize| places.iter().map(|axis| axis[i]).collect::<Vec<f64>>();
            let count = places.first().map_or(0, Vec::len);
            (along, (0..count).map(|i| ground.value(&place(i))).collect())
        }
    };
    let cost = ground.cost();
    Ok(match (names, along.as_slice()) {
        ([x, y, ..], [across, up, ..]) => {
            contours(cost, (x, across), (y, up), &values, |x, y| ground.value(&[x, y]))
        }
        _ => {
            let y = curve_axis(values.iter().copied());
            let curve = curve_of(cost, &along[0], &values, &y, |x| ground.value(&[x]));
            let marks = curve.marks(Line { colour: GREY, ..Line::default() });
            Panel { x: Axis::along(names[0], &along[0]), y, equal: false, marks }
        }
    })
}

/// A function of two variables as lines of equal value, none through its jumps. `cost` is that of one value.
pub(super) fn contours(
    cost: usize,
    (x, across): (&str, &[f64]),
    (y, up): (&str, &[f64]),
    values: &[f64],
    f: impl Fn(f64, f64) -> f64,
) -> Panel {
    let cells = torn(across, up, values, cost, f);
    Panel::of_grid(x, y, &Grid::new(across, up, values).torn(&cells))
}

/// An expression in one variable between and at places.
pub(crate) fn curve(expr: &Expr, across: &[f64], values: &[f64], axis: &Axis) -> Curve {
    let mut all = Vec::new();
    curve_of(expr.nodes().len(), across, values, axis, |x| {
        expr.evaluate_into(&[x], &mut all);
        all[expr.root().index()]
    })
}

fn curve_of(
    cost: usize,
    across: &[f64],
    values: &[f64],
    axis: &Axis,
    f: impl FnMut(f64) -> f64,
) -> Curve {
    let points = across.iter().copied().zip(values.iter().copied()).collect();
    Curve::of(points, axis, cost, f)
}

/// The axis up for curves: few extreme values do not flatten the others.
pub(super) fn curve_axis(values: impl IntoIterator<Item = f64>) -> Axis {
    Axis::around("", extent_without_outliers(values).unwrap_or((-1.0, 1.0)))
}
