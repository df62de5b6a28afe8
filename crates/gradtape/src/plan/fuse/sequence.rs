//! The order of groups while they are being joined, so that none comes to wait for itself.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::Fusion;

/// Readers looked at for one join; where there are more between two groups, they stay apart.
const MOST: usize = 1 << 12;

/// The groups in an order in which each comes after those it reads.
#[derive(Default)]
pub(in crate::plan) struct Sequence {
    /// The groups in order; holes where one was joined with another.
    order: Vec<Option<usize>>,
    /// For each group, its place in the order.
    place: Vec<usize>,
    /// For each group, the number of the last search that came to it.
    seen: Vec<u32>,
    search: u32,
    /// The readers looked at by the last search.
    pub(in crate::plan) looked: usize,
}

impl Sequence {
    /// The order of the groups, near that of the graph.
    pub(in crate::plan) fn of(fusion: &Fusion<'_>) -> Sequence {
        let groups = fusion.groups.len();
        let mut waits = vec![0usize; groups];
        (0..groups).flat_map(|group| fusion.readers(group)).for_each(|reader| waits[reader] += 1);
        let first = |group: usize| fusion.groups[group].as_ref().map(|group| group.first());
        let key = |group: usize| first(group).map(|first| Reverse((first, group)));
        let free = (0..groups).filter(|&group| waits[group] == 0);
        let mut ready: BinaryHeap<_> = free.filter_map(key).collect();
        let mut sequence = Sequence {
            order: Vec::with_capacity(groups),
            place: vec![usize::MAX; groups],
            seen: vec![0; groups],
            search: 0,
            looked: 0,
        };
        while let Some(Reverse((_, group))) = ready.pop() {
            sequence.place[group] = sequence.order.len();
            sequence.order.push(Some(group));
            for reader in fusion.readers(group) {
                waits[reader] -= 1;
                if waits[reader] == 0 {
                    ready.extend(key(reader));
                }
            }
        }
        sequence
    }

    /// Puts group `b` where `a` is, or both where they can be one, unless something between them reads the
    /// one and is read by the other. Whether it did.
    pub(in crate::plan) fn join(&mut self, fusion: &Fusion<'_>, a: usize, b: usize) -> bool {
        let (start, end) = match (self.place[a], self.place[b]) {
            (x, y) if x < y => (x, y),
            (x, y) => (y, x),
        };
        let (Some(&Some(first)), Some(&Some(last))) = (self.order.get(start), self.order.get(end))
        else {
            return false;
        };
        self.search += 1;
        self.looked = 0;
        let mut open = vec![first];
        let mut between = false;
        while let Some(group) = open.pop() {
            for reader in fusion.readers(group) {
                self.looked += 1;
                if self.looked > MOST || (reader == last && group != first) {
                    return false;
                }
                let inside = self.place[reader] < end && self.seen[reader] != self.search;
                if inside {
                    self.seen[reader] = self.search;
                    between = true;
                    open.push(reader);
                }
            }
        }
        (self.order[start], self.order[end]) = (None, None);
        if between {
            // What reads the first group moves behind the last.
            let span = &mut self.order[start..=end];
            let (early, late): (Vec<usize>, Vec<usize>) =
                span.iter().flatten().partition(|&&group| self.seen[group] != self.search);
            span.fill(None);
            let all = early.into_iter().chain([a]).chain(late);
            for (at, group) in all.enumerate() {
                span[at] = Some(group);
                self.place[group] = start + at;
            }
        } else {
            self.order[end] = Some(a);
            self.place[a] = end;
        }
        true
    }
}
