//! Kernels over the same rows that are run one after another for a tile of rows at a time, so that what is between them
//! stays in the cache.

use std::ops::Range;

use super::contract::{ContractPlan, ContractScratch};
use super::gemm;
use super::isa::Isa;
use super::lane::Real;
use super::loops::{LoopPlan, LoopScratch};
use super::memory::Memory;
use super::pool::Worker;
use super::shared::Plan;
use crate::plan::{Buffer, Kernel, Place, Tiled};
use crate::tensor::{Error, Kind, Result};

/// A tiled kernel made ready to run.
pub(super) struct TiledPlan<T> {
    items: usize,
    rows: usize,
    tiles: usize,
    /// The most rows of a tile.
    tile: usize,
    stages: Vec<Stage<T>>,
    held: Vec<Held>,
    /// Cache lines of scratch memory.
    lines: usize,
}

enum Stage<T> {
    Contract(Box<ContractPlan<T>>),
    Loop(Box<LoopPlan<T>>),
}

/// A buffer of which each worker holds a tile.
struct Held {
    buffer: usize,
    /// Where in a worker's scratch memory the tile lies, and how long a row is, in bytes.
    at: usize,
    row: usize,
}

/// The scratch memory of one worker.
pub(super) struct TiledScratch<T> {
    stages: Vec<StageScratch<T>>,
    lines: Vec<Line>,
    /// Where each buffer of the program lies for the tile at hand.
    bases: Vec<*mut u8>,
}

// SAFETY: the addresses are those of the run at hand, which one worker uses.
unsafe impl<T: Send> Send for TiledScratch<T> {}

enum StageScratch<T> {
    Contract(ContractScratch<T>),
    Loop(LoopScratch<T>),
}

#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line(#[allow(dead_code, reason = "only its size and alignment count")] [u8; 64]);

impl<T: Real> TiledPlan<T> {
    /// Makes a tiled kernel ready. Fails for kernels that do not compute rows one by one.
    pub(super) fn new(tiled: &Tiled, isa: Isa, buffers: &[Buffer]) -> Result<TiledPlan<T>> {
        let stages = tiled.kernels.iter().map(|kernel| Stage::new(kernel, isa, buffers)).collect();
        let stages: Option<Vec<Stage<T>>> = stages;
        let stages = stages.ok_or_else(|| {
            Error::new(Kind::Shape, "the plan is not sound: a kernel of tiles has no rows")
                .hint("this is an error of gradtape; please report the recording that led to it")
        })?;
        let &Tiled { items, rows, .. } = tiled;
        let tiles = tiled.tiles();
        let tile = rows.div_ceil(tiles.max(1));
        let mut used = vec![false; buffers.len()];
        tiled.kernels.iter().for_each(|kernel| {
            kernel.each_access(|buffer, _| used[buffer.0 as usize] = true);
        });
        // For each number of scratch memory, its bytes.
        let mut sizes: Vec<usize> = Vec::new();
        let mut held = Vec::new();
        for (buffer, own) in buffers.iter().enumerate().filter(|(buffer, _)| used[*buffer]) {
            let Place::Scratch(number) = own.place else { continue };
            let row = own.len / (items * rows).max(1) * own.dtype.size();
            sizes.resize(sizes.len().max(number + 1), 0);
            sizes[number] = sizes[number].max((tile * row).next_multiple_of(64));
            held.push(Held { buffer, at: number, row });
        }
        for held in &mut held {
            held.at = sizes[..held.at].iter().sum();
        }
        let lines = sizes.iter().sum::<usize>() / 64;
        Ok(TiledPlan { items, rows, tiles, tile, stages, held, lines })
    }

    unsafe fn begin(&self, memory: &Memory<'_>, scratch: &mut TiledScratch<T>) {
        for (stage, own) in self.stages.iter().zip(&mut scratch.stages) {
            // SAFETY: passed on from the caller.
            unsafe {
                match (stage, own) {
                    (Stage::Contract(plan), StageScratch::Contract(own)) => {
                        plan.begin_rows(memory, own);
                    }
                    (Stage::Loop(plan), StageScratch::Loop(own)) => plan.begin_rows(memory, own),
                    _ => {}
                }
            }
        }
    }

    /// Runs the kernels for a tile.
    unsafe fn tile(
        &self,
        item: usize,
        rows: &Range<usize>,
        memory: &Memory<'_>,
        scratch: &mut TiledScratch<T>,
    ) {
        let TiledScratch { stages, lines, bases } = scratch;
        let start = lines.as_mut_ptr().cast::<u8>();
        let first = item * self.rows + rows.start;
        for held in &self.held {
            // The rows before are never reached.
            bases[held.buffer] = start.wrapping_add(held.at).wrapping_sub(first * held.row);
        }
        // SAFETY: of what is in scratch memory the kernels use the rows of the tile alone, by the program.
        let memory = unsafe { memory.moved(bases) };
        let mut shown = usize::MAX;
        for (stage, own) in self.stages.iter().zip(stages) {
            let rows = rows.clone();
            // SAFETY: passed on from the caller.
            unsafe {
                match (stage, own) {
                    (Stage::Contract(plan), StageScratch::Contract(own)) => {
                        shown = plan.run_rows((item, rows), shown, &memory, own);
                    }
                    (Stage::Loop(plan), StageScratch::Loop(own)) => {
                        plan.run_rows(item, rows, &memory, own);
                    }
                    _ => {}
                }
            }
        }
    }
}

impl<T: Real> Plan for TiledPlan<T> {
    type Number = T;
    type Scratch = TiledScratch<T>;

    fn scratch(&self) -> TiledScratch<T> {
        let mut products = 0..gemm::ROOMS;
        let stage = |stage: &Stage<T>| match stage {
            Stage::Contract(plan) => {
                let room = products.next().filter(|_| self.tiles > 1);
                StageScratch::Contract(plan.scratch_of_rows(self.tile, room))
            }
            Stage::Loop(plan) => StageScratch::Loop(plan.scratch()),
        };
        TiledScratch {
            stages: self.stages.iter().map(stage).collect(),
            lines: vec![Line([0; 64]); self.lines],
            bases: Vec::new(),
        }
    }

    fn shared_len(&self) -> usize {
        0
    }

    fn is_large(&self) -> bool {
        let work = |stage: &Stage<T>| match stage {
            Stage::Contract(plan) => plan.work(),
            Stage::Loop(_) => 0,
        };
        let work = self.stages.iter().map(work).fold(0, usize::saturating_add);
        work >= gemm::PARALLEL
    }

    unsafe fn run(
        &self,
        worker: &Worker<'_>,
        memory: &Memory<'_>,
        scratch: &mut TiledScratch<T>,
        _: *mut T,
    ) {
        let mut begun = false;
        worker.each(self.items * self.tiles, |unit| {
            let (item, tile) = (unit / self.tiles, unit % self.tiles);
            let rows = self.rows * tile / self.tiles..self.rows * (tile + 1) / self.tiles;
            // Not before there is something to do: who comes late finds the memory used for other things.
            if !std::mem::replace(&mut begun, true) {
                scratch.bases.clear();
                scratch.bases.extend_from_slice(memory.bases());
                // SAFETY: the caller vouches for the memory.
                unsafe { self.begin(memory, scratch) };
            }
            // SAFETY: tiles are apart in memory, by the program.
            unsafe { self.tile(item, &rows, memory, scratch) };
        });
    }
}

impl<T: Real> Stage<T> {
    fn new(kernel: &Kernel, isa: Isa, buffers: &[Buffer]) -> Option<Stage<T>> {
        match kernel {
            Kernel::Contract(product) => {
                let plan = ContractPlan::of_rows(product, isa, buffers);
                plan.takes_rows().then(|| Stage::Contract(Box::new(plan)))
            }
            Kernel::Loop(plain) => {
                let plan = LoopPlan::new(plain, isa, buffers, &[]);
                plan.takes_rows().then(|| Stage::Loop(Box::new(plan)))
            }
            Kernel::Host(_) | Kernel::Tiled(_) => None,
        }
    }
}
