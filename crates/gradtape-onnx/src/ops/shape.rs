//! Other shapes of the same numbers.

use gradtape::Result;

use super::Table;
use crate::call::{Call, Outputs, one};
use crate::tensor::broken;
use crate::value::{Array, axis};

pub(super) const TABLE: Table = &[
    ("Concat", concat),
    ("DepthToSpace", depth_to_space),
    ("Expand", expand),
    ("Flatten", flatten),
    ("Reshape", reshape),
    ("Shape", shape),
    ("Size", |c| {
        let count = c.x(0)?.var.shape().elements() as i64;
        one(c.of_whole(vec![count], &[])?)
    }),
    ("SpaceToDepth", space_to_depth),
    ("Squeeze", squeeze),
    ("Tile", tile),
    ("Transpose", transpose),
    ("Unsqueeze", unsqueeze),
];

/// Sizes as they are written in files: none below 0, none beyond what a value can have, so that products of two are
/// numbers.
pub(super) fn sizes(numbers: &[i64]) -> Result<Vec<usize>> {
    let sizes = numbers.iter().map(|&size| match usize::try_from(size) {
        Ok(size) if size <= LARGEST => Ok(size),
        _ => Err(broken(format!("a size of {size} in {numbers:?}"))),
    });
    sizes.collect()
}

/// No axis is longer.
const LARGEST: usize = 1 << 31;

/// How many elements a shape has, if memory could have them.
fn elements(mut sizes: impl Iterator<Item = usize>) -> Result<usize> {
    let count = sizes.try_fold(1usize, |all, size| all.checked_mul(size));
    count.ok_or_else(|| broken("a shape of more elements than memory has"))
}

fn concat<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let all = c.arrays()?;
    let Some(first) = all.first() else { return Err(broken("no inputs")) };
    let at = c.axis(1, first.rank())?;
    let vars: Vec<_> = all.iter().map(|array| array.var).collect();
    one(first.like(c.tape.concat(&vars, at as isize)))
}

/// One size may be -1 (what is left), and 0 (the size that was there) unless `allowzero`.
fn reshape<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.x(0)?;
    let wanted = match c.version >= 5 {
        true => c.whole(1)?,
        false => c.ints("shape")?,
    };
    let Some(wanted) = wanted else { return Err(broken("the shape is missing")) };
    let from = x.shape();
    let copies = !c.flag("allowzero", false)?;
    let mut sizes = Vec::with_capacity(wanted.len());
    for (place, &size) in wanted.iter().enumerate() {
        sizes.push(match size {
            0 if copies => *from.get(place).ok_or_else(|| {
                broken(format!("shape {wanted:?} keeps axis {place}, which {from:?} has not"))
            })?,
            -1 => usize::MAX,
            size => usize::try_from(size)
                .map_err(|_| broken(format!("a size of {size} in {wanted:?}")))?,
        });
    }
    let open = sizes.iter().filter(|&&size| size == usize::MAX).count();
    if open > 1 {
        return Err(broken(format!("shape {wanted:?} has more than one size of -1")));
    }
    if open == 1 {
        let rest = elements(sizes.iter().copied().filter(|&size| size != usize::MAX))?;
        let all: usize = from.iter().product();
        if rest == 0 || !all.is_multiple_of(rest) {
            return Err(broken(format!("{from:?} cannot be reshaped to {wanted:?}")));
        }
        sizes.iter_mut().filter(|size| **size == usize::MAX).for_each(|size| *size = all / rest);
    }
    one(x.like(x.var.reshape(sizes)))
}

fn flatten<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.x(0)?;
    let sizes = x.shape();
    let given = c.int_or("axis", 1)?;
    let at = match given == sizes.len() as i64 {
        true => sizes.len(),
        false => axis(given, sizes.len())?,
    };
    let (rows, columns) =
        (sizes[..at].iter().product::<usize>(), sizes[at..].iter().product::<usize>());
    one(x.like(x.var.reshape([rows, columns])))
}

fn squeeze<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.x(0)?;
    let shape = x.shape();
    let gone = match c.axes(1, 13)? {
        Some(axes) => {
            axes.into_iter().map(|at| axis(at, shape.len())).collect::<Result<Vec<_>>>()?
        }
        None => (0..shape.len()).filter(|&at| shape[at] == 1).collect(),
    };
    if let Some(&at) = gone.iter().find(|&&at| shape[at] != 1) {
        return Err(broken(format!(
            "axis {at} of {shape:?} cannot be squeezed: its size is not 1"
        )));
    }
    let kept: Vec<usize> =
        (0..shape.len()).filter(|at| !gone.contains(at)).map(|at| shape[at]).collect();
    one(x.like(x.var.reshape(kept)))
}

fn unsqueeze<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.x(0)?;
    let Some(axes) = c.axes(1, 13)? else { return Err(broken("the axes are missing")) };
    let rank = x.rank() + axes.len();
    let new = axes.into_iter().map(|at| axis(at, rank)).collect::<Result<Vec<_>>>()?;
    let mut old = x.shape().into_iter();
    let sizes: Vec<usize> =
        (0..rank).filter_map(|at| if new.contains(&at) { Some(1) } else { old.next() }).collect();
    one(x.like(x.var.reshape(sizes)))
}

fn transpose<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.x(0)?;
    let order = match c.ints("perm")? {
        Some(order) => sizes(&order)?,
        None => (0..x.rank()).rev().collect(),
    };
    one(x.like(x.var.transpose(&order)))
}

/// Broadcasts by the common rule, so that an axis of the result may be longer than asked for.
fn expand<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.x(0)?;
    let Some(wanted) = c.whole(1)? else { return Err(broken("the shape is missing")) };
    let mut wanted = sizes(&wanted)?;
    let from = x.shape();
    while wanted.len() < from.len() {
        wanted.insert(0, 1);
    }
    let skip = wanted.len() - from.len();
    for (at, &size) in from.iter().enumerate() {
        if wanted[skip + at] == 1 {
            wanted[skip + at] = size;
        }
    }
    one(x.like(x.var.broadcast_to(wanted)))
}

/// The sizes of axes `start` to `end`, counted from the end where they are below 0.
fn shape<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let sizes = c.x(0)?.shape();
    let rank = sizes.len() as i64;
    let place = |at: i64| (if at < 0 { at + rank } else { at }).clamp(0, rank) as usize;
    let (start, end) = (place(c.int_or("start", 0)?), place(c.int_or("end", rank)?));
    let part: Vec<i64> =
        sizes.get(start..end.max(start)).unwrap_or(&[]).iter().map(|&size| size as i64).collect();
    let count = part.len();
    one(c.of_whole(part, &[count])?)
}

fn tile<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.x(0)?;
    let Some(counts) = c.whole(1)? else { return Err(broken("the counts are missing")) };
    one(x.like(x.var.tile(&sizes(&counts)?)))
}

/// Larger blocks than any image has.
const MOST_BLOCK: usize = 1 << 16;

/// Sizes of images and of blocks.
fn blocks(c: &Call<'_, '_>, x: Array<'_>) -> Result<([usize; 4], usize)> {
    let shape = x.shape();
    let Ok(sizes) = <[usize; 4]>::try_from(shape.as_slice()) else {
        return Err(broken(format!(
            "images must be [batch, channels, height, width], not {shape:?}"
        )));
    };
    match c
        .int("blocksize")?
        .and_then(|size| usize::try_from(size).ok())
        .filter(|size| (1..=MOST_BLOCK).contains(size))
    {
        Some(block) => Ok((sizes, block)),
        None => Err(broken("`blocksize` is missing or out of range")),
    }
}

fn depth_to_space<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.x(0)?;
    let ([n, channels, h, w], b) = blocks(c, x)?;
    if channels % (b * b) != 0 {
        return Err(broken(format!("{channels} channels are no multiple of blocks of {b} by {b}")));
    }
    let rest = channels / (b * b);
    let y = match c.text_or("mode", "DCR")? {
        "CRD" => x.var.reshape([n, rest, b, b, h, w]).transpose(&[0, 1, 4, 2, 5, 3]),
        _ => x.var.reshape([n, b, b, rest, h, w]).transpose(&[0, 3, 4, 1, 5, 2]),
    };
    one(x.like(y.reshape([n, rest, h * b, w * b])))
}

fn space_to_depth<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.x(0)?;
    let ([n, channels, h, w], b) = blocks(c, x)?;
    if h % b != 0 || w % b != 0 {
        return Err(broken(format!(
            "images of {h} by {w} cannot be cut into blocks of {b} by {b}"
        )));
    }
    let y = x.var.reshape([n, channels, h / b, b, w / b, b]).transpose(&[0, 3, 5, 1, 2, 4]);
    one(x.like(y.reshape([n, channels * b * b, h / b, w / b])))
}
