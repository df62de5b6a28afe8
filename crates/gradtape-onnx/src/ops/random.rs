//! Random numbers and dropout.
//!
//! A `seed` gives the same numbers each time, on every machine; they are those of this library's generator and not of
//! another program's. Without a seed the numbers are those of seed 0, and each recording of a node draws the same ones.

use gradtape::{DType, Generator, Result, Var};

use super::Table;
use super::shape::sizes;
use crate::call::{Call, Outputs, one, wide};
use crate::elem::Elem;
use crate::graph::Attribute;
use crate::tensor::broken;
use crate::value::{Array, Value};

pub(super) const TABLE: Table = &[
    ("Bernoulli", |c| {
        let x = c.x(0)?;
        let elem = c.elem("dtype")?.unwrap_or(x.elem);
        let drawn = c.tape.uniform(&generator(c)?, x.shape(), wide(x.var).dtype());
        one(Array::of(drawn.less(wide(x.var))).cast(elem))
    }),
    ("Dropout", dropout),
    ("Multinomial", multinomial),
    ("RandomNormal", |c| {
        let shape = shape(c)?;
        normal(c, &shape, Elem::F32)
    }),
    ("RandomNormalLike", |c| {
        let x = c.x(0)?;
        normal(c, &x.shape(), x.elem)
    }),
    ("RandomUniform", |c| {
        let shape = shape(c)?;
        uniform(c, &shape, Elem::F32)
    }),
    ("RandomUniformLike", |c| {
        let x = c.x(0)?;
        uniform(c, &x.shape(), x.elem)
    }),
];

/// The generator of a node: by its seed, and by its name, so that no two nodes draw the same numbers.
fn generator(c: &Call<'_, '_>) -> Result<Generator> {
    let seed = match c.attribute("seed") {
        Some(Attribute::Int(seed)) => seed.cast_unsigned(),
        _ => c.float_or("seed", 0.0)?.to_bits(),
    };
    let name = c.node.outputs.first().map_or("", String::as_str);
    // FNV-1a, 64 bits.
    let mixed = name.bytes().fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    Ok(Generator::new(mixed))
}

fn shape(c: &Call<'_, '_>) -> Result<Vec<usize>> {
    match c.ints("shape")? {
        Some(shape) => sizes(&shape),
        None => Err(broken("`shape` is missing")),
    }
}

fn normal<'t>(c: &Call<'_, 't>, shape: &[usize], default: Elem) -> Outputs<'t> {
    let elem = c.elem("dtype")?.unwrap_or(default);
    let drawn = c.tape.normal(&generator(c)?, shape, elem.dtype().computed());
    let y = drawn * c.float_or("scale", 1.0)? + c.float_or("mean", 0.0)?;
    one(Array { var: y.cast(elem.dtype()), elem })
}

fn uniform<'t>(c: &Call<'_, 't>, shape: &[usize], default: Elem) -> Outputs<'t> {
    let elem = c.elem("dtype")?.unwrap_or(default);
    let (low, high) = (c.float_or("low", 0.0)?, c.float_or("high", 1.0)?);
    let drawn = c.tape.uniform(&generator(c)?, shape, elem.dtype().computed());
    one(Array { var: (drawn * (high - low) + low).cast(elem.dtype()), elem })
}

/// Classes drawn from logarithms of probabilities.
fn multinomial<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.x(0)?;
    let count = c.int_or("sample_size", 1)?;
    let Some(count) = usize::try_from(count).ok().filter(|_| x.rank() == 2) else {
        return Err(broken(format!("{count} samples of a value of {:?}", x.shape())));
    };
    let elem = c.elem("dtype")?.unwrap_or(Elem::I32);
    let shape = [x.shape()[0], count, x.shape()[1]];
    let logits = wide(x.var).unsqueeze(1).broadcast_to(shape);
    let drawn = (logits + c.tape.gumbel(&generator(c)?, shape, logits.dtype())).argmax(-1);
    one(Array { var: drawn.cast(elem.dtype()), elem })
}

/// Drops elements in training mode; the mask tells what is kept.
fn dropout<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.x(0)?;
    let ratio = match c.version >= 12 {
        true => c.number(1)?.unwrap_or(0.5),
        false => c.float_or("ratio", 0.5)?,
    };
    let training = match c.version >= 12 {
        true => c.number(2)?.is_some_and(|training| training != 0.0),
        false => false,
    };
    if !(0.0..1.0).contains(&ratio) && training {
        return Err(broken(format!("a ratio of {ratio}, which must be from 0 to below 1")));
    }
    let kept = match training && ratio > 0.0 {
        true => {
            let drawn: Var<'t> = c.tape.uniform(&generator(c)?, x.shape(), DType::F32);
            drawn.greater_equal(ratio)
        }
        false => x.var.equal(x.var).logical_or(x.var.not_equal(x.var)),
    };
    let y = match training && ratio > 0.0 {
        true => kept.select(x.var / (1.0 - ratio), x.var.full_like(0.0)),
        false => x.var,
    };
    let mask = Array::of(kept);
    let mask = if c.version < 10 { mask.cast(x.elem) } else { mask };
    Ok(vec![Value::from(x.like(y)), mask.into()])
}
