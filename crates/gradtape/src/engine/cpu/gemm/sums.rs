//! Products of few rows and columns whose sums lie in runs: both operands are read where they lie, and each vector holds
//! parts of one sum. The gradient of the weight that each channel has for itself.

use std::ops::Range;

use super::micro::{Kernels, Real, Run, Summands};
use super::phases::{MOST_STEP, Phases, Starts};
use super::pointed;
use super::walk::{Segment, Walks};
use super::{Block, Product, cut, parts, scratch};

/// Rows and columns up to which sums of all are kept beside the operands.
const MOST_ROWS: usize = 12;
const MOST_COLUMNS: usize = 128;

/// Summands that are read again for all rows and columns, from the first-level cache, and added up before their sum is
/// added to those of others.
const TOGETHER: usize = 2048;

/// Summands of a run that are read in one go.
const SEGMENT: usize = 1024;

/// Blocks of rows and columns whose sums take about as long as it takes to put what they read apart: that is some cycles
/// for each vector of summands, and this one for each element.
const PUT_APART: usize = 8;

/// Where the elements of such a product lie.
pub(crate) struct Sums {
    /// How far from the first of the left operand each row lies, and from that of the right one each column.
    rows: Vec<isize>,
    columns: Vec<isize>,
    runs: Vec<Run>,
    /// Runs that are added up together, and what is put apart for them of the right operand.
    groups: Vec<(Range<usize>, Option<Phases>)>,
    /// Into how many parts it pays to cut the product at most.
    parts: usize,
}

impl Sums {
    /// The product `m, n, k` of operands with these walks, where it is such a one.
    pub(super) fn of<T>(
        kernels: &Kernels<T>,
        walks: &Walks,
        [m, n, k]: [usize; 3],
    ) -> Option<Sums> {
        let (len, step) = walks.left[1].run()?;
        let (_, other) = walks.right[0].run()?;
        let few = (1..=MOST_ROWS).contains(&m) && (1..=MOST_COLUMNS).contains(&n);
        let fills = 2 * len >= kernels.lanes && k >= 4 * kernels.lanes;
        let other = usize::try_from(other).ok().filter(|step| (1..=MOST_STEP).contains(step))?;
        if !few || !fills || step != 1 || pointed::fills(kernels, m) {
            return None;
        }
        let [left, right] = [&walks.left[1], &walks.right[0]].map(|walk| walk.segments(SEGMENT));
        let runs = left?.into_iter().zip(right?);
        let run = |(a, b): (Segment, Segment)| Run { a: a.from, b: b.from, len: a.len };
        let mut runs: Vec<Run> = runs.map(run).collect();
        let [rows, mut columns] = [walks.left[0].places(), walks.right[1].places()];
        let groups = grouped(&mut runs, &columns, other)?;
        if let Some((_, Some(apart))) = groups.first() {
            columns.iter_mut().for_each(|place| *place = apart.place(*place));
        }
        let ways = kernels.sums[m.min(kernels.sums.len()) - 1];
        let (down, across) = (m.div_ceil(kernels.sums.len()), n.div_ceil(ways.len()));
        let mut sums = Sums { rows, columns, runs, groups, parts: across };
        if sums.are_apart() {
            sums.parts = (down * across / PUT_APART).clamp(1, across);
        }
        Some(sums)
    }

    /// Whether elements of the right operand are put apart.
    pub(super) fn are_apart(&self) -> bool {
        self.groups.iter().any(|(_, apart)| apart.is_some())
    }

    /// Into how many parts, at most so many, it pays to cut the product: each reads all of the left operand again, and puts
    /// all of the right one apart.
    pub(super) fn parts(&self, most: usize) -> usize {
        most.min(self.parts)
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
        let own = cut(p.n, id, count);
        if own.is_empty() {
            return;
        }
        let columns = &self.columns[own.clone()];
        let width = columns.len();
        let sums = scratch::strip::<T>(m * width * lanes);
        // SAFETY: all of it lies inside the operands that the caller vouches for, or where they may be read between
        // their elements; the scratch memory is as long as was asked for.
        unsafe {
            for (number, (runs, apart)) in self.groups.iter().enumerate() {
                let b = kernels.put_apart(apart.as_ref(), p.b);
                let runs = &self.runs[runs.clone()];
                for rows in parts(0..m, kernels.sums.len()) {
                    let ways = kernels.sums[rows.len() - 1];
                    for some in parts(0..width, ways.len()) {
                        ways[some.len() - 1](&Summands {
                            runs,
                            a: p.a,
                            rows: &self.rows[rows.clone()],
                            b,
                            columns: &columns[some.clone()],
                            to: sums.add((rows.start * width + some.start) * lanes),
                            to_row: width * lanes,
                            add: number > 0,
                        });
                    }
                }
            }
            let data = p.c.add(own.start);
            for row in 0..m {
                (kernels.fold)(sums.add(row * width * lanes), width, data.add(row * p.c_row));
            }
            epilogue(&Block {
                row: 0,
                column: own.start,
                rows: m,
                columns: width,
                data,
                stride: p.c_row,
            });
        }
    }
}

/// The runs that are added up together. Where their right operand's neighbours are `step` apart, these are put apart, and
/// the runs lie where they are put.
fn grouped(
    runs: &mut [Run],
    columns: &[isize],
    step: usize,
) -> Option<Vec<(Range<usize>, Option<Phases>)>> {
    let longest = runs.iter().map(|run| run.len).max()?;
    let most = (TOGETHER / longest).max(1);
    if step == 1 {
        let starts = (0..runs.len()).step_by(most);
        return Some(starts.map(|start| (start..runs.len().min(start + most), None)).collect());
    }
    let mut groups: Vec<(Range<usize>, Option<Phases>)> = Vec::new();
    let mut start = 0;
    while start < runs.len() {
        let mut starts = Starts::one(step, runs[start].b);
        let mut own = Phases::of(starts, longest - 1, columns)?;
        let mut end = start + 1;
        while end < runs.len().min(start + most)
            && let Some(more) = starts.and(runs[end].b)
            && let Some(larger) = Phases::of(more, longest - 1, columns)
        {
            (starts, own) = (more, larger);
            end += 1;
        }
        groups.push((start..end, Some(own)));
        start = end;
    }
    // Columns lie in the same places of what each group puts apart.
    let phase = groups.iter().filter_map(|(_, apart)| Some(apart.as_ref()?.phase)).max()?;
    for (own, apart) in &mut groups {
        let Some(apart) = apart else { continue };
        apart.phase = phase;
        runs[own.clone()].iter_mut().for_each(|run| run.b = apart.start(run.b));
    }
    Some(groups)
}
