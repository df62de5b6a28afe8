//! What a model in an ONNX file says about the rows of a table.

use std::path::Path;

use gradtape::data::{Column, ColumnKind, Table};
use gradtape::train::{push_cell, push_number};
use gradtape::{Tape, Tensor};
use gradtape_onnx::{Array, Elem, Model, Network, Texts, Value};
use serde_json::{Map, Number, Value as Json};

use super::{Beside, Predict};
use crate::error::{Failure, Outcome};
use crate::output::json;
use crate::report::Format;
use crate::source::{Content, Points, Source};

/// Rows that go through a network at once.
const AT_ONCE: usize = 1024;

/// A column of answers.
enum Cells {
    Texts(Vec<String>),
    Numbers(Vec<f64>),
}

/// The answers as text.
pub(super) fn predict(verb: &Predict, path: &Path) -> Outcome<String> {
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
    let inputs = columns_of(network.model(), &table).map_err(in_file)?;
    let answers = answers(&network, &inputs, table.len()).map_err(in_file)?;
    let rows: Vec<usize> = (0..table.len()).collect();
    let beside = verb.beside(Some(&table), None, &rows)?;
    match verb.format {
        Format::Text => Ok(csv(&beside, &answers, table.len())),
        Format::Json => json(&objects(&beside, &answers, table.len())),
    }
}

/// What an input is given: columns of a table.
struct Given<'a> {
    name: &'a str,
    elem: Option<Elem>,
    columns: Vec<&'a Column>,
    /// The numbers of each column, unless they are texts.
    numbers: Vec<Vec<f64>>,
    /// Whether rows are vectors of one number, or numbers.
    flat: bool,
}

impl<'a> Given<'a> {
    fn of(
        model: &Model,
        table: &Table,
        name: &'a str,
        columns: Vec<&'a Column>,
        flat: bool,
    ) -> Outcome<Given<'a>> {
        let elem = model.input_elem(name);
        let odd = columns.iter().find(|own| own.kind() == ColumnKind::Category);
        if let (Some(odd), Some(_)) = (odd, elem) {
            let cell = odd.cells().flatten().next().unwrap_or_default();
            return Err(Failure::failed(format!(
                "{}, column {:?}: {cell:?} is no number, which the model reads",
                table.source(),
                odd.name()
            )));
        }
        let numbers = match elem {
            Some(_) => {
                columns.iter().map(|own| table.numbers(own.name())).collect::<Result<_, _>>()?
            }
            None => Vec::new(),
        };
        Ok(Given { name, elem, columns, numbers, flat })
    }
}

/// The columns for each input: all of one that is a matrix, else one by the name of each input.
fn columns_of<'a>(model: &'a Model, table: &'a Table) -> Outcome<Vec<Given<'a>>> {
    let names = model.inputs();
    if let [name] = names[..]
        && let Some([_, width]) = model.input_sizes(name)
        && width.is_none_or(|width| width > 1)
    {
        let columns = matrix(model, table, *width)?;
        return Ok(vec![Given::of(model, table, name, columns, false)?]);
    }
    let given = names.into_iter().map(|name| {
        let flat = match model.input_sizes(name) {
            Some([_]) => true,
            Some([_, None | Some(1)]) => false,
            _ => {
                return Err(Failure::failed(format!(
                    "input {name:?} is {}, and no column of a table",
                    model.about(name).unwrap_or("of an unknown type")
                ))
                .note("hint: a program gives it other arrays"));
            }
        };
        Given::of(model, table, name, vec![table.column(name)?], flat)
    });
    given.collect()
}

/// The columns of a matrix: those that the file names, or all that are numbers where these are as many as it takes.
fn matrix<'a>(model: &Model, table: &'a Table, width: Option<usize>) -> Outcome<Vec<&'a Column>> {
    let note = model.metadata().iter().find(|(name, _)| name == "columns");
    let named = note.and_then(|(_, list)| serde_json::from_str::<Vec<String>>(list).ok());
    if let Some(named) = named.filter(|named| width.is_none_or(|width| width == named.len())) {
        return Ok(named.iter().map(|name| table.column(name)).collect::<Result<_, _>>()?);
    }
    let numbers = |column: &&Column| column.kind() == ColumnKind::Number;
    let columns: Vec<&Column> = table.columns().iter().filter(numbers).collect();
    match width {
        Some(width) if width != columns.len() => Err(Failure::failed(format!(
            "the model reads {width} numbers of each row and does not name them; {} has {} columns of numbers",
            table.source(),
            columns.len()
        ))
        .note("hint: give the columns that it was trained on, in their order")),
        _ => Ok(columns),
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
        let given = inputs.iter().map(|input| Ok((input.name, value(input, start..end, &tape)?)));
        let given = given.collect::<Outcome<Vec<_>>>()?;
        let mut found = Vec::new();
        for (name, value) in network.run(&tape, given)? {
            found.extend(cells(model, &name, &value, end - start)?);
        }
        match all.is_empty() {
            true => all = found,
            false => {
                all.iter_mut().zip(found).for_each(|((_, all), (_, more))| match (all, more) {
                    (Cells::Texts(all), Cells::Texts(more)) => all.extend(more),
                    (Cells::Numbers(all), Cells::Numbers(more)) => all.extend(more),
                    _ => {}
                })
            }
        }
    }
    Ok(all)
}

/// Some rows of an input.
fn value<'t>(
    input: &Given<'_>,
    rows: std::ops::Range<usize>,
    tape: &'t Tape,
) -> Outcome<Value<'t>> {
    let shape = match input.flat {
        true => vec![rows.len()],
        false => vec![rows.len(), input.columns.len()],
    };
    let Some(elem) = input.elem else {
        let cells = rows.flat_map(|row| input.columns.iter().map(move |column| column.cell(row)));
        let texts = cells.map(|cell| cell.unwrap_or_default().to_string()).collect();
        return Ok(Value::Texts(Texts { texts, shape }));
    };
    if !elem.dtype().is_float() {
        for (column, numbers) in input.columns.iter().zip(&input.numbers) {
            let odd = rows.clone().find(|&row| numbers[row].fract() != 0.0);
            if let Some(row) = odd {
                let cell = column.cell(row).unwrap_or_default();
                let name = column.name();
                return Err(Failure::failed(format!(
                    "row {}, column {name:?}: {cell:?} is no whole number, which the model reads",
                    row + 1
                )));
            }
        }
    }
    let all: Vec<f64> =
        rows.flat_map(|row| input.numbers.iter().map(move |own| own[row])).collect();
    let var = tape.constant(Tensor::from_vec(all, shape)?.cast(elem.dtype()));
    Ok(Value::Array(Array { var, elem }))
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
    let (shape, numbers) = (found.shape().to_vec(), found.to_f64_vec());
    let (Some(&count), width) = (shape.first(), shape[1..].iter().product::<usize>()) else {
        return Err(no_column(name));
    };
    if count != rows || shape.len() > 2 {
        return Err(no_column(name));
    }
    if width == 1 && names.is_none() {
        return Ok(vec![(title, Cells::Numbers(numbers))]);
    }
    let classes = || serde_json::from_str::<Vec<String>>(note("classes")?).ok();
    let names = names.or_else(classes).filter(|names| names.len() == width);
    let column = |place: usize| {
        let title = match &names {
            Some(names) => format!("p_{}", names[place]),
            None => format!("{name}_{place}"),
        };
        let own = numbers.iter().skip(place).step_by(width.max(1)).copied();
        (title, Cells::Numbers(own.collect()))
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
            match cells {
                Cells::Texts(texts) => push_cell(&texts[row], &mut line),
                Cells::Numbers(numbers) => push_number(numbers[row], &mut line),
            }
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
        let own = answers.iter().map(|(name, cells)| {
            let value = match cells {
                Cells::Texts(texts) => Json::String(texts[row].clone()),
                Cells::Numbers(numbers) => Number::from_f64(numbers[row])
                    .map_or_else(|| Json::String(numbers[row].to_string()), Json::Number),
            };
            (name.clone(), value)
        });
        before.chain(own).collect()
    };
    (0..rows).map(row).collect()
}
