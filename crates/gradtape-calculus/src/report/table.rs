//! Tables for a terminal.

use gradtape_chart::{Align, Table};

/// Rows under the first one, which has the headings: a little to the right, the first column as words,
/// the others as numbers. A last column with formulas or remarks is words too.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let has_words = |row: &Vec<String>| row.len() == columns && is_words(&row[columns - 1]);
    let words = columns > 1 && rows.iter().any(has_words);
    let heading = |column: usize| {
        let text = rows.first().and_then(|row| row.get(column)).cloned().unwrap_or_default();
        let left = column == 0 || (words && column + 1 == columns);
        (text, if left { Align::Left } else { Align::Right })
    };
    let mut table = Table::new((0..columns).map(heading));
    for row in rows.iter().skip(1) {
        table.row(row);
    }
    let line = |line: &str| format!("  {line}").trim_end().to_string() + "\n";
    table.to_string().lines().map(line).collect()
}

/// Whether a cell is a formula or a remark, not a number or a name.
fn is_words(cell: &str) -> bool {
    cell.starts_with(['=', '('])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_to_the_right_and_remarks_end_the_line() {
        let rows = |rows: &[&[&str]]| -> Vec<Vec<String>> {
            rows.iter().map(|row| row.iter().map(|cell| cell.to_string()).collect()).collect()
        };
        let numbers = rows(&[&["step", "value"], &["0", "12.5"], &["…"], &["100", "3"]]);
        assert_eq!(table(&numbers), "  step  value\n  0      12.5\n  …\n  100       3\n");
        let remarks =
            rows(&[&["", "slope", ""], &["d/dx", "2", "= 2*x"], &["d/dy", "-", "(long)"]]);
        assert_eq!(table(&remarks), "        slope\n  d/dx      2  = 2*x\n  d/dy      -  (long)\n");
    }
}
