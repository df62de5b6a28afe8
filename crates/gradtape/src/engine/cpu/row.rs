//! Sums and extremes of rows of a tile, several vectors at a time.

use super::isa::Isa;
use super::simd::{Portable, Simd};

/// What a row is reduced by.
#[derive(Clone, Copy)]
pub(super) enum Fold {
    Sum,
    Max,
    Min,
}

/// Reduces the rows of `width` numbers from `x` on, one for each number of `out`. In which order a row's numbers
/// are added depends on its width and the instruction set alone.
///
/// # Safety
/// The machine must have the instruction set, and `x` be valid for the rows.
pub(super) type FoldRows<T> = unsafe fn(fold: Fold, x: *const T, width: usize, out: &mut [T]);

/// A number type whose rows are reduced in vectors.
pub(crate) trait Real: Sized {
    /// The function for an instruction set, which the machine must have.
    #[allow(private_interfaces, reason = "for this room alone")]
    fn fold_rows(isa: Isa) -> FoldRows<Self>;
}

/// A macro, since the comparison of numbers is not one of vectors. Numbers may count twice.
macro_rules! extremes {
    ($vector:ty, $n:literal, $join:ident, $is:tt, $start:expr, $x:ident, $width:ident, $out:ident) => {{
        type S = $vector;
        const LANES: usize = <S as Simd>::LANES;
        let mut row = $x;
        for out in $out {
            let mut most = $start;
            if $width < LANES {
                for i in 0..$width {
                    let x = *row.wrapping_add(i);
                    most = if x $is most || x.is_nan() { x } else { most };
                }
            } else {
                let mut all = [S::splat(most); $n];
                let mut at = 0;
                while at + $n * LANES <= $width {
                    for i in 0..$n {
                        all[i] = S::$join(all[i], S::load(row.wrapping_add(at + i * LANES)));
                    }
                    at += $n * LANES;
                }
                while at + LANES <= $width {
                    all[0] = S::$join(all[0], S::load(row.wrapping_add(at)));
                    at += LANES;
                }
                all[0] = S::$join(all[0], S::load(row.wrapping_add($width - LANES)));
                for i in 1..$n {
                    all[0] = S::$join(all[0], all[i]);
                }
                let mut lanes = [most; LANES];
                S::store(lanes.as_mut_ptr(), all[0]);
                let mut half = LANES / 2;
                while half > 0 {
                    for i in 0..half {
                        let x = lanes[i + half];
                        lanes[i] = if x $is lanes[i] || x.is_nan() { x } else { lanes[i] };
                    }
                    half /= 2;
                }
                most = lanes[0];
            }
            *out = most;
            row = row.wrapping_add($width);
        }
    }};
}

macro_rules! run {
    ($vector:ty, $n:literal, $fold:ident, $x:ident, $width:ident, $out:ident) => {
        match $fold {
            Fold::Sum => sums::<$vector, $n>($x, $width, $out),
            Fold::Max => extremes!($vector, $n, max, >, -<$vector as Simd>::T::INFINITY, $x, $width, $out),
            Fold::Min => extremes!($vector, $n, min, <, <$vector as Simd>::T::INFINITY, $x, $width, $out),
        }
    };
}

macro_rules! stamp {
    ($type:ty, $portable:ty $(, $isa:ident $feature:literal $vector:ty, $n:literal)*) => {
        impl Real for $type {
            #[allow(private_interfaces, reason = "for this room alone")]
            fn fold_rows(isa: Isa) -> FoldRows<$type> {
                match isa {
                    $(
                        #[cfg(target_arch = "x86_64")]
                        Isa::$isa => {
                            #[target_feature(enable = $feature)]
                            unsafe fn stamped(fold: Fold, x: *const $type, width: usize, out: &mut [$type]) {
                                // SAFETY: as for this function.
                                unsafe { run!($vector, $n, fold, x, width, out) }
                            }
                            stamped
                        }
                    )*
                    _ => {
                        unsafe fn stamped(fold: Fold, x: *const $type, width: usize, out: &mut [$type]) {
                            // SAFETY: as for this function.
                            unsafe { run!($portable, 4, fold, x, width, out) }
                        }
                        stamped
                    }
                }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
use super::simd::x86::{Avx2, Avx512};

stamp!(f32, Portable<f32, 4>,
    Avx512 "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma" Avx512<f32>, 4, Avx2 "avx2,fma" Avx2<f32>, 4);
stamp!(f64, Portable<f64, 2>,
    Avx512 "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma" Avx512<f64>, 4, Avx2 "avx2,fma" Avx2<f64>, 4);

/// Numbers that each lane adds up before the sum joins a total of such sums, so that rounding grows slowly.
const RUN: usize = 256;

/// `N` is the number of vectors that are added to at a time.
#[allow(clippy::needless_range_loop, reason = "a plain loop is sure to be unrolled")]
#[inline(always)]
unsafe fn sums<S: Simd, const N: usize>(x: *const S::T, width: usize, out: &mut [S::T]) {
    // SAFETY: the caller vouches for instruction set and rows.
    unsafe {
        let mut row = x;
        for out in out {
            let mut sums = [S::zero(); N];
            let mut at = 0;
            while at + N * S::LANES <= width {
                let end = width.min(at + RUN * N * S::LANES);
                let mut run = [S::zero(); N];
                while at + N * S::LANES <= end {
                    for i in 0..N {
                        run[i] = S::add(run[i], S::load(row.wrapping_add(at + i * S::LANES)));
                    }
                    at += N * S::LANES;
                }
                for i in 0..N {
                    sums[i] = S::add(sums[i], run[i]);
                }
            }
            let mut sum = sums[0];
            for more in &sums[1..] {
                sum = S::add(sum, *more);
            }
            while at + S::LANES <= width {
                sum = S::add(sum, S::load(row.wrapping_add(at)));
                at += S::LANES;
            }
            if at < width {
                let rest = S::load_masked(row.wrapping_add(at), S::mask(width - at));
                sum = S::add(sum, rest);
            }
            *out = S::sum(sum);
            row = row.wrapping_add(width);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of every width up to some hundred, whose extremes and NaN stand at every place.
    fn check<T: Real + Copy + Default + Into<f64> + From<f32>>(isa: Isa) {
        // SAFETY: the machine has the instruction set; `x` holds the rows.
        let run = |fold, x: &[T], width, out: &mut [T]| unsafe {
            assert!(x.len() >= width * out.len());
            (T::fold_rows(isa))(fold, x.as_ptr(), width, out)
        };
        for width in 1..300 {
            let mut x: Vec<T> = (0..3 * width).map(|i| T::from((i * 37 % 101) as f32)).collect();
            let mut out = [T::default(); 3];
            run(Fold::Sum, &x, width, &mut out);
            for (row, out) in x.chunks(width).zip(out) {
                assert_eq!(
                    out.into(),
                    row.iter().map(|&x| x.into()).sum::<f64>(),
                    "{isa:?} {width}"
                );
            }
            for at in 0..width {
                for (fold, number) in [
                    (Fold::Max, 1e9),
                    (Fold::Min, -1e9),
                    (Fold::Max, f32::NAN),
                    (Fold::Min, f32::NAN),
                ] {
                    let before = std::mem::replace(&mut x[width + at], T::from(number));
                    run(fold, &x, width, &mut out);
                    let found: f64 = out[1].into();
                    let number = f64::from(number);
                    assert!(found == number || found.is_nan() && number.is_nan(), "{width} {at}");
                    let [first, _, last] = out.map(Into::<f64>::into);
                    assert!(first.abs() < 1e3 && last.abs() < 1e3, "another row's number");
                    x[width + at] = before;
                }
            }
        }
    }

    /// Rows so long that lanes add up several runs: sums of whole numbers, which are exact.
    fn check_long<T: Real + Copy + Default + Into<f64> + From<f32>>(isa: Isa) {
        for width in [16_384, 16_385, 16_384 + 17, 40_000] {
            let x: Vec<T> = (0..2 * width).map(|i| T::from((i * 37 % 101) as f32)).collect();
            let mut out = [T::default(); 2];
            // SAFETY: the machine has the instruction set; `x` holds the rows.
            unsafe { (T::fold_rows(isa))(Fold::Sum, x.as_ptr(), width, &mut out) };
            for (row, out) in x.chunks(width).zip(out) {
                let sum: f64 = row.iter().map(|&x| x.into()).sum();
                assert_eq!(out.into(), sum, "{isa:?} {width}");
            }
        }
    }

    #[test]
    fn rows_of_every_width_are_reduced_on_every_instruction_set() {
        for isa in Isa::available() {
            check::<f32>(isa);
            check::<f64>(isa);
            check_long::<f32>(isa);
            check_long::<f64>(isa);
        }
    }
}
