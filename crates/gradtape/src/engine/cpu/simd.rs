//! Vectors of numbers, one implementation per instruction set, for the kernels of matrix products.
//!
//! Everything is inlined into functions that enable the instruction set; see [`super::gemm`].

use super::isa::PORTABLE_FMA;

/// A vector of `LANES` numbers of type `T`.
///
/// # Safety
/// All functions require that the machine has the instruction set of the type, and pointers must be
/// valid for the elements that are read or written.
pub(crate) trait Simd {
    /// The type of the numbers.
    type T: Copy;
    /// The vector.
    type V: Copy;
    /// Which of the first lanes are read or written.
    type Mask: Copy;
    /// How many numbers a vector has.
    const LANES: usize;

    unsafe fn zero() -> Self::V;
    unsafe fn splat(x: Self::T) -> Self::V;
    unsafe fn load(p: *const Self::T) -> Self::V;
    unsafe fn store(p: *mut Self::T, v: Self::V);

    /// As [`Simd::store`] but past the caches, where whole vectors lie one after another from a multiple of their size
    /// on. [`settle`] must follow before the memory is read.
    #[inline(always)]
    unsafe fn store_past(p: *mut Self::T, v: Self::V) {
        // SAFETY: passed on from the caller.
        unsafe { Self::store(p, v) }
    }

    /// The first `count` lanes, at most all.
    unsafe fn mask(count: usize) -> Self::Mask;
    unsafe fn load_masked(p: *const Self::T, mask: Self::Mask) -> Self::V;
    unsafe fn store_masked(p: *mut Self::T, mask: Self::Mask, v: Self::V);
    /// The lanes from `first` on before `end`.
    unsafe fn between(first: usize, end: usize) -> Self::Mask;
    /// `v` with lanes, which are 0 in it, from where they would lie behind `p`.
    unsafe fn joined(v: Self::V, p: *const Self::T, lanes: Self::Mask) -> Self::V;
    unsafe fn add(x: Self::V, y: Self::V) -> Self::V;
    unsafe fn sub(x: Self::V, y: Self::V) -> Self::V;
    unsafe fn mul(x: Self::V, y: Self::V) -> Self::V;
    unsafe fn div(x: Self::V, y: Self::V) -> Self::V;
    unsafe fn sqrt(x: Self::V) -> Self::V;
    /// `x * y + z`.
    unsafe fn fma(x: Self::V, y: Self::V, z: Self::V) -> Self::V;

    /// The greater of two, lane by lane; NaN if either is.
    unsafe fn max(x: Self::V, y: Self::V) -> Self::V;
    /// The lesser of two, lane by lane; NaN if either is.
    unsafe fn min(x: Self::V, y: Self::V) -> Self::V;

    /// The sum of the lanes, in an order of the type's own.
    unsafe fn sum(x: Self::V) -> Self::T;

    /// Fetches what will be written soon.
    #[inline(always)]
    unsafe fn prefetch(_p: *const Self::T) {}

    /// Fetches what will be read later, not into the first-level cache.
    #[inline(always)]
    unsafe fn prefetch_far(_p: *const Self::T) {}

    /// The side of the blocks that [`Simd::transpose`] takes, or 0 where it is not written.
    const TRANSPOSED: usize = 0;

    /// Writes columns `0..TRANSPOSED` of `count` rows of a matrix as whole vectors, from the first to the last;
    /// lanes beyond `count` become 0.
    #[inline(always)]
    unsafe fn transpose(
        _from: *const Self::T,
        _from_row: usize,
        _to: *mut Self::T,
        _to_row: usize,
        _count: usize,
    ) {
    }
}

/// Has what this thread stored past the caches be in memory before whatever it stores next.
#[inline(always)]
pub(super) fn settle() {
    // Miri stores nothing past caches.
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: every x86-64 has it.
    unsafe {
        std::arch::x86_64::_mm_sfence()
    }
}

/// Vectors of the instructions that every machine has: arrays that the compiler vectorises.
pub(crate) struct Portable<T, const LANES: usize>(std::marker::PhantomData<T>);

/// A vector by the formula of its lane `$i`.
macro_rules! lanes {
    ($t:ty, $lanes:literal, $i:ident, $formula:expr) => {{
        let mut v = [<$t>::default(); $lanes];
        for $i in 0..$lanes {
            v[$i] = $formula;
        }
        v
    }};
}

macro_rules! portable {
    ($t:ty, $lanes:literal) => {
        impl Simd for Portable<$t, $lanes> {
            type T = $t;
            type V = [$t; $lanes];
            type Mask = (usize, usize);
            const LANES: usize = $lanes;

            #[inline(always)]
            unsafe fn zero() -> Self::V {
                [0.0; $lanes]
            }

            #[inline(always)]
            unsafe fn splat(x: $t) -> Self::V {
                [x; $lanes]
            }

            #[inline(always)]
            unsafe fn load(p: *const $t) -> Self::V {
                // SAFETY: the caller vouches for the pointer.
                unsafe { p.cast::<Self::V>().read_unaligned() }
            }

            #[inline(always)]
            unsafe fn store(p: *mut $t, v: Self::V) {
                // SAFETY: the caller vouches for the pointer.
                unsafe { p.cast::<Self::V>().write_unaligned(v) }
            }

            #[inline(always)]
            unsafe fn mask(count: usize) -> Self::Mask {
                (0, count)
            }

            #[inline(always)]
            unsafe fn between(first: usize, end: usize) -> Self::Mask {
                (first, end)
            }

            #[inline(always)]
            unsafe fn joined(mut v: Self::V, p: *const $t, (first, end): Self::Mask) -> Self::V {
                for (lane, x) in v.iter_mut().enumerate().take(end).skip(first) {
                    // SAFETY: the caller vouches for the elements of these lanes.
                    *x = unsafe { *p.wrapping_add(lane) };
                }
                v
            }

            #[inline(always)]
            unsafe fn load_masked(p: *const $t, (_, mask): Self::Mask) -> Self::V {
                let mut v = [0.0; $lanes];
                for (lane, x) in v.iter_mut().enumerate().take(mask) {
                    // SAFETY: the caller vouches for the first `mask` elements.
                    *x = unsafe { *p.add(lane) };
                }
                v
            }

            #[inline(always)]
            unsafe fn store_masked(p: *mut $t, (_, mask): Self::Mask, v: Self::V) {
                for (lane, x) in v.iter().enumerate().take(mask) {
                    // SAFETY: the caller vouches for the first `mask` elements.
                    unsafe { *p.add(lane) = *x };
                }
            }

            #[inline(always)]
            unsafe fn sum(x: Self::V) -> $t {
                let mut sum = 0.0;
                for i in 0..$lanes / 2 {
                    sum += x[i] + x[$lanes / 2 + i];
                }
                sum
            }

            #[inline(always)]
            unsafe fn max(x: Self::V, y: Self::V) -> Self::V {
                lanes!($t, $lanes, i, if y[i] > x[i] || y[i].is_nan() { y[i] } else { x[i] })
            }

            #[inline(always)]
            unsafe fn min(x: Self::V, y: Self::V) -> Self::V {
                lanes!($t, $lanes, i, if y[i] < x[i] || y[i].is_nan() { y[i] } else { x[i] })
            }

            #[inline(always)]
            unsafe fn add(x: Self::V, y: Self::V) -> Self::V {
                lanes!($t, $lanes, i, x[i] + y[i])
            }

            #[inline(always)]
            unsafe fn sub(x: Self::V, y: Self::V) -> Self::V {
                lanes!($t, $lanes, i, x[i] - y[i])
            }

            #[inline(always)]
            unsafe fn mul(x: Self::V, y: Self::V) -> Self::V {
                lanes!($t, $lanes, i, x[i] * y[i])
            }

            #[inline(always)]
            unsafe fn div(x: Self::V, y: Self::V) -> Self::V {
                lanes!($t, $lanes, i, x[i] / y[i])
            }

            #[inline(always)]
            unsafe fn sqrt(x: Self::V) -> Self::V {
                lanes!($t, $lanes, i, x[i].sqrt())
            }

            #[inline(always)]
            unsafe fn fma(x: Self::V, y: Self::V, z: Self::V) -> Self::V {
                if PORTABLE_FMA {
                    lanes!($t, $lanes, i, x[i].mul_add(y[i], z[i]))
                } else {
                    lanes!($t, $lanes, i, x[i] * y[i] + z[i])
                }
            }
        }
    };
}

portable!(f32, 4);
portable!(f64, 2);

#[cfg(target_arch = "x86_64")]
#[allow(unused_unsafe, reason = "some of the instructions need no unsafe block, most do")]
pub(crate) mod x86 {
    //! Vectors of x86.

    use std::arch::x86_64::*;

    use super::Simd;

    /// 256-bit vectors of `T`.
    pub(crate) struct Avx2<T>(std::marker::PhantomData<T>);
    /// 512-bit vectors of `T`.
    pub(crate) struct Avx512<T>(std::marker::PhantomData<T>);

    macro_rules! vector {
        ($name:ident $t:ty, $v:ty, $mask:ty, $lanes:literal, $zero:ident $splat:ident $load:ident
         $store:ident $stream:ident $add:ident $sub:ident $mul:ident $div:ident $sqrt:ident $fma:ident $sum:ident, mask($count:ident) $make_mask:expr,
         between($first:ident, $second:ident) $between:expr,
         load($p:ident, $m:ident) $load_masked:expr, store($x:ident) $store_masked:expr, joined $joined:expr, choose($y:ident, $is:ident) $choose:expr, $transpose:ident) => {
            impl Simd for $name<$t> {
                type T = $t;
                type V = $v;
                type Mask = $mask;
                const LANES: usize = $lanes;

                #[inline(always)]
                unsafe fn zero() -> $v {
                    // SAFETY: the caller vouches for the instruction set.
                    unsafe { $zero() }
                }

                #[inline(always)]
                unsafe fn splat(x: $t) -> $v {
                    // SAFETY: the caller vouches for the instruction set.
                    unsafe { $splat(x) }
                }

                #[inline(always)]
                unsafe fn load(p: *const $t) -> $v {
                    // SAFETY: the caller vouches for instruction set and pointer.
                    unsafe { $load(p) }
                }

                #[inline(always)]
                unsafe fn store(p: *mut $t, v: $v) {
                    // SAFETY: the caller vouches for instruction set and pointer.
                    unsafe { $store(p, v) }
                }

                #[inline(always)]
                unsafe fn store_past(p: *mut $t, v: $v) {
                    // SAFETY: the caller vouches for instruction set and pointer.
                    unsafe { $stream(p, v) }
                }

                #[inline(always)]
                unsafe fn mask($count: usize) -> $mask {
                    // SAFETY: the caller vouches for the instruction set.
                    unsafe { $make_mask }
                }

                #[inline(always)]
                unsafe fn between(first: usize, end: usize) -> $mask {
                    // SAFETY: the caller vouches for the instruction set.
                    unsafe {
                        let ($first, $second) = (Self::mask(first), Self::mask(end));
                        $between
                    }
                }

                #[inline(always)]
                unsafe fn joined($x: $v, $p: *const $t, $m: $mask) -> $v {
                    // SAFETY: the caller vouches for instruction set and elements.
                    unsafe { $joined }
                }

                #[inline(always)]
                unsafe fn load_masked($p: *const $t, $m: $mask) -> $v {
                    // SAFETY: the caller vouches for instruction set and pointer.
                    unsafe { $load_masked }
                }

                #[inline(always)]
                unsafe fn store_masked($p: *mut $t, $m: $mask, $x: $v) {
                    // SAFETY: the caller vouches for instruction set and pointer.
                    unsafe { $store_masked }
                }

                #[inline(always)]
                unsafe fn max($x: $v, $y: $v) -> $v {
                    const $is: i32 = _CMP_GT_OQ;
                    // SAFETY: the caller vouches for the instruction set.
                    unsafe { $choose }
                }

                #[inline(always)]
                unsafe fn min($x: $v, $y: $v) -> $v {
                    const $is: i32 = _CMP_LT_OQ;
                    // SAFETY: the caller vouches for the instruction set.
                    unsafe { $choose }
                }

                #[inline(always)]
                unsafe fn add(x: $v, y: $v) -> $v {
                    // SAFETY: the caller vouches for the instruction set.
                    unsafe { $add(x, y) }
                }

                #[inline(always)]
                unsafe fn sub(x: $v, y: $v) -> $v {
                    // SAFETY: the caller vouches for the instruction set.
                    unsafe { $sub(x, y) }
                }

                #[inline(always)]
                unsafe fn mul(x: $v, y: $v) -> $v {
                    // SAFETY: the caller vouches for the instruction set.
                    unsafe { $mul(x, y) }
                }

                #[inline(always)]
                unsafe fn div(x: $v, y: $v) -> $v {
                    // SAFETY: the caller vouches for the instruction set.
                    unsafe { $div(x, y) }
                }

                #[inline(always)]
                unsafe fn sqrt(x: $v) -> $v {
                    // SAFETY: the caller vouches for the instruction set.
                    unsafe { $sqrt(x) }
                }

                #[inline(always)]
                unsafe fn fma(x: $v, y: $v, z: $v) -> $v {
                    // SAFETY: the caller vouches for the instruction set.
                    unsafe { $fma(x, y, z) }
                }

                #[inline(always)]
                unsafe fn sum(x: $v) -> $t {
                    // SAFETY: the caller vouches for the instruction set.
                    unsafe { $sum(x) }
                }

                #[inline(always)]
                unsafe fn prefetch(p: *const $t) {
                    // SAFETY: every x86-64 has it, and it may be given any address.
                    unsafe { _mm_prefetch::<_MM_HINT_T0>(p.cast()) }
                }

                #[inline(always)]
                unsafe fn prefetch_far(p: *const $t) {
                    // SAFETY: every x86-64 has it, and it may be given any address.
                    unsafe { _mm_prefetch::<_MM_HINT_T1>(p.cast()) }
                }

                const TRANSPOSED: usize = $lanes;

                #[inline(always)]
                unsafe fn transpose(
                    from: *const $t,
                    from_row: usize,
                    to: *mut $t,
                    to_row: usize,
                    count: usize,
                ) {
                    // SAFETY: the caller vouches for instruction set and pointers.
                    unsafe { $transpose(from, from_row, to, to_row, count) }
                }
            }
        };
    }

    #[inline(always)]
    unsafe fn sum_f32x8(x: __m256) -> f32 {
        // SAFETY: the caller vouches for AVX2.
        unsafe {
            let x = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps::<1>(x));
            let x = _mm_add_ps(x, _mm_movehl_ps(x, x));
            _mm_cvtss_f32(_mm_add_ss(x, _mm_movehdup_ps(x)))
        }
    }

    #[inline(always)]
    unsafe fn sum_f64x4(x: __m256d) -> f64 {
        // SAFETY: the caller vouches for AVX2.
        unsafe {
            let x = _mm_add_pd(_mm256_castpd256_pd128(x), _mm256_extractf128_pd::<1>(x));
            _mm_cvtsd_f64(_mm_add_sd(x, _mm_unpackhi_pd(x, x)))
        }
    }

    /// The first `$count` rows of a block of `$n`, and zeros.
    macro_rules! rows {
        ($zero:ident, $load:ident, $n:literal, $from:ident, $from_row:ident, $count:ident) => {{
            let mut rows = [$zero(); $n];
            for (i, row) in rows.iter_mut().enumerate() {
                if i < $count {
                    *row = $load($from.add(i * $from_row));
                }
            }
            rows
        }};
    }

    /// Sixteen vectors of sixteen, turned: pairs, then fours, then quarters of vectors change places.
    #[inline(always)]
    unsafe fn transpose_f32x16(
        from: *const f32,
        from_row: usize,
        to: *mut f32,
        to_row: usize,
        count: usize,
    ) {
        // SAFETY: the caller vouches for AVX-512, `count` rows to read and 16 rows to write.
        unsafe {
            let rows = rows!(_mm512_setzero_ps, _mm512_loadu_ps, 16, from, from_row, count);
            let mut pairs = [_mm512_setzero_ps(); 16];
            for i in 0..8 {
                pairs[2 * i] = _mm512_unpacklo_ps(rows[2 * i], rows[2 * i + 1]);
                pairs[2 * i + 1] = _mm512_unpackhi_ps(rows[2 * i], rows[2 * i + 1]);
            }
            let mut fours = [_mm512_setzero_ps(); 16];
            for i in 0..4 {
                for half in 0..2 {
                    let low = _mm512_castps_pd(pairs[4 * i + half]);
                    let high = _mm512_castps_pd(pairs[4 * i + 2 + half]);
                    fours[4 * i + 2 * half] = _mm512_castpd_ps(_mm512_unpacklo_pd(low, high));
                    fours[4 * i + 2 * half + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(low, high));
                }
            }
            // fours[4 i + j] holds, in quarter q, column 4 q + j of rows 4 i to 4 i + 3.
            let mut turned = [_mm512_setzero_ps(); 16];
            for j in 0..4 {
                let [a, b, c, d] = [fours[j], fours[4 + j], fours[8 + j], fours[12 + j]];
                let ab_even = _mm512_shuffle_f32x4::<0b10_00_10_00>(a, b);
                let ab_odd = _mm512_shuffle_f32x4::<0b11_01_11_01>(a, b);
                let cd_even = _mm512_shuffle_f32x4::<0b10_00_10_00>(c, d);
                let cd_odd = _mm512_shuffle_f32x4::<0b11_01_11_01>(c, d);
                let columns = [
                    _mm512_shuffle_f32x4::<0b10_00_10_00>(ab_even, cd_even),
                    _mm512_shuffle_f32x4::<0b10_00_10_00>(ab_odd, cd_odd),
                    _mm512_shuffle_f32x4::<0b11_01_11_01>(ab_even, cd_even),
                    _mm512_shuffle_f32x4::<0b11_01_11_01>(ab_odd, cd_odd),
                ];
                for (q, column) in columns.into_iter().enumerate() {
                    turned[4 * q + j] = column;
                }
            }
            for (i, column) in turned.into_iter().enumerate() {
                _mm512_storeu_ps(to.add(i * to_row), column);
            }
        }
    }

    /// Four vectors of four, turned: pairs, then halves of vectors change places.
    #[inline(always)]
    unsafe fn transpose_f64x4(
        from: *const f64,
        from_row: usize,
        to: *mut f64,
        to_row: usize,
        count: usize,
    ) {
        // SAFETY: the caller vouches for AVX2, `count` rows to read and 4 rows to write.
        unsafe {
            let rows = rows!(_mm256_setzero_pd, _mm256_loadu_pd, 4, from, from_row, count);
            let [a, b, c, d] = rows;
            let (ab_even, ab_odd) = (_mm256_unpacklo_pd(a, b), _mm256_unpackhi_pd(a, b));
            let (cd_even, cd_odd) = (_mm256_unpacklo_pd(c, d), _mm256_unpackhi_pd(c, d));
            _mm256_storeu_pd(to, _mm256_permute2f128_pd::<0x20>(ab_even, cd_even));
            _mm256_storeu_pd(to.add(to_row), _mm256_permute2f128_pd::<0x20>(ab_odd, cd_odd));
            _mm256_storeu_pd(to.add(2 * to_row), _mm256_permute2f128_pd::<0x31>(ab_even, cd_even));
            _mm256_storeu_pd(to.add(3 * to_row), _mm256_permute2f128_pd::<0x31>(ab_odd, cd_odd));
        }
    }

    /// Eight vectors of eight, turned: pairs, then fours, then halves of vectors change places.
    #[inline(always)]
    unsafe fn transpose_f32x8(
        from: *const f32,
        from_row: usize,
        to: *mut f32,
        to_row: usize,
        count: usize,
    ) {
        // SAFETY: the caller vouches for AVX2, `count` rows to read and 8 rows to write.
        unsafe {
            let rows = rows!(_mm256_setzero_ps, _mm256_loadu_ps, 8, from, from_row, count);
            let mut fours = [_mm256_setzero_ps(); 8];
            for half in 0..2 {
                let [a, b, c, d] =
                    [rows[4 * half], rows[4 * half + 1], rows[4 * half + 2], rows[4 * half + 3]];
                let (ab_low, ab_high) = (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
                let (cd_low, cd_high) = (_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
                fours[4 * half] = _mm256_shuffle_ps::<0b01_00_01_00>(ab_low, cd_low);
                fours[4 * half + 1] = _mm256_shuffle_ps::<0b11_10_11_10>(ab_low, cd_low);
                fours[4 * half + 2] = _mm256_shuffle_ps::<0b01_00_01_00>(ab_high, cd_high);
                fours[4 * half + 3] = _mm256_shuffle_ps::<0b11_10_11_10>(ab_high, cd_high);
            }
            // fours[4 h + j] holds columns j and 4 + j of rows 4 h to 4 h + 3.
            for j in 0..4 {
                let column = _mm256_permute2f128_ps::<0x20>(fours[j], fours[4 + j]);
                _mm256_storeu_ps(to.add(j * to_row), column);
            }
            for j in 0..4 {
                let column = _mm256_permute2f128_ps::<0x31>(fours[j], fours[4 + j]);
                _mm256_storeu_ps(to.add((4 + j) * to_row), column);
            }
        }
    }

    /// Eight vectors of eight, turned: pairs, then quarters of vectors change places.
    #[inline(always)]
    unsafe fn transpose_f64x8(
        from: *const f64,
        from_row: usize,
        to: *mut f64,
        to_row: usize,
        count: usize,
    ) {
        // SAFETY: the caller vouches for AVX-512, `count` rows to read and 8 rows to write.
        unsafe {
            let rows = rows!(_mm512_setzero_pd, _mm512_loadu_pd, 8, from, from_row, count);
            let mut turned = [_mm512_setzero_pd(); 8];
            for odd in 0..2 {
                let mut pairs = [_mm512_setzero_pd(); 4];
                for (i, pair) in pairs.iter_mut().enumerate() {
                    let (x, y) = (rows[2 * i], rows[2 * i + 1]);
                    *pair =
                        if odd == 0 { _mm512_unpacklo_pd(x, y) } else { _mm512_unpackhi_pd(x, y) };
                }
                // pairs[i] holds, in quarter q, column 2 q + odd of rows 2 i and 2 i + 1.
                let [a, b, c, d] = pairs;
                let ab_even = _mm512_shuffle_f64x2::<0b10_00_10_00>(a, b);
                let ab_odd = _mm512_shuffle_f64x2::<0b11_01_11_01>(a, b);
                let cd_even = _mm512_shuffle_f64x2::<0b10_00_10_00>(c, d);
                let cd_odd = _mm512_shuffle_f64x2::<0b11_01_11_01>(c, d);
                let columns = [
                    _mm512_shuffle_f64x2::<0b10_00_10_00>(ab_even, cd_even),
                    _mm512_shuffle_f64x2::<0b10_00_10_00>(ab_odd, cd_odd),
                    _mm512_shuffle_f64x2::<0b11_01_11_01>(ab_even, cd_even),
                    _mm512_shuffle_f64x2::<0b11_01_11_01>(ab_odd, cd_odd),
                ];
                for (q, column) in columns.into_iter().enumerate() {
                    turned[2 * q + odd] = column;
                }
            }
            for (i, column) in turned.into_iter().enumerate() {
                _mm512_storeu_pd(to.add(i * to_row), column);
            }
        }
    }

    /// Lanes below the count are all ones.
    static LANES32: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];
    static LANES64: [i64; 8] = [-1, -1, -1, -1, 0, 0, 0, 0];

    /// The first `count` lanes of `N` as the bits of a mask.
    #[inline(always)]
    fn bits<const N: usize>(count: usize) -> u16 {
        ((1u32 << count.min(N)) - 1) as u16
    }

    vector!(Avx512 f32, __m512, __mmask16, 16, _mm512_setzero_ps _mm512_set1_ps _mm512_loadu_ps
        _mm512_storeu_ps _mm512_stream_ps _mm512_add_ps _mm512_sub_ps _mm512_mul_ps _mm512_div_ps _mm512_sqrt_ps _mm512_fmadd_ps _mm512_reduce_add_ps,
        mask(count) bits::<16>(count),
        between(first, end) end & !first,
        load(p, mask) _mm512_maskz_loadu_ps(mask, p), store(v) _mm512_mask_storeu_ps(p, mask, v),
        joined _mm512_mask_loadu_ps(v, mask, p),
        choose(y, IS) _mm512_mask_blend_ps(_mm512_cmp_ps_mask::<IS>(y, v) | _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(y, y), v, y),
        transpose_f32x16);
    vector!(Avx512 f64, __m512d, __mmask8, 8, _mm512_setzero_pd _mm512_set1_pd _mm512_loadu_pd
        _mm512_storeu_pd _mm512_stream_pd _mm512_add_pd _mm512_sub_pd _mm512_mul_pd _mm512_div_pd _mm512_sqrt_pd _mm512_fmadd_pd _mm512_reduce_add_pd,
        mask(count) bits::<8>(count) as __mmask8,
        between(first, end) end & !first,
        load(p, mask) _mm512_maskz_loadu_pd(mask, p), store(v) _mm512_mask_storeu_pd(p, mask, v),
        joined _mm512_mask_loadu_pd(v, mask, p),
        choose(y, IS) _mm512_mask_blend_pd(_mm512_cmp_pd_mask::<IS>(y, v) | _mm512_cmp_pd_mask::<_CMP_UNORD_Q>(y, y), v, y),
        transpose_f64x8);
    vector!(Avx2 f32, __m256, __m256i, 8, _mm256_setzero_ps _mm256_set1_ps _mm256_loadu_ps
        _mm256_storeu_ps _mm256_stream_ps _mm256_add_ps _mm256_sub_ps _mm256_mul_ps _mm256_div_ps _mm256_sqrt_ps _mm256_fmadd_ps sum_f32x8,
        mask(count) _mm256_loadu_si256(LANES32.as_ptr().add(8 - count.min(8)).cast()),
        between(first, end) _mm256_andnot_si256(first, end),
        load(p, mask) _mm256_maskload_ps(p, mask), store(v) _mm256_maskstore_ps(p, mask, v),
        joined _mm256_or_ps(v, _mm256_maskload_ps(p, mask)),
        choose(y, IS) _mm256_blendv_ps(v, y, _mm256_or_ps(_mm256_cmp_ps::<IS>(y, v), _mm256_cmp_ps::<_CMP_UNORD_Q>(y, y))),
        transpose_f32x8);
    vector!(Avx2 f64, __m256d, __m256i, 4, _mm256_setzero_pd _mm256_set1_pd _mm256_loadu_pd
        _mm256_storeu_pd _mm256_stream_pd _mm256_add_pd _mm256_sub_pd _mm256_mul_pd _mm256_div_pd _mm256_sqrt_pd _mm256_fmadd_pd sum_f64x4,
        mask(count) _mm256_loadu_si256(LANES64.as_ptr().add(4 - count.min(4)).cast()),
        between(first, end) _mm256_andnot_si256(first, end),
        load(p, mask) _mm256_maskload_pd(p, mask), store(v) _mm256_maskstore_pd(p, mask, v),
        joined _mm256_or_pd(v, _mm256_maskload_pd(p, mask)),
        choose(y, IS) _mm256_blendv_pd(v, y, _mm256_or_pd(_mm256_cmp_pd::<IS>(y, v), _mm256_cmp_pd::<_CMP_UNORD_Q>(y, y))),
        transpose_f64x4);
}
