//! Running a program and telling of each output as soon as it is complete, while others are still computed.

use super::{Workspace, run_by, run_steps};
use crate::engine::Slot;
use crate::plan::{BufferId, Place, Program};
use crate::tensor::{DType, Result, Tensor};

/// Is told the number of an output and its elements, row-major.
pub(crate) type Told<'a> = dyn Fn(usize, &[f32]) + Sync + 'a;

/// The outputs of f32 that are complete after each step of a program.
pub(crate) struct Completed {
    /// The step, the output's number, its buffer and how many elements it has.
    after: Vec<(usize, usize, BufferId, usize)>,
}

impl Completed {
    pub(crate) fn of(program: &Program) -> Completed {
        let mut last = vec![None; program.buffers.len()];
        for (step, kernel) in program.kernels.iter().enumerate() {
            kernel.each_access(|buffer, is_written| {
                if is_written && let Some(last) = last.get_mut(buffer.0 as usize) {
                    *last = Some(step);
                }
            });
        }
        let buffers = program.buffers.iter().zip(last).enumerate();
        let mut after: Vec<_> = buffers
            .filter(|(_, (buffer, _))| buffer.dtype == DType::F32)
            .filter_map(|(id, (buffer, last))| match buffer.place {
                Place::Output(output) => Some((last?, output, BufferId(id as u32), buffer.len)),
                _ => None,
            })
            .collect();
        after.sort_unstable();
        Completed { after }
    }
}

/// As [`run`](super::run), and tells of each output of f32 as soon as it is complete. One that no kernel writes is not
/// told of. `after` must have been made of the program.
pub(crate) fn run_telling(
    program: &Program,
    workspace: &mut Workspace,
    slots: &mut [Slot<'_>],
    results: &mut [Tensor],
    (Completed { after }, told): (&Completed, &Told<'_>),
) -> Result<()> {
    run_by(program, workspace, slots, results, |worker, steps, memory, failed| {
        run_steps(worker, steps, memory, failed, |step| {
            let first = after.partition_point(|(last, ..)| *last < step);
            let complete = after[first..].iter().take_while(|(last, ..)| *last == step);
            for &(_, output, buffer, len) in complete {
                // SAFETY: the buffer has `len` elements of f32, all of which were written by the steps so far, and no
                // later step writes it: `step` is the last one that does.
                let numbers = unsafe {
                    std::slice::from_raw_parts(memory.address::<f32>(buffer, 0).cast_const(), len)
                };
                told(output, numbers);
            }
        });
    })
}
