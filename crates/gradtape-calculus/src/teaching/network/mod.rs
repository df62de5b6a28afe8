//! Backpropagation through a small network in matrix form.

mod array;
mod at_loss;
mod backpropagation;
mod columns;
mod compute;
mod drawing;
mod forward;
mod layers;
mod markdown;
mod page;
mod paths;
mod spec;
mod style;
mod text;
mod walk;

pub use array::Array;
pub use backpropagation::{Backpropagation, BackwardStep, Formula, ForwardStep, NetworkJacobian};
pub use drawing::MAX_DRAWN_UNITS;
pub use spec::{
    Activation, MAX_EXAMPLES, MAX_LAYERS, MAX_PARAMETERS, Network, NetworkLayer, NetworkLoss,
    Reduction,
};

use crate::report::{Error, Named, Number, Result, short};
use compute::Numbers;
use walk::Walk;

/// Runs examples through a network and the gradient of its loss back, on one tape. Numeric derivatives,
/// which use no tape, stand beside the gradients.
///
/// `x` has shape (examples, inputs), `target` (examples, outputs).
///
/// ```
/// use gradtape_calculus::{Activation, Array, Network, NetworkLoss, backpropagation};
///
/// let activations = [Activation::Relu, Activation::None];
/// let mut network = Network::seeded(&[4, 2, 1], &activations, NetworkLoss::SquaredError, 0)?;
/// let ones = vec![1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0];
/// network.set("W1", Array::new(&[4, 2], ones)?)?;
/// network.set("b1", Array::new(&[2], vec![0.0, -1.0])?)?;
/// network.set("W2", Array::new(&[2, 1], vec![1.5, 0.5])?)?;
/// network.set("b2", Array::new(&[1], vec![1.5])?)?;
///
/// let x = Array::new(&[1, 4], vec![1.0, 2.0, 3.0, 4.0])?;
/// let found = backpropagation(&network, &x, &network.targets(&[7.0], 1)?)?;
/// assert_eq!((found.prediction.data()[0], found.value.0), (10.0, 9.0));
/// assert_eq!(found.gradient.get("b2").unwrap().data(), [6.0]);
/// assert_eq!(found.backward[1].matrices.text, "dL/dW2 = h1ᵀ · δ2");
/// assert_eq!(found.backward[1].shapes, "(2, 1) = (2, 1) · (1, 1)");
/// # Ok::<(), gradtape_calculus::Error>(())
/// ```
///
/// # Errors
/// A network whose parts do not fit or that is too large; examples of another shape, none of them, or
/// more than [`MAX_EXAMPLES`]; targets that the loss cannot use.
pub fn backpropagation(network: &Network, x: &Array, target: &Array) -> Result<Backpropagation> {
    network.check()?;
    let sizes = network.sizes();
    let examples = x.rows();
    spec::check_count(examples)?;
    let outputs = sizes.last().copied().unwrap_or(0);
    for (name, array, columns) in [("x", x, sizes[0]), ("the target", target, outputs)] {
        let want = [examples, columns];
        if array.shape() != want {
            let (got, want) = (array::size(array.shape()), array::size(&want));
            return Err(Error::new(format!("{name} has shape {got}, but needs {want}")));
        }
        if let Some(wrong) = array.data().iter().find(|number| !number.is_finite()) {
            return Err(Error::new(format!("{name} has the number {wrong}")));
        }
    }
    network.check_target(target)?;
    let numbers = Numbers::compute(network, x, target)?;
    let walk = Walk { network, numbers: &numbers, examples };
    let mut local = Vec::new();
    for (place, layer) in network.layers.iter().enumerate() {
        let (input, z) = (walk.input(place + 1), format!("z{}", place + 1));
        local.push(compute::local(layer, walk.value(&input), walk.value(&z))?);
    }
    let likely = compute::likely(network.loss, walk.value(&walk.out(network.layers.len())))?;
    let numeric = compute::numeric(network, x, target);
    let gradient = Named(
        numeric
            .0
            .iter()
            .filter_map(|(name, _)| Some((name.clone(), numbers.gradients.get(name)?.clone())))
            .collect(),
    );
    let (loss_formula, loss_numbers) = walk.loss();
    Ok(Backpropagation {
        activations: network.layers.iter().map(|layer| layer.activation).collect(),
        loss: network.loss,
        reduction: network.reduction,
        examples,
        x: x.clone(),
        target: target.clone(),
        weights: Named(
            gradient
                .0
                .iter()
                .filter(|(name, _)| name != "x")
                .map(|(name, _)| (name.clone(), walk.value(name).clone()))
                .collect(),
        ),
        forward: walk.forward(),
        prediction: walk.value(&walk.out(network.layers.len())).clone(),
        value: Number(numbers.loss),
        loss_formula,
        loss_numbers,
        backward: walk.backward(local, likely),
        columns: walk.columns(),
        largest_difference: Number(largest_difference(&gradient, &numeric)),
        gradient,
        numeric,
        batch: walk.batch(),
        notes: notes(&walk),
        network: sizes,
    })
}

fn largest_difference(gradient: &Named<Array>, numeric: &Named<Array>) -> f64 {
    let pairs = gradient.values().zip(numeric.values());
    let apart = pairs.flat_map(|(a, n)| a.data().iter().zip(n.data()).map(|(a, n)| (a - n).abs()));
    apart.fold(0.0, |most: f64, apart| if apart.is_nan() { apart } else { most.max(apart) })
}

/// More notes than this say nothing new.
const MAX_NOTES: usize = 8;

fn notes(walk: &Walk<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    for (place, layer) in walk.network.layers.iter().enumerate() {
        let name = format!("z{}", place + 1);
        let z = walk.value(&name);
        let first = |what: &dyn Fn(f64) -> bool| z.data().iter().position(|&value| what(value));
        let at = |i: usize| format!("[{},{}]", i / z.columns() + 1, i % z.columns() + 1);
        if let Some(i) = first(&|value| !value.is_finite()) {
            notes.push(format!("{name}{} is {}: it overflows", at(i), short(z.data()[i])));
            break;
        }
        if let (Activation::Relu, Some(i)) = (layer.activation, first(&|value| value == 0.0)) {
            notes.push(format!(
                "{name}{} is 0, where relu has a kink: its derivative there is taken as 0, while \
                 differences see half of each side",
                at(i)
            ));
        }
        let dead = |k: usize| (0..z.rows()).all(|row| z.at(row, k) <= 0.0);
        if let (Activation::Relu, Some(k)) = (layer.activation, (0..z.columns()).find(|&k| dead(k)))
        {
            notes.push(format!(
                "unit {} of layer {} is 0 for every example here: no gradient goes back through it",
                k + 1,
                place + 1
            ));
        }
    }
    notes.truncate(MAX_NOTES);
    notes
}
