//! The innermost loops of products of few rows whose operands lie in runs.

use super::super::phases::Phases;
use super::super::scratch;
use super::{Kernels, Simd};

/// Vectors of columns at a time, at most.
pub(in super::super) const MOST_VECTORS: usize = 8;

/// Some vectors of columns.
pub(in super::super) struct Vectors<'o, T> {
    /// How far from the first summand each one lies.
    pub(in super::super) k: &'o [isize],
    /// For each summand, the numbers of the rows.
    pub(in super::super) a: *const T,
    pub(in super::super) b: *const T,
    /// Where each vector lies in the right operand and in a row of the result.
    pub(in super::super) from: &'o [isize; MOST_VECTORS],
    pub(in super::super) to: &'o [usize; MOST_VECTORS],
    pub(in super::super) c: *mut T,
    pub(in super::super) c_row: usize,
    /// How many lanes are in use.
    pub(in super::super) lanes: usize,
}

/// Computes some vectors. Their number must be the function's, and the machine must have its instructions.
pub(in super::super) type MicroColumns<T> = unsafe fn(&Vectors<'_, T>);

/// `NV` vectors of columns for `MR` rows. Each sum is added up one summand after another, as in [`super::tile`].
#[inline(always)]
pub(super) unsafe fn vectors<S: Simd, const MR: usize, const NV: usize, const WHOLE: bool>(
    t: &Vectors<'_, S::T>,
) {
    const { assert!(NV <= MOST_VECTORS) };
    // SAFETY: the caller vouches for the instruction set and for the operands.
    unsafe {
        let mask = S::mask(t.lanes);
        let mut sums = [[S::zero(); NV]; MR];
        let mut from = [t.b; NV];
        for j in 0..NV {
            from[j] = t.b.wrapping_offset(t.from[j]);
        }
        let mut a = t.a;
        for &k in t.k {
            let mut row = [S::zero(); MR];
            for i in 0..MR {
                row[i] = S::splat(*a.add(i));
            }
            for j in 0..NV {
                let p = from[j].wrapping_offset(k);
                let column = if WHOLE { S::load(p) } else { S::load_masked(p, mask) };
                for i in 0..MR {
                    sums[i][j] = S::fma(row[i], column, sums[i][j]);
                }
            }
            a = a.add(MR);
        }
        for i in 0..MR {
            for j in 0..NV {
                let p = t.c.add(i * t.c_row + t.to[j]);
                if WHOLE {
                    S::store(p, sums[i][j]);
                } else {
                    S::store_masked(p, mask, sums[i][j]);
                }
            }
        }
    }
}

/// Neighbouring summands: how far from the first ones of both operands they lie.
pub(in super::super) struct Run {
    pub(in super::super) a: isize,
    pub(in super::super) b: isize,
    pub(in super::super) len: usize,
}

/// Some rows and columns, and some of their summands.
pub(in super::super) struct Summands<'o, T> {
    pub(in super::super) runs: &'o [Run],
    pub(in super::super) a: *const T,
    pub(in super::super) rows: &'o [isize],
    pub(in super::super) b: *const T,
    pub(in super::super) columns: &'o [isize],
    /// A vector for each column, and as many for each row.
    pub(in super::super) to: *mut T,
    pub(in super::super) to_row: usize,
    /// Whether to add to these vectors instead of replacing them.
    pub(in super::super) add: bool,
}

/// Adds up some summands. Rows and columns must be as many as the function's, and the machine must have its instructions.
pub(in super::super) type MicroSums<T> = unsafe fn(&Summands<'_, T>);

/// Adds up the lanes of vectors; see [`fold`].
pub(in super::super) type Fold<T> = unsafe fn(*const T, usize, *mut T);

/// Vectors of partial sums for `MR` rows and `NC` columns.
#[inline(always)]
pub(super) unsafe fn summed<S: Simd, const MR: usize, const NC: usize>(t: &Summands<'_, S::T>) {
    // SAFETY: the caller vouches for the instruction set and for the operands.
    unsafe {
        let mut sums = [[S::zero(); NC]; MR];
        let (mut rows, mut columns) = ([t.a; MR], [t.b; NC]);
        for i in 0..MR {
            rows[i] = t.a.wrapping_offset(*t.rows.get_unchecked(i));
        }
        for j in 0..NC {
            columns[j] = t.b.wrapping_offset(*t.columns.get_unchecked(j));
        }
        macro_rules! step {
            ($at:expr, $load:ident $(, $mask:expr)?) => {
                let (a, b) = $at;
                let mut row = [S::zero(); MR];
                for i in 0..MR {
                    row[i] = S::$load(rows[i].wrapping_offset(a) $(, $mask)?);
                }
                for j in 0..NC {
                    let column = S::$load(columns[j].wrapping_offset(b) $(, $mask)?);
                    for i in 0..MR {
                        sums[i][j] = S::fma(row[i], column, sums[i][j]);
                    }
                }
            };
        }
        for run in t.runs {
            let whole = run.len - run.len % S::LANES;
            for at in (0..whole as isize).step_by(S::LANES) {
                step!((run.a + at, run.b + at), load);
            }
            if whole < run.len {
                let at = whole as isize;
                step!((run.a + at, run.b + at), load_masked, S::mask(run.len - whole));
            }
        }
        for i in 0..MR {
            for j in 0..NC {
                let p = t.to.add(i * t.to_row + j * S::LANES);
                S::store(p, if t.add { S::add(S::load(p), sums[i][j]) } else { sums[i][j] });
            }
        }
    }
}

/// Writes the sum of the lanes of each of `count` vectors.
#[inline(always)]
pub(super) unsafe fn fold<S: Simd>(from: *const S::T, count: usize, to: *mut S::T) {
    for i in 0..count {
        // SAFETY: the caller vouches for the instruction set, the vectors, and room for as many sums.
        unsafe { *to.add(i) = S::sum(S::load(from.add(i * S::LANES))) };
    }
}

/// Puts elements apart that start at an address; see [`put`].
pub(in super::super) type Put<T> = unsafe fn(*const T, &Phases, *mut T);

impl<T> Kernels<T> {
    /// Puts the elements of an operand apart where that is said: where it lies now, until memory for a right operand is
    /// asked for again on this thread.
    ///
    /// # Safety
    /// All from the lowest of the elements to the highest must be readable, and nothing may write them meanwhile. The
    /// machine must have the instructions.
    pub(in super::super) unsafe fn put_apart(
        &self,
        phases: Option<&Phases>,
        operand: *const T,
    ) -> *const T {
        let Some(phases) = phases else { return operand };
        let to = scratch::right::<T>(phases.room());
        // SAFETY: the caller vouches for the elements; there is room for all phases.
        unsafe { (self.put)(operand.wrapping_offset(phases.lowest()), phases, to) };
        to
    }
}

/// Writes the elements of each phase, which lie `step` places apart from `from` on, next to each other.
#[inline(always)]
pub(super) unsafe fn put<S: Simd>(from: *const S::T, phases: &Phases, to: *mut S::T) {
    let &Phases { step, len, phase, .. } = phases;
    let whole = len / step;
    macro_rules! steps {
        ($step:literal) => {
            for at in 0..whole {
                for own in 0..$step {
                    // SAFETY: the caller vouches for the elements, and for room for each phase.
                    unsafe { *to.add(own * phase + at) = *from.add(at * $step + own) };
                }
            }
        };
    }
    match step {
        2 => steps!(2),
        3 => steps!(3),
        _ => steps!(4),
    }
    for at in whole * step..len {
        // SAFETY: as above.
        unsafe { *to.add(at % step * phase + whole) = *from.add(at) };
    }
}
