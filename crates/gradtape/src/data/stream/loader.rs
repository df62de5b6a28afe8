//! Reading ahead: rows of an epoch in their order, while others are trained on.

use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::{self, JoinHandle};

use super::Stream;
use crate::data::{Augment, Batch, Dataset};
use crate::tensor::{Error, Kind, Result, Rng, Tensor};

/// The batches of a stream, epoch after epoch.
pub(crate) struct StreamBatches {
    stream: Stream,
    size: usize,
    seed: u64,
    augment: Option<Augment>,
}

impl StreamBatches {
    /// Fails for batches of no rows, and for images that cannot be changed.
    pub(crate) fn new(
        stream: &Stream,
        size: usize,
        seed: u64,
        augment: Option<Augment>,
    ) -> Result<StreamBatches> {
        if size == 0 {
            return Err(Error::new(Kind::Value, "batches of 0 rows").hint("use 1 row or more"));
        }
        if let Some(augment) = &augment {
            augment.check(stream.first.inputs())?;
        }
        Ok(StreamBatches { stream: stream.clone(), size, seed, augment })
    }

    /// The number of batches of an epoch.
    pub(crate) fn len(&self) -> usize {
        self.stream.len().div_ceil(self.size)
    }

    /// The batches of one epoch without the first so many.
    pub(crate) fn epoch_from(&self, epoch: u64, batches: usize) -> Result<StreamEpoch<'_>> {
        let (sender, pieces) = sync_channel(1);
        let order = Order::new(&self.stream, self.seed, epoch);
        let (piece, skip) = order.at((batches * self.size).min(self.stream.len()));
        let stream = self.stream.clone();
        // It ends when nobody wants a piece any more.
        let read = move || {
            for number in piece..order.pieces() {
                let read = order.read(&stream, number);
                let failed = read.is_err();
                if sender.send(read).is_err() || failed {
                    break;
                }
            }
        };
        let thread = thread::Builder::new().name("gradtape-reader".to_string()).spawn(read);
        let refused = |error| Error::new(Kind::Data, format!("no thread can read ahead: {error}"));
        let (thread, pieces) = (Some(thread.map_err(refused)?), Some(pieces));
        Ok(StreamEpoch { of: self, epoch, thread, pieces, piece: None, at: skip })
    }
}

/// Iterator over the batches of one epoch.
pub(crate) struct StreamEpoch<'a> {
    of: &'a StreamBatches,
    epoch: u64,
    /// What reads, until it has ended.
    thread: Option<JoinHandle<()>>,
    /// Nothing where nobody wants them any more.
    pieces: Option<Receiver<Result<Piece>>>,
    piece: Option<Piece>,
    /// The first row of the piece that is not used.
    at: usize,
}

/// Rows that are shuffled, with their numbers in the source.
struct Piece {
    data: Dataset,
    rows: Vec<usize>,
}

impl StreamEpoch<'_> {
    /// The next piece, if there is one.
    fn next_piece(&mut self) -> Result<bool> {
        match self.pieces.as_ref().and_then(|pieces| pieces.recv().ok()) {
            Some(piece) => {
                self.piece = Some(piece?);
                Ok(true)
            }
            // The thread has sent all, or could not go on.
            None => match self.thread.take().map(JoinHandle::join) {
                Some(Err(_)) => Err(Error::new(Kind::Data, "the source of a stream panicked")
                    .hint("have `RowSource::read` give an error in its place")),
                _ => Ok(false),
            },
        }
    }

    /// The next batch, of rows of one piece or of several.
    fn batch(&mut self) -> Result<Option<Batch>> {
        if self.piece.is_none() && !self.next_piece()? {
            return Ok(None);
        }
        let (mut x, mut y, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        while rows.len() < self.of.size {
            let Some(piece) = &self.piece else { break };
            let end = (self.at + self.of.size - rows.len()).min(piece.rows.len());
            if end > self.at {
                x.push(piece.data.inputs().slice(0, self.at..end)?);
                y.push(piece.data.targets().slice(0, self.at..end)?);
                rows.extend(&piece.rows[self.at..end]);
                self.at = end;
            }
            if self.at == piece.rows.len() {
                self.at = 0;
                if !self.next_piece()? {
                    self.piece = None;
                }
            }
        }
        if rows.is_empty() {
            return Ok(None);
        }
        let mut batch = Batch { x: joined(x)?, y: joined(y)?, w: None };
        if let Some(augment) = &self.of.augment {
            batch.x = augment.apply(&batch.x, &rows, self.of.seed, self.epoch)?;
        }
        Ok(Some(batch))
    }
}

/// Waits for the thread, so that nobody reads any more.
impl Drop for StreamEpoch<'_> {
    fn drop(&mut self) {
        self.pieces = None;
        if let Some(thread) = self.thread.take() {
            // A panic was told, or is of rows that nobody asked for.
            drop(thread.join());
        }
    }
}

impl Iterator for StreamEpoch<'_> {
    type Item = Result<Batch>;

    fn next(&mut self) -> Option<Result<Batch>> {
        self.batch().transpose()
    }
}

fn joined(mut parts: Vec<Tensor>) -> Result<Tensor> {
    match parts.len() {
        1 => Ok(parts.swap_remove(0)),
        _ => Tensor::concat(&parts, 0),
    }
}

/// In which order the rows of an epoch come.
struct Order {
    blocks: Vec<usize>,
    block: usize,
    together: usize,
    len: usize,
    rng: Rng,
}

impl Order {
    fn new(stream: &Stream, seed: u64, epoch: u64) -> Order {
        let rng = Rng::new(seed).split(epoch);
        let (len, block, together) = (stream.len(), stream.block, stream.together);
        let blocks = rng.split(0).permutation(len.div_ceil(block));
        Order { blocks, block, together, len, rng }
    }

    /// How many pieces there are.
    fn pieces(&self) -> usize {
        self.blocks.len().div_ceil(self.together)
    }

    /// The blocks of a piece.
    fn blocks(&self, piece: usize) -> &[usize] {
        let from = piece * self.together;
        &self.blocks[from..(from + self.together).min(self.blocks.len())]
    }

    /// The rows of a block in the source.
    fn rows(&self, block: usize) -> std::ops::Range<usize> {
        let from = block * self.block;
        from..(from + self.block).min(self.len)
    }

    /// The piece of a row of the order, and its place there.
    fn at(&self, mut row: usize) -> (usize, usize) {
        for piece in 0..self.pieces() {
            let rows = self.blocks(piece).iter().map(|&block| self.rows(block).len()).sum();
            if row < rows {
                return (piece, row);
            }
            row -= rows;
        }
        (self.pieces(), 0)
    }

    fn read(&self, stream: &Stream, piece: usize) -> Result<Piece> {
        let (mut parts, mut numbers) = (Vec::new(), Vec::new());
        for &block in self.blocks(piece) {
            let rows = self.rows(block);
            numbers.extend(rows.clone());
            parts.push(stream.read(rows)?);
        }
        let all = Dataset::concat(&parts)?;
        drop(parts);
        let order = self.rng.split(1 + piece as u64).permutation(numbers.len());
        let data = all.rows(&order)?;
        Ok(Piece { data, rows: order.into_iter().map(|row| numbers[row]).collect() })
    }
}
