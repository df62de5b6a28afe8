//! A fast hash for structure. Equal structure is always compared in full afterwards.

use std::hash::{Hash, Hasher};

/// Multiply-rotate mixing of whole words.
#[derive(Clone, Copy, Default)]
pub(crate) struct StructureHasher(u64);

impl StructureHasher {
    /// Mixes a value in.
    #[inline]
    pub(crate) fn mix(&mut self, value: impl Hash) {
        value.hash(self);
    }
}

impl Hasher for StructureHasher {
    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }

    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    #[inline]
    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    #[inline]
    fn write_u8(&mut self, word: u8) {
        self.write_u64(u64::from(word));
    }

    #[inline]
    fn write_u32(&mut self, word: u32) {
        self.write_u64(u64::from(word));
    }

    #[inline]
    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }

    #[inline]
    fn write_isize(&mut self, word: isize) {
        self.write_u64(word as u64);
    }
}
