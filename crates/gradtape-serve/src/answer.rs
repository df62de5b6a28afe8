//! Answers as JSON and as CSV: the forms of `gradtape predict`.

use gradtape::train::{Answers, Predictor};
use serde::Serialize;

/// Answers as JSON.
#[derive(Serialize)]
struct Json<'a> {
    target: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    classes: Option<&'a [String]>,
    rows: Vec<Row<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Row<'a> {
    Class { class: &'a str, probabilities: Vec<f64> },
    Number(f64),
}

/// What went wrong, as JSON.
#[derive(Serialize)]
struct Failure<'a> {
    error: &'a str,
}

pub(crate) fn json(predictor: &Predictor, answers: &Answers) -> String {
    let classes = predictor.classes();
    let rows = match answers {
        Answers::Numbers(numbers) => numbers.iter().map(|&number| Row::Number(number)).collect(),
        Answers::Classes { labels, probabilities } => {
            let names = classes.unwrap_or_default();
            let shares = probabilities.to_f64_vec();
            let each = labels.iter().zip(shares.chunks_exact(names.len().max(1)));
            let row = |(&label, shares): (&usize, &[f64])| Row::Class {
                class: names.get(label).map_or("", String::as_str),
                probabilities: shares.to_vec(),
            };
            each.map(row).collect()
        }
    };
    let whole = Json { target: predictor.target(), classes, rows };
    serde_json::to_string(&whole).unwrap_or_default()
}

pub(crate) fn csv(predictor: &Predictor, answers: &Answers) -> String {
    let mut text = quoted(predictor.target());
    match answers {
        Answers::Numbers(numbers) => {
            numbers.iter().for_each(|number| text += &format!("\n{number}"));
        }
        Answers::Classes { labels, probabilities } => {
            let names = predictor.classes().unwrap_or_default();
            names.iter().for_each(|name| text += &format!(",{}", quoted(&format!("p_{name}"))));
            let shares = probabilities.to_f64_vec();
            for (&label, shares) in labels.iter().zip(shares.chunks_exact(names.len().max(1))) {
                text += "\n";
                text += &quoted(names.get(label).map_or("", String::as_str));
                shares.iter().for_each(|share| text += &format!(",{share:.6}"));
            }
        }
    }
    text + "\n"
}

/// An error for who asked; no line of this program's is told.
pub(crate) fn failure(message: &str) -> String {
    serde_json::to_string(&Failure { error: message }).unwrap_or_default()
}

/// A cell, in quotes where it has to be.
fn quoted(cell: &str) -> String {
    match cell.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.to_string(),
    }
}
