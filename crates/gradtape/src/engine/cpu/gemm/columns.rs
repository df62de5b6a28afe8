//! Products of few rows and short sums whose columns lie in runs: each vector of columns is read where it lies, once
//! for each summand.

use super::micro::{Kernels, MOST_VECTORS, Real, Vectors};
use super::packed::K_BLOCK;
use super::phases::{MOST_STEP, Phases, Starts};
use super::walk::{Segment, Walks};
use super::{Block, DIRECT_BLOCK, Product, cut, scratch};

/// Columns that one worker computes in one go: long runs are shared.
const SEGMENT: usize = 256;

/// Where the elements of such a product lie.
pub(crate) struct Columns {
    /// How far from the first of the left operand each row and each summand lies.
    rows: Vec<isize>,
    left: Vec<isize>,
    /// How far from the first of the right one, or of what is put apart of it.
    right: Vec<isize>,
    segments: Vec<Segment>,
    apart: Option<Phases>,
}

impl Columns {
    /// The product `m, n, k` of operands with these walks, where it is such a one.
    pub(super) fn of<T>(
        kernels: &Kernels<T>,
        walks: &Walks,
        [m, n, k]: [usize; 3],
    ) -> Option<Columns> {
        let (len, step) = walks.right[1].run()?;
        let few = (1..=kernels.columns.len()).contains(&m) && (1..=K_BLOCK).contains(&k);
        let step = usize::try_from(step).ok().filter(|step| (1..=MOST_STEP).contains(step))?;
        if !few || n == 0 || 2 * len < kernels.lanes {
            return None;
        }
        let [rows, left] = [walks.left[0].places(), walks.left[1].places()];
        let mut right = walks.right[0].places();
        let mut segments = walks.right[1].segments(SEGMENT)?;
        let mut apart = None;
        if step != 1 {
            let one = Starts::one(step, segments.first()?.from);
            let starts = segments[1..].iter().try_fold(one, |all, one| all.and(one.from))?;
            let longest = segments.iter().map(|segment| segment.len).max()?;
            let own = Phases::of(starts, longest - 1, &right)?;
            segments.iter_mut().for_each(|segment| segment.from = own.start(segment.from));
            right.iter_mut().for_each(|place| *place = own.place(*place));
            apart = Some(own);
        }
        Some(Columns { rows, left, right, segments, apart })
    }

    /// Whether the elements of the right operand are put apart.
    pub(super) fn are_apart(&self) -> bool {
        self.apart.is_some()
    }

    /// Into how many parts, at most so many, it pays to cut the product: each puts all apart.
    pub(super) fn parts(&self, most: usize) -> usize {
        if self.are_apart() { 1 } else { most.min(self.segments.len()) }
    }

    /// # Safety
    /// As [`super::part`] of a product that has this.
    pub(super) unsafe fn part<T: Real>(
        &self,
        (id, count): (usize, usize),
        kernels: &Kernels<T>,
        p: &Product<'_, T>,
        epilogue: &impl Fn(&Block<T>),
    ) {
        let (m, lanes) = (p.m, kernels.lanes);
        let mut rest = &self.segments[cut(self.segments.len(), id, count)];
        let Some(first) = rest.first() else { return };
        let each = lanes.min(first.len);
        let ways = &kernels.columns[m - 1][usize::from(first.len >= lanes)];
        let at_once = 1 << (ways.len() - 1);
        let a = scratch::left::<T>(m * p.k);
        // SAFETY: all of it lies inside the operands that the caller vouches for, or where they may be read between
        // their elements; the scratch memory is as long as was asked for.
        unsafe {
            for (l, &k) in self.left.iter().enumerate() {
                for (i, &row) in self.rows.iter().enumerate() {
                    *a.add(l * m + i) = *p.a.wrapping_offset(row + k);
                }
            }
            let b = kernels.put_apart(self.apart.as_ref(), p.b);
            let (mut from, mut to) = ([0; MOST_VECTORS], [0; MOST_VECTORS]);
            let mut held = 0;
            macro_rules! compute {
                ($way:expr) => {
                    ways[$way](&Vectors {
                        k: &self.right,
                        a,
                        b,
                        from: &from,
                        to: &to,
                        c: p.c,
                        c_row: p.c_row,
                        lanes: each,
                    })
                };
            }
            while let Some(first) = rest.first() {
                let most = (DIRECT_BLOCK / m / first.len).clamp(1, rest.len());
                let (block, others) = rest.split_at(most);
                rest = others;
                let mut columns = 0;
                for segment in block {
                    for at in (0..segment.len).step_by(lanes) {
                        // The last vector of a segment may begin in the one before, and gives the same there.
                        let at = at.min(segment.len - each);
                        (from[held], to[held]) = (segment.from + at as isize, segment.first + at);
                        held += 1;
                        if held == at_once {
                            compute!(held.ilog2() as usize);
                            held = 0;
                        }
                    }
                    columns += segment.len;
                }
                while held > 0 {
                    let way = held.ilog2() as usize;
                    compute!(way);
                    let done = 1 << way;
                    from.copy_within(done..held, 0);
                    to.copy_within(done..held, 0);
                    held -= done;
                }
                epilogue(&Block {
                    row: 0,
                    column: first.first,
                    rows: m,
                    columns,
                    data: p.c.add(first.first),
                    stride: p.c_row,
                });
            }
        }
    }
}
