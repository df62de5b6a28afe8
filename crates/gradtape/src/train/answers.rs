//! [`Answers`]: what the outputs of a network stand for, and the forms in which they are written.

use std::fmt::Write as _;
use std::ops::Range;

use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use super::predict;
use crate::data::{Preprocessing, Target};
use crate::nn::{Module, Sequential};
use crate::tape::{Tape, Var};
use crate::tensor::{Error, Kind, Result, Tensor};

/// What a network answers, row by row.
#[derive(Clone, Debug)]
pub enum Answers {
    /// For each row the number of the likeliest class, the first of several, and the probability of every class,
    /// `[n, classes]`.
    Classes {
        /// Places among the classes.
        labels: Vec<usize>,
        /// f32, each row of sum 1.
        probabilities: Tensor,
    },
    /// For each row a number in the unit of the table.
    Numbers(Vec<f64>),
}

impl Answers {
    /// What outputs of a network stand for, by what its preprocessing predicts.
    pub fn of(
        network: &Sequential,
        preprocessing: &Preprocessing,
        outputs: &Tensor,
    ) -> Result<Answers> {
        match preprocessing.target() {
            Target::Number { .. } => {
                Ok(Answers::Numbers(preprocessing.predicted_numbers(outputs)?))
            }
            Target::Classes { .. } => Ok(Answers::likely(probabilities(network, outputs)?)),
        }
    }

    /// The likeliest class of each row of probabilities.
    pub(super) fn likely(probabilities: Tensor) -> Answers {
        let classes = probabilities.shape().last().copied().unwrap_or(1).max(1);
        let best = |row: &[f64]| {
            (0..row.len()).fold(0, |best, class| if row[class] > row[best] { class } else { best })
        };
        let labels = probabilities.to_f64_vec().chunks_exact(classes).map(best).collect();
        Answers::Classes { labels, probabilities }
    }

    /// How many rows were answered.
    pub fn len(&self) -> usize {
        match self {
            Answers::Classes { labels, .. } => labels.len(),
            Answers::Numbers(numbers) => numbers.len(),
        }
    }

    /// Whether no row was.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The answers for some of the rows. Fails where there are none such.
    pub fn rows(&self, rows: Range<usize>) -> Result<Answers> {
        if rows.start > rows.end || rows.end > self.len() {
            let message = format!("rows {rows:?} of {} answers", self.len());
            return Err(Error::new(Kind::Value, message));
        }
        Ok(match self {
            Answers::Numbers(numbers) => Answers::Numbers(numbers[rows].to_vec()),
            Answers::Classes { labels, probabilities } => Answers::Classes {
                labels: labels[rows.clone()].to_vec(),
                probabilities: probabilities.slice(0, rows)?,
            },
        })
    }

    /// With the names of what is answered, to be written.
    ///
    /// ```
    /// use gradtape::train::Answers;
    /// let answers = Answers::Numbers(vec![2.5, 1e-7]);
    /// assert_eq!(answers.named("price", None).csv(), "price\n2.5\n1e-7\n");
    /// ```
    pub fn named<'a>(&'a self, target: &'a str, classes: Option<&'a [String]>) -> AnswerText<'a> {
        let rows = match self {
            Answers::Numbers(numbers) => Rows::Numbers(numbers),
            Answers::Classes { labels, probabilities } => Rows::Classes {
                labels,
                shares: probabilities.to_f64_vec(),
                names: classes.unwrap_or_default(),
            },
        };
        AnswerText { target, classes, rows }
    }
}

/// Answers as `gradtape predict` and the service write them: as cells of CSV, and, by `serde`, as an object of JSON with
/// the `target`, the `classes`, and the `rows`, each a number or an object with the `class` and the `probabilities`.
#[derive(Serialize)]
pub struct AnswerText<'a> {
    target: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    classes: Option<&'a [String]>,
    rows: Rows<'a>,
}

enum Rows<'a> {
    Classes { labels: &'a [usize], shares: Vec<f64>, names: &'a [String] },
    Numbers(&'a [f64]),
}

impl AnswerText<'_> {
    /// How many rows were answered.
    pub fn len(&self) -> usize {
        match &self.rows {
            Rows::Classes { labels, .. } => labels.len(),
            Rows::Numbers(numbers) => numbers.len(),
        }
    }

    /// Whether no row was.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// As CSV with a line of names.
    pub fn csv(&self) -> String {
        let mut text = String::new();
        self.push_names(&mut text);
        text += "\n";
        for row in 0..self.len() {
            self.push_row(row, &mut text);
            text += "\n";
        }
        text
    }

    /// Adds the names of the cells to a line of CSV: the target, and `p_` with the name of each class.
    pub fn push_names(&self, line: &mut String) {
        push_cell(self.target, line);
        for name in self.classes.unwrap_or_default() {
            *line += ",";
            push_cell(&format!("p_{name}"), line);
        }
    }

    /// Adds the cells of a row to a line of CSV: the class and the probability of each, to six decimals, or the number,
    /// to seven digits. Nothing where there is no such row.
    pub fn push_row(&self, row: usize, line: &mut String) {
        match &self.rows {
            Rows::Numbers(numbers) => {
                numbers.get(row).into_iter().for_each(|number| push_number(*number, line));
            }
            Rows::Classes { labels, shares, names } => {
                let Some(&label) = labels.get(row) else { return };
                push_cell(names.get(label).map_or("", String::as_str), line);
                for share in shares.iter().skip(row * names.len()).take(names.len()) {
                    *line += ",";
                    push_share(*share, line);
                }
            }
        }
    }
}

/// Adds a cell to a line of CSV, in quotes where it must be.
pub fn push_cell(text: &str, line: &mut String) {
    match text.contains(['"', ',', '\n', '\r']) || text != text.trim() {
        true => *line += &format!("\"{}\"", text.replace('"', "\"\"")),
        false => *line += text,
    }
}

/// Adds a number to a line of CSV, to seven digits that matter, which is what networks of f32 know.
pub fn push_number(number: f64, line: &mut String) {
    let rounded = format!("{number:.6e}").parse::<f64>().unwrap_or(number);
    // Writing to a text does not fail.
    let _ = match rounded.abs() {
        0.0 => write!(line, "0"),
        size if (1e-4..1e15).contains(&size) => write!(line, "{rounded}"),
        _ => write!(line, "{rounded:e}"),
    };
}

/// Adds a probability, to six decimals; what is smaller has four digits that matter.
fn push_share(share: f64, line: &mut String) {
    let _ = match share {
        0.0 => write!(line, "0"),
        small if small < 1e-4 => write!(line, "{small:.3e}"),
        share => {
            let written = write!(line, "{share:.6}");
            let kept = line.trim_end_matches('0').trim_end_matches('.').len();
            line.truncate(kept);
            written
        }
    };
}

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Likely<'a> {
            class: &'a str,
            probabilities: &'a [f64],
        }
        match self {
            Rows::Numbers(numbers) => {
                let mut all = serializer.serialize_seq(Some(numbers.len()))?;
                for number in *numbers {
                    match number {
                        x if x.is_nan() => all.serialize_element("nan")?,
                        x if x.is_infinite() => {
                            all.serialize_element(if *x > 0.0 { "inf" } else { "-inf" })?;
                        }
                        x => all.serialize_element(x)?,
                    }
                }
                all.end()
            }
            Rows::Classes { labels, shares, names } => {
                let each = labels.iter().zip(shares.chunks_exact(names.len().max(1)));
                serializer.collect_seq(each.map(|(&label, probabilities)| Likely {
                    class: names.get(label).map_or("", String::as_str),
                    probabilities,
                }))
            }
        }
    }
}

/// The outputs of a network for rows of inputs. Fails where one is NaN or infinite: no class is the likeliest then, and no
/// number is predicted.
pub fn finite_outputs(network: &Sequential, inputs: &Tensor) -> Result<Tensor> {
    let outputs = predict(network, inputs, BATCH)?;
    check_finite(network, &outputs)?;
    Ok(outputs)
}

/// The probability of each class, `[n, classes]`, from the outputs of a network.
pub fn probabilities(network: &Sequential, outputs: &Tensor) -> Result<Tensor> {
    let tape = Tape::inference();
    shares(network, tape.constant(outputs)).value()
}

/// Probabilities from outputs: these themselves where the last layer gives probabilities.
pub(super) fn shares<'t>(network: &Sequential, outputs: Var<'t>) -> Var<'t> {
    match network.layers().last().is_some_and(|layer| layer.kind() == "Softmax") {
        true => outputs,
        false => outputs.softmax(-1),
    }
}

/// Fails where an output of a network is NaN or infinite, and says what may be the reason.
pub(super) fn check_finite(network: &Sequential, outputs: &Tensor) -> Result<()> {
    let values = outputs.to_f64_vec();
    let Some(at) = values.iter().position(|value| !value.is_finite()) else { return Ok(()) };
    let broken = |value: &Tensor| value.to_f64_vec().iter().any(|number| !number.is_finite());
    let parameters = network.named_parameters().into_iter().map(|(name, own)| (name, own.value()));
    let buffers = network.named_buffers().into_iter().map(|(name, own)| (name, own.value()));
    let hint = match parameters.chain(buffers).find(|(_, value)| broken(value)) {
        Some((name, _)) => {
            format!("the model is damaged, {name} holds numbers that are not finite: train it anew")
        }
        None => "the row is too far from the data that the network was trained on".to_string(),
    };
    let row = 1 + at / (values.len() / outputs.shape()[0]);
    let message = format!("row {row} of the data: the network answers {}", values[at]);
    Err(Error::new(Kind::Value, message).hint(hint))
}

/// How many rows go through a network at once.
pub(super) const BATCH: usize = 256;
