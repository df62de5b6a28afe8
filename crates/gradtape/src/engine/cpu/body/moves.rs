//! Tiles whose elements do not lie one after another: copied to a slot and back.

use super::{BodyPlan, Tile};
use crate::engine::cpu::lane::Real;
use crate::engine::cpu::memory::Memory;
use crate::plan::Access;

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
        let [plane, row, col] = self.axes.map(|axis| self.stride(&access.strides, axis));
        // SAFETY: the caller vouches for the slot.
        let out = unsafe { std::slice::from_raw_parts_mut(slot, tile.len()) };
        for (p, out) in (0..).zip(out.chunks_mut(tile.rows * tile.cols)) {
            let start = start.wrapping_add_signed(p * plane);
            if row == 0 && tile.rows > 1 {
                let (one, rest) = out.split_at_mut(tile.cols);
                // SAFETY: the caller vouches for the elements.
                unsafe { memory.read(access.buffer, start, col, one) };
                rest.chunks_mut(tile.cols).for_each(|rest| rest.copy_from_slice(one));
                continue;
            }
            let whole = tile.rows == 1 || (row == tile.cols as isize && col == 1);
            let width = if whole { out.len() } else { tile.cols };
            for (r, out) in (0..).zip(out.chunks_mut(width)) {
                let start = start.wrapping_add_signed(r * row);
                // SAFETY: the caller vouches for the elements.
                unsafe { memory.read(access.buffer, start, col, out) };
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
        let [plane, row, col] = self.axes.map(|axis| self.stride(&access.strides, axis));
        for (p, values) in (0..).zip(values.chunks(tile.rows * tile.cols)) {
            let start = start.wrapping_add_signed(p * plane);
            let whole = tile.rows == 1 || (row == tile.cols as isize && col == 1);
            let width = if whole { values.len() } else { tile.cols };
            for (r, values) in (0..).zip(values.chunks(width)) {
                let start = start.wrapping_add_signed(r * row);
                // SAFETY: the caller vouches for the elements.
                unsafe { memory.write(access.buffer, start, col, values) };
            }
        }
    }
}

/// Has the machine fetch elements into its caches while it computes something else.
pub(super) fn fetch<T>(from: *const T, count: usize) {
    #[cfg(target_arch = "x86_64")]
    for line in (0..count).step_by(64 / size_of::<T>()) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: fetching ahead reads nothing and never faults, whatever the address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(from.wrapping_add(line).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (from, count);
}
