//! Tiles whose elements do not lie one after another: copied to a slot and back.

use smallvec::SmallVec;

use super::{BodyPlan, Tile};
use crate::engine::cpu::aligned::LINE;
use crate::engine::cpu::lane::Real;
use crate::engine::cpu::memory::Memory;
use crate::plan::Access;

/// Columns up to which a tile of many rows is copied column by column.
const NARROW: usize = 8;

impl<T: Real> BodyPlan<T> {
    /// # Safety
    /// The tile's elements must lie in the buffer; `slot` must hold them.
    pub(super) unsafe fn gather(
        &self,
        tile: &Tile<'_>,
        access: &Access,
        start: usize,
        memory: &Memory<'_>,
        slot: *mut T,
    ) {
        let [row, col] = self.axes.map(|axis| self.stride(&access.strides, axis));
        // SAFETY: the caller vouches for the slot.
        let out = unsafe { std::slice::from_raw_parts_mut(slot, tile.len()) };
        for (p, out) in (0..).zip(out.chunks_mut(tile.rows * tile.cols)) {
            let start = start.wrapping_add_signed(self.plane(&access.strides, p));
            if row == 0 && tile.rows > 1 {
                let (one, rest) = out.split_at_mut(tile.cols);
                // SAFETY: the caller vouches for the elements.
                unsafe { memory.read(self.isa, access.buffer, start, col, one) };
                rest.chunks_mut(tile.cols).for_each(|rest| rest.copy_from_slice(one));
                continue;
            }
            let whole = tile.rows == 1 || (row == tile.cols as isize && col == 1);
            if !whole && tile.cols <= NARROW && tile.cols < tile.rows {
                for c in 0..tile.cols {
                    let start = start.wrapping_add_signed(c as isize * col);
                    let out = out[c..].iter_mut().step_by(tile.cols);
                    // SAFETY: the caller vouches for the elements.
                    unsafe { memory.read_each(access.buffer, start, row, out) };
                }
                continue;
            }
            let width = if whole { out.len() } else { tile.cols };
            for (r, out) in (0..).zip(out.chunks_mut(width)) {
                let start = start.wrapping_add_signed(r * row);
                // SAFETY: the caller vouches for the elements.
                unsafe { memory.read(self.isa, access.buffer, start, col, out) };
            }
        }
    }

    /// # Safety
    /// The tile's elements must lie in the buffer and be this worker's.
    pub(super) unsafe fn scatter(
        &self,
        tile: &Tile<'_>,
        access: &Access,
        start: usize,
        memory: &Memory<'_>,
        values: &[T],
    ) {
        let [row, col] = self.axes.map(|axis| self.stride(&access.strides, axis));
        for (p, values) in (0..).zip(values.chunks(tile.rows * tile.cols)) {
            let start = start.wrapping_add_signed(self.plane(&access.strides, p));
            let whole = tile.rows == 1 || (row == tile.cols as isize && col == 1);
            if !whole && tile.cols <= NARROW && tile.cols < tile.rows {
                for c in 0..tile.cols {
                    let start = start.wrapping_add_signed(c as isize * col);
                    let values = values[c..].iter().step_by(tile.cols);
                    // SAFETY: the caller vouches for the elements.
                    unsafe { memory.write_each(access.buffer, start, row, values) };
                }
                continue;
            }
            let width = if whole { values.len() } else { tile.cols };
            for (r, values) in (0..).zip(values.chunks(width)) {
                let start = start.wrapping_add_signed(r * row);
                // SAFETY: the caller vouches for the elements.
                unsafe { memory.write(self.isa, access.buffer, start, col, values) };
            }
        }
    }
}

/// Memory that the next tile reads or writes, fetched into the caches little by little while this one is
/// computed: as many requests at once would be waited for.
pub(super) struct Ahead {
    /// The first line of each run, and how many there are, the last run first.
    runs: SmallVec<[(*const u8, usize); 8]>,
    /// Runs that are not fetched yet, and their lines.
    left: usize,
    lines: usize,
    /// Whether they are fetched into the second-level cache alone.
    second: bool,
}

impl Ahead {
    /// Into the first-level cache, or into the `second`-level one alone.
    pub(super) fn new(second: bool) -> Ahead {
        Ahead { runs: SmallVec::new(), left: 0, lines: 0, second }
    }

    /// Adds `count` elements before all others; any address will do.
    pub(super) fn add<T>(&mut self, from: *const T, count: usize) {
        let lines = (count * size_of::<T>()).div_ceil(LINE);
        self.runs.push((from.cast(), lines));
        self.left += 1;
        self.lines += lines;
    }

    /// The lines that are due in a step that is as much work as `step` of what is `left`.
    pub(super) fn due(&self, step: usize, left: usize) -> usize {
        if step == 0 || self.lines == 0 { 0 } else { (self.lines * step).div_ceil(left.max(1)) }
    }

    /// Fetches the next lines, as far as there are so many.
    pub(super) fn fetch(&mut self, lines: usize) {
        let mut now = lines;
        while now > 0 && self.left > 0 {
            let (from, lines) = &mut self.runs[self.left - 1];
            let some = now.min(*lines);
            (0..some).for_each(|line| fetch_line(from.wrapping_add(line * LINE), self.second));
            (*from, *lines) = (from.wrapping_add(some * LINE), *lines - some);
            now -= some;
            self.lines -= some;
            self.left -= usize::from(*lines == 0);
        }
    }

    /// The next runs, of this many lines or more in all, to be fetched in step with what is computed.
    pub(super) fn take(&mut self, lines: usize) -> Stretches<'_> {
        let (end, least) = (self.left, self.lines.saturating_sub(lines));
        while self.lines > least && self.left > 0 {
            self.left -= 1;
            self.lines -= self.runs[self.left].1;
        }
        Stretches { runs: &self.runs[self.left..end], second: self.second }
    }
}

/// Stretches of memory as long as a tile.
pub(super) struct Stretches<'a> {
    runs: &'a [(*const u8, usize)],
    second: bool,
}

impl Stretches<'_> {
    /// Nothing.
    #[cfg(test)]
    pub(super) fn none() -> Stretches<'static> {
        Stretches { runs: &[], second: false }
    }

    /// Fetches `count` elements from number `at` on of each stretch.
    #[inline(always)]
    pub(super) fn fetch<T>(&self, at: usize, count: usize) {
        for (first, _) in self.runs {
            let from = first.wrapping_add(at * size_of::<T>());
            for line in 0..count * size_of::<T>() / LINE {
                fetch_line(from.wrapping_add(line * LINE), self.second);
            }
        }
    }
}

/// Has the machine fetch a line into its caches while it computes something else.
#[inline(always)]
fn fetch_line(from: *const u8, second: bool) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: fetching ahead reads nothing and never faults, whatever the address.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _MM_HINT_T1, _mm_prefetch};
        match second {
            true => _mm_prefetch::<_MM_HINT_T1>(from.cast()),
            false => _mm_prefetch::<_MM_HINT_T0>(from.cast()),
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (from, second);
}
