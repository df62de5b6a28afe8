//! Columns that are reduced while their rows are in the cache: each part of the rows by itself, then the parts in
//! order. How many parts there are does not depend on the number of workers.

use super::body::{Tile, sums_columns};
use super::isa::Isa;
use super::lane::{Real, dispatch};
use super::memory::Memory;
use super::reduce::{self, Accumulate};
use crate::op::Reduce;
use crate::plan::Reduction;

/// Parts that many rows are cut into.
const PARTS: usize = 64;
/// Elements from which rows are cut into parts: fewer are the work of one worker.
const SHARED: usize = 1 << 14;
/// Rows that are added up before the sum joins a total of such sums, so that rounding grows slowly.
const RUN: usize = 128;
/// Columns that are put together at a time.
const CHUNK: usize = 128;

/// The columns of a loop over whole rows.
pub(super) struct Across {
    isa: Isa,
    reductions: Vec<Reduction>,
    width: usize,
    /// Tiles of rows in all, and in each part.
    tiles: usize,
    per_part: usize,
    /// Tiles of a run.
    per_run: usize,
}

impl Across {
    /// For rows of `width` elements, `rows` of them in each of `tiles` tiles.
    pub(super) fn new(
        isa: Isa,
        reductions: &[Reduction],
        width: usize,
        rows: usize,
        tiles: usize,
    ) -> Across {
        let large = width.saturating_mul(rows).saturating_mul(tiles) >= SHARED;
        let per_part = tiles.div_ceil(if large { PARTS } else { 1 }).max(1);
        let per_run = (RUN / rows).max(1);
        Across { isa, reductions: reductions.to_vec(), width, tiles, per_part, per_run }
    }

    pub(super) fn parts(&self) -> usize {
        self.tiles.div_ceil(self.per_part)
    }

    /// The runs of tiles of a part, in order.
    pub(super) fn runs(&self, part: usize) -> impl Iterator<Item = std::ops::Range<usize>> + use<> {
        let (first, per_run) = (part * self.per_part, self.per_run);
        let end = (first + self.per_part).min(self.tiles);
        (first..end).step_by(per_run).map(move |from| from..(from + per_run).min(end))
    }

    /// Numbers of the state of all columns.
    pub(super) fn state_len(&self) -> usize {
        self.reductions.iter().map(|r| self.width * reduce::states(r.kind)).sum()
    }

    /// Pieces that the columns are put together in.
    pub(super) fn chunks(&self) -> usize {
        self.reductions.len() * self.width.div_ceil(CHUNK)
    }

    fn each_state<T>(&self, state: &mut [T], mut each: impl FnMut(&Reduction, &mut [T], usize)) {
        let mut at = 0;
        for reduction in &self.reductions {
            let len = self.width * reduce::states(reduction.kind);
            each(reduction, &mut state[at..at + len], at);
            at += len;
        }
    }

    pub(super) fn start<T: Real>(&self, state: &mut [T]) {
        self.each_state(state, |reduction, state, _| reduce::start(reduction.kind, state));
    }

    /// Whether the loop's body adds up the columns of a reduction itself.
    fn is_summed(&self, reduction: &Reduction) -> bool {
        reduction.kind == Reduce::Sum && sums_columns(self.width)
    }

    /// Calls `each` with the number and the sums of each reduction that the loop's body adds up itself.
    pub(super) fn each_summed<T: Real>(
        &self,
        state: &mut [T],
        mut each: impl FnMut(usize, *mut T),
    ) {
        let mut number = 0;
        self.each_state(state, |reduction, state, _| {
            if self.is_summed(reduction) {
                each(number, state.as_mut_ptr());
                number += 1;
            }
        });
    }

    /// Adds the rows of a tile to those that the loop's body does not add up, whose registers `x` gives.
    pub(super) fn add<T: Real>(
        &self,
        tile: &Tile<'_>,
        state: &mut [T],
        x: impl Fn(&Reduction, usize) -> *const T,
    ) {
        self.each_state(state, |reduction, state, _| {
            if self.is_summed(reduction) {
                return;
            }
            // SAFETY: the register was just computed, for the whole tile.
            let x = unsafe { std::slice::from_raw_parts(x(reduction, tile.len()), tile.len()) };
            let width = self.width;
            dispatch(self.isa, Accumulate { kind: reduction.kind, state, width, x });
        });
    }

    pub(super) fn merge<T: Real>(&self, state: &mut [T], other: &[T]) {
        self.each_state(state, |reduction, state, at| {
            reduce::merge(reduction.kind, state, &other[at..at + state.len()]);
        });
    }

    /// Puts a piece of the columns together from the states of all parts, and writes it.
    ///
    /// # Safety
    /// The columns must lie in their buffer, and no other worker may write these.
    pub(super) unsafe fn finish<T: Real>(&self, chunk: usize, parts: &[T], memory: &Memory<'_>) {
        let per = self.width.div_ceil(CHUNK);
        let (number, first) = (chunk / per, chunk % per * CHUNK);
        let columns = first..(first + CHUNK).min(self.width);
        let before = self.reductions[..number].iter();
        let start: usize = before.map(|r| self.width * reduce::states(r.kind)).sum();
        let reduction = &self.reductions[number];
        let (kind, count) = (reduction.kind, columns.len());
        let states = reduce::states(kind);
        let mut total = [T::default(); 2 * CHUNK];
        let mut own = [T::default(); 2 * CHUNK];
        let (total, own) = (&mut total[..states * count], &mut own[..states * count]);
        for (number, part) in parts.chunks(self.state_len()).enumerate() {
            for (state, own) in own.chunks_mut(count).enumerate() {
                let at = start + state * self.width;
                own.copy_from_slice(&part[at + columns.start..at + columns.end]);
            }
            match number {
                0 => total.copy_from_slice(own),
                _ => reduce::merge(kind, total, own),
            }
        }
        for (column, own) in own[..count].iter_mut().enumerate() {
            let second = total.get(count + column).copied().unwrap_or_default();
            *own = reduce::result(kind, total[column], second);
        }
        let step = reduction.to.strides.first().copied().unwrap_or(1);
        let at = reduction.to.offset.wrapping_add_signed(columns.start as isize * step);
        // SAFETY: the caller vouches for it.
        unsafe { memory.write(self.isa, reduction.to.buffer, at, step, &own[..count]) };
    }
}
