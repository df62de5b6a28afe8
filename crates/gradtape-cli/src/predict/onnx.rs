//! What a model in an ONNX file says about the rows of a table.

mod given;

use std::fmt::Write as _;
use std::path::Path;

use gradtape::Tape;
use gradtape::train::{push_cell, push_number};
use gradtape_onnx::{Array, Elem, Model, Network, Value};
use serde_json::{Map, Number, Value as Json};

use self::given::{Given, columns_of};
use super::{Beside, Predict};
use crate::error::{Failure, Outcome};
use crate::output::{Output, json};
use crate::report::Format;
use crate::source::{Content, Points, Source};

/// Rows that go through a network at once.
const AT_ONCE: usize = 1024;

/// A column of answers.
#[derive(Debug)]
enum Cells {
    Texts(Vec<String>),
    /// With all of their digits.
    Whole(Vec<Number>),
    /// With all of their digits.
    Doubles(Vec<f64>),
    Numbers(Vec<f64>),
}

impl Cells {
    /// The elements of an array in row-major order.
    fn of(array: Array<'_>) -> Outcome<Cells> {
        let tensor = array.var.value()?;
        Ok(match array.elem {
            Elem::F64 => Cells::Doubles(tensor.to_f64_vec()),
            Elem::Bool => {
                let truth = tensor.to_f64_vec().into_iter();
                Cells::Whole(truth.map(|truth| u8::from(truth != 0.0).into()).collect())
            }
            // Those from 2^63 on are kept as negative ones.
            Elem::U64 => {
                let whole = tensor.to_vec::<i64>()?.into_iter();
                Cells::Whole(whole.map(|whole| whole.cast_unsigned().into()).collect())
            }
            elem if elem.limits().is_some() => {
                Cells::Whole(tensor.to_vec::<i64>()?.into_iter().map(Number::from).collect())
            }
            _ => Cells::Numbers(tensor.to_f64_vec()),
        })
    }

    /// A column of rows of this width.
    fn column(&self, place: usize, width: usize) -> Cells {
        fn each<T: Clone>(all: &[T], place: usize, width: usize) -> Vec<T> {
            all.iter().skip(place).step_by(width.max(1)).cloned().collect()
        }
        match self {
            Cells::Texts(all) => Cells::Texts(each(all, place, width)),
            Cells::Whole(all) => Cells::Whole(each(all, place, width)),
            Cells::Doubles(all) => Cells::Doubles(each(all, place, width)),
            Cells::Numbers(all) => Cells::Numbers(each(all, place, width)),
        }
    }

    /// Adds further rows; whether they are of the same kind.
    fn extend(&mut self, more: Cells) -> bool {
        match (self, more) {
            (Cells::Texts(all), Cells::Texts(more)) => all.extend(more),
            (Cells::Whole(all), Cells::Whole(more)) => all.extend(more),
            (Cells::Doubles(all), Cells::Doubles(more)) => all.extend(more),
            (Cells::Numbers(all), Cells::Numbers(more)) => all.extend(more),
            _ => return false,
        }
        true
    }

    /// Adds a row as a cell of CSV.
    fn push(&self, row: usize, line: &mut String) {
        match self {
            Cells::Texts(texts) => push_cell(&texts[row], line),
            Cells::Whole(numbers) => *line += &numbers[row].to_string(),
            Cells::Doubles(numbers) => push_double(numbers[row], line),
            Cells::Numbers(numbers) => push_number(numbers[row], line),
        }
    }

    /// A row as JSON.
    fn json(&self, row: usize) -> Json {
        match self {
            Cells::Texts(texts) => Json::String(texts[row].clone()),
            Cells::Whole(numbers) => Json::Number(numbers[row].clone()),
            Cells::Doubles(numbers) | Cells::Numbers(numbers) => Number::from_f64(numbers[row])
                .map_or_else(|| Json::String(numbers[row].to_string()), Json::Number),
        }
    }
}

/// Adds a number with the digits that tell it from all others.
fn push_double(number: f64, line: &mut String) {
    // Writing to a text does not fail.
    let _ = match number.abs() {
        size if size == 0.0 || !size.is_finite() || (1e-4..1e17).contains(&size) => {
            write!(line, "{number}")
        }
        _ => write!(line, "{number:e}"),
    };
}

/// The answers as text.
pub(super) fn predict(verb: &Predict, path: &Path, output: &Output) -> Outcome<String> {
    let flags = [
        ("--held-out", verb.held_out),
        ("--interval", verb.interval.is_some()),
        ("--explain", verb.explain),
        ("--strict", verb.strict),
        ("--memory", verb.memory.is_some()),
    ];
    if let Some((flag, _)) = flags.iter().find(|(_, given)| *given) {
        return Err(Failure::usage(format!(
            "{flag} is for models that `gradtape train` wrote, not for an ONNX file"
        )));
    }
    let source = Source::of(&verb.data)?;
    let network = Network::read(path)?;
    let points = Points { samples: Points::SAMPLES, noise: Points::NOISE, seed: 0 };
    let Content::Table(table) = source.read(&verb.reading, points)? else {
        return Err(Failure::failed(format!("{} is no table", source.name()))
            .note("hint: of an ONNX file tables are predicted; a program gives it other arrays"));
    };
    let in_file = |failure: Failure| failure.note(format!("the model: {}", path.display()));
    let inputs = columns_of(network.model(), &table, output).map_err(in_file)?;
    let answers = answers(&network, &inputs, table.len()).map_err(in_file)?;
    let rows: Vec<usize> = (0..table.len()).collect();
    let beside = verb.beside(Some(&table), None, &rows)?;
    match verb.format {
        Format::Text => Ok(csv(&beside, &answers, table.len())),
        Format::Json => json(&objects(&beside, &answers, table.len())),
    }
}

/// The answers for all rows, by the names of their columns.
fn answers(network: &Network, inputs: &[Given<'_>], rows: usize) -> Outcome<Vec<(String, Cells)>> {
    let model = network.model();
    let batch = inputs.iter().find_map(|input| model.input_sizes(input.name)?.first().copied()?);
    let at_once = batch.unwrap_or(AT_ONCE).max(1);
    if !rows.is_multiple_of(at_once) && batch.is_some() {
        return Err(Failure::failed(format!(
            "the model takes {at_once} rows at once, there are {rows}"
        )));
    }
    let mut all: Vec<(String, Cells)> = Vec::new();
    for start in (0..rows).step_by(at_once) {
        let end = rows.min(start + at_once);
        let tape = Tape::inference();
        let given = inputs.iter().map(|input| Ok((input.name, input.value(start..end, &tape)?)));
        let given = given.collect::<Outcome<Vec<_>>>()?;
        let mut found = Vec::new();
        for (name, value) in network.run(&tape, given)? {
            found.extend(cells(model, &name, &value, end - start)?);
        }
        if all.is_empty() {
            all = found;
        } else if !extend(&mut all, found) {
            return Err(Failure::failed(format!(
                "from row {} on the model gives answers of another kind than for the rows before",
                start + 1
            ))
            .note("hint: predict parts of the table, each by itself"));
        }
    }
    Ok(all)
}

/// Adds the answers for further rows; whether they have the same columns.
fn extend(all: &mut [(String, Cells)], more: Vec<(String, Cells)>) -> bool {
    let same = all.len() == more.len();
    let mut pairs = all.iter_mut().zip(more);
    same && pairs.all(|((name, all), (other, more))| *name == other && all.extend(more))
}

/// An output as columns.
fn cells(
    model: &Model,
    name: &str,
    value: &Value<'_>,
    rows: usize,
) -> Outcome<Vec<(String, Cells)>> {
    let note =
        |key: &str| model.metadata().iter().find(|(own, _)| own == key).map(|(_, text)| text);
    // What `gradtape export` calls the answer.
    let own = ["label", "prediction"].contains(&name);
    let title = note("target").filter(|_| own).map_or(name, String::as_str).to_string();
    let (array, names) = match value {
        Value::Texts(texts) if texts.texts.len() == rows => {
            return Ok(vec![(title, Cells::Texts(texts.texts.clone()))]);
        }
        Value::Array(array) => (array, None),
        Value::Columns(columns) => (&columns.values, Some(columns.names.clone())),
        _ => return Err(no_column(name)),
    };
    let found = array.var.value()?;
    let (shape, all) = (found.shape().to_vec(), Cells::of(*array)?);
    let (Some(&count), width) = (shape.first(), shape[1..].iter().product::<usize>()) else {
        return Err(no_column(name));
    };
    if count != rows || shape.len() > 2 {
        return Err(no_column(name));
    }
    if width == 1 && names.is_none() {
        return Ok(vec![(title, all)]);
    }
    let classes = || serde_json::from_str::<Vec<String>>(note("classes")?).ok();
    let names = names.or_else(classes).filter(|names| names.len() == width);
    let column = |place: usize| {
        let title = match &names {
            Some(names) => format!("p_{}", names[place]),
            None => format!("{name}_{place}"),
        };
        (title, all.column(place, width))
    };
    Ok((0..width).map(column).collect())
}

fn no_column(name: &str) -> Failure {
    Failure::failed(format!("output {name:?} has not a row for each row of the table"))
        .note("hint: a program reads it whole")
}

fn csv(beside: &[Beside], answers: &[(String, Cells)], rows: usize) -> String {
    let names = beside.iter().map(|own| &own.name).chain(answers.iter().map(|(name, _)| name));
    let mut text = String::new();
    for (place, name) in names.enumerate() {
        text += if place > 0 { "," } else { "" };
        push_cell(name, &mut text);
    }
    text += "\n";
    for row in 0..rows {
        let mut line = String::new();
        for own in beside {
            push_cell(&own.cells[row], &mut line);
            line += ",";
        }
        for (_, cells) in answers {
            cells.push(row, &mut line);
            line += ",";
        }
        text += line.strip_suffix(',').unwrap_or(&line);
        text += "\n";
    }
    text
}

/// An object for each row.
fn objects(beside: &[Beside], answers: &[(String, Cells)], rows: usize) -> Vec<Map<String, Json>> {
    let row = |row: usize| {
        let before =
            beside.iter().map(|own| (own.name.clone(), Json::String(own.cells[row].clone())));
        let own = answers.iter().map(|(name, cells)| (name.clone(), cells.json(row)));
        before.chain(own).collect()
    };
    (0..rows).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_another_kind_are_no_further_rows() {
        let column = |cells| vec![("y".to_string(), cells)];
        let mut all = column(Cells::Texts(vec!["a".into()]));
        assert!(extend(&mut all, column(Cells::Texts(vec!["b".into()]))));
        assert!(!extend(&mut all, column(Cells::Numbers(vec![1.0]))));
        assert!(!extend(&mut all, Vec::new()));
        let mut text = String::new();
        all[0].1.push(1, &mut text);
        assert_eq!(text, "b");
    }
}
