//! Operands whose neighbours lie some places apart, as those of windows that start at every second place: numbers of each
//! phase are put next to each other, once for all that read them.

/// The furthest that neighbours are apart.
pub(super) const MOST_STEP: usize = 4;

/// Room for a phase, in elements, is a multiple of this.
const ROUND: usize = 16;

/// Elements that are read at most: they are to stay in the second-level cache.
const MOST: usize = 1 << 16;

/// Elements that are read at most for each that runs have, by how far these are apart, beside what lies between places
/// of one window.
const SPARSE: usize = 4;

/// Elements of an operand, put apart by their phases.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Apart {
    /// How far neighbours are apart.
    pub(super) step: usize,
    /// How far from the first element of the operand the lowest one lies.
    pub(super) lowest: isize,
    /// How many elements there are from the lowest one to the highest.
    pub(super) len: usize,
    /// How far phases are apart from each other.
    pub(super) phase: usize,
}

impl Apart {
    /// For elements at all sums of one of `from`, a number of steps up to `steps`, and one of `places`, of which all of
    /// `from` have the same phase.
    pub(super) fn of(
        step: usize,
        from: impl Iterator<Item = isize> + Clone,
        steps: usize,
        places: &[isize],
    ) -> Option<Apart> {
        let (first, last) = (from.clone().min()?, from.clone().max()?);
        let (near, far) = (places.iter().min()?, places.iter().max()?);
        let lowest = first.checked_add(*near)?;
        let highest = last.checked_add(*far)?.checked_add_unsigned(steps.checked_mul(step)?)?;
        let len = usize::try_from(highest - lowest).ok()?.checked_add(1)?;
        let elements = from.clone().count() * (steps + 1);
        let used = SPARSE * step * elements + near.abs_diff(*far);
        let alike = |from: isize| from.abs_diff(first).is_multiple_of(step);
        let fits = len <= MOST.min(used) && from.clone().all(alike);
        let phase = len.div_ceil(step).next_multiple_of(ROUND);
        fits.then_some(Apart { step, lowest, len, phase })
    }

    /// Where of what was put apart an element lies that was so many places from the lowest.
    pub(super) fn place(&self, far: usize) -> isize {
        (far % self.step * self.phase + far / self.step) as isize
    }

    /// Elements of memory that it needs.
    pub(super) fn room(&self) -> usize {
        self.step * self.phase
    }
}
