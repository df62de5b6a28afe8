//! [`Table`]: words and numbers below each other in the characters of a terminal.

use std::fmt;

/// A table whose columns are as wide as their cells.
///
/// ```
/// use gradtape_chart::{Align, Table};
///
/// let mut table = Table::new([("layer", Align::Left), ("parameters", Align::Right)]);
/// table.row(["hidden", "1,040"]);
/// table.row(["out", "170"]);
/// assert_eq!(table.to_string(), "layer   parameters\nhidden       1,040\nout            170");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
}

/// To which side the cells of a column go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// To the left, as words do.
    Left,
    /// To the right, as numbers do.
    Right,
}

impl Table {
    /// A table without rows: for each column its heading and the side to which its cells go.
    pub fn new(columns: impl IntoIterator<Item = (impl Into<String>, Align)>) -> Table {
        let columns = columns.into_iter().map(|(heading, align)| (heading.into(), align)).collect();
        Table { columns, rows: Vec::new() }
    }

    /// Adds a row. One that is too short ends early; cells beyond the columns are not shown.
    pub fn row(&mut self, cells: impl IntoIterator<Item = impl Into<String>>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }
}

/// Lines without blanks at their ends, and without a line end after the last.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headings: Vec<String> =
            self.columns.iter().map(|(heading, _)| heading.clone()).collect();
        let lines = || std::iter::once(&headings).chain(&self.rows);
        let width = |column: usize| {
            lines().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max()
        };
        let widths: Vec<usize> =
            (0..self.columns.len()).map(|column| width(column).unwrap_or(0)).collect();
        for (number, line) in lines().enumerate() {
            if number > 0 {
                f.write_str("\n")?;
            }
            let mut text = String::new();
            for ((cell, &width), (_, align)) in line.iter().zip(&widths).zip(&self.columns) {
                let padding = " ".repeat(width - cell.chars().count());
                let (before, after) = match align {
                    Align::Left => ("", &*padding),
                    Align::Right => (&*padding, ""),
                };
                text += &format!("{before}{cell}{after}  ");
            }
            f.write_str(text.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_cells() {
        let mut table = Table::new([("name", Align::Left), ("count", Align::Right)]);
        table.row(["hidden.weight", "1,024"]);
        table.row(["µ", "7"]);
        let expected = "name           count\nhidden.weight  1,024\nµ                  7";
        assert_eq!(table.to_string(), expected);
    }

    #[test]
    fn rows_of_another_length_are_shown_as_far_as_there_are_columns() {
        let mut table = Table::new([("a", Align::Left), ("b", Align::Right)]);
        table.row(["…"]);
        table.row(["1", "2", "3"]);
        assert_eq!(table.to_string(), "a  b\n…\n1  2");
        assert_eq!(Table::new([] as [(&str, Align); 0]).to_string(), "");
    }
}
