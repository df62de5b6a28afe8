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

/// Starts of the same phase: how far neighbours are apart, which is the lowest and which the highest start, and how many
/// there are.
#[derive(Clone, Copy)]
pub(super) struct Starts {
    step: usize,
    first: isize,
    last: isize,
    count: usize,
}

impl Starts {
    pub(super) fn one(step: usize, start: isize) -> Starts {
        Starts { step, first: start, last: start, count: 1 }
    }

    /// With one more, where it has their phase.
    pub(super) fn and(self, start: isize) -> Option<Starts> {
        let Starts { step, first, last, count } = self;
        let (lower, higher) = (first.min(start), last.max(start));
        let alike = start.abs_diff(first).is_multiple_of(step);
        alike.then_some(Starts { step, first: lower, last: higher, count: count + 1 })
    }
}

impl Phases {
    /// For elements at all sums of one of the starts, a number of steps up to `steps`, and one of `places`.
    pub(super) fn of(starts: Starts, steps: usize, places: &[isize]) -> Option<Phases> {
        let Starts { step, first, last, count } = starts;
        let (&near, &far) = (places.iter().min()?, places.iter().max()?);
        let lowest = first.checked_add(near)?;
        let highest = last.checked_add(far)?.checked_add_unsigned(steps.checked_mul(step)?)?;
        let len = usize::try_from(highest - lowest).ok()?.checked_add(1)?;
        let elements = count * (steps + 1);
        let used = SPARSE * step * elements + near.abs_diff(far);
        let phase = len.div_ceil(step).next_multiple_of(ROUND);
        (len <= MOST.min(used)).then_some(Phases { step, first, near, len, phase })
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
