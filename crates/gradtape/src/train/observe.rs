//! Looking at a step: gradients, layers and weights, for who watches a training.

use super::losses::On;
use super::step::Parts;
use super::{EpochReport, StepReport};
use crate::data::Batch;
use crate::eval::evaluate;
use crate::grad::connected_gradients;
use crate::io::Unit;
use crate::nn;
use crate::tape::{Dial, Parameter, Shown, Tape, Var};
use crate::tensor::{Result, Tensor};

/// Who watches a training: see [`Trainer::watch`](super::Trainer::watch). Watching changes no bit of it.
///
/// ```
/// use gradtape::train::{Observation, Trainer, Watch};
/// use gradtape::{Result, Rng, data::moons, nn::{Activation, Sequential}, optim::Adam};
///
/// /// Prints how large gradients are.
/// struct Norms;
///
/// impl Watch for Norms {
///     fn observe(&mut self, seen: &Observation) -> Result<()> {
///         for parameter in &seen.parameters {
///             if let Some(gradient) = &parameter.gradient {
///                 println!("{} {}: {}", seen.step, parameter.name, gradient.norm(2.0, ())?.item()?);
///             }
///         }
///         Ok(())
///     }
/// }
///
/// let net = Sequential::mlp(&[2, 8, 2], Activation::Tanh, 0.0, &mut Rng::new(7))?;
/// Trainer::new(&net, Adam::new(&net, 0.02)).epochs(2).watch(Norms).fit(&moons(100, 0.1, 7)?, None)?;
/// # Ok::<(), gradtape::Error>(())
/// ```
pub trait Watch {
    /// Whether [`Watch::observe`] is to see a step, the `step`-th of `steps` of an epoch: by default the first of all,
    /// the last of each epoch, and every 500th. It costs about as much as two steps.
    fn is_due(&self, epoch: usize, step: usize, steps: usize) -> bool {
        step == steps || (epoch, step) == (1, 1) || step.is_multiple_of(500)
    }

    /// A step, looked into. An error ends the training.
    fn observe(&mut self, seen: &Observation) -> Result<()> {
        let _ = seen;
        Ok(())
    }

    /// After every step. An error ends the training.
    fn step(&mut self, report: &StepReport) -> Result<()> {
        let _ = report;
        Ok(())
    }

    /// After every epoch. An error ends the training.
    fn epoch(&mut self, report: &EpochReport) -> Result<()> {
        let _ = report;
        Ok(())
    }
}

/// A step, looked into: the same batch, the same random numbers, the gradients that the step took.
#[derive(Clone, Debug)]
pub struct Observation {
    /// The number of the epoch, from 1.
    pub epoch: usize,
    /// The number of the step among all of this training, from 1.
    pub step: u64,
    /// The loss of the batch, before the step.
    pub loss: f64,
    /// The learning rate of the step.
    pub learning_rate: f64,
    /// The parameters of the network, in order.
    pub parameters: Vec<ObservedParameter>,
    /// The layers of the network, in the order in which they compute.
    pub layers: Vec<ObservedLayer>,
    /// The network as a graph, at the first look.
    pub graph: Vec<Unit>,
}

/// A parameter in a step.
#[derive(Clone, Debug)]
pub struct ObservedParameter {
    /// Its path, as `0.weight`.
    pub name: String,
    /// Its numbers before the step.
    pub before: Tensor,
    /// Its numbers after it.
    pub after: Tensor,
    /// The gradient of the loss, of its shape, before it is clipped; none where the loss does not depend on it.
    pub gradient: Option<Tensor>,
}

/// A layer in a step.
#[derive(Clone, Debug)]
pub struct ObservedLayer {
    /// Its path and its kind, as `1 (Relu)`.
    pub name: String,
    /// What it gave for the batch, of shape `[rows, …]`.
    pub output: Tensor,
}

/// Looks into the step that is to be taken on a batch. What the forward pass changes, buffers and the counts of random
/// numbers, is as it was afterwards.
fn look(parts: Parts<'_, '_>, batch: &Batch, graph: bool) -> Result<Observation> {
    let kept = Kept::of(parts);
    let seen = record(parts, batch, graph);
    kept.give_back()?;
    seen
}

/// After the step: what became of the parameters.
fn complete(seen: &mut Observation, parts: Parts<'_, '_>) {
    for (own, (_, parameter)) in seen.parameters.iter_mut().zip(parts.net.named_parameters()) {
        own.after = parameter.value();
    }
}

fn record(parts: Parts<'_, '_>, batch: &Batch, graph: bool) -> Result<Observation> {
    let tape = Tape::new();
    let (loss, _) = parts.look(On::of(batch, &tape), false)?;
    loss.check()?;
    let units = if graph { units(&tape.shown()) } else { Vec::new() };
    let layers = tape.layers();
    let named = parts.net.named_parameters();
    let float = |own: &Parameter| own.value().dtype().is_float();
    let trained: Vec<usize> = (0..named.len()).filter(|&i| float(&named[i].1)).collect();
    let xs: Vec<Var<'_>> = trained.iter().map(|&i| tape.parameter(&named[i].1)).collect();
    let mut gradients: Vec<Option<Var<'_>>> = vec![None; named.len()];
    connected_gradients(loss, &xs, |i, gradient| gradients[trained[i]] = gradient);
    let outputs = layers.iter().map(|(_, output)| *output);
    let asked: Vec<Var<'_>> =
        gradients.iter().flatten().copied().chain(outputs).chain([loss]).collect();
    evaluate(&asked)?;
    let parameter = |((name, own), gradient): ((String, Parameter), Option<Var<'_>>)| {
        let gradient = gradient.map(Var::value).transpose()?;
        Ok(ObservedParameter { name, before: own.value(), after: own.value(), gradient })
    };
    let layer =
        |(name, output): (String, Var<'_>)| Ok(ObservedLayer { name, output: output.value()? });
    Ok(Observation {
        epoch: 0,
        step: 0,
        loss: loss.item()?,
        learning_rate: parts.optimizer.learning_rate(),
        parameters: named.into_iter().zip(gradients).map(parameter).collect::<Result<_>>()?,
        layers: layers.into_iter().map(layer).collect::<Result<_>>()?,
        graph: units,
    })
}

/// Those who watch a training.
pub(super) struct Watching<'w, 'n> {
    watches: &'w mut [Box<dyn Watch + Send + 'n>],
    looks: bool,
    looked: bool,
}

impl<'w, 'n> Watching<'w, 'n> {
    /// With `looks`, steps can be looked into.
    pub(super) fn new(
        watches: &'w mut [Box<dyn Watch + Send + 'n>],
        looks: bool,
    ) -> Watching<'w, 'n> {
        Watching { watches, looks, looked: false }
    }

    /// Before a step: looks into it, if somebody asks for it.
    pub(super) fn before(
        &mut self,
        parts: Parts<'_, '_>,
        batch: &Batch,
        (epoch, step, steps): (usize, usize, usize),
    ) -> Result<Option<Observation>> {
        // Of a stream, this rank may have no row of the last batch.
        if !self.looks
            || batch.is_empty()
            || !self.watches.iter().any(|own| own.is_due(epoch, step, steps))
        {
            return Ok(None);
        }
        let graph = !std::mem::replace(&mut self.looked, true);
        let seen = look(parts, batch, graph)?;
        // Those before a stop are among them.
        let step = ((epoch - 1) * steps + step) as u64;
        Ok(Some(Observation { epoch, step, ..seen }))
    }

    /// After the step, before its loss is judged. `place` is the step's in its epoch, and how many there are.
    pub(super) fn after(
        &mut self,
        seen: Option<Observation>,
        parts: Parts<'_, '_>,
        (step, steps): (usize, usize),
    ) -> Result<()> {
        let Some(mut seen) = seen else { return Ok(()) };
        complete(&mut seen, parts);
        let mut due = self.watches.iter_mut().filter(|own| own.is_due(seen.epoch, step, steps));
        due.try_for_each(|own| own.observe(&seen))
    }

    pub(super) fn step(&mut self, report: &StepReport) -> Result<()> {
        self.watches.iter_mut().try_for_each(|own| own.step(report))
    }

    pub(super) fn epoch(&mut self, report: &EpochReport) -> Result<()> {
        self.watches.iter_mut().try_for_each(|own| own.epoch(report))
    }
}

/// What a forward pass changes.
struct Kept {
    buffers: Vec<(Parameter, Tensor)>,
    dials: Vec<(Dial, f64)>,
}

impl Kept {
    fn of(parts: Parts<'_, '_>) -> Kept {
        let state = nn::named_state(parts.net).into_iter().map(|(_, own)| own);
        let buffers = state.filter(|own| !own.is_trained()).map(|own| {
            let value = own.value();
            (own, value)
        });
        let dials = parts.net.named_dials().into_iter().map(|(_, dial)| {
            let turned = dial.get();
            (dial, turned)
        });
        Kept { buffers: buffers.collect(), dials: dials.collect() }
    }

    fn give_back(self) -> Result<()> {
        self.dials.iter().for_each(|(dial, turned)| dial.set(*turned));
        self.buffers.into_iter().try_for_each(|(own, value)| own.set(value))
    }
}

/// The units of a graph: operations in groups by layer, and parameters.
fn units(shown: &[Shown]) -> Vec<Unit> {
    let name = |own: &Shown| {
        let unit = match &own.parameter {
            Some(parameter) => return clean(&parameter.replace('.', "/")),
            None => format!("{}_{}", own.op, own.id.index()),
        };
        match &own.layer {
            Some(layer) => clean(&format!("{}/{unit}", layer.replace('.', "/"))),
            None => unit,
        }
    };
    let unit = |own: &Shown| Unit {
        name: name(own),
        op: if own.parameter.is_some() { "parameter" } else { own.op }.to_string(),
        inputs: own
            .inputs
            .iter()
            .filter_map(|id| shown.iter().find(|other| other.id == *id).map(name))
            .collect(),
        shape: own.meta.shape.to_vec(),
    };
    shown.iter().map(unit).collect()
}

/// A name with the letters that graphs may have.
fn clean(name: &str) -> String {
    let clean: String = name
        .chars()
        .filter(|c| *c != ')')
        .map(|c| if c.is_ascii_alphanumeric() || "_.-/".contains(c) { c } else { '_' })
        .collect();
    clean.replace("__", "_")
}
