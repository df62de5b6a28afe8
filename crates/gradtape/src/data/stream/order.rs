//! [`Order`]: in which order the rows of an epoch come.

use std::ops::Range;

use super::Stream;
use crate::data::{Dataset, shard};
use crate::tensor::{Result, Rng};

/// In which order the rows of a shard come in an epoch.
///
/// The blocks of the stream come in another order each time. Of the rows in that order each shard has some that follow each
/// other, as many as it needs for all batches; it reads them in pieces, whose rows are shuffled.
pub(super) struct Order {
    /// The rows of the source, range by range.
    ranges: Vec<Range<usize>>,
    /// How many ranges make a piece.
    together: usize,
    /// Where this is, of how many shards.
    shard: (usize, usize),
    /// The number of rows of a batch with all shards.
    size: usize,
    rng: Rng,
}

/// Rows that are shuffled, with their numbers in the source.
pub(super) struct Piece {
    pub(super) data: Dataset,
    pub(super) rows: Vec<usize>,
}

/// Where the random numbers of shards begin, where there are several.
const SHARDS: u64 = 1 << 40;

/// In which order the blocks of a stream come in an epoch.
pub(super) struct Blocks {
    order: Vec<usize>,
    rng: Rng,
}

impl Blocks {
    pub(super) fn new(stream: &Stream, seed: u64, epoch: u64) -> Blocks {
        let rng = Rng::new(seed).split(epoch);
        Blocks { order: rng.split(0).permutation(stream.len().div_ceil(stream.block)), rng }
    }
}

impl Order {
    /// Of a shard, numbered from 0, of so many, in batches of a size.
    pub(super) fn new(
        blocks: &Blocks,
        stream: &Stream,
        (shards, own): (usize, usize),
        size: usize,
    ) -> Order {
        let (len, block) = (stream.len(), stream.block);
        let rows = |shard| rows_of(shard, shards, size, len);
        let start: usize = (0..own).map(rows).sum();
        let wanted = start..start + rows(own);
        let (mut ranges, mut before) = (Vec::new(), 0);
        for number in &blocks.order {
            let from = number * block;
            let count = block.min(len - from);
            let first = wanted.start.max(before);
            let end = wanted.end.min(before + count);
            if first < end {
                ranges.push(from + first - before..from + end - before);
            }
            before += count;
        }
        let rng = match shards > 1 {
            true => blocks.rng.split(SHARDS + own as u64),
            false => blocks.rng.clone(),
        };
        // Together the shards have as many rows in memory as one would have.
        let together = stream.together.div_ceil(shards);
        Order { ranges, together, shard: (own, shards), size, rng }
    }

    /// How many rows of a batch of so many are the shard's.
    pub(super) fn shard_rows(&self, rows: usize) -> usize {
        shard(self.shard.0, self.shard.1, rows).len()
    }

    /// The ranges of a piece.
    fn piece(&self, piece: usize) -> &[Range<usize>] {
        let from = (piece * self.together).min(self.ranges.len());
        &self.ranges[from..(from + self.together).min(self.ranges.len())]
    }

    /// How many rows a piece has.
    pub(super) fn piece_rows(&self, piece: usize) -> usize {
        self.piece(piece).iter().map(Range::len).sum()
    }

    /// The piece of the first row after so many whole batches, and its place there.
    pub(super) fn at(&self, batches: usize) -> (usize, usize) {
        let mut row = batches.saturating_mul(self.shard_rows(self.size));
        for piece in 0..self.ranges.len().div_ceil(self.together) {
            let rows = self.piece_rows(piece);
            if row < rows {
                return (piece, row);
            }
            row -= rows;
        }
        (self.ranges.len(), 0)
    }

    pub(super) fn read(&self, stream: &Stream, piece: usize) -> Result<Piece> {
        let (mut parts, mut numbers) = (Vec::new(), Vec::new());
        for rows in self.piece(piece) {
            numbers.extend(rows.clone());
            parts.push(stream.read(rows.clone())?);
        }
        let all = Dataset::concat(&parts)?;
        drop(parts);
        let order = self.rng.split(1 + piece as u64).permutation(numbers.len());
        let data = all.rows(&order)?;
        Ok(Piece { data, rows: order.into_iter().map(|row| numbers[row]).collect() })
    }
}

/// How many rows of all batches are a shard's.
fn rows_of(own: usize, shards: usize, size: usize, len: usize) -> usize {
    let of = |rows| shard(own, shards, rows).len();
    len / size * of(size) + of(len % size)
}
