//! Values made of no other: constants, ranges, diagonals.

use gradtape::{DType, Tensor};

use super::Table;
use super::shape::sizes;
use crate::call::{Call, Outputs, one, positions, unsupported};
use crate::elem::Elem;
use crate::graph::Attribute;
use crate::tensor::broken;
use crate::value::{Array, Texts, Value};

pub(super) const TABLE: Table =
    &[("Constant", constant), ("ConstantOfShape", filled), ("EyeLike", eye), ("Range", range)];

fn constant<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let held = c.node.attributes.first().and_then(|(name, _)| Some((name, c.attribute(name)?)));
    let (elem, tensor) = match held {
        Some((_, Attribute::TextTensor(texts))) => return Ok(vec![Value::Texts(texts.clone())]),
        Some((_, Attribute::Text(text))) => {
            return Ok(vec![Value::Texts(Texts { texts: vec![text.clone()], shape: Vec::new() })]);
        }
        Some((_, Attribute::Texts(texts))) => {
            let shape = vec![texts.len()];
            return Ok(vec![Value::Texts(Texts { texts: texts.clone(), shape })]);
        }
        Some((_, Attribute::Tensor(elem, tensor))) => (*elem, tensor.clone()),
        Some((_, Attribute::Float(number))) => (Elem::F32, Tensor::scalar(*number)),
        Some((_, Attribute::Int(number))) => (Elem::I64, Tensor::scalar(*number)),
        Some((_, Attribute::Floats(numbers))) => {
            (Elem::F32, Tensor::from_slice(numbers, [numbers.len()])?)
        }
        Some((_, Attribute::Ints(numbers))) => {
            (Elem::I64, Tensor::from_slice(numbers, [numbers.len()])?)
        }
        Some((name, _)) => return Err(unsupported(format!("constants given as {name:?}"))),
        None => return Err(broken("a constant without a value")),
    };
    one(Array { var: c.tape.constant(tensor), elem })
}

fn filled<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let Some(shape) = c.whole(0)? else { return Err(broken("the shape is missing")) };
    let shape = sizes(&shape)?;
    let (elem, value) = match c.attribute("value") {
        Some(Attribute::Tensor(elem, value)) => (*elem, value.clone()),
        None => (Elem::F32, Tensor::scalar(0f32)),
        Some(_) => return Err(unsupported("fillings of this type")),
    };
    let value = c.tape.constant(value.reshape(())?);
    one(Array { var: value.broadcast_to(shape), elem })
}

fn eye<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.x(0)?;
    let elem = c.elem("dtype")?.unwrap_or(x.elem);
    let shape = x.shape();
    if shape.len() != 2 {
        return Err(broken(format!("a diagonal of a value of {shape:?}, which is no matrix")));
    }
    let k = c.int_or("k", 0)?;
    let on = positions(c.tape, &shape, 1) - positions(c.tape, &shape, 0);
    one(Array { var: on.equal(k as f64).cast(elem.dtype()), elem })
}

fn range<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let (start, limit, step) = (c.x(0)?, c.number(1)?, c.number(2)?);
    let (Some(first), Some(limit), Some(step)) = (c.number(0)?, limit, step) else {
        return Err(broken("start, limit or step is missing"));
    };
    let count = ((limit - first) / step).ceil();
    if !count.is_finite() || count > MOST {
        return Err(broken(format!("a range from {first} to {limit} by {step}")));
    }
    let place = positions(c.tape, &[count.max(0.0) as usize], 0);
    let y = match start.elem.is_float() {
        true => (place.cast(DType::F64) * step + first).cast(start.elem.dtype()),
        false => place * step + first,
    };
    one(start.like(y))
}

/// Longer ranges are taken for damage.
const MOST: f64 = 1e9;
