//! Memory for numbers that starts where a line of the cache does: vectors that cross the end of one cost twice.

use std::ops::{Deref, DerefMut};

/// Bytes of a cache line.
pub(super) const LINE: usize = 64;

/// Numbers of which the first starts a line.
#[derive(Default)]
pub(super) struct Aligned<T> {
    numbers: Vec<T>,
    /// Numbers before the first.
    skipped: usize,
    len: usize,
}

impl<T: Copy + Default> Aligned<T> {
    pub(super) fn new(len: usize) -> Aligned<T> {
        let most = LINE / size_of::<T>();
        let numbers = vec![T::default(); len + most];
        let skipped = numbers.as_ptr().align_offset(LINE).min(most);
        Aligned { numbers, skipped, len }
    }

    /// The address of the first, which no borrow of the numbers goes through.
    pub(super) fn address(&mut self) -> *mut T {
        self.numbers.as_mut_ptr().wrapping_add(self.skipped)
    }
}

impl<T> Deref for Aligned<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.numbers[self.skipped..self.skipped + self.len]
    }
}

impl<T> DerefMut for Aligned<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.numbers[self.skipped..self.skipped + self.len]
    }
}
