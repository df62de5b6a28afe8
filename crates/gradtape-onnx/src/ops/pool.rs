//! Pools.

use gradtape::{DType, Result, Tensor, Var};

use super::Table;
use super::pad::grow;
use super::shape::sizes;
use super::window::{Slide, spatial};
use crate::call::{Call, Outputs, one, positions, wide};
use crate::tensor::broken;
use crate::value::Array;

pub(super) const TABLE: Table = &[
    ("AveragePool", average),
    ("GlobalAveragePool", |c| global(c, |x, axes| x.mean(axes))),
    ("GlobalLpPool", |c| {
        let p = c.int_or("p", 2)? as f64;
        global(c, move |x, axes| x.abs().powf(p).sum(axes).powf(1.0 / p))
    }),
    ("GlobalMaxPool", |c| global(c, |x, axes| x.max(axes))),
    ("LpPool", lp),
    ("MaxPool", max),
    ("MaxUnpool", unpool),
];

fn slide(c: &Call<'_, '_>, x: Var<'_>) -> Result<Slide> {
    let Some(kernel) = c.ints("kernel_shape")? else {
        return Err(broken("`kernel_shape` is missing"));
    };
    let from = spatial(x)?;
    let mut slide = Slide::of(c, sizes(&kernel)?, &from)?;
    for (axis, &size) in from.iter().enumerate() {
        let padded = size + slide.pads[axis][0] + slide.pads[axis][1];
        if slide.reach(axis) > padded {
            return Err(broken(format!(
                "a window of {:?} reaches over {} elements along spatial axis {axis}, which has {padded} with its pads",
                slide.kernel,
                slide.reach(axis)
            )));
        }
    }
    if !c.flag("ceil_mode", false)? {
        // What no whole window fits into is left out.
        return Ok(slide);
    }
    for (axis, &size) in from.iter().enumerate() {
        let beyond = slide.beyond(axis, size);
        slide.pads[axis][1] += beyond;
    }
    Ok(slide)
}

/// With a number at both ends of each spatial axis.
fn framed<'t>(x: Var<'t>, pads: &[[usize; 2]], fill: Option<f64>) -> Result<Var<'t>> {
    let fill = fill.map(|fill| x.literal(fill));
    pads.iter()
        .enumerate()
        .try_fold(x, |x, (axis, &pads)| grow(x, axis + 2, pads, "constant", fill))
}

/// The last axes, the places in a window.
fn places(slide: &Slide) -> Vec<isize> {
    (1..=slide.kernel.len() as isize).map(|axis| -axis).collect()
}

/// The mean over each window, of what is not padding unless `count_include_pad`.
fn average<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.x(0)?;
    let slide = slide(c, x.var)?;
    let from = spatial(x.var)?;
    let sums = slide.windows(framed(wide(x.var), &slide.pads, None)?).sum(places(&slide));
    let mut shape = vec![1, 1];
    shape.extend(&from);
    let mut counted = c.tape.constant(Tensor::ones(shape, sums.dtype()));
    if c.flag("count_include_pad", false)? {
        // The pads count, but not what a last window has beyond them.
        let given = Slide::of(c, slide.kernel.clone(), &from)?.pads;
        counted = framed(counted, &given, Some(1.0))?;
        let rest: Vec<[usize; 2]> =
            slide.pads.iter().zip(&given).map(|(all, given)| [0, all[1] - given[1]]).collect();
        counted = framed(counted, &rest, None)?;
    } else {
        counted = framed(counted, &slide.pads, None)?;
    }
    let counts = slide.windows(counted).sum(places(&slide));
    one(x.like((sums / counts).cast(x.elem.dtype())))
}

fn lp<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.x(0)?;
    let slide = slide(c, x.var)?;
    let p = match c.int("p") {
        Ok(p) => p.unwrap_or(2) as f64,
        Err(_) => c.float_or("p", 2.0)?,
    };
    let powers = framed(x.var.abs().powf(p), &slide.pads, None)?;
    one(x.like(slide.windows(powers).sum(places(&slide)).powf(1.0 / p)))
}

/// The greatest of each window, and on request its place in the whole input.
fn max<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.x(0)?;
    let slide = slide(c, x.var)?;
    let least = match x.elem.range() {
        Some((least, _)) => least as f64,
        None => f64::NEG_INFINITY,
    };
    let windows = slide.windows(framed(x.var, &slide.pads, Some(least))?);
    if !c.wants(1) {
        return one(x.like(windows.max(places(&slide))));
    }
    windows.check()?;
    let mut shape = windows.shape()[..x.rank()].to_vec();
    shape.push(slide.kernel.iter().product());
    let best = windows.reshape(&shape[..]).argmax(-1).unsqueeze(-1);
    let numbers = numbered(c, x, c.int_or("storage_order", 0)? == 1);
    let numbers = slide.windows(framed(numbers, &slide.pads, Some(-1.0))?).reshape(&shape[..]);
    let values = windows.max(places(&slide));
    Ok(vec![x.like(values).into(), Array::of(numbers.gather(-1, best).squeeze(-1)).into()])
}

/// The number of each element in the whole, in row-major order or with the first spatial axis fastest.
fn numbered<'t>(c: &Call<'_, 't>, x: Array<'t>, columns: bool) -> Var<'t> {
    let shape = x.shape();
    let mut order: Vec<usize> = (0..shape.len()).collect();
    if columns {
        order[2..].reverse();
    }
    let mut sum: Option<Var<'t>> = None;
    for axis in order {
        let place = positions(c.tape, &shape, axis);
        sum = Some(sum.map_or(place, |sum| sum * shape[axis] + place));
    }
    sum.unwrap_or_else(|| x.var.cast(DType::I64))
}

/// Elements put back at the places that a pool took them from, zeros elsewhere.
fn unpool<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let (x, index) = (c.x(0)?, c.x(1)?);
    let slide = slide_back(c, x.var)?;
    let from = spatial(x.var)?;
    let mut inner = x.shape()[..2].to_vec();
    for (axis, &size) in from.iter().enumerate() {
        let [before, after] = slide.pads[axis];
        let full = (size.max(1) - 1) * slide.stride[axis] + slide.kernel[axis];
        inner.push(full.saturating_sub(before + after));
    }
    let (all, count): (usize, usize) = (inner.iter().product(), x.shape().iter().product());
    let empty = x.var.literal(0.0).broadcast_to([all]);
    let flat = empty.index_copy(0, index.var.reshape([count]), x.var.reshape([count]));
    let mut y = flat.reshape(&inner[..]);
    if let Some(to) = c.whole(2)? {
        for (axis, (to, from)) in sizes(&to)?.into_iter().zip(inner).enumerate() {
            y = match to < from {
                true => y.slice_step(axis as isize, 0, to, 1),
                false => y.pad(axis as isize, 0, to - from),
            };
        }
    }
    one(x.like(y))
}

fn slide_back(c: &Call<'_, '_>, x: Var<'_>) -> Result<Slide> {
    let Some(kernel) = c.ints("kernel_shape")? else {
        return Err(broken("`kernel_shape` is missing"));
    };
    Slide::of(c, sizes(&kernel)?, &spatial(x)?)
}

fn global<'t>(c: &Call<'_, 't>, f: impl FnOnce(Var<'t>, &[isize]) -> Var<'t>) -> Outputs<'t> {
    let x = c.x(0)?;
    let mut shape = x.shape();
    spatial(x.var)?;
    let axes: Vec<isize> = (2..shape.len() as isize).collect();
    shape[2..].fill(1);
    one(x.like(f(x.var, &axes).reshape(shape)))
}
