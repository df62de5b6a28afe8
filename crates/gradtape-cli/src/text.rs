//! [`TextModel`]: a model file that goes on with texts: weights, vocabulary and settings that fit together.

use std::path::Path;

use gradtape::data::{Dataset, Vocabulary, sliding_windows};
use gradtape::io::Model;
use gradtape::nn::CausalTransformer;
use gradtape::train;

use crate::error::{Failure, Outcome};
use crate::report::of;
use crate::settings::{self, Settings};
use crate::source::present;

/// The note of a model file under which the vocabulary stands, as JSON.
pub(crate) const NOTE: &str = "vocabulary";

/// A network for texts with its vocabulary.
pub(crate) struct TextModel {
    pub(crate) model: Model,
    /// The network of the model.
    pub(crate) transformer: CausalTransformer,
    pub(crate) vocabulary: Vocabulary,
    pub(crate) settings: Option<Settings>,
}

impl TextModel {
    /// Reads a model file. Fails where it is no model of texts, or where its parts do not fit.
    pub(crate) fn load(path: &Path) -> Outcome<TextModel> {
        present(path)?;
        TextModel::of(Model::load(path)?, path)
    }

    /// As [`TextModel::load`], of a file that was read.
    pub(crate) fn of(model: Model, path: &Path) -> Outcome<TextModel> {
        let name = path.display();
        let Some(vocabulary) = TextModel::vocabulary(&model).map_err(|e| e.note(&name))? else {
            return Err(Failure::failed(format!(
                "{name}: the model has no vocabulary, and does not go on with texts\n  \
                 hint: `gradtape train book.txt --network gpt:4x128` makes one that does"
            )));
        };
        let Ok(transformer) = CausalTransformer::of(&model.network) else {
            return Err(Failure::failed(format!(
                "{name}: the model has a vocabulary, but its network is no gpt"
            )));
        };
        let known = transformer.embedding.count();
        if known != vocabulary.len() {
            return Err(Failure::failed(format!(
                "{name}: the network knows {}, its vocabulary has {}",
                of(known, "token"),
                vocabulary.len()
            )));
        }
        let settings = Settings::read(model.notes.get(settings::NOTE));
        Ok(TextModel { model, transformer, vocabulary, settings })
    }

    /// The vocabulary of a model, if it has one.
    pub(crate) fn vocabulary(model: &Model) -> Outcome<Option<Vocabulary>> {
        Ok(model.notes.get(NOTE).map(|text| Vocabulary::from_json(text)).transpose()?)
    }
}

/// What a vocabulary is, in words.
pub(crate) fn described(vocabulary: &Vocabulary) -> String {
    match vocabulary.has_pairs() {
        true => of(vocabulary.len(), "token") + ", parts of words",
        false => of(vocabulary.len(), "character"),
    }
}

/// A part of a text as a network sees it.
pub(crate) struct Passage {
    pub(crate) data: Dataset,
    pub(crate) characters: usize,
    /// How many tokens a character has on average.
    pub(crate) tokens_per_character: f64,
}

impl Passage {
    /// A text in windows of `context` places, which slide while a network learns. Fails at a character that the vocabulary does not have, and where the text is
    /// too short.
    pub(crate) fn new(
        text: &str,
        vocabulary: &Vocabulary,
        context: usize,
        what: &str,
    ) -> Outcome<Passage> {
        let tokens = vocabulary.encode(text).map_err(|error| error.context(what))?;
        let characters = text.chars().count();
        if tokens.len() <= context {
            return Err(Failure::usage(format!(
                "{what} has {}, too few for a context of {context}\n  hint: a longer text is needed, or a \
                 shorter --context; --validation is the share at the end that is not trained on",
                of(tokens.len(), "token")
            )));
        }
        let tokens_per_character = tokens.len() as f64 / characters as f64;
        let data = sliding_windows(&tokens, context)?;
        Ok(Passage { data, characters, tokens_per_character })
    }

    /// The loss of a model on it, in nats for each character.
    pub(crate) fn loss(&self, model: &Model) -> Outcome<f64> {
        let scores = train::evaluate(&model.network, &self.data, BATCH)?;
        Ok(scores.loss * self.tokens_per_character)
    }
}

/// How many windows go through a network at once.
const BATCH: usize = 64;

/// The text to train on, and the share at its end that is only looked at.
pub(crate) fn halves(text: &str, validation: f64) -> (&str, &str) {
    let characters = text.chars().count();
    let kept = characters - (characters as f64 * validation).round() as usize;
    let place = text.char_indices().nth(kept).map_or(text.len(), |(place, _)| place);
    text.split_at(place)
}

/// Tells whether a text is the same as another.
pub(crate) fn fingerprint(text: &str) -> String {
    // FNV-1a.
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::halves;

    #[test]
    fn texts_are_divided_between_characters() {
        assert_eq!(halves("äöüßé", 0.4), ("äöü", "ßé"));
        assert_eq!(halves("abc", 0.0), ("abc", ""));
        assert_eq!(halves("", 0.5), ("", ""));
    }
}
