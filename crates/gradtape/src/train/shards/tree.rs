//! [`Tree`]: sums over shards in one order, whoever computes them.

use std::ops::Range;

use super::collective::Link;
use super::exchange;
use super::sums::Sums;
use crate::tensor::Result;

/// A binary tree over the shards of a batch: two neighbours are added, then two of these, and so on. Which rank computes
/// a shard changes nothing in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tree {
    pub(super) shards: usize,
    /// At most as many as there are shards.
    pub(super) ranks: usize,
    pub(super) rank: usize,
}

/// A node: the shards from `index << level` on, `1 << level` of them.
#[derive(Clone, Copy)]
pub(super) struct Node {
    level: u32,
    index: usize,
}

impl Node {
    fn first(self) -> usize {
        self.index << self.level
    }

    /// The node that is added to this one.
    pub(super) fn beside(self) -> Node {
        Node { index: self.index ^ 1, ..self }
    }

    /// What both are added to.
    pub(super) fn above(self) -> Node {
        Node { level: self.level + 1, index: self.index / 2 }
    }

    fn halves(self) -> Option<[Node; 2]> {
        let level = self.level.checked_sub(1)?;
        Some([0, 1].map(|half| Node { level, index: 2 * self.index + half }))
    }
}

impl Tree {
    /// The rows of a shard.
    pub(super) fn rows(&self, shard: usize, rows: usize) -> Range<usize> {
        let start = |shard: usize| (shard as u128 * rows as u128 / self.shards as u128) as usize;
        start(shard)..start(shard + 1)
    }

    /// The rank that computes a shard. Each has neighbours.
    fn owner(&self, shard: usize) -> usize {
        // The last rank whose first shard is none behind it.
        let (shards, ranks) = (self.shards as u128, self.ranks as u128);
        (((shard as u128 + 1) * ranks - 1) / shards) as usize
    }

    fn root(&self) -> Node {
        Node { level: self.shards.next_power_of_two().trailing_zeros(), index: 0 }
    }

    /// What all shards of a batch give together, on each rank. `leaf` computes a shard with rows of this rank; of one
    /// without, there is nothing to add.
    pub(super) fn sum(
        &self,
        rows: usize,
        mut link: Option<&mut Link<'_>>,
        leaf: &mut dyn FnMut(usize) -> Result<Sums>,
        shape: &dyn Fn() -> Sums,
    ) -> Result<Sums> {
        if let Some(link) = link.as_deref_mut()
            && self.is_even()
        {
            let level = (self.shards / self.ranks).trailing_zeros();
            let own = Node { level, index: self.rank };
            let sum = self.gather(own, rows, None, leaf, shape)?;
            return exchange::among_all(*self, own, rows, link, sum.unwrap_or_else(shape));
        }
        let mut sum = self.gather(self.root(), rows, link.as_deref_mut(), leaf, shape)?;
        if let Some(link) = link {
            let mut have = vec![false; self.ranks];
            have[0] = true;
            self.spread(self.root(), link, &mut have, &mut sum, shape)?;
        }
        Ok(sum.unwrap_or_default())
    }

    /// Whether each rank has a node of its own, and these are the leaves of a whole tree.
    fn is_even(&self) -> bool {
        self.shards.is_power_of_two() && self.ranks.is_power_of_two()
    }

    /// The sum of a node, on the rank of its first shard.
    fn gather(
        &self,
        node: Node,
        rows: usize,
        mut link: Option<&mut Link<'_>>,
        leaf: &mut dyn FnMut(usize) -> Result<Sums>,
        shape: &dyn Fn() -> Sums,
    ) -> Result<Option<Sums>> {
        if self.is_empty(node, rows) {
            return Ok(None);
        }
        let owner = self.owner(node.first());
        let Some([left, right]) = node.halves() else {
            return (owner == self.rank).then(|| leaf(node.first())).transpose();
        };
        let first = self.gather(left, rows, link.as_deref_mut(), leaf, shape)?;
        let mut second = self.gather(right, rows, link.as_deref_mut(), leaf, shape)?;
        if let Some(link) = link
            && !self.is_empty(right, rows)
        {
            let other = self.owner(right.first());
            if other != owner && self.rank == other {
                let sum = second.take().unwrap_or_default();
                link.send(owner, sum.bytes(&sum.all()))?;
            } else if other != owner && self.rank == owner {
                second = Some(received(link, other, shape())?);
            }
        }
        Ok(joined(first, second))
    }

    /// Whether none of a node's shards has rows.
    pub(super) fn is_empty(&self, node: Node, rows: usize) -> bool {
        let end = (node.first() + (1 << node.level)).min(self.shards);
        node.first() >= end || self.rows(node.first(), rows).start == self.rows(end - 1, rows).end
    }

    /// Brings the sum from rank 0 to all others, the way that the parts came.
    fn spread(
        &self,
        node: Node,
        link: &mut Link<'_>,
        have: &mut [bool],
        sum: &mut Option<Sums>,
        shape: &dyn Fn() -> Sums,
    ) -> Result<()> {
        let Some([left, right]) = node.halves() else { return Ok(()) };
        if right.first() < self.shards {
            let (from, to) = (self.owner(left.first()), self.owner(right.first()));
            if !have[to] {
                have[to] = true;
                if self.rank == from {
                    let sum = sum.as_ref().map(|sum| sum.bytes(&sum.all()));
                    link.send(to, sum.unwrap_or_default())?;
                } else if self.rank == to {
                    *sum = Some(received(link, from, shape())?);
                }
            }
            self.spread(right, link, have, sum, shape)?;
        }
        self.spread(left, link, have, sum, shape)
    }
}

/// Sums of another rank, as long as these.
fn received(link: &mut Link<'_>, from: usize, mut sums: Sums) -> Result<Sums> {
    let all = sums.all();
    let bytes = link.receive(from, sums.byte_count(&all))?;
    sums.join(&all, &bytes, false);
    Ok(sums)
}

/// What two nodes give together, of which one may have nothing.
fn joined(left: Option<Sums>, right: Option<Sums>) -> Option<Sums> {
    match (left, right) {
        (Some(mut left), Some(right)) => {
            left.add(&right);
            Some(left)
        }
        (left, right) => left.or(right),
    }
}
