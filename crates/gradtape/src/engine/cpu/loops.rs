//! Fused loops: tiles, and what is reduced over them.

use std::ops::Range;

use super::across::Across;
use super::aligned::Aligned;
use super::body::{BodyPlan, BodySpec, Scratch, TILE, Tile, needs_rows, sums_columns};
use super::caches::Caches;
use super::isa::Isa;
use super::lane::{Real, dispatch};
use super::memory::{Memory, element};
use super::pool::Worker;
use super::reduce::{self, Accumulate};
use super::shared::Plan;
use crate::op::{Reduce, set_index};
use crate::plan::{Access, Buffer, Loop, Reduction, Reg};
use crate::tensor::Dims;

/// A fused loop made ready to run.
pub(crate) struct LoopPlan<T> {
    isa: Isa,
    space: Dims,
    kept: usize,
    body: BodyPlan<T>,
    reductions: Vec<Reduction>,
    across: Option<Across>,
    how: How,
    row_axis: Option<usize>,
    col_axis: Option<usize>,
    /// Pieces that the reduced axes are cut into, each reduced by itself and then merged in order.
    parts: usize,
}

/// Which axes of the space the tiles run along.
#[derive(Clone, Copy, PartialEq)]
enum How {
    /// Nothing is reduced; tiles along the last three axes.
    Map,
    /// The last axis is reduced, and a tile holds whole rows of it.
    ShortRows,
    /// The last axis is reduced in pieces; one row after another.
    LongRows,
    /// A kept axis is that of the columns, and rows are reduced.
    Columns,
}

/// Columns that a long row is dealt out to.
const LANES: usize = 64;

/// Numbers that a column adds up before the sum joins a total of such sums: rounding then grows with the
/// square root of what it would be, also where all numbers are alike.
const RUN: usize = 256;

/// Elements of the reduced axes in one part.
const PART: usize = 1 << 15;

/// Numbers computed, each counted as what it costs, from which a second worker helps.
const SHARED_WORK: usize = 1 << 14;

/// The scratch memory of one worker for one loop.
pub(crate) struct LoopScratch<T> {
    body: Scratch<T>,
    state: Vec<T>,
    /// The state of one run of tiles.
    run: Vec<T>,
    /// The state of the columns of one run of rows.
    columns: Aligned<T>,
    index: Vec<usize>,
}

impl<T: Real> LoopPlan<T> {
    /// A loop of a program with these buffers, of which `unread` says whether no kernel reads them.
    pub(crate) fn new(plan: &Loop, isa: Isa, buffers: &[Buffer], unread: &[bool]) -> LoopPlan<T> {
        let rank = plan.space.len();
        let kept = rank - plan.reduced;
        let last = |end: usize| end.checked_sub(1);
        let columns = !plan.across.is_empty();
        let whole_rows = columns || needs_rows(&plan.body, &plan.stores, plan.reduced);
        let (how, axes) = if whole_rows {
            (How::ShortRows, [last(kept), last(rank)])
        } else if plan.reductions.is_empty() {
            (How::Map, [rank.checked_sub(2), last(rank)])
        } else if columns_are_runs(plan, kept) {
            (How::Columns, [last(rank), last(kept)])
        } else if plan.reduced == 1 && (1..=TILE).contains(&plan.space[rank - 1]) {
            (How::ShortRows, [last(kept), last(rank)])
        } else {
            // Of two reduced axes the outer one makes the tiles of a short inner one longer.
            (How::LongRows, [last(rank - 1).filter(|_| plan.reduced > 1), last(rank)])
        };
        let own = |reduction: &&Reduction| {
            reduction.kind == Reduce::Sum && sums_columns(plan.space[rank - 1])
        };
        let summed: Vec<Reg> = plan.across.iter().filter(own).map(|r| r.reg).collect();
        let others = plan.across.iter().filter(|reduction| !own(reduction));
        let reduced: Vec<Reg> = plan.reductions.iter().chain(others).map(|r| r.reg).collect();
        let body = BodyPlan::new(&BodySpec {
            body: &plan.body,
            stores: &plan.stores,
            reduced: &reduced,
            columns: &summed,
            axes,
            planes: how == How::Map,
            space: &plan.space,
            whole_rows,
            given: None,
            isa,
            past: &past_caches(plan, buffers, unread),
            buffers,
        });
        let across = &plan.across;
        let mut plan = LoopPlan {
            isa,
            space: plan.space.clone(),
            kept,
            body,
            reductions: plan.reductions.clone(),
            across: None,
            how,
            row_axis: axes[0],
            col_axis: axes[1],
            parts: 1,
        };
        let reduced: usize = plan.space[kept..].iter().product();
        if matches!(how, How::LongRows | How::Columns) && plan.tasks() < 16 {
            plan.parts = reduced.div_ceil(PART).clamp(1, plan.reduced_tiles().max(1));
        }
        if columns {
            plan.across = Some(Across::new(isa, across, reduced, plan.body.rows, plan.tasks()));
        }
        plan
    }

    /// Whether some rows can be computed for themselves by [`LoopPlan::run_rows`].
    pub(crate) fn takes_rows(&self) -> bool {
        self.how == How::ShortRows && self.across.is_none() && self.row_axis.is_some()
    }

    /// Sets what is the same for all rows. To be called once for each run, before [`LoopPlan::run_rows`].
    ///
    /// # Safety
    /// As [`Plan::run`].
    pub(crate) unsafe fn begin_rows(&self, memory: &Memory<'_>, scratch: &mut LoopScratch<T>) {
        // SAFETY: passed on from the caller.
        unsafe { self.body.begin(memory, &mut scratch.body) };
    }

    /// Computes some rows of one index of all kept axes but the last, by one worker.
    ///
    /// # Safety
    /// As [`Plan::run`]; the rows must be this worker's, and the loop [take](LoopPlan::takes_rows) rows.
    pub(crate) unsafe fn run_rows(
        &self,
        item: usize,
        rows: Range<usize>,
        memory: &Memory<'_>,
        scratch: &mut LoopScratch<T>,
    ) {
        let last = self.kept - 1;
        set_index(&mut scratch.index[..last], &self.space[..last], item);
        for first in rows.clone().step_by(self.body.rows) {
            let LoopScratch { index, .. } = scratch;
            (index[last], index[self.kept]) = (first, 0);
            let most = self.body.rows.min(rows.end - first);
            // SAFETY: passed on from the caller.
            unsafe { self.some_rows(most, memory, scratch) };
        }
    }

    fn elements(&self) -> usize {
        self.space.iter().product()
    }

    /// Runs a loop over rows whose columns are reduced as well.
    ///
    /// # Safety
    /// As [`Plan::run`]; `begin` sets what is the same at every index.
    unsafe fn run_across(
        &self,
        across: &Across,
        worker: &Worker<'_>,
        memory: &Memory<'_>,
        scratch: &mut LoopScratch<T>,
        shared: *mut T,
        begin: &mut dyn FnMut(&mut Scratch<T>),
    ) {
        let len = across.state_len();
        worker.each(across.parts(), |part| {
            begin(&mut scratch.body);
            // SAFETY: each part has memory of its own.
            let total = unsafe { std::slice::from_raw_parts_mut(shared.add(part * len), len) };
            across.start(total);
            for run in across.runs(part) {
                let mut columns = std::mem::take(&mut scratch.columns);
                across.start(&mut columns);
                for task in run {
                    across.each_summed(&mut columns, |number, sums| {
                        self.body.put_columns(&mut scratch.body, number, sums);
                    });
                    // SAFETY: tasks are apart in memory; the caller vouches for the rest.
                    unsafe { self.short_rows(task, memory, scratch) };
                    let LoopScratch { body, index, .. } = &*scratch;
                    let x = |reduction: &Reduction, len| {
                        // SAFETY: the register was just computed.
                        unsafe { self.body.tile(body, reduction.reg, len) }.as_ptr()
                    };
                    across.add(&self.tile(index), &mut columns, x);
                }
                across.merge(total, &columns);
                scratch.columns = columns;
            }
        });
        worker.each(across.chunks(), |chunk| {
            // SAFETY: the parts were written in the phase before and are only read in this one; chunks are apart.
            unsafe {
                let parts = std::slice::from_raw_parts(shared, across.parts() * len);
                across.finish(chunk, parts, memory);
            }
        });
    }

    /// The axes that tasks are numbered along, with the elements of a step: all kept axes, the tile's
    /// own in steps of a tile.
    fn task_steps(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let end = if self.how == How::Map { self.space.len() } else { self.kept };
        (0..end).map(|axis| (axis, self.step(axis)))
    }

    /// How many elements of an axis a tile covers.
    fn step(&self, axis: usize) -> usize {
        if Some(axis) == self.col_axis {
            self.body.cols
        } else if Some(axis) == self.row_axis {
            self.body.rows
        } else {
            let own = self.body.planes.iter().find(|(plane, _)| *plane == axis);
            own.map_or(1, |(_, count)| *count)
        }
    }

    fn tasks(&self) -> usize {
        self.task_steps().map(|(axis, step)| self.space[axis].div_ceil(step)).product()
    }

    fn reduced_tiles(&self) -> usize {
        (self.kept..self.space.len())
            .map(|axis| self.space[axis].div_ceil(self.step(axis)))
            .product()
    }

    /// Sets the index of tile number `number` among the tiles along `axes`.
    fn set_index(&self, index: &mut [usize], mut number: usize, axes: std::ops::Range<usize>) {
        for axis in axes.rev() {
            let (step, count) = (self.step(axis), self.space[axis].div_ceil(self.step(axis)));
            index[axis] = number % count * step;
            number /= count;
        }
    }

    /// The extent of the tile at an index: cut off at the ends of its axes.
    fn tile<'a>(&self, index: &'a [usize]) -> Tile<'a> {
        let extent = |axis: Option<usize>, most: usize| {
            axis.map_or(1, |axis| most.min(self.space[axis] - index[axis]))
        };
        Tile {
            index,
            planes: self.body.planes.iter().map(|&(axis, most)| extent(Some(axis), most)).product(),
            rows: extent(self.row_axis, self.body.rows),
            cols: extent(self.col_axis, self.body.cols),
        }
    }

    unsafe fn map(&self, task: usize, memory: &Memory<'_>, scratch: &mut LoopScratch<T>) {
        let LoopScratch { body, index, .. } = scratch;
        self.set_index(index, task, 0..self.space.len());
        // SAFETY: the tile lies in the space; tasks are apart.
        unsafe { self.body.run(&self.tile(index), None, memory, body) };
    }

    unsafe fn short_rows(&self, task: usize, memory: &Memory<'_>, scratch: &mut LoopScratch<T>) {
        let LoopScratch { index, .. } = scratch;
        self.set_index(index, task, 0..self.kept);
        index[self.kept] = 0;
        // SAFETY: the tile lies in the space; tasks are apart.
        unsafe { self.some_rows(usize::MAX, memory, scratch) };
    }

    /// Computes a tile of short rows from the index of the scratch memory on, of so many rows at most.
    unsafe fn some_rows(&self, most: usize, memory: &Memory<'_>, scratch: &mut LoopScratch<T>) {
        let LoopScratch { body, index, state, .. } = scratch;
        let tile = self.tile(index);
        let tile = Tile { rows: tile.rows.min(most), ..tile };
        // SAFETY: the tile lies in the space; tasks are apart.
        unsafe { self.body.run(&tile, None, memory, body) };
        for reduction in &self.reductions {
            let out = &mut state[..tile.rows];
            // SAFETY: the register was just computed; the spare slot is no register's.
            unsafe {
                let x = self.body.tile(body, reduction.reg, tile.len());
                let x = std::slice::from_raw_parts(x.as_ptr(), x.len());
                let spare = &mut self.body.spare(body)[..tile.len()];
                let kind = reduction.kind;
                reduce::short_rows(self.isa, kind, x, tile.cols, spare, out);
                self.write(reduction, tile.index, self.row_axis, memory, out);
            }
        }
    }

    unsafe fn accumulate(
        &self,
        task: usize,
        part: usize,
        memory: &Memory<'_>,
        scratch: &mut LoopScratch<T>,
    ) {
        let LoopScratch { body, index, state, run, .. } = scratch;
        self.set_index(index, task, 0..self.kept);
        let width = self.width(index);
        let start = |state: &mut [T]| {
            self.each_state(width, state, |r, state, _| reduce::start(r.kind, state))
        };
        let tiles = self.reduced_tiles();
        let per_part = tiles.div_ceil(self.parts);
        let part = part * per_part..((part + 1) * per_part).min(tiles);
        let adds = (self.body.rows * self.body.cols).div_ceil(width);
        let per_run = (RUN / adds).max(1);
        start(state);
        for first in part.clone().step_by(per_run) {
            let is_first = first == part.start;
            let sums = if is_first { &mut *state } else { &mut *run };
            if !is_first {
                start(sums);
            }
            for number in first..(first + per_run).min(part.end) {
                self.set_index(index, number, self.kept..self.space.len());
                let tile = self.tile(index);
                // SAFETY: the tile lies in the space; tasks and parts are apart.
                unsafe { self.body.run(&tile, None, memory, body) };
                self.each_state(width, sums, |reduction, state, _| {
                    // SAFETY: the register was just computed.
                    let x = unsafe { self.body.tile(body, reduction.reg, tile.len()) };
                    dispatch(self.isa, Accumulate { kind: reduction.kind, state, width, x });
                });
            }
            if !is_first {
                self.each_state(width, state, |reduction, state, at| {
                    reduce::merge(reduction.kind, state, &run[at..at + state.len()]);
                });
            }
        }
    }

    unsafe fn finish(&self, task: usize, memory: &Memory<'_>, scratch: &mut LoopScratch<T>) {
        let LoopScratch { index, state, body, .. } = scratch;
        self.set_index(index, task, 0..self.kept);
        let width = self.width(index);
        let out = self.body.spare(body);
        self.each_state(width, state, |reduction, state, _| {
            if self.how == How::LongRows {
                out[0] = reduce::fold(reduction.kind, state);
                // SAFETY: tasks are apart.
                unsafe { self.write(reduction, index, None, memory, &out[..1]) };
                return;
            }
            for (column, out) in out[..width].iter_mut().enumerate() {
                let second = state.get(width + column).copied().unwrap_or_default();
                *out = reduce::result(reduction.kind, state[column], second);
            }
            // SAFETY: tasks are apart.
            unsafe { self.write(reduction, index, self.col_axis, memory, &out[..width]) };
        });
    }

    /// Writes results that run along a kept axis, from an index on.
    ///
    /// # Safety
    /// The elements must lie in the buffer and be this worker's.
    unsafe fn write(
        &self,
        reduction: &Reduction,
        index: &[usize],
        axis: Option<usize>,
        memory: &Memory<'_>,
        values: &[T],
    ) {
        let start = element(&reduction.to, &index[..self.kept]);
        let stride = axis.and_then(|axis| reduction.to.strides.get(axis)).copied().unwrap_or(1);
        // SAFETY: the caller vouches for it.
        unsafe { memory.write(self.isa, reduction.to.buffer, start, stride, values) };
    }

    /// The columns of a reduction's state for the task at an index.
    fn width(&self, index: &[usize]) -> usize {
        match self.col_axis {
            Some(axis) if self.how == How::Columns => {
                self.body.cols.min(self.space[axis] - index[axis])
            }
            _ => LANES,
        }
    }

    fn state_len(&self) -> usize {
        let width = match self.how {
            How::Map => return 0,
            How::ShortRows => return self.body.rows,
            How::LongRows => LANES,
            How::Columns => self.body.cols,
        };
        self.reductions.iter().map(|r| width * reduce::states(r.kind)).sum()
    }

    /// Calls `each` with every reduction, its part of the state, and where that part starts.
    fn each_state(
        &self,
        width: usize,
        state: &mut [T],
        mut each: impl FnMut(&Reduction, &mut [T], usize),
    ) {
        let mut at = 0;
        for reduction in &self.reductions {
            let len = width * reduce::states(reduction.kind);
            each(reduction, &mut state[at..at + len], at);
            at += len;
        }
    }
}

impl<T: Real> Plan for LoopPlan<T> {
    type Number = T;
    type Scratch = LoopScratch<T>;

    fn scratch(&self) -> LoopScratch<T> {
        LoopScratch {
            body: self.body.scratch(),
            state: vec![T::default(); self.state_len()],
            run: vec![T::default(); self.state_len()],
            columns: Aligned::new(self.across.as_ref().map_or(0, Across::state_len)),
            index: vec![0; self.space.len()],
        }
    }

    fn shared_len(&self) -> usize {
        match &self.across {
            Some(across) => across.parts() * across.state_len(),
            None if self.parts > 1 => self.parts * self.tasks() * self.state_len(),
            None => 0,
        }
    }

    fn is_large(&self) -> bool {
        // Parts are there for workers to meet.
        let has_parts =
            self.parts > 1 || self.across.as_ref().is_some_and(|across| across.parts() > 1);
        has_parts || self.elements().saturating_mul(self.body.cost()) >= SHARED_WORK
    }

    unsafe fn run(
        &self,
        worker: &Worker<'_>,
        memory: &Memory<'_>,
        scratch: &mut LoopScratch<T>,
        shared: *mut T,
    ) {
        if self.how == How::Map && self.elements() == 0 {
            return;
        }
        let mut begun = false;
        let mut begin = |scratch: &mut Scratch<T>| {
            // Not before there is something to do: who comes late finds the memory used for other things.
            if !std::mem::replace(&mut begun, true) {
                // SAFETY: the caller vouches for the memory.
                unsafe { self.body.begin(memory, scratch) };
            }
        };
        if let Some(across) = &self.across {
            // SAFETY: passed on from the caller.
            return unsafe { self.run_across(across, worker, memory, scratch, shared, &mut begin) };
        }
        let state_len = self.state_len();
        worker.each(self.tasks() * self.parts, |unit| {
            begin(&mut scratch.body);
            let (task, part) = (unit / self.parts, unit % self.parts);
            // SAFETY: tasks are apart in memory; the caller vouches for the rest.
            unsafe {
                match self.how {
                    How::Map => self.map(task, memory, scratch),
                    How::ShortRows => self.short_rows(task, memory, scratch),
                    How::LongRows | How::Columns => {
                        self.accumulate(task, part, memory, scratch);
                        if self.parts == 1 {
                            self.finish(task, memory, scratch);
                        } else {
                            let to = shared.add(unit * state_len);
                            std::ptr::copy_nonoverlapping(scratch.state.as_ptr(), to, state_len);
                        }
                    }
                }
            }
        });
        if self.parts == 1 {
            return;
        }
        worker.each(self.tasks(), |task| {
            begin(&mut scratch.body);
            for part in 0..self.parts {
                // SAFETY: the parts were written in the phase before and are only read in this one.
                let other = unsafe {
                    let from = shared.add((task * self.parts + part) * state_len);
                    std::slice::from_raw_parts(from, state_len)
                };
                if part == 0 {
                    scratch.state.copy_from_slice(other);
                } else {
                    self.set_index(&mut scratch.index, task, 0..self.kept);
                    let width = self.width(&scratch.index);
                    self.each_state(width, &mut scratch.state, |reduction, state, at| {
                        reduce::merge(reduction.kind, state, &other[at..at + state.len()]);
                    });
                }
            }
            // SAFETY: tasks are apart in memory.
            unsafe { self.finish(task, memory, scratch) };
        });
    }
}

/// For each buffer, whether storing it past the caches spares fetching it first: where a loop's arrays are more than the
/// last cache holds, and no kernel reads the result.
fn past_caches(plan: &Loop, buffers: &[Buffer], unread: &[bool]) -> Vec<bool> {
    let accesses = plan.body.loads.iter().chain(plan.stores.iter().map(|store| &store.to));
    let mut used: Vec<usize> = accesses.map(|access| access.buffer.0 as usize).collect();
    used.sort_unstable();
    used.dedup();
    let bytes = |&id: &usize| buffers[id].len.saturating_mul(buffers[id].dtype.size());
    match used.iter().map(bytes).fold(0, usize::saturating_add) > Caches::get().last {
        true => unread.to_vec(),
        false => Vec::new(),
    }
}

/// Whether memory is better followed along the last kept axis than along the last reduced one.
fn columns_are_runs(plan: &Loop, kept: usize) -> bool {
    let Some(col) = kept.checked_sub(1) else { return false };
    let last = plan.space.len() - 1;
    // What many short rows are reduced to is computed side by side.
    if plan.reduced > 1 && plan.space[last] < LANES.min(plan.space[col]) {
        return true;
    }
    // What varies along one axis alone is in the cache either way.
    let large = |load: &&Access| load.strides.iter().filter(|&&stride| stride != 0).count() > 1;
    let runs = |axis: usize| {
        plan.body.loads.iter().filter(large).filter(|load| load.strides[axis] == 1).count()
    };
    runs(col) > runs(last)
}
