//! How ranks that are a power of two bring their sums together: along the tree, from its leaves to the root.

use std::ops::Range;

use super::MANY;
use super::collective::Link;
use super::sums::Sums;
use super::tree::{Node, Tree};
use crate::tensor::Result;

/// The sum of all ranks' nodes, each of which has that of `own`, on every rank.
pub(super) fn among_all(
    tree: Tree,
    own: Node,
    rows: usize,
    link: &mut Link<'_>,
    sum: Sums,
) -> Result<Sums> {
    if sum.narrow.len() >= MANY {
        let mut sum = scatter(tree, own, rows, link, sum)?;
        gather(tree, link, std::slice::from_mut(&mut sum))?;
        return Ok(sum);
    }
    let mut climb = Climb::new(tree, own, rows, sum);
    climb.double(link)?;
    Ok(climb.sum)
}

/// As [`among_all`], but of numbers of f32 each rank gets only its [part]: recursive halving.
pub(super) fn scatter(
    tree: Tree,
    own: Node,
    rows: usize,
    link: &mut Link<'_>,
    sum: Sums,
) -> Result<Sums> {
    let mut climb = Climb::new(tree, own, rows, sum);
    climb.halve(link)?;
    Ok(climb.sum)
}

/// Brings each rank the parts of the numbers of some buckets that others have: recursive doubling, all in one message.
///
/// With [`scatter`] before, all numbers go once each way (Rabenseifner 2004).
pub(super) fn gather(tree: Tree, link: &mut Link<'_>, all: &mut [Sums]) -> Result<()> {
    let parts: Vec<_> = all.iter().map(|sums| parts(tree, sums.narrow.len())).collect();
    for step in steps(tree).rev() {
        let own = |parts: &[Range<usize>]| parts[step as usize + 1].clone();
        let other = |parts: &[Range<usize>]| {
            let (own, Range { start, end }) = (own(parts), parts[step as usize].clone());
            if own.start == start { own.end..end } else { start..own.start }
        };
        let count = |part: Range<usize>| part.len() * size_of::<f32>();
        let length = parts.iter().map(|parts| count(other(parts))).sum();
        let mut given = link.spare.bytes(parts.iter().map(|parts| count(own(parts))).sum());
        let mut room = &mut given[..];
        for (sums, parts) in all.iter().zip(&parts) {
            let (first, rest) = room.split_at_mut(count(own(parts)));
            sums.write_narrow(&own(parts), first);
            room = rest;
        }
        let bytes = link.exchange(peer(tree, step), given, length)?;
        let mut rest = &bytes[..];
        for (sums, parts) in all.iter_mut().zip(&parts) {
            let part = other(parts);
            let (first, others) = rest.split_at(count(part.clone()));
            sums.join(&part, first, false);
            rest = others;
        }
        link.spare.keep_bytes(bytes);
    }
    Ok(())
}

/// The numbers of a bucket of so many that a rank adds up.
pub(super) fn part(tree: Tree, length: usize) -> Range<usize> {
    parts(tree, length).pop().unwrap_or_default()
}

/// All numbers, then the half of them that the rank goes on with after each step.
fn parts(tree: Tree, length: usize) -> Vec<Range<usize>> {
    let half = |whole: &Range<usize>, step: u32| {
        let middle = whole.start + whole.len() / 2;
        let is_first = tree.rank & (1 << step) == 0;
        if is_first { whole.start..middle } else { middle..whole.end }
    };
    let mut next = steps(tree);
    std::iter::successors(Some(0..length), |whole| Some(half(whole, next.next()?))).collect()
}

fn steps(tree: Tree) -> Range<u32> {
    0..tree.ranks.trailing_zeros()
}

fn peer(tree: Tree, step: u32) -> usize {
    tree.rank ^ (1 << step)
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
    fn new(tree: Tree, node: Node, rows: usize, sum: Sums) -> Climb {
        Climb { tree, node, rows, filled: !tree.is_empty(node, rows), sum }
    }

    /// Recursive doubling: two ranks that have neighbouring nodes give each other their sums, so that both have that of
    /// both; then two of these.
    fn double(&mut self, link: &mut Link<'_>) -> Result<()> {
        let all = self.sum.all();
        for step in steps(self.tree) {
            let length = self.sum.byte_count(&all);
            let bytes =
                link.exchange(peer(self.tree, step), self.sum.bytes(&all, link.spare), length)?;
            self.add(&all, &bytes);
        }
        Ok(())
    }

    /// Of what two ranks have to add, each adds one half, so that at the end each has a part of the whole sum.
    fn halve(&mut self, link: &mut Link<'_>) -> Result<()> {
        let parts = parts(self.tree, self.sum.narrow.len());
        for step in steps(self.tree) {
            let (Range { start, end }, kept) = (&parts[step as usize], &parts[step as usize + 1]);
            let given = if kept.start == *start { kept.end..*end } else { *start..kept.start };
            let length = self.sum.byte_count(kept);
            let given = self.sum.bytes(&given, link.spare);
            let bytes = link.exchange(peer(self.tree, step), given, length)?;
            self.add(kept, &bytes);
            link.spare.keep_bytes(bytes);
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
