//! Columns of a data frame, as a table of the library.

use gradtape::data::{CsvOptions, PreprocessOptions, Table, TableBuilder};
use gradtape::{Error, Kind};
use numpy::{PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;

use crate::error::raised;

/// A column by its name.
pub(super) struct Column {
    name: String,
    cells: Cells,
}

/// What a column holds.
enum Cells {
    /// NaN where missing.
    Numbers(Vec<f64>),
    /// Texts or dates; what they are, the library finds.
    Texts(Vec<Option<String>>),
    /// Texts that are names whatever they look like.
    Categories(Vec<Option<String>>),
}

/// A tuple of name, kind (`number`, `text` or `category`) and cells.
impl<'py> FromPyObject<'_, 'py> for Column {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Column> {
        let (name, kind, cells): (String, String, Bound<'py, PyAny>) = object.extract()?;
        let cells = match &*kind {
            "number" => {
                Cells::Numbers(cells.extract::<PyReadonlyArray1<'_, f64>>()?.as_slice()?.to_vec())
            }
            "text" => Cells::Texts(cells.extract()?),
            _ => Cells::Categories(cells.extract()?),
        };
        Ok(Column { name, cells })
    }
}

/// The numbers of rows, one after another. Fails unless each column has a name.
pub(super) fn named_rows(
    names: &[String],
    values: &PyReadonlyArray2<'_, f64>,
) -> PyResult<Vec<f64>> {
    let width = values.shape()[1];
    if names.len() != width {
        let message = format!("{} names for rows of {width} columns", names.len());
        let error = Error::new(Kind::Shape, message).hint("give one for each column");
        return Err(raised(error));
    }
    Ok(values.as_slice()?.to_vec())
}

/// The table of columns, whose rows count from 0 as Python's do, and what is known of their kinds.
pub(super) fn table(columns: Vec<Column>) -> gradtape::Result<(Table, PreprocessOptions)> {
    let mut builder = TableBuilder::new("the data", &CsvOptions::default());
    let mut known = PreprocessOptions::default();
    for Column { name, cells } in columns {
        let place = builder.column(&name);
        match &cells {
            Cells::Numbers(numbers) => {
                builder.numbers(place);
                known.numbers.push(name);
                for number in numbers {
                    match number.is_nan() {
                        true => builder.push(place, ""),
                        false => builder.push(place, &format!("{number:?}")),
                    }
                }
            }
            Cells::Texts(texts) | Cells::Categories(texts) => {
                if matches!(cells, Cells::Categories(_)) {
                    known.categories.push(name);
                }
                for text in texts {
                    builder.push(place, text.as_deref().unwrap_or_default());
                }
            }
        }
    }
    let rows = builder.len_of(0);
    Ok((builder.finish_at((0..rows).collect())?, known))
}
