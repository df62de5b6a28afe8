//! Running a program with a clock beside it: for profiles alone.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::{Workspace, run_by};
use crate::engine::Slot;
use crate::plan::Program;
use crate::tensor::{Result, Tensor};

/// For each kernel of a program, how long all its runs took.
pub(crate) type Nanoseconds = [AtomicU64];

/// As [`run`](super::run), and adds to the time of each kernel. All workers wait for each other after every one of
/// them, as they do where they share it.
pub(crate) fn run_timed(
    program: &Program,
    workspace: &mut Workspace,
    slots: &mut [Slot<'_>],
    results: &mut [Tensor],
    times: &Nanoseconds,
) -> Result<()> {
    run_by(program, workspace, slots, results, |worker, steps, memory, failed| {
        for (step, time) in steps.iter().zip(times) {
            let start = (worker.id() == 0).then(Instant::now);
            if step.is_shared() {
                // SAFETY: the memory is the program's; a shared step consists of phases.
                unsafe { step.run(worker, memory) }.unwrap_or(());
            } else {
                worker.once(|| {
                    // SAFETY: the memory is the program's, and no other worker uses it in this phase.
                    if let Err(error) = unsafe { step.run(&worker.alone(), memory) } {
                        failed.get_or_init(|| error);
                    }
                });
            }
            if let Some(start) = start {
                time.fetch_add(start.elapsed().as_nanos() as u64, Ordering::Relaxed);
            }
            if failed.get().is_some() {
                return;
            }
        }
    })
}
