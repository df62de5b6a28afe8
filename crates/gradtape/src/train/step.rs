//! A step of training: recorded anew each time, or compiled once.

use super::default_loss;
use crate::data::Batch;
use crate::eval::compile;
use crate::nn::Layer;
use crate::optim::{Accumulator, Optimizer};
use crate::tape::{Tape, Var};
use crate::tensor::{Result, Tensor};

/// A loss of outputs and targets.
pub(super) type Loss<'n> = dyn for<'t> Fn(Var<'t>, Var<'t>) -> Var<'t> + 'n;

/// Takes a step on a batch; gives its loss and the outputs of the network.
pub(super) type Step<'a> = Box<dyn FnMut(&Batch) -> Result<(f64, Tensor)> + 'a>;

/// The step of a network, compiled where nobody can tell the difference; with several batches for a step, or a
/// search, recorded each time.
pub(super) fn step<'a, 'n: 'a>(
    net: &'n dyn Layer,
    loss: Option<&'a Loss<'n>>,
    optimizer: &'a (dyn Optimizer + 'n),
    accumulate: usize,
) -> Result<Step<'a>> {
    let is_static = loss.is_none() && net.is_static();
    let loss = loss.unwrap_or(&default_loss);
    Ok(match (accumulate, optimizer.searches()) {
        (1, true) => searched(net, loss, optimizer),
        (1, false) if is_static => compiled(net, loss, optimizer),
        (1, false) => recorded(net, loss, |loss| optimizer.step(loss)),
        (every, _) => {
            let gathered = Accumulator::new(optimizer, every)?;
            recorded(net, loss, move |loss| gathered.step(loss).map(drop))
        }
    })
}

/// A step of an optimiser that looks at the loss several times. What the network gave at the first of them is
/// what other optimisers give.
fn searched<'a, 'n: 'a>(
    net: &'n dyn Layer,
    loss: &'a Loss<'_>,
    optimizer: &'a (dyn Optimizer + 'n),
) -> Step<'a> {
    Box::new(move |batch| {
        let tape = Tape::inference();
        let first = net.forward(tape.constant(&batch.x)).value()?;
        let loss = optimizer.minimize(&mut |tape| {
            Ok(loss(net.forward(tape.constant(&batch.x)), tape.constant(&batch.y)))
        })?;
        Ok((loss, first))
    })
}

fn recorded<'a, 'n: 'a>(
    net: &'n dyn Layer,
    loss: &'a Loss<'_>,
    step: impl Fn(Var<'_>) -> Result<()> + 'a,
) -> Step<'a> {
    let mut tape = Tape::new();
    Box::new(move |batch| {
        tape.reset();
        let outputs = net.forward(tape.constant(&batch.x)).keep();
        let loss = loss(outputs, tape.constant(&batch.y));
        step(loss)?;
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
