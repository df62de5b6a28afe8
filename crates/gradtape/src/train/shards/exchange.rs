//! How ranks that are a power of two bring their sums together: along the tree, from its leaves to the root.

use std::ops::Range;

use super::collective::Link;
use super::sums::Sums;
use super::tree::{Node, Tree};
use crate::tensor::Result;

/// Numbers from which each rank adds up a part of them: of fewer, more messages take longer than what they spare.
const MANY: usize = 1 << 14;

/// The sum of all ranks' nodes, each of which has that of `own`, on every rank.
pub(super) fn among_all(
    tree: Tree,
    own: Node,
    rows: usize,
    link: &mut Link<'_>,
    sum: Sums,
) -> Result<Sums> {
    let mut climb = Climb { tree, node: own, rows, filled: !tree.is_empty(own, rows), sum };
    match climb.sum.narrow.len() < MANY {
        true => climb.double(link)?,
        false => climb.halve(link)?,
    }
    Ok(climb.sum)
}

/// A rank's way up.
struct Climb {
    tree: Tree,
    node: Node,
    rows: usize,
    /// Whether a shard of the node has rows.
    filled: bool,
    sum: Sums,
}

impl Climb {
    fn steps(&self) -> Range<u32> {
        0..self.tree.ranks.trailing_zeros()
    }

    fn peer(&self, step: u32) -> usize {
        self.tree.rank ^ (1 << step)
    }

    /// Recursive doubling: two ranks that have neighbouring nodes give each other their sums, so that both have that of
    /// both; then two of these.
    fn double(&mut self, link: &mut Link<'_>) -> Result<()> {
        let all = self.sum.all();
        for step in self.steps() {
            let length = self.sum.byte_count(&all);
            let bytes = link.exchange(self.peer(step), self.sum.bytes(&all), length)?;
            self.add(&all, &bytes);
        }
        Ok(())
    }

    /// Recursive halving and doubling, after Rabenseifner 2004: of what two ranks have to add, each adds one half, so that
    /// at the end each has a part of the whole sum; then they give each other their parts. All numbers go once each way.
    fn halve(&mut self, link: &mut Link<'_>) -> Result<()> {
        let mut parts = vec![self.sum.all()];
        for step in self.steps() {
            let Range { start, end } = parts[parts.len() - 1];
            let middle = start + (end - start) / 2;
            let is_first = self.tree.rank & (1 << step) == 0;
            let (kept, given) = match is_first {
                true => (start..middle, middle..end),
                false => (middle..end, start..middle),
            };
            let (given, length) = (self.sum.bytes(&given), self.sum.byte_count(&kept));
            let bytes = link.exchange(self.peer(step), given, length)?;
            self.add(&kept, &bytes);
            parts.push(kept);
        }
        for step in self.steps().rev() {
            let (own, Range { start, end }) = (&parts[step as usize + 1], &parts[step as usize]);
            let other = if own.start == *start { own.end..*end } else { *start..own.start };
            let length = other.len() * size_of::<f32>();
            let bytes = link.exchange(self.peer(step), self.sum.narrow_bytes(own), length)?;
            self.sum.join(&other, &bytes, false);
        }
        Ok(())
    }

    /// Adds what the neighbour has of a part, or takes it where this node has nothing.
    fn add(&mut self, part: &Range<usize>, bytes: &[u8]) {
        let others = !self.tree.is_empty(self.node.beside(), self.rows);
        if others {
            self.sum.join(part, bytes, self.filled);
        }
        self.filled |= others;
        self.node = self.node.above();
    }
}
