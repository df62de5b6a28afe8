//! Elements and slices picked by their places.

use gradtape::{DType, Result, Tensor, Var};

use super::Table;
use crate::call::{Call, Outputs, one, positions};
use crate::elem::Elem;
use crate::tensor::broken;
use crate::value::{Array, axis};

pub(super) const TABLE: Table = &[
    ("Compress", compress),
    ("Gather", gather),
    ("GatherElements", gather_elements),
    ("GatherND", gather_nd),
    ("NonZero", non_zero),
    ("OneHot", one_hot),
    ("ReverseSequence", reverse_sequence),
    ("Trilu", trilu),
    ("Unique", unique),
];

/// Places as i64, those below 0 counted from the end.
pub(super) fn from_start<'t>(index: Array<'t>, size: usize) -> Result<Var<'t>> {
    if index.elem.bits().is_none() {
        return Err(broken(format!("places must be whole numbers, not {}", index.elem)));
    }
    Ok(index.var.less(0).select(index.var + size, index.var))
}

fn gather<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let (x, index) = (c.x(0)?, c.x(1)?);
    let at = c.axis(0, x.rank())?;
    let index = from_start(index, x.shape()[at])?;
    one(x.like(x.var.index_select(at as isize, index)))
}

fn gather_elements<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let (x, index) = (c.x(0)?, c.x(1)?);
    let at = c.axis(0, x.rank())?;
    let index = from_start(index, x.shape()[at])?;
    one(x.like(x.var.gather(at as isize, index)))
}

/// The last axis of the index names places along as many axes, behind the first `batch_dims`, which both share.
fn gather_nd<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let (x, index) = (c.x(0)?, c.x(1)?);
    let (from, shape) = (x.shape(), index.shape());
    let batch = c.int_or("batch_dims", 0)?;
    let Some((&count, lists)) = shape.split_last() else {
        return Err(broken("an index without axes"));
    };
    let batch = match usize::try_from(batch) {
        Ok(batch) if batch + count <= from.len() && batch <= lists.len() => batch,
        _ => {
            return Err(broken(format!(
                "an index of {shape:?} with batch_dims {batch} for a value of {from:?}"
            )));
        }
    };
    let mut places = Vec::with_capacity(batch + count);
    for at in 0..batch {
        places.push(positions(c.tape, lists, at));
    }
    for along in 0..count {
        let column = Array { var: index.var.index(-1, along), elem: index.elem };
        places.push(from_start(column, from[batch + along])?);
    }
    if places.is_empty() {
        // No axis is named: each list picks the whole.
        let mut to = lists.to_vec();
        to.extend(&from);
        return one(x.like(x.var.broadcast_to(to)));
    }
    one(x.like(x.var.index_get(&places)))
}

/// Slices along an axis, or elements of the whole, where a condition holds.
fn compress<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let (x, condition) = (c.x(0)?, c.x(1)?);
    let kept = condition.numbers()?;
    let places: Vec<i64> =
        (0..).zip(&kept).filter(|(_, number)| **number != 0.0).map(|(place, _)| place).collect();
    let count = places.len();
    let places = c.of_whole(places, &[count])?.var;
    let picked = match c.int("axis")? {
        Some(at) => x.var.index_select(axis(at, x.rank())? as isize, places),
        None => x.var.reshape([x.shape().iter().product::<usize>()]).index_select(0, places),
    };
    one(x.like(picked))
}

/// The places of all elements that are not 0, one row for each axis.
fn non_zero<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.x(0)?;
    let shape = x.shape();
    let mut rows = vec![Vec::new(); shape.len()];
    for (place, number) in x.numbers()?.into_iter().enumerate() {
        if number != 0.0 {
            let mut rest = place;
            for (row, &size) in rows.iter_mut().zip(&shape).rev() {
                row.push((rest % size) as i64);
                rest /= size;
            }
        }
    }
    let count = rows.first().map_or(0, Vec::len);
    one(c.of_whole(rows.concat(), &[shape.len(), count])?)
}

/// A new axis with the second of two values at the place of each label, the first elsewhere; a label that is out of
/// range has none.
fn one_hot<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let (labels, values) = (c.x(0)?, c.x(2)?);
    let Some(depth) = c.number(1)?.filter(|&depth| depth >= 0.0) else {
        return Err(broken("the depth is missing or below 0"));
    };
    let depth = depth as usize;
    let at = axis(c.int_or("axis", -1)?, labels.rank() + 1)?;
    let index = labels.var.cast(DType::I64);
    let index = index.less(0).select(index + depth, index).unsqueeze(at as isize);
    let mut shape = labels.shape();
    shape.insert(at, depth);
    let hot = positions(c.tape, &shape, at).equal(index);
    let (off, on) = (values.var.index(0, 0), values.var.index(0, 1));
    one(values.like(hot.select(on, off)))
}

/// Turns the first elements of each sequence, as many as it is long, leaving the rest.
fn reverse_sequence<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let (x, lengths) = (c.x(0)?, c.x(1)?);
    let shape = x.shape();
    let batch = axis(c.int_or("batch_axis", 1)?, shape.len())?;
    let time = axis(c.int_or("time_axis", 0)?, shape.len())?;
    let mut along_batch = vec![1; shape.len()];
    along_batch[batch] = shape[batch];
    let lengths = lengths.var.cast(DType::I64).reshape(along_batch);
    let place = positions(c.tape, &shape, time);
    let turned = place.less(lengths).select(lengths - 1 - place, place);
    one(x.like(x.var.gather(time as isize, turned)))
}

/// The upper or the lower triangle, zeros elsewhere.
fn trilu<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.x(0)?;
    let rank = x.rank();
    if rank < 2 {
        return Err(broken(format!("a triangle of a value of {rank} axes")));
    }
    let shape = x.shape();
    let k = c.whole(1)?.and_then(|k| k.first().copied()).unwrap_or(0);
    let diagonal = positions(c.tape, &shape, rank - 1) - positions(c.tape, &shape, rank - 2);
    let kept = match c.flag("upper", true)? {
        true => diagonal.greater_equal(k as f64),
        false => diagonal.less_equal(k as f64),
    };
    one(x.like(kept.select(x.var, x.var.full_like(0.0))))
}

/// Whole numbers in the order of a tensor's numbers, equal where those are equal; NaN is behind all others.
fn in_order(elem: Elem, numbers: &Tensor) -> Result<Vec<i64>> {
    match (elem, numbers.dtype()) {
        // Above 2^63 an unsigned number is kept as a negative one.
        (Elem::U64, _) => Ok(numbers.to_vec::<i64>()?.into_iter().map(|x| x ^ i64::MIN).collect()),
        (_, DType::I64) => numbers.to_vec::<i64>(),
        _ => Ok(numbers
            .to_f64_vec()
            .into_iter()
            .map(|x| {
                // The bits of numbers below 0 are in the order of their sizes. 0 is added to -0.
                let bits = (x + 0.0).to_bits().cast_signed();
                bits ^ ((bits >> 63).cast_unsigned() >> 1).cast_signed()
            })
            .collect()),
    }
}

/// Values without repetition, with the place of the first of each, the place of each element among them, and counts.
fn unique<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.x(0)?;
    let along = c.int("axis")?.map(|at| axis(at, x.rank())).transpose()?;
    let at = along.unwrap_or(0);
    let flat = match along {
        Some(_) => x.var,
        None => x.var.reshape([x.shape().iter().product::<usize>()]),
    };
    let size = flat.shape()[at];
    let rows = in_order(x.elem, &flat.move_axis(at as isize, 0).value()?)?;
    let width = rows.len() / size.max(1);
    let row = |place: usize| &rows[place * width..(place + 1) * width];
    let order = |a: usize, b: usize| {
        let pairs = row(a).iter().zip(row(b)).map(|(x, y)| x.cmp(y));
        pairs.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
    };
    let mut sorted: Vec<usize> = (0..size).collect();
    sorted.sort_by(|&a, &b| order(a, b));
    // Groups of equal slices, each in the order of places.
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for place in sorted {
        match groups.last_mut() {
            Some(group) if order(group[0], place).is_eq() => group.push(place),
            _ => groups.push(vec![place]),
        }
    }
    if !c.flag("sorted", true)? {
        groups.sort_by_key(|group| group[0]);
    }
    let mut inverse = vec![0; size];
    for (number, group) in groups.iter().enumerate() {
        group.iter().for_each(|&place| inverse[place] = number as i64);
    }
    let count = groups.len();
    let first = groups.iter().map(|group| group[0] as i64).collect();
    let counts = groups.iter().map(|group| group.len() as i64).collect();
    let first = c.of_whole(first, &[count])?;
    let values = x.like(flat.index_select(at as isize, first.var));
    let inverse = c.of_whole(inverse, &[size])?;
    Ok(vec![values.into(), first.into(), inverse.into(), c.of_whole(counts, &[count])?.into()])
}
