//! Elementary functions of f64.
//!
//! Numbers become integers by adding [`ROUND`], never by a cast, which would check its range. The logarithm is
//! that of Sun's fdlibm; `e^r` is its Taylor polynomial.
//! Accuracy, against the standard library over the whole range: `exp`, `log` and `log1p` within 1.5 units in the
//! last place, the others within 3, of which up to one is the library's own.

use std::f64::consts::LOG2_E;

use crate::op::scalar::erf_parts;

super::alike!(f64);

/// Adding it to a number below 2^51 rounds that to an integer, which then stands in the lowest bits.
const ROUND: f64 = 6_755_399_441_055_744.0;
/// ln 2 as the sum of a number of 33 bits, whose products with exponents are exact, and the rest.
const LN_2: [f64; 2] = [6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10];

#[inline(always)]
fn polynomial<const FMA: bool, const N: usize>(x: f64, lowest_first: &[f64; N]) -> f64 {
    let mut sum = lowest_first[N - 1];
    let mut at = N - 1;
    while at > 0 {
        at -= 1;
        sum = fma::<FMA>(sum, x, lowest_first[at]);
    }
    sum
}

/// 2 to an integer power of -1022 to 1023.
#[inline(always)]
fn power_of_two(n: i64) -> f64 {
    f64::from_bits((n.wrapping_add(1023) as u64) << 52)
}

/// Half of an integer within 2^31, rounded down: vector units lack the shift that keeps a sign.
#[inline(always)]
fn half(n: i64) -> i64 {
    (n.wrapping_add(1 << 32) as u64 >> 1) as i64 - (1 << 31)
}

/// `x = n ln 2 + r` with an integer `n` and a small `r`: gives `n` and `e^r - 1`.
#[inline(always)]
fn reduce_exp<const FMA: bool>(x: f64) -> (i64, f64) {
    let rounded = fma::<FMA>(x, LOG2_E, ROUND);
    let whole = rounded - ROUND;
    let n = (rounded.to_bits() as i64).wrapping_sub(ROUND.to_bits() as i64);
    let r = fma::<FMA>(whole, -LN_2[1], fma::<FMA>(whole, -LN_2[0], x));
    // 1 / 2!, 1 / 3!, … 1 / 13!
    let tail = polynomial::<FMA, 12>(
        r,
        &[
            1.0 / 2.0,
            1.0 / 6.0,
            1.0 / 24.0,
            1.0 / 120.0,
            1.0 / 720.0,
            1.0 / 5040.0,
            1.0 / 40320.0,
            1.0 / 362880.0,
            1.0 / 3628800.0,
            1.0 / 39916800.0,
            1.0 / 479001600.0,
            1.0 / 6227020800.0,
        ],
    );
    (n, fma::<FMA>(tail * r, r, r))
}

/// e to the power `x`.
#[inline(always)]
pub(super) fn exp<const FMA: bool>(x: f64) -> f64 {
    // A product that is rounded to 0 costs many machines a hundred cycles: masked scores are such numbers.
    let vanishes = x < -745.2;
    let bounded = if x > 710.0 { 710.0 } else { x };
    let (n, tail) = reduce_exp::<FMA>(if vanishes { 0.0 } else { bounded });
    // In two steps, so that neither power of two leaves the range.
    let half = half(n);
    let y = (tail + 1.0) * power_of_two(half) * power_of_two(n.wrapping_sub(half));
    if vanishes { 0.0 } else { y }
}

/// `e^x - 1`, accurate near 0.
#[inline(always)]
pub(super) fn expm1<const FMA: bool>(x: f64) -> f64 {
    let (n, tail) = reduce_exp::<FMA>(clamp(x, -40.0, 710.0));
    let half = power_of_two(n.wrapping_sub(1));
    let y = fma::<FMA>(half, tail, half - 0.5) * 2.0;
    // The sign of zero, and subnormal numbers, whose halves are lost.
    if x.abs() < f64::MIN_POSITIVE { x } else { y }
}

/// The natural logarithm.
#[inline(always)]
pub(super) fn log<const FMA: bool>(x: f64) -> f64 {
    const SQRT_HALF: u64 = 0x3FE6_A09E_667F_3BCD;
    const BIAS: u64 = 1023 << 52;
    /// 2^52, whose lowest bits hold an integer, as bits.
    const INTEGER: u64 = 0x4330_0000_0000_0000;
    let subnormal = x < f64::MIN_POSITIVE;
    let scaled = if subnormal { x * 18_014_398_509_481_984.0 } else { x };
    let shifted = scaled.to_bits().wrapping_sub(SQRT_HALF);
    let biased = f64::from_bits(shifted.wrapping_add(BIAS) >> 52 | INTEGER);
    let exponent = biased - (4_503_599_627_370_496.0 + 1023.0) - if subnormal { 54.0 } else { 0.0 };
    let f = f64::from_bits((shifted & 0x000F_FFFF_FFFF_FFFF).wrapping_add(SQRT_HALF)) - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let series = z * polynomial::<FMA, 7>(
        z,
        &[
            6.666_666_666_666_735e-1,
            3.999_999_999_940_942e-1,
            2.857_142_874_366_239e-1,
            2.222_219_843_214_978_4e-1,
            1.818_357_216_161_805e-1,
            1.531_383_769_920_937_3e-1,
            1.479_819_860_511_658_6e-1,
        ],
    );
    let square = 0.5 * f * f;
    let small = fma::<FMA>(s, square + series, exponent * LN_2[1]);
    let y = fma::<FMA>(exponent, LN_2[0], f - (square - small));
    let y = if x == f64::INFINITY { x } else { y };
    let y = if x == 0.0 { f64::NEG_INFINITY } else { y };
    // Also where x is NaN.
    if x >= 0.0 { y } else { f64::NAN }
}

/// The hyperbolic tangent: `t / (t + 2)` with `t = e^(2 |x|) - 1`.
#[inline(always)]
pub(super) fn tanh<const FMA: bool>(x: f64) -> f64 {
    let size = x.abs();
    let (n, tail) = reduce_exp::<FMA>(clamp(2.0 * size, 0.0, 40.0));
    let scale = power_of_two(n);
    let t = fma::<FMA>(scale, tail, scale - 1.0);
    let y = t / (t + 2.0);
    // Below, the cube in the series is lost in rounding, and x itself may be subnormal.
    let y = if size < 1e-9 { size } else { y };
    y.copysign(x)
}

/// The error function, by the fits of the reference.
#[inline(always)]
pub(super) fn erf<const FMA: bool>(x: f64) -> f64 {
    // From 6 on, 1 is the nearest f64.
    let size = clamp(x.abs(), 0.0, 6.0);
    let square = size * size;
    let centre = size * polynomial::<FMA, 12>(square, &erf_parts::CENTRE);
    let tail = polynomial::<FMA, 16>(1.0 / (size + 2.5), &erf_parts::TAIL);
    let y = if size <= 1.0 { centre } else { 1.0 - exp::<FMA>(-square) * tail };
    y.copysign(x)
}

#[cfg(test)]
mod tests {
    use crate::op::scalar::Scalar;

    /// Units in the last place between a result and one that is right to half a unit or so.
    fn ulps(got: f64, want: f64) -> f64 {
        if got.to_bits() == want.to_bits() || (got.is_nan() && want.is_nan()) {
            return 0.0;
        }
        // Subnormal results have been rounded twice.
        if want.abs() < f64::MIN_POSITIVE {
            return if (got - want).abs() <= 2.0 * f64::from_bits(1) { 0.0 } else { f64::INFINITY };
        }
        (got.to_bits() as i64).abs_diff(want.to_bits() as i64) as f64
    }

    /// Numbers of every size and sign, with the special ones, and many of the usual size.
    fn all() -> impl Iterator<Item = f64> + Clone {
        let special = [0.0, -0.0, 1.0, -1.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
        let edges = [f64::MAX, f64::MIN_POSITIVE, 709.7, -708.3, -745.1, -745.2, 709.79];
        let sizes = (0..=u64::MAX >> 44)
            .map(|i| f64::from_bits(i << 44 | i.wrapping_mul(0x9E37_79B9) & 0xFFF_FFFF));
        let usual = (-400_000..400_000).map(|i| f64::from(i) * 9.765_432_1e-5);
        sizes.chain(usual).chain(special).chain(edges)
    }

    fn assert_accurate(name: &str, bound: f64, f: [fn(f64) -> f64; 2], exact: fn(f64) -> f64) {
        for (fused, f) in [true, false].into_iter().zip(f) {
            let error = |x: f64| (ulps(f(x), exact(x)), x);
            let (error, at) =
                all().map(error).fold((0.0, 0.0), |a, b| if b.0 > a.0 { b } else { a });
            println!("{name} {fused}: {error} at {at:e}");
            assert!(
                error <= bound,
                "{name} fused {fused}: {error} at {at:e}, {:e} for {:e}",
                f(at),
                exact(at)
            );
        }
    }

    macro_rules! accurate {
        ($($name:ident $bound:literal $exact:expr;)*) => {
            $(
                #[test]
                fn $name() {
                    let f = [super::$name::<true> as fn(f64) -> f64, super::$name::<false>];
                    assert_accurate(stringify!($name), $bound, f, $exact);
                }
            )*
        };
    }

    accurate! {
        exp 1.0 f64::exp;
        expm1 2.0 f64::exp_m1;
        log 1.0 f64::ln;
        log1p 1.0 f64::ln_1p;
        tanh 3.0 f64::tanh;
        erf 2.0 Scalar::erf;
    }

    #[test]
    fn zeros_keep_their_sign() {
        for f in
            [super::tanh::<true>, super::expm1::<true>, super::log1p::<true>, super::erf::<true>]
        {
            assert_eq!(f(-0.0).to_bits(), (-0.0f64).to_bits());
            assert_eq!(f(0.0).to_bits(), 0);
        }
    }

    #[test]
    fn exponentials_vanish_where_they_are_rounded_to_zero() {
        for exp in [super::exp::<false>, super::exp::<true>] {
            assert_eq!(exp(-745.1), f64::from_bits(1));
            for x in [-745.2, -1e30, f64::MIN, f64::NEG_INFINITY] {
                assert_eq!(exp(x).to_bits(), 0, "{x}");
            }
            assert!(exp(f64::NAN).is_nan() && exp(f64::INFINITY) == f64::INFINITY);
        }
    }
}
