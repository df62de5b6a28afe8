//! Steps of optimisers, as ONNX's training operators have them.

use gradtape::{Result, Var, gradients};

use super::Table;
use crate::call::{Call, Outputs, unsupported};
use crate::tensor::broken;
use crate::value::{Array, Value};

pub(super) const TABLE: Table =
    &[("Adagrad", adagrad), ("Adam", adam), ("Gradient", derivative), ("Momentum", momentum)];

/// The rate, the count of steps so far, and groups of as many values each: parameters, gradients, states.
fn groups<'t, const N: usize>(c: &Call<'_, 't>) -> Result<(Var<'t>, f64, [Vec<Array<'t>>; N])> {
    let Some(rest) = c.inputs.len().checked_sub(2).filter(|rest| rest % N == 0) else {
        return Err(broken(format!(
            "{} inputs, which are no rate, count and groups of {N}",
            c.inputs.len()
        )));
    };
    let each = rest / N;
    let mut all = [const { Vec::new() }; N];
    for (group, values) in all.iter_mut().enumerate() {
        for place in 0..each {
            values.push(c.x(2 + group * each + place)?);
        }
    }
    let Some(count) = c.number(1)? else { return Err(broken("the count of steps is missing")) };
    Ok((c.x(0)?.var, count, all))
}

/// The gradient with the decay of weights.
fn gradient<'t>(c: &Call<'_, 't>, x: Array<'t>, g: Array<'t>) -> Result<Var<'t>> {
    Ok(match c.float_or("norm_coefficient", 0.0)? {
        0.0 => g.var,
        decay => x.var * decay + g.var,
    })
}

fn results<'t>(groups: impl IntoIterator<Item = Vec<Array<'t>>>) -> Outputs<'t> {
    Ok(groups.into_iter().flatten().map(Value::from).collect())
}

fn adagrad<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let (rate, count, [xs, gs, hs]) = groups(c)?;
    let rate = rate / (1.0 + count * c.float_or("decay_factor", 0.0)?);
    let eps = c.float_or("epsilon", 1e-6)?;
    let (mut new_x, mut new_h) = (Vec::new(), Vec::new());
    for ((x, g), h) in xs.into_iter().zip(gs).zip(hs) {
        let g = gradient(c, x, g)?;
        let sum = h.var + g.square();
        new_x.push(x.like(x.var - rate * g / (sum.sqrt() + eps)));
        new_h.push(h.like(sum));
    }
    results([new_x, new_h])
}

fn adam<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let (rate, count, [xs, gs, vs, hs]) = groups(c)?;
    let (alpha, beta) = (c.float_or("alpha", 0.9)?, c.float_or("beta", 0.999)?);
    let eps = c.float_or("epsilon", 1e-6)?;
    let after = c.float_or("norm_coefficient_post", 0.0)?;
    let correction = match count > 0.0 {
        true => (1.0 - beta.powf(count)).sqrt() / (1.0 - alpha.powf(count)),
        false => 1.0,
    };
    let rate = rate * correction;
    let (mut new_x, mut new_v, mut new_h) = (Vec::new(), Vec::new(), Vec::new());
    for (((x, g), v), h) in xs.into_iter().zip(gs).zip(vs).zip(hs) {
        let g = gradient(c, x, g)?;
        let mean = v.var * alpha + g * (1.0 - alpha);
        let square = h.var * beta + g.square() * (1.0 - beta);
        let step = x.var - rate * mean / (square.sqrt() + eps);
        new_x.push(x.like(if after == 0.0 { step } else { step * (1.0 - after) }));
        new_v.push(v.like(mean));
        new_h.push(h.like(square));
    }
    results([new_x, new_v, new_h])
}

fn momentum<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let (rate, count, [xs, gs, vs]) = groups(c)?;
    let alpha = c.float_or("alpha", 0.9)?;
    let beta = if count > 0.0 { c.float_or("beta", 1.0)? } else { 1.0 };
    let ahead = match c.text_or("mode", "standard")? {
        "standard" => false,
        "nesterov" => true,
        other => return Err(unsupported(format!("momentums of mode {other:?}"))),
    };
    let (mut new_x, mut new_v) = (Vec::new(), Vec::new());
    for ((x, g), v) in xs.into_iter().zip(gs).zip(vs) {
        let g = gradient(c, x, g)?;
        let speed = v.var * alpha + g * beta;
        let step = if ahead { g + speed * alpha } else { speed };
        new_x.push(x.like(x.var - rate * step));
        new_v.push(v.like(speed));
    }
    results([new_x, new_v])
}

/// The gradient of a value of the graph by the node's inputs; of several numbers, that of their sum.
fn derivative<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let (xs, y) = (c.texts("xs")?.unwrap_or_default(), c.text("y")?.unwrap_or_default());
    let Some(Value::Array(y)) = c.scope.lookup(y) else {
        return Err(broken(format!("`y` is {y:?}, which is no array of the graph")));
    };
    let xs = (0..xs.len()).map(|place| c.x(place)).collect::<Result<Vec<_>>>()?;
    let vars: Vec<Var<'t>> = xs.iter().map(|x| x.var).collect();
    let all = gradients(y.var.sum(()), &vars);
    results([xs.into_iter().zip(all).map(|(x, g)| x.like(g)).collect()])
}
