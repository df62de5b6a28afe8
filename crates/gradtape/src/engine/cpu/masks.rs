//! Sums of a contraction that nobody looks at, as its epilogue takes something else by a truth value: of keys behind a
//! causal mask, or of those that only fill up a batch. Which ones, the numbers of the masks tell in each run.

use std::ops::Range;

use smallvec::SmallVec;

use super::gemm;
use super::lane::Real;
use super::memory::{Memory, element};
use crate::plan::{Access, Buffer, Contract, Hiding};

/// Columns that are computed together or not at all: whole panels of every instruction set.
const TOGETHER: usize = gemm::WIDEST;

/// The masks of a contraction's sums.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Masks(SmallVec<[Mask; 2]>);

/// Truth values over the batch, the row, and the columns, which are neighbours.
#[derive(Debug, PartialEq)]
struct Mask {
    values: Access,
    /// The value by which a sum is looked at.
    shows: bool,
}

impl Masks {
    /// The masks of a contraction whose rows are one axis, and its columns.
    pub(super) fn of(plan: &Contract, buffers: &[Buffer]) -> Masks {
        if [plan.rows.len(), plan.columns.len()] != [1; 2] {
            return Masks::default();
        }
        let neighbours = |hiding: &Hiding<'_>| hiding.values.strides.last() == Some(&1);
        let mask = |Hiding { values, shows }| Mask { values: Access::clone(values), shows };
        Masks(plan.hiding(buffers).into_iter().filter(neighbours).map(mask).collect())
    }

    /// How many of so many columns reach as far as one that any of the rows shows, or a few more.
    ///
    /// # Safety
    /// The memory must be that of the contraction's program, the index one of its batch, and the rows its own.
    pub(super) unsafe fn shown(
        &self,
        rows: &Range<usize>,
        columns: usize,
        index: &[usize],
        memory: &Memory<'_>,
    ) -> usize {
        let far = |Mask { values, shows }: &Mask| {
            let down = values.strides[values.strides.len() - 2];
            let first = memory.address::<bool>(values.buffer, element(values, index));
            let rows = if down == 0 { rows.start..rows.start + 1 } else { rows.clone() };
            rows.fold(0, |far: usize, row| {
                let row = first.wrapping_offset(row as isize * down);
                // SAFETY: the row lies in the buffer, by the program.
                let row = unsafe { std::slice::from_raw_parts(row, columns) };
                let hides =
                    |some: &&[bool]| !some.iter().fold(false, |any, own| any | (own == shows));
                let behind = row[far..].chunks(TOGETHER).rev().skip_while(hides);
                columns.min(far + behind.count() * TOGETHER)
            })
        };
        self.0.iter().map(far).fold(columns, usize::min)
    }
}

/// An operand's rows and columns: where the first one lies, and how far apart they are.
pub(super) struct Elements<T> {
    pub(super) at: *const T,
    pub(super) steps: [usize; 2],
}

impl<T: Real> Elements<T> {
    /// Whether all elements of some rows and columns are 0.
    ///
    /// # Safety
    /// They must be valid for reading.
    pub(super) unsafe fn are_zero(&self, rows: Range<usize>, columns: &Range<usize>) -> bool {
        // SAFETY: passed on from the caller.
        rows.into_iter().all(|row| unsafe { self.all(row, columns, |x| x == T::default()) })
    }

    /// The first of so many rows from which on all elements of so many columns are finite.
    ///
    /// # Safety
    /// They must be valid for reading.
    pub(super) unsafe fn finite_from(&self, rows: usize, columns: usize) -> usize {
        let zero = T::default();
        // SAFETY: passed on from the caller.
        let finite = |row: &usize| unsafe { self.all(*row, &(0..columns), |x| x * zero == zero) };
        rows - (0..rows).rev().take_while(finite).count()
    }

    unsafe fn all(&self, row: usize, columns: &Range<usize>, holds: impl Fn(T) -> bool) -> bool {
        let [down, across] = self.steps;
        let first = self.at.wrapping_add(row * down + columns.start * across);
        if across == 1 {
            // SAFETY: the caller vouches for the elements.
            let own = unsafe { std::slice::from_raw_parts(first, columns.len()) };
            // Without an end before the last one, so that it becomes vector code.
            return own.iter().fold(true, |all, &x| all & holds(x));
        }
        // SAFETY: the caller vouches for the elements.
        (0..columns.len()).all(|column| holds(unsafe { *first.wrapping_add(column * across) }))
    }
}

#[cfg(test)]
mod tests;
