//! Attention and rotary positions, recorded as their plain formulas.

use gradtape::{DType, Result, Var};

use super::Table;
use crate::call::{Call, Outputs, one, positions, wide};
use crate::tensor::broken;
use crate::value::{Array, Value};

pub(super) const TABLE: Table = &[("Attention", attention), ("RotaryEmbedding", rotary)];

/// Heads of `[batch, heads, length, width]`; of three axes the last holds all heads.
fn heads<'t>(c: &Call<'_, 't>, x: Array<'t>, count: &str) -> Result<Var<'t>> {
    match x.shape()[..] {
        [_, _, _, _] => Ok(x.var),
        [batch, length, width] => {
            let heads = c.int_or(count, 0)?;
            let heads =
                usize::try_from(heads).ok().filter(|&heads| heads > 0 && width % heads == 0);
            let Some(heads) = heads else {
                return Err(broken(format!("`{count}` must divide the width of {:?}", x.shape())));
            };
            Ok(x.var.reshape([batch, length, heads, width / heads]).transpose(&[0, 2, 1, 3]))
        }
        ref other => {
            Err(broken(format!("heads of shape {other:?}, which has not three or four axes")))
        }
    }
}

fn attention<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let given = c.x(0)?;
    let q = wide(heads(c, given, "q_num_heads")?);
    let (mut k, mut v) = (heads(c, c.x(1)?, "kv_num_heads")?, heads(c, c.x(2)?, "kv_num_heads")?);
    let past = c.maybe(4)?.zip(c.maybe(5)?);
    let mut before = 0;
    if let Some((past_k, past_v)) = past {
        let [_, _, length, _] = past_k.shape()[..] else {
            return Err(broken(format!(
                "past keys of shape {:?}, which has not four axes",
                past_k.shape()
            )));
        };
        before = length;
        k = past_k.var.concat(&[k], 2);
        v = past_v.var.concat(&[v], 2);
        k.check().and(v.check())?;
    }
    let present = [k, v];
    let (shape, kv_heads) = (q.shape(), k.shape()[1]);
    if kv_heads == 0 || shape[1] % kv_heads != 0 {
        return Err(broken(format!("{} heads of queries for {kv_heads} of keys", shape[1])));
    }
    let group = shape[1] / kv_heads;
    let each = |x: Var<'t>| if group == 1 { wide(x) } else { wide(x).repeat_interleave(1, group) };
    let (keys, values) = (each(k), each(v));
    // Each side by the root of the scale, so that half precision does not overflow.
    let scale = c.float_or("scale", 1.0 / (shape[3] as f64).sqrt())?.sqrt();
    let scores = (q * scale).matmul((keys * scale).swap_axes(-1, -2));
    scores.check()?;
    let (length, reach) = (scores.shape()[2], scores.shape()[3]);
    let cap = c.float_or("softcap", 0.0)?;
    let capped = if cap > 0.0 { (scores / cap).tanh() * cap } else { scores };
    let mut masked = capped;
    if let Some(mask) = c.maybe(3)? {
        let bias = match mask.var.dtype() {
            DType::Bool => mask.var.select(scores.literal(0.0), f64::NEG_INFINITY),
            _ => mask.var.cast(scores.dtype()),
        };
        let short = reach - bias.shape().last().copied().unwrap_or(reach).min(reach);
        let bias = match short {
            0 => bias,
            _ => {
                let mut edge = bias.shape().to_vec();
                if let Some(last) = edge.last_mut() {
                    *last = short;
                }
                bias.concat(&[scores.literal(f64::NEG_INFINITY).broadcast_to(edge)], -1)
            }
        };
        masked += bias;
    }
    let key = positions(c.tape, &[length, reach], 1);
    if c.flag("is_causal", false)? {
        let query = positions(c.tape, &[length, reach], 0) + before;
        masked = key.less_equal(query).select(masked, f64::NEG_INFINITY);
    }
    if let Some(lengths) = c.maybe(6)? {
        let lengths = lengths.var.reshape([shape[0], 1, 1, 1]);
        masked = key.less(lengths).select(masked, f64::NEG_INFINITY);
    }
    let weights = masked.softmax(-1);
    let y = weights.matmul(values);
    y.check()?;
    let y = match given.rank() {
        4 => y,
        _ => {
            let width = shape[1] * y.shape()[3];
            y.transpose(&[0, 2, 1, 3]).reshape([shape[0], length, width])
        }
    };
    let shown = match c.int_or("qk_matmul_output_mode", 0)? {
        0 => scores,
        1 => capped,
        2 => masked,
        _ => weights,
    };
    let like = |var: Var<'t>| -> Value<'t> { given.like(var.cast(given.elem.dtype())).into() };
    Ok(vec![like(y), like(present[0]), like(present[1]), like(shown)])
}

/// Turns pairs of elements by angles that belong to positions: halves of a head, or neighbours (`interleaved`).
fn rotary<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.x(0)?;
    let (shape, four) = (x.shape(), x.rank() == 4);
    let q = wide(heads(c, x, "num_heads")?);
    let width = q.shape()[3];
    let turned = match c.int_or("rotary_embedding_dim", 0)? {
        0 => width,
        some => {
            usize::try_from(some).ok().filter(|&some| some <= width && some % 2 == 0).ok_or_else(
                || broken(format!("`rotary_embedding_dim` of {some} in heads of width {width}")),
            )?
        }
    };
    let (mut cos, mut sin) = (wide(c.x(1)?.var), wide(c.x(2)?.var));
    if let Some(place) = c.maybe(3)? {
        cos = cos.index_select(0, place.var);
        sin = sin.index_select(0, place.var);
    }
    // One axis for the heads.
    let (cos, sin) = (cos.unsqueeze(1), sin.unsqueeze(1));
    let part = q.slice_step(3, 0, turned, 1);
    let half = turned / 2;
    let pairs = c.flag("interleaved", false)?;
    let (a, b) = match pairs {
        true => (part.slice_step(3, 0, turned, 2), part.slice_step(3, 1, turned, 2)),
        false => (part.slice_step(3, 0, half, 1), part.slice_step(3, half, turned, 1)),
    };
    let (real, imaginary) = (a * cos - b * sin, a * sin + b * cos);
    let done = match pairs {
        true => real.stack(&[imaginary], -1).reshape(part.shape()),
        false => real.concat(&[imaginary], 3),
    };
    let y = done.concat(&[q.slice_step(3, turned, width, 1)], 3);
    let y = if four { y } else { y.transpose(&[0, 2, 1, 3]).reshape(shape) };
    one(x.like(y.cast(x.elem.dtype())))
}
