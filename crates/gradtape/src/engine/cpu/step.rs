//! The steps of a program made ready: each kernel with the memory it needs beside the program's buffers.

use std::cell::UnsafeCell;

use super::contract::{ContractPlan, ContractScratch};
use super::host::HostPlan;
use super::isa::Isa;
use super::lane::Real;
use super::loops::{LoopPlan, LoopScratch};
use super::memory::Memory;
use super::pool::Worker;
use super::{gemm, room};
use crate::plan::{Buffer, Kernel};
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

/// Makes a kernel ready for a set of vector instructions. Fails where memory cannot hold what it needs.
pub(super) fn ready(kernel: &Kernel, isa: Isa, buffers: &[Buffer]) -> Result<Box<dyn Step>> {
    Ok(match kernel {
        Kernel::Loop(kernel) if kernel.body.dtype == DType::F32 => {
            Box::new(Shared::new(LoopPlan::<f32>::new(kernel, isa, buffers))?)
        }
        Kernel::Loop(kernel) => Box::new(Shared::new(LoopPlan::<f64>::new(kernel, isa, buffers))?),
        Kernel::Contract(kernel) if kernel.epilogue.dtype == DType::F32 => {
            Box::new(Shared::new(ContractPlan::<f32>::new(kernel, isa, buffers))?)
        }
        Kernel::Contract(kernel) => {
            Box::new(Shared::new(ContractPlan::<f64>::new(kernel, isa, buffers))?)
        }
        Kernel::Host(host) => Box::new(HostPlan::new(host)),
    })
}

/// A kernel that several workers can share.
trait Plan: Send + Sync {
    type Number: Real;
    /// The memory that each worker has of its own.
    type Scratch: Send;

    fn scratch(&self) -> Self::Scratch;

    /// How many numbers of memory the workers share.
    fn shared_len(&self) -> usize;

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

/// Elements of a loop from which a second worker helps.
const SHARED_ELEMENTS: usize = 1 << 14;

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
        self.elements() >= SHARED_ELEMENTS || self.has_parts()
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
        size_of_val(&self.shared[..])
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
