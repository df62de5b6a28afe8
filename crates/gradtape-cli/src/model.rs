//! [`Trained`]: a model file that can be used: weights, preprocessing and settings that fit together.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use gradtape::Tensor;
use gradtape::data::Preprocessing;
use gradtape::io::Model;
use gradtape::nn::{
    EmbedColumnsSpec, LayerSpec, LinearSpec, Merge, Module, ParallelSpec, Sequential,
    SequentialSpec, Unflatten,
};
use gradtape::train::{self, Answers};

use crate::error::{Failure, Outcome};
use crate::output::Output;
use crate::settings::{self, Settings};
use crate::source::{Content, Points, present};
use crate::text;

/// Reads the model file that is to be used on `data`.
pub(crate) fn read_for(data: &str, path: &Path) -> Outcome<Model> {
    if is_onnx(path) {
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

/// Whether a file holds a model in ONNX, by its name or, whatever it is called, by its first bytes.
pub(crate) fn is_onnx(path: &Path) -> bool {
    if path.extension().is_some_and(|ending| ending == "onnx") {
        return true;
    }
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(9).read_to_end(&mut head));
    read.is_ok() && begins_as_onnx(&head)
}

/// Whether a message of Protocol Buffers begins as that of a model does: with its version, and then what made it, its graph
/// or its operators. The ninth byte of safetensors is a brace.
fn begins_as_onnx(head: &[u8]) -> bool {
    let made_by = [0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42, 0x72];
    let begins = match head {
        [0x08, 1..=40, tag, ..] => made_by.contains(tag),
        // Without a version: its graph, of which the nodes come first, or the tool's name.
        [0x3a, ..] => head
            .iter()
            .skip(1)
            .position(|&byte| byte < 0x80)
            .is_some_and(|at| head.get(at + 2) == Some(&0x0a)),
        _ => false,
    };
    begins && head.get(8) != Some(&b'{')
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
        let (width, results) = (self.preprocessing.width(), self.preprocessing.outputs());
        let inputs = specs.iter().find_map(sizes).map_or(width, |(inputs, _)| inputs);
        let outputs = specs.iter().rev().find_map(sizes).map_or(results, |(_, outputs)| outputs);
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

/// How many numbers a layer takes of a row and gives, where it says that; 0 for what comes before the first linear one.
fn sizes(spec: &LayerSpec) -> Option<(usize, usize)> {
    match spec {
        LayerSpec::Linear(LinearSpec { inputs, outputs, .. }) => Some((*inputs, *outputs)),
        // What categories of many levels come through first.
        LayerSpec::EmbedColumns(EmbedColumnsSpec { inputs, .. }) => Some((*inputs, 0)),
        // What images come through first.
        LayerSpec::Unflatten(Unflatten { shape }) => {
            Some((shape.iter().fold(1, |n, &size| usize::saturating_mul(n, size)), 0))
        }
        // What numbers that are cut into parts come through first.
        LayerSpec::Parallel(ParallelSpec { merge: Merge::Concat(1), layers }) => {
            let first = |spec: &LayerSpec| match spec {
                LayerSpec::Sequential(SequentialSpec { layers }) => layers.iter().find_map(sizes),
                _ => None,
            };
            Some((layers.iter().find_map(first)?.0, 0))
        }
        _ => None,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_in_onnx_are_told_by_their_first_bytes() {
        for head in [
            &b"\x08\x08\x12\x07pytorch"[..],
            b"\x08\x09\x3a\xff\x01\x0a\x10",
            b"\x08\x0a\x42\x02\x10\x13",
            b"\x3a\xc7\x02\x0a\x20\x0a\x01x",
        ] {
            assert!(begins_as_onnx(head), "{head:?}");
        }
        for head in [
            &b"\x08\x03\x12\0\0\0\0\0{\"a\""[..],
            b"{\"x\": 1}",
            b"PK\x03\x04",
            b"\x08",
            b"",
            b":\x0a",
            b"x,y\n1,2\n",
        ] {
            assert!(!begins_as_onnx(head), "{head:?}");
        }
    }
}
