//! Memory: lifetimes of buffers, one arena, reuse.

use crate::plan::program::{Access, Buffer, BufferId, Kernel, Place};

/// Buffers of at least this many bytes are kept from being congruent modulo [`PAGE`].
const LARGE: usize = 16 << 10;
/// Addresses that are equal modulo this share the ways of a cache.
const PAGE: usize = 4096;
/// The step between the starts of large buffers modulo [`PAGE`]; 9 lines of 64 bytes.
const STAGGER: usize = 576;
/// What the start of every buffer is a multiple of.
const ALIGN: usize = 64;

/// Lays out all buffers of the arena; gives its size in bytes.
///
/// A buffer lives from the kernel that first writes it to the last that uses it. Two buffers overlap only
/// if they never live at the same time, or if one takes over the other's memory in place.
pub(in crate::plan) fn lay_out(buffers: &mut [Buffer], kernels: &[Kernel]) -> usize {
    let lives = lifetimes(buffers.len(), kernels);
    let heirs = heirs(buffers, kernels, &lives);
    let mut spans: Vec<Span> = Vec::new();
    for number in 0..buffers.len() {
        let Some((from, to)) = lives[number] else { continue };
        if !matches!(buffers[number].place, Place::Arena(_)) || heirs[number] != number {
            continue;
        }
        let size = buffers[number].dtype.size() * buffers[number].len;
        spans.push(Span { root: number, size, from, to });
    }
    for number in 0..buffers.len() {
        if let (Some((from, to)), true) = (lives[number], heirs[number] != number)
            && let Ok(at) = spans.binary_search_by_key(&heirs[number], |span| span.root)
        {
            let span = &mut spans[at];
            (span.from, span.to) = (span.from.min(from), span.to.max(to));
        }
    }
    spans.sort_by_key(|span| (std::cmp::Reverse(span.size), span.root));
    let mut placed: Vec<(usize, Span)> = Vec::new();
    let mut large = 0;
    for span in spans {
        let residue = match span.size >= LARGE {
            true => {
                large += 1;
                Some(large * STAGGER % PAGE)
            }
            false => None,
        };
        let offset = first_fit(&placed, &span, residue);
        buffers[span.root].place = Place::Arena(offset);
        let next = placed.partition_point(|(other, _)| *other <= offset);
        placed.insert(next, (offset, span));
    }
    for number in 0..buffers.len() {
        if heirs[number] != number {
            buffers[number].place = buffers[heirs[number]].place;
        }
    }
    let end = placed.iter().map(|(offset, span)| offset + span.size).max();
    end.unwrap_or(0).next_multiple_of(ALIGN)
}

struct Span {
    root: usize,
    size: usize,
    from: usize,
    to: usize,
}

/// The lowest place for a span among those that were placed, which are in the order of their offsets.
fn first_fit(placed: &[(usize, Span)], span: &Span, residue: Option<usize>) -> usize {
    let start = |at: usize| match residue {
        None => at.next_multiple_of(ALIGN),
        Some(residue) => {
            let page = at.saturating_sub(residue).next_multiple_of(PAGE);
            page + residue
        }
    };
    let mut at = start(0);
    let lives = |other: &Span| other.from <= span.to && span.from <= other.to;
    for (from, other) in placed.iter().filter(|(_, other)| lives(other)) {
        if at + span.size <= *from {
            break;
        }
        at = at.max(start(from + other.size));
    }
    at
}

/// For each buffer, the first and the last kernel that use it.
pub(in crate::plan) fn lifetimes(count: usize, kernels: &[Kernel]) -> Vec<Option<(usize, usize)>> {
    let mut lives: Vec<Option<(usize, usize)>> = vec![None; count];
    for (time, kernel) in kernels.iter().enumerate() {
        kernel.each_access(|buffer, _| {
            let life = lives[buffer.0 as usize].get_or_insert((time, time));
            life.1 = time;
        });
    }
    lives
}

/// For each buffer the one whose memory it takes over, itself if none.
fn heirs(buffers: &[Buffer], kernels: &[Kernel], lives: &[Option<(usize, usize)>]) -> Vec<usize> {
    let mut heirs: Vec<usize> = (0..buffers.len()).collect();
    let mut inherited = vec![false; buffers.len()];
    let parts = |(time, kernel)| Kernel::parts(kernel).iter().map(move |part| (time, kernel, part));
    for (time, whole, kernel) in kernels.iter().enumerate().flat_map(parts) {
        let (Kernel::Loop(_) | Kernel::Contract(_)) = kernel else { continue };
        let (loads, stores) = accesses(kernel);
        for store in &stores {
            let new = store.buffer.0 as usize;
            let fits = |load: &&Access| {
                let old = load.buffer.0 as usize;
                if !is_alone(whole, kernel, [load.buffer, store.buffer], buffers[old].len) {
                    return false;
                }
                let same = buffers[old].len == buffers[new].len
                    && buffers[old].dtype.size() == buffers[new].dtype.size()
                    && matches!(buffers[old].place, Place::Arena(_));
                let dies = lives[old].is_some_and(|(from, to)| from < time && to == time);
                same && dies
                    && !inherited[old]
                    && load.strides == store.strides
                    && load.offset == store.offset
                    && loads.iter().all(|other| other.buffer != load.buffer || other == load)
                    && operands(kernel).all(|operand| operand.buffer != load.buffer)
            };
            // Of what several stores are parts of, the others would lie where something else is read.
            let alone = stores.iter().all(|other| other.buffer != store.buffer || other == store);
            let arena = alone && matches!(buffers[new].place, Place::Arena(_));
            let born = lives[new].is_some_and(|(from, _)| from == time);
            if arena
                && born
                && let Some(load) = loads.iter().copied().find(fits)
            {
                let old = load.buffer.0 as usize;
                heirs[new] = heirs[old];
                inherited[old] = true;
            }
        }
    }
    heirs
}

/// Whether a part of a kernel is all of it; or else the only part that uses the first of two buffers of a length, both of
/// them row by row.
fn is_alone(whole: &Kernel, part: &Kernel, [old, new]: [BufferId; 2], len: usize) -> bool {
    let Kernel::Tiled(tiled) = whole else { return true };
    let mut others = tiled.kernels.iter().filter(|other| !std::ptr::eq(*other, part));
    let uses = |other: &Kernel| {
        let mut found = false;
        other.each_access(|used, _| found |= used == old);
        found
    };
    !others.any(uses) && [old, new].iter().all(|&buffer| tiled.uses_by_row(buffer, len))
}

fn operands(kernel: &Kernel) -> impl Iterator<Item = &Access> {
    match kernel {
        Kernel::Contract(product) => [Some(&product.a), Some(&product.b)],
        _ => [None, None],
    }
    .into_iter()
    .flatten()
}

/// The loads of a body and the stores at every index.
fn accesses(kernel: &Kernel) -> (Vec<&Access>, Vec<&Access>) {
    match kernel {
        Kernel::Loop(l) => {
            (l.body.loads.iter().collect(), l.stores.iter().map(|s| &s.to).collect())
        }
        Kernel::Contract(p) => {
            (p.epilogue.loads.iter().collect(), p.stores.iter().map(|s| &s.to).collect())
        }
        Kernel::Host(_) | Kernel::Tiled(_) => (Vec::new(), Vec::new()),
    }
}
