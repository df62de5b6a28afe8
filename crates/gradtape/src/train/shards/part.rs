//! [`Part`]: the numbers that a rank steps, where each rank steps those that it added up.

use std::ops::Range;

use super::collective::Link;
use super::exchange;
use super::layout::{Layout, Place};
use super::shared::Shared;
use super::spare::Spare;
use super::sums::Sums;
use super::tree::Tree;
use super::{Collective, Traffic, update};
use crate::optim::Portion;
use crate::tape::{Tape, Var};
use crate::tensor::{Result, Tensor};
use crate::train::step::Parts;

/// The numbers that a rank steps. From the others it gets new weights in place of sums of gradients, so that a step is
/// taken once and not by every rank; and what the optimiser keeps for them, when that is to be saved. The first stage of
/// ZeRO (Rajbhandari et al. 2020) shares the step alike; this spares time, and no memory.
pub(super) struct Part<'n> {
    tree: Tree,
    ranks: &'n dyn Collective,
    portion: Portion,
}

/// Where a parameter has numbers of the rank: in its bucket, and in itself.
struct Own {
    bucket: usize,
    in_bucket: Range<usize>,
    in_parameter: Range<usize>,
}

impl<'n> Part<'n> {
    /// None where ranks are no power of two, gradients are few, or the optimiser does not step each number by itself.
    pub(super) fn of(
        parts: Parts<'_, 'n>,
        layout: &Layout,
        shared: Shared<'n>,
    ) -> Result<Option<Part<'n>>> {
        let tree = shared.tree();
        let are_many = tree.ranks > 1 && tree.is_even() && layout.buckets() > 1;
        let Some(ranks) = shared.ranks.filter(|_| are_many) else { return Ok(None) };
        let own =
            owned(tree, layout).map(|own| own.map(|own| own.in_parameter).unwrap_or_default());
        let portion = Portion::of(parts.optimizer, own)?;
        Ok(portion.map(|portion| Part { tree, ranks, portion }))
    }

    /// Records the step of this rank's numbers along the parts of all buckets.
    pub(super) fn record<'t>(
        &self,
        parts: Parts<'_, '_>,
        layout: &Layout,
        used: &[bool],
        (tape, buckets): (&'t Tape, &[Var<'t>]),
    ) -> Result<()> {
        let gradients = owned(self.tree, layout).zip(used).map(|(own, used)| {
            let own = own.filter(|own| *used && !own.in_bucket.is_empty())?;
            Some(buckets[own.bucket].slice(0, own.in_bucket))
        });
        self.portion.step_by(parts.optimizer, tape, &gradients.collect::<Vec<_>>())
    }

    /// Has this rank take its step, and all ranks know all weights.
    pub(super) fn take(
        &self,
        (parts, layout): (Parts<'_, '_>, &Layout),
        mut sums: Vec<Sums>,
        step: &mut dyn FnMut(&[Tensor]) -> Result<()>,
        (spare, spent): (&Spare, &mut Traffic),
    ) -> Result<()> {
        // The last bucket has no gradients.
        sums.pop();
        let numbers = sums.into_iter().map(|sums| {
            let length = sums.narrow.len();
            Tensor::from_vec(sums.narrow, length)
        });
        let numbers = numbers.collect::<Result<Vec<_>>>()?;
        self.portion.refresh(parts.optimizer)?;
        step(&numbers)?;
        update::keep(numbers, spare);
        self.share((parts, layout), 0, (spare, spent))
    }

    /// Has all ranks know all that the optimiser keeps.
    pub(super) fn settle(
        &self,
        own: (Parts<'_, '_>, &Layout),
        (spare, spent): (&Spare, &mut Traffic),
    ) -> Result<()> {
        (1..self.portion.kinds()).try_for_each(|kind| self.share(own, kind, (spare, spent)))
    }

    /// Has all ranks know all numbers of a kind. Nothing is written before all of them are there.
    fn share(
        &self,
        (parts, layout): (Parts<'_, '_>, &Layout),
        kind: usize,
        (spare, spent): (&Spare, &mut Traffic),
    ) -> Result<()> {
        let mut link = Link::new(self.ranks, spare);
        let buckets = 0..layout.buckets() - 1;
        let mut room: Vec<Sums> = buckets.map(|bucket| layout.room(bucket, spare)).collect();
        for (i, place) in layout.places().enumerate() {
            if let Place::Narrow { bucket, range } = place
                && let Some((own, numbers)) = self.portion.numbers(i, kind)
            {
                let whole = &mut room[*bucket].narrow[range.clone()];
                let numbers = numbers.to_vec::<f32>()?;
                whole[own].copy_from_slice(&numbers);
            }
        }
        exchange::gather(self.tree, &mut link, &mut room)?;
        for (i, place) in layout.places().enumerate() {
            if let Place::Narrow { bucket, range } = place {
                let numbers = &room[*bucket].narrow[range.clone()];
                self.portion.write(parts.optimizer, (i, kind), numbers)?;
            }
        }
        room.into_iter().for_each(|sums| spare.keep_numbers(sums.narrow));
        spent.add(link.traffic);
        Ok(())
    }
}

/// For each parameter, what of it belongs to a rank, where it is of f32.
fn owned(tree: Tree, layout: &Layout) -> impl Iterator<Item = Option<Own>> {
    layout.places().map(move |place| {
        let Place::Narrow { bucket, range } = place else { return None };
        let part = exchange::part(tree, layout.narrow(*bucket));
        let start = range.start.max(part.start);
        let end = range.end.min(part.end).max(start);
        let from = |first: usize| if start < end { start - first..end - first } else { 0..0 };
        Some(Own { bucket: *bucket, in_bucket: from(0), in_parameter: from(range.start) })
    })
}
