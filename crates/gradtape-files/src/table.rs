//! Tables in files of all kinds, which are recognised by their first bytes.

#[cfg(feature = "arrow")]
mod arrow;
#[cfg_attr(
    not(all(feature = "arrow", feature = "parquet")),
    allow(dead_code, reason = "each uses others")
)]
pub(crate) mod cells;
#[cfg_attr(
    not(any(feature = "arrow", feature = "parquet")),
    allow(dead_code, reason = "only these have such")
)]
mod nested;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(feature = "xlsx")]
mod xlsx;

use std::cell::Cell;
use std::fs::File;
#[cfg(feature = "zstd")]
use std::io::BufReader;
use std::io::{Cursor, Read};
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::Once;

use gradtape::data::{CsvOptions, Table};
use gradtape::{Error, Kind, Result};

use crate::{Format, arrays};

/// How a table is read; by default everything is found out.
#[derive(Clone, Debug, Default)]
pub struct TableOptions {
    /// How CSV is read. What is said of missing words, decimals and days is also followed in texts of other formats,
    /// and `header` in sheets.
    pub csv: CsvOptions,
    /// The sheet of a workbook; by default the first, with a note where there are several.
    pub sheet: Option<String>,
    /// Columns that are not needed. Where their cells are lists or records, which are no cells of a table, they are
    /// missing values.
    pub ignore: Vec<String>,
    /// Whether all columns of lists and records are missing values, with a note; by default they are an error.
    pub skip_nested: bool,
    /// How many bytes the cells of a file may take that is no text; by default as many as a file of its size can mean.
    pub most: Option<u64>,
}

/// Reads the table of a file: CSV or JSON, also compressed by gzip or zstd, a sheet of a workbook (xlsx), Parquet, Arrow
/// (Feather), an array of NumPy with two axes, or an archive of such (npz) with `x` and `y`.
///
/// Cells that are null, empty or an error are missing. Dates are dates, and texts are taken for what they look like, as
/// in CSV. Errors name the file, and the row and the column where there is one; of a format whose feature is not built
/// in, the feature.
///
/// ```
/// # let folder = std::env::temp_dir();
/// # let file = folder.join(format!("gradtape-read-table-{}.csv", std::process::id()));
/// # std::fs::write(&file, "x,y\n1,2\n")?;
/// use gradtape_files::{TableOptions, read_table};
///
/// let table = read_table(&file, &TableOptions::default())?;
/// assert_eq!(table.numbers("y")?, [2.0]);
/// # std::fs::remove_file(&file)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read_table(path: impl AsRef<Path>, options: &TableOptions) -> Result<Table> {
    let path = path.as_ref();
    let source = path.display().to_string();
    match Format::of(path) {
        None | Some(Format::Png | Format::Jpeg) => Table::read_csv_with(path, &options.csv),
        Some(Format::Zstd) => {
            let file = File::open(path).map_err(|error| failed(&source, &error))?;
            unpacked(file, &source, options)
        }
        Some(format) => {
            let bytes = std::fs::read(path).map_err(|error| failed(&source, &error))?;
            of_bytes(format, bytes, &source, options)
        }
    }
}

/// As [`read_table`], from anywhere; `source` stands for its name in errors.
pub fn read_table_from(
    mut input: impl Read,
    source: &str,
    options: &TableOptions,
) -> Result<Table> {
    let mut head = Vec::new();
    let read = (&mut input).take(HEAD).read_to_end(&mut head);
    read.map_err(|error| failed(source, &error))?;
    let packed = head.starts_with(b"PK\x03\x04");
    if packed {
        input.read_to_end(&mut head).map_err(|error| failed(source, &error))?;
    }
    match Format::of_bytes(&head) {
        None | Some(Format::Png | Format::Jpeg) => {
            Table::from_csv(Cursor::new(head).chain(input), source, &options.csv)
        }
        Some(Format::Zstd) => unpacked(Cursor::new(head).chain(input), source, options),
        Some(format) => {
            input.read_to_end(&mut head).map_err(|error| failed(source, &error))?;
            of_bytes(format, head, source, options)
        }
    }
}

/// What becomes of the rows of a file as they are read.
pub(crate) struct Pieces<'a> {
    /// How many rows a piece has at most.
    pub(crate) rows: usize,
    /// Of so many rows the first is kept.
    pub(crate) every: usize,
    pub(crate) each: &'a mut dyn FnMut(Table) -> Result<()>,
}

/// Whether files of a format, or texts, can be read in pieces: CSV, also compressed by gzip or zstd, Parquet, Arrow, and
/// arrays of NumPy.
pub fn has_pieces(format: Option<Format>) -> bool {
    match format {
        None => true,
        Some(format) => matches!(
            format,
            Format::Zstd | Format::Parquet | Format::Arrow | Format::Npy | Format::Npz
        ),
    }
}

/// Whether a file is JSON that has no row on each line, also compressed by gzip or zstd, which is read whole; of what cannot
/// be read it is `false`.
pub fn is_whole_json(path: impl AsRef<Path>, options: &TableOptions) -> bool {
    let path = path.as_ref();
    match Format::of(path) {
        None => File::open(path).is_ok_and(|file| Table::is_whole_json(file, &options.csv)),
        Some(Format::Zstd) => {
            unpacked_text(path).is_ok_and(|(text, _)| Table::is_whole_json(text, &options.csv))
        }
        _ => false,
    }
}

/// About how many bytes the cells of a table have as texts, with what stands between them; of compressed text four times
/// its size is taken. `None` where the file cannot be looked at.
pub fn text_size(path: impl AsRef<Path>) -> Option<f64> {
    let path = path.as_ref();
    let length = path.metadata().ok().filter(|found| found.is_file())?.len() as f64;
    let is_gzip = || {
        let mut head = [0; 2];
        let read = File::open(path).and_then(|mut file| file.read_exact(&mut head));
        read.is_ok() && head == [0x1f, 0x8b]
    };
    match Format::of(path) {
        #[cfg(feature = "parquet")]
        Some(Format::Parquet) => of_cells(path, parquet::size),
        #[cfg(feature = "arrow")]
        Some(Format::Arrow) => of_cells(path, arrow::size),
        Some(Format::Npy) => of_cells(path, arrays::size_of_npy),
        #[cfg(feature = "npz")]
        Some(Format::Npz) => of_cells(path, arrays::size_of_npz),
        Some(Format::Zstd | Format::Xlsx) => Some(PACKED * length),
        None if is_gzip() => Some(PACKED * length),
        _ => Some(length),
    }
}

/// About how many bytes the cells of a file have as texts, by how many rows and columns and bytes there are.
fn of_cells(path: &Path, size: fn(File, &str) -> Result<[u64; 3]>) -> Option<f64> {
    let file = File::open(path).ok()?;
    let [rows, columns, bytes] = guarded("", || size(file, "")).ok()?;
    // A number takes a few characters, and is more often 0 than not; a text as many bytes as it has.
    Some((5.0 * rows as f64 * columns as f64).max(bytes as f64))
}

/// How much larger a table is than it is compressed, about.
const PACKED: f64 = 4.0;

/// Reads a table as [`read_table`] does, but in tables of at most `rows` rows (1 at least), in their order, of which only
/// one is in memory. Each has its own kinds of columns, as of a file of its own: those of all rows [`read_table_every`]
/// tells, and [`Table::taken_as`] gives them to a piece.
///
/// Fails where the file or a piece does, and for formats that are [read whole](has_pieces).
///
/// ```
/// # let folder = std::env::temp_dir();
/// # let file = folder.join(format!("gradtape-read-pieces-{}.csv", std::process::id()));
/// # std::fs::write(&file, "x,y\n1,2\n3,4\n5,6\n")?;
/// use gradtape_files::{TableOptions, read_table_every, read_table_pieces};
///
/// let options = TableOptions::default();
/// let whole = read_table_every(&file, &options, 2)?;
/// let mut sum = 0.0;
/// read_table_pieces(&file, &options, 2, |piece| {
///     sum += piece.taken_as(&whole)?.numbers("y")?.iter().sum::<f64>();
///     Ok(())
/// })?;
/// assert_eq!(sum, 12.0);
/// # std::fs::remove_file(&file)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read_table_pieces(
    path: impl AsRef<Path>,
    options: &TableOptions,
    rows: usize,
    mut each: impl FnMut(Table) -> Result<()>,
) -> Result<()> {
    let path = path.as_ref();
    match Format::of(path) {
        None => Table::read_csv_pieces(path, &options.csv, rows, each),
        Some(Format::Zstd) => {
            let (text, source) = unpacked_text(path)?;
            Table::from_csv_pieces(text, &source, &options.csv, rows, each)
        }
        Some(format) => {
            let pieces = Pieces { rows: rows.max(1), every: 1, each: &mut each };
            of_file(format, path, options, pieces)
        }
    }
}

/// One of each so many rows of a table (1 for all), as [`gradtape::data::stands_for`] chooses. All rows are looked at, so
/// that the columns are taken for what they are in the whole file. Fails as [`read_table_pieces`], and where a table of
/// fewer rows than those has none that is chosen.
pub fn read_table_every(
    path: impl AsRef<Path>,
    options: &TableOptions,
    every: usize,
) -> Result<Table> {
    let path = path.as_ref();
    match Format::of(path) {
        None => Table::read_csv_every(path, &options.csv, every),
        Some(Format::Zstd) => {
            let (text, source) = unpacked_text(path)?;
            Table::from_csv_every(text, &source, &options.csv, every)
        }
        Some(format) => {
            let none = format!("{}: there are no rows", path.display());
            let mut whole = Err(Error::new(Kind::Data, none));
            let mut each = |table| {
                whole = Ok(table);
                Ok(())
            };
            let pieces = Pieces { rows: usize::MAX, every: every.max(1), each: &mut each };
            of_file(format, path, options, pieces)?;
            whole
        }
    }
}

/// Hands out the rows of a file that is no text.
fn of_file(format: Format, path: &Path, options: &TableOptions, pieces: Pieces<'_>) -> Result<()> {
    let source = path.display().to_string();
    let open = || File::open(path).map_err(|error| failed(&source, &error));
    match format {
        #[cfg(feature = "parquet")]
        Format::Parquet => {
            by(&source, pieces, |pieces| parquet::read_pieces(open()?, &source, options, pieces))
        }
        #[cfg(feature = "arrow")]
        Format::Arrow => {
            by(&source, pieces, |pieces| arrow::read_pieces(open()?, &source, options, pieces))
        }
        Format::Npy => {
            by(&source, pieces, |pieces| arrays::pieces_of_npy(open()?, &source, options, pieces))
        }
        #[cfg(feature = "npz")]
        Format::Npz => {
            by(&source, pieces, |pieces| arrays::pieces_of_npz(path, &source, options, pieces))
        }
        #[allow(unreachable_patterns, reason = "where all are built in")]
        Format::Parquet | Format::Arrow | Format::Npz => Err(not_built_in(format, &source)),
        Format::Xlsx => {
            let message = format!(
                "{source}: this is {}, which is read whole, and not in pieces: its rows are packed, and its texts stand apart \
                 from them",
                named(format).0
            );
            Err(Error::new(Kind::Data, message)
                .hint("save it as CSV, which is read in pieces, or allow more memory"))
        }
        other => {
            let message = format!(
                "{source}: this is {}, which is read whole, and not in pieces",
                named(other).0
            );
            Err(Error::new(Kind::Data, message)
                .hint("write it as Parquet or CSV, which are read in pieces, or allow more memory"))
        }
    }
}

/// Has a decoder of others hand out the rows of a file.
fn by(source: &str, pieces: Pieces<'_>, read: impl FnOnce(Pieces<'_>) -> Result<()>) -> Result<()> {
    let mut own = Own { each: pieces.each, panic: None };
    let mut each = |table| own.run(table);
    let pieces = Pieces { rows: pieces.rows, every: pieces.every, each: &mut each };
    let read = guarded(source, || read(pieces));
    match own.panic {
        Some(panic) => panic::resume_unwind(panic),
        None => read,
    }
}

/// What the caller does with the pieces: a panic of it is no damage of the file, and goes on where the reader has ended.
struct Own<'a> {
    each: &'a mut dyn FnMut(Table) -> Result<()>,
    panic: Option<Box<dyn std::any::Any + Send>>,
}

impl Own<'_> {
    fn run(&mut self, table: Table) -> Result<()> {
        // It is told as any other.
        let was = QUIET.replace(false);
        let done = panic::catch_unwind(AssertUnwindSafe(|| (self.each)(table)));
        QUIET.set(was);
        done.unwrap_or_else(|panic| {
            self.panic = Some(panic);
            Err(Error::new(Kind::Data, "the rows could not be used"))
        })
    }
}

/// The table in the bytes of a file that is no text.
fn of_bytes(format: Format, bytes: Vec<u8>, source: &str, options: &TableOptions) -> Result<Table> {
    let read = || match format {
        #[cfg(feature = "xlsx")]
        Format::Xlsx => xlsx::read(bytes, source, options),
        #[cfg(feature = "parquet")]
        Format::Parquet => parquet::read(bytes, source, options),
        #[cfg(feature = "arrow")]
        Format::Arrow => arrow::read(bytes, source, options),
        Format::Npy => arrays::table_of_npy(bytes, source, options),
        #[cfg(feature = "npz")]
        Format::Npz => arrays::table_of_npz(bytes, source, options),
        other => Err(not_built_in(other, source)),
    };
    guarded(source, read)
}

/// What is read; a decoder of others should not, but may fail in its own way on damaged files.
fn guarded<T>(source: &str, read: impl FnOnce() -> Result<T>) -> Result<T> {
    unpanicked(read).unwrap_or_else(|| {
        let message = format!("{source}: the decoder failed, the file is damaged");
        Err(Error::new(Kind::Data, message).hint("write or download it again"))
    })
}

/// What a function gives; `None` where it panics, of which nothing is printed: the first time, a hook is put before that
/// of the process, which sees all other panics as before.
pub(crate) fn unpanicked<T>(run: impl FnOnce() -> T) -> Option<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                before(info);
            }
        }));
    });
    let was = QUIET.replace(true);
    let given = panic::catch_unwind(AssertUnwindSafe(run));
    QUIET.set(was);
    given.ok()
}

thread_local! {
    /// Whether a panic of this thread is caught, and told in other words.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// The table in a file that is compressed by zstd.
fn unpacked(packed: impl Read, source: &str, options: &TableOptions) -> Result<Table> {
    Table::from_csv(text_of(packed, source)?, source, &options.csv)
}

/// The text of such a file, and its name.
fn unpacked_text(path: &Path) -> Result<(impl Read, String)> {
    let source = path.display().to_string();
    let file = File::open(path).map_err(|error| failed(&source, &error))?;
    Ok((text_of(file, &source)?, source))
}

/// The text that is compressed by zstd.
#[cfg(feature = "zstd")]
fn text_of<R: Read>(packed: R, source: &str) -> Result<impl Read + use<R>> {
    let broken = |words: String| {
        let message = format!("{source}: the zstd data cannot be unpacked: {words}");
        Error::new(Kind::Data, message).hint("the file is damaged or cut short")
    };
    let unpacked = crate::frames::Frames::of(
        BufReader::with_capacity(1 << 16, packed),
        crate::budget::DENSEST,
    );
    let mut input = BufReader::with_capacity(1 << 16, unpacked);
    let mut head = Vec::new();
    let read = (&mut input).take(HEAD).read_to_end(&mut head);
    read.map_err(|error| broken(error.to_string()))?;
    match Format::of_bytes(&head) {
        Some(format) if !format.is_image() => {
            let message = format!("{source}: compressed by zstd, in which is {}", named(format).0);
            Err(Error::new(Kind::Data, message).hint("unpack it: `zstd -d`"))
        }
        _ => Ok(Cursor::new(head).chain(input)),
    }
}

#[cfg(not(feature = "zstd"))]
fn text_of<R: Read>(_: R, source: &str) -> Result<std::io::Empty> {
    Err(not_built_in(Format::Zstd, source))
}

/// A format in words, and the feature that reads it.
fn named(format: Format) -> (&'static str, &'static str) {
    match format {
        Format::Png => ("a PNG image", "images"),
        Format::Jpeg => ("a JPEG image", "images"),
        Format::Xlsx => ("a spreadsheet (xlsx)", "xlsx"),
        Format::Parquet => ("a Parquet file", "parquet"),
        Format::Arrow => ("an Arrow (Feather) file", "arrow"),
        Format::Npy => ("an array of NumPy (npy)", "npy"),
        Format::Npz => ("an archive of arrays of NumPy (npz)", "npz"),
        Format::Zstd => ("a file compressed by zstd", "zstd"),
    }
}

/// The name of a column; that of row numbers and row names, which pandas writes, is none.
#[cfg(any(feature = "arrow", feature = "parquet"))]
fn own_name(name: &str) -> &str {
    let index = name.starts_with("__index_level_") && name.ends_with("__");
    if index { "" } else { name }
}

pub(crate) fn not_built_in(format: Format, source: &str) -> Error {
    let (what, feature) = named(format);
    let message = format!(
        "{source}: this is {what}; this program was built without the feature {feature:?}, which reads such files"
    );
    Error::new(Kind::Data, message).hint(format!(
        "build it with `cargo install --path crates/gradtape-cli --features {feature}`, or write the table as CSV"
    ))
}

pub(crate) fn failed(source: &str, error: &std::io::Error) -> Error {
    Error::new(Kind::File, format!("{source}: {error}"))
}

/// How many bytes a file has.
pub(crate) fn length_of(file: &File, source: &str) -> Result<u64> {
    Ok(file.metadata().map_err(|error| failed(source, &error))?.len())
}

/// How many bytes are looked at.
const HEAD: u64 = 1 << 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_others_is_caught() {
        assert_eq!(unpanicked(|| 3), Some(3));
        assert_eq!(unpanicked(|| -> u8 { panic!("a decoder of others") }), None);
        // Later ones of our own are printed again.
        assert!(!QUIET.get());
    }
}
