//! Tables that do not fit in memory: read piece by piece, or every so many rows.

use std::io::Read;
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

/// Whether a row is the one of its stretch of so many that stands for them: one anywhere in it, always the same, so that
/// what comes again and again in a file, such as the hours of a day, is not met at one hour alone.
///
/// ```
/// use gradtape::data::stands_for;
/// let kept: Vec<u64> = (0..100).filter(|&row| stands_for(row, 25)).collect();
/// assert_eq!(kept.len(), 4);
/// assert!((0..100).all(|row| stands_for(row, 1)));
/// ```
pub fn stands_for(row: u64, every: u64) -> bool {
    let every = every.max(1);
    // Steele, Lea and Flood 2014.
    let mut mixed = (row / every + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    row % every == (mixed ^ (mixed >> 31)) % every
}

impl Table {
    /// Reads a CSV file, also a compressed one, in tables of at most `rows` rows (1 at least), in their order. Each has
    /// its own kinds of columns, as of a file of its own: those of all rows [`Table::read_csv_every`] tells, and
    /// [`Table::taken_as`] gives them to a piece.
    ///
    /// Fails where the file or a piece does, and for JSON that has no row on each line, which is read whole.
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
    /// let kept = every.numbers("x")?;
    /// assert!((0..4).all(|stretch| (kept[stretch] / 250.0).floor() == stretch as f64));
    /// # std::fs::remove_file(&path).unwrap();
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn read_csv_pieces(
        path: impl AsRef<Path>,
        options: &CsvOptions,
        rows: usize,
        mut each: impl FnMut(Table) -> Result<()>,
    ) -> Result<()> {
        let (file, name) = opened(path.as_ref())?;
        Table::from_csv_pieces(file, &name, options, rows, &mut each)
    }

    /// As [`Table::read_csv_pieces`], from anywhere; `source` stands for its name in errors.
    pub fn from_csv_pieces(
        text: impl Read,
        source: &str,
        options: &CsvOptions,
        rows: usize,
        mut each: impl FnMut(Table) -> Result<()>,
    ) -> Result<()> {
        let pieces = Pieces { rows: rows.max(1), every: 1, each: &mut each };
        Table::pieces_of(text, source, options, pieces)
    }

    /// One of each so many rows of a CSV file (1 for all), as [`stands_for`] chooses: to look at a file that is larger
    /// than memory. All rows are looked at, so that the columns are taken for what they are in the whole file: which of
    /// day and month stands first, a single row may tell. Fails as [`Table::read_csv_pieces`], and where a file of fewer
    /// rows than those has none that is chosen.
    pub fn read_csv_every(
        path: impl AsRef<Path>,
        options: &CsvOptions,
        every: usize,
    ) -> Result<Table> {
        let (file, name) = opened(path.as_ref())?;
        Table::from_csv_every(file, &name, options, every)
    }

    /// As [`Table::read_csv_every`], from anywhere; `source` stands for its name in errors.
    pub fn from_csv_every(
        text: impl Read,
        source: &str,
        options: &CsvOptions,
        every: usize,
    ) -> Result<Table> {
        let mut table = None;
        let mut each = |piece| {
            table = Some(piece);
            Ok(())
        };
        let pieces = Pieces { rows: usize::MAX, every: every.max(1), each: &mut each };
        Table::pieces_of(text, source, options, pieces)?;
        table.ok_or_else(|| Error::new(Kind::Data, format!("{source}: there are no rows")))
    }

    /// The table with its columns taken for what those of another one are: of a piece of a file, for what they are in the
    /// whole file, as [`Table::read_csv_every`] finds. Fails where the columns are others.
    ///
    /// ```
    /// use gradtape::data::{CsvOptions, Table};
    /// let (text, options) = ("day\n3/4/2024\n5/6/2024\n25/6/2024\n", CsvOptions::default());
    /// let whole = Table::from_csv_every(text.as_bytes(), "days.csv", &options, 3)?;
    /// assert_eq!(whole.len(), 1);
    /// let mut days = Vec::new();
    /// Table::from_csv_pieces(text.as_bytes(), "days.csv", &options, 1, |piece| {
    ///     days.extend(piece.taken_as(&whole)?.numbers("day")?);
    ///     Ok(())
    /// })?;
    /// // The last one tells that the first is in April.
    /// let whole = Table::from_csv(text.as_bytes(), "days.csv", &options)?;
    /// assert_eq!(days, whole.numbers("day")?);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn taken_as(mut self, other: &Table) -> Result<Table> {
        if self.grows && self.columns.len() < other.columns.len() {
            let rows = self.len();
            for new in &other.columns[self.columns.len()..] {
                let mut column = new.emptied();
                (0..rows).for_each(|_| column.push("", &self.words));
                self.places.insert(column.name.clone(), self.columns.len());
                self.columns.push(column);
            }
        }
        let names = |table: &Table| table.columns.iter().map(|own| own.name.clone()).collect();
        let [own, others]: [Vec<String>; 2] = [names(&self), names(other)];
        if own != others {
            let message = format!("{}: its columns are not those of {}", self.source, other.source);
            return Err(Error::new(Kind::Data, message).hint("it was changed while it was read"));
        }
        for (column, other) in self.columns.iter_mut().zip(&other.columns) {
            *column = column.taken_as(other);
        }
        Ok(self)
    }
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
        assert_eq!(some.column("name").unwrap().missing(), 0);
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
    fn pieces_are_taken_for_what_the_whole_file_is() {
        let rows = |i: usize| match i {
            61 => "1,5;25/12/2023;50%;+\n".to_string(),
            _ => format!("{};{}/{}/2024;{};-\n", i % 7, 1 + i % 12, 1 + i % 11, 3 + i % 5),
        };
        let text = "size;day;share;sign\n".to_string() + &(0..100).map(rows).collect::<String>();
        let options = CsvOptions::default();
        let whole = Table::from_csv(text.as_bytes(), "a.csv", &options).unwrap();
        let some = Table::from_csv_every(text.as_bytes(), "a.csv", &options, 40).unwrap();
        let kept: Vec<u64> = (0..100).filter(|&row| stands_for(row, 40)).collect();
        assert!(
            some.len() >= 2 && (0..some.len()).all(|row| some.line(row) == 2 + kept[row] as usize)
        );
        assert_eq!(some.len(), kept.len());
        for (own, all) in some.columns().iter().zip(whole.columns()) {
            assert_eq!((own.kind(), own.day_first()), (all.kind(), all.day_first()));
            // Rows that are not kept miss nothing.
            assert!(own.missing() <= own.len(), "{own:?}");
        }
        let mut row = 0;
        Table::from_csv_pieces(text.as_bytes(), "a.csv", &options, 7, |piece| {
            let piece = piece.taken_as(&some)?;
            for (own, all) in piece.columns().iter().zip(whole.columns()) {
                let (own_numbers, numbers) = (own.numbers(), all.numbers());
                for place in 0..piece.len() {
                    assert_eq!(own.cell(place), all.cell(row + place));
                    let pair = [own_numbers[place], numbers[row + place]];
                    assert_eq!(pair.map(f64::to_bits)[0], pair.map(f64::to_bits)[1]);
                }
            }
            row += piece.len();
            Ok(())
        })
        .unwrap();
        assert_eq!(row, 100);
        let other = Table::from_csv("x\n1\n".as_bytes(), "b.csv", &options).unwrap();
        let error = other.taken_as(&some).unwrap_err().to_string();
        assert!(error.contains("b.csv") && error.contains("changed"), "{error}");
    }

    #[test]
    fn what_is_wrong_in_a_later_piece_is_told_with_its_line() {
        let error = pieces("a,b\n1,2\n3,4\n5\n", 1, 1).unwrap_err().to_string();
        assert!(error.contains("line 4"), "{error}");
        let error = pieces("a,b\n", 10, 1).unwrap_err().to_string();
        assert!(error.contains("no rows"), "{error}");
        let error = pieces("[{\"a\": 1}]", 10, 1).unwrap_err().to_string();
        assert!(error.contains("JSON is read whole") && error.contains("CSV"), "{error}");
        let mut each = |_| Err(Error::new(Kind::Data, "enough"));
        let pieces = Pieces { rows: 1, every: 1, each: &mut each };
        let error = Table::pieces_of(&b"a\n1\n2\n"[..], "a.csv", &CsvOptions::default(), pieces);
        assert!(error.unwrap_err().to_string().contains("enough"));
    }
}
