//! Every one of the 65,536 numbers of both types, and every place where rounding changes.

use super::*;

/// A number of `exponent` bits and a fraction of the rest, by the definition of IEEE 754.
fn defined(bits: u16, exponent: u32) -> f64 {
    let fraction = 15 - exponent;
    let (high, low) = (bits >> fraction & ((1 << exponent) - 1), bits & ((1 << fraction) - 1));
    let bias = (1 << (exponent - 1)) - 1;
    let part = f64::from(low) / f64::from(1u32 << fraction);
    let size = match i32::from(high) {
        0 => part * 2f64.powi(1 - bias),
        high if high == (1 << exponent) - 1 && low == 0 => f64::INFINITY,
        high if high == (1 << exponent) - 1 => f64::NAN,
        high => (1.0 + part) * 2f64.powi(high - bias),
    };
    if bits >> 15 == 1 { -size } else { size }
}

/// The numbers of a type that are not below 0, in order, infinity last.
fn ascending(exponent: u32) -> Vec<(u16, f64)> {
    let last = ((1 << exponent) - 1) << (15 - exponent);
    (0..=last).map(|bits| (bits, defined(bits, exponent))).collect()
}

/// The bits that a size is rounded to: of the nearest number, of two as near the even one. Infinity counts as
/// the number that would come after the greatest.
fn nearest(ascending: &[(u16, f64)], size: f64) -> u16 {
    let after = ascending.partition_point(|(_, number)| *number <= size);
    let Some(&(above, number)) = ascending.get(after) else { return ascending[after - 1].0 };
    let (below, least) = ascending[after - 1];
    let number = match number.is_infinite() {
        true => least + (least - ascending[after - 2].1),
        false => number,
    };
    match (size - least).total_cmp(&(number - size)) {
        Ordering::Less => below,
        Ordering::Greater => above,
        Ordering::Equal => below + below % 2,
    }
}

macro_rules! both {
    ($name:ident, $half:ident, $exponent:literal) => {
        mod $name {
            use super::*;

            #[test]
            fn every_number_is_what_its_bits_say() {
                for bits in 0..=u16::MAX {
                    let (half, want) = ($half::from_bits(bits), defined(bits, $exponent));
                    let same =
                        |x: f64| x.to_bits() == want.to_bits() || x.is_nan() && want.is_nan();
                    assert!(same(half.to_f64()), "{bits:#06x}: {} for {want}", half.to_f64());
                    let quiet = if want.is_nan() { 1 << (14 - $exponent) } else { 0 };
                    assert_eq!($half::from_f32(half.to_f32()).to_bits(), bits | quiet);
                    assert_eq!($half::from_f64(half.to_f64()).to_bits(), bits | quiet);
                }
            }

            /// Numbers and the middles between neighbours are all f32, so that nothing is rounded otherwise
            /// anywhere if the f32 next to these are rounded rightly.
            #[test]
            fn rounding_changes_in_the_middle_between_neighbours() {
                let all = ascending($exponent);
                let check = |x: f64| {
                    let want = nearest(&all, x.abs());
                    for (sign, x) in [(0, x), (0x8000, -x)] {
                        assert_eq!($half::from_f64(x).to_bits(), want | sign, "of {x:e}");
                        let single = x as f32;
                        let want = nearest(&all, f64::from(single).abs());
                        assert_eq!($half::from_f32(single).to_bits(), want | sign, "of {single:e}");
                    }
                };
                for (&(_, below), &(_, above)) in all.iter().zip(&all[1..]) {
                    let gap = if above.is_infinite() {
                        below - all[all.len() - 3].1
                    } else {
                        above - below
                    };
                    let middle = below + gap / 2.0;
                    for x in [below, middle, below + gap] {
                        let single = x as f32;
                        check(x);
                        check(x.next_up());
                        check(x.next_down().max(0.0));
                        check(f64::from(single.next_up()));
                        check(f64::from(single.next_down().max(0.0)));
                    }
                }
                [f64::MAX, f64::INFINITY, f64::MIN_POSITIVE, 5e-324, 1e-46]
                    .into_iter()
                    .for_each(check);
            }

            #[test]
            fn any_number_is_rounded_to_the_nearest() {
                let all = ascending($exponent);
                let mut state = 7u64;
                for _ in 0..200_000 {
                    state = state
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1_442_695_040_888_963_407);
                    let (single, double) =
                        (f32::from_bits((state >> 32) as u32), f64::from_bits(state));
                    for (x, got) in [
                        (f64::from(single), $half::from_f32(single)),
                        (double, $half::from_f64(double)),
                        // Most doubles are far out of range.
                        (
                            f64::from(single) * 1.000_000_01,
                            $half::from_f64(f64::from(single) * 1.000_000_01),
                        ),
                    ] {
                        if x.is_nan() {
                            assert!(got.to_f32().is_nan());
                            continue;
                        }
                        let sign = u16::from(x.is_sign_negative()) << 15;
                        assert_eq!(got.to_bits(), nearest(&all, x.abs()) | sign, "of {x:e}");
                    }
                }
            }

            #[test]
            fn every_number_is_read_back_from_its_digits() {
                for bits in 0..=u16::MAX {
                    let half = $half::from_bits(bits);
                    let back = |text: String| $half::from_f64(text.parse().unwrap());
                    if !half.to_f32().is_nan() {
                        let texts = [format!("{half}"), format!("{half:?}"), format!("{half:e}")];
                        assert!(texts.map(back).iter().all(|x| x.to_bits() == bits), "{half:?}");
                    }
                }
            }

            #[test]
            fn numbers_have_the_order_of_their_values() {
                let all = ascending($exponent);
                for pair in all.windows(2) {
                    let [below, above] = [pair[0].0, pair[1].0].map($half::from_bits);
                    assert!(below < above && above.next_down() == below);
                    let [below, above] =
                        [pair[0].0, pair[1].0].map(|x| $half::from_bits(x | 0x8000));
                    assert!(above < below && below.next_down() == above);
                }
                assert_eq!($half::from_bits(0), $half::from_bits(0x8000));
                let nan = $half::from_f32(f32::NAN);
                assert!(nan != nan && nan.next_down().to_bits() == nan.to_bits());
            }
        }
    };
}

both!(binary16, F16, 5);
both!(bfloat16, Bf16, 8);

#[test]
fn nan_keeps_what_it_carries_and_becomes_quiet() {
    assert_eq!(F16::from_f32(f32::from_bits(0xff80_2001)).to_bits(), 0xfe01);
    assert_eq!(F16::from_bits(0x7c01).to_f32().to_bits(), 0x7fc0_2000);
    assert_eq!(Bf16::from_f32(f32::from_bits(0x7f81_0000)).to_bits(), 0x7fc1);
    // The bits that carry it are all below the cut.
    assert_eq!(Bf16::from_f32(f32::from_bits(0x7f80_0001)).to_bits(), 0x7fc0);
    assert!(F16::from_f64(f64::from_bits(0x7ff0_0000_0000_0001)).to_f32().is_nan());
}

#[test]
fn digits_are_as_few_as_tell_a_number() {
    let text = |x: f32| (F16::from_f32(x).to_string(), Bf16::from_f32(x).to_string());
    assert_eq!(text(1.0), ("1".into(), "1".into()));
    assert_eq!(text(0.1), ("0.1".into(), "0.1".into()));
    assert_eq!(text(-1.0 / 3.0), ("-0.3333".into(), "-0.334".into()));
    assert_eq!(text(65504.0), ("65500".into(), "65500".into()));
    assert_eq!(text(6e-8), ("0.00000006".into(), "0.00000006".into()));
    assert_eq!(format!("{:?} {:.3}", F16::from_f32(2.0), F16::from_f32(0.1)), "2.0 0.100");
    assert_eq!(format!("{} {}", F16::from_f32(1e9), F16::from_f32(f32::NAN)), "inf NaN");
}
