//! Elementary functions of f32.
//!
//! Numbers become integers by adding [`ROUND`], never by a cast, which would check its range. The polynomials
//! are those of Moshier's Cephes library, those of `erf` Chebyshev fits.
//! Accuracy, against f64 over the whole range: `exp`, `log` and `log1p` within 1.5 units in the last
//! place, the others within 2.5.

use std::f32::consts::LOG2_E;

super::alike!(f32);

/// Adding it to a number below 2^22 rounds that to an integer, which then stands in the lowest bits.
const ROUND: f32 = 12_582_912.0;
/// ln 2 as the sum of a number with few bits and the rest.
const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];

#[inline(always)]
fn polynomial<const FMA: bool, const N: usize>(x: f32, highest_first: [f32; N]) -> f32 {
    let mut sum = highest_first[0];
    for c in &highest_first[1..] {
        sum = fma::<FMA>(sum, x, *c);
    }
    sum
}

/// 2 to an integer power of -126 to 127.
#[inline(always)]
fn power_of_two(n: i32) -> f32 {
    f32::from_bits(((n + 127) as u32) << 23)
}

/// `x = n ln 2 + r` with an integer `n` and a small `r`: gives `n`, `r` and `e^r - 1`.
#[inline(always)]
fn reduce_exp<const FMA: bool>(x: f32) -> (i32, f32) {
    let rounded = fma::<FMA>(x, LOG2_E, ROUND);
    let whole = rounded - ROUND;
    let n = (rounded.to_bits() as i32).wrapping_sub(ROUND.to_bits() as i32);
    let r = fma::<FMA>(whole, -LN_2[1], fma::<FMA>(whole, -LN_2[0], x));
    let tail = polynomial::<FMA, 6>(
        r,
        [1.987_569_1e-4, 1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5],
    );
    (n, fma::<FMA>(tail * r, r, r))
}

/// e to the power `x`.
#[inline(always)]
pub(super) fn exp<const FMA: bool>(x: f32) -> f32 {
    // A product that is rounded to 0 costs many machines a hundred cycles: masked scores are such numbers.
    let vanishes = x < -104.0;
    let bounded = if x > 89.0 { 89.0 } else { x };
    let (n, tail) = reduce_exp::<FMA>(if vanishes { 0.0 } else { bounded });
    // In two steps, so that neither power of two leaves the range.
    let half = n >> 1;
    let y = (tail + 1.0) * power_of_two(half) * power_of_two(n.wrapping_sub(half));
    if vanishes { 0.0 } else { y }
}

/// `e^x - 1`, accurate near 0.
#[inline(always)]
pub(super) fn expm1<const FMA: bool>(x: f32) -> f32 {
    let (n, tail) = reduce_exp::<FMA>(clamp(x, -20.0, 89.0));
    let half = power_of_two(n.wrapping_sub(1));
    let y = fma::<FMA>(half, tail, half - 0.5) * 2.0;
    // The sign of zero, and subnormal numbers, whose halves are lost.
    if x.abs() < f32::MIN_POSITIVE { x } else { y }
}

/// The natural logarithm.
#[inline(always)]
pub(super) fn log<const FMA: bool>(x: f32) -> f32 {
    const SQRT_HALF: u32 = 0x3F35_04F3;
    let subnormal = x < f32::MIN_POSITIVE;
    let scaled = if subnormal { x * 8_388_608.0 } else { x };
    let shifted = scaled.to_bits().wrapping_sub(SQRT_HALF);
    let exponent = (shifted as i32 >> 23) as f32 - if subnormal { 23.0 } else { 0.0 };
    let f = f32::from_bits((shifted & 0x007F_FFFF) + SQRT_HALF) - 1.0;
    let tail = polynomial::<FMA, 9>(
        f,
        [
            7.037_684e-2,
            -1.151_461e-1,
            1.167_699_9e-1,
            -1.242_014_1e-1,
            1.424_932_3e-1,
            -1.666_805_8e-1,
            2.000_071_5e-1,
            -2.499_999_4e-1,
            3.333_333e-1,
        ],
    );
    let square = f * f;
    let small = fma::<FMA>(exponent, LN_2[1], tail * square * f);
    let y = fma::<FMA>(-0.5, square, small) + f;
    let y = fma::<FMA>(exponent, LN_2[0], y);
    let y = if x == f32::INFINITY { x } else { y };
    let y = if x == 0.0 { f32::NEG_INFINITY } else { y };
    // Also where x is NaN.
    if x >= 0.0 { y } else { f32::NAN }
}

/// The hyperbolic tangent: `t / (t + 2)` with `t = e^(2 |x|) - 1`.
#[inline(always)]
pub(super) fn tanh<const FMA: bool>(x: f32) -> f32 {
    let size = x.abs();
    let (n, tail) = reduce_exp::<FMA>(clamp(2.0 * size, 0.0, 20.0));
    let scale = power_of_two(n);
    let t = fma::<FMA>(scale, tail, scale - 1.0);
    let y = t / (t + 2.0);
    // Below, the cube in the series is lost in rounding, and x itself may be subnormal.
    let y = if size < 1e-4 { size } else { y };
    f32::from_bits(y.to_bits() | (x.to_bits() & 0x8000_0000))
}

/// `1 / (1 + e^-x)`.
#[inline(always)]
#[cfg(test)]
pub(super) fn sigmoid<const FMA: bool>(x: f32) -> f32 {
    1.0 / (1.0 + exp::<FMA>(-x))
}

/// The error function: a polynomial in `x²` up to 1, beyond `1 - e^-x²` times one in `1 / (|x| + 1.5)`.
#[inline(always)]
pub(super) fn erf<const FMA: bool>(x: f32) -> f32 {
    // From 4 on, 1 is the nearest f32.
    let size = clamp(x.abs(), 0.0, 4.0);
    let square = size * size;
    let centre = polynomial::<FMA, 7>(
        square,
        [
            7.875_875e-5,
            -8.016_864e-4,
            5.189_087_4e-3,
            -2.685_421_2e-2,
            1.128_359_5e-1,
            -3.761_262_7e-1,
            std::f32::consts::FRAC_2_SQRT_PI,
        ],
    );
    let tail = polynomial::<FMA, 7>(
        1.0 / (size + 1.5),
        [
            2.429_763_3,
            -4.742_41,
            2.343_407_6,
            5.955_506_6e-1,
            8.990_881e-1,
            0.560_273_2,
            1.237_077e-4,
        ],
    );
    let y = if size <= 1.0 { centre * size } else { 1.0 - exp::<FMA>(-square) * tail };
    f32::from_bits(y.to_bits() | (x.to_bits() & 0x8000_0000))
}

/// Beyond this size [`sin`] and [`cos`] would lose digits, and give NaN.
const FAR: f32 = 268_435_456.0;

/// `x = q π/2 + r` with an integer `q` of which two bits are given, and `r` within ±π/4.
#[inline(always)]
fn reduce_trig(x: f32) -> (u32, f32) {
    // The first summand has 25 bits, so that its product with q is exact.
    const HALF_PI: [f64; 2] = [f64::from_bits(0x3FF9_21FB_5000_0000), 1.589_325_477_352_819_7e-8];
    const ROUND: f64 = 6_755_399_441_055_744.0;
    let x = f64::from(x);
    let rounded = x * std::f64::consts::FRAC_2_PI + ROUND;
    let whole = rounded - ROUND;
    let r = (x - whole * HALF_PI[0]) - whole * HALF_PI[1];
    (rounded.to_bits() as u32, r as f32)
}

#[inline(always)]
fn sin_of<const FMA: bool>(quadrant: u32, r: f32) -> f32 {
    let z = r * r;
    let s = polynomial::<FMA, 3>(z, [-1.951_529_6e-4, 8.332_161e-3, -1.666_665_5e-1]);
    let sin = fma::<FMA>(s * z, r, r);
    let c = polynomial::<FMA, 3>(z, [2.443_315_7e-5, -1.388_731_6e-3, 4.166_664_6e-2]);
    let cos = fma::<FMA>(c * z, z, fma::<FMA>(-0.5, z, 1.0));
    let y = if quadrant & 1 == 0 { sin } else { cos };
    f32::from_bits(y.to_bits() ^ (quadrant & 2) << 30)
}

/// The sine; NaN beyond [`FAR`].
#[inline(always)]
pub(super) fn sin<const FMA: bool>(x: f32) -> f32 {
    let (quadrant, r) = reduce_trig(x);
    let y = sin_of::<FMA>(quadrant, r);
    // The sign of zero, and subnormal numbers, whose square is nothing.
    let y = if x.abs() < 1e-4 { x } else { y };
    if x.abs() <= FAR { y } else { f32::NAN }
}

/// The cosine; NaN beyond [`FAR`].
#[inline(always)]
pub(super) fn cos<const FMA: bool>(x: f32) -> f32 {
    let (quadrant, r) = reduce_trig(x);
    let y = sin_of::<FMA>(quadrant.wrapping_add(1), r);
    if x.abs() <= FAR { y } else { f32::NAN }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::scalar::Scalar;

    /// Units in the last place of f32 between a result and the exact value.
    fn ulps(got: f32, want: f64) -> f64 {
        let nearest = want as f32;
        if got.to_bits() == nearest.to_bits() || (got.is_nan() && nearest.is_nan()) {
            return 0.0;
        }
        if !got.is_finite() || !nearest.is_finite() {
            // Overflow may come half a unit too early or too late.
            let edge = |y: f64| y.abs() >= f64::from(f32::MAX) * (1.0 - 1e-6);
            return if edge(want) && (got.is_infinite() || edge(got.into())) {
                0.0
            } else {
                f64::INFINITY
            };
        }
        let size = nearest.abs().max(f32::MIN_POSITIVE);
        let unit = f64::from(f32::from_bits(size.to_bits() + 1)) - f64::from(size);
        ((f64::from(got) - want) / unit).abs()
    }

    fn worst(
        inputs: impl Iterator<Item = f32>,
        f: fn(f32) -> f32,
        exact: fn(f64) -> f64,
    ) -> (f64, f32) {
        let error = |x: f32| (ulps(f(x), exact(x.into())), x);
        inputs.map(error).fold((0.0, 0.0), |a, b| if b.0 > a.0 { b } else { a })
    }

    /// Numbers of every size and sign, with the special ones.
    fn all() -> impl Iterator<Item = f32> + Clone {
        let special = [
            0.0,
            -0.0,
            1.0,
            -1.0,
            f32::INFINITY,
            f32::NEG_INFINITY,
            f32::NAN,
            f32::MAX,
            f32::MIN_POSITIVE,
        ];
        (0..=u32::MAX).step_by(4099).map(f32::from_bits).chain(special)
    }

    macro_rules! accurate {
        ($($name:ident $bound:literal $inputs:expr, $exact:expr;)*) => {
            $(
                #[test]
                fn $name() {
                    for (fused, f) in [(true, super::$name::<true> as fn(f32) -> f32), (false, super::$name::<false>)] {
                        let (error, at) = worst($inputs, f, $exact);
                        println!("{} {fused}: {error:.3} at {at:e}", stringify!($name));
                        assert!(error <= $bound, "fused {fused}: {error} at {at:e}, {:e} for {:e}", f(at), ($exact)(f64::from(at)));
                    }
                }
            )*
        };
    }

    accurate! {
        exp 1.5 all(), f64::exp;
        expm1 2.5 all(), f64::exp_m1;
        log 1.5 all(), f64::ln;
        log1p 1.5 all(), f64::ln_1p;
        tanh 2.5 all(), f64::tanh;
        erf 2.5 all(), Scalar::erf;
        sigmoid 2.5 all().filter(|x| x.is_nan() || *x > -88.0), |x: f64| 1.0 / (1.0 + (-x).exp());
        sin 2.5 all().filter(|x| x.is_nan() || x.abs() <= FAR), f64::sin;
        cos 2.5 all().filter(|x| x.is_nan() || x.abs() <= FAR), f64::cos;
    }

    #[test]
    fn zeros_keep_their_sign() {
        for f in [
            super::tanh::<true>,
            super::sin::<true>,
            super::expm1::<true>,
            super::log1p::<true>,
            super::erf::<true>,
        ] {
            assert_eq!(f(-0.0).to_bits(), (-0.0f32).to_bits());
            assert_eq!(f(0.0).to_bits(), 0);
        }
    }

    #[test]
    fn sigmoid_of_a_great_number_is_a_limit() {
        assert_eq!(super::sigmoid::<true>(-200.0), 0.0);
        assert_eq!(super::sigmoid::<true>(f32::NEG_INFINITY), 0.0);
        assert_eq!(super::sigmoid::<true>(200.0), 1.0);
    }

    #[test]
    fn exponentials_vanish_where_they_are_rounded_to_zero() {
        for exp in [super::exp::<false>, super::exp::<true>] {
            assert_eq!(exp(-103.9), f32::from_bits(1));
            for x in [-104.0, -1e30, f32::MIN, f32::NEG_INFINITY] {
                assert_eq!(exp(x).to_bits(), 0, "{x}");
            }
            assert!(exp(f32::NAN).is_nan() && exp(f32::INFINITY) == f32::INFINITY);
        }
    }
}
