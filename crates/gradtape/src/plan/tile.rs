//! Rows that several kernels compute one after another, a tile at a time: what is between them stays in the cache, and
//! need not be in memory. So the scores of attention are in scratch memory.

use smallvec::SmallVec;

use super::lower::split_rows;
use super::program::{BufferId, Kernel, Loop, Place, Program, Store, Tiled};
use super::target::Target;

/// Kernels before and after a loop that are looked at.
const NEAR: usize = 32;
/// Rows of a tile are a multiple of this where they are not all there are.
const ROWS: usize = 16;
/// By how much less memory is worth tiles where sums are left out in them, too.
const MASKED: usize = 8;

/// For each kernel of a program, the numbers of those that it was made of.
pub(super) type Made = Vec<SmallVec<[usize; 1]>>;

/// Joins contractions whose rows a loop computes on, and another contraction then sums, with these.
pub(super) fn tile(program: &mut Program, target: &Target) -> Made {
    let mut made: Made = (0..program.kernels.len()).map(|kernel| [kernel].into()).collect();
    let mut at = 0;
    while at < program.kernels.len() {
        match find(program, at, target) {
            Some((chain, place, tiled)) => {
                join(program, &mut made, &chain, place, tiled);
                // The kernels on the way are at other numbers now.
                at = chain[0];
            }
            None => at += 1,
        }
    }
    made
}

/// The kernels around a loop that can be run with it for a tile at a time, where that spares enough memory: their
/// numbers, the place of one of them at which all can be run, and the kernel that they make.
fn find(program: &Program, at: usize, target: &Target) -> Option<([usize; 3], usize, Tiled)> {
    let Program { kernels, .. } = program;
    let Kernel::Loop(plain) = &kernels[at] else { return None };
    kernels[at].row_axes()?;
    let writes = |kernel: usize, buffer: BufferId| {
        let mut found = false;
        kernels[kernel].each_access(|own, written| found |= written && own == buffer);
        found
    };
    let read = |kernel: &usize| {
        matches!(kernels[*kernel], Kernel::Contract(_))
            && plain.body.loads.iter().any(|load| writes(*kernel, load.buffer))
    };
    let before = (at.saturating_sub(NEAR)..at).rev().find(read)?;
    let sums = |kernel: &usize| match &kernels[*kernel] {
        Kernel::Contract(product) => writes(at, product.a.buffer),
        _ => false,
    };
    let after = (at + 1..kernels.len().min(at + NEAR)).find(sums)?;
    let chain = [before, at, after];
    let axes = kernels[before].row_axes()?;
    let (&rows, outer) = axes.split_last()?;
    let items = outer.iter().try_fold(1usize, |items, &size| items.checked_mul(size))?;
    let mut own: Vec<Kernel> = chain.iter().map(|&kernel| kernels[kernel].clone()).collect();
    if let Kernel::Loop(plain) = &mut own[1] {
        split_rows(plain, rows);
    }
    let mut tiled = Tiled { items, rows, tile: rows, kernels: own };
    let updates =
        |buffer: BufferId| matches!(program.buffers[buffer.0 as usize].place, Place::Input(_));
    let mut apart = true;
    tiled.kernels.iter().for_each(|kernel| {
        kernel.each_access(|buffer, written| apart &= !(written && updates(buffer)));
    });
    if rows < ROWS || !apart || !tiled.is_of_one_type() || !tiled.keeps_rows(&program.buffers) {
        return None;
    }
    let between = between(&tiled);
    let Kernel::Contract(first) = &kernels[before] else { return None };
    let masks = first.hiding(&program.buffers);
    let own_row = first.batch.len() + first.rows.len() - 1;
    let by_rows = masks.iter().any(|mask| mask.values.strides[own_row] != 0);
    let bytes: usize = between.iter().map(|buffer| program.bytes(*buffer)).sum();
    // What gradients need later is in memory all the same: nothing would be spared.
    let least = if masks.is_empty() { target.tiled } else { target.tiled / MASKED };
    if bytes < least || !between.iter().all(|&buffer| is_own(program, &chain, buffer)) {
        return None;
    }
    // As many rows as fit, but enough tiles for the workers.
    let most = (target.tile_bytes / (bytes / (items * rows)).max(1)).max(ROWS);
    let enough = (items * rows).div_ceil(target.tiles.max(1)).max(ROWS);
    let mut tile = most.min(enough);
    if by_rows {
        // What any row of a tile sees, all are computed for.
        tile = tile.min((rows / target.masked_tiles.max(1)).max(2 * ROWS));
    }
    tiled.tile = if tile < rows { tile / ROWS * ROWS } else { rows };
    let place = chain
        .into_iter()
        .rev()
        .find(|&place| chain.iter().all(|&kernel| can_move(kernels, kernel, place, &chain)))?;
    Some((chain, place, tiled))
}

/// The buffers that one kernel of the tiled one writes and another one reads.
fn between(tiled: &Tiled) -> SmallVec<[BufferId; 4]> {
    let mut found: SmallVec<[BufferId; 4]> = SmallVec::new();
    let mut written: Vec<BufferId> = Vec::new();
    for kernel in &tiled.kernels {
        let mut new = Vec::new();
        kernel.each_access(|buffer, writes| match writes {
            true => new.push(buffer),
            false if written.contains(&buffer) && !found.contains(&buffer) => found.push(buffer),
            false => {}
        });
        written.extend(new);
    }
    found
}

/// Whether a kernel can be run at the place of another one: none of those on the way, but for the chain's own, writes
/// what it uses or uses what it writes.
fn can_move(kernels: &[Kernel], from: usize, to: usize, chain: &[usize]) -> bool {
    let mut used: Vec<(BufferId, bool)> = Vec::new();
    kernels[from].each_access(|buffer, written| used.push((buffer, written)));
    let way = from.min(to)..=from.max(to);
    way.filter(|kernel| !chain.contains(kernel)).all(|kernel| {
        let mut free = true;
        kernels[kernel].each_access(|buffer, written| {
            free &= !used.iter().any(|(own, writes)| *own == buffer && (written || *writes));
        });
        free
    })
}

/// Puts a tiled kernel in the place of the kernels that it is made of.
fn join(program: &mut Program, made: &mut Made, chain: &[usize; 3], place: usize, tiled: Tiled) {
    let own = chain.iter().flat_map(|&kernel| made[kernel].clone()).collect();
    hide(program, &tiled);
    (program.kernels[place], made[place]) = (Kernel::Tiled(tiled), own);
    for &kernel in chain.iter().rev().filter(|&&kernel| kernel != place) {
        program.kernels.remove(kernel);
        made.remove(kernel);
    }
}

/// Whether no other kernel needs a buffer that kernels of a chain use.
fn is_own(program: &Program, chain: &[usize], buffer: BufferId) -> bool {
    let mut outside = !matches!(program.buffers[buffer.0 as usize].place, Place::Arena(_));
    let kernels = program.kernels.iter().enumerate();
    for (_, kernel) in kernels.filter(|(number, _)| !chain.contains(number)) {
        kernel.each_access(|used, _| outside |= used == buffer);
    }
    !outside
}

/// Has what is between kernels lie in scratch memory.
fn hide(program: &mut Program, tiled: &Tiled) {
    let mut scratch: Vec<(BufferId, usize)> = Vec::new();
    let mut numbers = 0;
    for buffer in between(tiled) {
        let heir = tiled.kernels.iter().enumerate().find_map(|(number, kernel)| {
            let Kernel::Loop(plain) = kernel else { return None };
            let later = &tiled.kernels[number + 1..];
            scratch.iter().position(|(old, _)| takes_over(program, plain, *old, buffer, later))
        });
        // What was taken over is no other's.
        let number = heir.map(|heir| scratch.swap_remove(heir).1).unwrap_or_else(|| {
            numbers += 1;
            numbers - 1
        });
        scratch.push((buffer, number));
        program.buffers[buffer.0 as usize].place = Place::Scratch(number);
    }
}

/// Whether a loop can write a buffer where it reads another one, which nothing needs afterwards.
fn takes_over(
    program: &Program,
    plain: &Loop,
    old: BufferId,
    new: BufferId,
    later: &[Kernel],
) -> bool {
    let [from, into] = [old, new].map(|buffer| &program.buffers[buffer.0 as usize]);
    let mut loads = plain.body.loads.iter().filter(|load| load.buffer == old);
    let mut stores = plain.stores.iter().filter(|store| store.to.buffer == new);
    let (Some(load), None, Some(Store { to, .. }), None) =
        (loads.next(), loads.next(), stores.next(), stores.next())
    else {
        return false;
    };
    let mut needed = plain.reductions.iter().any(|reduction| reduction.to.buffer == new);
    later.iter().for_each(|kernel| kernel.each_access(|used, _| needed |= used == old));
    !needed
        && (from.len, from.dtype.size()) == (into.len, into.dtype.size())
        && (load.offset, &load.strides) == (to.offset, &to.strides)
}

impl Program {
    fn bytes(&self, buffer: BufferId) -> usize {
        let buffer = &self.buffers[buffer.0 as usize];
        buffer.len * buffer.dtype.size()
    }
}
