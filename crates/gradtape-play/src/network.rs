//! The network of a session, and where its stages are.

use std::fmt;
use std::str::FromStr;

use gradtape::nn::{Activation, Dropout, Init, Linear, LinearOptions, Module, Sequential};
use gradtape::{Error, Parameter, Result, Rng, Var};

use super::settings::{Settings, by_name};

/// What a hidden layer does to its sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Nothing.
    Linear,
    /// max(x, 0).
    Relu,
    /// x above 0, 0.01 x below.
    LeakyRelu,
    /// x times the normal distribution's share below x.
    Gelu,
    /// x times the logistic function of x.
    Silu,
    /// The logistic function.
    Sigmoid,
    /// The hyperbolic tangent.
    Tanh,
}

impl Form {
    /// All of them by their names, with their formulas.
    pub(crate) const ALL: [(&'static str, Form, &'static str); 7] = [
        ("tanh", Form::Tanh, "tanh(z)"),
        ("relu", Form::Relu, "max(z, 0)"),
        ("sigmoid", Form::Sigmoid, "1/(1 + exp(-z))"),
        ("leaky_relu", Form::LeakyRelu, "max(z, 0.01 z)"),
        ("gelu", Form::Gelu, "z · Φ(z)"),
        ("silu", Form::Silu, "z · sigmoid(z)"),
        ("linear", Form::Linear, "z"),
    ];

    /// The library's, if it does anything.
    pub(crate) fn activation(self) -> Option<Activation> {
        match self {
            Form::Linear => None,
            Form::Relu => Some(Activation::Relu),
            Form::LeakyRelu => Some(Activation::LeakyRelu),
            Form::Gelu => Some(Activation::Gelu),
            Form::Silu => Some(Activation::Silu),
            Form::Sigmoid => Some(Activation::Sigmoid),
            Form::Tanh => Some(Activation::Tanh),
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(Form::ALL.iter().find(|(_, own, _)| own == self).map_or("", |(name, ..)| name))
    }
}

impl FromStr for Form {
    type Err = Error;

    fn from_str(text: &str) -> Result<Form> {
        by_name("activation", text, Form::ALL.map(|(name, form, _)| (name, form)))
    }
}

/// How weights start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// PyTorch's default.
    FanIn,
    /// Glorot and Bengio's, uniform.
    XavierUniform,
    /// Glorot and Bengio's, normal.
    XavierNormal,
    /// He's, uniform.
    KaimingUniform,
    /// He's, normal.
    KaimingNormal,
    /// Normal, of deviation 1: too large for many layers.
    Normal,
    /// Normal, of deviation 0.01: too small for many layers.
    Small,
    /// All the same, so that all units of a layer learn the same.
    Zeros,
}

impl Start {
    pub(crate) const ALL: [(&'static str, Start, &'static str); 8] = [
        ("fan_in", Start::FanIn, "uniform in ±1/√inputs, as PyTorch does"),
        ("xavier_uniform", Start::XavierUniform, "uniform in ±√(6/(inputs + outputs))"),
        ("xavier_normal", Start::XavierNormal, "normal, deviation √(2/(inputs + outputs))"),
        ("kaiming_uniform", Start::KaimingUniform, "uniform in ±√(6/inputs), for relu"),
        ("kaiming_normal", Start::KaimingNormal, "normal, deviation √(2/inputs), for relu"),
        ("normal", Start::Normal, "normal, deviation 1: large"),
        ("small", Start::Small, "normal, deviation 0.01: small"),
        ("zeros", Start::Zeros, "all 0: no unit differs from another"),
    ];

    /// Of weights and of biases.
    pub(crate) fn inits(self) -> [Init; 2] {
        let weight = match self {
            Start::FanIn => return [Init::FanIn; 2],
            Start::XavierUniform => Init::XavierUniform,
            Start::XavierNormal => Init::XavierNormal,
            Start::KaimingUniform => Init::KaimingUniform,
            Start::KaimingNormal => Init::KaimingNormal,
            Start::Normal => Init::Normal { mean: 0.0, std: 1.0 },
            Start::Small => Init::Normal { mean: 0.0, std: 0.01 },
            Start::Zeros => Init::Zeros,
        };
        [weight, Init::Zeros]
    }
}

impl fmt::Display for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(Start::ALL.iter().find(|(_, own, _)| own == self).map_or("", |(name, ..)| name))
    }
}

impl FromStr for Start {
    type Err = Error;

    fn from_str(text: &str) -> Result<Start> {
        by_name("init", text, Start::ALL.map(|(name, start, _)| (name, start)))
    }
}

/// A perceptron and where its stages are: the hidden layers, then the output.
pub(crate) struct Net {
    pub(crate) layers: Sequential,
    pub(crate) stages: Vec<Stage>,
    /// The widths of inputs, hidden layers and outputs.
    pub(crate) sizes: Vec<usize>,
}

/// The numbers of the layers of a stage.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stage {
    pub(crate) linear: usize,
    pub(crate) activation: Option<usize>,
    pub(crate) dropout: Option<usize>,
    pub(crate) form: Form,
}

/// What a stage gives on a tape.
pub(crate) struct Given<'t> {
    /// What comes in.
    pub(crate) from: Var<'t>,
    /// The weighted sums.
    pub(crate) sums: Var<'t>,
    /// What the activation makes of them.
    pub(crate) values: Var<'t>,
}

impl Net {
    /// As [`Sequential::mlp`] where every layer has the same activation and weights start as usual.
    pub(crate) fn build(settings: &Settings, inputs: usize, outputs: usize) -> Result<Net> {
        let rng = &mut Rng::new(settings.seed);
        let sizes = [&[inputs], &settings.hidden[..], &[outputs]].concat();
        let [weight_init, bias_init] = settings.init.inits();
        let options = LinearOptions { weight_init, bias_init, ..LinearOptions::default() };
        let (mut layers, mut stages) = (Sequential::new(), Vec::new());
        for (number, pair) in sizes.windows(2).enumerate() {
            let linear = layers.layers().len();
            layers = layers.add(Linear::with(pair[0], pair[1], options, rng)?);
            let hidden = number + 2 < sizes.len();
            let form = if hidden { settings.form(number) } else { Form::Linear };
            let mut stage = Stage { linear, activation: None, dropout: None, form };
            if let Some(activation) = form.activation() {
                stage.activation = Some(layers.layers().len());
                layers = layers.add(activation.layer());
            }
            if hidden && settings.dropout > 0.0 {
                stage.dropout = Some(layers.layers().len());
                layers = layers.add(Dropout::new(settings.dropout, rng));
            }
            stages.push(stage);
        }
        Ok(Net { layers, stages, sizes })
    }

    /// Records the network stage by stage.
    pub(crate) fn forward<'t>(&self, x: Var<'t>) -> Vec<Given<'t>> {
        let mut from = x;
        let mut given = Vec::new();
        for stage in &self.stages {
            let layer = |at: usize, x: Var<'t>| (*self.layers.layers()[at]).forward(x);
            let sums = layer(stage.linear, from);
            let values = stage.activation.map_or(sums, |at| layer(at, sums));
            given.push(Given { from, sums, values });
            from = stage.dropout.map_or(values, |at| layer(at, values));
        }
        given
    }

    /// Weight `[outputs, inputs]` and bias `[outputs]` of each stage.
    pub(crate) fn parameters(&self) -> Vec<[Parameter; 2]> {
        let mut all = self.layers.parameters().into_iter();
        let mut pairs = Vec::new();
        while let (Some(weight), Some(bias)) = (all.next(), all.next()) {
            pairs.push([weight, bias]);
        }
        pairs
    }
}
