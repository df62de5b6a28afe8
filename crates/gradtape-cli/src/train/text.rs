//! `gradtape train TEXT --network gpt:4x128`.

use std::slice;

use gradtape::Rng;
use gradtape::data::Vocabulary;
use gradtape::io::Model;
use gradtape::nn::{CausalTransformer, CausalTransformerOptions, Module, Sequential};
use gradtape::train::EpochReport;
use serde::Serialize;

use super::files::Files;
use super::fit::{Fitted, Part};
use super::network::{Network, Tokens};
use super::ranks::Told;
use super::report::{Epoch, epochs};
use super::resume::Before;
use super::{Done, Train};
use crate::error::{Failure, Outcome};
use crate::output::Output;
use crate::progress::Shown;
use crate::report::{Format, Number, of, thousands};
use crate::settings::{self, Counts, Course, DataSettings, Ended};
use crate::source::Source;
use crate::text::{self, Passage, described, fingerprint, halves};
use gradtape_tables::MOST_WEIGHTS;

/// How many places a network sees at once, where nothing is said.
pub(super) const CONTEXT: usize = 64;

impl Train {
    /// Trains a network on a text.
    pub(super) fn run_text(
        &mut self,
        source: &Source,
        before: Option<Before>,
        output: &Output,
    ) -> Outcome<Done> {
        self.check_text()?;
        source.check(&self.reading)?;
        let (name, text) = (source.name(), source.text()?);
        let vocabulary = self.vocabulary_of(&text)?;
        let context = self.context.unwrap_or(CONTEXT);
        let (first, last) = halves(&text, self.validation);
        let passage = |text: &str, what: &str| {
            Passage::new(text, &vocabulary, context, &format!("{name}: {what}"))
        };
        let train = passage(first, "the text to train on")?;
        let validation = match last.is_empty() {
            true => None,
            false => Some(passage(last, "the text to validate")?),
        };
        let given = self.choices();
        self.settle([train.data.len(), 0], None);
        self.note_settled(&given);
        let network = self.transformer(vocabulary.len(), context)?;
        let notes = self.begin(&network)?;
        let optimizer = self.optimizer_of(&network)?;
        let files = Files::check(&self.out, None, source)?;
        files.spare(self.start.start.as_deref(), "the model of --start")?;
        self.spare_checkpoints()?;
        let lines = self.format == Format::Text && !self.quiet;
        let counts = [Some(&train), validation.as_ref()].map(|p| p.map_or(0, |p| p.characters));
        if lines {
            let [to_train, to_validate] = counts.map(thousands);
            output.line(format!(
                "{}: {}; {to_train} characters to train, {to_validate} to validate",
                output.bold(&name),
                described(&vocabulary)
            ))?;
            output.line(format!(
                "network: {}, context {context}, {}",
                self.network,
                of(network.parameter_count(), "parameter")
            ))?;
            for note in notes {
                output.line(format!("note: {note}"))?;
            }
            self.introduce_training(output)?;
            output.line("losses are cross entropies in nats for each character\n")?;
        }

        let shown =
            Shown { lines, bar: !self.quiet, beside: None, validation: validation.is_some() };
        let per_character = [Some(&train), validation.as_ref()]
            .map(|passage| passage.map_or(1.0, |passage| passage.tokens_per_character));
        let told = move |report: &mut EpochReport| {
            report.train.loss *= per_character[0];
            if let Some(scores) = &mut report.validation {
                scores.loss *= per_character[1];
            }
        };
        let parts = [&train.data, validation.as_ref().map_or(&train.data, |own| &own.data)];
        let part = Part {
            from: self.runs.resume.clone(),
            further: before.as_ref().and_then(|before| before.further),
            beyond: before.as_ref().is_some_and(|before| before.alone(0)),
            alone: false,
            told: before.as_ref().and_then(|before| before.told(self)),
            checkpoints: self.checkpoints(&files.checkpoints(), 0, &[], false)?,
            ..Part::alone(parts)
        };
        let Fitted { history, seconds, ended } =
            self.fit(&network, optimizer, part, &shown, told, output)?;
        let kept = history.kept_epoch;
        if let (Err(failure), 0) = (&ended, kept) {
            return Err(failure.clone().note(files.none_written()));
        }
        let rows = Counts {
            train: train.data.len(),
            validation: validation.as_ref().map_or(0, |own| own.data.len()),
            test: 0,
        };
        let data = DataSettings {
            name: name.clone(),
            fingerprint: fingerprint(&text),
            samples: None,
            noise: None,
            validation: self.validation,
            test: 0.0,
            seed: self.seed,
            own_test: false,
            split: None,
            dealt: None,
            words: None,
            images: None,
            rows: Some(rows),
            tests: None,
        };
        let settings = self.settings_of(data, &history);
        let mut model = Model::new(network);
        model.notes = [
            (settings::NOTE.to_string(), settings.to_json()?),
            (text::NOTE.to_string(), vocabulary.to_json()),
        ]
        .into();
        files.write(&model, slice::from_ref(&history), None, &name)?;
        if let Err(failure) = ended {
            return Err(self.runs.ranks.with_model(failure, &files, kept));
        }
        let validated = validation.as_ref().map(|own| own.loss(&model)).transpose()?;
        match self.format {
            Format::Json => self.watch.report(
                output,
                &Report {
                    data: name,
                    task: "text",
                    characters: Characters { train: counts[0], validation: counts[1] },
                    vocabulary: vocabulary.len(),
                    context,
                    parameters: model.network.parameter_count(),
                    epochs: epochs(&history, &seconds),
                    stopped: Course::of(&history).ended,
                    kept_epoch: kept,
                    validation_loss: validated.map(Number),
                    ranks: self.told_of_ranks(),
                    files: &files,
                },
            )?,
            Format::Text if self.quiet => {}
            Format::Text => {
                self.tell_end(&history, output)?;
                if let Some(loss) = validated {
                    let told = output.bold(format!("validation loss {loss:.4}"));
                    output.line(format!("\n{told} nats for each character"))?;
                }
                output.line(format!("\nwrote {files}"))?;
                output
                    .line(format!("`gradtape generate {}` goes on with the text", files.model()))?;
            }
        }
        Ok(Done { history, held_out: None, rows, settings: Some(Box::new(settings)), failed: None })
    }

    fn vocabulary_of(&self, text: &str) -> Outcome<Vocabulary> {
        match self.vocabulary.unwrap_or(Tokens::Characters) {
            Tokens::Characters => Ok(Vocabulary::characters(text)),
            Tokens::Pairs(size) => Vocabulary::byte_pairs(text, size)
                .map_err(|e| Failure::usage(e.context("--vocabulary"))),
        }
    }

    /// The part of a text that is trained on, with its vocabulary.
    pub(super) fn passage_to_profile(
        &self,
        name: &str,
        text: &str,
    ) -> Outcome<(Vocabulary, Passage)> {
        let vocabulary = self.vocabulary_of(text)?;
        let (first, _) = halves(text, self.validation);
        let what = format!("{name}: the text to train on");
        let passage = Passage::new(first, &vocabulary, self.context.unwrap_or(CONTEXT), &what)?;
        Ok((vocabulary, passage))
    }

    pub(super) fn transformer(&self, vocabulary: usize, context: usize) -> Outcome<Sequential> {
        let Network::Gpt { layers, width, heads } = self.network else {
            return Err(Failure::usage("texts are for the network gpt"));
        };
        let [v, c, l, w] = [vocabulary, context, layers, width].map(|size| size as f64);
        if (v + c) * w + 12.0 * l * w * w > MOST_WEIGHTS as f64 {
            let most = thousands(MOST_WEIGHTS);
            return Err(Failure::usage(format!("{} has more than {most} weights", self.network)));
        }
        let mut options = CausalTransformerOptions::gpt(layers, width);
        options.places = context;
        options.stack.layer.dropout = self.dropout();
        let rng = &mut Rng::new(self.seed);
        let model = CausalTransformer::with(vocabulary, width, heads, options, rng);
        Ok(Sequential::new().add(model.map_err(Failure::usage)?))
    }
}

#[derive(Serialize)]
struct Report<'a> {
    data: String,
    task: &'static str,
    characters: Characters,
    /// How many different tokens.
    vocabulary: usize,
    context: usize,
    parameters: usize,
    epochs: Vec<Epoch>,
    stopped: Ended,
    kept_epoch: usize,
    /// In nats for each character, with the weights that were kept; as the losses of the epochs.
    validation_loss: Option<Number>,
    /// Where several processes shared the training.
    #[serde(skip_serializing_if = "Option::is_none")]
    ranks: Option<Told>,
    files: &'a Files,
}

#[derive(Serialize)]
struct Characters {
    train: usize,
    validation: usize,
}
