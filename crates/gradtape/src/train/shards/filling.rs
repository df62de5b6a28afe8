//! [`Filling`]: the buckets of a rank, as gradients of its shards become known.

use std::sync::{Mutex, PoisonError};

use super::layout::{Layout, Place};
use super::spare::Spare;
use super::sums::Sums;
use super::tree::{Nodes, Tree};
use crate::tensor::Tensor;

/// The buckets of a rank in a step. What a shard gives is added to what those before it gave; of the last one, each bucket
/// is handed over as soon as it is full.
pub(super) struct Filling<'a> {
    layout: &'a Layout,
    spare: &'a Spare,
    tree: Tree,
    rows: usize,
    /// What becomes of a bucket to which the last shard of the rank was added.
    hand_over: &'a (dyn Fn(usize, Nodes) + Sync),
    buckets: Mutex<Vec<Bucket>>,
}

#[derive(Default)]
struct Bucket {
    /// Sums over the shards so far.
    nodes: Nodes,
    /// What the present shard gave.
    filled: Option<Sums>,
    /// Which gradients of the present shard are in it.
    have: Vec<usize>,
    /// Whether the present shard is added to the others.
    is_joined: bool,
}

/// A shard of a rank: its number, and whether it is the rank's last one.
pub(super) type Shard = (usize, bool);

impl<'a> Filling<'a> {
    pub(super) fn new(
        (layout, spare): (&'a Layout, &'a Spare),
        (tree, rows): (Tree, usize),
        hand_over: &'a (dyn Fn(usize, Nodes) + Sync),
    ) -> Filling<'a> {
        let buckets = (0..layout.buckets()).map(|_| Bucket::default()).collect();
        Filling { layout, spare, tree, rows, hand_over, buckets: Mutex::new(buckets) }
    }

    /// Has the next shard begin.
    pub(super) fn begin(&self) {
        self.locked().iter_mut().for_each(|bucket| {
            bucket.filled = None;
            bucket.have.clear();
            bucket.is_joined = false;
        });
    }

    /// Puts the gradient of a parameter into its bucket, and adds the bucket to the others where it is full. `used` tells
    /// which parameters have one.
    pub(super) fn early(&self, used: &[bool], parameter: usize, numbers: &[f32], shard: Shard) {
        let Some(Place::Narrow { bucket, range }) = self.layout.places().nth(parameter) else {
            return;
        };
        let mut buckets = self.locked();
        let own = &mut buckets[*bucket];
        let sums = own.filled.get_or_insert_with(|| self.layout.room(*bucket, self.spare));
        sums.narrow[range.clone()].copy_from_slice(numbers);
        own.have.push(parameter);
        // The last bucket waits for what is known only at the end.
        let is_of =
            |place: &Place| matches!(place, Place::Narrow { bucket: own, .. } if own == bucket);
        let expected =
            self.layout.places().zip(used).filter(|(place, used)| **used && is_of(place));
        if *bucket + 1 < self.layout.buckets() && own.have.len() == expected.count() {
            self.join(*bucket, own, shard);
        }
    }

    /// Ends the shard: puts gradients that were not told early into their places, has `count` fill in the rest of the last
    /// bucket, and adds all buckets that were not full before.
    pub(super) fn end(
        &self,
        gradients: &[Option<Tensor>],
        count: impl FnOnce(&mut Sums),
        shard: Shard,
    ) {
        let mut buckets = self.locked();
        let last = buckets.len() - 1;
        for (parameter, (place, gradient)) in self.layout.places().zip(gradients).enumerate() {
            let bucket = if let Place::Narrow { bucket, .. } = place { *bucket } else { last };
            let own = &mut buckets[bucket];
            if let Some(gradient) = gradient
                && !own.is_joined
                && !own.have.contains(&parameter)
            {
                let sums = own.filled.get_or_insert_with(|| self.layout.room(bucket, self.spare));
                own.have.push(parameter);
                match (place, gradient.as_slice::<f32>()) {
                    (Place::Narrow { range, .. }, Some(numbers)) => {
                        sums.narrow[range.clone()].copy_from_slice(numbers);
                    }
                    _ => sums.put(place, gradient.to_f64_vec()),
                }
            }
        }
        count(buckets[last].filled.get_or_insert_with(|| self.layout.room(last, self.spare)));
        for (bucket, own) in buckets.iter_mut().enumerate().filter(|(_, own)| !own.is_joined) {
            self.join(bucket, own, shard);
        }
    }

    fn join(&self, bucket: usize, own: &mut Bucket, (shard, is_last): Shard) {
        let mut sums = own.filled.take().unwrap_or_else(|| self.layout.room(bucket, self.spare));
        for (parameter, place) in self.layout.places().enumerate() {
            if let Place::Narrow { bucket: of, range } = place
                && *of == bucket
                && !own.have.contains(&parameter)
            {
                sums.narrow[range.clone()].fill(0.0);
            }
        }
        self.tree.join(&mut own.nodes, (shard, sums), self.rows, self.spare);
        own.is_joined = true;
        if is_last {
            (self.hand_over)(bucket, std::mem::take(&mut own.nodes));
        }
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Vec<Bucket>> {
        // Who panicked while it held this has ended the step.
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
