//! [`Health`]: what goes wrong inside of a network while it trains.

mod rules;
mod table;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::rules::Spikes;
use super::board::sum_of_squares;
use super::{EpochReport, Observation, ObservedLayer, StepReport, Watch};
use crate::tensor::{DType, Result, Tensor};

/// Watches a training for gradients that vanish or explode, units that are dead or saturated, steps that are too
/// large or too small for the weights, and spikes of the loss.
///
/// A clone is another handle to the same, so that a trainer may have one and its maker another.
///
/// ```
/// use gradtape::train::{Health, Trainer};
/// use gradtape::{Rng, data::moons, nn::{Activation, Sequential}, optim::Sgd};
/// // Sigmoids one after another: nothing of the gradient comes to the first layer.
/// let sizes = [2, 8, 8, 8, 8, 8, 8, 8, 2];
/// let net = Sequential::mlp(&sizes, Activation::Sigmoid, 0.0, &mut Rng::new(7))?;
/// let health = Health::new();
/// let mut trainer = Trainer::new(&net, Sgd::new(&net, 0.1)).epochs(6).watch(health.clone());
/// trainer.fit(&moons(200, 0.1, 7)?, None)?;
/// let warnings = health.take_warnings();
/// assert!(warnings[0].what.contains("gradients vanish"), "{warnings:?}");
/// println!("{}", health.report());
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Health(Arc<Mutex<State>>);

/// Something that is wrong, said once in a training.
#[derive(Clone, Debug, PartialEq)]
pub struct Warning {
    /// The number of the epoch in which it was seen.
    pub epoch: usize,
    /// What was seen.
    pub what: String,
    /// What would help.
    pub help: String,
}

/// How the layers are, in the order of the network; prints as a table.
#[derive(Clone, Debug, Default)]
pub struct HealthReport {
    /// One for each layer that has weights, or units that can be dead or saturated.
    pub layers: Vec<LayerHealth>,
    /// What was wrong.
    pub warnings: Vec<Warning>,
}

/// How a layer is, at the last look.
#[derive(Clone, Debug, Default)]
pub struct LayerHealth {
    /// Its path and, where it is known, its kind, as `0 (Linear)`.
    pub name: String,
    /// The root of the mean square of the gradients of its parameters.
    pub gradient: Option<f64>,
    /// The same of its weights, those parameters that are matrices or more, else of all.
    pub weight: Option<f64>,
    /// The norm of the last step of its weights by that of the weights; 1e-3 is usual.
    pub update: Option<f64>,
    /// The share of its units that gave 0 for every row of the last three looks, of a relu.
    pub dead: Option<f64>,
    /// The share of its values in the flat parts, of a tanh or a sigmoid.
    pub saturated: Option<f64>,
}

#[derive(Debug, Default)]
struct State {
    looks: usize,
    layers: Vec<LayerHealth>,
    /// For each layer that can have dead units, for how many looks each has been silent.
    silent: BTreeMap<String, Vec<usize>>,
    /// Norms of the gradient at all looks.
    norms: Vec<f64>,
    greatest_rate: f64,
    /// How often in a row each rule was broken.
    broken: BTreeMap<&'static str, usize>,
    spikes: Spikes,
    warnings: Vec<Warning>,
    /// Warnings that were taken.
    told: usize,
}

impl Health {
    /// One that has seen nothing.
    pub fn new() -> Health {
        Health::default()
    }

    /// The warnings since the last call.
    pub fn take_warnings(&self) -> Vec<Warning> {
        let mut state = self.lock();
        let fresh = state.warnings[state.told..].to_vec();
        state.told = state.warnings.len();
        fresh
    }

    /// How the layers are, and all warnings.
    pub fn report(&self) -> HealthReport {
        let state = self.lock();
        HealthReport { layers: state.layers.clone(), warnings: state.warnings.clone() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch for Health {
    /// The first step, and the last ones of the first epochs and of every fifth.
    fn is_due(&self, epoch: usize, step: usize, steps: usize) -> bool {
        let often = epoch <= 5 || epoch.is_multiple_of(5);
        (step == steps && often) || (epoch, step) == (1, 1) || step.is_multiple_of(500)
    }

    fn observe(&mut self, seen: &Observation) -> Result<()> {
        let mut state = self.lock();
        state.look(seen);
        rules::judge(&mut state, seen);
        Ok(())
    }

    fn step(&mut self, report: &StepReport) -> Result<()> {
        rules::spike(&mut self.lock(), report);
        Ok(())
    }

    fn epoch(&mut self, _: &EpochReport) -> Result<()> {
        Ok(())
    }
}

impl State {
    fn look(&mut self, seen: &Observation) {
        self.looks += 1;
        self.greatest_rate = self.greatest_rate.max(seen.learning_rate);
        self.layers.clear();
        let mut squares = 0.0;
        for layer in &seen.layers {
            self.units(layer);
        }
        let mut places: Vec<&str> = Vec::new();
        for own in &seen.parameters {
            let place = own.name.rsplit_once('.').map_or("", |(layer, _)| layer);
            if !places.contains(&place) {
                places.push(place);
            }
        }
        for place in places {
            let of = seen
                .parameters
                .iter()
                .filter(|own| own.name.rsplit_once('.').map_or("", |(layer, _)| layer) == place);
            let of: Vec<_> = of.collect();
            let matrices: Vec<_> = of.iter().copied().filter(|own| own.before.rank() > 1).collect();
            let weights = if matrices.is_empty() { &of } else { &matrices };
            let gradients: Vec<&Tensor> =
                of.iter().filter_map(|own| own.gradient.as_ref()).collect();
            let of_gradients: f64 = gradients.iter().map(|g| sum_of_squares(g)).sum();
            squares += of_gradients;
            let before: f64 = weights.iter().map(|own| sum_of_squares(&own.before)).sum();
            let moved: f64 = weights.iter().map(|own| moved(&own.before, &own.after)).sum();
            let count = |tensors: usize| (tensors as f64).max(1.0);
            let of_weights: usize = weights.iter().map(|own| own.before.elements()).sum();
            let of_all: usize = gradients.iter().map(|g| g.elements()).sum();
            let row = self.row(place, &seen.layers);
            row.gradient = (!gradients.is_empty()).then(|| (of_gradients / count(of_all)).sqrt());
            row.weight = Some((before / count(of_weights)).sqrt());
            row.update = (before > 0.0).then(|| (moved / before).sqrt());
        }
        self.norms.push(squares.sqrt());
        let order = |row: &LayerHealth| seen.layers.iter().position(|own| own.name == row.name);
        self.layers.sort_by_key(|row| order(row).unwrap_or(usize::MAX));
    }

    /// The row of a layer by its path.
    fn row(&mut self, path: &str, layers: &[ObservedLayer]) -> &mut LayerHealth {
        let is_it = |name: &str| name == path || name.split(" (").next() == Some(path);
        let known = self.layers.iter().position(|row| is_it(&row.name));
        let place = known.unwrap_or_else(|| {
            let named = layers.iter().find(|layer| is_it(&layer.name));
            let name = named.map_or(path.to_string(), |layer| layer.name.clone());
            self.layers.push(LayerHealth { name, ..LayerHealth::default() });
            self.layers.len() - 1
        });
        &mut self.layers[place]
    }

    /// What is seen of the units of a layer.
    fn units(&mut self, ObservedLayer { name, output }: &ObservedLayer) {
        let Some(kind) = Kind::of(name) else { return };
        let values = output.cast(DType::F64).to_vec::<f64>().unwrap_or_default();
        if values.is_empty() || output.rank() < 2 {
            return;
        }
        let mut row = LayerHealth { name: name.clone(), ..LayerHealth::default() };
        match kind {
            Kind::Relu => {
                // Channels of images, else the last axis.
                let axis = if output.rank() == 4 { 1 } else { output.rank() - 1 };
                let (units, stride) = (output.shape()[axis], output.shape().strides()[axis]);
                let silent = self.silent.entry(name.clone()).or_default();
                silent.resize(units, 0);
                silent.iter_mut().for_each(|looks| *looks += 1);
                for (place, value) in values.iter().enumerate() {
                    if *value != 0.0 {
                        silent[place / stride % units] = 0;
                    }
                }
                let dead = silent.iter().filter(|looks| **looks >= 3).count();
                row.dead = Some(dead as f64 / units as f64);
            }
            Kind::Between(least, greatest) => {
                let margin = 0.02 * (greatest - least);
                let flat = |v: &&f64| **v < least + margin || **v > greatest - margin;
                let flat = values.iter().filter(flat).count();
                row.saturated = Some(flat as f64 / values.len() as f64);
            }
        }
        self.layers.push(row);
    }
}

/// What can become of a unit.
enum Kind {
    Relu,
    /// Values between two numbers, near which it is flat.
    Between(f64, f64),
}

impl Kind {
    fn of(name: &str) -> Option<Kind> {
        let kind = name.rsplit('(').next()?.trim_end_matches(')');
        match kind {
            "Relu" | "Relu6" => Some(Kind::Relu),
            "Tanh" => Some(Kind::Between(-1.0, 1.0)),
            "Sigmoid" => Some(Kind::Between(0.0, 1.0)),
            _ => None,
        }
    }
}

/// The square of the norm of a step.
fn moved(before: &Tensor, after: &Tensor) -> f64 {
    let values = |tensor: &Tensor| tensor.cast(DType::F64).to_vec::<f64>().unwrap_or_default();
    let pairs = values(before).into_iter().zip(values(after));
    pairs.map(|(before, after)| (after - before) * (after - before)).sum()
}

/// One line.
impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "epoch {}: {}; {}", self.epoch, self.what, self.help)
    }
}

#[cfg(test)]
mod tests;
