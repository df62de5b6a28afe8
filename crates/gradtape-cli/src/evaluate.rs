//! `gradtape evaluate`: how good a model is on data with known answers.

mod pieces;

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use gradtape::data::{Dataset, Split};
use gradtape::shell_word;
use serde::Serialize;

use crate::Verb;
use crate::error::{Failure, Outcome};
use crate::importance::Importance;
use crate::measure::Measured;
use crate::memory::Memory;
use crate::model::{Trained, read_for};
use crate::output::Output;
use crate::pieces::Pieces;
use crate::report::{Format, Number, of};
use crate::rows::{self, Part};
use crate::settings::{DataSettings, TestTable};
use crate::source::{ReadFlags, Source};
use crate::text::{self, Passage, TextModel, fingerprint, halves};

/// Measure a model on data whose answers are known
///
/// When the data is what the model was trained on, the rows held out then are measured; other data
/// is measured whole, or its own part for tests (t10k of IDX folders); rows without an answer are left
/// out. For classes: accuracy, loss, balanced accuracy and F1 (means over the classes), the areas under
/// the ROC and the precision-recall curve, the expected calibration error and a confusion matrix; for a
/// number: R², mean absolute and root mean squared error, in its unit. Beside the rows held out in
/// training stands what a constant, a linear model and the nearest neighbours come to on the same rows.
/// Of a model of texts, the loss for each character of a text file: of its end that was held out, or,
/// of another text, of all.
#[derive(Args)]
#[command(after_help = "Examples:
  gradtape evaluate model.safetensors digits            the rows held out in training
  gradtape evaluate model.safetensors new.csv           every row of another table
  gradtape evaluate model.safetensors - < new.csv       the same from standard input
  gradtape evaluate model.safetensors digits --part train
  gradtape evaluate model.safetensors homes.csv --importance    which columns it rests on
  gradtape evaluate model.safetensors book.txt          a model of texts
  gradtape evaluate model.safetensors mnist/ --format json")]
pub(crate) struct Evaluate {
    /// The model file that `gradtape train` wrote
    model: PathBuf,

    /// Built-in data, a table (- for standard input) in any format that is trained on, images in an npz file, or a
    /// folder of images by class or of IDX files
    data: String,

    /// Which rows [default: test, where it is known which those are, else all]
    #[arg(long, value_enum)]
    part: Option<Part>,

    /// Tell how much worse it is with the values of each column shuffled among the rows
    #[arg(long)]
    importance: bool,

    /// Refuse categories that were not trained on, and cells that are no numbers among numbers
    #[arg(long)]
    strict: bool,

    /// How much memory a table may take; CSV, JSON lines, Parquet, Feather and arrays of NumPy that take more are read in
    /// pieces [default: a quarter of what there is]
    #[arg(long, value_name = "SIZE", value_parser = Memory::from_str)]
    memory: Option<Memory>,

    /// For people or for programs
    #[arg(long, value_enum, default_value_t)]
    format: Format,

    #[command(flatten)]
    reading: ReadFlags,
}

impl Verb for Evaluate {
    fn run(mut self, output: &Output) -> Outcome {
        self.reading.most = self.memory.map(Memory::bytes);
        let model = read_for(&self.data, &self.model)?;
        if model.notes.contains_key(text::NOTE) {
            return self.text(&TextModel::of(model, &self.model)?, output);
        }
        let trained = Trained::of(model, &self.model)?;
        let source = Source::of(&self.data)?;
        let known = trained.settings.as_ref();
        if let Some(pieces) = Pieces::for_model(&source, &self.reading, known, self.memory)? {
            return self.in_pieces(&trained, &source, &pieces, output);
        }
        let content = source.read_following(&self.reading, known, trained.points())?;
        let (content, answered) = rows::answered(content, &trained.preprocessing, known)?;
        let settings = known.map(|settings| &settings.data);
        let held_out = match settings {
            Some(known) => match rows::held_out(known, &content, &trained.preprocessing)? {
                Some(data) => Some((self.of_held_out(known, &source)?, data)),
                None => None,
            },
            None => None,
        };
        answered.notes.iter().for_each(|note| output.note(format_args!("note: {note}")));
        trained.note_filled(&content, self.strict, output)?;
        if let Some((part, data)) = held_out {
            let chosen = Chosen { part, same: false, held_out: true, source: &source };
            return self.measure(&trained, &chosen, &data, None, output);
        }
        let (data, test) = rows::datasets(&content, &trained.preprocessing)?;
        let (mut same, mut parts, mut learned) = (None, None, None);
        if let Some(known) = settings
            && rows::is_of(known, &content, &data)?
        {
            let rows = rows::parts(&content, &data, &trained.preprocessing, known)?;
            let some = rows::learned(&content, &data, &rows, &trained.preprocessing, known)?;
            learned = Some((data.rows(&some)?, rows.train.len()));
            (same, parts) = (Some(known), Some(data.split_rows(&rows)?));
        }
        let (part, data) = self.choose(data, test, parts, &source)?;
        let chosen = Chosen { part, same: same.is_some(), held_out: false, source: &source };
        self.measure(&trained, &chosen, &data, learned, output)
    }
}

/// Which rows are measured.
struct Chosen<'a> {
    part: Part,
    /// Whether the data is what the model was trained on.
    same: bool,
    /// Whether it is the table whose rows were held out then.
    held_out: bool,
    source: &'a Source,
}

impl Evaluate {
    /// Measures rows, and tells of it. Simple answers are learned from some of so many rows of the training.
    fn measure(
        &self,
        trained: &Trained,
        chosen: &Chosen<'_>,
        data: &Dataset,
        learned: Option<(Dataset, usize)>,
        output: &Output,
    ) -> Outcome {
        if data.is_empty() {
            return Err(no_row(chosen, trained));
        }
        let members = trained.settings.as_ref().and_then(|settings| settings.members);
        if let (Some(members), Part::Validation) = (members, chosen.part) {
            output.note(format!(
                "note: of the {members} networks that answer together only the first did not train on these rows"
            ));
        }
        let (network, preprocessing) = (&trained.model.network, &trained.preprocessing);
        let mut measured = Measured::of(network, preprocessing, data)?;
        if let Some((learned, all)) = learned.filter(|_| chosen.part == Part::Test) {
            measured = measured.beside(&learned, all, data, preprocessing)?;
        }
        let importance = match self.importance {
            true => Some(Importance::of(network, preprocessing, data)?),
            false => None,
        };
        self.tell(trained, chosen, measured, importance, output)
    }

    fn tell(
        &self,
        trained: &Trained,
        chosen: &Chosen<'_>,
        measured: Measured,
        importance: Option<Importance>,
        output: &Output,
    ) -> Outcome {
        let &Chosen { part, same, held_out, source } = chosen;
        match self.format {
            Format::Json => output.json(&Report {
                data: source.name(),
                trained_on: same,
                held_out,
                part: name(part),
                measured,
                importance,
            }),
            Format::Text => {
                if self.part.is_none() && held_out {
                    output.line(format!(
                        "{} is the table that was held out in training (--test); all its rows are measured",
                        source.name()
                    ))?;
                } else if self.part.is_none() {
                    let settings = trained.settings.as_ref().map(|settings| &settings.data);
                    output.line(why(part, settings.filter(|_| same), settings, source))?;
                }
                measured.print(name(part), output)?;
                match importance {
                    Some(importance) => importance.print(output),
                    None => Ok(()),
                }
            }
        }
    }

    /// Measures a model of texts.
    fn text(&self, text: &TextModel, output: &Output) -> Outcome {
        let source = Source::of(&self.data)?;
        source.check(&self.reading)?;
        let whole = source.text()?;
        let settings = text.settings.as_ref().map(|settings| &settings.data);
        let same = settings.filter(|known| known.fingerprint == fingerprint(&whole));
        let part = self.part.unwrap_or(match same {
            Some(known) if known.validation > 0.0 => Part::Validation,
            _ => Part::All,
        });
        let measured = match (part, same) {
            (Part::All, _) => &whole[..],
            (Part::Train, Some(known)) => halves(&whole, known.validation).0,
            (Part::Validation, Some(known)) => halves(&whole, known.validation).1,
            (Part::Test, _) => {
                return Err(Failure::usage(
                    "a text has no test part\n  hint: --part validation, train or all",
                ));
            }
            (_, None) => return Err(no_part(&source)),
        };
        let context = text.transformer.options().places;
        let passage = Passage::new(measured, &text.vocabulary, context, &source.name())?;
        let (loss, characters) = (passage.loss(&text.model)?, passage.characters);
        let part = name(part);
        match self.format {
            Format::Json => output.json(&TextReport {
                data: source.name(),
                trained_on: same.is_some(),
                part,
                characters,
                loss: Number(loss),
                bits: Number(loss / std::f64::consts::LN_2),
            }),
            Format::Text => {
                let told = output.bold(format!("{part} loss {loss:.4}"));
                let bits = loss / std::f64::consts::LN_2;
                output.line(format!(
                    "{told} nats for each of {}, {bits:.4} bits",
                    of(characters, "character")
                ))
            }
        }
    }

    fn choose(
        &self,
        data: Dataset,
        test: Option<Dataset>,
        parts: Option<Split>,
        source: &Source,
    ) -> Outcome<(Part, Dataset)> {
        let known = parts.is_some() || test.is_some();
        let part = self.part.unwrap_or(if known { Part::Test } else { Part::All });
        let of_rows = match (part, parts, test) {
            (Part::All, ..) => return Ok((part, data)),
            (Part::Test, _, Some(test)) => return Ok((part, test)),
            (_, Some(parts), _) => parts,
            (_, None, _) => {
                return Err(no_part(source));
            }
        };
        Ok(match part {
            Part::Test => (part, of_rows.test),
            Part::Validation => (part, of_rows.validation),
            Part::Train | Part::All => (part, of_rows.train),
        })
    }
}

fn no_row(chosen: &Chosen<'_>, trained: &Trained) -> Failure {
    let tests = trained.settings.as_ref().and_then(|settings| settings.data.tests.as_ref());
    if let (Some(TestTable { name, .. }), Part::Test, true) = (tests, chosen.part, chosen.same) {
        let own = chosen.source.name();
        return Failure::failed(format!(
            "{own}: all its rows were trained on or validated on; held out were those of {name} (--test)\n  hint: gradtape evaluate \
             MODEL {}, or --part all",
            shell_word(name)
        ));
    }
    Failure::failed(format!(
        "{}: the {} part has no row\n  hint: --part all measures every row",
        chosen.source.name(),
        name(chosen.part)
    ))
}

impl Evaluate {
    /// The part that the table of `--test` is; all of it is held out.
    fn of_held_out(&self, known: &DataSettings, source: &Source) -> Outcome<Part> {
        match self.part.unwrap_or(Part::Test) {
            part @ (Part::Test | Part::All) => Ok(part),
            part => Err(Failure::usage(format!(
                "{} is the table that was held out in training; the {} rows are in {}\n  hint: --part test",
                source.name(),
                name(part),
                known.name
            ))),
        }
    }
}

fn no_part(source: &Source) -> Failure {
    Failure::usage(format!(
        "{} is not what the model was trained on, hence it has no such part\n  hint: --part all",
        source.name()
    ))
}

/// Which rows are measured, and why, where the user did not say.
fn why(
    part: Part,
    same: Option<&DataSettings>,
    settings: Option<&DataSettings>,
    source: &Source,
) -> String {
    let name = source.name();
    match (part, same, settings) {
        (Part::Test, Some(DataSettings { own_test: false, .. }), _) => format!(
            "{name} is what the model was trained on; only the rows held out then are measured \
             (--part all for all)"
        ),
        (Part::Test, Some(_), _) | (Part::Test, _, None) => {
            format!("{name} has test files of its own; only those are measured")
        }
        (Part::Test, None, Some(known)) => format!(
            "{name} was not recognised as the data the model was trained on ({}); it has test files \
             of its own, only those are measured",
            known.name
        ),
        (.., Some(known)) => format!(
            "{name} was not recognised as the data the model was trained on ({}); all rows are \
             measured\nwhere some of them were trained on, it is worse than it looks",
            known.name
        ),
        (.., None) => format!(
            "the model does not say what it was trained on; all rows of {name} are measured"
        ),
    }
}

fn name(part: Part) -> &'static str {
    match part {
        Part::Test => "held-out",
        Part::Validation => "validation",
        Part::Train => "training",
        Part::All => "overall",
    }
}

#[derive(Serialize)]
struct Report {
    data: String,
    /// Whether it is the data of the training.
    trained_on: bool,
    /// Whether it is the table of `--test`, all of which was held out then.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    held_out: bool,
    part: &'static str,
    #[serde(flatten)]
    measured: Measured,
    #[serde(skip_serializing_if = "Option::is_none")]
    importance: Option<Importance>,
}

/// Of a model of texts.
#[derive(Serialize)]
struct TextReport {
    data: String,
    /// Whether it is the text of the training.
    trained_on: bool,
    part: &'static str,
    characters: usize,
    /// In nats for each character.
    loss: Number,
    /// The same in bits.
    bits: Number,
}
