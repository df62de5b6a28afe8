//! The CPU engine: fused loops over tiles that stay in the first-level cache, matrix products with
//! epilogues, one fork for each program.
//!
//! Results do not depend, in any bit, on the number of threads.

mod body;
mod gemm;
mod graph;
mod host;
mod isa;
mod lane;
mod loops;
mod math32;
mod matmul;
mod memory;
mod pool;
mod random;
mod reduce;
mod simd;
mod tile;

pub use graph::run_graph;
pub use isa::Isa;
pub use pool::{set_threads, set_threads_beyond_cores, threads};

use std::cell::UnsafeCell;
use std::sync::OnceLock;

use host::HostPlan;
use lane::Real;
use loops::{LoopPlan, LoopScratch};
use matmul::{MatMulPlan, MatMulScratch};
use memory::Memory;
use pool::{Pool, Worker};

use super::{Slot, check_labels};
use crate::plan::{Kernel, Place, Program};
use crate::tensor::{DType, Element, Error, Kind, Result, Tensor};

/// A program made ready for this engine, with the memory for its runs.
pub(crate) struct Workspace {
    steps: Vec<Step>,
    arena: Vec<Line>,
    /// Scalars given by value, as their bits.
    scalars: Vec<u64>,
    bases: Vec<*mut u8>,
    /// Workers that there is scratch memory for.
    workers: usize,
}

/// A cache line: what the arena is aligned to.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line(#[allow(dead_code, reason = "only its size and alignment count")] [u8; 64]);

enum Step {
    Loop32(LoopPlan<f32>, Memories<LoopScratch<f32>, f32>),
    Loop64(LoopPlan<f64>, Memories<LoopScratch<f64>, f64>),
    MatMul32(MatMulPlan<f32>, Memories<MatMulScratch<f32>, f32>),
    MatMul64(MatMulPlan<f64>, Memories<MatMulScratch<f64>, f64>),
    Host(HostPlan),
}

/// The memory of a kernel beside the program's buffers: each worker's own, and what they share.
struct Memories<S, T> {
    own: Vec<UnsafeCell<S>>,
    shared: Vec<UnsafeCell<T>>,
}

// SAFETY: worker number `i` alone uses `own[i]`; what is shared is kept apart by the kernels.
unsafe impl<S: Send, T: Send> Sync for Memories<S, T> {}

impl<S, T: Real> Memories<S, T> {
    fn new(shared: usize) -> Memories<S, T> {
        let shared = std::iter::repeat_with(UnsafeCell::default).take(shared);
        Memories { own: Vec::new(), shared: shared.collect() }
    }

    fn grow(&mut self, workers: usize, scratch: impl FnMut() -> S) {
        let missing = workers.saturating_sub(self.own.len());
        self.own.extend(std::iter::repeat_with(scratch).take(missing).map(UnsafeCell::new));
    }

    /// # Safety
    /// Only worker `worker` may call this with its number, and must not hold what it gave before.
    #[allow(clippy::mut_from_ref, reason = "each worker has its own")]
    unsafe fn of(&self, worker: &Worker<'_>) -> (&mut S, *mut T) {
        // SAFETY: the caller vouches for it.
        let own = unsafe { &mut *self.own[worker.id()].get() };
        (own, UnsafeCell::raw_get(self.shared.as_ptr()))
    }
}

impl Workspace {
    /// Makes a program ready, for the widest vector instructions of this machine. Fails where memory
    /// cannot hold what lies between its kernels.
    pub(crate) fn new(program: &Program) -> Result<Workspace> {
        Workspace::for_isa(program, Isa::best())
    }

    /// Makes a program ready for a set of vector instructions, which this machine must have; else for
    /// the portable one.
    pub(crate) fn for_isa(program: &Program, isa: Isa) -> Result<Workspace> {
        let isa = if isa.is_available() { isa } else { Isa::Portable };
        let buffers = &program.buffers;
        let steps = program.kernels.iter().map(|kernel| match kernel {
            Kernel::Loop(kernel) if kernel.body.dtype == DType::F32 => {
                let plan = LoopPlan::new(kernel, isa, buffers);
                let memories = Memories::new(plan.shared_len());
                Step::Loop32(plan, memories)
            }
            Kernel::Loop(kernel) => {
                let plan = LoopPlan::new(kernel, isa, buffers);
                let memories = Memories::new(plan.shared_len());
                Step::Loop64(plan, memories)
            }
            Kernel::MatMul(kernel) if kernel.epilogue.dtype == DType::F32 => {
                let plan = MatMulPlan::new(kernel, isa, buffers);
                let memories = Memories::new(plan.shared_len());
                Step::MatMul32(plan, memories)
            }
            Kernel::MatMul(kernel) => {
                let plan = MatMulPlan::new(kernel, isa, buffers);
                let memories = Memories::new(plan.shared_len());
                Step::MatMul64(plan, memories)
            }
            Kernel::Host(host) => Step::Host(HostPlan::new(host)),
        });
        let lines = program.arena.div_ceil(64);
        let mut arena = Vec::new();
        arena.try_reserve_exact(lines).map_err(|_| {
            let size = program.arena as f64 / f64::from(1 << 30);
            Error::new(Kind::Shape, format!("no memory for {size:.1} GiB of intermediate results"))
        })?;
        arena.resize(lines, Line([0; 64]));
        Ok(Workspace {
            steps: steps.collect(),
            arena,
            scalars: vec![0; program.inputs.len()],
            bases: Vec::with_capacity(program.buffers.len()),
            workers: 0,
        })
    }

    /// Makes sure of scratch memory for this many workers.
    fn grow(&mut self, workers: usize) {
        if workers <= self.workers {
            return;
        }
        self.workers = workers;
        for step in &mut self.steps {
            match step {
                Step::Loop32(plan, memories) => memories.grow(workers, || plan.scratch()),
                Step::Loop64(plan, memories) => memories.grow(workers, || plan.scratch()),
                Step::MatMul32(plan, memories) => memories.grow(workers, || plan.scratch()),
                Step::MatMul64(plan, memories) => memories.grow(workers, || plan.scratch()),
                Step::Host(_) => {}
            }
        }
    }
}

/// Elements of a loop, or multiplications of a product, from which a second worker helps.
const SHARED_WORK: [usize; 2] = [1 << 14, gemm::PARALLEL];

impl Step {
    /// Whether several workers take part.
    fn is_shared(&self) -> bool {
        let [elements, products] = SHARED_WORK;
        match self {
            Step::Loop32(plan, _) => plan.elements() >= elements || plan.has_parts(),
            Step::Loop64(plan, _) => plan.elements() >= elements || plan.has_parts(),
            Step::MatMul32(plan, _) => plan.work() >= products,
            Step::MatMul64(plan, _) => plan.work() >= products,
            Step::Host(_) => false,
        }
    }

    /// Runs the step, shared among the workers.
    ///
    /// # Safety
    /// The memory must be that of the step's program, and the steps before must have been run.
    unsafe fn run(&self, worker: &Worker<'_>, memory: &Memory<'_>) -> Result<()> {
        // SAFETY: passed on from the caller; each worker uses its own scratch memory.
        unsafe {
            match self {
                Step::Loop32(plan, memories) => {
                    let (own, shared) = memories.of(worker);
                    plan.run(worker, memory, own, shared);
                }
                Step::Loop64(plan, memories) => {
                    let (own, shared) = memories.of(worker);
                    plan.run(worker, memory, own, shared);
                }
                Step::MatMul32(plan, memories) => {
                    let (own, shared) = memories.of(worker);
                    plan.run(worker, memory, own, shared);
                }
                Step::MatMul64(plan, memories) => {
                    let (own, shared) = memories.of(worker);
                    plan.run(worker, memory, own, shared);
                }
                Step::Host(host) => host.run(memory)?,
            }
        }
        Ok(())
    }
}

/// Runs a program on the numbers in `slots`, one for each input of the graph, into `results`: one
/// tensor for each [`Place::Output`], contiguous, viewed by nothing else, of the output's type and size.
///
/// The program must be one that the planner made, and the workspace made for it: what a program reads and
/// writes is not checked again. That is why this is not public.
pub(crate) fn run(
    program: &Program,
    workspace: &mut Workspace,
    slots: &mut [Slot<'_>],
    results: &mut [Tensor],
) -> Result<()> {
    check_labels(program, slots)?;
    bind(program, workspace, slots, results)?;
    let shared = workspace.steps.iter().any(Step::is_shared);
    let workers = if shared { threads() } else { 1 };
    workspace.grow(workers);
    let Workspace { steps, bases, .. } = workspace;
    let steps: &[Step] = steps;
    // SAFETY: `bind` gave each buffer an address that holds its elements: the slots' and results'
    // tensors, which are borrowed for this call, or the workspace's own memory.
    let memory = unsafe { Memory::new(&program.buffers, bases) };
    // Only a step that one worker runs alone can fail; the others see it at the end of the phase.
    let failed: OnceLock<Error> = OnceLock::new();
    Pool::global().run(workers, &|worker| {
        let mut groups = steps.chunk_by(|a, b| a.is_shared() == b.is_shared()).peekable();
        while let Some(group) = groups.next() {
            if group[0].is_shared() {
                // SAFETY: the memory is the program's; a shared step consists of phases.
                group.iter().for_each(|step| unsafe { step.run(worker, &memory) }.unwrap_or(()));
                continue;
            }
            if worker.id() != 0 && groups.peek().is_none() {
                return;
            }
            worker.once(|| {
                let alone = worker.alone();
                // SAFETY: the memory is the program's, and no other worker uses it in this phase.
                let done = group.iter().try_for_each(|step| unsafe { step.run(&alone, &memory) });
                if let Err(error) = done {
                    failed.get_or_init(|| error);
                }
            });
            if failed.get().is_some() {
                return;
            }
        }
    });
    failed.into_inner().map_or(Ok(()), Err)
}

/// Finds the address of every buffer.
fn bind(
    program: &Program,
    workspace: &mut Workspace,
    slots: &mut [Slot<'_>],
    results: &mut [Tensor],
) -> Result<()> {
    let Workspace { arena, scalars, bases, .. } = workspace;
    bases.clear();
    for buffer in &program.buffers {
        let base = match buffer.place {
            Place::Arena(offset) => arena.as_mut_ptr().cast::<u8>().wrapping_add(offset),
            Place::Input(input) => match slots.get_mut(input) {
                Some(Slot::Read(tensor)) => read_address(tensor, buffer.dtype).cast_mut(),
                Some(Slot::Write(tensor)) => write_address(tensor, buffer.dtype),
                Some(Slot::Scalar(value)) => {
                    scalar_address(&mut scalars[input], *value, buffer.dtype)
                }
                None => std::ptr::null_mut(),
            },
            Place::Output(output) => match results.get_mut(output) {
                Some(tensor) => write_address(tensor, buffer.dtype),
                None => std::ptr::null_mut(),
            },
        };
        if base.is_null() && buffer.len > 0 {
            let message = format!("run: no memory of {} for {:?}", buffer.dtype, buffer.place);
            return Err(Error::new(Kind::Shape, message));
        }
        bases.push(base);
    }
    Ok(())
}

fn read_address(tensor: &Tensor, dtype: DType) -> *const u8 {
    fn of<T: Element>(tensor: &Tensor) -> *const u8 {
        tensor.as_slice::<T>().map_or(std::ptr::null(), |data| data.as_ptr().cast())
    }
    match dtype {
        DType::F32 => of::<f32>(tensor),
        DType::F64 => of::<f64>(tensor),
        DType::I64 => of::<i64>(tensor),
        DType::Bool => of::<bool>(tensor),
    }
}

fn write_address(tensor: &mut Tensor, dtype: DType) -> *mut u8 {
    fn of<T: Element>(tensor: &mut Tensor) -> *mut u8 {
        tensor.as_slice_mut::<T>().map_or(std::ptr::null_mut(), |data| data.as_mut_ptr().cast())
    }
    match dtype {
        DType::F32 => of::<f32>(tensor),
        DType::F64 => of::<f64>(tensor),
        DType::I64 => of::<i64>(tensor),
        DType::Bool => of::<bool>(tensor),
    }
}

/// Keeps a scalar's bits in `place` and gives their address.
fn scalar_address(place: &mut u64, value: f64, dtype: DType) -> *mut u8 {
    *place = match dtype {
        DType::F32 => u64::from((value as f32).to_bits()).to_le(),
        DType::F64 => value.to_bits(),
        DType::I64 => (value as i64) as u64,
        DType::Bool => u64::from(value != 0.0).to_le(),
    };
    std::ptr::from_mut(place).cast()
}
