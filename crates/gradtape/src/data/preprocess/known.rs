//! Rows whose target can be learned.

use super::{Known, Preprocessing, Target};
use crate::data::Table;
use crate::tensor::Result;

impl Preprocessing {
    /// The rows of a table whose target can be learned, and those of a class that was not seen in training, each in their
    /// order. The others have no target: where numbers are learned, also those with a word. The column is read as it was
    /// learned, whatever its cells look like here.
    ///
    /// Fails where the column is not there.
    ///
    /// ```
    /// use gradtape::data::{CsvOptions, PreprocessOptions, Preprocessing, Table};
    /// let read = |text: &str| Table::from_csv(text.as_bytes(), "a.csv", &CsvOptions::default());
    /// let table = read("x,sign\n1,+\n2,-\n3,+\n4,-\n")?;
    /// let fitted = Preprocessing::fit(&table, "sign", &[0, 1, 2, 3], &PreprocessOptions::default())?;
    /// let (rows, unseen) = fitted.rows_to_learn(&read("x,sign\n1,-\n2,\n3,0\n4,-\n")?)?;
    /// assert_eq!((rows, unseen), (vec![0, 3], vec![2]));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn rows_to_learn(&self, table: &Table) -> Result<(Vec<usize>, Vec<usize>)> {
        let column = self.target_column(table)?;
        let (classes, numeric) = match &self.target {
            Target::Classes { numeric, classes, .. } => (Some(Known::of(classes)), *numeric),
            Target::Number { .. } => (None, true),
        };
        let numbers = if numeric { column.numbers() } else { Vec::new() };
        let (mut known, mut unseen) = (Vec::new(), Vec::new());
        for (row, cell) in column.cells().enumerate() {
            let is_known = match (&classes, numbers.get(row)) {
                (_, Some(number)) if number.is_nan() => continue,
                (None, _) => true,
                (Some(classes), Some(&number)) => {
                    let name = column.number_name(cell.unwrap_or_default(), number);
                    classes.number(&name).is_some()
                }
                (Some(classes), None) => {
                    let Some(cell) = cell else { continue };
                    classes.number(cell).is_some()
                }
            };
            if is_known { known.push(row) } else { unseen.push(row) }
        }
        Ok((known, unseen))
    }
}
