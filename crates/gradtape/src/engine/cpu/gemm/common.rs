//! A right operand that several products of a program have in common, as the weight that is used at each step of a
//! sequence: packed once in each run, by the first of them.

use std::cell::UnsafeCell;
use std::ops::Range;

use super::micro::Real;
use super::pack::SPILL;
use super::packed::K_BLOCK;
use super::{Product, Way, cut, scratch};
use crate::engine::cpu::isa::Isa;
use crate::engine::cpu::room;
use crate::tensor::Result;

/// Rows of the left operand up to which packing the right one is worth sparing.
const MOST_ROWS: usize = 128;
/// Bytes that are kept packed at most.
const MOST_BYTES: usize = 16 << 20;
/// Panels that are packed at a time.
const AT_ONCE: usize = 2;

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; 64]);

/// The packed operand: for each block of the sum, all panels of columns, each as [`super::pack::panels`] writes it.
pub(crate) struct Common<T> {
    start: *mut T,
    /// Where that is, unless it is memory of a thread.
    lines: Box<[UnsafeCell<Line>]>,
    k: usize,
    n: usize,
    isa: Isa,
    lanes: usize,
}

// SAFETY: workers write pieces of their own in one phase, and all read in later ones.
unsafe impl<T> Send for Common<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for Common<T> {}

impl<T: Real> Common<T> {
    /// Memory for the right operand of products of `k` summands and `n` columns. Fails where there is not so much.
    pub(crate) fn new(isa: Isa, k: usize, n: usize) -> Result<Common<T>> {
        let count = (elements::<T>(isa, k, n) * size_of::<T>()).div_ceil(size_of::<Line>());
        let lines = room(count, || UnsafeCell::new(Line([0; 64])))?.into_boxed_slice();
        let start = UnsafeCell::raw_get(lines.as_ptr()).cast::<T>();
        Ok(Common { start, lines, ..Common::over(start, isa, k, n) })
    }

    /// As [`Common::new`], in memory that the thread keeps for one of the products that it computes in turns.
    ///
    /// # Safety
    /// It may be used on this thread alone, and not after the next call for the same product.
    pub(crate) unsafe fn of_thread(product: usize, isa: Isa, k: usize, n: usize) -> Common<T> {
        Common::over(scratch::kept_right(product, elements::<T>(isa, k, n)), isa, k, n)
    }

    fn over(start: *mut T, isa: Isa, k: usize, n: usize) -> Common<T> {
        Common { start, lines: Box::default(), k, n, isa, lanes: T::kernels(isa).lanes }
    }

    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&self.lines[..])
    }

    /// Pieces that it is packed in.
    pub(crate) fn pieces(&self) -> usize {
        self.sums() * self.groups()
    }

    /// Packs a piece of a product's right operand.
    ///
    /// # Safety
    /// The operand must be that of this shape, the machine must have the instruction set, and no other worker may use
    /// the piece.
    pub(crate) unsafe fn pack(&self, p: &Product<'_, T>, piece: usize) {
        let kernels = T::kernels(self.isa);
        let ks = self.block(piece / self.groups());
        let width = AT_ONCE * self.width();
        let start = piece % self.groups() * width;
        let end = (start + width).min(self.n);
        // SAFETY: all of it lies inside the operand that the caller vouches for, and there is room.
        unsafe {
            for column in (start..end).step_by(self.width()) {
                let count = (end - column).min(self.width());
                let to = self.panel(&ks, column).cast_mut();
                let source = p.right(ks.start, column);
                let width = count.next_multiple_of(self.lanes);
                (kernels.pack)(&source, ks.len(), count, width, to);
            }
        }
    }

    /// The summands of a block.
    pub(super) fn block(&self, number: usize) -> Range<usize> {
        cut(self.k, number, self.sums())
    }

    /// How many blocks the first `k` summands are in.
    pub(super) fn blocks(&self, k: usize) -> usize {
        let with = (0..self.sums()).take_while(|&number| self.block(number).start < k);
        with.count().max(1)
    }

    /// How many summands the block has that some begin.
    pub(super) fn height(&self, ks: &Range<usize>) -> usize {
        self.block(self.number(ks)).len()
    }

    /// Where the panel from a column on lies, for the summands that begin a block.
    pub(super) fn panel(&self, ks: &Range<usize>, column: usize) -> *const T {
        let wide = self.n.next_multiple_of(self.lanes);
        // What the last panel of a block may overwrite is no other's.
        let spill = self.number(ks) * SPILL;
        self.start.cast_const().wrapping_add(ks.start * wide + spill + column * self.height(ks))
    }

    fn number(&self, ks: &Range<usize>) -> usize {
        (ks.start * self.sums()).div_ceil(self.k.max(1))
    }

    /// The columns of a part of a product: whole panels.
    pub(super) fn columns(&self, part: usize, parts: usize) -> Range<usize> {
        let own = cut(self.n.div_ceil(self.width()), part, parts);
        own.start * self.width()..(own.end * self.width()).min(self.n)
    }

    fn width(&self) -> usize {
        2 * self.lanes
    }

    fn sums(&self) -> usize {
        self.k.div_ceil(K_BLOCK).max(1)
    }

    fn groups(&self) -> usize {
        self.n.div_ceil(AT_ONCE * self.width())
    }
}

/// Elements that a packed right operand takes.
fn elements<T: Real>(isa: Isa, k: usize, n: usize) -> usize {
    k * n.next_multiple_of(T::kernels(isa).lanes) + k.div_ceil(K_BLOCK).max(1) * SPILL
}

impl<T: Real> Product<'_, T> {
    /// Whether the product is computed faster from a right operand that is packed already.
    pub(crate) fn gains_by_common(&self, isa: Isa) -> bool {
        let bytes = self.k.saturating_mul(self.n).saturating_mul(size_of::<T>());
        let packed = self.way(T::kernels(isa)) == Way::Packed && self.walks.is_none();
        packed && self.m <= MOST_ROWS && bytes <= MOST_BYTES
    }
}
