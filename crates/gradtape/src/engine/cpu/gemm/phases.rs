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

/// Elements of an operand, put apart by their phases. Each lies as far from the first one as a start and a place together.
#[derive(Clone, Copy)]
pub(super) struct Phases {
    /// How far neighbours are apart.
    pub(super) step: usize,
    /// The lowest start, and the lowest place.
    first: isize,
    near: isize,
    /// How many elements there are from the lowest one to the highest.
    pub(super) len: usize,
    /// How far phases are apart from each other.
    pub(super) phase: usize,
}

impl Phases {
    /// For elements at all sums of one of `starts`, a number of steps up to `steps`, and one of `places`, of which all
    /// starts have the same phase.
    pub(super) fn of(
        step: usize,
        starts: impl Iterator<Item = isize> + Clone,
        steps: usize,
        places: &[isize],
    ) -> Option<Phases> {
        let (first, last) = (starts.clone().min()?, starts.clone().max()?);
        let (&near, &far) = (places.iter().min()?, places.iter().max()?);
        let lowest = first.checked_add(near)?;
        let highest = last.checked_add(far)?.checked_add_unsigned(steps.checked_mul(step)?)?;
        let len = usize::try_from(highest - lowest).ok()?.checked_add(1)?;
        let elements = starts.clone().count() * (steps + 1);
        let used = SPARSE * step * elements + near.abs_diff(far);
        let alike = |start: isize| start.abs_diff(first).is_multiple_of(step);
        let fits = len <= MOST.min(used) && starts.clone().all(alike);
        let phase = len.div_ceil(step).next_multiple_of(ROUND);
        fits.then_some(Phases { step, first, near, len, phase })
    }

    /// How far from the first element of the operand the lowest one lies.
    pub(super) fn lowest(&self) -> isize {
        self.first + self.near
    }

    /// How far from the beginning of its phase what is at a start lies.
    pub(super) fn start(&self, start: isize) -> isize {
        (start.abs_diff(self.first) / self.step) as isize
    }

    /// How far from the beginning of all the phase of a place begins, and in it the place.
    pub(super) fn place(&self, place: isize) -> isize {
        let far = place.abs_diff(self.near);
        (far % self.step * self.phase + far / self.step) as isize
    }

    /// Elements of memory that it needs.
    pub(super) fn room(&self) -> usize {
        self.step * self.phase
    }
}
