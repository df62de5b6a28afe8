//! Reading ahead: rows of an epoch in their order, while others are trained on.

use std::ops::Range;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::{self, JoinHandle};

use super::Stream;
use super::order::{Blocks, Order, Piece};
use crate::data::{Augment, Batch, shard};
use crate::tensor::{Error, Kind, Result, Tensor};

/// The batches of a stream, epoch after epoch.
pub(crate) struct StreamBatches {
    stream: Stream,
    size: usize,
    seed: u64,
    augment: Option<Augment>,
    /// Into how many shards each batch is cut, and which of them are read.
    shards: usize,
    own: Range<usize>,
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
        let (stream, own) = (stream.clone(), 0..1);
        Ok(StreamBatches { stream, size, seed, augment, shards: 1, own })
    }

    /// Of batches that are cut into so many shards, at least 1, those of some shards alone. Each shard has rows of other
    /// blocks, so that nothing is read of the others.
    pub(crate) fn sharded(self, shards: usize, own: Range<usize>) -> StreamBatches {
        StreamBatches { shards, own, ..self }
    }

    /// The number of batches of an epoch.
    pub(crate) fn len(&self) -> usize {
        self.stream.len().div_ceil(self.size)
    }

    /// How many rows a batch has with all of its shards.
    fn rows(&self, batch: usize) -> usize {
        rows_of(batch, self.size, self.stream.len())
    }

    /// Tells how many rows the batch after the first so many has with all of its shards, where only some of them are read.
    pub(crate) fn rows_of_all(&self) -> Option<impl Fn(usize) -> usize + use<>> {
        let (size, len) = (self.size, self.stream.len());
        (self.own.len() < self.shards).then_some(move |batch| rows_of(batch, size, len))
    }

    /// The batches of one epoch without the first so many.
    pub(crate) fn epoch_from(&self, epoch: u64, batches: usize) -> Result<StreamEpoch<'_>> {
        let (sender, pieces) = sync_channel(1);
        let blocks = Blocks::new(&self.stream, self.seed, epoch);
        let of = |shard| Order::new(&blocks, &self.stream, (self.shards, shard), self.size);
        let orders: Vec<Order> = self.own.clone().map(of).collect();
        let begun: Vec<Begun> = orders.iter().map(|order| Begun::at(order, batches)).collect();
        let (stream, size, mut at) = (self.stream.clone(), self.size, begun.clone());
        let last = self.len();
        // It ends when nobody wants a piece any more.
        let read = move || {
            for batch in batches..last {
                let rows = rows_of(batch, size, stream.len());
                for (order, begun) in orders.iter().zip(&mut at) {
                    let mut wanted = order.shard_rows(rows);
                    while wanted > 0 {
                        if begun.left == 0 {
                            let read = order.read(&stream, begun.piece);
                            begun.next(order);
                            let failed = read.is_err();
                            if sender.send(read).is_err() || failed {
                                return;
                            }
                        }
                        let taken = wanted.min(begun.left);
                        (wanted, begun.left) = (wanted - taken, begun.left - taken);
                    }
                }
            }
        };
        let thread = thread::Builder::new().name("gradtape-reader".to_string()).spawn(read);
        let refused = |error| Error::new(Kind::Data, format!("no thread can read ahead: {error}"));
        let (thread, pieces) = (Some(thread.map_err(refused)?), Some(pieces));
        let open = begun.iter().map(|begun| Open { piece: None, at: begun.skipped }).collect();
        Ok(StreamEpoch { of: self, epoch, thread, pieces, open, batch: batches })
    }
}

/// How far a shard has come: the piece that is read next, how many of its rows are left out, and how many rows of those
/// before are not used yet.
#[derive(Clone)]
struct Begun {
    piece: usize,
    skipped: usize,
    left: usize,
}

impl Begun {
    fn at(order: &Order, batches: usize) -> Begun {
        let (piece, skipped) = order.at(batches);
        Begun { piece, skipped, left: 0 }
    }

    /// The next piece is there.
    fn next(&mut self, order: &Order) {
        self.left = order.piece_rows(self.piece).saturating_sub(self.skipped);
        (self.piece, self.skipped) = (self.piece + 1, 0);
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
    /// Of each shard that is read.
    open: Vec<Open>,
    /// The number of the next batch.
    batch: usize,
}

/// The piece of a shard whose rows are being used, and the first row that is not.
struct Open {
    piece: Option<Piece>,
    at: usize,
}

impl StreamEpoch<'_> {
    /// The next piece, if there is one.
    fn next_piece(&mut self) -> Result<Option<Piece>> {
        match self.pieces.as_ref().and_then(|pieces| pieces.recv().ok()) {
            Some(piece) => piece.map(Some),
            // The thread has sent all, or could not go on.
            None => match self.thread.take().map(JoinHandle::join) {
                Some(Err(_)) => Err(Error::new(Kind::Data, "the source of a stream panicked")
                    .hint("have `RowSource::read` give an error in its place")),
                _ => Ok(None),
            },
        }
    }

    /// The next batch, of rows of one piece of each shard or of several.
    fn batch(&mut self) -> Result<Option<Batch>> {
        let (all, shards) = (self.of.rows(self.batch), self.of.shards);
        if all == 0 {
            return Ok(None);
        }
        self.batch += 1;
        let (mut x, mut y, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        for (open, number) in self.of.own.clone().enumerate() {
            let mut wanted = shard(number, shards, all).len();
            while wanted > 0 {
                if self.open[open].piece.is_none() {
                    self.open[open].piece = self.next_piece()?;
                }
                let Open { piece, at } = &mut self.open[open];
                // What could not be read was told before.
                let Some(own) = piece else { return Ok(None) };
                let end = (*at + wanted).min(own.rows.len());
                x.push(own.data.inputs().slice(0, *at..end)?);
                y.push(own.data.targets().slice(0, *at..end)?);
                rows.extend(&own.rows[*at..end]);
                wanted -= end - *at;
                *at = end;
                if end == own.rows.len() {
                    (*piece, *at) = (None, 0);
                }
            }
        }
        if rows.is_empty() {
            let none = self.of.stream.first();
            let [x, y] = [none.inputs(), none.targets()].map(|own| own.slice(0, 0..0));
            return Ok(Some(Batch { x: x?, y: y?, w: None }));
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

/// How many rows a batch of so many has, of a stream of such a length.
fn rows_of(batch: usize, size: usize, len: usize) -> usize {
    size.min(len.saturating_sub(batch * size))
}

fn joined(mut parts: Vec<Tensor>) -> Result<Tensor> {
    match parts.len() {
        1 => Ok(parts.swap_remove(0)),
        _ => Tensor::concat(&parts, 0),
    }
}
