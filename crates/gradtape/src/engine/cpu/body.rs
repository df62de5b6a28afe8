//! The body of a kernel made ready for tiles: loads, instructions and stores on scratch slots.

use super::isa::Isa;
use super::lane::{Real, dispatch};
use super::memory::{Memory, element, overlap};
use super::random::Uniform;
use super::tile::{TileOp, tile_op};
use crate::plan::{Access, Body, Buffer, BufferId, Inst, Reg, Store};
use crate::tensor::Dims;

/// Most numbers in a tile. A slot then is 2 KiB of f32, so that a dozen stay in the first-level cache.
pub(crate) const TILE: usize = 512;

/// Slots start this many numbers apart: not a multiple of 4 KiB, so that they do not share cache sets.
const SLOT: usize = TILE + 16;

/// Elements from which a buffer does not stay in a core's cache from one kernel to the next.
const STREAM: usize = 1 << 17;

/// A body for tiles of `rows × cols` elements, along two axes of the kernel's space.
pub(crate) struct BodyPlan<T> {
    isa: Isa,
    /// The axes that rows and columns of a tile run along.
    axes: [Option<usize>; 2],
    /// 1 in the epilogue of a matrix product, whose register 0 is given.
    given: usize,
    loads: Vec<Load>,
    steps: Vec<Step<T>>,
    stores: Vec<StorePlan>,
    /// The slot of each register.
    slots: Vec<usize>,
    slot_count: usize,
    pub(crate) rows: usize,
    pub(crate) cols: usize,
}

struct Load {
    access: Access,
    /// The same element at every index: read once for each run.
    fixed: bool,
    /// Too large for the cache, so that the next tile is worth fetching ahead.
    streams: bool,
    /// Reduced after the tile's stores, one of which writes the same memory: not used where it lies.
    overwritten: bool,
}

enum Step<T> {
    /// A number that is the same everywhere: set once for each run.
    Fixed(T),
    Op {
        op: Box<dyn TileOp<T>>,
        args: [usize; 3],
        target: Option<Access>,
    },
    Index {
        offset: usize,
        strides: Dims,
    },
    Random {
        key: u64,
        counter: BufferId,
        offset: usize,
        strides: Dims,
    },
}

struct StorePlan {
    reg: usize,
    to: Access,
    /// The instruction writes it where it belongs, wherever a tile's elements are a run there.
    direct: bool,
}

/// The scratch memory of one worker for one body: the slots, and where each register's tile lies.
pub(crate) struct Scratch<T> {
    slots: Vec<T>,
    tiles: Vec<*const T>,
}

// SAFETY: the addresses are only used by the worker that owns the scratch, within one tile.
unsafe impl<T: Send> Send for Scratch<T> {}

impl<T: Real> Scratch<T> {
    fn slot(&mut self, slot: usize) -> *mut T {
        self.slots.as_mut_ptr().wrapping_add(slot * SLOT)
    }
}

/// One tile: its first index in the kernel's space, and its extent.
pub(crate) struct Tile<'a> {
    pub(crate) index: &'a [usize],
    pub(crate) rows: usize,
    pub(crate) cols: usize,
}

impl Tile<'_> {
    pub(crate) fn len(&self) -> usize {
        self.rows * self.cols
    }
}

/// What a [`BodyPlan`] is made from.
pub(crate) struct BodySpec<'a> {
    pub(crate) body: &'a Body,
    pub(crate) stores: &'a [Store],
    /// Registers that are read after the tile.
    pub(crate) reduced: &'a [Reg],
    /// The axes of the space that rows and columns of a tile run along; `None` stands for one of size 1.
    pub(crate) axes: [Option<usize>; 2],
    pub(crate) space: &'a [usize],
    /// Present in the epilogue of a product, with the buffer that the product lies in, if it is one of
    /// the program's.
    pub(crate) given: Option<Option<BufferId>>,
    pub(crate) isa: Isa,
    pub(crate) buffers: &'a [Buffer],
}

impl<T: Real> BodyPlan<T> {
    /// Makes a body ready for tiles.
    pub(crate) fn new(spec: &BodySpec<'_>) -> BodyPlan<T> {
        let &BodySpec { body, stores, reduced, axes, space, given, isa, buffers } = spec;
        let (count, given) = (usize::from(given.is_some()), given.flatten());
        let size = |axis: Option<usize>| axis.map_or(1, |axis| space[axis]);
        let cols = size(axes[1]).clamp(1, TILE);
        // Rows are taken together when a whole one is short.
        let rows = if size(axes[1]) > TILE / 2 { 1 } else { size(axes[0]).min(TILE / cols).max(1) };
        let overwritten = |load: usize, access: &Access| {
            reduced.iter().any(|reg| reg.0 as usize == count + load)
                && stores.iter().any(|store| overlap(buffers, access.buffer, store.to.buffer))
        };
        let loads: Vec<Load> = body
            .loads
            .iter()
            .enumerate()
            .map(|(i, access)| Load {
                fixed: access.strides.iter().all(|&stride| stride == 0),
                streams: buffers[access.buffer.0 as usize].len >= STREAM,
                overwritten: overwritten(i, access),
                access: access.clone(),
            })
            .collect();
        let first = count + loads.len();
        let mut plan = BodyPlan {
            isa,
            axes,
            given: count,
            loads,
            steps: Vec::new(),
            stores: Vec::new(),
            slots: Vec::new(),
            slot_count: 0,
            rows,
            cols,
        };
        let last_use = last_uses(body, stores, reduced, first);
        for (i, inst) in body.insts.iter().enumerate() {
            let step = match inst {
                Inst::Constant { value } => Step::Fixed(T::from_f64(value.value())),
                Inst::Index { offset, strides } => {
                    Step::Index { offset: *offset, strides: strides.clone() }
                }
                Inst::Random { key, counter, offset, strides } => Step::Random {
                    key: *key,
                    counter: *counter,
                    offset: *offset,
                    strides: strides.clone(),
                },
                Inst::Op { op, args } => match tile_op(op, isa) {
                    Some(op) => {
                        let args = args.map(|reg| reg.0 as usize);
                        let target = plan.target(first + i, spec, given, &last_use);
                        Step::Op { op, args, target }
                    }
                    None => Step::Fixed(T::from_f64(f64::NAN)),
                },
            };
            plan.steps.push(step);
        }
        for store in stores {
            let reg = store.reg.0 as usize;
            let direct = reg.checked_sub(first).is_some_and(|i| match &plan.steps[i] {
                Step::Op { target: Some(target), .. } => *target == store.to,
                _ => false,
            });
            plan.stores.push(StorePlan { reg, to: store.to.clone(), direct });
        }
        // What is stored as it was loaded must be, before another store changes it.
        plan.stores.sort_by_key(|store| store.reg >= first);
        plan.assign_slots(&last_use, first + body.insts.len());
        plan
    }

    /// Where an instruction may write its result at once instead of to a slot: contiguous memory of the
    /// right type that no later instruction reads the old elements of.
    fn target(
        &self,
        reg: usize,
        spec: &BodySpec<'_>,
        given: Option<BufferId>,
        last_use: &[usize],
    ) -> Option<Access> {
        let &BodySpec { body, stores, buffers, .. } = spec;
        let inst = reg - self.given - self.loads.len();
        let store = stores.iter().find(|store| store.reg.0 as usize == reg)?;
        let old_is_read = body.loads.iter().enumerate().any(|(i, load)| {
            overlap(buffers, load.buffer, store.to.buffer) && last_use[self.given + i] >= inst
        });
        let given_is_read = given
            .is_some_and(|given| overlap(buffers, given, store.to.buffer) && last_use[0] >= inst);
        let same_type = buffers[store.to.buffer.0 as usize].dtype == T::DTYPE;
        let direct = same_type && !old_is_read && !given_is_read;
        direct.then(|| store.to.clone())
    }

    /// Registers that are used no more give their slot to later ones.
    fn assign_slots(&mut self, last_use: &[usize], registers: usize) {
        let first = self.given + self.loads.len();
        let mut free: Vec<usize> = Vec::new();
        for reg in 0..registers {
            let fixed = match reg.checked_sub(first) {
                Some(i) => matches!(self.steps[i], Step::Fixed(_)),
                None => reg < self.given || self.loads[reg - self.given].fixed,
            };
            // Slots of values that are set once, and of loads, which all come first, are not shared
            // with earlier registers.
            let slot = match free.pop() {
                Some(slot) if !fixed && reg >= first => slot,
                other => {
                    free.extend(other);
                    self.slot_count += 1;
                    self.slot_count - 1
                }
            };
            self.slots.push(slot);
            let Some(inst) = reg.checked_sub(first) else { continue };
            for (dying, _) in last_use.iter().enumerate().filter(|&(_, &last)| last == inst) {
                let is_fixed = match dying.checked_sub(first) {
                    Some(i) => matches!(self.steps[i], Step::Fixed(_)),
                    None => dying < self.given || self.loads[dying - self.given].fixed,
                };
                if !is_fixed && dying < reg && !free.contains(&self.slots[dying]) {
                    free.push(self.slots[dying]);
                }
            }
        }
    }

    /// Whether the elements of a tile of this extent lie one after another.
    fn is_run(&self, rows: usize, cols: usize, access: &Access) -> bool {
        let [row, col] = self.axes.map(|axis| self.stride(&access.strides, axis));
        match (rows, cols) {
            (1, 1) => true,
            (1, _) => col == 1,
            (_, 1) => row == 1,
            _ => col == 1 && row == cols,
        }
    }

    fn stride(&self, strides: &[usize], axis: Option<usize>) -> usize {
        axis.and_then(|axis| strides.get(axis).copied()).unwrap_or(0)
    }

    /// Scratch memory for one worker.
    pub(crate) fn scratch(&self) -> Scratch<T> {
        Scratch {
            slots: vec![T::default(); (self.slot_count + 1) * SLOT],
            tiles: vec![std::ptr::null(); self.slots.len()],
        }
    }

    /// A slot's worth of memory that no register uses.
    pub(crate) fn spare<'s>(&self, scratch: &'s mut Scratch<T>) -> &'s mut [T] {
        let at = self.slot_count * SLOT;
        &mut scratch.slots[at..at + TILE]
    }

    /// Sets what is the same at every index. To be called once for each run, before the tiles.
    ///
    /// # Safety
    /// The memory's loads must be readable.
    pub(crate) unsafe fn begin(&self, memory: &Memory<'_>, scratch: &mut Scratch<T>) {
        for (i, load) in self.loads.iter().enumerate().filter(|(_, load)| load.fixed) {
            let slot = self.slots[self.given + i] * SLOT;
            let out = &mut scratch.slots[slot..slot + TILE];
            // SAFETY: the element lies in the buffer, by the program; nothing writes it meanwhile.
            unsafe { memory.read(load.access.buffer, load.access.offset, 0, out) };
            scratch.tiles[self.given + i] = scratch.slot(slot / SLOT);
        }
        let first = self.given + self.loads.len();
        for (i, step) in self.steps.iter().enumerate() {
            if let Step::Fixed(value) = step {
                let slot = self.slots[first + i] * SLOT;
                scratch.slots[slot..slot + TILE].fill(*value);
                scratch.tiles[first + i] = scratch.slot(slot / SLOT);
            }
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
        for (i, load) in self.loads.iter().enumerate().filter(|(_, load)| !load.fixed) {
            let reg = self.given + i;
            let start = element(&load.access, tile.index);
            let in_place = memory.dtype(load.access.buffer) == T::DTYPE && !load.overwritten;
            if in_place && self.is_run(tile.rows, tile.cols, &load.access) {
                let from = memory.address::<T>(load.access.buffer, start);
                scratch.tiles[reg] = from;
                if load.streams {
                    fetch(from.wrapping_add(tile.len()), tile.len());
                }
                continue;
            }
            let slot = scratch.slot(self.slots[reg]);
            // SAFETY: the tile lies in the space, so its elements lie in the buffer; a slot holds it.
            unsafe { self.gather(tile, &load.access, start, memory, slot) };
            scratch.tiles[reg] = slot;
        }
        let first = self.given + self.loads.len();
        for (i, step) in self.steps.iter().enumerate() {
            let reg = first + i;
            let slot = scratch.slot(self.slots[reg]);
            match step {
                Step::Fixed(_) => continue,
                Step::Op { op, args, target } => {
                    let out = match target {
                        Some(to) if self.is_run(tile.rows, tile.cols, to) => {
                            memory.address::<T>(to.buffer, element(to, tile.index))
                        }
                        _ => slot,
                    };
                    // SAFETY: each register's tile holds `len` numbers; `out` is a slot or memory that
                    // no register of this instruction lies in.
                    unsafe {
                        let x = args
                            .map(|arg| std::slice::from_raw_parts(scratch.tiles[arg], tile.len()));
                        op.run(x, std::slice::from_raw_parts_mut(out, tile.len()));
                    }
                    scratch.tiles[reg] = out;
                    continue;
                }
                Step::Index { offset, strides } => {
                    let (start, [row, col]) = self.position(tile, *offset, strides);
                    // SAFETY: a slot holds a whole tile.
                    let out = unsafe { std::slice::from_raw_parts_mut(slot, tile.len()) };
                    for (r, out) in out.chunks_mut(tile.cols).enumerate() {
                        for (c, out) in out.iter_mut().enumerate() {
                            *out = T::from_f64((start + r * row + c * col) as f64);
                        }
                    }
                }
                Step::Random { key, counter, offset, strides } => {
                    let (start, [row, col]) = self.position(tile, *offset, strides);
                    // SAFETY: the counter is the only element of an i64 buffer; a slot holds a tile.
                    let (counter, out) = unsafe {
                        let counter = *memory.address::<i64>(*counter, 0) as u64;
                        (counter, std::slice::from_raw_parts_mut(slot, tile.len()))
                    };
                    let whole = tile.rows == 1 || row == tile.cols && col == 1;
                    let width = if whole { tile.len() } else { tile.cols };
                    for (r, out) in out.chunks_mut(width).enumerate() {
                        let start = (start + r * row) as u64;
                        let numbers =
                            Uniform { key: *key, counter, start, stride: col as u64, out };
                        dispatch(self.isa, numbers);
                    }
                }
            }
            scratch.tiles[reg] = slot;
        }
        for store in &self.stores {
            if store.direct && self.is_run(tile.rows, tile.cols, &store.to) {
                continue;
            }
            let start = element(&store.to, tile.index);
            // SAFETY: the register's tile holds `len` numbers; the tile's elements are this worker's.
            unsafe {
                let values = std::slice::from_raw_parts(scratch.tiles[store.reg], tile.len());
                self.scatter(tile, &store.to, start, memory, values);
            }
        }
    }

    /// The tile of a register, after [`BodyPlan::run`].
    ///
    /// # Safety
    /// The register must have been computed for a tile of `len` elements, whose memory still holds.
    pub(crate) unsafe fn tile<'s>(&self, scratch: &'s Scratch<T>, reg: Reg, len: usize) -> &'s [T] {
        // SAFETY: the caller vouches for it.
        unsafe { std::slice::from_raw_parts(scratch.tiles[reg.0 as usize], len) }
    }

    fn position(&self, tile: &Tile<'_>, offset: usize, strides: &[usize]) -> (usize, [usize; 2]) {
        let at: usize = strides.iter().zip(tile.index).map(|(stride, i)| stride * i).sum();
        (offset + at, self.axes.map(|axis| self.stride(strides, axis)))
    }

    /// # Safety
    /// The tile's elements must lie in the buffer; `slot` must hold them.
    unsafe fn gather(
        &self,
        tile: &Tile<'_>,
        access: &Access,
        start: usize,
        memory: &Memory<'_>,
        slot: *mut T,
    ) {
        let [row, col] = self.axes.map(|axis| self.stride(&access.strides, axis));
        // SAFETY: the caller vouches for the slot.
        let out = unsafe { std::slice::from_raw_parts_mut(slot, tile.len()) };
        if row == 0 && tile.rows > 1 {
            let (one, rest) = out.split_at_mut(tile.cols);
            // SAFETY: the caller vouches for the elements.
            unsafe { memory.read(access.buffer, start, col, one) };
            rest.chunks_mut(tile.cols).for_each(|rest| rest.copy_from_slice(one));
            return;
        }
        let whole = tile.rows == 1 || (row == tile.cols && col == 1);
        let width = if whole { tile.len() } else { tile.cols };
        for (r, out) in out.chunks_mut(width).enumerate() {
            // SAFETY: the caller vouches for the elements.
            unsafe { memory.read(access.buffer, start + r * row, col, out) };
        }
    }

    /// # Safety
    /// The tile's elements must lie in the buffer and be this worker's.
    unsafe fn scatter(
        &self,
        tile: &Tile<'_>,
        access: &Access,
        start: usize,
        memory: &Memory<'_>,
        values: &[T],
    ) {
        let [row, col] = self.axes.map(|axis| self.stride(&access.strides, axis));
        let whole = tile.rows == 1 || (row == tile.cols && col == 1);
        let width = if whole { tile.len() } else { tile.cols };
        for (r, values) in values.chunks(width).enumerate() {
            // SAFETY: the caller vouches for the elements.
            unsafe { memory.write(access.buffer, start + r * row, col, values) };
        }
    }
}

/// Has the machine fetch elements into its caches while it computes something else.
fn fetch<T>(from: *const T, count: usize) {
    #[cfg(target_arch = "x86_64")]
    for line in (0..count).step_by(64 / size_of::<T>()) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: fetching ahead reads nothing and never faults, whatever the address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(from.wrapping_add(line).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (from, count);
}

/// For each register, the last instruction that reads it; those that are stored or reduced are read
/// after all instructions.
fn last_uses(body: &Body, stores: &[Store], reduced: &[Reg], first: usize) -> Vec<usize> {
    let registers = first + body.insts.len();
    let mut last = vec![0; registers];
    for (i, inst) in body.insts.iter().enumerate() {
        if let Inst::Op { args, .. } = inst {
            args.iter().for_each(|reg| last[reg.0 as usize] = i);
        }
    }
    for reg in stores.iter().map(|store| store.reg).chain(reduced.iter().copied()) {
        last[reg.0 as usize] = usize::MAX;
    }
    last
}
