//! [`Stream`]: examples that do not fit in memory, read as they are needed.

mod loader;
mod order;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

pub(crate) use self::loader::StreamBatches;
use super::Dataset;
use crate::tensor::{Error, Kind, Result};

/// Where examples are read from: a file, a folder, a generator. A thread of its own reads.
pub trait RowSource: Send + Sync {
    /// The number of examples.
    fn len(&self) -> usize;

    /// Some examples that follow each other, ready for a network. Fails where they cannot be read; the same range gives
    /// the same bits each time.
    fn read(&self, rows: Range<usize>) -> Result<Dataset>;

    /// Whether there is no example.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A number that tells whether the examples are the same as others, where it is known without reading them all.
    fn fingerprint(&self) -> Option<u64> {
        None
    }
}

/// Examples of a [`RowSource`] for [`Trainer::fit_stream`](crate::train::Trainer::fit_stream), of which only a part is
/// in memory at a time.
///
/// Rows are read in **blocks** that follow each other in the source. In each epoch the blocks come in another order,
/// some of them are put together, and the rows of these are shuffled: a row meets other rows each time, and the
/// disk reads whole blocks. The order depends on the seed, the number of the epoch, the sizes and the number of
/// [shards](crate::train::Trainer::shards) alone, each of which has blocks of its own. A thread reads
/// ahead while the network trains. Up to five times what is put together is in memory; of more shards than blocks are put
/// together, a block of each.
///
/// ```
/// use std::ops::Range;
/// use gradtape::data::{Dataset, RowSource, Stream};
/// use gradtape::nn::{Activation, Sequential};
/// use gradtape::{Rng, Tensor, optim::Adam, train::Trainer};
///
/// /// Points and whether they are above the diagonal; 8 GB of them, if they were all there at once.
/// struct Points;
///
/// impl RowSource for Points {
///     fn len(&self) -> usize {
/// #       if true { return 3_000; }
///         1_000_000_000
///     }
///
///     fn read(&self, rows: Range<usize>) -> gradtape::Result<Dataset> {
///         let of = |row: usize| [0, 1].map(|i| Rng::new(7).split((2 * row + i) as u64).uniform() as f32);
///         let points: Vec<[f32; 2]> = rows.map(of).collect();
///         let labels: Vec<i64> = points.iter().map(|[x, y]| i64::from(y > x)).collect();
///         let inputs = Tensor::from_vec(points.concat(), [labels.len(), 2])?;
///         Dataset::new(inputs, Tensor::from_vec(labels.clone(), labels.len())?)
///     }
/// }
///
/// let net = Sequential::mlp(&[2, 8, 2], Activation::Tanh, 0.0, &mut Rng::new(7))?;
/// let stream = Stream::new(Points)?.block_rows(100).blocks_together(5);
/// let mut trainer = Trainer::new(&net, Adam::new(&net, 0.01)).epochs(1);
/// let history = trainer.fit_stream(&stream, None)?;
/// assert!(history.epochs[0].train.accuracy.unwrap() > 0.7);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone)]
pub struct Stream {
    source: Arc<dyn RowSource>,
    /// The first example.
    first: Dataset,
    block: usize,
    together: usize,
}

/// About how many bytes of rows are shuffled together, unless said otherwise.
const TOGETHER: usize = 32 << 20;

/// How many blocks are put together, unless said otherwise or rows are so large that they would be too much.
const BLOCKS: usize = 32;

/// How many rows are shuffled together at least.
const LEAST: usize = 16;

/// How many rows at both ends tell whether examples are the same.
const END: usize = 100;

impl Stream {
    /// The examples of a source, in 32 blocks of 32 rows or more and of 32 MB in all; of larger rows, in fewer blocks of
    /// fewer rows. Reads the first example; fails where there is none, or it cannot be read.
    pub fn new(source: impl RowSource + 'static) -> Result<Stream> {
        if source.is_empty() {
            return Err(Error::new(Kind::Data, "there are no examples to read"));
        }
        let first = source.read(0..1)?;
        check(&first, 1, None)?;
        let bytes =
            [first.inputs(), first.targets()].map(|own| own.elements() * own.dtype().size());
        // How many rows are shuffled together, at least so many that there is something to shuffle.
        let rows = (TOGETHER / bytes.iter().sum::<usize>().max(1)).max(LEAST);
        let together = BLOCKS.min(rows);
        Ok(Stream { source: Arc::new(source), first, block: rows / together, together })
    }

    /// How many rows are read at once, at least 1.
    #[must_use]
    pub fn block_rows(self, rows: usize) -> Stream {
        Stream { block: rows.max(1), ..self }
    }

    /// How many blocks are put together to shuffle their rows, at least 1.
    #[must_use]
    pub fn blocks_together(self, blocks: usize) -> Stream {
        Stream { together: blocks.max(1), ..self }
    }

    /// The number of examples.
    pub fn len(&self) -> usize {
        self.source.len()
    }

    /// Whether there is no example.
    pub fn is_empty(&self) -> bool {
        self.source.is_empty()
    }

    /// The first example, of which all others have the shape.
    pub fn first(&self) -> &Dataset {
        &self.first
    }

    /// Some examples that follow each other. Fails where they cannot be read, or are not like the first.
    pub fn read(&self, rows: Range<usize>) -> Result<Dataset> {
        let count = rows.len();
        let read = self.source.read(rows.clone());
        let place = || format!("rows {} to {}", rows.start, rows.end.saturating_sub(1));
        let data = read.map_err(|error| error.context(place()))?;
        check(&data, count, Some(&self.first)).map_err(|error| error.context(place()))?;
        Ok(data)
    }

    /// How many rows are in a block, and how many blocks are put together: with the seed, they tell the order.
    pub(crate) fn blocks(&self) -> (usize, usize) {
        (self.block, self.together)
    }

    /// A number that tells whether examples are the same as others: the [source's](RowSource::fingerprint), else of their
    /// count and of the first and the last hundred.
    pub fn fingerprint(&self) -> Result<u64> {
        if let Some(known) = self.source.fingerprint() {
            return Ok(known);
        }
        let (len, end) = (self.len(), END.min(self.len()));
        let ends = [self.read(0..end)?, self.read(len - end..len)?];
        let [first, last] = ends.map(|data| data.fingerprint());
        Ok(first.rotate_left(17) ^ last.rotate_left(7) ^ len as u64)
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Stream { first, block, together, .. } = self;
        let mut shown = f.debug_struct("Stream");
        shown.field("rows", &self.len()).field("first", first);
        shown.field("block_rows", block).field("blocks_together", together).finish()
    }
}

/// Fails for examples that are not as many, or not like another.
fn check(data: &Dataset, count: usize, like: Option<&Dataset>) -> Result<()> {
    if data.len() != count {
        let message = format!("the source gave {} examples for {count}", data.len());
        return Err(Error::new(Kind::Data, message));
    }
    let Some(like) = like else { return Ok(()) };
    let both =
        [(data.inputs(), like.inputs(), "inputs"), (data.targets(), like.targets(), "targets")];
    for (own, first, what) in both {
        if own.shape()[1..] != first.shape()[1..] || own.dtype() != first.dtype() {
            let described =
                |own: &crate::tensor::Tensor| format!("{}{:?}", own.dtype(), &own.shape()[1..]);
            let (own, first) = (described(own), described(first));
            return Err(Error::new(
                Kind::Data,
                format!("{what} are {own}, those of the first row {first}"),
            )
            .hint("all examples of a stream have one shape and type"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
