//! [`Sums`]: what is added up over the shards of a batch.

use std::ops::Range;

use super::layout::Place;
use super::spare::Spare;

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

    /// A part of the first numbers, and all others, in spare memory.
    pub(super) fn bytes(&self, part: &Range<usize>, spare: &Spare) -> Vec<u8> {
        let mut bytes = spare.bytes(size_of_val(&self.narrow[part.clone()]));
        self.write_narrow(part, &mut bytes);
        bytes.extend(self.wide.iter().flat_map(|number| number.to_le_bytes()));
        bytes
    }

    /// Writes a part of the first numbers alone, to as many bytes.
    pub(super) fn write_narrow(&self, part: &Range<usize>, bytes: &mut [u8]) {
        for (bytes, number) in bytes.as_chunks_mut().0.iter_mut().zip(&self.narrow[part.clone()]) {
            *bytes = number.to_le_bytes();
        }
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

    /// Puts numbers in their place.
    pub(super) fn put(&mut self, place: &Place, numbers: impl IntoIterator<Item = f64>) {
        match place {
            Place::Narrow { range, .. } => {
                let own = self.narrow[range.clone()].iter_mut().zip(numbers);
                own.for_each(|(own, number)| *own = number as f32);
            }
            Place::Wide(range) => {
                let own = self.wide[range.clone()].iter_mut().zip(numbers);
                own.for_each(|(own, number)| *own = number);
            }
        }
    }

    /// All numbers.
    pub(super) fn all(&self) -> Range<usize> {
        0..self.narrow.len()
    }
}
