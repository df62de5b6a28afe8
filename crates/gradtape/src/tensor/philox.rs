//! Random words as a pure function of a key, a counter and a position.

/// Philox 4x32-10: four random words from a 128-bit counter and a 64-bit key.
///
/// Salmon, Moraes, Dror and Shaw, *Parallel random numbers: as easy as 1, 2, 3*, SC 2011. Words are
/// in the order of the Random123 library, least significant first. The function has no branch and no
/// memory access, so a loop over counters vectorises.
#[inline(always)]
fn philox4x32_10(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let ([mut c0, mut c1, mut c2, mut c3], [mut k0, mut k1]) = (counter, key);
    for _ in 0..10 {
        let a = 0xD251_1F53_u64 * u64::from(c0);
        let b = 0xCD9E_8D57_u64 * u64::from(c2);
        (c0, c1, c2, c3) =
            ((b >> 32) as u32 ^ c1 ^ k0, b as u32, (a >> 32) as u32 ^ c3 ^ k1, a as u32);
        k0 = k0.wrapping_add(0x9E37_79B9);
        k1 = k1.wrapping_add(0xBB67_AE85);
    }
    [c0, c1, c2, c3]
}

/// Four random words: block `block` of the stream `(key, counter)`.
///
/// The block number is the lower half of Philox's counter and `counter` the upper half, so a stream
/// holds 2^64 blocks and no two streams of one key share a block.
#[inline(always)]
pub(crate) fn random_block(key: u64, counter: u64, block: u64) -> [u32; 4] {
    let [low, high] = [|x: u64| x as u32, |x: u64| (x >> 32) as u32];
    philox4x32_10([low(block), high(block), low(counter), high(counter)], [low(key), high(key)])
}

/// 64 uniform random bits for element `position` of the stream `(key, counter)`.
///
/// This is what a random tensor, an initialisation and a dropout mask are made of: an element
/// depends on these three numbers only, never on how the work is cut or on what was drawn before.
///
/// - The upper 32 bits are word `position % 4` of block `position / 4` of Philox 4x32-10. A number with up
///   to 32 random bits (an f32, a comparison of one) needs no more than that word.
/// - The lower 32 bits are the same word of block `position / 4 + 2^63`, which no position reaches
///   otherwise. Where a caller drops them, the compiler drops their block too.
///
/// [`unit_f64`] turns the bits into a number of [0, 1); an f32 has its upper 24 of them, so a
/// mask is the same in f32 and f64 unless the threshold falls between the two.
///
/// ```
/// use gradtape::tensor::{uniform_at, unit_f64};
/// let bits = uniform_at(7, 0, 13);
/// assert_eq!(bits, uniform_at(7, 0, 13));
/// assert!(bits != uniform_at(7, 1, 13) && (0.0..1.0).contains(&unit_f64(bits)));
/// ```
#[inline(always)]
pub fn uniform_at(key: u64, counter: u64, position: u64) -> u64 {
    let (block, word) = (position / 4, (position % 4) as usize);
    four_at(key, counter, block)[word]
}

/// [`uniform_at`] of the four positions from `4 * block` on.
#[inline(always)]
pub(super) fn four_at(key: u64, counter: u64, block: u64) -> [u64; 4] {
    let upper = random_block(key, counter, block);
    let lower = random_block(key, counter, block | LOWER_HALVES);
    std::array::from_fn(|word| u64::from(upper[word]) << 32 | u64::from(lower[word]))
}

/// The bit that tells the blocks of lower halves from those of upper halves; see [`uniform_at`].
const LOWER_HALVES: u64 = 1 << 63;

/// A number of [0, 1) from the upper 24 bits: a multiple of 2^-24, at most 1 - 2^-24.
#[inline(always)]
pub(crate) fn unit_f32(bits: u64) -> f32 {
    (bits >> 40) as f32 * (1.0 / (1u32 << 24) as f32)
}

/// A number of [0, 1) from the upper 53 bits: a multiple of 2^-53, at most 1 - 2^-53.
#[inline(always)]
pub fn unit_f64(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// A number of the standard normal distribution from the upper 53 bits: finite, at most 8.3 away
/// from 0, growing with the bits.
///
/// The quantile function of the middle of the interval that the bits name, by algorithm AS 241
/// (Wichura, *The percentage points of the normal distribution*, Applied Statistics 37, 1988).
pub(super) fn normal_f64(bits: u64) -> f64 {
    let negative = bits >> 63 == 0;
    let from_edge = if negative { bits } else { !bits } >> 11;
    let tail = (from_edge as f64 + 0.5) * (1.0 / (1u64 << 53) as f64);
    let size = upper_quantile(tail);
    if negative { -size } else { size }
}

/// The number above which the standard normal distribution holds `tail`, for `tail` in (0, 0.5].
fn upper_quantile(tail: f64) -> f64 {
    let q = 0.5 - tail;
    if q <= 0.425 {
        let r = 0.180625 - q * q;
        return q * polynomial(&CENTRE, r) / polynomial(&CENTRE_BELOW, r);
    }
    let r = (-tail.ln()).sqrt();
    if r <= 5.0 {
        polynomial(&MIDDLE, r - 1.6) / polynomial(&MIDDLE_BELOW, r - 1.6)
    } else {
        polynomial(&FAR, r - 5.0) / polynomial(&FAR_BELOW, r - 5.0)
    }
}

fn polynomial(coefficients: &[f64; 8], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, &c| sum * x + c)
}

const CENTRE: [f64; 8] = [
    3.387_132_872_796_366_5,
    1.331_416_678_917_843_8e2,
    1.971_590_950_306_551_3e3,
    1.373_169_376_550_946e4,
    4.592_195_393_154_987e4,
    6.726_577_092_700_87e4,
    3.343_057_558_358_813e4,
    2.509_080_928_730_122_7e3,
];
const CENTRE_BELOW: [f64; 8] = [
    1.0,
    4.231_333_070_160_091e1,
    6.871_870_074_920_579e2,
    5.394_196_021_424_751e3,
    2.121_379_430_158_659_7e4,
    3.930_789_580_009_271e4,
    2.872_908_573_572_194_3e4,
    5.226_495_278_852_854e3,
];
const MIDDLE: [f64; 8] = [
    1.423_437_110_749_683_5,
    4.630_337_846_156_546,
    5.769_497_221_460_691,
    3.647_848_324_763_204_5,
    1.270_458_252_452_368_4,
    2.417_807_251_774_506e-1,
    2.272_384_498_926_918_4e-2,
    7.745_450_142_783_414e-4,
];
const MIDDLE_BELOW: [f64; 8] = [
    1.0,
    2.053_191_626_637_759,
    1.676_384_830_183_803_8,
    6.897_673_349_851e-1,
    1.481_039_764_274_800_8e-1,
    1.519_866_656_361_645_7e-2,
    5.475_938_084_995_345e-4,
    1.050_750_071_644_416_9e-9,
];
const FAR: [f64; 8] = [
    6.657_904_643_501_103,
    5.463_784_911_164_114,
    1.784_826_539_917_291_3,
    2.965_605_718_285_048_7e-1,
    2.653_218_952_657_612_4e-2,
    1.242_660_947_388_078_4e-3,
    2.711_555_568_743_487_6e-5,
    2.010_334_399_292_288_1e-7,
];
const FAR_BELOW: [f64; 8] = [
    1.0,
    5.998_322_065_558_88e-1,
    1.369_298_809_227_358e-1,
    1.487_536_129_085_061_5e-2,
    7.868_691_311_456_133e-4,
    1.846_318_317_510_054_8e-5,
    1.421_511_758_316_446e-7,
    2.044_263_103_389_939_8e-15,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors `philox4x32 10` of Random123's `kat_vectors`.
    #[test]
    fn philox_gives_the_published_words() {
        let cases = [
            ([0; 4], [0; 2], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
            ([!0; 4], [!0; 2], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
            (
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0],
                [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
            ),
        ];
        for (counter, key, words) in cases {
            assert_eq!(philox4x32_10(counter, key), words);
        }
    }

    #[test]
    fn a_stream_is_laid_out_as_documented() {
        let (key, counter) = (0x299f_31d0_a409_3822, 0x0370_7344_1319_8a2e);
        let block = 0x85a3_08d3_243f_6a88;
        assert_eq!(
            random_block(key, counter, block),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
        for position in [0, 1, 2, 3, 4, 1 << 40, u64::MAX] {
            let word = |block| random_block(3, 5, block)[position as usize % 4];
            let bits = uniform_at(3, 5, position);
            assert_eq!((bits >> 32) as u32, word(position / 4));
            assert_eq!(bits as u32, word(position / 4 + (1 << 63)));
        }
    }

    #[test]
    fn units_stay_below_one() {
        assert_eq!((unit_f32(0), unit_f64(0)), (0.0, 0.0));
        assert_eq!(unit_f32(u64::MAX), 1.0 - 2f32.powi(-24));
        let bits = uniform_at(7, 0, 13);
        assert!((f64::from(unit_f32(bits)) - unit_f64(bits)).abs() < 2f64.powi(-24));
        assert_eq!(unit_f64(u64::MAX), 1.0 - 2f64.powi(-53));
    }

    /// Quantiles as tabulated to 17 digits by evaluating the inverse error function.
    #[test]
    fn normal_quantiles_are_right_in_each_range() {
        let cases = [
            (0.5, 0.0),
            (0.25, 0.674_489_750_196_081_7),
            (0.1, 1.281_551_565_544_600_4),
            (0.025, 1.959_963_984_540_054),
            (0.001, 3.090_232_306_167_813_6),
            (1e-9, 5.997_807_015_007_687),
            (1e-12, 7.034_483_825_301_132),
            (1e-15, 7.941_345_326_170_997),
        ];
        for (tail, expected) in cases {
            let difference = (upper_quantile(tail) - expected).abs();
            assert!(difference <= 4.0 * f64::EPSILON * expected, "{tail}: off by {difference:e}");
        }
    }

    #[test]
    fn normal_is_symmetric_finite_and_grows_with_the_bits() {
        for bits in [0, 1 << 20, 1 << 40, 0x1234_5678_9abc_def0] {
            assert_eq!(normal_f64(bits), -normal_f64(!bits));
        }
        assert!((8.2..8.3).contains(&normal_f64(u64::MAX)));
        let values: Vec<f64> = (0..4096).map(|i| normal_f64(i << 52)).collect();
        assert!(values.is_sorted_by(|a, b| a < b));
    }
}
