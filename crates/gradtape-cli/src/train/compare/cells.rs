//! [`Cells`]: a table of a comparison, for a terminal and for a page.

use crate::page::{Cell, table};
use crate::report::{Align, Table};

/// A table with a heading for each column; one without a name is of remarks.
pub(super) struct Cells {
    pub(super) headings: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

impl Cells {
    /// In characters.
    pub(super) fn text(self) -> Table {
        let aligned = |heading: String| {
            let align = if heading.is_empty() { Align::Left } else { Align::Right };
            (heading, align)
        };
        let mut table = Table::new(self.headings.into_iter().map(aligned));
        self.rows.into_iter().for_each(|row| table.row(row));
        table
    }

    /// As HTML; the first cell of a row names it.
    pub(super) fn html(self, caption: &str) -> String {
        let row = |row: Vec<String>| {
            let mut cells = row.into_iter();
            let name = cells.next().unwrap_or_default();
            (name, cells.map(Cell::Text).collect())
        };
        let rows: Vec<(String, Vec<Cell>)> = self.rows.into_iter().map(row).collect();
        table(caption, &self.headings, &rows)
    }
}
