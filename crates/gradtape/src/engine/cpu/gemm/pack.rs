//! Gathering operands into panels that the innermost loops read from one end to the other.

use super::super::simd::Simd;

/// Elements of a matrix where they lie: steps along the summed axis and along the other one.
#[derive(Clone, Copy)]
pub(super) struct Source<T> {
    pub(super) at: *const T,
    pub(super) k_step: usize,
    pub(super) n_step: usize,
}

/// Writes `to[l * width + i] = source[l, i]` for `l < k` and `i < n`, and zeros for `n <= i < width`.
#[inline(always)]
pub(super) unsafe fn panel<S: Simd>(
    source: &Source<S::T>,
    k: usize,
    n: usize,
    width: usize,
    to: *mut S::T,
) {
    // SAFETY: the caller vouches for instruction set, source and room for `k * width` elements.
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

#[inline(always)]
unsafe fn rows<S: Simd>(s: &Source<S::T>, k: usize, n: usize, width: usize, to: *mut S::T) {
    // SAFETY: as for `panel`.
    unsafe {
        for start in (0..n).step_by(S::LANES) {
            let count = (n - start).min(S::LANES);
            let mask = S::mask(count);
            let (mut from, mut to) = (s.at.add(start), to.add(start));
            if count == S::LANES {
                for _ in 0..k {
                    S::store(to, S::load(from));
                    from = from.wrapping_add(s.k_step);
                    to = to.wrapping_add(width);
                }
            } else {
                for _ in 0..k {
                    S::store_masked(to, mask, S::load_masked(from, mask));
                    from = from.wrapping_add(s.k_step);
                    to = to.wrapping_add(width);
                }
            }
        }
    }
}

#[inline(always)]
unsafe fn columns<S: Simd>(s: &Source<S::T>, k: usize, n: usize, width: usize, to: *mut S::T) {
    let block = S::TRANSPOSED;
    // SAFETY: as for `panel`.
    unsafe {
        if block == 0 {
            return scattered::<S>(s, 0..k, 0..n, width, to);
        }
        let whole = k - k % block;
        for start in (0..n).step_by(block) {
            let count = (n - start).min(block);
            let mask = S::mask(count);
            for l in (0..whole).step_by(block) {
                let from = s.at.add(l + start * s.n_step);
                S::transpose(from, s.n_step, to.add(l * width + start), width, count, mask);
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
