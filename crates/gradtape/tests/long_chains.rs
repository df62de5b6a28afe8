//! Long chains of operations: what a node costs in memory, from recording to the numbers.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use gradtape::{Result, Tape, Tensor, gradient};

struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

fn grow(bytes: usize) {
    let held = HELD.fetch_add(bytes, Ordering::Relaxed) + bytes;
    PEAK.fetch_max(held, Ordering::Relaxed);
}

// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grow(layout.size());
        // SAFETY: the caller vouches for the layout.
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // The system moves large blocks without a copy.
        grow(size.saturating_sub(layout.size()));
        HELD.fetch_sub(layout.size().saturating_sub(size), Ordering::Relaxed);
        // SAFETY: the caller vouches for the place, its layout and the size.
        unsafe { System.realloc(place, layout, size) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller vouches for the place and its layout.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most bytes held at once while this runs, beyond those held before.
fn peak(run: impl FnOnce() -> Result<()>) -> Result<usize> {
    let before = HELD.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    run()?;
    Ok(PEAK.load(Ordering::Relaxed) - before)
}

/// Bytes for each node: of the recording, with what its growth leaves free; of the walk, which records as
/// many again and marks those before; and of planning and running, which hold the graph several times.
const RECORDED: usize = 300;
const WALKED: usize = 500;
const RUN: usize = 400;

#[test]
fn a_long_chain_takes_few_bytes_for_each_node() -> Result<()> {
    for length in [5_000, 40_000] {
        let tape = Tape::new();
        let x = tape.watch(Tensor::scalar(1.0));
        let mut y = x;
        let recorded = peak(|| {
            for _ in 0..length {
                y = y + y * 1e-7;
            }
            Ok(())
        })?;
        let forward = tape.len();
        let mut slope = x;
        let walked = peak(|| {
            [slope] = gradient(y, [x]);
            Ok(())
        })?;
        let nodes = tape.len();
        let run = peak(|| slope.item().map(drop))?;
        let each = (recorded / forward, walked / (nodes - forward), run / nodes);
        assert!(each.0 < RECORDED && each.1 < WALKED && each.2 < RUN, "{length}: {each:?} bytes");
    }
    Ok(())
}
