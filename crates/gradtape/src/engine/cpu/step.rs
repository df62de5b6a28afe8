//! The steps of a program made ready: each kernel with the memory it needs beside the program's buffers.

use std::cell::UnsafeCell;

use super::contract::{self, ContractPlan, ContractScratch};
use super::host::HostPlan;
use super::isa::Isa;
use super::lane::Real;
use super::loops::{LoopPlan, LoopScratch};
use super::memory::Memory;
use super::pool::Worker;
use super::repeated::Repeated;
use super::tiled::{TiledPlan, TiledScratch};
use super::{gemm, room};
use crate::plan::{Buffer, BufferId, Contract, Kernel, Place, Program, Tiled};
use crate::tensor::{DType, Result};

/// A kernel made ready to run.
pub(super) trait Step: Send + Sync {
    /// Whether several workers take part.
    fn is_shared(&self) -> bool;

    /// Makes sure of scratch memory for this many workers.
    fn grow(&mut self, workers: usize);

    /// Bytes of the memory that the workers share, beside the program's buffers.
    fn bytes(&self) -> usize;

    /// Runs the step, shared among the workers.
    ///
    /// # Safety
    /// The memory must be that of the step's program, and the steps before must have been run. A worker
    /// runs one step at a time, and there is scratch memory for it.
    unsafe fn run(&self, worker: &Worker<'_>, memory: &Memory<'_>) -> Result<()>;
}

/// Makes the kernels of a program ready for a set of vector instructions. Fails where memory cannot hold what they need.
pub(super) fn ready(program: &Program, isa: Isa) -> Result<Vec<Box<dyn Step>>> {
    let buffers = &program.buffers;
    let mut repeated = Repeated::of(program, |kernel| match kernel.epilogue.dtype {
        DType::F32 => contract::may_gain_by_common::<f32>(kernel, isa),
        _ => contract::may_gain_by_common::<f64>(kernel, isa),
    });
    let unread = unread(program);
    let kernels = program.kernels.iter().enumerate();
    kernels
        .map(|(number, kernel)| ready_one((number, kernel), isa, (buffers, &unread), &mut repeated))
        .collect()
}

/// For each buffer, whether it is a result that no kernel reads.
fn unread(program: &Program) -> Vec<bool> {
    let number = |buffer: &Buffer| match buffer.place {
        Place::Output(number) => Some(number),
        _ => None,
    };
    let results = program.buffers.iter().filter_map(number).max().map_or(0, |most| most + 1);
    let mut is_read = vec![false; results];
    let mut read = |buffer: BufferId| {
        if let Some(number) = number(&program.buffers[buffer.0 as usize]) {
            is_read[number] = true;
        }
    };
    for kernel in &program.kernels {
        kernel.each_access(|buffer, written| {
            if !written {
                read(buffer);
            }
        });
    }
    let unread = |buffer| number(buffer).is_some_and(|number| !is_read[number]);
    program.buffers.iter().map(unread).collect()
}

fn ready_one(
    (number, kernel): (usize, &Kernel),
    isa: Isa,
    (buffers, unread): (&[Buffer], &[bool]),
    repeated: &mut Repeated,
) -> Result<Box<dyn Step>> {
    Ok(match kernel {
        Kernel::Loop(kernel) if kernel.body.dtype == DType::F32 => {
            Box::new(Shared::new(LoopPlan::<f32>::new(kernel, isa, buffers, unread))?)
        }
        Kernel::Loop(kernel) => {
            Box::new(Shared::new(LoopPlan::<f64>::new(kernel, isa, buffers, unread))?)
        }
        Kernel::Contract(kernel) if kernel.epilogue.dtype == DType::F32 => {
            Box::new(Shared::new(product::<f32>(number, kernel, isa, buffers, repeated)?)?)
        }
        Kernel::Contract(kernel) => {
            Box::new(Shared::new(product::<f64>(number, kernel, isa, buffers, repeated)?)?)
        }
        Kernel::Host(host) => Box::new(HostPlan::new(host)),
        Kernel::Tiled(tiled) if is_single(tiled) => {
            Box::new(Shared::new(TiledPlan::<f32>::new(tiled, isa, buffers)?)?)
        }
        Kernel::Tiled(tiled) => Box::new(Shared::new(TiledPlan::<f64>::new(tiled, isa, buffers)?)?),
    })
}

/// Whether kernels compute in f32.
fn is_single(tiled: &Tiled) -> bool {
    tiled.kernels.iter().any(|kernel| match kernel {
        Kernel::Loop(plain) => plain.body.dtype == DType::F32,
        Kernel::Contract(product) => product.epilogue.dtype == DType::F32,
        Kernel::Host(_) | Kernel::Tiled(_) => false,
    })
}

fn product<T: Real>(
    number: usize,
    kernel: &Contract,
    isa: Isa,
    buffers: &[Buffer],
    repeated: &mut Repeated,
) -> Result<ContractPlan<T>> {
    let mut plan = ContractPlan::new(kernel, isa, buffers);
    if let Some(known) = repeated.known::<gemm::Common<T>>(number)
        && plan.gains_by_common()
    {
        let common = plan.share(known)?;
        repeated.keep(number, common);
    }
    Ok(plan)
}

/// A kernel that several workers can share.
trait Plan: Send + Sync {
    type Number: Real;
    /// The memory that each worker has of its own.
    type Scratch: Send;

    fn scratch(&self) -> Self::Scratch;

    /// How many numbers of memory the workers share.
    fn shared_len(&self) -> usize;

    /// Bytes that it keeps beside that from one run to the next.
    fn kept_bytes(&self) -> usize {
        0
    }

    /// Whether it is so much work that a second worker helps.
    fn is_large(&self) -> bool;

    /// # Safety
    /// As [`Step::run`]; all workers must give the same `shared`, which holds `shared_len` numbers.
    unsafe fn run(
        &self,
        worker: &Worker<'_>,
        memory: &Memory<'_>,
        own: &mut Self::Scratch,
        shared: *mut Self::Number,
    );
}

/// Elements of a loop, each counted as often as [`LoopPlan::work`] says, from which a second worker helps.
const SHARED_WORK: usize = 1 << 14;

impl<T: Real> Plan for LoopPlan<T> {
    type Number = T;
    type Scratch = LoopScratch<T>;

    fn scratch(&self) -> LoopScratch<T> {
        self.scratch()
    }

    fn shared_len(&self) -> usize {
        self.shared_len()
    }

    fn is_large(&self) -> bool {
        self.work() >= SHARED_WORK || self.has_parts()
    }

    unsafe fn run(
        &self,
        worker: &Worker<'_>,
        memory: &Memory<'_>,
        own: &mut LoopScratch<T>,
        shared: *mut T,
    ) {
        // SAFETY: passed on from the caller.
        unsafe { self.run(worker, memory, own, shared) }
    }
}

impl<T: Real> Plan for ContractPlan<T> {
    type Number = T;
    type Scratch = ContractScratch<T>;

    fn scratch(&self) -> ContractScratch<T> {
        self.scratch()
    }

    fn shared_len(&self) -> usize {
        self.shared_len()
    }

    fn kept_bytes(&self) -> usize {
        self.packed_bytes()
    }

    fn is_large(&self) -> bool {
        self.work() >= gemm::PARALLEL
    }

    unsafe fn run(
        &self,
        worker: &Worker<'_>,
        memory: &Memory<'_>,
        own: &mut ContractScratch<T>,
        shared: *mut T,
    ) {
        // SAFETY: passed on from the caller.
        unsafe { self.run(worker, memory, own, shared) }
    }
}

impl<T: Real> Plan for TiledPlan<T> {
    type Number = T;
    type Scratch = TiledScratch<T>;

    fn scratch(&self) -> TiledScratch<T> {
        self.scratch()
    }

    fn shared_len(&self) -> usize {
        0
    }

    fn is_large(&self) -> bool {
        self.work() >= gemm::PARALLEL
    }

    unsafe fn run(
        &self,
        worker: &Worker<'_>,
        memory: &Memory<'_>,
        own: &mut TiledScratch<T>,
        _: *mut T,
    ) {
        // SAFETY: passed on from the caller.
        unsafe { self.run(worker, memory, own) }
    }
}

/// A kernel with the memory of its workers: each one's own, and what they share.
struct Shared<P: Plan> {
    plan: P,
    own: Vec<UnsafeCell<P::Scratch>>,
    shared: Vec<UnsafeCell<P::Number>>,
}

// SAFETY: worker number `i` alone uses `own[i]`; what is shared is kept apart by the kernels.
unsafe impl<P: Plan> Sync for Shared<P> {}

impl<P: Plan> Shared<P> {
    fn new(plan: P) -> Result<Shared<P>> {
        let shared = room(plan.shared_len(), UnsafeCell::default)?;
        Ok(Shared { plan, own: Vec::new(), shared })
    }
}

impl<P: Plan> Step for Shared<P> {
    fn is_shared(&self) -> bool {
        self.plan.is_large()
    }

    fn grow(&mut self, workers: usize) {
        let missing = workers.saturating_sub(self.own.len());
        let scratch = || UnsafeCell::new(self.plan.scratch());
        self.own.extend(std::iter::repeat_with(scratch).take(missing));
    }

    fn bytes(&self) -> usize {
        size_of_val(&self.shared[..]) + self.plan.kept_bytes()
    }

    unsafe fn run(&self, worker: &Worker<'_>, memory: &Memory<'_>) -> Result<()> {
        // SAFETY: no other worker has this one's number, and this one runs one step at a time.
        let own = unsafe { &mut *self.own[worker.id()].get() };
        let shared = UnsafeCell::raw_get(self.shared.as_ptr());
        // SAFETY: passed on from the caller.
        unsafe { self.plan.run(worker, memory, own, shared) };
        Ok(())
    }
}

impl Step for HostPlan {
    fn is_shared(&self) -> bool {
        false
    }

    fn grow(&mut self, _: usize) {}

    fn bytes(&self) -> usize {
        0
    }

    unsafe fn run(&self, _: &Worker<'_>, memory: &Memory<'_>) -> Result<()> {
        // SAFETY: passed on from the caller; one worker runs it.
        unsafe { self.run(memory) }
    }
}
