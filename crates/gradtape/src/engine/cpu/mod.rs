//! The CPU engine: fused loops over tiles that stay in the first-level cache, matrix products with
//! epilogues, one fork for each program.
//!
//! Results do not depend, in any bit, on the number of threads.

mod across;
mod aligned;
mod body;
mod bounds;
mod caches;
mod contract;
mod count;
mod far;
mod gemm;
mod graph;
mod host;
mod isa;
mod lane;
mod loops;
mod masks;
mod math;
mod memory;
mod peak;
mod pool;
mod random;
mod reduce;
mod repeated;
mod row;
mod shared;
mod simd;
mod step;
mod telling;
mod tile;
mod tiled;
mod timed;

pub(super) use bounds::check as check_bounds;
pub use graph::{run_graph, run_graph_for};
pub use isa::{Isa, isa, set_isa};
pub use peak::{multiply_adds, operations_a_second};
pub use pool::{Abreast, alone, set_threads, set_threads_beyond_cores, threads};

pub(crate) use telling::{Completed, Told, run_telling};
pub(crate) use timed::{Nanoseconds, run_timed};

use std::sync::OnceLock;

use memory::Memory;
use pool::{Pool, Worker, share};
use shared::Step;

use super::{Slot, check_labels, ill_fitting};
use crate::plan::{Buffer, Place, Program};
use crate::tensor::{Element, Error, Kind, Result, Tensor, with_type};

/// A program made ready for this engine, with the memory for its runs.
pub(crate) struct Workspace {
    steps: Vec<Box<dyn Step>>,
    arena: Vec<Line>,
    /// Scalars given by value, each at the start of its place.
    scalars: Vec<u64>,
    bases: Bases,
    /// Inputs that are updated, with their buffers.
    updated: Vec<(usize, usize)>,
    /// Workers that there is scratch memory for.
    workers: usize,
}

/// Where each buffer of a program lies during a run.
#[derive(Default)]
struct Bases(Vec<*mut u8>);

// SAFETY: the addresses are found anew by the run that uses them, which has the workspace to itself;
// between runs they are numbers that nothing reads.
unsafe impl Send for Bases {}
// SAFETY: as above.
unsafe impl Sync for Bases {}

/// A cache line: what the arena is aligned to.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line(#[allow(dead_code, reason = "only its size and alignment count")] [u8; 64]);

impl Workspace {
    /// Makes a program ready, for the vector instructions in use. Fails where memory
    /// cannot hold what lies between its kernels.
    pub(crate) fn new(program: &Program) -> Result<Workspace> {
        Workspace::for_isa(program, isa())
    }

    /// Makes a program ready for a set of vector instructions, which this machine must have; else for
    /// the portable one.
    pub(crate) fn for_isa(program: &Program, isa: Isa) -> Result<Workspace> {
        let isa = if isa.is_available() { isa } else { Isa::Portable };
        bounds::check(program)?;
        let arena = room(program.arena.div_ceil(64), || Line([0; 64]))?;
        let steps = step::ready(program, isa)?;
        let outputs = program.outputs.iter().map(|output| output.0 as usize);
        let updated = outputs.filter_map(|buffer| match program.buffers.get(buffer)?.place {
            Place::Input(input) => Some((input, buffer)),
            _ => None,
        });
        Ok(Workspace {
            steps,
            arena,
            scalars: vec![0; program.inputs.len()],
            bases: Bases(Vec::with_capacity(program.buffers.len())),
            updated: updated.collect(),
            workers: 0,
        })
    }

    /// Makes sure of scratch memory for this many workers.
    fn grow(&mut self, workers: usize) {
        if workers <= self.workers {
            return;
        }
        self.workers = workers;
        self.steps.iter_mut().for_each(|step| step.grow(workers));
    }

    /// Bytes of memory, without what each worker has of its own.
    pub(crate) fn bytes(&self) -> usize {
        let shared: usize = self.steps.iter().map(|step| step.bytes()).sum();
        shared + size_of_val(&self.arena[..])
    }
}

/// A list of this many, where memory can hold it.
fn room<T>(count: usize, each: impl FnMut() -> T) -> Result<Vec<T>> {
    let mut list = Vec::new();
    list.try_reserve_exact(count).map_err(|_| {
        let size = count as f64 * size_of::<T>() as f64 / f64::from(1 << 30);
        Error::new(Kind::Shape, format!("no memory for {size:.1} GiB of intermediate results"))
    })?;
    list.resize_with(count, each);
    Ok(list)
}

/// Runs a program on the numbers in `slots`, one for each input of the graph, into `results`: one
/// tensor for each [`Place::Output`], contiguous, viewed by nothing else, of the output's type and size.
///
/// The workspace must have been made for the program, whose bounds were checked then: what it reads and
/// writes is not checked again. That is why this is not public.
pub(crate) fn run(
    program: &Program,
    workspace: &mut Workspace,
    slots: &mut [Slot<'_>],
    results: &mut [Tensor],
) -> Result<()> {
    run_by(program, workspace, slots, results, |worker, steps, memory, failed| {
        run_steps(worker, steps, memory, failed, |_| {});
    })
}

/// One worker's part of a run. Worker 0 calls `done` with the number of each step that is complete, as it goes.
fn run_steps(
    worker: &Worker<'_>,
    steps: &[Box<dyn Step>],
    memory: &Memory<'_>,
    failed: &OnceLock<Error>,
    done: impl Fn(usize),
) {
    let mut groups = steps.chunk_by(|a, b| a.is_shared() == b.is_shared()).peekable();
    let mut first = 0;
    while let Some(group) = groups.next() {
        let numbers = first..;
        first += group.len();
        if group[0].is_shared() {
            for (number, step) in numbers.zip(group) {
                // SAFETY: the memory is the program's; a shared step consists of phases.
                unsafe { step.run(worker, memory) }.unwrap_or(());
                if worker.id() == 0 {
                    done(number);
                }
            }
            continue;
        }
        if worker.id() != 0 && groups.peek().is_none() {
            return;
        }
        worker.once(|| {
            let alone = worker.alone();
            for (number, step) in numbers.zip(group) {
                // SAFETY: the memory is the program's, and no other worker uses it in this phase.
                if let Err(error) = unsafe { step.run(&alone, memory) } {
                    failed.get_or_init(|| error);
                    return;
                }
                done(number);
            }
        });
        if failed.get().is_some() {
            return;
        }
    }
}

/// Binds a program's buffers, and has `work` run the steps on all workers. Only a step that one worker runs alone can
/// fail; the others see it at the end of the phase.
fn run_by(
    program: &Program,
    workspace: &mut Workspace,
    slots: &mut [Slot<'_>],
    results: &mut [Tensor],
    work: impl Fn(&Worker<'_>, &[Box<dyn Step>], &Memory<'_>, &OnceLock<Error>) + Sync,
) -> Result<()> {
    check_labels(program, slots)?;
    bind(program, workspace, slots, results)?;
    let shared = workspace.steps.iter().any(|step| step.is_shared());
    let workers = if shared { share() } else { 1 };
    workspace.grow(workers);
    let Workspace { steps, bases, .. } = workspace;
    let steps: &[Box<dyn Step>] = steps;
    // SAFETY: `bind` gave each buffer an address that holds its elements: the slots' and results'
    // tensors, which are borrowed for this call and whose lengths it compared, or the workspace's own
    // memory.
    let memory = unsafe { Memory::new(&program.buffers, &bases.0) };
    let failed: OnceLock<Error> = OnceLock::new();
    Pool::global().run(workers, &|worker| work(worker, steps, &memory, &failed));
    failed.into_inner().map_or(Ok(()), Err)
}

/// Finds the address of every buffer. Fails where what is given does not hold as many elements as the
/// buffer, of its type, or is to be updated but given only to be read.
fn bind(
    program: &Program,
    workspace: &mut Workspace,
    slots: &mut [Slot<'_>],
    results: &mut [Tensor],
) -> Result<()> {
    let Workspace { arena, scalars, bases: Bases(bases), updated, .. } = workspace;
    // Addresses of single elements are made from these: a new borrow of all would end earlier ones.
    let (arena, scalars) = (arena.as_mut_ptr().cast::<u8>(), scalars.as_mut_ptr());
    bases.clear();
    for buffer in &program.buffers {
        let base = match buffer.place {
            Place::Arena(offset) => Some(arena.wrapping_add(offset)),
            // Where a tile lies, its worker knows.
            Place::Scratch(_) => Some(std::ptr::null_mut()),
            Place::Input(input) => match slots.get_mut(input) {
                Some(Slot::Read(tensor)) => read_address(tensor, buffer).map(<*const u8>::cast_mut),
                Some(Slot::Write(tensor)) => write_address(tensor, buffer),
                Some(Slot::Scalar(value)) if buffer.len == 1 => {
                    let place = scalars.wrapping_add(input);
                    // SAFETY: there is a scalar's place for each input, as large and as aligned as any element,
                    // and nothing else refers to it.
                    with_type!(buffer.dtype, T => unsafe { place.cast::<T>().write(value.element()) });
                    Some(place.cast())
                }
                _ => None,
            },
            Place::Output(output) => {
                results.get_mut(output).and_then(|tensor| write_address(tensor, buffer))
            }
        };
        let nothing = (buffer.len == 0).then(std::ptr::null_mut);
        bases.push(base.or(nothing).ok_or_else(|| ill_fitting(buffer))?);
    }
    for &(input, buffer) in &*updated {
        if !matches!(slots.get(input), Some(Slot::Write(_))) {
            return Err(ill_fitting(&program.buffers[buffer]));
        }
    }
    Ok(())
}

fn read_address(tensor: &Tensor, buffer: &Buffer) -> Option<*const u8> {
    fn of<T: Element>(tensor: &Tensor, len: usize) -> Option<*const u8> {
        let data = tensor.as_slice::<T>().filter(|data| data.len() == len)?;
        Some(data.as_ptr().cast())
    }
    with_type!(buffer.dtype, T => of::<T>(tensor, buffer.len))
}

fn write_address(tensor: &mut Tensor, buffer: &Buffer) -> Option<*mut u8> {
    fn of<T: Element>(tensor: &mut Tensor, len: usize) -> Option<*mut u8> {
        let data = tensor.as_slice_mut::<T>().filter(|data| data.len() == len)?;
        Some(data.as_mut_ptr().cast())
    }
    with_type!(buffer.dtype, T => of::<T>(tensor, buffer.len))
}
