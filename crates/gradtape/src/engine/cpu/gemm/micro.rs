//! The innermost loops of a matrix product: a small tile of the result kept in registers.

#![allow(
    clippy::needless_range_loop,
    reason = "plain loops are sure to be unrolled, helpers of others to be inlined"
)]

use super::super::simd::{Portable, Simd};
use super::WIDEST;
use super::pack;
use super::phases::Phases;
use crate::engine::cpu::isa::Isa;
use runs::{Fold, MicroColumns, MicroSums, Put};
pub(super) use runs::{MOST_VECTORS, Run, Summands, Vectors};

mod runs;

/// The operands of one tile.
pub(super) struct Tile<'l, T> {
    /// How many products are summed.
    pub(super) k: usize,
    /// The left operand: steps between rows and between summands (packed: 1 and the rows).
    pub(super) a: *const T,
    pub(super) a_row: usize,
    pub(super) a_step: usize,
    /// The right operand: neighbouring columns are neighbours; steps between summands.
    pub(super) b: *const T,
    pub(super) b_step: usize,
    /// The result.
    pub(super) c: *mut T,
    pub(super) c_row: usize,
    /// How many lanes of the last vector of columns are in use.
    pub(super) last: usize,
    /// Whether to add to the result instead of replacing it.
    pub(super) add: bool,
    /// For packed operands, what to fetch from memory meanwhile: lines of the cache, as bytes from an address.
    pub(super) ahead: *const T,
    pub(super) lines: &'l [usize],
}

/// A right operand of whole vectors that is read where it lies.
pub(super) struct Placed<'o, T> {
    /// How far from the first summand each one lies.
    pub(super) k: &'o [isize],
    /// The runs of neighbours that each vector of columns is put together of.
    pub(super) vectors: &'o [[Piece<T>; 2]; 2],
}

/// The lanes of a vector from `first` on before `end`, which lie where they would behind `from`.
#[derive(Clone, Copy)]
pub(super) struct Piece<T> {
    pub(super) from: *const T,
    pub(super) first: usize,
    pub(super) end: usize,
}

/// A left operand that is read where it lies.
pub(super) struct Pointed<'o> {
    /// How far from the first summand each one lies.
    pub(super) k: &'o [isize],
    /// How far from the operand's address each row starts.
    pub(super) rows: &'o [isize],
}

/// As [`Micro`], for whole vectors of a packed right operand and a left one where it lies.
pub(super) type MicroPointed<T> = unsafe fn(&Tile<'_, T>, &Pointed<'_>);

/// As [`Micro`], for two whole vectors of a right operand where it lies.
pub(super) type MicroPlaced<T> = unsafe fn(&Tile<'_, T>, &Placed<'_, T>);

/// Computes one tile. The tile must fit the function's rows and vectors, and the machine its ISA.
pub(super) type Micro<T> = unsafe fn(&Tile<'_, T>);

/// Gathers a panel; see [`pack::panel`].
pub(super) type Pack<T> = unsafe fn(&pack::Source<T>, usize, usize, usize, *mut T);

/// Gathers several panels; see [`pack::panels`].
pub(super) type PackPanels<T> = unsafe fn(&pack::Source<T>, usize, usize, *mut T);

/// Gathers a panel from anywhere; see [`pack::gather`].
pub(super) type Gather<T> = unsafe fn(&pack::Places<'_, T>, usize, *mut T);

/// The kernels of one instruction set and element type.
pub(crate) struct Kernels<T: 'static> {
    /// Elements of a vector.
    pub(super) lanes: usize,
    /// For packed operands, by rows - 1 and vectors of columns - 1.
    pub(super) packed: &'static [[Micro<T>; 2]],
    /// For a packed left operand and a right one where it lies, by rows - 1 and runs in a vector - 1.
    pub(super) placed: &'static [[MicroPlaced<T>; 2]],
    /// For a left operand where it lies and a packed right one, by rows - 1 and vectors of columns - 1. So few rows
    /// that a number of each has a register beside the sums.
    pub(super) pointed: &'static [[MicroPointed<T>; 2]],
    /// For few rows of columns in runs, by rows - 1, whether vectors are whole, and the logarithm of their number: up to
    /// so many that sums do not wait for each other, and stay in registers.
    pub(super) columns: [[&'static [MicroColumns<T>]; 2]; 4],
    /// For few rows and columns of sums in runs, by rows - 1 and columns - 1: up to so many that sums stay in registers.
    pub(super) sums: [&'static [MicroSums<T>]; 3],
    pub(super) fold: Fold<T>,
    put: Put<T>,
    /// For operands where they lie, by rows - 1 and vectors of columns - 1.
    pub(super) direct: &'static [[Micro<T>; 3]],
    /// For one row of an operand where it lies, by vectors of columns - 1.
    pub(super) row: &'static [Micro<T>],
    /// By the number of inner products - 1.
    pub(super) dots: [Dots<T>; 4],
    pub(super) pack: Pack<T>,
    pub(super) pack_panels: PackPanels<T>,
    pub(super) gather: Gather<T>,
    multiply_adds: unsafe fn(usize, *mut T),
}

impl<T> Kernels<T> {
    /// Elements of a vector.
    pub(crate) fn lanes(&self) -> usize {
        self.lanes
    }

    /// Multiplies each of [`FLOWS`] vectors and adds to it, `rounds` times, on registers alone.
    ///
    /// # Safety
    /// The machine must have the instruction set, and the vectors must be valid.
    #[inline(always)]
    pub(crate) unsafe fn multiply_adds(&self, rounds: usize, flows: *mut T) {
        // SAFETY: passed on from the caller.
        unsafe { (self.multiply_adds)(rounds, flows) }
    }
}

/// A number type that has kernels.
pub(crate) trait Real: Copy + Send + Sync + 'static {
    /// The kernels for an instruction set, which the machine must have.
    fn kernels(isa: Isa) -> &'static Kernels<Self>;
}

/// Summands of a packed tile for each line that is fetched.
pub(super) const FETCH_EVERY: usize = 2;

/// `c = a b` or `c += a b` for a tile of `MR` rows and `NV` vectors of columns.
///
/// Every element is summed in the order of `k` with one fused step per product, whatever the tile, so
/// that the shape of the tiles does not show in the result.
///
/// The inner step is a macro: a closure would be compiled without the caller's instruction set wherever it is
/// left out of line, and every vector instruction would become a call.
#[inline(always)]
unsafe fn tile<S: Simd, const MR: usize, const NV: usize, const PACKED: bool>(t: &Tile<'_, S::T>) {
    let a_row = if PACKED { 1 } else { t.a_row };
    let a_step = if PACKED { MR } else { t.a_step };
    let b_step = if PACKED { NV * S::LANES } else { t.b_step };
    let whole = t.last == S::LANES;
    // SAFETY: the caller vouches for the instruction set and for the operands.
    unsafe {
        let mask = S::mask(t.last);
        let mut sums = [[S::zero(); NV]; MR];
        let mut rows = [t.a; MR];
        for (i, row) in rows.iter_mut().enumerate() {
            *row = t.a.add(i * a_row);
        }
        if PACKED {
            for i in 0..MR {
                for j in 0..NV {
                    S::prefetch(t.c.add(i * t.c_row + j * S::LANES));
                }
            }
        }
        let mut b = t.b;
        let mut at = 0;
        macro_rules! step {
            ($masked:literal) => {
                let mut column = [S::zero(); NV];
                for (j, v) in column.iter_mut().enumerate() {
                    let p = b.add(j * S::LANES);
                    *v = if $masked && j + 1 == NV { S::load_masked(p, mask) } else { S::load(p) };
                }
                for i in 0..MR {
                    let x = S::splat(*rows[i].add(at));
                    for j in 0..NV {
                        sums[i][j] = S::fma(x, column[j], sums[i][j]);
                    }
                }
                // Beyond the operand after the last step, where nothing is read.
                b = b.wrapping_add(b_step);
                at += a_step;
            };
        }
        let mut left = t.k;
        if PACKED {
            for &line in t.lines.iter().take(t.k / FETCH_EVERY) {
                S::prefetch_far(t.ahead.wrapping_byte_add(line));
                for _ in 0..FETCH_EVERY {
                    step!(false);
                }
                left -= FETCH_EVERY;
            }
        }
        if PACKED || whole {
            for _ in 0..left {
                step!(false);
            }
        } else {
            for _ in 0..left {
                step!(true);
            }
        }
        for (i, row) in sums.iter().enumerate() {
            for (j, &sum) in row.iter().enumerate() {
                let p = t.c.add(i * t.c_row + j * S::LANES);
                // Some machines take five times as long to store under a mask, also under a full one.
                if j + 1 < NV || whole {
                    S::store(p, if t.add { S::add(S::load(p), sum) } else { sum });
                } else {
                    let old = if t.add { S::load_masked(p, mask) } else { S::zero() };
                    S::store_masked(p, mask, if t.add { S::add(old, sum) } else { sum });
                }
            }
        }
    }
}

/// As [`tile`], for a packed left operand and two vectors of `RUNS` runs of a right one where it lies.
#[inline(always)]
unsafe fn placed_tile<S: Simd, const MR: usize, const RUNS: usize>(
    t: &Tile<'_, S::T>,
    b: &Placed<'_, S::T>,
) {
    // SAFETY: the caller vouches for the instruction set and for the operands; of a vector, only the lanes of a piece
    // are read from it.
    unsafe {
        let mut sums = [[S::zero(); 2]; MR];
        for i in 0..MR {
            for j in 0..2 {
                S::prefetch(t.c.add(i * t.c_row + j * S::LANES));
            }
        }
        let mut masks = [[S::mask(0); 2]; 2];
        let mut from = [[t.a; 2]; 2];
        for j in 0..2 {
            for run in 0..2 {
                let piece = &b.vectors[j][run];
                masks[j][run] = S::between(piece.first, piece.end);
                from[j][run] = piece.from;
            }
        }
        let mut a = t.a;
        for &k in b.k {
            let mut column = [S::zero(); 2];
            for j in 0..2 {
                let first = from[j][0].wrapping_offset(k);
                column[j] = if RUNS == 1 {
                    S::load(first)
                } else {
                    let own = S::load_masked(first, masks[j][0]);
                    S::joined(own, from[j][1].wrapping_offset(k), masks[j][1])
                };
            }
            for i in 0..MR {
                let x = S::splat(*a.add(i));
                for j in 0..2 {
                    sums[i][j] = S::fma(x, column[j], sums[i][j]);
                }
            }
            a = a.add(MR);
        }
        for (i, row) in sums.iter().enumerate() {
            for (j, &sum) in row.iter().enumerate() {
                let p = t.c.add(i * t.c_row + j * S::LANES);
                S::store(p, if t.add { S::add(S::load(p), sum) } else { sum });
            }
        }
    }
}

/// As [`tile`], for a left operand where it lies and `NV` whole vectors of a packed right one.
#[inline(always)]
unsafe fn pointed_tile<S: Simd, const MR: usize, const NV: usize>(
    t: &Tile<'_, S::T>,
    a: &Pointed<'_>,
) {
    // SAFETY: the caller vouches for the instruction set and for the operands.
    unsafe {
        let mut sums = [[S::zero(); NV]; MR];
        let mut rows = [t.a; MR];
        for i in 0..MR {
            rows[i] = t.a.wrapping_offset(*a.rows.get_unchecked(i));
        }
        let mut b = t.b;
        for &k in a.k {
            let mut column = [S::zero(); NV];
            for j in 0..NV {
                column[j] = S::load(b.add(j * S::LANES));
            }
            for i in 0..MR {
                let x = S::splat(*rows[i].wrapping_offset(k));
                for j in 0..NV {
                    sums[i][j] = S::fma(x, column[j], sums[i][j]);
                }
            }
            b = b.add(NV * S::LANES);
        }
        for (i, row) in sums.iter().enumerate() {
            for (j, &sum) in row.iter().enumerate() {
                let p = t.c.add(i * t.c_row + j * S::LANES);
                S::store(p, if t.add { S::add(S::load(p), sum) } else { sum });
            }
        }
    }
}

/// The operands of a few inner products: `out[j * out_step] = x · y[j]`.
pub(super) struct Inner<T> {
    pub(super) k: usize,
    pub(super) x: *const T,
    pub(super) y: *const T,
    pub(super) y_step: usize,
    pub(super) out: *mut T,
    pub(super) out_step: usize,
}

/// Computes up to four inner products of one vector with others. Each is summed in the same order
/// however many there are.
pub(super) type Dots<T> = unsafe fn(&Inner<T>);

#[inline(always)]
unsafe fn inner<S: Simd, const N: usize>(p: &Inner<S::T>) {
    // SAFETY: the caller vouches for the instruction set and for the operands.
    unsafe {
        let mut sums = [[S::zero(); 2]; N];
        let whole = p.k - p.k % (2 * S::LANES);
        for at in (0..whole).step_by(2 * S::LANES) {
            let x = [S::load(p.x.add(at)), S::load(p.x.add(at + S::LANES))];
            for (j, [even, odd]) in sums.iter_mut().enumerate() {
                let y = p.y.add(j * p.y_step + at);
                *even = S::fma(x[0], S::load(y), *even);
                *odd = S::fma(x[1], S::load(y.add(S::LANES)), *odd);
            }
        }
        for at in (whole..p.k).step_by(S::LANES) {
            let mask = S::mask((p.k - at).min(S::LANES));
            let x = S::load_masked(p.x.add(at), mask);
            for (j, [even, _]) in sums.iter_mut().enumerate() {
                let y = S::load_masked(p.y.add(j * p.y_step + at), mask);
                *even = S::fma(x, y, *even);
            }
        }
        for (j, [even, odd]) in sums.into_iter().enumerate() {
            *p.out.add(j * p.out_step) = S::sum(S::add(even, odd));
        }
    }
}

/// Vectors that [`Kernels::multiply_adds`] works on: enough to keep every unit of a core busy, few enough for
/// the registers of every instruction set.
pub(crate) const FLOWS: usize = 10;

#[inline(always)]
unsafe fn multiply_adds<S: Simd>(rounds: usize, flows: *mut S::T, half: S::T, one: S::T) {
    // SAFETY: the caller vouches for the instruction set and for the vectors.
    unsafe {
        let (half, one) = (S::splat(half), S::splat(one));
        let mut sums = [S::zero(); FLOWS];
        for i in 0..FLOWS {
            sums[i] = S::load(flows.add(i * S::LANES));
        }
        for _ in 0..rounds {
            for i in 0..FLOWS {
                sums[i] = S::fma(sums[i], half, one);
            }
        }
        for i in 0..FLOWS {
            S::store(flows.add(i * S::LANES), sums[i]);
        }
    }
}

/// The kernels of so many rows for several numbers of vectors of columns, parts of vectors and whole ones.
macro_rules! columns {
    ($rows:literal: $($count:literal)*) => {
        [&[$(vectors::<$rows, $count, false>),*], &[$(vectors::<$rows, $count, true>),*]]
    };
}

/// The kernels of so many rows for several numbers of columns, whose vectors lie along sums.
macro_rules! sums {
    ($rows:literal: $($count:literal)*) => {
        &[$(summed::<$rows, $count>),*]
    };
}

/// Stamps the kernels of one instruction set.
macro_rules! stamp {
    ($name:ident, $feature:meta, $vector:ident, $type:ty,
        packed [$($p:literal)*] pointed [$($q:literal)*] direct [$($d:literal)*] row [$($r:literal)*]) => {
        #[allow(unused_unsafe, reason = "unsafe only where the instruction set is not enabled")]
        mod $name {
            use super::*;

            #[$feature]
            unsafe fn packed<const MR: usize, const NV: usize>(t: &Tile<'_, $type>) {
                // SAFETY: as for this function.
                unsafe { tile::<$vector, MR, NV, true>(t) }
            }

            #[$feature]
            unsafe fn placed<const MR: usize, const RUNS: usize>(t: &Tile<'_, $type>, b: &Placed<'_, $type>) {
                // SAFETY: as for this function.
                unsafe { placed_tile::<$vector, MR, RUNS>(t, b) }
            }

            #[$feature]
            unsafe fn pointed<const MR: usize, const NV: usize>(t: &Tile<'_, $type>, a: &Pointed<'_>) {
                // SAFETY: as for this function.
                unsafe { pointed_tile::<$vector, MR, NV>(t, a) }
            }

            #[$feature]
            unsafe fn vectors<const MR: usize, const NV: usize, const WHOLE: bool>(t: &Vectors<'_, $type>) {
                // SAFETY: as for this function.
                unsafe { runs::vectors::<$vector, MR, NV, WHOLE>(t) }
            }

            #[$feature]
            unsafe fn summed<const MR: usize, const NC: usize>(t: &Summands<'_, $type>) {
                // SAFETY: as for this function.
                unsafe { runs::summed::<$vector, MR, NC>(t) }
            }

            #[$feature]
            unsafe fn folded(from: *const $type, count: usize, to: *mut $type) {
                // SAFETY: as for this function.
                unsafe { runs::fold::<$vector>(from, count, to) }
            }

            #[$feature]
            unsafe fn put_apart(from: *const $type, phases: &Phases, to: *mut $type) {
                // SAFETY: as for this function.
                unsafe { runs::put::<$vector>(from, phases, to) }
            }

            #[$feature]
            unsafe fn direct<const MR: usize, const NV: usize>(t: &Tile<'_, $type>) {
                // SAFETY: as for this function.
                unsafe { tile::<$vector, MR, NV, false>(t) }
            }

            #[$feature]
            unsafe fn dots<const N: usize>(p: &Inner<$type>) {
                // SAFETY: as for this function.
                unsafe { inner::<$vector, N>(p) }
            }

            #[$feature]
            unsafe fn gather(s: &pack::Source<$type>, k: usize, n: usize, width: usize, to: *mut $type) {
                // SAFETY: as for this function.
                unsafe { pack::panel::<$vector>(s, k, n, width, to) }
            }

            #[$feature]
            unsafe fn gather_panels(s: &pack::Source<$type>, k: usize, n: usize, to: *mut $type) {
                // SAFETY: as for this function.
                unsafe { pack::panels::<$vector>(s, k, n, to) }
            }

            #[$feature]
            unsafe fn gather_places(from: &pack::Places<'_, $type>, width: usize, to: *mut $type) {
                // SAFETY: as for this function.
                unsafe { pack::gather::<$vector>(from, width, to) }
            }

            #[$feature]
            unsafe fn flows(rounds: usize, flows: *mut $type) {
                // SAFETY: as for this function.
                unsafe { multiply_adds::<$vector>(rounds, flows, 0.5, 1.0) }
            }

            const _: () = assert!(WIDEST.is_multiple_of(2 * <$vector as Simd>::LANES));

            pub(super) static KERNELS: Kernels<$type> = Kernels {
                lanes: <$vector as Simd>::LANES,
                packed: &[$([packed::<$p, 1>, packed::<$p, 2>]),*],
                placed: &[$([placed::<$p, 1>, placed::<$p, 2>]),*],
                pointed: &[$([pointed::<$q, 1>, pointed::<$q, 2>]),*],
                columns: [
                    columns!(1: 1 2 4 8),
                    columns!(2: 1 2 4),
                    columns!(3: 1 2),
                    columns!(4: 1 2),
                ],
                sums: [sums!(1: 1 2 3 4 5 6 7 8 9), sums!(2: 1 2 3 4 5), sums!(3: 1 2 3 4)],
                fold: folded,
                put: put_apart,
                direct: &[$([direct::<$d, 1>, direct::<$d, 2>, direct::<$d, 3>]),*],
                row: &[$(direct::<1, $r>),*],
                dots: [dots::<1>, dots::<2>, dots::<3>, dots::<4>],
                pack: gather,
                pack_panels: gather_panels,
                gather: gather_places,
                multiply_adds: flows,
            };
        }
    };
}

type Portable32 = Portable<f32, 4>;
type Portable64 = Portable<f64, 2>;
stamp!(portable_f32, inline, Portable32, f32, packed [1 2 3 4] pointed [1 2 3 4] direct [1 2 3 4] row [1 2 3 4]);
stamp!(portable_f64, inline, Portable64, f64, packed [1 2 3 4] pointed [1 2 3 4] direct [1 2 3 4] row [1 2 3 4]);

#[cfg(target_arch = "x86_64")]
mod x86 {
    pub(super) use crate::engine::cpu::simd::x86::{Avx2, Avx512};
    pub(super) type Avx2F32 = Avx2<f32>;
    pub(super) type Avx2F64 = Avx2<f64>;
    pub(super) type Avx512F32 = Avx512<f32>;
    pub(super) type Avx512F64 = Avx512<f64>;
}
#[cfg(target_arch = "x86_64")]
use x86::{Avx2F32, Avx2F64, Avx512F32, Avx512F64};

#[cfg(target_arch = "x86_64")]
stamp!(avx2_f32, target_feature(enable = "avx2,fma"), Avx2F32, f32,
    packed [1 2 3 4 5 6] pointed [1 2 3 4] direct [1 2 3 4] row [1 2 3 4 5 6 7 8]);
#[cfg(target_arch = "x86_64")]
stamp!(avx2_f64, target_feature(enable = "avx2,fma"), Avx2F64, f64,
    packed [1 2 3 4 5 6] pointed [1 2 3 4] direct [1 2 3 4] row [1 2 3 4]);
#[cfg(target_arch = "x86_64")]
stamp!(avx512_f32, target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma"), Avx512F32, f32,
    packed [1 2 3 4 5 6 7 8 9 10 11 12 13 14] pointed [1 2 3 4 5 6 7 8 9 10] direct [1 2 3 4 5 6 7 8] row [1 2 3 4 5 6 7 8]);
#[cfg(target_arch = "x86_64")]
stamp!(avx512_f64, target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma"), Avx512F64, f64,
    packed [1 2 3 4 5 6 7 8] pointed [1 2 3 4 5 6 7 8] direct [1 2 3 4 5 6 7 8] row [1 2 3 4 5 6 7 8]);

macro_rules! real {
    ($type:ty, $portable:ident, $avx2:ident, $avx512:ident) => {
        impl Real for $type {
            #[inline(always)]
            fn kernels(isa: Isa) -> &'static Kernels<$type> {
                match isa {
                    #[cfg(target_arch = "x86_64")]
                    Isa::Avx512 => &$avx512::KERNELS,
                    #[cfg(target_arch = "x86_64")]
                    Isa::Avx2 => &$avx2::KERNELS,
                    _ => &$portable::KERNELS,
                }
            }
        }
    };
}

real!(f32, portable_f32, avx2_f32, avx512_f32);
real!(f64, portable_f64, avx2_f64, avx512_f64);
