//! [`Batches`]: a dataset in pieces, shuffled by a seed.

use super::rows::{copy_rows, like};
use super::{Augment, Dataset};
use crate::tensor::{Error, Kind, Result, Rng, Tensor};

/// A few examples: inputs `x` and targets `y`, one row each.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The inputs, `[rows, …]`.
    pub x: Tensor,
    /// The targets: class numbers `[rows]` or numbers `[rows, k]`.
    pub y: Tensor,
    /// How much each row counts, f32 `[rows]`, if not all the same: [`Dataset::with_weights`].
    pub w: Option<Tensor>,
}

impl Batch {
    /// The number of examples.
    pub fn len(&self) -> usize {
        self.x.shape()[0]
    }

    /// Whether there is no example.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The batches of a dataset, epoch after epoch; made by [`Dataset::batches`].
///
/// In order, a batch is a view of the dataset. Shuffled, it is a copy whose memory is used again
/// once the batch and everything that views it is dropped.
///
/// ```
/// use gradtape::data::xor;
/// let data = xor(100, 0.1, 7)?;
/// let mut batches = data.batches(32)?.shuffled(7);
/// assert_eq!(batches.len(), 4);
/// for epoch in 0..3 {
///     for batch in batches.epoch(epoch) {
///         assert_eq!(batch.x.shape()[0], batch.y.shape()[0]);
///     }
/// }
/// # Ok::<(), gradtape::Error>(())
/// ```
pub struct Batches<'d> {
    data: &'d Dataset,
    size: usize,
    seed: Option<u64>,
    drop_last: bool,
    augment: Option<Augment>,
    epoch: u64,
    order: Vec<usize>,
    x: Pool,
    y: Pool,
    w: Pool,
}

impl<'d> Batches<'d> {
    pub(super) fn new(data: &'d Dataset, size: usize) -> Result<Batches<'d>> {
        if size == 0 {
            return Err(Error::new(Kind::Value, "batches of 0 rows").hint("use 1 row or more"));
        }
        let (x, y, w) = (Pool::default(), Pool::default(), Pool::default());
        let (order, augment) = (Vec::new(), None);
        Ok(Batches { data, size, seed: None, drop_last: false, augment, epoch: 0, order, x, y, w })
    }

    /// A new order in every epoch, which depends on the seed and the number of the epoch alone; of
    /// [`sliding_windows`](super::sliding_windows) also new places.
    #[must_use]
    pub fn shuffled(self, seed: u64) -> Self {
        Batches { seed: Some(seed), ..self }
    }

    /// Leaves out a last batch that is smaller than the others. It is kept by default.
    #[must_use]
    pub fn drop_last(self, drop_last: bool) -> Self {
        Batches { drop_last, ..self }
    }

    /// Changes the images of each batch at random; what comes to an image depends on the seed of
    /// [`Batches::shuffled`] (0 without), the number of the epoch and that of its row. Fails where the inputs are no
    /// such images.
    pub fn augmented(self, augment: Augment) -> Result<Self> {
        augment.check(self.data.inputs())?;
        Ok(Batches { augment: Some(augment), ..self })
    }

    /// The number of batches of an epoch.
    pub fn len(&self) -> usize {
        match self.drop_last {
            true => self.data.len() / self.size,
            false => self.data.len().div_ceil(self.size),
        }
    }

    /// Whether an epoch has no batch.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The batches of one epoch.
    pub fn epoch(&mut self, epoch: u64) -> Epoch<'_, 'd> {
        self.epoch_from(epoch, 0)
    }

    /// The batches of one epoch without the first so many: where a training goes on.
    pub fn epoch_from(&mut self, epoch: u64, batches: usize) -> Epoch<'_, 'd> {
        self.epoch = epoch;
        if let Some(seed) = self.seed {
            self.order.clear();
            self.order.extend(0..self.data.len());
            Rng::new(seed).split(epoch).shuffle(&mut self.order);
        }
        let next = batches.min(self.len());
        Epoch { batches: self, next }
    }
}

/// Iterator over the batches of one epoch.
pub struct Epoch<'b, 'd> {
    batches: &'b mut Batches<'d>,
    next: usize,
}

impl Iterator for Epoch<'_, '_> {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        if self.next == self.batches.len() {
            return None;
        }
        let Batches { data, size, seed, order, x, y, w, augment, epoch, .. } = &mut *self.batches;
        let start = self.next * *size;
        let end = (start + *size).min(data.len());
        self.next += 1;
        let mut batch = match seed {
            Some(seed) => {
                let (rows, size) = (&order[start..end], (*size).min(data.len()));
                let weights = data.weights().map(|all| w.fill(all, rows, all, size));
                let places: Vec<usize>;
                let ([inputs, targets], rows) = match data.sequence() {
                    None => ([data.inputs(), data.targets()], rows),
                    Some([inputs, targets]) => {
                        let of = Slide { seed: *seed, epoch: *epoch, data };
                        places = rows.iter().map(|&row| of.place(row, inputs.elements())).collect();
                        ([inputs, targets], &places[..])
                    }
                };
                Batch {
                    x: x.fill(inputs, rows, data.inputs(), size),
                    y: y.fill(targets, rows, data.targets(), size),
                    w: weights,
                }
            }
            None => {
                let of = |tensor| view(tensor, start, end);
                Batch { x: of(data.inputs()), y: of(data.targets()), w: data.weights().map(of) }
            }
        };
        if let Some(augment) = augment {
            let in_order: Vec<usize>;
            let rows = match seed {
                Some(_) => &order[start..end],
                None => {
                    in_order = (start..end).collect();
                    &in_order
                }
            };
            let changed = augment.apply(&batch.x, rows, seed.unwrap_or(0), *epoch);
            batch.x = changed.expect("images that were looked at");
        }
        Some(batch)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.batches.len() - self.next;
        (left, Some(left))
    }
}

impl ExactSizeIterator for Epoch<'_, '_> {}

/// Where the windows of a sequence begin.
struct Slide<'d> {
    seed: u64,
    epoch: u64,
    data: &'d Dataset,
}

impl Slide<'_> {
    /// One of the places from that of a row on, before the next row's and a whole window before the end.
    fn place(&self, row: usize, places: usize) -> usize {
        let width = self.data.inputs().shape()[1];
        let from = row * width;
        let choice = width.min(places - width - from + 1);
        let rng = Rng::new(self.seed).split(PLACES).split(self.epoch);
        from + rng.split(row as u64).below(choice)
    }
}

/// What distinguishes the streams of random numbers of a seed from those of the order of rows.
const PLACES: u64 = 0x706c_6163_6573_0000;

/// Memory of earlier batches, each with room for a whole one.
#[derive(Default)]
struct Pool(Vec<Tensor>);

impl Pool {
    /// One batch may be in use by the loop, one by a tape that is not reset yet.
    const BUFFERS: usize = 3;

    /// Rows of a tensor, each with as many numbers as those of `alike`.
    fn fill(&mut self, from: &Tensor, rows: &[usize], alike: &Tensor, size: usize) -> Tensor {
        let free = self.0.iter_mut().position(|buffer| copy_rows(from, rows, buffer));
        let at = free.unwrap_or_else(|| {
            let mut buffer = like(alike, size);
            copy_rows(from, rows, &mut buffer);
            self.0.truncate(Self::BUFFERS - 1);
            self.0.insert(0, buffer);
            0
        });
        view(&self.0[at], 0, rows.len())
    }
}

fn view(tensor: &Tensor, start: usize, end: usize) -> Tensor {
    tensor.slice(0, start..end).expect("rows of the tensor")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(n: usize) -> Dataset {
        let inputs = Tensor::from_vec((0..2 * n).map(|i| i as f32).collect(), [n, 2]).unwrap();
        Dataset::new(inputs, Tensor::from_vec((0..n as i64).collect(), n).unwrap()).unwrap()
    }

    fn labels(batches: &mut Batches<'_>, epoch: u64) -> Vec<i64> {
        let mut all = Vec::new();
        for Batch { x, y, .. } in batches.epoch(epoch) {
            let (x, y) = (x.to_vec::<f32>().unwrap(), y.to_vec::<i64>().unwrap());
            let expected = y.iter().flat_map(|&i| [2.0 * i as f32, 2.0 * i as f32 + 1.0]);
            assert!(x.into_iter().eq(expected));
            all.extend(y);
        }
        all
    }

    #[test]
    fn every_row_comes_once_with_its_target() {
        let data = numbered(23);
        let mut ordered = data.batches(5).unwrap();
        assert!(labels(&mut ordered, 0).into_iter().eq(0..23));
        let mut shuffled = data.batches(5).unwrap().shuffled(1);
        let first = labels(&mut shuffled, 0);
        assert!(!first.is_sorted());
        let mut sorted = first;
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..23));
    }

    #[test]
    fn the_order_depends_on_seed_and_epoch_alone() {
        let data = numbered(23);
        let mut a = data.batches(5).unwrap().shuffled(1);
        let mut b = data.batches(7).unwrap().shuffled(1);
        let third = labels(&mut a, 3);
        labels(&mut b, 9);
        assert_eq!(labels(&mut b, 3), third);
        assert_ne!(labels(&mut a, 4), third);
        assert_ne!(labels(&mut data.batches(5).unwrap().shuffled(2), 3), third);
    }

    #[test]
    fn the_last_batch_is_smaller_or_left_out() {
        let data = numbered(23);
        for (drop_last, sizes) in [(false, &[10, 10, 3][..]), (true, &[10, 10])] {
            for seed in [None, Some(1)] {
                let batches = data.batches(10).unwrap().drop_last(drop_last);
                let mut batches = Batches { seed, ..batches };
                assert_eq!(batches.len(), sizes.len());
                assert_eq!(batches.epoch(0).len(), sizes.len());
                assert!(batches.epoch(0).map(|batch| batch.len()).eq(sizes.iter().copied()));
            }
        }
        let mut large = data.batches(1000).unwrap().shuffled(0);
        assert!(large.epoch(0).map(|batch| batch.len()).eq([23]));
        assert!(data.batches(1000).unwrap().drop_last(true).is_empty());
        let empty = data.rows(&[]).unwrap();
        assert_eq!(empty.batches(4).unwrap().shuffled(0).epoch(0).count(), 0);
        assert!(data.batches(0).is_err());
    }

    #[test]
    fn memory_is_used_again_but_never_under_a_batch_in_use() {
        let data = numbered(40);
        let mut batches = data.batches(10).unwrap().shuffled(1);
        let at = |batch: &Batch| batch.x.as_slice::<f32>().unwrap().as_ptr();
        let places: Vec<_> = batches.epoch(0).map(|batch| at(&batch)).collect();
        assert!(places.iter().all(|&place| place == places[0]));

        let held: Vec<Batch> = batches.epoch(1).collect();
        let before: Vec<_> = held.iter().map(|batch| batch.x.to_vec::<f32>().unwrap()).collect();
        labels(&mut batches, 2);
        for (batch, before) in held.iter().zip(before) {
            assert_eq!(batch.x.to_vec::<f32>().unwrap(), before);
        }
        assert!(batches.x.0.len() <= Pool::BUFFERS);
    }

    #[test]
    fn augmented_batches_keep_rows_and_targets_whatever_their_size() {
        let pixels = (0..12 * 6).map(|i| i as f32).collect();
        let images = Tensor::from_vec(pixels, [12, 2, 3]).unwrap();
        let data = Dataset::new(images, Tensor::from_vec((0..12i64).collect(), 12).unwrap());
        let data = data.unwrap();
        let augment = Augment::new([1, 2, 3]).flip();
        let collect = |size: usize, seed: Option<u64>, epoch: u64| {
            let batches = data.batches(size).unwrap().augmented(augment.clone()).unwrap();
            let mut batches = Batches { seed, ..batches };
            let mut all: Vec<(i64, Vec<f32>)> = Vec::new();
            for Batch { x, y, .. } in batches.epoch(epoch) {
                let x = x.to_vec::<f32>().unwrap();
                all.extend(y.to_vec::<i64>().unwrap().into_iter().zip(x.chunks(6).map(Vec::from)));
            }
            all.sort_by_key(|(row, _)| *row);
            all
        };
        let all = collect(5, Some(1), 0);
        assert_eq!(all, collect(12, Some(1), 0));
        assert_ne!(all, collect(5, Some(1), 1));
        let mut flipped = 0;
        for (row, pixels) in &all {
            let own: Vec<f32> = (0..6).map(|i| (row * 6 + i) as f32).collect();
            let turned = vec![own[2], own[1], own[0], own[5], own[4], own[3]];
            assert!(*pixels == own || *pixels == turned, "{row}");
            flipped += usize::from(*pixels == turned);
        }
        assert!((2..11).contains(&flipped), "{flipped}");
        assert_eq!(collect(5, None, 0).len(), 12);
    }

    #[test]
    fn batches_in_order_are_views() {
        let data = numbered(10);
        let second = data.batches(4).unwrap().epoch(0).nth(1).unwrap();
        let all = data.inputs().as_slice::<f32>().unwrap();
        assert_eq!(second.x.as_slice::<f32>().unwrap().as_ptr(), all[8..].as_ptr());
    }
}
