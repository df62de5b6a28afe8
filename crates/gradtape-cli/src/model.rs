//! [`Trained`]: a model file that can be used: weights, preprocessing and settings that fit together.

use std::path::Path;

use gradtape::Tensor;
use gradtape::data::Preprocessing;
use gradtape::io::Model;
use gradtape::nn::{EmbedColumnsSpec, LayerSpec, LinearSpec, Module, Sequential, Unflatten};
use gradtape::train::{self, Answers};

use crate::error::{Failure, Outcome};
use crate::output::Output;
use crate::settings::{self, Settings};
use crate::source::{Content, Points, present};
use crate::text;

/// Reads the model file that is to be used on `data`.
pub(crate) fn read_for(data: &str, path: &Path) -> Outcome<Model> {
    if path.extension().is_some_and(|ending| ending == "onnx") {
        return Err(Failure::failed(format!(
            "{}: an ONNX file\n  hint: `gradtape predict` and `gradtape inspect` read it; others read what `gradtape train` wrote",
            path.display()
        )));
    }
    let read = present(path).and_then(|()| Ok(Model::load(path)?));
    let inner = path.join("model.safetensors");
    read.map_err(|failure| match data.ends_with(".safetensors") {
        true => failure.note("hint: the model comes first, then the data"),
        false if inner.is_file() => failure.note(format!("hint: the model is {}", inner.display())),
        false => failure,
    })
}

/// A model with what is done to its inputs.
pub(crate) struct Trained {
    pub(crate) model: Model,
    pub(crate) preprocessing: Preprocessing,
    pub(crate) settings: Option<Settings>,
}

impl Trained {
    /// Reads the model file that is to be used on `data`. Fails when it has no preprocessing or when that does
    /// not fit the network.
    pub(crate) fn load_for(data: &str, path: &Path) -> Outcome<Trained> {
        Trained::of(read_for(data, path)?, path)
    }

    /// As [`Trained::load_for`], of a file that was read.
    pub(crate) fn of(model: Model, path: &Path) -> Outcome<Trained> {
        let name = path.display();
        let Some(prepared) = &model.preprocessing else {
            if model.notes.contains_key(text::NOTE) {
                return Err(Failure::failed(format!(
                    "{name}: the model goes on with texts, and has no columns to predict from\n  \
                     hint: `gradtape generate {name}`"
                )));
            }
            return Err(Failure::failed(format!(
                "{name}: the model does not say how its inputs are prepared\n  \
                 hint: it was saved by a program of its own; use it from there"
            )));
        };
        let preprocessing = Preprocessing::from_json(prepared).map_err(|e| e.context(name))?;
        let settings = Settings::read(model.notes.get(settings::NOTE));
        let trained = Trained { model, preprocessing, settings };
        trained.check(path)?;
        Ok(trained)
    }

    /// The network's outputs for rows of inputs.
    pub(crate) fn outputs(&self, inputs: &Tensor) -> Outcome<Tensor> {
        outputs(&self.model.network, inputs)
    }

    /// What the network's outputs stand for.
    pub(crate) fn answers(&self, outputs: &Tensor) -> Outcome<Answers> {
        Ok(Answers::of(&self.model.network, &self.preprocessing, outputs)?)
    }

    fn check(&self, path: &Path) -> Outcome {
        let specs = self.model.network.specs()?;
        let linear = |spec: &LayerSpec| match spec {
            LayerSpec::Linear(LinearSpec { inputs, outputs, .. }) => Some((*inputs, *outputs)),
            // What categories of many levels come through first.
            LayerSpec::EmbedColumns(EmbedColumnsSpec { inputs, .. }) => Some((*inputs, 0)),
            // What images come through first.
            LayerSpec::Unflatten(Unflatten { shape }) => {
                Some((shape.iter().fold(1, |n, &size| usize::saturating_mul(n, size)), 0))
            }
            _ => None,
        };
        let (width, results) = (self.preprocessing.width(), self.preprocessing.outputs());
        let inputs = specs.iter().find_map(linear).map_or(width, |(inputs, _)| inputs);
        let outputs = specs.iter().rev().find_map(linear).map_or(results, |(_, outputs)| outputs);
        let wrong = |what: &str, of_network: usize, of_data: usize| {
            Err(Failure::failed(format!(
                "{}: the network has {of_network} {what}, its preprocessing {of_data}",
                path.display()
            )))
        };
        match () {
            () if inputs != width => wrong("inputs", inputs, width),
            () if outputs != results => wrong("outputs", outputs, results),
            () => Ok(()),
        }
    }

    /// Tells how a table was read, which of its values are missing or were not trained on, and what they are taken as;
    /// or refuses the latter.
    pub(crate) fn note_filled(&self, content: &Content, strict: bool, output: &Output) -> Outcome {
        let notes = match content {
            Content::Table(table) => {
                if strict {
                    self.preprocessing.strict(table)?;
                }
                [table.notes(), &self.preprocessing.filled(table)].concat()
            }
            Content::Rows(rows) => rows.notes.clone(),
        };
        notes.iter().for_each(|note| output.note(format_args!("note: {note}")));
        Ok(())
    }

    /// What points are generated from, so that they are those of the training.
    pub(crate) fn points(&self) -> Points {
        match &self.settings {
            Some(Settings { data, .. }) => Points {
                samples: data.samples.unwrap_or(Points::SAMPLES),
                noise: data.noise.unwrap_or(Points::NOISE),
                seed: data.seed,
            },
            None => Points { samples: Points::SAMPLES, noise: Points::NOISE, seed: 0 },
        }
    }
}

/// The parameters and buffers of a network by name.
pub(crate) fn tensors(network: &Sequential) -> impl Iterator<Item = (String, Tensor)> {
    let parameters = network.named_parameters().into_iter().map(|(name, own)| (name, own.value()));
    let buffers = network.named_buffers().into_iter().map(|(name, own)| (name, own.value()));
    parameters.chain(buffers)
}

/// As [`finite_outputs`](train::finite_outputs).
pub(crate) fn outputs(network: &Sequential, inputs: &Tensor) -> Outcome<Tensor> {
    Ok(train::finite_outputs(network, inputs)?)
}

/// As [`probabilities`](train::probabilities).
pub(crate) fn probabilities(network: &Sequential, outputs: &Tensor) -> Outcome<Tensor> {
    Ok(train::probabilities(network, outputs)?)
}
