//! Tables for people and numbers for programs.

use std::fmt;

use clap::ValueEnum;
pub(crate) use gradtape_calculus::Number;

/// For whom a verb prints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    #[default]
    Text,
    Json,
}

/// A table as wide as its cells: columns with a heading, aligned to the left or right.
pub(crate) struct Table {
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
}

/// To which side the cells of a column go.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

impl Table {
    pub(crate) fn new(columns: impl IntoIterator<Item = (impl Into<String>, Align)>) -> Table {
        let columns = columns.into_iter().map(|(heading, align)| (heading.into(), align)).collect();
        Table { columns, rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = impl Into<String>>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }
}

/// Lines without a line end after the last.
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

/// A whole number with a comma between thousands.
pub(crate) fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of things: `1 row`, `2 rows`, `3 classes`.
pub(crate) fn of(count: usize, what: &str) -> String {
    let plural = match (count, what.ends_with('s')) {
        (1, _) => "",
        (_, true) => "es",
        (_, false) => "s",
    };
    format!("{} {what}{plural}", thousands(count))
}

/// A share as a percentage with two decimals.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
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
    fn numbers_for_people() {
        let texts = [0, 999, 1000, 1234567].map(thousands);
        assert_eq!(texts, ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(percent(0.97214), "97.21 %");
        let texts = [of(0, "row"), of(1, "row"), of(1, "class"), of(2000, "class")];
        assert_eq!(texts, ["0 rows", "1 row", "1 class", "2,000 classes"]);
    }
}
