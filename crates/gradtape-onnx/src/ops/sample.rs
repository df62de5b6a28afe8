//! Images looked up at places between their points.

use gradtape::{DType, Result, Tensor, Var};

use super::Table;
use super::shape::sizes;
use crate::call::{Call, Outputs, one, unsupported, wide};
use crate::tensor::broken;

pub(super) const TABLE: Table = &[("AffineGrid", affine_grid), ("GridSample", grid_sample)];

/// The places that an affine map leads to from each point of an image: `[N, height, width, 2]`, or with a depth.
fn affine_grid<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let theta = c.x(0)?;
    let Some(size) = c.whole(1)? else { return Err(broken("the size is missing")) };
    let size = sizes(&size)?;
    let map = theta.shape();
    let (Some(axes), &[count, rows, columns]) = (size.get(2..), &map[..]) else {
        return Err(broken(format!("a map of {map:?} for a size of {size:?}")));
    };
    let rank = axes.len();
    if !(2..=3).contains(&rank) || [count, rows, columns] != [size[0], rank, rank + 1] {
        return Err(broken(format!("a map of {map:?} for a size of {size:?}")));
    }
    let aligned = c.flag("align_corners", false)?;
    // From -1 to 1 along each axis, the last axis first.
    let along = (0..rank).rev().map(|axis| {
        let size = axes[axis] as f64;
        let place = c.tape.iota(axes, axis, DType::F64);
        match aligned {
            true if axes[axis] > 1 => place * (2.0 / (size - 1.0)) - 1.0,
            true => place,
            false => (place * 2.0 + 1.0) / size - 1.0,
        }
    });
    let mut along: Vec<Var<'t>> = along.collect();
    along.push(c.tape.constant(Tensor::ones(axes, DType::F64)));
    let points = axes.iter().product::<usize>();
    let places = c.tape.stack(&along, 0).reshape([rank + 1, points]);
    let wide = wide(theta.var);
    let found = wide.matmul(places.cast(wide.dtype())).transpose(&[0, 2, 1]);
    let shape = [&[count], axes, &[rank]].concat();
    one(theta.like(found.reshape(shape).cast(theta.elem.dtype())))
}

/// What is outside of an image.
#[derive(Clone, Copy, PartialEq)]
enum Outside {
    Zeros,
    Border,
    Reflection,
}

/// A neighbour of the places along an axis: which it is, and how much it counts, `[N, places]`.
type Neighbour<'t> = (Var<'t>, Var<'t>);

/// Values at places of a grid from -1 to 1, between the points of an image.
fn grid_sample<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let (x, grid) = (c.x(0)?, c.x(1)?);
    let (from, to) = (x.shape(), grid.shape());
    let rank = from.len().saturating_sub(2);
    let fits = rank > 0 && to.len() == rank + 2 && to[0] == from[0] && to[rank + 1] == rank;
    let image = from.get(2..).filter(|image| fits && !image.contains(&0));
    let Some(image) = image else {
        return Err(broken(format!("a grid of {to:?} for a value of {from:?}")));
    };
    let outside = match c.text_or("padding_mode", "zeros")? {
        "zeros" => Outside::Zeros,
        "border" => Outside::Border,
        "reflection" => Outside::Reflection,
        other => return Err(unsupported(format!("padding modes {other:?}"))),
    };
    let aligned = c.flag("align_corners", false)?;
    let mode = c.text_or("mode", "linear")?;
    let (rows, channels) = (from[0], from[1]);
    let points = to[1..=rank].iter().product::<usize>();
    let places = wide(grid.var).reshape([rows, points, rank]);
    let values = wide(x.var);
    let mut all: Vec<Neighbour<'t>> = Vec::new();
    for (axis, &size) in image.iter().enumerate() {
        // The last axis comes first in a grid.
        let place = places.index(2, (rank - 1 - axis) as isize).cast(values.dtype());
        let own = neighbours(mode, place, size, aligned, outside)?;
        all = match all.is_empty() {
            true => own,
            false => all
                .iter()
                .flat_map(|(index, weight)| {
                    own.iter().map(move |(more, by)| (*index * size + *more, *weight * *by))
                })
                .collect(),
        };
    }
    let flat = values.reshape([rows, channels, image.iter().product()]);
    let shape = [rows, channels, points];
    let parts = all.into_iter().map(|(index, weight)| {
        flat.gather(2, index.unsqueeze(1).broadcast_to(shape)) * weight.unsqueeze(1)
    });
    let Some(sum) = parts.reduce(|a, b| a + b) else { return Err(broken("no neighbours")) };
    let shape = [&[rows, channels], &to[1..=rank]].concat();
    one(x.like(sum.reshape(shape).cast(x.elem.dtype())))
}

fn neighbours<'t>(
    mode: &str,
    place: Var<'t>,
    size: usize,
    aligned: bool,
    outside: Outside,
) -> Result<Vec<Neighbour<'t>>> {
    let length = size as f64;
    let (low, high) = if aligned { (0.0, length - 1.0) } else { (-0.5, length - 0.5) };
    let scaled = match aligned {
        true => (place + 1.0) * ((length - 1.0) / 2.0),
        false => ((place + 1.0) * length - 1.0) * 0.5,
    };
    let scaled = if mode == "nearest" { scaled.round() } else { scaled };
    let inside = |at: Var<'t>| match outside {
        Outside::Zeros => at,
        Outside::Border => at.maximum(0.0).minimum(length - 1.0),
        Outside::Reflection if high <= low => at.full_like(0.0),
        Outside::Reflection => {
            let rest =
                at - low - ((at - low) / (2.0 * (high - low))).floor() * (2.0 * (high - low));
            low + rest.less_equal(high - low).select(rest, 2.0 * (high - low) - rest)
        }
    };
    let scaled = inside(scaled);
    let point = |at: Var<'t>, weight: Var<'t>| -> Neighbour<'t> {
        let at = inside(at);
        let there = at.greater_equal(0.0).logical_and(at.less_equal(length - 1.0));
        // What is no number is outside too.
        let index = there.select(at.round(), at.full_like(0.0)).cast(DType::I64);
        (index, there.select(weight, weight.full_like(0.0)))
    };
    let first = scaled.floor().stop_gradient();
    let part = scaled - first;
    Ok(match mode {
        "nearest" => vec![point(scaled, scaled.full_like(1.0))],
        "linear" | "bilinear" => vec![point(first, 1.0 - part), point(first + 1.0, part)],
        "cubic" | "bicubic" => {
            let near = |r: Var<'t>| ((A + 2.0) * r - (A + 3.0)) * r * r + 1.0;
            let far = |r: Var<'t>| ((A * r - 5.0 * A) * r + 8.0 * A) * r - 4.0 * A;
            vec![
                point(first - 1.0, far(part + 1.0)),
                point(first, near(part)),
                point(first + 1.0, near(1.0 - part)),
                point(first + 2.0, far(2.0 - part)),
            ]
        }
        other => return Err(unsupported(format!("modes {other:?}"))),
    })
}

/// How far cubic weights fall below 0.
const A: f64 = -0.75;
