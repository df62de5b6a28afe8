//! [`Budget`]: how much memory a file may ask for.

use gradtape::{Error, Kind, Result};

/// The memory that the cells of a file may take, by the size of the file. A few bytes can stand for any number of cells;
/// a file that says so is refused before its cells are made.
pub(crate) struct Budget {
    source: String,
    length: u64,
    times: u64,
    left: u64,
    /// Where the user or the machine has less: how much that was.
    most: Option<u64>,
}

impl Budget {
    /// For the cells of a file of so many bytes, and at most so many.
    pub(crate) fn new(source: &str, length: u64, most: Option<u64>) -> Budget {
        let budget = Budget::of(source, length, MOST);
        match most.filter(|most| *most < budget.left) {
            Some(most) => Budget { left: most, most: Some(most), ..budget },
            None => budget,
        }
    }

    /// For so many bytes made of one.
    pub(crate) fn of(source: &str, length: u64, times: u64) -> Budget {
        let left = length.max(SMALL).saturating_mul(times);
        Budget { source: source.to_string(), length, times, left, most: None }
    }

    /// Takes so many bytes.
    pub(crate) fn take(&mut self, bytes: u64) -> Result<()> {
        match self.left.checked_sub(bytes) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None if self.most.is_some() => {
                let message = format!(
                    "{}: its {} bytes unpack to more than {} MB of cells, the most that is read at once",
                    self.source,
                    self.length,
                    self.most.unwrap_or(0) / 1_000_000
                );
                Err(Error::new(Kind::Data, message).hint(
                    "leave out rows or columns, write it as CSV or Parquet, which are read in pieces, or a Feather file in \
                     smaller batches; --memory SIZE allows more",
                ))
            }
            None => {
                let message = format!(
                    "{}: its {} bytes unpack to more than {} times as many",
                    self.source, self.length, self.times
                );
                Err(Error::new(Kind::Data, message)
                    .hint("the file is damaged, or made to fill the memory"))
            }
        }
    }

    /// Takes the bytes of cells of so many rows and columns, beside their texts.
    pub(crate) fn cells(&mut self, rows: u64, columns: u64) -> Result<()> {
        self.take(rows.saturating_mul(columns).saturating_mul(8))
    }
}

/// How many bytes may be made of one. Of a dictionary it can be any number.
pub(crate) const MOST: u64 = 2048;

/// How many bytes of text a byte of a compressed file may stand for; tables have a hundred at most.
#[cfg(any(feature = "xlsx", feature = "zstd"))]
pub(crate) const DENSEST: u64 = 256;

/// Smaller files may unpack to as much as one of this size.
const SMALL: u64 = 1 << 16;
