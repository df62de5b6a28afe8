//! [`Report`]: what stands beside the pictures.

use serde::Serialize;

use super::losses::{Loss, Task};
use super::session::{Score, Session};
use super::settings::usual_rate;

/// How a session is built; it does not change while it trains.
#[derive(Clone, Debug, Serialize)]
pub struct Built {
    /// The settings that differ from the default.
    pub settings: String,
    /// The names of the inputs.
    pub features: Vec<String>,
    /// The widths of inputs, hidden layers and outputs.
    pub sizes: Vec<usize>,
    /// The activation of each layer.
    pub activations: Vec<String>,
    /// The names of the classes; none for a number.
    pub classes: Option<Vec<String>>,
    /// What is learned, by its name.
    pub target: String,
    /// The loss.
    pub loss: &'static str,
    /// The one that is taken where none is named.
    pub usual_loss: &'static str,
    /// The two inputs looked at, with the numbers of their columns at both ends.
    pub axes: Vec<Shown>,
    /// The values of a number that are shown.
    pub values: [f64; 2],
    /// Whether a row is an image, by its height and width.
    pub image: Option<[usize; 2]>,
    /// How many points are learned from and held out.
    pub points: [usize; 2],
    /// How many weights and biases there are.
    pub weights: usize,
    /// The steps of an epoch.
    pub epoch_steps: usize,
    /// The learning rate, where it starts.
    pub rate: f64,
    /// The usual rate of this optimiser.
    pub usual_rate: f64,
    /// What the user should know of the data.
    pub notes: Vec<String>,
}

/// An axis of the picture.
#[derive(Clone, Debug, Serialize)]
pub struct Shown {
    /// The name of the input.
    pub name: String,
    /// Its number among the inputs.
    pub input: usize,
    /// The column's number at the left or below.
    pub from: f64,
    /// The column's number at the right or above.
    pub to: f64,
}

/// How a session is now.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// How many steps were taken.
    pub step: u64,
    /// How many whole epochs.
    pub epoch: u64,
    /// Steps of the epoch that has begun.
    pub done: usize,
    /// The learning rate of the next step.
    pub rate: f64,
    /// The loss of the last batch; not there before the first step, nor where it is no number.
    pub loss: Option<f64>,
    /// Loss and accuracy on what is learned from.
    pub train: Told,
    /// On what is held out.
    pub test: Option<Told>,
    /// At which step the loss was no number any more.
    pub diverged: Option<u64>,
    /// How each layer was at the last look.
    pub layers: Vec<Layer>,
    /// After which step that was.
    pub looked: u64,
    /// What was wrong, with what would help.
    pub warnings: Vec<[String; 2]>,
}

/// Loss and accuracy; a loss that is no number is not there.
#[derive(Clone, Debug, Serialize)]
pub struct Told {
    /// The loss.
    pub loss: Option<f64>,
    /// Of classes, the share told rightly.
    pub accuracy: Option<f64>,
}

/// How a layer of weights with what follows it was.
#[derive(Clone, Debug, Serialize)]
pub struct Layer {
    /// The root of the mean square of its gradients.
    pub gradient: Option<f64>,
    /// The norm of its last step by that of its weights.
    pub update: Option<f64>,
    /// The share of units that answered 0 to everything, of a relu.
    pub dead: Option<f64>,
    /// The share of values in the flat parts, of a tanh or a sigmoid.
    pub saturated: Option<f64>,
}

impl Session {
    /// How it is built.
    pub fn built(&self) -> Built {
        let data = &self.data;
        let shown = |axis: &super::data::Axis| Shown {
            name: data.features[axis.input].clone(),
            input: axis.input,
            from: axis.mean + axis.scale * axis.from,
            to: axis.mean + axis.scale * axis.to,
        };
        let (classes, target) = match &data.task {
            Task::Classes(names) => (Some(names.clone()), "class".to_string()),
            Task::Number(name) => (None, name.clone()),
        };
        let weights = self.net.sizes.windows(2).map(|pair| (pair[0] + 1) * pair[1]).sum();
        Built {
            settings: self.settings.text(),
            features: data.features.clone(),
            sizes: self.net.sizes.clone(),
            activations: self.net.stages.iter().map(|stage| stage.form.to_string()).collect(),
            classes,
            target,
            loss: data.loss.name(),
            usual_loss: Loss::usual(&data.task).name(),
            axes: data.axes.iter().map(shown).collect(),
            values: self.value_range(),
            image: data.image,
            points: [data.train.len(), data.test.len()],
            weights,
            epoch_steps: self.epoch_steps(),
            rate: self.settings.rate(),
            usual_rate: usual_rate(&self.settings.optimizer),
            notes: data.notes.clone(),
        }
    }

    /// How it is now.
    pub fn report(&self) -> Report {
        let scores = self.scores();
        let health = self.health.report();
        let row = |at: usize| {
            let mark = format!("{at} ");
            health.layers.iter().find(|row| row.name.starts_with(&mark))
        };
        let layer = |stage: &super::network::Stage| {
            let (own, units) = (row(stage.linear), stage.activation.and_then(row));
            Layer {
                gradient: own.and_then(|own| own.gradient),
                update: own.and_then(|own| own.update),
                dead: units.and_then(|units| units.dead),
                saturated: units.and_then(|units| units.saturated),
            }
        };
        let warnings = health.warnings.iter();
        Report {
            step: self.steps,
            epoch: self.epoch,
            done: self.done,
            rate: self.rate(),
            loss: finite(self.last),
            train: told(scores.train),
            test: scores.test.map(told),
            diverged: self.diverged,
            layers: self.net.stages.iter().map(layer).collect(),
            looked: self.looked,
            warnings: warnings.map(|own| [own.what.clone(), own.help.clone()]).collect(),
        }
    }

    /// Losses over the steps; see the page's script for their places.
    pub fn curves(&self) -> Vec<f32> {
        self.curves.numbers()
    }
}

fn told(score: Score) -> Told {
    Told { loss: finite(score.loss), accuracy: score.accuracy }
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}
