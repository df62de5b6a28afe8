//! Elements and slices put at places of another value.

use gradtape::{DType, Result, Var};

use super::Table;
use super::index::from_start;
use crate::call::{Call, Outputs, one, positions, unsupported};
use crate::tensor::broken;
use crate::value::{Array, axis};

pub(super) const TABLE: Table = &[
    ("Scatter", scatter_elements),
    ("ScatterElements", scatter_elements),
    ("ScatterND", scatter_nd),
    ("TensorScatter", tensor_scatter),
];

/// One element for each of the index, at its place along an axis.
fn scatter_elements<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let (x, index, updates) = (c.x(0)?, c.x(1)?, c.x(2)?);
    let (to, from) = (x.shape(), index.shape());
    let at = c.axis(0, to.len())?;
    let beyond = from.iter().zip(&to).enumerate().any(|(axis, (from, to))| axis != at && from > to);
    if from.len() != to.len() || from != updates.shape() || beyond {
        return Err(broken(format!(
            "an index of {from:?} and updates of {:?} for a value of {to:?}",
            updates.shape()
        )));
    }
    let mut flat: Option<Var<'t>> = None;
    for (along, &size) in to.iter().enumerate() {
        let place = match along == at {
            true => checked(from_start(index, size)?, size)?,
            false => positions(c.tape, &from, along),
        };
        flat = Some(flat.map_or(place, |flat| flat * size + place));
    }
    let Some(flat) = flat else { return one(updates) };
    let (all, count): (usize, usize) = (to.iter().product(), from.iter().product());
    let rows = [x.var.reshape([all, 1]), updates.var.reshape([count, 1])];
    let y = put(rows, flat.reshape([count]), c.text_or("reduction", "none")?)?;
    one(x.like(y.reshape(to)))
}

/// One slice for each list of places.
fn scatter_nd<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let (x, index, updates) = (c.x(0)?, c.x(1)?, c.x(2)?);
    let (to, shape) = (x.shape(), index.shape());
    let Some((&axes, lists)) = shape.split_last().filter(|(axes, _)| **axes <= to.len()) else {
        return Err(broken(format!("an index of {shape:?} for a value of {to:?}")));
    };
    let mut flat: Option<Var<'t>> = None;
    for (along, &size) in to[..axes].iter().enumerate() {
        let column = Array { var: index.var.index(-1, along), elem: index.elem };
        let place = checked(from_start(column, size)?, size)?;
        flat = Some(flat.map_or(place, |flat| flat * size + place));
    }
    let Some(flat) = flat else { return Err(broken("an index that names no axis")) };
    let count: usize = lists.iter().product();
    let (rows, width): (usize, usize) = (to[..axes].iter().product(), to[axes..].iter().product());
    let pair = [x.var.reshape([rows, width]), updates.var.reshape([count, width])];
    let y = put(pair, flat.reshape([count]), c.text_or("reduction", "none")?)?;
    one(x.like(y.reshape(to)))
}

/// Places along an axis; one beyond it must be no place of the next.
fn checked(index: Var<'_>, size: usize) -> Result<Var<'_>> {
    let tape = index.tape();
    Ok(positions(tape, &[size], 0).index_select(0, index))
}

/// Rows put at places of others, combined with what is there.
fn put<'t>([x, updates]: [Var<'t>; 2], index: Var<'t>, reduction: &str) -> Result<Var<'t>> {
    let rows = x.shape()[0];
    Ok(match reduction {
        "none" => x.index_copy(0, index, updates),
        "add" => x + updates.index_add(0, index, rows),
        "max" => x.maximum(updates.index_max(0, index, rows)),
        "min" => x.minimum(updates.index_min(0, index, rows)),
        "mul" => {
            // The first factor of every place, then the second of those that have one, and so on.
            let places = index.value()?.to_vec::<i64>()?;
            let mut seen = vec![0usize; rows];
            let mut turns: Vec<Vec<i64>> = Vec::new();
            for (update, place) in places.into_iter().enumerate() {
                let Some(turn) = seen.get_mut(place as usize) else {
                    return Err(broken(format!("place {place} of {rows}")));
                };
                if *turn == turns.len() {
                    turns.push(Vec::new());
                }
                turns[*turn].push(update as i64);
                *turn += 1;
            }
            let mut y = x;
            for turn in turns {
                let count = turn.len();
                let turn = x.tape().constant(gradtape::Tensor::from_vec(turn, [count])?);
                let (index, updates) = (index.index_select(0, turn), updates.index_select(0, turn));
                y = y * y.full_like(1.0).index_copy(0, index, updates);
            }
            y
        }
        other => return Err(unsupported(format!("updates by {other:?}"))),
    })
}

/// New keys or values written into a cache from a place on, which each example of the batch has for itself.
fn tensor_scatter<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let (x, update) = (c.x(0)?, c.x(1)?);
    let (to, from) = (x.shape(), update.shape());
    let at = axis(c.int_or("axis", -2)?, to.len())?;
    let size = to[at];
    let mut start = match c.maybe(2)? {
        Some(start) => start.var.cast(DType::I64),
        None => c.of_whole(vec![0; to[0]], &[to[0]])?.var,
    };
    for _ in 1..to.len() {
        start = start.unsqueeze(-1);
    }
    let mut place = positions(c.tape, &from, at) + start;
    if c.text_or("mode", "linear")? == "circular" {
        place = place - place / size * size;
    }
    one(x.like(x.var.scatter(at as isize, place, update.var)))
}
