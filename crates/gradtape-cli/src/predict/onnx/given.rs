//! [`Given`]: what an input of a model in an ONNX file is given of a table.

use std::ops::Range;

use gradtape::data::{Column, ColumnKind, Table};
use gradtape::{DType, Tape, Tensor};
use gradtape_onnx::{Array, Elem, Model, Texts, Value};

use crate::error::{Failure, Outcome};
use crate::output::Output;

/// What an input is given: columns of a table.
pub(super) struct Given<'a> {
    pub(super) name: &'a str,
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

    /// Some rows.
    pub(super) fn value<'t>(&self, rows: Range<usize>, tape: &'t Tape) -> Outcome<Value<'t>> {
        let shape = match self.flat {
            true => vec![rows.len()],
            false => vec![rows.len(), self.columns.len()],
        };
        let places = rows.flat_map(|row| (0..self.columns.len()).map(move |place| (row, place)));
        let Some(elem) = self.elem else {
            let cells = places.map(|(row, place)| self.columns[place].cell(row));
            let texts = cells.map(|cell| cell.unwrap_or_default().to_string()).collect();
            return Ok(Value::Texts(Texts { texts, shape }));
        };
        let tensor = match elem.limits() {
            Some(limits) => {
                let whole = places.map(|(row, place)| self.whole(row, place, elem, limits));
                Tensor::from_vec(whole.collect::<Outcome<Vec<i64>>>()?, shape)?.cast(elem.dtype())
            }
            None => self.floats(places.collect(), shape, elem.dtype())?,
        };
        Ok(Value::Array(Array { var: tape.constant(tensor), elem }))
    }

    /// A whole number within the limits of a type, with all of its digits.
    fn whole(
        &self,
        row: usize,
        place: usize,
        elem: Elem,
        (least, greatest): (i128, i128),
    ) -> Outcome<i64> {
        let number = self.numbers[place][row];
        if number.fract() != 0.0 {
            return Err(self.odd(row, place, "no whole number, which the model reads"));
        }
        let cell = self.columns[place].cell(row).unwrap_or_default();
        let written = cell.trim().parse::<i128>().ok().filter(|&whole| whole as f64 == number);
        let whole = match written {
            Some(whole) => whole,
            None if number.abs() > EXACT => {
                let what =
                    "a number whose last digits are not read; write all of them, and nothing else";
                return Err(self.odd(row, place, what));
            }
            None => number as i128,
        };
        match (least..=greatest).contains(&whole) {
            // Of unsigned numbers the bits are kept.
            true => Ok((whole as u64).cast_signed()),
            false => {
                let what =
                    format!("no {elem}, which the model reads: these are {least} to {greatest}");
                Err(self.odd(row, place, &what))
            }
        }
    }

    /// Numbers with fractions, none of which is too large for its type.
    fn floats(
        &self,
        places: Vec<(usize, usize)>,
        shape: Vec<usize>,
        dtype: DType,
    ) -> Outcome<Tensor> {
        let all: Vec<f64> = places.iter().map(|&(row, place)| self.numbers[place][row]).collect();
        let tensor = Tensor::from_vec(all.clone(), shape)?.cast(dtype);
        let kept = tensor.to_f64_vec();
        let lost =
            all.iter().zip(&kept).position(|(all, kept)| all.is_finite() != kept.is_finite());
        match lost.and_then(|lost| places.get(lost)) {
            Some(&(row, place)) => {
                let what = format!("too large for numbers of type {dtype}, which the model reads");
                Err(self.odd(row, place, &what))
            }
            None => Ok(tensor),
        }
    }

    fn odd(&self, row: usize, place: usize, what: &str) -> Failure {
        let column = self.columns[place];
        let (cell, name) = (column.cell(row).unwrap_or_default(), column.name());
        Failure::failed(format!("row {}, column {name:?}: {cell:?} is {what}", row + 1))
    }
}

/// Up to here an f64 has each whole number: 2^53.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The columns for each input: all of one that is a matrix, else one by the name of each input.
pub(super) fn columns_of<'a>(
    model: &'a Model,
    table: &'a Table,
    output: &Output,
) -> Outcome<Vec<Given<'a>>> {
    let names = model.inputs();
    if let [name] = names[..]
        && let Some([_, width]) = model.input_sizes(name)
        && width.is_none_or(|width| width > 1)
    {
        let columns = matrix(model, table, *width, output)?;
        return Ok(vec![Given::of(model, table, name, columns, false)?]);
    }
    let alone = names.len() == 1;
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
        let column = if alone { only(model, table, name, output)? } else { table.column(name)? };
        Given::of(model, table, name, vec![column], flat)
    });
    given.collect()
}

/// The columns that the file names.
fn noted(model: &Model) -> Option<Vec<String>> {
    let note = model.metadata().iter().find(|(name, _)| name == "columns");
    note.and_then(|(_, list)| serde_json::from_str(list).ok())
}

/// The column of an input that takes one and is the only one: that which the file names, or which is called as the input,
/// or the only one of its kind.
fn only<'a>(model: &Model, table: &'a Table, input: &str, output: &Output) -> Outcome<&'a Column> {
    if let Some([name]) = noted(model).as_deref() {
        return Ok(table.column(name)?);
    }
    let error = match table.column(input) {
        Ok(column) => return Ok(column),
        Err(error) => error,
    };
    let texts = model.input_elem(input).is_none();
    let fits = |column: &&Column| match texts {
        true => column.kind() == ColumnKind::Category,
        false => column.kind() == ColumnKind::Number,
    };
    let target = table.target().map(Column::name);
    let mut all = table.columns().iter().filter(|own| Some(own.name()) != target).filter(fits);
    match (all.next(), all.next()) {
        (Some(column), None) => {
            let (what, name) = (if texts { "texts" } else { "numbers" }, column.name());
            output.note(format_args!(
                "note: no column is called {input:?}, as the input of the model is; it is given {name:?}, the only one of {what}"
            ));
            Ok(column)
        }
        _ => Err(Failure::from(error)
            .note("hint: give the column that it was trained on alone, or call it as the input")),
    }
}

/// The columns of a matrix: those that the file names, or all that are numbers where these are as many as it takes.
fn matrix<'a>(
    model: &Model,
    table: &'a Table,
    width: Option<usize>,
    output: &Output,
) -> Outcome<Vec<&'a Column>> {
    if let Some(named) = noted(model).filter(|all| width.is_none_or(|width| width == all.len())) {
        return Ok(named.iter().map(|name| table.column(name)).collect::<Result<_, _>>()?);
    }
    let numbers = |column: &&Column| column.kind() == ColumnKind::Number;
    let mut columns: Vec<&Column> = table.columns().iter().filter(numbers).collect();
    let Some(width) = width else {
        let target = table.target().map(Column::name);
        columns.retain(|own| Some(own.name()) != target);
        let names: Vec<&str> = columns.iter().map(|own| own.name()).collect();
        output.note(format_args!(
            "note: the model does not say which columns it reads; it is given all {} of numbers: {}\n  \
             hint: give a table of those that it was trained on alone, in their order",
            names.len(),
            names.join(", ")
        ));
        return Ok(columns);
    };
    match width == columns.len() {
        true => {
            let names: Vec<&str> = columns.iter().map(|own| own.name()).collect();
            output.note(format_args!(
                "note: the model does not name the {width} columns that it reads; they are taken by their places: {}\n  hint: \
                 they must be in the order in which it was trained",
                names.join(", ")
            ));
            Ok(columns)
        }
        false => Err(Failure::failed(format!(
            "the model reads {width} numbers of each row and does not name them; {} has {} columns of numbers",
            table.source(),
            columns.len()
        ))
        .note("hint: give the columns that it was trained on, in their order")),
    }
}
