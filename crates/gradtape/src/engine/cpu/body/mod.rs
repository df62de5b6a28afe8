//! The body of a kernel made ready for tiles: loads, instructions and stores on scratch slots.

pub(crate) mod chain;
mod make;
mod moves;
mod rows;
mod slots;

use std::ptr::null_mut;

use chain::{Link, RunLinks};
pub(crate) use make::BodySpec;
use rows::Rows;
pub(crate) use rows::{needs_rows, sums_columns};
use smallvec::SmallVec;

use super::aligned::{Aligned, LINE};
use super::count::Count;
use super::isa::Isa;
use super::lane::{Real, dispatch};
use super::memory::{Memory, element};
use super::random::Uniform;
use super::tile::TileOp;
use crate::op::Reduce;
use crate::plan::{Access, BufferId, Reg, Strides};
use moves::Ahead;

/// Most numbers in a tile. A slot then is 2 KiB of f32, so that a dozen stay in the first-level cache.
pub(crate) const TILE: usize = 512;

/// How many numbers apart slots of this many start: whole cache lines and, for large ones, an odd number of
/// them or of pairs, so that they do not share cache sets.
fn slot_stride(room: usize) -> usize {
    let pieces = room.div_ceil(16);
    16 * if room > TILE / 8 { pieces | 1 } else { pieces }
}

/// What an instruction that is no plain arithmetic counts for, in such ones, and how many of these cost as much as
/// reading and writing.
const COSTLY: usize = 4;
const CHEAP: usize = 4;

/// A body for tiles of `planes × rows × cols` elements: rows and columns along one axis of the kernel's space each,
/// planes along any number.
pub(crate) struct BodyPlan<T> {
    isa: Isa,
    /// The axes that rows and columns of a tile run along.
    axes: [Option<usize>; 2],
    /// 1 in the epilogue of a matrix product, whose register 0 is given.
    given: usize,
    loads: Vec<Load>,
    /// Registers that hold the same number everywhere: set once for each run.
    fixed: Vec<(usize, T)>,
    steps: Vec<Step<T>>,
    run_links: RunLinks<T>,
    /// For each step, how much work it and the later ones are.
    work: Vec<usize>,
    stores: Vec<StorePlan>,
    rows_of: Rows,
    /// The registers whose columns are summed, and whether an instruction does so.
    columns: Vec<(usize, bool)>,
    /// The slot of each register.
    slots: Vec<usize>,
    slot_count: usize,
    /// The most numbers in a tile, for which a slot has room.
    room: usize,
    /// The axes that planes run along, the innermost first, and how many elements of each a tile has: all but of the
    /// last one. None where rows and columns are not all there are.
    pub(crate) planes: SmallVec<[(usize, usize); 4]>,
    pub(crate) rows: usize,
    pub(crate) cols: usize,
}

struct Load {
    access: Access,
    /// The same element at every index: read once for each run.
    fixed: bool,
    /// Too large for the cache, so that the next tile is worth fetching ahead.
    streams: bool,
    /// Stored or reduced as it is, when one of the tile's stores may have written the same memory: not used
    /// where it lies.
    overwritten: bool,
}

enum Step<T> {
    Op {
        reg: usize,
        op: Box<dyn TileOp<T>>,
        args: [usize; 3],
        target: Option<Access>,
    },
    Chain {
        /// Whether it computes what has one number for each row.
        by_row: bool,
        links: Vec<Link>,
        /// The register that holds the sum of what the last link computes of each row.
        sum: Option<usize>,
        /// Where a link's result may be written at once.
        targets: Vec<(usize, Access)>,
    },
    /// One number for each row of the register `arg`.
    Reduce {
        reg: usize,
        kind: Reduce,
        arg: usize,
    },
    /// The number of each row, at each of its columns.
    Repeat {
        reg: usize,
        to: usize,
    },
    Index {
        reg: usize,
        offset: usize,
        strides: Strides,
    },
    Random {
        reg: usize,
        key: u64,
        counter: BufferId,
        offset: usize,
        strides: Strides,
    },
}

struct StorePlan {
    reg: usize,
    to: Access,
    /// One number for each row.
    by_row: bool,
    /// The instruction writes it where it belongs, wherever a tile's elements are a run there.
    direct: bool,
    /// Too large for the cache and not loaded before, nor stored past it, so that the next tile is worth fetching ahead.
    streams: bool,
}

/// The scratch memory of one worker for one body: the slots, and where each register's tile lies.
pub(crate) struct Scratch<T> {
    slots: Aligned<T>,
    room: usize,
    tiles: Vec<*const T>,
}

// SAFETY: the addresses are only used by the worker that owns the scratch, within one tile.
unsafe impl<T: Send> Send for Scratch<T> {}

impl<T: Real> Scratch<T> {
    fn new(slots: usize, room: usize, registers: usize) -> Scratch<T> {
        let slots = Aligned::new(slots * slot_stride(room));
        Scratch { slots, room, tiles: vec![std::ptr::null(); registers] }
    }

    fn slot(&mut self, slot: usize) -> *mut T {
        self.slots.address().wrapping_add(slot * slot_stride(self.room))
    }

    fn numbers(&mut self, slot: usize) -> &mut [T] {
        let end = slot * slot_stride(self.room) + self.room;
        assert!(end <= self.slots.len(), "the slot exists");
        // SAFETY: the slot lies in the memory, as just asserted. Not by way of a slice of all slots: other
        // slots are read through the addresses in `tiles` meanwhile.
        unsafe { std::slice::from_raw_parts_mut(self.slot(slot), self.room) }
    }
}

/// One tile: its first index in the kernel's space, and its extent.
pub(crate) struct Tile<'a> {
    pub(crate) index: &'a [usize],
    pub(crate) planes: usize,
    pub(crate) rows: usize,
    pub(crate) cols: usize,
}

impl Tile<'_> {
    pub(crate) fn len(&self) -> usize {
        self.planes * self.rows * self.cols
    }
}

impl<T: Real> BodyPlan<T> {
    /// Whether the elements of a tile lie one after another.
    #[inline]
    fn is_run(&self, tile: &Tile<'_>, access: &Access) -> bool {
        let [row, col] = self.axes.map(|axis| self.stride(&access.strides, axis));
        let &Tile { planes, rows, cols, .. } = tile;
        let mut size = rows * cols;
        let mut follows = |&(axis, count): &(usize, usize)| {
            let step = size as isize;
            size *= count;
            count == 1 || self.stride(&access.strides, Some(axis)) == step
        };
        (cols == 1 || col == 1)
            && (rows == 1 || row == cols as isize)
            && (planes == 1 || self.planes.iter().all(&mut follows))
    }

    fn stride(&self, strides: &[isize], axis: Option<usize>) -> isize {
        axis.and_then(|axis| strides.get(axis).copied()).unwrap_or(0)
    }

    /// How far a plane lies from the first one.
    fn plane(&self, strides: &[isize], number: usize) -> isize {
        let mut rest = number;
        let mut far = 0;
        for &(axis, count) in &self.planes {
            far += (rest % count) as isize * self.stride(strides, Some(axis));
            rest /= count;
        }
        far
    }

    /// How much a number costs, in those of a loop that does little more than to read and to write.
    pub(crate) fn cost(&self) -> usize {
        let cost = |step: &Step<T>| match step {
            Step::Chain { links, .. } => links.len(),
            Step::Op { .. } | Step::Random { .. } => COSTLY,
            _ => 1,
        };
        (self.steps.iter().map(cost).sum::<usize>() / CHEAP).max(1)
    }

    /// A step's work, as far as lines are fetched ahead meanwhile.
    fn work_of(&self, step: &Step<T>) -> usize {
        match step {
            Step::Chain { by_row: false, links, .. } => links.len(),
            Step::Op { reg, .. } if !self.rows_of.by_row[*reg] => 1,
            Step::Random { .. } => 1,
            _ => 0,
        }
    }

    /// Scratch memory for one worker.
    pub(crate) fn scratch(&self) -> Scratch<T> {
        Scratch::new(self.slot_count + 1, self.room, self.slots.len())
    }

    /// Where the sums of columns number `number` lie from now on: as many numbers as a tile has columns.
    pub(crate) fn put_columns(&self, scratch: &mut Scratch<T>, number: usize, sums: *mut T) {
        scratch.tiles[self.column_register(number)] = sums;
    }

    /// The register that stands for sums of columns: beyond all others.
    fn column_register(&self, number: usize) -> usize {
        self.rows_of.whole.len() + self.rows_of.repeated + number
    }

    /// Memory for a tile, which no register uses.
    pub(crate) fn spare<'s>(&self, scratch: &'s mut Scratch<T>) -> &'s mut [T] {
        scratch.numbers(self.slot_count)
    }

    /// Sets what is the same at every index. To be called once for each run, before the tiles.
    ///
    /// # Safety
    /// The memory's loads must be readable.
    pub(crate) unsafe fn begin(&self, memory: &Memory<'_>, scratch: &mut Scratch<T>) {
        for (i, load) in self.loads.iter().enumerate().filter(|(_, load)| load.fixed) {
            let slot = self.slots[self.given + i];
            let out = scratch.numbers(slot);
            // SAFETY: the element lies in the buffer, by the program; nothing writes it meanwhile.
            unsafe { memory.read(self.isa, load.access.buffer, load.access.offset, 0, out) };
            scratch.tiles[self.given + i] = scratch.slot(slot);
        }
        for &(reg, value) in &self.fixed {
            scratch.numbers(self.slots[reg]).fill(value);
            scratch.tiles[reg] = scratch.slot(self.slots[reg]);
        }
    }

    /// Computes a tile: every register, and the stores. `given` holds register 0 of an epilogue, rows
    /// `given_stride` apart.
    ///
    /// # Safety
    /// The tile must lie in the kernel's space; its elements must not be used by another worker.
    pub(crate) unsafe fn run(
        &self,
        tile: &Tile<'_>,
        given: Option<(*const T, usize)>,
        memory: &Memory<'_>,
        scratch: &mut Scratch<T>,
    ) {
        if let Some((from, stride)) = given {
            scratch.tiles[0] = if tile.rows == 1 || stride == tile.cols {
                from
            } else {
                let slot = scratch.slot(self.slots[0]);
                for row in 0..tile.rows {
                    // SAFETY: the caller vouches for `given`; a slot holds a whole tile.
                    unsafe {
                        let (from, to) = (from.add(row * stride), slot.add(row * tile.cols));
                        std::ptr::copy_nonoverlapping(from, to, tile.cols);
                    }
                }
                slot
            };
        }
        // Tiles that do not stay in the first-level cache as a whole are not fetched into it either.
        let mut ahead = Ahead::new(self.room > TILE);
        for store in self.stores.iter().rev().filter(|store| store.streams) {
            let start = element(&store.to, tile.index);
            if self.is_run(tile, &store.to) {
                let to = memory.address::<T>(store.to.buffer, start);
                ahead.add(to.wrapping_add(tile.len()), tile.len());
            }
        }
        for (i, load) in self.loads.iter().enumerate().rev().filter(|(_, load)| !load.fixed) {
            let reg = self.given + i;
            let once = tile.first_column();
            let part = if self.rows_of.by_row[reg] { &once } else { tile };
            let start = element(&load.access, tile.index);
            let in_place = memory.dtype(load.access.buffer) == T::DTYPE && !load.overwritten;
            if in_place && self.is_run(part, &load.access) {
                let from = memory.address::<T>(load.access.buffer, start);
                scratch.tiles[reg] = from;
                if load.streams && !self.rows_of.by_row[reg] {
                    ahead.add(from.wrapping_add(part.len()), part.len());
                }
                continue;
            }
            let slot = scratch.slot(self.slots[reg]);
            // SAFETY: the tile lies in the space, so its elements lie in the buffer; a slot holds it.
            unsafe { self.gather(part, &load.access, start, memory, slot) };
            scratch.tiles[reg] = slot;
        }
        for (step, &left) in self.steps.iter().zip(&self.work) {
            // SAFETY: passed on from the caller.
            unsafe { self.step(step, tile, memory, scratch, (&mut ahead, left)) };
        }
        for store in &self.stores {
            if store.direct && self.is_run(tile, &store.to) {
                continue;
            }
            let once = tile.first_column();
            let part = if store.by_row { &once } else { tile };
            let start = element(&store.to, tile.index);
            // SAFETY: the register's tile holds `len` numbers; the tile's elements are this worker's.
            unsafe {
                let values = std::slice::from_raw_parts(scratch.tiles[store.reg], part.len());
                self.scatter(part, &store.to, start, memory, values);
            }
        }
    }

    /// Computes one step's registers.
    ///
    /// # Safety
    /// As for [`BodyPlan::run`], with the registers before the step's computed.
    unsafe fn step(
        &self,
        step: &Step<T>,
        tile: &Tile<'_>,
        memory: &Memory<'_>,
        scratch: &mut Scratch<T>,
        (ahead, left): (&mut Ahead, usize),
    ) {
        let lines = ahead.due(self.work_of(step), left);
        if !matches!(step, Step::Chain { .. }) {
            ahead.fetch(lines);
        }
        let length = |by_row: bool| if by_row { tile.rows } else { tile.len() };
        let place = |target: &Access| {
            self.is_run(tile, target)
                .then(|| memory.address::<T>(target.buffer, element(target, tile.index)))
        };
        match step {
            Step::Op { reg, op, args, target } => {
                let out = target.as_ref().and_then(place);
                let out = out.unwrap_or_else(|| scratch.slot(self.slots[*reg]));
                let len = length(self.rows_of.by_row[*reg]);
                // SAFETY: each register's tile holds `len` numbers; `out` is a slot or memory that
                // no register of this instruction lies in.
                unsafe {
                    let x = args.map(|arg| std::slice::from_raw_parts(scratch.tiles[arg], len));
                    op.run(x, std::slice::from_raw_parts_mut(out, len));
                }
                scratch.tiles[*reg] = out;
            }
            Step::Reduce { reg, kind, arg } => {
                // SAFETY: passed on from the caller.
                unsafe { self.reduce_rows((*reg, *kind, *arg), tile, scratch) };
            }
            Step::Repeat { reg, to } => {
                // SAFETY: passed on from the caller.
                unsafe { self.repeat(*reg, *to, tile, scratch) };
            }
            Step::Chain { by_row, links, sum, targets } => {
                for link in links.iter().filter(|link| !link.sums_columns()) {
                    scratch.tiles[link.out] = scratch.slot(self.slots[link.out]);
                }
                let mut lies = tile.rows == 1 || (tile.cols * size_of::<T>()).is_multiple_of(LINE);
                for (reg, target) in targets {
                    let out = place(target);
                    lies &= out.is_some_and(|out| (out as usize).is_multiple_of(LINE));
                    if let Some(out) = out {
                        scratch.tiles[*reg] = out;
                    }
                }
                let sums = sum.map(|reg| scratch.slot(self.slots[reg]));
                let (count, width) = match links.iter().any(Link::has_rows) {
                    true => (tile.rows, tile.cols),
                    false => (1, length(*by_row)),
                };
                let (sums_of, ahead) = (sums.unwrap_or(null_mut()), ahead.take(lines));
                let rows = chain::Rows { count, width, sums: sums_of, ahead, past: lies };
                // SAFETY: each register's tile holds the rows, or one number for each; two are apart, or the same
                // where an instruction writes what no later one reads.
                unsafe { (self.run_links)(links, &scratch.tiles, &rows) };
                if let (Some(reg), Some(sums)) = (*sum, sums) {
                    scratch.tiles[reg] = sums;
                }
            }
            Step::Index { reg, offset, strides } => {
                let slot = scratch.slot(self.slots[*reg]);
                let (start, [row, col]) = self.position(tile, *offset, strides);
                // SAFETY: a slot holds a whole tile.
                let out = unsafe { std::slice::from_raw_parts_mut(slot, tile.len()) };
                for (r, out) in out.chunks_mut(tile.cols).enumerate() {
                    let (p, r) = (r / tile.rows, (r % tile.rows) as isize);
                    let start = start as isize + self.plane(strides, p) + r * row;
                    let (start, step) = (start as f64, col as f64);
                    dispatch(self.isa, Count { start, step, out });
                }
                scratch.tiles[*reg] = slot;
            }
            Step::Random { reg, key, counter, offset, strides } => {
                let slot = scratch.slot(self.slots[*reg]);
                let (start, [row, col]) = self.position(tile, *offset, strides);
                // SAFETY: the counter is the only element of an i64 buffer; a slot holds a tile.
                let (counter, out) = unsafe {
                    let counter = *memory.address::<i64>(*counter, 0) as u64;
                    (counter, std::slice::from_raw_parts_mut(slot, tile.len()))
                };
                let whole = tile.rows == 1 || row == tile.cols as isize && col == 1;
                let width = if whole { tile.rows * tile.cols } else { tile.cols };
                let rows = if whole { 1 } else { tile.rows };
                for (r, out) in out.chunks_mut(width).enumerate() {
                    let steps = self.plane(strides, r / rows) + (r % rows) as isize * row;
                    let start = start.wrapping_add_signed(steps) as u64;
                    let numbers = Uniform { key: *key, counter, start, stride: col as u64, out };
                    dispatch(self.isa, numbers);
                }
                scratch.tiles[*reg] = slot;
            }
        }
    }

    /// The tile of a register that is kept for it, after [`BodyPlan::run`].
    ///
    /// # Safety
    /// The register must have been computed for a tile of `len` elements, whose memory still holds.
    pub(crate) unsafe fn tile<'s>(&self, scratch: &'s Scratch<T>, reg: Reg, len: usize) -> &'s [T] {
        let reg = self.rows_of.whole[reg.0 as usize];
        // SAFETY: the caller vouches for it.
        unsafe { std::slice::from_raw_parts(scratch.tiles[reg], len) }
    }

    fn position(&self, tile: &Tile<'_>, offset: usize, strides: &[isize]) -> (usize, [isize; 2]) {
        let steps = strides.iter().zip(tile.index).map(|(stride, &i)| stride * i as isize);
        (offset.wrapping_add_signed(steps.sum()), self.axes.map(|axis| self.stride(strides, axis)))
    }
}

#[cfg(test)]
mod tests;
