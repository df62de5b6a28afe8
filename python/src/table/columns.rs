//! Columns of a data frame, as a table of the library.

use gradtape::data::{CsvOptions, PreprocessOptions, Table, TableBuilder};
use numpy::PyReadonlyArray1;
use pyo3::prelude::*;

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

/// The table of columns, and what is known of their kinds.
pub(super) fn table(columns: &[Column]) -> gradtape::Result<(Table, PreprocessOptions)> {
    let mut builder = TableBuilder::new("the data", &CsvOptions::default());
    let mut known = PreprocessOptions::default();
    for Column { name, cells } in columns {
        let place = builder.column(name);
        match cells {
            Cells::Numbers(numbers) => {
                builder.numbers(place);
                known.numbers.push(name.clone());
                for number in numbers {
                    match number.is_nan() {
                        true => builder.push(place, ""),
                        false => builder.push(place, &format!("{number:?}")),
                    }
                }
            }
            Cells::Texts(texts) | Cells::Categories(texts) => {
                if matches!(cells, Cells::Categories(_)) {
                    known.categories.push(name.clone());
                }
                for text in texts {
                    builder.push(place, text.as_deref().unwrap_or_default());
                }
            }
        }
    }
    Ok((builder.finish()?, known))
}
