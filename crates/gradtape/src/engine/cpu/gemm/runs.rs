//! Products of few rows of operands that lie in runs: a convolution of each channel for itself, and its gradients. They
//! are computed from where the operands lie, with vectors along the runs. What is needed for that is worked out once
//! for a kernel, since such products are small and many.

use super::columns::Columns;
use super::micro::{Kernels, Real};
use super::sums::Sums;
use super::walk::Walks;
use super::{Block, Product};
use crate::engine::cpu::isa::Isa;

/// How a product of few rows is computed.
pub(crate) enum Runs {
    /// Vectors of columns.
    Columns(Columns),
    /// Vectors along the sum.
    Sums(Sums),
}

impl Runs {
    /// How the product `m, n, k` of operands with these walks is computed, where its operands lie in runs.
    pub(crate) fn of<T: Real>(isa: Isa, walks: &Walks, sizes: [usize; 3]) -> Option<Runs> {
        let kernels = T::kernels(isa);
        let columns = Columns::of(kernels, walks, sizes).map(Runs::Columns);
        columns.or_else(|| Sums::of(kernels, walks, sizes).map(Runs::Sums))
    }

    /// Whether it may read what lies between the elements of the right operand.
    pub(crate) fn reads_between(&self) -> bool {
        match self {
            Runs::Columns(columns) => columns.are_apart(),
            Runs::Sums(sums) => sums.are_apart(),
        }
    }

    /// Into how many parts, at most so many, it pays to cut the product.
    pub(crate) fn parts(&self, most: usize) -> usize {
        match self {
            Runs::Columns(columns) => columns.parts(most),
            Runs::Sums(sums) => sums.parts(most),
        }
    }

    /// Computes the part `id` of `count` of the product.
    ///
    /// # Safety
    /// As [`super::part`] of a product that has this.
    pub(super) unsafe fn part<T: Real>(
        &self,
        part: (usize, usize),
        kernels: &Kernels<T>,
        p: &Product<'_, T>,
        epilogue: &impl Fn(&Block<T>),
    ) {
        // SAFETY: passed on from the caller.
        unsafe {
            match self {
                Runs::Columns(columns) => columns.part(part, kernels, p, epilogue),
                Runs::Sums(sums) => sums.part(part, kernels, p, epilogue),
            }
        }
    }
}

#[cfg(test)]
mod tests;
