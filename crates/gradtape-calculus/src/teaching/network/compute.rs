//! The numbers of a network: from the tape, and from differences beside it.

use gradtape::loss::{
    BceOptions, CrossEntropyOptions, Reduction as Sum, bce_with_logits_with, cross_entropy_with,
    mse_with,
};
use gradtape::{Var, gradients, jacobian};

use super::array::Array;
use super::spec::{Activation, Network, NetworkLayer, NetworkLoss, Reduction};
use crate::expression::{central_difference, central_step, read_all, reading_tape, richardson};
use crate::report::{Named, Result};

/// What the tape computes: values and gradients by name (`x`, `W1`, `b1`, `z1`, `h1`, …).
pub(super) struct Numbers {
    pub(super) values: Named<Array>,
    pub(super) gradients: Named<Array>,
    pub(super) loss: f64,
}

impl Numbers {
    pub(super) fn compute(network: &Network, x: &Array, target: &Array) -> Result<Numbers> {
        let tape = reading_tape();
        let mut out = tape.watch(x.tensor()?);
        let mut parts = vec![("x".to_string(), out)];
        for (number, layer) in network.layers.iter().enumerate() {
            let number = number + 1;
            let (weight, bias) =
                (tape.watch(layer.weight.tensor()?), tape.watch(layer.bias.tensor()?));
            out = out.matmul(weight) + bias;
            parts.push((format!("W{number}"), weight));
            parts.push((format!("b{number}"), bias));
            parts.push((format!("z{number}"), out));
            if layer.activation != Activation::None {
                out = activate(layer.activation, out);
                parts.push((format!("h{number}"), out));
            }
        }
        let loss = loss(network, out, tape.constant(target.tensor()?), x.rows());
        let vars: Vec<Var<'_>> = parts.iter().map(|(_, var)| *var).collect();
        let mut read = vars.clone();
        read.extend(gradients(loss, &vars));
        let likely = match network.loss {
            NetworkLoss::CrossEntropy => Some(out.softmax(-1)),
            NetworkLoss::Bce => Some(out.sigmoid()),
            _ => None,
        };
        read.push(loss);
        read.extend(likely);
        let mut numbers = read_all(&read)?.into_iter();
        let named = |numbers: &mut dyn Iterator<Item = Vec<f64>>| -> Result<Named<Array>> {
            let all = parts
                .iter()
                .zip(numbers)
                .map(|((name, var), data)| Ok((name.clone(), Array::new(&var.shape(), data)?)));
            Ok(Named(all.collect::<Result<_>>()?))
        };
        let mut values = named(&mut numbers.by_ref().take(parts.len()))?;
        let mut gradients = named(&mut numbers.by_ref().take(parts.len()))?;
        let loss = numbers.next().and_then(|loss| loss.first().copied()).unwrap_or(f64::NAN);
        if let Some(data) = numbers.next() {
            let over = divisor(network, x.rows()) as f64;
            let pairs = data.iter().zip(target.data());
            let slopes = pairs.map(|(&p, &t)| in_probability(network.loss, p, t) / over).collect();
            gradients.0.push(("p".to_string(), Array::new(&out.shape(), slopes)?));
            values.0.push(("p".to_string(), Array::new(&out.shape(), data)?));
        }
        values.0.push(("t".to_string(), target.clone()));
        Ok(Numbers { values, gradients, loss })
    }
}

/// What the sum of the losses is divided by.
pub(super) fn divisor(network: &Network, examples: usize) -> usize {
    let outputs = network.layers.last().map_or(1, |layer| layer.weight.columns());
    let each = match network.loss {
        NetworkLoss::Mse | NetworkLoss::Bce => outputs,
        NetworkLoss::SquaredError | NetworkLoss::CrossEntropy => 1,
    };
    match network.reduction {
        Reduction::Mean => each * examples,
        Reduction::Sum => each,
    }
}

/// How the loss of one output changes with its probability. What the target gives no weight is left out, as 0 log 0 is.
fn in_probability(loss: NetworkLoss, p: f64, t: f64) -> f64 {
    let part = |share: f64, p: f64| if share == 0.0 { 0.0 } else { share / p };
    match loss {
        NetworkLoss::Bce => part(1.0 - t, 1.0 - p) - part(t, p),
        _ => -part(t, p),
    }
}

fn activate(activation: Activation, z: Var<'_>) -> Var<'_> {
    match activation {
        Activation::Relu => z.relu(),
        Activation::Tanh => z.tanh(),
        Activation::Sigmoid => z.sigmoid(),
        Activation::None => z,
    }
}

fn loss<'t>(network: &Network, out: Var<'t>, target: Var<'t>, examples: usize) -> Var<'t> {
    let reduction = Sum::Sum;
    let sum = match network.loss {
        NetworkLoss::SquaredError | NetworkLoss::Mse => mse_with(out, target, reduction),
        NetworkLoss::CrossEntropy => {
            let options = CrossEntropyOptions { reduction, ..CrossEntropyOptions::default() };
            cross_entropy_with(out, target, &options)
        }
        NetworkLoss::Bce => {
            let options = BceOptions { reduction, ..BceOptions::default() };
            bce_with_logits_with(out, target, &options)
        }
    };
    match divisor(network, examples) {
        1 => sum,
        divisor => sum / divisor as f64,
    }
}

/// The Jacobians of one layer, from a tape of its own: of `z` in `W`, `b` and the inputs, of `h` in `z`.
pub(super) struct Local {
    pub(super) weight: Option<Vec<f64>>,
    pub(super) bias: Option<Vec<f64>>,
    pub(super) input: Option<Vec<f64>>,
    pub(super) activation: Option<Vec<f64>>,
}

/// Larger Jacobians are not written out.
const MAX_JACOBIAN: usize = 1024;

pub(super) fn local(layer: &NetworkLayer, input: &Array, z: &Array) -> Result<Local> {
    let tape = reading_tape();
    let (input, weight) = (tape.watch(input.tensor()?), tape.watch(layer.weight.tensor()?));
    let (bias, at) = (tape.watch(layer.bias.tensor()?), tape.watch(z.tensor()?));
    let out = input.matmul(weight) + bias;
    Ok(Local {
        weight: all_slopes(out, weight)?,
        bias: all_slopes(out, bias)?,
        input: all_slopes(out, input)?,
        activation: match layer.activation {
            Activation::None => None,
            activation => all_slopes(activate(activation, at), at)?,
        },
    })
}

/// The Jacobian of the probabilities in what they are made of, where the loss has some.
pub(super) fn likely(loss: NetworkLoss, out: &Array) -> Result<Option<Vec<f64>>> {
    let tape = reading_tape();
    let at = tape.watch(out.tensor()?);
    let shares = match loss {
        NetworkLoss::CrossEntropy => at.softmax(-1),
        NetworkLoss::Bce => at.sigmoid(),
        NetworkLoss::SquaredError | NetworkLoss::Mse => return Ok(None),
    };
    all_slopes(shares, at)
}

/// Every slope of one thing in another, if they are not too many.
fn all_slopes(y: Var<'_>, x: Var<'_>) -> Result<Option<Vec<f64>>> {
    if y.shape().elements() * x.shape().elements() > MAX_JACOBIAN {
        return Ok(None);
    }
    Ok(read_all(&[jacobian(y, x)])?.pop())
}

/// Extrapolated differences where they cost less than this many multiplications, else central ones.
const MAX_EXTRAPOLATED: usize = 20_000_000;

/// The derivatives in the weights, the biases and the inputs, from differences of a plain loop: no tape.
pub(super) fn numeric(network: &Network, x: &Array, target: &Array) -> Named<Array> {
    let parameters: usize = network.layers.iter().map(|l| l.weight.data().len()).sum();
    let fine = x.rows() * parameters * (parameters + x.columns()) < MAX_EXTRAPOLATED / 20;
    let mut moved = network.clone();
    let mut x = x.clone();
    let mut found = Vec::new();
    let names = (0..network.layers.len()).flat_map(|layer| [(layer, "W"), (layer, "b")]);
    for (layer, kind) in names.chain([(0, "x")]) {
        let part = |network: &mut Network, x: &mut Array, i: usize, value: Option<f64>| {
            let array = match kind {
                "W" => &mut network.layers[layer].weight,
                "b" => &mut network.layers[layer].bias,
                _ => x,
            };
            let place = &mut array.data_mut()[i];
            std::mem::replace(place, value.unwrap_or(*place))
        };
        let like = match kind {
            "W" => network.layers[layer].weight.clone(),
            "b" => network.layers[layer].bias.clone(),
            _ => x.clone(),
        };
        let mut slopes = like.clone();
        for (i, slope) in slopes.data_mut().iter_mut().enumerate() {
            let at = part(&mut moved, &mut x, i, None);
            let f = |value: f64| {
                part(&mut moved, &mut x, i, Some(value));
                plain_loss(&moved, &x, target)
            };
            *slope = match fine {
                true => richardson(f, at).derivative,
                false => central_difference(f, at, central_step(at)),
            };
            part(&mut moved, &mut x, i, Some(at));
        }
        let name = if kind == "x" { "x".to_string() } else { format!("{kind}{}", layer + 1) };
        found.push((name, slopes));
    }
    Named(found)
}

/// The loss by ordinary loops.
fn plain_loss(network: &Network, x: &Array, target: &Array) -> f64 {
    let mut sum = 0.0;
    for (row, wanted) in x.data().chunks(x.columns()).zip(target.data().chunks(target.columns())) {
        let mut values = row.to_vec();
        for layer in &network.layers {
            let mut next = layer.bias.data().to_vec();
            for (value, weights) in values.iter().zip(layer.weight.data().chunks(next.len())) {
                for (next, weight) in next.iter_mut().zip(weights) {
                    *next += value * weight;
                }
            }
            for z in &mut next {
                *z = match layer.activation {
                    Activation::Relu => z.max(0.0),
                    Activation::Tanh => z.tanh(),
                    Activation::Sigmoid => 1.0 / (1.0 + (-*z).exp()),
                    Activation::None => *z,
                };
            }
            values = next;
        }
        let pairs = || values.iter().zip(wanted);
        sum += match network.loss {
            NetworkLoss::SquaredError | NetworkLoss::Mse => {
                pairs().map(|(y, t)| (y - t).powi(2)).sum::<f64>()
            }
            NetworkLoss::CrossEntropy => {
                let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let all: f64 = values.iter().map(|z| (z - most).exp()).sum();
                pairs().map(|(z, t)| t * (most + all.ln() - z)).sum()
            }
            NetworkLoss::Bce => {
                pairs().map(|(z, t)| z.max(0.0) - t * z + (-z.abs()).exp().ln_1p()).sum()
            }
        };
    }
    sum / divisor(network, x.rows()) as f64
}
