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
