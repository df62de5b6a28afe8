//! Kernels that workers share, with the memory that each of them needs beside the program's buffers.

use std::cell::UnsafeCell;

use super::lane::Real;
use super::memory::Memory;
use super::pool::Worker;
use super::room;
use crate::tensor::Result;

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

/// A kernel that several workers can share.
pub(super) trait Plan: Send + Sync {
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

/// A kernel with the memory of its workers: each one's own, and what they share.
pub(super) struct Shared<P: Plan> {
    plan: P,
    own: Vec<UnsafeCell<P::Scratch>>,
    shared: Vec<UnsafeCell<P::Number>>,
}

// SAFETY: worker number `i` alone uses `own[i]`; what is shared is kept apart by the kernels.
unsafe impl<P: Plan> Sync for Shared<P> {}

impl<P: Plan> Shared<P> {
    pub(super) fn new(plan: P) -> Result<Shared<P>> {
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
