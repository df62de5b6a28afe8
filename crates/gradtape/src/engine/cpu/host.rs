//! Operations that no fused loop and no product expresses: moving elements, picking and placing them by
//! number, running sums, order, and whole numbers. Each runs by its own meaning, by one worker, on slices of
//! the program's memory; nothing is allocated.

use std::cell::UnsafeCell;

use super::memory::Memory;
use super::pool::Worker;
use super::shared::Step;
use crate::op::{Meta, Numbers, NumbersMut, Walk, with_type};
use crate::plan::{BufferId, Host};
use crate::tensor::{DType, Element, Result};

/// An operation made ready to run.
pub(crate) struct HostPlan {
    host: Host,
    walk: Walk,
    /// Room for the operands of a run; empty between runs.
    operands: UnsafeCell<Vec<Numbers<'static>>>,
}

// SAFETY: a run uses the room for operands, and whoever runs vouches that nothing else does meanwhile.
unsafe impl Sync for HostPlan {}

impl HostPlan {
    pub(crate) fn new(host: &Host) -> HostPlan {
        let first = host.inputs.first().map(|(_, meta)| &meta.shape);
        let walk = host.op.walk(first, &host.output.1.shape);
        let operands = UnsafeCell::new(Vec::with_capacity(host.inputs.len()));
        HostPlan { host: host.clone(), walk, operands }
    }

    /// Runs the operation.
    ///
    /// # Safety
    /// The memory must be that of the operation's program; no other worker may use it, or run this,
    /// meanwhile.
    pub(crate) unsafe fn run(&self, memory: &Memory<'_>) -> Result<()> {
        let Host { op, inputs, output: (to, out), at } = &self.host;
        // SAFETY: the caller vouches that nothing else runs this.
        let operands = unsafe { &mut *self.operands.get() };
        operands.clear();
        operands.extend(inputs.iter().map(|(buffer, meta)| {
            with_type!(meta.dtype, T => {
                // SAFETY: the shape is this plan's own, and the operands are dropped below.
                let shape = unsafe { &*std::ptr::from_ref(&meta.shape) };
                // SAFETY: the caller vouches for the memory until the operands are dropped.
                let data = unsafe { input::<T>(*buffer, meta, memory) };
                Numbers::new(shape, data)
            })
        }));
        let done = with_type!(out.dtype, T => {
            // SAFETY: as above. The result's buffer is none of the inputs': the planner gives such an
            // operation memory of its own.
            let result = unsafe { result::<T>(*to, out, memory) };
            op.run(&self.walk, operands, NumbersMut::new(&out.shape, result))
        });
        operands.clear();
        done.map_err(|error| error.at(at))
    }
}

/// The elements of an input.
///
/// # Safety
/// The buffer must hold the elements of the type and shape, which must be those of `T` and have been written
/// as such, and nothing may write them while the slice lives, which may be beyond the memory's own life.
unsafe fn input<'m, T: Element>(buffer: BufferId, meta: &Meta, memory: &Memory<'_>) -> &'m [T] {
    match meta.shape.elements() {
        0 => &[],
        // SAFETY: the caller vouches for it.
        len => unsafe { std::slice::from_raw_parts(memory.address::<T>(buffer, 0), len) },
    }
}

/// The elements of the result, which may be anything that the type can be.
///
/// # Safety
/// The buffer must have room for the elements of the type and shape, which must be those of `T`, and nothing
/// else may use it while the slice lives.
unsafe fn result<'m, T: Element>(
    buffer: BufferId,
    meta: &Meta,
    memory: &Memory<'m>,
) -> &'m mut [T] {
    match meta.shape.elements() {
        0 => &mut [],
        len => {
            let first = memory.address::<T>(buffer, 0);
            if T::DTYPE == DType::Bool {
                // SAFETY: the caller vouches for the room.
                unsafe { first.write_bytes(0, len) };
            }
            // SAFETY: the caller vouches for the room, which was in use before: any bits are a number, and
            // truth values were just made of them.
            unsafe { std::slice::from_raw_parts_mut(first, len) }
        }
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

#[cfg(test)]
mod tests {
    use std::panic::Location;

    use super::*;
    use crate::op::index;
    use crate::plan::{Buffer, Place};

    #[test]
    fn a_result_of_truth_values_is_some_before_the_operation() {
        let mut bytes: [[u64; 1]; 3] = [[0x0101], [7], [0xAAAA]];
        let metas =
            [(DType::Bool, 2), (DType::I64, 1), (DType::Bool, 1)].map(|(d, n)| Meta::new(d, [n]));
        let buffers = [0, 1, 2].map(|i| Buffer {
            dtype: metas[i].dtype,
            len: metas[i].shape.elements(),
            place: Place::Input(i),
        });
        let [x, places, out] = metas;
        let plan = HostPlan::new(&Host {
            op: index::Gather { axis: 0 }.into(),
            inputs: vec![(BufferId(0), x), (BufferId(1), places)],
            output: (BufferId(2), out),
            at: Location::caller(),
        });
        let bases = bytes.each_mut().map(|words| words.as_mut_ptr().cast::<u8>());
        // SAFETY: each buffer has its own words; nothing else uses them.
        let done = unsafe { plan.run(&Memory::new(&buffers, &bases)) };
        assert!(done.is_err(), "place 7 of 2");
        // What was there before, no truth value, must not have been behind a reference.
        assert_eq!(bytes[2], [0xAA00]);
    }
}
