//! Answers as JSON and as CSV: the forms of `gradtape predict`.

use gradtape::train::{AnswerText, Answers, Predictor};
use serde::Serialize;

/// Answers as JSON, and what is to be told of the rows.
#[derive(Serialize)]
struct Json<'a> {
    #[serde(flatten)]
    answers: AnswerText<'a>,
    notes: &'a [String],
}

/// What went wrong, as JSON.
#[derive(Serialize)]
struct Failure<'a> {
    error: &'a str,
}

fn text<'a>(predictor: &'a Predictor, answers: &'a Answers) -> AnswerText<'a> {
    answers.named(predictor.target(), predictor.classes())
}

pub(crate) fn json(predictor: &Predictor, answers: &Answers, notes: &[String]) -> String {
    let answers = text(predictor, answers);
    match notes {
        [] => serde_json::to_string(&answers),
        notes => serde_json::to_string(&Json { answers, notes }),
    }
    .unwrap_or_default()
}

pub(crate) fn csv(predictor: &Predictor, answers: &Answers) -> String {
    text(predictor, answers).csv()
}

/// Notes for a header: an array of JSON without foreign letters, of at most some bytes.
pub(crate) fn header(notes: &[String]) -> String {
    let mut told: Vec<&str> = Vec::new();
    let mut bytes = 0;
    for note in notes {
        bytes += note.len();
        if bytes > MOST_TOLD {
            break;
        }
        told.push(note);
    }
    let more = format!("{} more", notes.len() - told.len());
    if told.len() < notes.len() {
        told.push(&more);
    }
    let mut text = String::new();
    for letter in serde_json::to_string(&told).unwrap_or_default().chars() {
        match letter {
            ' '..='~' => text.push(letter),
            other => {
                let mut units = [0; 2];
                other
                    .encode_utf16(&mut units)
                    .iter()
                    .for_each(|unit| text += &format!("\\u{unit:04x}"));
            }
        }
    }
    text
}

/// The most bytes of notes in a header.
const MOST_TOLD: usize = 4096;

/// An error for who asked; no line of this program's is told.
pub(crate) fn failure(message: &str) -> String {
    serde_json::to_string(&Failure { error: message }).unwrap_or_default()
}
