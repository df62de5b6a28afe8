//! Normalisations.

use gradtape::{DType, Result, Var};

use super::Table;
use super::window::spatial;
use crate::call::{Call, Outputs, one, wide};
use crate::elem::Elem;
use crate::tensor::broken;
use crate::value::{Array, along, axis};

pub(super) const TABLE: Table = &[
    ("BatchNormalization", batch),
    ("GroupNormalization", group),
    ("InstanceNormalization", instance),
    ("LRN", local_response),
    ("LayerNormalization", layer),
    ("LpNormalization", lp),
    ("MeanVarianceNormalization", mean_variance),
    ("RMSNormalization", rms),
];

/// A number for each channel beside images.
fn channels<'t>(x: Array<'t>, numbers: Var<'t>) -> Var<'t> {
    along(numbers, 1, x.rank())
}

/// By running statistics, or in training mode by the batch's own, with the new running ones.
fn batch<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.x(0)?;
    if x.rank() < 2 {
        return Err(broken(format!("a batch must be [batch, channels, …], not {:?}", x.shape())));
    }
    let (scale, bias, mean, var) = (c.x(1)?, c.x(2)?, c.x(3)?, c.x(4)?);
    let eps = c.float_or("epsilon", 1e-5)?;
    let normal = |mean: Var<'t>, var: Var<'t>| {
        let x_hat = (wide(x.var) - channels(x, wide(mean))) / (channels(x, wide(var)) + eps).sqrt();
        let y = x_hat * channels(x, wide(scale.var)) + channels(x, wide(bias.var));
        x.like(y.cast(x.elem.dtype()))
    };
    if !c.flag("training_mode", false)? {
        return one(normal(mean.var, var.var));
    }
    let axes: Vec<isize> = (0..x.rank() as isize).filter(|&axis| axis != 1).collect();
    let (own_mean, own_var) = (x.var.mean(&axes), x.var.var(&axes, 0));
    let momentum = c.float_or("momentum", 0.9)?;
    let running =
        |old: Array<'t>, new: Var<'t>| old.like(old.var * momentum + new * (1.0 - momentum));
    Ok(vec![
        normal(own_mean, own_var).into(),
        running(mean, own_mean).into(),
        running(var, own_var).into(),
    ])
}

fn instance<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let (x, scale, bias) = (c.x(0)?, c.x(1)?, c.x(2)?);
    spatial(x.var)?;
    let axes: Vec<isize> = (2..x.rank() as isize).collect();
    let y = wide(x.var).normalize(axes, c.float_or("epsilon", 1e-5)?);
    let y = y * channels(x, wide(scale.var)) + channels(x, wide(bias.var));
    one(x.like(y.cast(x.elem.dtype())))
}

/// Groups of channels; scale and bias are one for each channel since version 21, one for each group before.
fn group<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let (x, scale, bias) = (c.x(0)?, c.x(1)?, c.x(2)?);
    let shape = x.shape();
    spatial(x.var)?;
    let groups = c.int_or("num_groups", 1)?;
    let groups =
        usize::try_from(groups).ok().filter(|&groups| groups > 0 && shape[1] % groups == 0);
    let Some(groups) = groups else {
        return Err(broken(format!("`num_groups` must divide {} channels", shape[1])));
    };
    let rest: usize = shape[1] / groups * shape[2..].iter().product::<usize>();
    let parts = wide(x.var).reshape([shape[0], groups, rest]);
    let parts = parts.normalize(-1, c.float_or("epsilon", 1e-5)?);
    let each = |numbers: Var<'t>| {
        let count = numbers.shape().elements();
        match count == shape[1] {
            true => channels(x, wide(numbers)),
            false => {
                let copies = wide(numbers).reshape([groups, 1]);
                channels(x, copies.broadcast_to([groups, shape[1] / groups]).reshape([shape[1]]))
            }
        }
    };
    let y = parts.reshape(&shape[..]) * each(scale.var) + each(bias.var);
    one(x.like(y.cast(x.elem.dtype())))
}

/// Axes from a first on, over which is normalised.
fn last_axes(c: &Call<'_, '_>, x: Array<'_>) -> Result<Vec<isize>> {
    let first = c.axis(-1, x.rank())?;
    Ok((first as isize..x.rank() as isize).collect())
}

/// In f32 at least, as `stash_type` says; gives the mean and 1 over the deviation too.
fn layer<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let (x, scale) = (c.x(0)?, c.x(1)?);
    let axes = last_axes(c, x)?;
    let eps = c.float_or("epsilon", 1e-5)?;
    let inner = wide(x.var);
    let mean = inner.mean_keepdims(&axes);
    let centred = inner - mean;
    let inverse = 1.0 / (centred.square().mean_keepdims(&axes) + eps).sqrt();
    let mut y = centred * inverse * wide(scale.var);
    if let Some(bias) = c.maybe(2)? {
        y += wide(bias.var);
    }
    let stash = Elem::of(inner.dtype());
    let beside = |var: Var<'t>| Array { var, elem: stash };
    Ok(vec![x.like(y.cast(x.elem.dtype())).into(), beside(mean).into(), beside(inverse).into()])
}

fn rms<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let (x, scale) = (c.x(0)?, c.x(1)?);
    let axes = last_axes(c, x)?;
    let inner = wide(x.var);
    let mean = inner.square().mean_keepdims(&axes) + c.float_or("epsilon", 1e-5)?;
    let y = (inner / mean.sqrt()) * wide(scale.var);
    one(x.like(y.cast(x.elem.dtype())))
}

/// Each element over a power of the sum of squares of its neighbours among the channels.
fn local_response<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.x(0)?;
    let Some(size) =
        c.int("size")?.and_then(|size| usize::try_from(size).ok()).filter(|&size| size > 0)
    else {
        return Err(broken("`size` is missing or below 1"));
    };
    let (alpha, beta) = (c.float_or("alpha", 1e-4)?, c.float_or("beta", 0.75)?);
    let bias = c.float_or("bias", 1.0)?;
    let before = (size - 1) / 2;
    let squares = x.var.square().pad(1, before, size - 1 - before).window(1, size, 1, 1).sum(-1);
    one(x.like(x.var / (squares * (alpha / size as f64) + bias).powf(beta)))
}

fn lp<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.x(0)?;
    let at = axis(c.int_or("axis", -1)?, x.rank())? as isize;
    let norm = match c.int_or("p", 2)? {
        1 => x.var.abs().sum_keepdims(at),
        2 => x.var.square().sum_keepdims(at).sqrt(),
        p => return Err(broken(format!("`p` is {p}; there are norms of 1 and 2"))),
    };
    // A row of zeros stays one.
    let safe = norm.equal(0).select(norm.full_like(1.0), norm);
    one(x.like(x.var / safe))
}

fn mean_variance<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.x(0)?;
    let axes = c.ints("axes")?.unwrap_or_else(|| vec![0, 2, 3]);
    let axes =
        axes.into_iter().map(|at| Ok(axis(at, x.rank())? as isize)).collect::<Result<Vec<_>>>()?;
    let inner = x.var.cast(DType::F64);
    let mean = inner.mean_keepdims(&axes);
    let centred = inner - mean;
    let deviation = centred.square().mean_keepdims(&axes).sqrt();
    one(x.like((centred / (deviation + 1e-9)).cast(x.elem.dtype())))
}
