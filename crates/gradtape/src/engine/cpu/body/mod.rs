//! The body of a kernel made ready for tiles: loads, instructions and stores on scratch slots.

pub(crate) mod chain;
mod moves;
mod slots;

use chain::{Code, Link, RunLinks};

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

/// Bytes of a cache line.
const LINE: usize = 64;

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
    /// Registers that hold the same number everywhere: set once for each run.
    fixed: Vec<(usize, T)>,
    steps: Vec<Step<T>>,
    run_links: RunLinks<T>,
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
        links: Vec<Link>,
        /// Where a link's result may be written at once.
        targets: Vec<(usize, Access)>,
    },
    Index {
        reg: usize,
        offset: usize,
        strides: Dims,
    },
    Random {
        reg: usize,
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
    /// Numbers before the first slot, which starts a cache line.
    skipped: usize,
    tiles: Vec<*const T>,
}

// SAFETY: the addresses are only used by the worker that owns the scratch, within one tile.
unsafe impl<T: Send> Send for Scratch<T> {}

impl<T: Real> Scratch<T> {
    fn new(slots: usize, registers: usize) -> Scratch<T> {
        let slots = vec![T::default(); slots * SLOT + LINE / size_of::<T>()];
        let skipped = slots.as_ptr().align_offset(LINE).min(LINE / size_of::<T>());
        Scratch { slots, skipped, tiles: vec![std::ptr::null(); registers] }
    }

    fn slot(&mut self, slot: usize) -> *mut T {
        self.slots.as_mut_ptr().wrapping_add(self.skipped + slot * SLOT)
    }

    fn numbers(&mut self, slot: usize) -> &mut [T] {
        assert!(self.skipped + slot * SLOT + TILE <= self.slots.len(), "the slot exists");
        // SAFETY: the slot lies in the memory, as just asserted. Not by way of a slice of all slots: other
        // slots are read through the addresses in `tiles` meanwhile.
        unsafe { std::slice::from_raw_parts_mut(self.slot(slot), TILE) }
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
            let kept = reduced.iter().chain(stores.iter().map(|store| &store.reg));
            kept.into_iter().any(|reg| reg.0 as usize == count + load)
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
            fixed: Vec::new(),
            steps: Vec::new(),
            run_links: T::run_links(isa),
            stores: Vec::new(),
            slots: Vec::new(),
            slot_count: 0,
            rows,
            cols,
        };
        let last_use = slots::last_uses(body, stores, reduced, first);
        for (i, inst) in body.insts.iter().enumerate() {
            plan.push(first + i, inst, spec, given, &last_use);
        }
        let readers = slots::readers(body, stores, reduced, first);
        for step in &mut plan.steps {
            if let Step::Chain { links, .. } = step {
                chain::connect(links, |reg| readers[reg]);
            }
        }
        for store in stores {
            let reg = store.reg.0 as usize;
            let direct = plan.target_of(reg).is_some_and(|target| *target == store.to);
            plan.stores.push(StorePlan { reg, to: store.to.clone(), direct });
        }
        plan.assign_slots(&last_use, first + body.insts.len());
        plan
    }

    /// Adds an instruction.
    fn push(
        &mut self,
        reg: usize,
        inst: &Inst,
        spec: &BodySpec<'_>,
        given: Option<BufferId>,
        last_use: &[usize],
    ) {
        let step = match inst {
            Inst::Constant { value } => {
                self.fixed.push((reg, T::from_f64(value.value())));
                return;
            }
            Inst::Index { offset, strides } => {
                Step::Index { reg, offset: *offset, strides: strides.clone() }
            }
            Inst::Random { key, counter, offset, strides } => Step::Random {
                reg,
                key: *key,
                counter: *counter,
                offset: *offset,
                strides: strides.clone(),
            },
            Inst::Op { op, args } => {
                let args = args.map(|reg| reg.0 as usize);
                let code = Code::of(op);
                let target = self.target(reg, code.is_some(), spec, given, last_use);
                if let Some(code) = code {
                    let link = Link::new(code, [args[0], args[1]], reg);
                    if !matches!(self.steps.last(), Some(Step::Chain { .. })) {
                        self.steps.push(Step::Chain { links: Vec::new(), targets: Vec::new() });
                    }
                    if let Some(Step::Chain { links, targets }) = self.steps.last_mut() {
                        links.push(link);
                        targets.extend(target.map(|target| (reg, target)));
                    }
                    return;
                }
                match tile_op(op, self.isa) {
                    Some(op) => Step::Op { reg, op, args, target },
                    None => {
                        self.fixed.push((reg, T::from_f64(f64::NAN)));
                        return;
                    }
                }
            }
        };
        self.steps.push(step);
    }

    /// Where an instruction may write its result at once instead of to a slot: contiguous memory of the
    /// right type that no later instruction reads the old elements of. A link of a chain may read the
    /// very elements that it writes.
    fn target(
        &self,
        reg: usize,
        link: bool,
        spec: &BodySpec<'_>,
        given: Option<BufferId>,
        last_use: &[usize],
    ) -> Option<Access> {
        let &BodySpec { body, stores, buffers, .. } = spec;
        let inst = reg - self.given - self.loads.len();
        let store = stores.iter().find(|store| store.reg.0 as usize == reg)?;
        let read = |reg: usize, same: bool| match last_use[reg] {
            last if last == inst => !(link && same),
            last => last > inst,
        };
        let old_is_read = body.loads.iter().enumerate().any(|(i, load)| {
            let same = buffers[load.buffer.0 as usize].place
                == buffers[store.to.buffer.0 as usize].place
                && load.strides == store.to.strides
                && load.offset == store.to.offset;
            overlap(buffers, load.buffer, store.to.buffer) && read(self.given + i, same)
        });
        let given_is_read = given.is_some_and(|given| {
            overlap(buffers, given, store.to.buffer) && read(0, given == store.to.buffer)
        });
        let same_type = buffers[store.to.buffer.0 as usize].dtype == T::DTYPE;
        let direct = same_type && !old_is_read && !given_is_read;
        direct.then(|| store.to.clone())
    }

    /// Where a register's result is written at once.
    fn target_of(&self, reg: usize) -> Option<&Access> {
        self.steps.iter().find_map(|step| match step {
            Step::Op { reg: own, target, .. } if *own == reg => target.as_ref(),
            Step::Chain { targets, .. } => {
                targets.iter().find(|(own, _)| *own == reg).map(|(_, target)| target)
            }
            _ => None,
        })
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
        Scratch::new(self.slot_count + 1, self.slots.len())
    }

    /// A slot's worth of memory that no register uses.
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
            unsafe { memory.read(load.access.buffer, load.access.offset, 0, out) };
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
        for (i, load) in self.loads.iter().enumerate().filter(|(_, load)| !load.fixed) {
            let reg = self.given + i;
            let start = element(&load.access, tile.index);
            let in_place = memory.dtype(load.access.buffer) == T::DTYPE && !load.overwritten;
            if in_place && self.is_run(tile.rows, tile.cols, &load.access) {
                let from = memory.address::<T>(load.access.buffer, start);
                scratch.tiles[reg] = from;
                if load.streams {
                    moves::fetch(from.wrapping_add(tile.len()), tile.len());
                }
                continue;
            }
            let slot = scratch.slot(self.slots[reg]);
            // SAFETY: the tile lies in the space, so its elements lie in the buffer; a slot holds it.
            unsafe { self.gather(tile, &load.access, start, memory, slot) };
            scratch.tiles[reg] = slot;
        }
        for step in &self.steps {
            // SAFETY: passed on from the caller.
            unsafe { self.step(step, tile, memory, scratch) };
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
    ) {
        let len = tile.len();
        let place = |target: &Access| {
            self.is_run(tile.rows, tile.cols, target)
                .then(|| memory.address::<T>(target.buffer, element(target, tile.index)))
        };
        match step {
            Step::Op { reg, op, args, target } => {
                let out = target.as_ref().and_then(place);
                let out = out.unwrap_or_else(|| scratch.slot(self.slots[*reg]));
                // SAFETY: each register's tile holds `len` numbers; `out` is a slot or memory that
                // no register of this instruction lies in.
                unsafe {
                    let x = args.map(|arg| std::slice::from_raw_parts(scratch.tiles[arg], len));
                    op.run(x, std::slice::from_raw_parts_mut(out, len));
                }
                scratch.tiles[*reg] = out;
            }
            Step::Chain { links, targets } => {
                for link in links {
                    scratch.tiles[link.out] = scratch.slot(self.slots[link.out]);
                }
                for (reg, target) in targets {
                    if let Some(out) = place(target) {
                        scratch.tiles[*reg] = out;
                    }
                }
                // SAFETY: each register's tile holds `len` numbers; two are apart, or the same where
                // an instruction writes what no later one reads.
                unsafe { (self.run_links)(links, &scratch.tiles, len) };
            }
            Step::Index { reg, offset, strides } => {
                let slot = scratch.slot(self.slots[*reg]);
                let (start, [row, col]) = self.position(tile, *offset, strides);
                // SAFETY: a slot holds a whole tile.
                let out = unsafe { std::slice::from_raw_parts_mut(slot, len) };
                for (r, out) in out.chunks_mut(tile.cols).enumerate() {
                    for (c, out) in out.iter_mut().enumerate() {
                        *out = T::from_f64((start + r * row + c * col) as f64);
                    }
                }
                scratch.tiles[*reg] = slot;
            }
            Step::Random { reg, key, counter, offset, strides } => {
                let slot = scratch.slot(self.slots[*reg]);
                let (start, [row, col]) = self.position(tile, *offset, strides);
                // SAFETY: the counter is the only element of an i64 buffer; a slot holds a tile.
                let (counter, out) = unsafe {
                    let counter = *memory.address::<i64>(*counter, 0) as u64;
                    (counter, std::slice::from_raw_parts_mut(slot, len))
                };
                let whole = tile.rows == 1 || row == tile.cols && col == 1;
                let width = if whole { len } else { tile.cols };
                for (r, out) in out.chunks_mut(width).enumerate() {
                    let start = (start + r * row) as u64;
                    let numbers = Uniform { key: *key, counter, start, stride: col as u64, out };
                    dispatch(self.isa, numbers);
                }
                scratch.tiles[*reg] = slot;
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
}
