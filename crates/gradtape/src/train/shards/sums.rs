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
        self.narrow.iter_mut().zip(&other.narrow).for_each(|(sum, number)| *sum += number);
        self.wide.iter_mut().zip(&other.wide).for_each(|(sum, number)| *sum += number);
    }

    /// How many bytes a part of the first numbers and all others are.
    pub(super) fn byte_count(&self, part: &Range<usize>) -> usize {
        part.len() * size_of::<f32>() + size_of_val(&self.wide[..])
    }

    /// A part of the first numbers, and all others.
    pub(super) fn bytes(&self, part: &Range<usize>) -> Vec<u8> {
        let mut bytes = self.narrow_bytes(part);
        bytes.extend(self.wide.iter().flat_map(|number| number.to_le_bytes()));
        bytes
    }

    /// A part of the first numbers alone.
    pub(super) fn narrow_bytes(&self, part: &Range<usize>) -> Vec<u8> {
        let numbers = &self.narrow[part.clone()];
        let mut bytes = Vec::with_capacity(size_of_val(numbers) + size_of_val(&self.wide[..]));
        bytes.resize(size_of_val(numbers), 0);
        for (bytes, number) in bytes.as_chunks_mut().0.iter_mut().zip(numbers) {
            *bytes = number.to_le_bytes();
        }
        bytes
    }

    /// Adds what [`Sums::bytes`] of such a part gave elsewhere, or, where this has nothing, puts it there.
    pub(super) fn join(&mut self, part: &Range<usize>, bytes: &[u8], filled: bool) {
        let (narrow, wide) = bytes.split_at(bytes.len().min(part.len() * size_of::<f32>()));
        let narrow = narrow.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes));
        let wide = wide.as_chunks().0.iter().map(|&bytes| f64::from_le_bytes(bytes));
        let own = self.narrow[part.clone()].iter_mut().zip(narrow);
        let others = self.wide.iter_mut().zip(wide);
        match filled {
            true => {
                own.for_each(|(sum, number)| *sum += number);
                others.for_each(|(sum, number)| *sum += number);
            }
            false => {
                own.for_each(|(sum, number)| *sum = number);
                others.for_each(|(sum, number)| *sum = number);
            }
        }
    }

    /// All numbers.
    pub(super) fn all(&self) -> Range<usize> {
        0..self.narrow.len()
    }
}
