//! The gamma function's logarithm and the derivatives of that.

use std::f64::consts::PI;

use super::special::polynomial;

/// The highest order of derivative that [`Scalar::polygamma`](super::Scalar::polygamma) gives.
pub const MOST_POLYGAMMA: u32 = 30;

/// `log |Γ(x)|`, infinite at 0 and at negative whole numbers: within 6 units in the last place above 0,
/// also near its roots 1 and 2. Below 0, near its roots there, it is as accurate as a sum of numbers of
/// the size of `log |x|` can be.
///
/// From 8 on Stirling's series; between 1.5 and 2.5 a Chebyshev fit of `lgamma(2 + t) / t`, and elsewhere
/// what `Γ(x + 1) = x Γ(x)` and Euler's reflection make of them.
pub(super) fn lgamma(x: f64) -> f64 {
    if x.is_infinite() {
        return f64::INFINITY;
    }
    if x.abs() < 1e-20 {
        return -x.abs().ln();
    }
    if x < 0.0 {
        let Some(from_pole) = beside_pole(x) else { return f64::INFINITY };
        return (PI / (x * (PI * from_pole).sin()).abs()).ln() - lgamma(-x);
    }
    if x < 0.5 {
        return x * polynomial(&BESIDE_TWO, x) - (x * (1.0 + x)).ln();
    }
    if x < 1.5 {
        let t = x - 1.0;
        return t * polynomial(&BESIDE_TWO, t) - t.ln_1p();
    }
    if x < 8.0 {
        let (mut x, mut product) = (x, 1.0);
        while x >= 2.5 {
            x -= 1.0;
            product *= x;
        }
        return (x - 2.0) * polynomial(&BESIDE_TWO, x - 2.0) + f64::ln(product);
    }
    let series = polynomial(&STIRLING, 1.0 / (x * x)) / x;
    // ½ log 2π less ½.
    (x - 0.5) * (x.ln() - 1.0) + (0.418_938_533_204_672_7 + series)
}

/// The derivative of this order of the digamma function `Γ'(x) / Γ(x)`, which order 0 is itself.
pub(super) fn polygamma(order: u32, x: f64) -> f64 {
    match order {
        _ if order > MOST_POLYGAMMA || x == f64::NEG_INFINITY => f64::NAN,
        0 if x == 0.0 => f64::INFINITY.copysign(-x),
        // Where both sides go up the pole.
        _ if x <= 0.0 && beside_pole(x).is_none() => match order % 2 {
            1 => f64::INFINITY,
            _ => f64::NAN,
        },
        _ if x < 0.0 => reflected(order, x),
        0 => digamma(x),
        _ => {
            let factorial: f64 = (1..=order).map(f64::from).product();
            let size = factorial * zeta(order + 1, x);
            if order.is_multiple_of(2) { -size } else { size }
        }
    }
}

/// The distance from the nearest whole number; none for such a number itself.
fn beside_pole(x: f64) -> Option<f64> {
    let distance = x - x.round();
    (distance != 0.0).then_some(distance)
}

/// Of a number below 0, by the one above 1 on the other side of ½: their sum or difference is a derivative
/// of the cotangent, which is a polynomial of the cotangent.
fn reflected(order: u32, x: f64) -> f64 {
    let cotangent = 1.0 / (PI * (x - x.round())).tan();
    let mut coefficients = [0.0; MOST_POLYGAMMA as usize + 2];
    coefficients[1] = 1.0;
    let mut scale = PI;
    for _ in 0..order {
        // The derivative of c^k is -π k (c^(k - 1) + c^(k + 1)).
        let mut next = [0.0; MOST_POLYGAMMA as usize + 2];
        for (k, &c) in coefficients.iter().enumerate().filter(|(_, c)| **c != 0.0) {
            next[k + 1] -= k as f64 * c;
            if k > 0 {
                next[k - 1] -= k as f64 * c;
            }
        }
        coefficients = next;
        scale *= PI;
    }
    let other = polygamma(order, 1.0 - x);
    let other = if order.is_multiple_of(2) { other } else { -other };
    other - scale * polynomial(&coefficients, cotangent)
}

/// The digamma function above 0: from 10 on its series; between 1 and 2 a Chebyshev fit of what is left when
/// the distance from its root is divided out; elsewhere by `ψ(x + 1) = ψ(x) + 1 / x`.
fn digamma(x: f64) -> f64 {
    /// The root as the sum of two numbers.
    const ROOT: [f64; 2] = [1.461_632_144_968_362_2, 9.549_995_429_965_697e-17];
    if x >= 10.0 {
        let square = 1.0 / (x * x);
        return x.ln() - 0.5 / x - square * polynomial(&DIGAMMA_SERIES, square);
    }
    if x < 1.0 {
        return digamma(x + 1.0) - 1.0 / x;
    }
    let (mut x, mut sum) = (x, 0.0);
    while x >= 2.0 {
        x -= 1.0;
        sum += 1.0 / x;
    }
    sum + ((x - ROOT[0]) - ROOT[1]) * polynomial(&BESIDE_ROOT, x - 1.5)
}

/// Hurwitz' zeta function `Σ 1 / (x + k)^s` for an `x` above 0, by the formula of Euler and Maclaurin.
fn zeta(s: u32, x: f64) -> f64 {
    let power = f64::from(s);
    let (mut at, mut sum) = (x, 0.0);
    while at < 10.0 + power {
        sum += at.powf(-power);
        at += 1.0;
    }
    if at.is_infinite() {
        return 0.0;
    }
    let mut tail = at / (power - 1.0) + 0.5;
    let mut factor = power / at;
    for (j, bernoulli) in (0..).zip(BERNOULLI) {
        tail += bernoulli * factor;
        let next = power + f64::from(2 * j + 1);
        factor *= next / at * ((next + 1.0) / at);
    }
    sum + at.powf(-power) * tail
}

/// `B / (2 k)!` of the Bernoulli numbers of the first even places.
const BERNOULLI: [f64; 11] = [
    1.0 / 12.0,
    -1.0 / 720.0,
    1.0 / 30240.0,
    -1.0 / 1_209_600.0,
    1.0 / 47_900_160.0,
    -5.284_190_138_687_493e-10,
    1.338_253_653_068_467_9e-11,
    -3.389_680_296_322_582_7e-13,
    8.586_062_056_277_845e-15,
    -2.174_868_698_558_062e-16,
    5.509_002_828_360_229_5e-18,
];

/// In `1 / x²`, of `x` times what the logarithm of the gamma function has beyond Stirling's formula.
const STIRLING: [f64; 8] = [
    1.0 / 12.0,
    -1.0 / 360.0,
    1.0 / 1260.0,
    -1.0 / 1680.0,
    1.0 / 1188.0,
    -691.0 / 360_360.0,
    1.0 / 156.0,
    -3617.0 / 122_400.0,
];

/// In `1 / x²`.
const DIGAMMA_SERIES: [f64; 8] = [
    1.0 / 12.0,
    -1.0 / 120.0,
    1.0 / 252.0,
    -1.0 / 240.0,
    1.0 / 132.0,
    -691.0 / 32760.0,
    1.0 / 12.0,
    -3617.0 / 8160.0,
];

const BESIDE_TWO: [f64; 18] = [
    0.42278433509846713,
    0.3224670334241132,
    -0.06735230105319563,
    0.02058080842778338,
    -0.007385551028935545,
    0.002890510330865901,
    -0.0011927539009983087,
    0.0005096695196526673,
    -0.00022315497746292723,
    9.945761692157133e-05,
    -4.4923727564247656e-05,
    2.050601970174762e-05,
    -9.45628851510172e-06,
    4.3828545383846665e-06,
    -1.9743106888421067e-06,
    9.242852225162277e-07,
    -5.811277768921246e-07,
    2.7475390051909663e-07,
];

const BESIDE_ROOT: [f64; 22] = [
    0.951055876031833,
    -0.4236274212814605,
    0.2405424842407742,
    -0.14840492305390884,
    0.09498872445494122,
    -0.061922133273064534,
    0.04076083381242074,
    -0.02697579675613825,
    0.0179072524394512,
    -0.011908218001568644,
    0.007926944646403797,
    -0.005279964873257405,
    0.003519006401502276,
    -0.002345267632540769,
    0.0015566317474486838,
    -0.0010376374098418604,
    0.0007233266279287554,
    -0.0004821990530566789,
    0.0002272331660987376,
    -0.00015148586836773365,
    0.00025968482126430747,
    -0.00017312261802727394,
];
