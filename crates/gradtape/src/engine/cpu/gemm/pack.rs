//! Gathering operands into panels that the innermost loops read from one end to the other.

use super::super::simd::Simd;

/// Elements of a matrix where they lie: steps along the summed axis and along the other one.
#[derive(Clone, Copy)]
pub(super) struct Source<T> {
    pub(super) at: *const T,
    pub(super) k_step: usize,
    pub(super) n_step: usize,
}

/// Numbers behind a panel that may be overwritten while it is filled.
pub(super) const SPILL: usize = 16;

/// Writes `to[l * width + i] = source[l, i]` for `l < k` and `i < n`, and zeros for `n <= i < width`; up to
/// [`SPILL`] numbers behind them become anything.
#[inline(always)]
pub(super) unsafe fn panel<S: Simd>(
    source: &Source<S::T>,
    k: usize,
    n: usize,
    width: usize,
    to: *mut S::T,
) {
    // SAFETY: the caller vouches for instruction set, source and room for `k * width + SPILL` elements.
    unsafe {
        if source.n_step == 1 {
            rows::<S>(source, k, n, width, to);
        } else if source.k_step == 1 {
            columns::<S>(source, k, n, width, to);
        } else {
            scattered::<S>(source, 0..k, 0..n, width, to);
        }
        if n < width {
            let zero = std::mem::zeroed();
            for l in 0..k {
                for i in n..width {
                    *to.add(l * width + i) = zero;
                }
            }
        }
    }
}

/// Writes panels of at most `2 * LANES` columns one after another, each as [`panel`] does with its width
/// rounded up to whole vectors.
#[inline(always)]
pub(super) unsafe fn panels<S: Simd>(source: &Source<S::T>, k: usize, n: usize, to: *mut S::T) {
    let width = 2 * S::LANES;
    // SAFETY: as for `panel`.
    unsafe {
        let whole = if source.n_step == 1 { n - n % width } else { 0 };
        if whole > 0 {
            // Whole rows at once: neighbours in memory are read together.
            let mut from = source.at;
            for l in 0..k {
                let mut to = to.add(l * width);
                for start in (0..whole).step_by(width) {
                    let pair = from.add(start);
                    S::prefetch(pair.wrapping_add(AHEAD * source.k_step));
                    S::prefetch(pair.wrapping_add(AHEAD * source.k_step + S::LANES));
                    S::store(to, S::load(pair));
                    S::store(to.add(S::LANES), S::load(pair.add(S::LANES)));
                    to = to.wrapping_add(k * width);
                }
                from = from.wrapping_add(source.k_step);
            }
        }
        for start in (whole..n).step_by(width) {
            let count = (n - start).min(width);
            let rest = Source { at: source.at.add(start * source.n_step), ..*source };
            panel::<S>(&rest, k, count, count.next_multiple_of(S::LANES), to.add(start * k));
        }
    }
}

/// How many rows ahead are fetched.
const AHEAD: usize = 4;

/// Whole vectors, from one row to the next: what one writes beyond the width, the next row overwrites.
#[inline(always)]
unsafe fn rows<S: Simd>(s: &Source<S::T>, k: usize, n: usize, width: usize, to: *mut S::T) {
    let vectors = n.next_multiple_of(S::LANES);
    // Rows whose last vector reaches neither beyond the source's end nor, in writing, beyond the panel's.
    let whole = match (vectors - n, s.k_step) {
        (0, _) => k,
        (_, 0) => 0,
        (beyond, step) => k.saturating_sub(beyond.div_ceil(step).max(usize::from(vectors > width))),
    };
    // SAFETY: as for `panel`.
    unsafe {
        let (mut from, mut to) = (s.at, to);
        for _ in 0..whole {
            for start in (0..vectors).step_by(S::LANES) {
                S::store(to.add(start), S::load(from.add(start)));
            }
            from = from.wrapping_add(s.k_step);
            to = to.wrapping_add(width);
        }
        for _ in whole..k {
            for start in (0..n).step_by(S::LANES) {
                let mask = S::mask(n - start);
                S::store_masked(to.add(start), mask, S::load_masked(from.add(start), mask));
            }
            from = from.wrapping_add(s.k_step);
            to = to.wrapping_add(width);
        }
    }
}

/// Blocks of whole vectors, the last ones of a row first: what they write beyond the width is overwritten by the
/// first ones of the next row, or lies in the [`SPILL`] behind the panel.
#[inline(always)]
unsafe fn columns<S: Simd>(s: &Source<S::T>, k: usize, n: usize, width: usize, to: *mut S::T) {
    let block = S::TRANSPOSED;
    // SAFETY: as for `panel`.
    unsafe {
        if block == 0 {
            return scattered::<S>(s, 0..k, 0..n, width, to);
        }
        let whole = k - k % block;
        for l in (0..whole).step_by(block) {
            for start in (0..n).step_by(block).rev() {
                let from = s.at.add(l + start * s.n_step);
                S::transpose(
                    from,
                    s.n_step,
                    to.add(l * width + start),
                    width,
                    (n - start).min(block),
                );
            }
        }
        scattered::<S>(s, whole..k, 0..n, width, to);
    }
}

#[inline(always)]
unsafe fn scattered<S: Simd>(
    s: &Source<S::T>,
    k: std::ops::Range<usize>,
    n: std::ops::Range<usize>,
    width: usize,
    to: *mut S::T,
) {
    // SAFETY: as for `panel`.
    unsafe {
        for l in k {
            for i in n.clone() {
                *to.add(l * width + i) = *s.at.add(l * s.k_step + i * s.n_step);
            }
        }
    }
}

/// Elements of a matrix wherever they lie: how far from an address, along the summed axis and along the other.
pub(super) struct Places<'o, T> {
    pub(super) at: *const T,
    pub(super) k: &'o [isize],
    pub(super) n: &'o [isize],
}

/// As [`panel`], for elements wherever they lie: neighbours are copied by vectors, or turned in blocks.
#[allow(clippy::needless_range_loop, reason = "plain loops are sure to be unrolled")]
#[inline(always)]
pub(super) unsafe fn gather<S: Simd>(from: &Places<'_, S::T>, width: usize, to: *mut S::T) {
    let &Places { n, .. } = from;
    let mut runs = 1;
    for i in 1..n.len() {
        runs += usize::from(n[i] - n[i - 1] != 1);
    }
    // SAFETY: the caller vouches for instruction set, places and room for `k * width + SPILL` elements.
    unsafe {
        if runs * SHORT <= n.len() {
            copied::<S>(from, width, to);
        } else {
            turned::<S>(from, width, to);
        }
    }
}

/// Neighbours in a run from which they are copied as vectors.
const SHORT: usize = 4;

/// Runs that have elements in one vector, at most: each of its lanes may begin one.
const PIECES: usize = 16;

/// Vectors put together of runs of neighbours, the last vector of a row first: what it writes beyond the width is
/// overwritten by the first ones of the next row, or lies in the [`SPILL`] behind the panel.
#[allow(clippy::needless_range_loop, reason = "plain loops are sure to be unrolled")]
#[inline(always)]
unsafe fn copied<S: Simd>(from: &Places<'_, S::T>, width: usize, to: *mut S::T) {
    let &Places { at, k, n } = from;
    // SAFETY: as for `gather`; of a vector, only lanes are read that have an element.
    unsafe {
        let mut pieces = [(at, S::mask(0)); PIECES];
        for start in (0..width).step_by(S::LANES).rev() {
            let lanes = S::LANES.min(n.len().saturating_sub(start));
            let (mut count, mut lane) = (0, 0);
            while lane < lanes {
                let first = n[start + lane];
                let mut end = lane + 1;
                while end < lanes && n[start + end] - first == (end - lane) as isize {
                    end += 1;
                }
                pieces[count] = (at.wrapping_offset(first - lane as isize), S::between(lane, end));
                count += 1;
                lane = end;
            }
            let to = to.add(start);
            match pieces[..count] {
                [(only, _)] if lanes == S::LANES => {
                    for l in 0..k.len() {
                        S::store(to.add(l * width), S::load(only.wrapping_offset(k[l])));
                    }
                }
                [(first, own), (second, rest)] => {
                    for l in 0..k.len() {
                        let vector = S::load_masked(first.wrapping_offset(k[l]), own);
                        let vector = S::joined(vector, second.wrapping_offset(k[l]), rest);
                        S::store(to.add(l * width), vector);
                    }
                }
                ref pieces => {
                    for l in 0..k.len() {
                        let mut vector = S::zero();
                        for &(first, own) in pieces {
                            vector = S::joined(vector, first.wrapping_offset(k[l]), own);
                        }
                        S::store(to.add(l * width), vector);
                    }
                }
            }
        }
    }
}

/// Blocks whose elements are neighbours along the summed axis are turned; others are copied one by one.
#[allow(clippy::needless_range_loop, reason = "plain loops are sure to be unrolled")]
#[inline(always)]
unsafe fn turned<S: Simd>(from: &Places<'_, S::T>, width: usize, to: *mut S::T) {
    let &Places { at, k, n } = from;
    let block = S::TRANSPOSED;
    // SAFETY: as for `gather`.
    unsafe {
        let mut rows = [std::mem::zeroed::<S::T>(); 16 * 16];
        let mut columns = [std::mem::zeroed::<S::T>(); 16 * 16];
        let mut l = 0;
        while l < k.len() {
            let run = block != 0 && k.len() - l >= block && is_run(&k[l..l + block]);
            let mut start = 0;
            while start < width {
                let count = S::LANES.min(n.len().saturating_sub(start));
                let room = S::LANES.min(width - start);
                let out = to.add(l * width + start);
                if run {
                    let line = at.wrapping_offset(k[l]);
                    for i in 0..count {
                        let row = S::load(line.wrapping_offset(n[start + i]));
                        S::store(rows.as_mut_ptr().add(i * block), row);
                    }
                    if room == block {
                        S::transpose(rows.as_ptr(), block, out, width, count);
                    } else {
                        S::transpose(rows.as_ptr(), block, columns.as_mut_ptr(), block, count);
                        let mask = S::mask(room);
                        for i in 0..block {
                            let vector = S::load(columns.as_ptr().add(i * block));
                            S::store_masked(out.add(i * width), mask, vector);
                        }
                    }
                } else {
                    let row = at.wrapping_offset(k[l]);
                    for i in 0..count {
                        *out.add(i) = *row.wrapping_offset(n[start + i]);
                    }
                    for i in count..room {
                        *out.add(i) = std::mem::zeroed();
                    }
                }
                start += S::LANES;
            }
            l += if run { block } else { 1 };
        }
    }
}

/// Whether places are those of neighbours.
#[inline(always)]
fn is_run(places: &[isize]) -> bool {
    let mut run = true;
    for i in 1..places.len() {
        run &= places[i] - places[i - 1] == 1;
    }
    run
}
