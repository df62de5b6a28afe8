//! Recurrent layers, recorded step by step.

use gradtape::{Result, Tensor, Var};

use super::Table;
use crate::call::{Call, Outputs, positions, unsupported};
use crate::tensor::broken;
use crate::value::Value;

pub(super) const TABLE: Table = &[("GRU", gru), ("LSTM", lstm), ("RNN", rnn)];

/// A function of the gates with its two settings.
#[derive(Clone, Copy)]
struct Activation<'a> {
    name: &'a str,
    alpha: Option<f64>,
    beta: Option<f64>,
    clip: Option<f64>,
}

impl Activation<'_> {
    fn of<'t>(self, x: Var<'t>) -> Result<Var<'t>> {
        let x = self.clip.map_or(x, |clip| x.clamp(-clip, clip));
        let (alpha, beta) = (|or: f64| self.alpha.unwrap_or(or), |or: f64| self.beta.unwrap_or(or));
        Ok(match self.name.to_lowercase().as_str() {
            "sigmoid" => x.sigmoid(),
            "tanh" => x.tanh(),
            "relu" => x.relu(),
            "affine" => x * alpha(1.0) + beta(0.0),
            "leakyrelu" => x.leaky_relu(alpha(0.01)),
            "thresholdedrelu" => x.greater(alpha(1.0)).select(x, 0),
            "scaledtanh" => (x * beta(1.0)).tanh() * alpha(1.0),
            "hardsigmoid" => (x * alpha(0.2) + beta(0.5)).clamp(0.0, 1.0),
            "elu" => x.elu(alpha(1.0)),
            "softsign" => x.softsign(),
            "softplus" => x.softplus(),
            other => return Err(unsupported(format!("gates of {other:?}"))),
        })
    }
}

/// What a layer reads along one direction.
struct Pass<'a, 't> {
    /// `[length, batch, inputs]`, turned where the direction is backwards.
    x: Var<'t>,
    weight: Var<'t>,
    recurrent: Var<'t>,
    /// The biases of input and state, zeros where there are none.
    bias: [Var<'t>; 2],
    peepholes: Option<Var<'t>>,
    state: Vec<Var<'t>>,
    hidden: usize,
    activations: Vec<Activation<'a>>,
}

/// One step: the input and the states before it give the states after it.
type Step<'p, 'a, 't> = dyn Fn(&Pass<'a, 't>, Var<'t>, &[Var<'t>]) -> Result<Vec<Var<'t>>> + 'p;

/// Runs a layer of `gates` gates and `states` states over its directions.
fn run<'a, 't>(
    c: &Call<'a, 't>,
    gates: usize,
    states: usize,
    default: &[&'static str],
    step: &Step<'_, 'a, 't>,
) -> Outputs<'t> {
    let given = c.x(0)?;
    let (w, r) = (c.x(1)?.var, c.x(2)?.var);
    let batch_first = c.int_or("layout", 0)? == 1;
    let x = if batch_first { given.var.swap_axes(0, 1) } else { given.var };
    let shape = x.shape();
    if shape.rank() != 3 || w.shape().rank() != 3 || r.shape().rank() != 3 {
        return Err(broken(format!(
            "inputs of {shape} and weights of {} and {}",
            w.shape(),
            r.shape()
        )));
    }
    let (length, batch, hidden) = (shape[0], shape[1], r.shape()[2]);
    let directions: &[bool] = match c.text_or("direction", "forward")? {
        "forward" => &[false],
        "reverse" => &[true],
        "bidirectional" => &[false, true],
        other => return Err(unsupported(format!("directions {other:?}"))),
    };
    if w.shape()[0] != directions.len() || w.shape()[1] != gates * hidden {
        return Err(broken(format!(
            "weights of {} for {} directions and {gates} gates of {hidden}",
            w.shape(),
            directions.len()
        )));
    }
    let lengths = c.maybe(4)?.map(|lengths| lengths.whole()).transpose()?;
    let lengths = lengths.filter(|lengths| lengths.iter().any(|&own| own != length as i64));
    let zeros = |shape: &[usize]| x.literal(0.0).broadcast_to(shape);
    let (mut all, mut last) = (Vec::new(), vec![Vec::new(); states]);
    for (direction, &backwards) in directions.iter().enumerate() {
        let both = match c.maybe(3)? {
            Some(bias) => bias.var.index(0, direction),
            None => zeros(&[2 * gates * hidden]),
        };
        let part =
            |at: usize| both.slice_step(0, at * gates * hidden, (at + 1) * gates * hidden, 1);
        let mut state = Vec::new();
        for place in 0..states {
            state.push(match c.maybe(5 + place)? {
                Some(start) if batch_first => start.var.index(1, direction),
                Some(start) => start.var.index(0, direction),
                None => zeros(&[batch, hidden]),
            });
        }
        let peepholes =
            if states == 2 { c.maybe(7)?.map(|p| p.var.index(0, direction)) } else { None };
        let pass = Pass {
            x: if backwards { turned(c, x, lengths.as_deref())? } else { x },
            weight: w.index(0, direction).t(),
            recurrent: r.index(0, direction).t(),
            bias: [part(0), part(1)],
            peepholes,
            state,
            hidden,
            activations: activations(c, default, direction)?,
        };
        let mut state = pass.state.clone();
        let mut outputs = Vec::with_capacity(length);
        for turn in 0..length {
            let next = step(&pass, pass.x.index(0, turn), &state)?;
            let (mut next, mut shown) = (next, None);
            if let Some(lengths) = &lengths {
                // Sequences that have ended keep their state and give zeros.
                let goes_on: Vec<bool> = lengths.iter().map(|&own| (turn as i64) < own).collect();
                let goes_on = c.tape.constant(Tensor::from_vec(goes_on, [batch, 1])?);
                for (new, old) in next.iter_mut().zip(&state) {
                    *new = goes_on.select(*new, *old);
                }
                shown = Some(goes_on.select(next[0], 0));
            }
            outputs.push(shown.unwrap_or(next[0]));
            state = next;
        }
        let y = match outputs.is_empty() {
            true => zeros(&[0, batch, hidden]),
            false => c.tape.stack(&outputs, 0),
        };
        all.push(if backwards { turned(c, y, lengths.as_deref())? } else { y });
        for (last, state) in last.iter_mut().zip(state) {
            last.push(state);
        }
    }
    let (y_at, last_at) = if batch_first { (2, 1) } else { (1, 0) };
    let all: Vec<Var<'t>> =
        all.into_iter().map(|y| if batch_first { y.swap_axes(0, 1) } else { y }).collect();
    let mut results: Vec<Value<'t>> = vec![given.like(c.tape.stack(&all, y_at)).into()];
    results.extend(last.into_iter().map(|state| given.like(c.tape.stack(&state, last_at)).into()));
    Ok(results)
}

/// Sequences from their end; those that are shorter, from theirs.
fn turned<'t>(c: &Call<'_, 't>, x: Var<'t>, lengths: Option<&[i64]>) -> Result<Var<'t>> {
    let Some(lengths) = lengths else { return Ok(x.flip(0)) };
    let shape = x.shape();
    let lengths = c.of_whole(lengths.to_vec(), &[1, lengths.len(), 1])?.var;
    let place = positions(c.tape, &shape, 0);
    Ok(x.gather(0, place.less(lengths).select(lengths - 1 - place, place)))
}

fn activations<'a>(
    c: &Call<'a, '_>,
    default: &[&'static str],
    direction: usize,
) -> Result<Vec<Activation<'a>>> {
    let count = default.len();
    let names: Vec<&'a str> = match c.texts("activations")? {
        Some(names) if names.len() >= (direction + 1) * count => {
            names[direction * count..][..count].iter().map(String::as_str).collect()
        }
        Some(names) => return Err(broken(format!("activations {names:?} for gates of {count}"))),
        None => default.to_vec(),
    };
    let clip = c.float("clip")?;
    // Settings stand in a row, one for each activation.
    let alphas = c.floats("activation_alpha")?.unwrap_or_default();
    let betas = c.floats("activation_beta")?.unwrap_or_default();
    let at = |numbers: &[f64], place: usize| numbers.get(direction * count + place).copied();
    let settings = names.into_iter().enumerate().map(|(place, name)| Activation {
        name,
        alpha: at(&alphas, place),
        beta: at(&betas, place),
        clip,
    });
    Ok(settings.collect())
}

fn rnn<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    run(c, 1, 1, &["Tanh"], &|pass, x, state| {
        let sum =
            x.matmul(pass.weight) + state[0].matmul(pass.recurrent) + pass.bias[0] + pass.bias[1];
        Ok(vec![pass.activations[0].of(sum)?])
    })
}

/// Gates in the order z, r, h.
fn gru<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let before = c.int_or("linear_before_reset", 0)? != 0;
    run(c, 3, 1, &["Sigmoid", "Tanh"], &|pass, x, state| {
        let h = pass.hidden;
        let gate = |of: Var<'t>, at: usize| of.slice_step(-1, at * h, (at + 1) * h, 1);
        let [f, g] = [pass.activations[0], pass.activations[1]];
        let inner = x.matmul(pass.weight) + pass.bias[0];
        let outer = state[0].matmul(pass.recurrent) + pass.bias[1];
        let z = f.of(gate(inner, 0) + gate(outer, 0))?;
        let r = f.of(gate(inner, 1) + gate(outer, 1))?;
        let candidate = match before {
            true => gate(inner, 2) + r * gate(outer, 2),
            false => {
                let turned = (r * state[0]).matmul(gate(pass.recurrent, 2));
                gate(inner, 2) + turned + gate(pass.bias[1], 2)
            }
        };
        Ok(vec![(1.0 - z) * g.of(candidate)? + z * state[0]])
    })
}

/// Gates in the order i, o, f, c, with peepholes where they are given.
fn lstm<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    if c.flag("input_forget", false)? {
        return Err(unsupported("coupled gates"));
    }
    run(c, 4, 2, &["Sigmoid", "Tanh", "Tanh"], &|pass, x, state| {
        let h = pass.hidden;
        let [f, g, last] = [pass.activations[0], pass.activations[1], pass.activations[2]];
        let sum =
            x.matmul(pass.weight) + state[0].matmul(pass.recurrent) + pass.bias[0] + pass.bias[1];
        let gate = |at: usize| sum.slice_step(-1, at * h, (at + 1) * h, 1);
        let seen = |gate: Var<'t>, at: usize, cell: Var<'t>| match pass.peepholes {
            Some(p) => gate + p.slice_step(0, at * h, (at + 1) * h, 1) * cell,
            None => gate,
        };
        let old = state[1];
        let (input, forget) = (f.of(seen(gate(0), 0, old))?, f.of(seen(gate(2), 2, old))?);
        let cell = forget * old + input * g.of(gate(3))?;
        let output = f.of(seen(gate(1), 1, cell))?;
        Ok(vec![output * last.of(cell)?, cell])
    })
}
