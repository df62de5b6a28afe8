//! [`Tree`]: sums over shards in one order, whoever computes them.

use std::ops::Range;

use super::collective::Link;
use super::exchange;
use super::spare::Spare;
use super::sums::Sums;
use crate::data;
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Node {
    level: u32,
    index: usize,
}

/// Sums of nodes of one rank that nothing was added to yet, from the left.
pub(super) type Nodes = Vec<(Node, Sums)>;

impl Node {
    fn first(self) -> usize {
        self.index << self.level
    }

    fn is_right(self) -> bool {
        self.index % 2 == 1
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
        data::shard(shard, self.shards, rows)
    }

    /// The shards of this rank, whether they have rows or not. They are neighbours.
    pub(super) fn shards_of_rank(&self) -> Range<usize> {
        let is_own = |shard: &usize| self.owner(*shard) == self.rank;
        let first = (0..self.shards).find(is_own).unwrap_or(self.shards);
        first..first + (first..self.shards).take_while(is_own).count()
    }

    /// The shards that this rank computes: those of its own that have rows.
    pub(super) fn own(&self, rows: usize) -> Vec<usize> {
        self.shards_of_rank().filter(|&own| !self.rows(own, rows).is_empty()).collect()
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

    /// Whether all shards of a node are of the rank of its first.
    fn is_of_one(&self, node: Node) -> bool {
        node.first() < self.shards && self.owner(node.first()) == self.owner(self.end(node) - 1)
    }

    fn end(&self, node: Node) -> usize {
        (node.first() + (1 << node.level)).min(self.shards)
    }

    /// Adds a shard of this rank to those before it, as far as the tree goes within the rank. They come in order.
    pub(super) fn join(
        &self,
        nodes: &mut Nodes,
        (shard, mut sums): (usize, Sums),
        rows: usize,
        spare: &Spare,
    ) {
        let mut node = Node { level: 0, index: shard };
        while node != self.root() && self.is_of_one(node.above()) {
            let beside = node.beside();
            if node.is_right() {
                if let Some((_, mut left)) = nodes.pop_if(|(other, _)| *other == beside) {
                    left.add(&sums);
                    spare.keep_numbers(std::mem::replace(&mut sums, left).narrow);
                }
            } else if !self.is_empty(beside, rows) {
                break;
            }
            node = node.above();
        }
        nodes.push((node, sums));
    }

    /// What all shards of a batch give together, on each rank, from what the shards of this rank gave.
    pub(super) fn sum(
        &self,
        rows: usize,
        link: Option<&mut Link<'_>>,
        mut own: Nodes,
        shape: &dyn Fn() -> Sums,
    ) -> Result<Sums> {
        let Some(link) = link else {
            return Ok(own.pop().map_or_else(shape, |(_, sums)| sums));
        };
        if self.is_even() {
            let sums = own.pop().map_or_else(shape, |(_, sums)| sums);
            return exchange::among_all(*self, self.own_node(), rows, link, sums);
        }
        let mut sum = self.gather(self.root(), rows, link, &mut own, shape)?;
        let mut have = vec![false; self.ranks];
        have[0] = true;
        self.spread(self.root(), link, &mut have, &mut sum, shape)?;
        Ok(sum.unwrap_or_else(shape))
    }

    /// As [`Tree::sum`], but of numbers of f32 each rank gets only its [part](exchange::part). For ranks that are
    /// [even](Tree::is_even).
    pub(super) fn scatter(
        &self,
        rows: usize,
        link: &mut Link<'_>,
        mut own: Nodes,
        shape: &dyn Fn() -> Sums,
    ) -> Result<Sums> {
        let sums = own.pop().map_or_else(shape, |(_, sums)| sums);
        exchange::scatter(*self, self.own_node(), rows, link, sums)
    }

    /// Whether each rank has a node of its own, and these are the leaves of a whole tree.
    pub(super) fn is_even(&self) -> bool {
        self.shards.is_power_of_two() && self.ranks.is_power_of_two()
    }

    fn own_node(&self) -> Node {
        Node { level: (self.shards / self.ranks).trailing_zeros(), index: self.rank }
    }

    /// The sum of a node, on the rank of its first shard.
    fn gather(
        &self,
        node: Node,
        rows: usize,
        link: &mut Link<'_>,
        own: &mut Nodes,
        shape: &dyn Fn() -> Sums,
    ) -> Result<Option<Sums>> {
        if self.is_empty(node, rows) {
            return Ok(None);
        }
        let owner = self.owner(node.first());
        let halves = node.halves().filter(|_| !self.is_of_one(node));
        let Some([left, right]) = halves else {
            let place = own.iter().position(|(other, _)| *other == node);
            return Ok(place.map(|place| own.remove(place).1));
        };
        let first = self.gather(left, rows, link, own, shape)?;
        let mut second = self.gather(right, rows, link, own, shape)?;
        if !self.is_empty(right, rows) {
            let other = self.owner(right.first());
            if other != owner && self.rank == other {
                let sum = second.take().unwrap_or_default();
                link.send(owner, sum.bytes(&sum.all(), link.spare))?;
            } else if other != owner && self.rank == owner {
                second = Some(received(link, other, shape())?);
            }
        }
        Ok(joined(first, second))
    }

    /// Whether none of a node's shards has rows.
    pub(super) fn is_empty(&self, node: Node, rows: usize) -> bool {
        let end = self.end(node);
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
                    let sum = sum.as_ref().map(|sum| sum.bytes(&sum.all(), link.spare));
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
    link.spare.keep_bytes(bytes);
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
