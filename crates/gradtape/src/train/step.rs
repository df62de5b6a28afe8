//! A step of training: recorded anew each time, or compiled once.

use super::default_loss;
use crate::data::Batch;
use crate::eval::compile;
use crate::nn::Layer;
use crate::optim::Optimizer;
use crate::tape::{Tape, Var};
use crate::tensor::{Result, Tensor};

/// A loss of outputs and targets.
pub(super) type Loss<'n> = dyn for<'t> Fn(Var<'t>, Var<'t>) -> Var<'t> + 'n;

/// Takes a step on a batch; gives its loss and the outputs of the network.
pub(super) type Step<'a> = Box<dyn FnMut(&Batch) -> Result<(f64, Tensor)> + 'a>;

/// The step of a network, compiled where nobody can tell the difference.
pub(super) fn step<'a, 'n: 'a>(
    net: &'n dyn Layer,
    loss: Option<&'a Loss<'n>>,
    optimizer: &'a (dyn Optimizer + 'n),
) -> Step<'a> {
    let is_static = loss.is_none() && net.is_static();
    let make = if is_static { compiled } else { recorded };
    make(net, loss.unwrap_or(&default_loss), optimizer)
}

fn recorded<'a, 'n: 'a>(
    net: &'n dyn Layer,
    loss: &'a Loss<'_>,
    optimizer: &'a (dyn Optimizer + 'n),
) -> Step<'a> {
    let mut tape = Tape::new();
    Box::new(move |batch| {
        tape.reset();
        let outputs = net.forward(tape.constant(&batch.x)).keep();
        let loss = loss(outputs, tape.constant(&batch.y));
        optimizer.step(loss)?;
        Ok((loss.item()?, outputs.value()?))
    })
}

fn compiled<'a, 'n: 'a>(
    net: &'n dyn Layer,
    loss: &'a Loss<'_>,
    optimizer: &'a (dyn Optimizer + 'n),
) -> Step<'a> {
    let mut step = compile(move |_, inputs| {
        let outputs = net.forward(inputs[0]);
        let loss = loss(outputs, inputs[1]);
        optimizer.step(loss)?;
        Ok(vec![loss, outputs])
    });
    let mut results = Vec::new();
    Box::new(move |batch| {
        step.call_into(&[batch.x.clone(), batch.y.clone()], &mut results)?;
        // Taken out, so that their memory is free again for the next step.
        let outputs = results.pop().expect("the outputs");
        Ok((results.pop().expect("the loss").item()?, outputs))
    })
}
