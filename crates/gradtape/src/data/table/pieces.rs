//! Tables that do not fit in memory: read piece by piece, or every so many rows.

use std::path::Path;

use super::read::opened;
use super::{CsvOptions, Table};
use crate::tensor::{Error, Kind, Result};

/// What becomes of the rows of a file as they are read.
pub(super) struct Pieces<'a> {
    /// How many rows a piece has at most.
    pub(super) rows: usize,
    /// Of so many rows the first is kept.
    pub(super) every: usize,
    pub(super) each: &'a mut dyn FnMut(Table) -> Result<()>,
}

impl Table {
    /// Reads a CSV file, also a compressed one, in tables of at most `rows` rows (1 at least), in their order. Each has
    /// its own kinds of columns, as of a file of its own: what is to be learned of all, [`Table::read_csv_every`] tells.
    ///
    /// Fails where the file or a piece does, and for JSON, which is read whole.
    ///
    /// ```
    /// use gradtape::data::{CsvOptions, Table};
    /// let path = std::env::temp_dir().join(format!("gradtape-{}.pieces.csv", std::process::id()));
    /// let lines: String = (0..1000).map(|i| format!("{i},{}\n", 2 * i)).collect();
    /// std::fs::write(&path, format!("x,y\n{lines}")).unwrap();
    /// let mut rows = Vec::new();
    /// Table::read_csv_pieces(&path, &CsvOptions::default(), 300, |piece| {
    ///     rows.push((piece.len(), piece.line(0)));
    ///     Ok(())
    /// })?;
    /// assert_eq!(rows, [(300, 2), (300, 302), (300, 602), (100, 902)]);
    /// let every = Table::read_csv_every(&path, &CsvOptions::default(), 250)?;
    /// assert_eq!(every.numbers("x")?, [0.0, 250.0, 500.0, 750.0]);
    /// # std::fs::remove_file(&path).unwrap();
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn read_csv_pieces(
        path: impl AsRef<Path>,
        options: &CsvOptions,
        rows: usize,
        mut each: impl FnMut(Table) -> Result<()>,
    ) -> Result<()> {
        let pieces = Pieces { rows: rows.max(1), every: 1, each: &mut each };
        read(path.as_ref(), options, pieces)
    }

    /// The first of so many rows of a CSV file (1 for all), and again, up to its end: to look at a file that is larger
    /// than memory. Fails as [`Table::read_csv_pieces`].
    pub fn read_csv_every(
        path: impl AsRef<Path>,
        options: &CsvOptions,
        every: usize,
    ) -> Result<Table> {
        let mut table = None;
        let mut each = |piece| {
            table = Some(piece);
            Ok(())
        };
        let pieces = Pieces { rows: usize::MAX, every: every.max(1), each: &mut each };
        read(path.as_ref(), options, pieces)?;
        let name = path.as_ref().display();
        table.ok_or_else(|| Error::new(Kind::Data, format!("{name}: there are no rows")))
    }
}

fn read(path: &Path, options: &CsvOptions, pieces: Pieces<'_>) -> Result<()> {
    let (file, name) = opened(path)?;
    Table::pieces_of(file, &name, options, pieces)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::ColumnKind;

    fn pieces(text: &str, rows: usize, every: usize) -> Result<Vec<Table>> {
        let mut all = Vec::new();
        let mut each = |piece| {
            all.push(piece);
            Ok(())
        };
        let pieces = Pieces { rows, every, each: &mut each };
        Table::pieces_of(text.as_bytes(), "a.csv", &CsvOptions::default(), pieces)?;
        Ok(all)
    }

    #[test]
    fn pieces_are_the_rows_of_the_file() {
        let text = "a title\nname;size\nx;1,5\n\"y\nz\";2\n;3\nu;4,25\n";
        let whole = Table::from_csv(text.as_bytes(), "a.csv", &CsvOptions::default()).unwrap();
        for rows in 1..6 {
            let all = pieces(text, rows, 1).unwrap();
            let sizes: Vec<usize> = all.iter().map(Table::len).collect();
            assert!(sizes[..sizes.len() - 1].iter().all(|&size| size == rows), "{sizes:?}");
            let mut row = 0;
            for piece in &all {
                for own in 0..piece.len() {
                    assert_eq!(piece.line(own), whole.line(row));
                    for column in ["name", "size"] {
                        let cells = [piece, &whole].map(|table| table.column(column).unwrap());
                        assert_eq!(cells[0].cell(own), cells[1].cell(row));
                    }
                    row += 1;
                }
            }
            assert_eq!(row, 4);
        }
        let some = &pieces(text, usize::MAX, 3).unwrap()[0];
        assert_eq!((some.len(), some.line(1)), (2, 7));
        assert_eq!(some.column("size").unwrap().kind(), ColumnKind::Number);
    }

    #[test]
    #[cfg(feature = "encodings")]
    fn the_piece_with_the_first_foreign_letter_tells_of_it() {
        let noted = |text: &[u8]| -> Vec<bool> {
            let mut all = Vec::new();
            let mut each = |piece: Table| {
                all.push(piece.notes().iter().any(|note| note.contains("Windows-1252")));
                Ok(())
            };
            let pieces = Pieces { rows: 2, every: 1, each: &mut each };
            Table::pieces_of(text, "a.csv", &CsvOptions::default(), pieces).unwrap();
            all
        };
        assert_eq!(noted(b"a,b\n1,2\n3,4\n5,\xe9\n7,\xe9\n9,\xe9\n"), [false, true, false]);
        assert_eq!(noted(b"a,\xe9\n1,2\n3,4\n5,6\n7,8\n"), [true, false]);
    }

    #[test]
    fn what_is_wrong_in_a_later_piece_is_told_with_its_line() {
        let error = pieces("a,b\n1,2\n3,4\n5\n", 1, 1).unwrap_err().to_string();
        assert!(error.contains("line 4"), "{error}");
        let error = pieces("a,b\n", 10, 1).unwrap_err().to_string();
        assert!(error.contains("no rows"), "{error}");
        let error = pieces("[{\"a\": 1}]", 10, 1).unwrap_err().to_string();
        assert!(error.contains("JSON") && error.contains("CSV"), "{error}");
        let mut each = |_| Err(Error::new(Kind::Data, "enough"));
        let pieces = Pieces { rows: 1, every: 1, each: &mut each };
        let error = Table::pieces_of(&b"a\n1\n2\n"[..], "a.csv", &CsvOptions::default(), pieces);
        assert!(error.unwrap_err().to_string().contains("enough"));
    }
}
