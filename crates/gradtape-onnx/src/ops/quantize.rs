//! Numbers as whole numbers with a scale and a zero point.

use gradtape::{DType, Result, Tensor, Var};

use super::Table;
use super::conv::{biased, convolved};
use super::linear::{along_outputs, less_zero_point};
use crate::call::{Call, Outputs, one, unsupported};
use crate::elem::Elem;
use crate::tensor::broken;
use crate::value::{Array, along, axis};

pub(super) const TABLE: Table = &[
    ("DequantizeLinear", dequantize),
    ("DynamicQuantizeLinear", dynamic),
    ("QLinearConv", qlinear_conv),
    ("QLinearMatMul", qlinear_matmul),
    ("QuantizeLinear", quantize),
];

/// Scales or zero points beside a value: one for all, one for each place along the axis, or one for each block of it.
fn beside<'t>(c: &Call<'_, 't>, x: Array<'t>, numbers: Array<'t>) -> Result<Var<'t>> {
    if numbers.rank() == 0 || numbers.shape() == [1] {
        return Ok(numbers.var.reshape(()));
    }
    let at = axis(c.int_or("axis", 1)?, x.rank())?;
    if numbers.rank() == 1 {
        return Ok(along(numbers.var, at, x.rank()));
    }
    let block = c.int_or("block_size", 0)?;
    match usize::try_from(block).ok().filter(|&block| block > 0 && numbers.rank() == x.rank()) {
        Some(block) => {
            let each = numbers.var.repeat_interleave(at as isize, block);
            Ok(each.slice_step(at as isize, 0, x.shape()[at], 1))
        }
        None => Err(broken(format!("scales of {:?} for {:?}", numbers.shape(), x.shape()))),
    }
}

/// Rounds to the nearest, of two the even one, and cuts at the ends of the type.
fn rounded<'t>(x: Var<'t>, zero: Option<Var<'t>>, elem: Elem) -> Result<Array<'t>> {
    let Some((least, greatest)) = elem.range().filter(|_| elem.bytes() <= 4) else {
        return Err(unsupported(format!("quantised numbers of type {elem}")));
    };
    let mut y = x.cast(DType::F64).round();
    if let Some(zero) = zero {
        y += zero.cast(DType::F64);
    }
    Ok(Array { var: y.clamp(least as f64, greatest as f64).cast(DType::I64), elem })
}

fn quantize<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let (x, scale) = (c.x(0)?, c.x(1)?);
    let zero = c.maybe(2)?;
    let elem = match zero {
        Some(zero) => zero.elem,
        None if c.int_or("output_dtype", 0)? == 0 => Elem::U8,
        None => c.elem("output_dtype")?.unwrap_or(Elem::U8),
    };
    let scale = beside(c, x, scale)?;
    let zero = zero.map(|zero| beside(c, x, zero)).transpose()?;
    one(rounded(x.var.cast(scale.dtype()) / scale, zero, elem)?)
}

fn dequantize<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let (x, scale) = (c.x(0)?, c.x(1)?);
    let number = beside(c, x, scale)?;
    let zero = c.maybe(2)?.map(|zero| beside(c, x, zero)).transpose()?;
    let whole = zero.map_or(x.var, |zero| x.var - zero);
    one(Array { var: whole.cast(number.dtype()) * number, elem: scale.elem })
}

/// Scale and zero point of bytes that hold all numbers and 0.
fn dynamic<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.x(0)?;
    // Of no number 0 is the greatest and the least.
    let all = x.var.flatten(0).pad(0, 0, 1);
    let (greatest, least) = (all.max(()), all.min(()));
    let scale = (greatest - least) / 255;
    let zero = rounded((-least / scale).clamp(0.0, 255.0), None, Elem::U8)?;
    let y = rounded(x.var / scale, Some(zero.var), Elem::U8)?;
    Ok(vec![y.into(), x.like(scale).into(), zero.into()])
}

fn qlinear_matmul<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let (a_scale, b_scale, y_scale, y_zero) = (c.x(1)?, c.x(4)?, c.x(6)?, c.x(7)?);
    let a = less_zero_point(c.x(0)?, c.maybe(2)?, Some(-1))?.cast(DType::F64);
    let b = less_zero_point(c.x(3)?, c.maybe(5)?, None)?.cast(DType::F64);
    let rows = match a_scale.rank() {
        1 if a_scale.shape()[0] > 1 => a_scale.var.unsqueeze(-1),
        _ => a_scale.var,
    };
    let scale = rows.cast(DType::F64) * b_scale.var.cast(DType::F64) / y_scale.var.cast(DType::F64);
    one(rounded(a.matmul(b) * scale, Some(y_zero.var), y_zero.elem)?)
}

fn qlinear_conv<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let (x_scale, w_scale, y_scale, y_zero) = (c.x(1)?, c.x(4)?, c.x(6)?, c.x(7)?);
    let x = less_zero_point(c.x(0)?, c.maybe(2)?, None)?.cast(DType::F64);
    let weight = c.x(3)?;
    let zero = match c.maybe(5)? {
        Some(zero) => along_outputs(zero.var, weight.rank()),
        None => c.tape.constant(Tensor::scalar(0i64)),
    };
    let y = convolved(c, x, (weight.var - zero).cast(DType::F64))?;
    let bias = c.maybe(8)?.map(|bias| Array { var: bias.var.cast(DType::F64), elem: Elem::F64 });
    let scale = x_scale.var.cast(DType::F64).reshape(()) / y_scale.var.cast(DType::F64).reshape(());
    let each = w_scale.var.cast(DType::F64);
    let each = match each.shape().elements() {
        1 => each.reshape(()),
        _ => along(each, 1, weight.rank()),
    };
    one(rounded(biased(y, bias) * (scale * each), Some(y_zero.var.reshape(())), y_zero.elem)?)
}
