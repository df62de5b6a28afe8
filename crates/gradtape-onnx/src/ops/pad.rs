//! Numbers around a value: constant, reflected, the edge's, or those of the other end.

use gradtape::{Result, Tensor, Var};

use super::Table;
use crate::call::{Call, Outputs, fits, one, unsupported};
use crate::tensor::broken;
use crate::value::axis;

pub(super) const TABLE: Table = &[("Pad", pad)];

fn pad<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.x(0)?;
    let (pads, fill) = match c.version >= 11 {
        true => (c.whole(1)?, c.maybe(2)?.map(|fill| fill.var.reshape(()))),
        false => {
            let value = c.float_or("value", 0.0)?;
            let old = c.ints("paddings")?;
            (c.ints("pads")?.or(old), Some(x.var.literal(value)))
        }
    };
    let Some(pads) = pads else { return Err(broken("the pads are missing")) };
    let axes = match c.version >= 18 {
        true => c.whole(3)?,
        false => None,
    };
    let axes = match axes {
        Some(axes) => axes.into_iter().map(|at| axis(at, x.rank())).collect::<Result<Vec<_>>>()?,
        None => (0..x.rank()).collect(),
    };
    if pads.len() != 2 * axes.len() {
        return Err(broken(format!(
            "{} pads for {} axes, each of which has two",
            pads.len(),
            axes.len()
        )));
    }
    let mode = c.text_or("mode", "constant")?;
    let mut y = x.var;
    // Numbers below 0 cut away; that comes first, so that modes see what is left.
    for (place, &at) in axes.iter().enumerate() {
        let (before, after) = (pads[place], pads[place + axes.len()]);
        let size = y.shape()[at];
        let cut = |pad: i64| usize::try_from(pad.saturating_neg()).unwrap_or(0);
        let end = size.checked_sub(cut(after)).filter(|&end| end >= cut(before));
        let Some(end) = end else {
            return Err(broken(format!("pads {pads:?} cut more than there is")));
        };
        y = y.slice_step(at as isize, cut(before), end, 1);
        let grown = |pad: i64| usize::try_from(pad).unwrap_or(0);
        y = grow(y, at, [grown(before), grown(after)], mode, fill)?;
        y.check()?;
    }
    one(x.like(y))
}

/// Grows an axis at both ends.
pub(super) fn grow<'t>(
    x: Var<'t>,
    at: usize,
    [before, after]: [usize; 2],
    mode: &str,
    fill: Option<Var<'t>>,
) -> Result<Var<'t>> {
    if before == 0 && after == 0 {
        return Ok(x);
    }
    let along = at as isize;
    if mode == "constant" {
        let Some(fill) = fill else { return Ok(x.pad(along, before, after)) };
        let block = |size: usize| {
            let mut shape = x.shape().to_vec();
            shape[at] = size;
            fill.cast(x.dtype()).broadcast_to(shape)
        };
        let parts: Vec<Var<'t>> =
            [(before > 0).then(|| block(before)), Some(x), (after > 0).then(|| block(after))]
                .into_iter()
                .flatten()
                .collect();
        return Ok(x.tape().concat(&parts, along));
    }
    let size = x.shape()[at] as i64;
    if size == 0 {
        return Err(broken(format!("axis {at} has nothing to pad with")));
    }
    fits(before.saturating_add(after), 1)?;
    let source = |place: i64| -> Result<i64> {
        Ok(match mode {
            "edge" => place.clamp(0, size - 1),
            "wrap" => place.rem_euclid(size),
            "reflect" if size == 1 => 0,
            "reflect" => {
                let around = place.rem_euclid(2 * size - 2);
                if around < size { around } else { 2 * size - 2 - around }
            }
            other => return Err(unsupported(format!("pads of mode {other:?}"))),
        })
    };
    let places = -(before as i64)..size + after as i64;
    let places = places.map(source).collect::<Result<Vec<i64>>>()?;
    let count = places.len();
    let places = x.tape().constant(Tensor::from_vec(places, [count])?);
    Ok(x.index_select(along, places))
}
