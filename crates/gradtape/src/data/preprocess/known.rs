//! Rows whose target can be learned.

use super::fit::class_names;
use super::{Known, Preprocessing, Target};
use crate::data::Table;
use crate::tensor::Result;

impl Preprocessing {
    /// The rows of a table whose class was seen in training, in their order; all rows where the target is a number.
    ///
    /// Fails, naming line and column, at a missing target.
    pub fn rows_of_known_classes(&self, table: &Table) -> Result<Vec<usize>> {
        let Target::Classes { numeric, classes, .. } = &self.target else {
            return Ok((0..table.len()).collect());
        };
        let known = Known::of(classes);
        let names = class_names(table, &self.target_column(table)?, *numeric)?;
        Ok(names
            .into_iter()
            .enumerate()
            .filter(|(_, name)| known.number(name).is_some())
            .map(|(row, _)| row)
            .collect())
    }
}

impl Preprocessing {
    /// The same target with the inputs of another preprocessing, so that weights that were learned of those mean the
    /// same; of the same number to predict also its scale. `None` where a column of the other is not in the table, or is
    /// what is to be predicted here.
    ///
    /// ```
    /// use gradtape::data::{CsvOptions, PreprocessOptions, Preprocessing, Table};
    /// let read = |text: &str| Table::from_csv(text.as_bytes(), "a.csv", &CsvOptions::default());
    /// let fit = |table: &Table, target: &str| {
    ///     let rows: Vec<usize> = (0..table.len()).collect();
    ///     Preprocessing::fit(table, target, &rows, &PreprocessOptions::default())
    /// };
    /// let (old, new) = (read("x,y,a\n0,1,5\n10,2,6\n")?, read("x,y,b\n40,3,1\n50,4,0\n")?);
    /// let (before, own) = (fit(&old, "y")?, fit(&new, "y")?);
    /// // What `a` was is not known here.
    /// assert!(own.clone().with_inputs_of(&before, &new).is_none());
    /// let both = read("x,y,a\n40,3,5\n50,4,6\n")?;
    /// let following = fit(&both, "y")?.with_inputs_of(&before, &both).unwrap();
    /// assert_eq!(following.inputs(&old)?.to_vec::<f32>()?, before.inputs(&old)?.to_vec::<f32>()?);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn with_inputs_of(self, other: &Preprocessing, table: &Table) -> Option<Preprocessing> {
        let target = self.target.column();
        let is_here = |name: &str| name != target && table.column(name).is_ok();
        if !other.features.iter().all(|feature| is_here(feature.column())) {
            return None;
        }
        let mut written = other.written.clone();
        let same = match (&self.target, &other.target) {
            (Target::Number { .. }, Target::Number { column, .. }) => column == target,
            _ => false,
        };
        if !same {
            written.remove(other.target.column());
            written.extend(self.written.get_key_value(target).map(|(a, b)| (a.clone(), b.clone())));
        }
        Some(Preprocessing {
            version: other.version,
            features: other.features.clone(),
            target: if same { other.target.clone() } else { self.target },
            notes: self.notes,
            far: other.far.clone(),
            written,
        })
    }
}
