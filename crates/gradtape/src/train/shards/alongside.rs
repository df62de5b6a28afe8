//! Bringing sums together while others are still computed.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use super::collective::Link;
use super::layout::Layout;
use super::spare::Spare;
use super::sums::Sums;
use super::tree::{Nodes, Tree};
use super::{Collective, Traffic};
use crate::tensor::{Error, Kind, Result};

/// How sums are brought together.
#[derive(Clone, Copy)]
pub(super) struct Way<'a> {
    pub(super) tree: Tree,
    pub(super) ranks: Option<&'a dyn Collective>,
    pub(super) spare: &'a Spare,
    /// Whether each rank gets only its part of the gradients in all buckets but the last.
    pub(super) in_parts: bool,
}

impl Way<'_> {
    fn sum(
        self,
        rows: usize,
        layout: &Layout,
        link: Option<&mut Link<'_>>,
        (bucket, nodes): (usize, Nodes),
    ) -> Result<Sums> {
        let shape = || layout.zeros(bucket);
        match link {
            Some(link) if self.in_parts && bucket + 1 < layout.buckets() => {
                self.tree.scatter(rows, link, nodes, &shape)
            }
            link => self.tree.sum(rows, link, nodes, &shape),
        }
    }
}

/// What all shards of a batch give together, a bucket each, from what `compute` hands over of this rank's. Where there are
/// several buckets, a thread beside this one exchanges each as soon as it is there.
pub(super) fn together(
    way: Way<'_>,
    rows: usize,
    layout: &Layout,
    spent: &mut Traffic,
    compute: impl FnOnce(&(dyn Fn(usize, Nodes) + Sync)) -> Result<()>,
) -> Result<Vec<Sums>> {
    let count = layout.buckets();
    let (sender, receiver) = channel();
    let Some(ranks) = way.ranks.filter(|ranks| ranks.ranks() > 1 && count > 1) else {
        // Whoever takes nothing any more has failed, and says so.
        compute(&|bucket, nodes| drop(sender.send((bucket, nodes))))?;
        let mut link = way.ranks.map(|ranks| Link::new(ranks, way.spare));
        let sums = in_order(&receiver, count, |own| way.sum(rows, layout, link.as_mut(), own));
        spent.add(link.map(|link| link.traffic).unwrap_or_default());
        return sums;
    };
    std::thread::scope(|scope| {
        let exchange = scope.spawn(move || {
            let mut link = Link::new(ranks, way.spare);
            let sums =
                in_order(&receiver, count, |own| way.sum(rows, layout, Some(&mut link), own));
            (sums, link.traffic)
        });
        let computed = compute(&|bucket, nodes| drop(sender.send((bucket, nodes))));
        drop(sender);
        let start = Instant::now();
        let Ok((sums, mut traffic)) = exchange.join() else {
            return Err(Error::new(Kind::Value, "the thread that exchanges gradients panicked"));
        };
        let waited = start.elapsed().min(traffic.waited);
        traffic.hidden = traffic.waited - waited;
        traffic.waited = waited;
        spent.add(traffic);
        computed?;
        sums
    })
}

/// Calls `each` for all buckets in the same order on all ranks, whichever is there first.
fn in_order(
    receiver: &Receiver<(usize, Nodes)>,
    count: usize,
    mut each: impl FnMut((usize, Nodes)) -> Result<Sums>,
) -> Result<Vec<Sums>> {
    let mut early = BTreeMap::new();
    let mut next = |bucket: usize| loop {
        if let Some(nodes) = early.remove(&bucket) {
            return Ok(nodes);
        }
        let (other, nodes) = receiver.recv().map_err(|_| {
            Error::new(Kind::Value, "the step ended before all gradients were computed")
        })?;
        early.insert(other, nodes);
    };
    (0..count).map(|bucket| each((bucket, next(bucket)?))).collect()
}
