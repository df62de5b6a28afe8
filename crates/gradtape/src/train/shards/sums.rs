//! [`Sums`]: what is added up over the shards of a batch.

use std::ops::Range;

/// Numbers that are added up one by one.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sums {
    pub(super) narrow: Vec<f32>,
    pub(super) wide: Vec<f64>,
}

impl Sums {
    pub(super) fn add(&mut self, other: &Sums) {
        self.join(0..self.narrow.len(), other, true);
    }

    /// Adds to a part of the first numbers, and to all others, or, where this has nothing, puts it there.
    pub(super) fn join(&mut self, part: Range<usize>, other: &Sums, filled: bool) {
        let narrow = self.narrow[part].iter_mut().zip(&other.narrow);
        let wide = self.wide.iter_mut().zip(&other.wide);
        match filled {
            true => {
                narrow.for_each(|(sum, number)| *sum += number);
                wide.for_each(|(sum, number)| *sum += number);
            }
            false => {
                narrow.for_each(|(sum, number)| *sum = *number);
                wide.for_each(|(sum, number)| *sum = *number);
            }
        }
    }

    /// A part of the first numbers, and all others.
    pub(super) fn part(&self, part: Range<usize>) -> Sums {
        Sums { narrow: self.narrow[part].to_vec(), wide: self.wide.clone() }
    }

    pub(super) fn byte_count(&self) -> usize {
        size_of_val(&self.narrow[..]) + size_of_val(&self.wide[..])
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.byte_count());
        bytes.extend(self.narrow.iter().flat_map(|number| number.to_le_bytes()));
        bytes.extend(self.wide.iter().flat_map(|number| number.to_le_bytes()));
        bytes
    }

    /// With the numbers of [`Sums::bytes`] of one as long as this.
    pub(super) fn filled(mut self, bytes: &[u8]) -> Sums {
        let (narrow, wide) = bytes.split_at(bytes.len().min(size_of_val(&self.narrow[..])));
        for (number, bytes) in self.narrow.iter_mut().zip(narrow.chunks_exact(4)) {
            *number = f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        }
        for (number, bytes) in self.wide.iter_mut().zip(wide.chunks_exact(8)) {
            let word = bytes.try_into().unwrap_or_default();
            *number = f64::from_le_bytes(word);
        }
        self
    }
}
