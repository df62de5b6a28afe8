//! Parts of values.

use gradtape::{Result, Var};

use super::Table;
use super::shape::sizes;
use crate::call::{Call, Outputs, one};
use crate::tensor::broken;
use crate::value::axis;

pub(super) const TABLE: Table = &[("CenterCropPad", center), ("Slice", slice), ("Split", split)];

/// Places `start`, `start + step`, … before `end` along several axes; a step may be below 0.
fn slice<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.x(0)?;
    let (starts, ends, axes, steps) = match c.version >= 10 {
        true => (c.whole(1)?, c.whole(2)?, c.whole(3)?, c.whole(4)?),
        false => (c.ints("starts")?, c.ints("ends")?, c.ints("axes")?, None),
    };
    let (Some(starts), Some(ends)) = (starts, ends) else {
        return Err(broken("starts or ends are missing"));
    };
    let axes = axes.unwrap_or_else(|| (0..starts.len() as i64).collect());
    let steps = steps.unwrap_or_else(|| vec![1; starts.len()]);
    if ends.len() != starts.len() || axes.len() != starts.len() || steps.len() != starts.len() {
        return Err(broken(format!(
            "starts {starts:?}, ends {ends:?}, axes {axes:?} and steps {steps:?} are not equally many"
        )));
    }
    let mut y = x.var;
    for (((start, end), at), step) in starts.into_iter().zip(ends).zip(axes).zip(steps) {
        y = stepped(y, axis(at, x.rank())?, start, end, step)?;
    }
    one(x.like(y))
}

fn stepped<'t>(x: Var<'t>, at: usize, start: i64, end: i64, step: i64) -> Result<Var<'t>> {
    let size = x.shape()[at] as i64;
    let from_end = |place: i64| if place < 0 { place.saturating_add(size) } else { place };
    let (start, end) = (from_end(start), from_end(end));
    let along = at as isize;
    match step {
        0 => Err(broken("a step of 0")),
        1.. => {
            let (start, end) = (start.clamp(0, size), end.clamp(0, size));
            let step = usize::try_from(step).unwrap_or(usize::MAX).min(size.max(1) as usize);
            Ok(x.slice_step(along, start as usize, end.max(start) as usize, step))
        }
        // Backwards: the same places counted from the end, after turning the axis.
        _ => {
            let (start, end) = (start.clamp(-1, size - 1), end.clamp(-1, size - 1));
            let (start, end) = (size - 1 - start, size - 1 - end);
            let step = usize::try_from(step.unsigned_abs()).unwrap_or(usize::MAX);
            let step = step.min(size.max(1) as usize);
            Ok(x.flip(along).slice_step(along, start as usize, end.max(start) as usize, step))
        }
    }
}

/// More parts than any node has outputs.
const MOST_PARTS: usize = 1 << 16;

/// Parts of given sizes, or of equal ones with a smaller last.
fn split<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.x(0)?;
    let at = c.axis(0, x.rank())?;
    let size = x.shape()[at];
    let given = match c.version >= 13 {
        true => c.whole(1)?,
        false => c.ints("split")?,
    };
    let parts = match given {
        Some(given) => sizes(&given)?,
        None => {
            let count = c.int_or("num_outputs", c.node.outputs.len() as i64)?;
            let Some(count) =
                usize::try_from(count).ok().filter(|count| (1..=MOST_PARTS).contains(count))
            else {
                return Err(broken(format!("{count} parts")));
            };
            let each = size.div_ceil(count);
            (0..count).map(|part| each.min(size.saturating_sub(part * each))).collect()
        }
    };
    let parts = x.var.split(at as isize, &parts);
    Ok(parts.into_iter().map(|part| x.like(part).into()).collect())
}

/// The middle of each axis, or zeros around it, so that the axes have given sizes.
fn center<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.x(0)?;
    let Some(wanted) = c.whole(1)? else { return Err(broken("the sizes are missing")) };
    let wanted = sizes(&wanted)?;
    let axes = match c.ints("axes")? {
        Some(axes) => axes.into_iter().map(|at| axis(at, x.rank())).collect::<Result<Vec<_>>>()?,
        None => (0..x.rank()).collect(),
    };
    if axes.len() != wanted.len() {
        return Err(broken(format!("{} sizes for {} axes", wanted.len(), axes.len())));
    }
    let mut y = x.var;
    for (at, to) in axes.into_iter().zip(wanted) {
        let from = x.shape()[at];
        y = match to < from {
            true => y.slice_step(at as isize, (from - to) / 2, (from - to) / 2 + to, 1),
            false => y.pad(at as isize, (to - from) / 2, to - from - (to - from) / 2),
        };
    }
    one(x.like(y))
}
