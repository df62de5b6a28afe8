//! What a network is: layers, activations, a loss, and the examples that it is shown.

use std::fmt;

use gradtape::Rng;
use serde::{Deserialize, Serialize};

use super::array::{Array, size};
use crate::report::{Error, Result, plural};

/// The most weights and biases of a network that is explained.
pub const MAX_PARAMETERS: usize = 4096;
/// The most layers.
pub const MAX_LAYERS: usize = 64;
/// The most examples in a batch.
pub const MAX_EXAMPLES: usize = 64;

/// A perceptron of several layers: each multiplies by its weight, adds its bias, and applies its
/// activation.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// The layers, the first of which sees the inputs.
    pub layers: Vec<NetworkLayer>,
    /// What the last layer's result is compared by.
    pub loss: NetworkLoss,
    /// How the losses of a batch become one number.
    pub reduction: Reduction,
}

/// One layer: `h = activation(x · W + b)`.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkLayer {
    /// `W`, of shape (inputs, outputs).
    pub weight: Array,
    /// `b`, of shape (outputs).
    pub bias: Array,
    /// What is applied to every number.
    pub activation: Activation,
}

/// What a layer applies to every number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Activation {
    /// `max(z, 0)`; its derivative at 0 is taken as 0.
    Relu,
    /// The hyperbolic tangent.
    Tanh,
    /// `1 / (1 + exp(-z))`.
    Sigmoid,
    /// Nothing.
    None,
}

/// How the result of a network is compared with the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NetworkLoss {
    /// The sum of `(y - t)²` over the outputs.
    SquaredError,
    /// Their mean.
    Mse,
    /// `-Σ t log softmax(z)`: the results are logits, the targets a class or the share of each class.
    CrossEntropy,
    /// `-t log σ(z) - (1 - t) log(1 - σ(z))`, the mean over the outputs: the results are logits.
    Bce,
}

/// How the losses of the examples of a batch become one number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reduction {
    /// Their mean.
    #[default]
    Mean,
    /// Their sum.
    Sum,
}

impl Activation {
    /// All of them.
    pub const ALL: [Activation; 4] =
        [Activation::Relu, Activation::Tanh, Activation::Sigmoid, Activation::None];

    /// Its name on the command line and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Activation::Relu => "relu",
            Activation::Tanh => "tanh",
            Activation::Sigmoid => "sigmoid",
            Activation::None => "none",
        }
    }
}

impl NetworkLoss {
    /// All of them.
    pub const ALL: [NetworkLoss; 4] =
        [NetworkLoss::SquaredError, NetworkLoss::Mse, NetworkLoss::CrossEntropy, NetworkLoss::Bce];

    /// Its name on the command line and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            NetworkLoss::SquaredError => "squared-error",
            NetworkLoss::Mse => "mse",
            NetworkLoss::CrossEntropy => "cross-entropy",
            NetworkLoss::Bce => "bce",
        }
    }
}

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Network {
    /// A network with random weights: uniform in ±1/√inputs and rounded to hundredths, so that one can
    /// follow them on paper. The same seed gives the same numbers.
    ///
    /// `sizes` are inputs, hidden units, outputs; `activations` one for each layer.
    ///
    /// # Errors
    /// Fewer than two sizes, or a size of 0; more than [`MAX_LAYERS`] or [`MAX_PARAMETERS`]; another
    /// number of activations than layers; a loss that does not fit the last layer.
    pub fn seeded(
        sizes: &[usize],
        activations: &[Activation],
        loss: NetworkLoss,
        seed: u64,
    ) -> Result<Network> {
        check_sizes(sizes)?;
        if activations.len() + 1 != sizes.len() {
            let layers = plural(sizes.len() - 1, "layer");
            return Err(Error::new(format!(
                "{} activations do not fit {layers}",
                activations.len()
            )));
        }
        let mut random = Rng::new(seed).split(1);
        let mut layers = Vec::new();
        for (pair, &activation) in sizes.windows(2).zip(activations) {
            let (inputs, outputs) = (pair[0], pair[1]);
            let bound = 1.0 / (inputs as f64).sqrt();
            let mut draw = |count: usize| -> Vec<f64> {
                (0..count).map(|_| hundredths(bound * (2.0 * random.uniform() - 1.0))).collect()
            };
            layers.push(NetworkLayer {
                weight: Array::new(&[inputs, outputs], draw(inputs * outputs))?,
                bias: Array::new(&[outputs], draw(outputs))?,
                activation,
            });
        }
        let network = Network { layers, loss, reduction: Reduction::Mean };
        network.check()?;
        Ok(network)
    }

    /// Inputs, hidden units, outputs.
    pub fn sizes(&self) -> Vec<usize> {
        let first = self.layers.first().map(|layer| layer.weight.rows());
        first.into_iter().chain(self.layers.iter().map(|layer| layer.weight.columns())).collect()
    }

    /// Replaces a weight or a bias by its name: `W1`, `b1`, `W2`, …
    ///
    /// # Errors
    /// No such name, with the nearest; another shape than the one before.
    pub fn set(&mut self, name: &str, value: Array) -> Result<()> {
        let places = 1..=self.layers.len();
        let names: Vec<String> = places.flat_map(|i| [format!("W{i}"), format!("b{i}")]).collect();
        let Some(place) = names.iter().position(|known| known == name) else {
            let error = Error::new(format!("the network has no weight `{name}`"));
            return Err(match gradtape::nearest(name, names.iter().map(String::as_str)) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error.hint(format!("its weights are {}", names.join(", "))),
            });
        };
        let layer = &mut self.layers[place / 2];
        let old = if place % 2 == 0 { &mut layer.weight } else { &mut layer.bias };
        if old.shape() != value.shape() {
            let (want, got) = (size(old.shape()), size(value.shape()));
            let error = Error::new(format!("{name} has shape {got}, but needs {want}"));
            let turned: Vec<usize> = value.shape().iter().rev().copied().collect();
            let hint = match place % 2 {
                0 if turned == old.shape() => {
                    "transpose it: a row for each input, a column for each output"
                }
                0 => "a row for each input, a column for each output",
                _ => "one number for each output",
            };
            return Err(error.hint(hint));
        }
        if let Some(wrong) = value.data().iter().find(|number| !number.is_finite()) {
            return Err(Error::new(format!("{name} has the number {wrong}")));
        }
        *old = value;
        Ok(())
    }

    /// Random examples: inputs about as large as 1, and targets that the loss can use.
    ///
    /// # Errors
    /// No example, or more than [`MAX_EXAMPLES`].
    pub fn examples(&self, count: usize, seed: u64) -> Result<(Array, Array)> {
        check_count(count)?;
        let sizes = self.sizes();
        let (inputs, outputs) = (sizes[0], sizes[sizes.len() - 1]);
        let mut random = Rng::new(seed).split(2);
        let x = (0..count * inputs).map(|_| hundredths(random.normal())).collect();
        let target = match self.loss {
            NetworkLoss::SquaredError | NetworkLoss::Mse => {
                (0..count * outputs).map(|_| hundredths(random.normal())).collect()
            }
            NetworkLoss::Bce => (0..count * outputs).map(|_| random.below(2) as f64).collect(),
            NetworkLoss::CrossEntropy => {
                return Ok((
                    Array::new(&[count, inputs], x)?,
                    one_hot(
                        &(0..count).map(|_| random.below(outputs) as f64).collect::<Vec<_>>(),
                        outputs,
                    )?,
                ));
            }
        };
        Ok((Array::new(&[count, inputs], x)?, Array::new(&[count, outputs], target)?))
    }

    /// The targets of `count` examples from a list of numbers: a number for each output, or, for the
    /// cross entropy, the class of each example, counted from 0.
    ///
    /// # Errors
    /// Another number of targets; a class that there is not; shares of classes that do not add up to
    /// 1; a target of the binary cross entropy outside [0, 1].
    pub fn targets(&self, numbers: &[f64], count: usize) -> Result<Array> {
        let outputs = self.sizes().last().copied().unwrap_or(0);
        let classes = self.loss == NetworkLoss::CrossEntropy;
        if classes && numbers.len() == count {
            return one_hot(numbers, outputs);
        }
        if count.checked_mul(outputs) != Some(numbers.len()) {
            let (given, want) = (numbers.len(), count.saturating_mul(outputs));
            let examples = plural(count, "example");
            let also =
                if classes { format!(" (or {count}: the class of each)") } else { String::new() };
            return Err(Error::new(format!(
                "the target has {}; {examples} of {} need {want}{also}",
                plural(given, "number"),
                plural(outputs, "output"),
            )));
        }
        let target = Array::new(&[count, outputs], numbers.to_vec())?;
        self.check_target(&target)?;
        Ok(target)
    }

    pub(super) fn check(&self) -> Result<()> {
        check_sizes(&self.sizes())?;
        for (number, pair) in self.layers.windows(2).enumerate() {
            let (out, inputs) = (pair[0].weight.columns(), pair[1].weight.rows());
            if out != inputs {
                let (first, second) = (number + 1, number + 2);
                return Err(Error::new(format!(
                    "W{first} has {out} columns, but W{second} has {inputs} rows"
                )));
            }
        }
        for (number, layer) in self.layers.iter().enumerate() {
            if layer.weight.shape().len() != 2 || layer.bias.shape() != &layer.weight.shape()[1..] {
                return Err(Error::new(format!("W{0} and b{0} do not fit each other", number + 1)));
            }
        }
        let last = self.layers.last().map(|layer| (layer.activation, layer.weight.columns()));
        match (self.loss, last) {
            (NetworkLoss::CrossEntropy, Some((_, 1))) => {
                let error =
                    Error::new("the cross entropy compares classes, but there is one output");
                Err(error.hint("use as many outputs as classes, or the loss bce for yes and no"))
            }
            (NetworkLoss::Bce, Some((Activation::Sigmoid, _))) => {
                let error =
                    Error::new("bce applies the sigmoid itself; the last layer has one too");
                Err(error.hint("let the last activation be none"))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn check_target(&self, target: &Array) -> Result<()> {
        let wrong = match self.loss {
            NetworkLoss::Bce => target.data().iter().find(|t| !(0.0..=1.0).contains(*t)).map(|t| {
                format!("a target of the binary cross entropy is {t}; it must be from 0 to 1")
            }),
            NetworkLoss::CrossEntropy => target
                .data()
                .chunks(target.columns().max(1))
                .position(|row| {
                    let sum: f64 = row.iter().sum();
                    row.iter().any(|t| !(0.0..=1.0).contains(t)) || (sum - 1.0).abs() > 1e-9
                })
                .map(|row| {
                    format!("the shares of the classes of example {} do not add up to 1", row + 1)
                }),
            NetworkLoss::SquaredError | NetworkLoss::Mse => None,
        };
        wrong.map_or(Ok(()), |message| Err(Error::new(message)))
    }
}

fn check_sizes(sizes: &[usize]) -> Result<()> {
    if sizes.len() < 2 {
        let error = Error::new("a network needs at least two sizes: inputs and outputs");
        return Err(error.hint("4,2,1 has 4 inputs, 2 hidden units, 1 output"));
    }
    if let Some(place) = sizes.iter().position(|&size| size == 0) {
        let error = Error::new(format!("size {} of the network is 0", place + 1));
        return Err(error.hint("every layer needs at least one unit"));
    }
    if sizes.len() - 1 > MAX_LAYERS {
        let layers = sizes.len() - 1;
        return Err(Error::new(format!("{layers} layers; at most {MAX_LAYERS} are explained")));
    }
    let parameters = sizes
        .windows(2)
        .map(|pair| (pair[0] as u128 + 1).saturating_mul(pair[1] as u128))
        .fold(0u128, u128::saturating_add);
    if parameters > MAX_PARAMETERS as u128 {
        let message = format!(
            "the network has {parameters} weights and biases; at most {MAX_PARAMETERS} are explained"
        );
        return Err(Error::new(message).hint("a smaller network shows the same steps"));
    }
    Ok(())
}

pub(super) fn check_count(count: usize) -> Result<()> {
    match count {
        0 => Err(Error::new("a batch of 0 examples has no loss")),
        1..=MAX_EXAMPLES => Ok(()),
        _ => {
            let message =
                format!("a batch of {count} examples; at most {MAX_EXAMPLES} are explained");
            Err(Error::new(message))
        }
    }
}

fn one_hot(labels: &[f64], classes: usize) -> Result<Array> {
    let mut data = vec![0.0; labels.len() * classes];
    for (row, &label) in labels.iter().enumerate() {
        if !(label >= 0.0 && label < classes as f64 && label.fract() == 0.0) {
            let message = format!(
                "the class of example {} is {label}; classes are whole numbers from 0 to {}",
                row + 1,
                classes - 1
            );
            return Err(Error::new(message));
        }
        data[row * classes + label as usize] = 1.0;
    }
    Array::new(&[labels.len(), classes], data)
}

fn hundredths(value: f64) -> f64 {
    // Adding 0 turns -0 into 0.
    (100.0 * value).round() / 100.0 + 0.0
}
