//! Convolutions and their transposes.

use gradtape::{Convolution, DType, Result, Var};

use super::Table;
use super::linear::{along_outputs, less_zero_point};
use super::shape::sizes;
use super::window::{Slide, pads, spatial};
use crate::call::{Call, Outputs, one};
use crate::elem::Elem;
use crate::tensor::broken;
use crate::value::{Array, along};

pub(super) const TABLE: Table =
    &[("Conv", conv), ("ConvInteger", conv_integer), ("ConvTranspose", conv_transpose)];

fn conv<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let (x, weight) = (c.x(0)?, c.x(1)?);
    let y = convolved(c, x.var, weight.var)?;
    one(x.like(biased(y, c.maybe(2)?)))
}

/// The convolution as a node says it, without its bias.
pub(super) fn convolved<'t>(c: &Call<'_, 't>, x: Var<'t>, weight: Var<'t>) -> Result<Var<'t>> {
    let sizes = spatial(x)?;
    let kernel = weight.shape().get(2..).unwrap_or(&[]).to_vec();
    let slide = Slide::of(c, kernel, &sizes)?;
    let mut how =
        Convolution::new().stride(&slide.stride).dilation(&slide.dilation).groups(groups(c)?);
    let mut padded = x;
    match slide.pads.iter().all(|[before, after]| before == after) {
        true => {
            let sides: Vec<usize> = slide.pads.iter().map(|[before, _]| *before).collect();
            how = how.padding(&sides);
        }
        false => {
            for (axis, &[before, after]) in slide.pads.iter().enumerate() {
                padded = padded.pad(axis as isize + 2, before, after);
            }
        }
    }
    Ok(padded.convolve(weight, &how))
}

fn groups(c: &Call<'_, '_>) -> Result<usize> {
    let groups = c.int_or("group", 1)?;
    usize::try_from(groups)
        .ok()
        .filter(|&groups| groups > 0)
        .ok_or_else(|| broken(format!("{groups} groups")))
}

/// Adds a number to each channel.
pub(super) fn biased<'t>(y: Var<'t>, bias: Option<Array<'t>>) -> Var<'t> {
    let Some(bias) = bias else { return y };
    y + along(bias.var, 1, y.shape().rank())
}

/// Whole numbers less their zero points, as 32 bits. They are computed in f64, which has them all.
fn conv_integer<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = less_zero_point(c.x(0)?, c.maybe(2)?, None)?;
    let mut weight = c.x(1)?.var;
    if let Some(zero) = c.maybe(3)? {
        weight -= along_outputs(zero.var, weight.shape().rank());
    }
    let y = convolved(c, x.cast(DType::F64), weight.cast(DType::F64))?;
    one(Array { var: y.cast(DType::I64), elem: Elem::I32 })
}

/// Each element times the weight, added up where the products overlap.
fn conv_transpose<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let (x, weight) = (c.x(0)?, c.x(1)?);
    let from = spatial(x.var)?;
    let (count, groups) = (from.len(), groups(c)?);
    let (images, kernels) = (x.shape(), weight.shape());
    if count > 3 {
        return Err(broken(format!("{count} spatial axes; there are transposes of up to three")));
    }
    if kernels.len() != images.len() || images[1] != kernels[0] || images[1] % groups != 0 {
        return Err(broken(format!(
            "images of {images:?} and a weight of {kernels:?} in {groups} groups"
        )));
    }
    let slide = Slide::of(c, kernels[2..].to_vec(), &from)?;
    let more = match c.ints("output_padding")?.filter(|more| !more.is_empty()) {
        Some(more) => sizes(&more)?,
        None => vec![0; count],
    };
    if more.len() != count {
        return Err(broken(format!("output_padding {more:?} for {count} spatial axes")));
    }
    let wanted = c.ints("output_shape")?.map(|shape| sizes(&shape)).transpose()?;
    let auto = c.text_or("auto_pad", "NOTSET")?;
    let group = |first: [usize; 3], then: &[usize]| -> Vec<usize> { [&first[..], then].concat() };
    let (per_group, out) = (images[1] / groups, kernels[1]);
    let parts = x.var.reshape(group([images[0], groups, per_group], &from));
    let weights = weight.var.reshape(group([groups, per_group, out], &slide.kernel));
    let subscripts = ["ngix,gioa->ngoxa", "ngixy,gioab->ngoxyab", "ngixyz,gioabc->ngoxyzabc"];
    let mut y = c.tape.einsum(subscripts[count - 1], &[parts, weights]);
    let mut given = if auto == "NOTSET" { pads(c, count)? } else { vec![[0, 0]; count] };
    let full: Vec<usize> = (0..count)
        .map(|axis| (from[axis].max(1) - 1) * slide.stride[axis] + slide.reach(axis))
        .collect();
    let same = auto.starts_with("SAME");
    let mut ends: Vec<usize> = full.iter().zip(&more).map(|(full, more)| full + more).collect();
    for axis in 0..count {
        let to =
            wanted.as_ref().and_then(|sizes| sizes.get(sizes.len().checked_sub(count)? + axis));
        let to = to.copied().or(same.then(|| from[axis] * slide.stride[axis]));
        if let Some(to) = to {
            let all = (full[axis] + more[axis]).saturating_sub(to);
            let (less, rest) = (all / 2, all - all / 2);
            given[axis] = if auto == "SAME_UPPER" { [less, rest] } else { [rest, less] };
            ends[axis] = to.max(full[axis] + more[axis]);
        }
    }
    for axis in (0..count).rev() {
        let along = axis as isize + 3;
        let [before, after] = given[axis];
        let Some(stop) = ends[axis].checked_sub(after).filter(|&stop| stop > before) else {
            return Err(broken(format!("pads {given:?} take all of {full:?} elements")));
        };
        y = y.fold(along, full[axis], slide.stride[axis], slide.dilation[axis]);
        let missing = stop.saturating_sub(full[axis]);
        y = if missing > 0 { y.pad(along, 0, missing) } else { y };
        y = y.slice_step(along, before, stop, 1);
    }
    y.check()?;
    let mut shape = vec![images[0], groups * out];
    shape.extend(&y.shape()[3..]);
    one(x.like(biased(y.reshape(shape), c.maybe(2)?)))
}
