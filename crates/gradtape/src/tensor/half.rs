//! Floating-point numbers of 16 bits: kept in memory, sent and saved; computed with as f32.

use std::cmp::Ordering;
use std::fmt;

use super::format::Float;

/// A number of IEEE 754 binary16: 11 significant bits, up to 65504, from 2^-24 on.
///
/// What it becomes from f32 or f64 is rounded once to the nearest, of two as near to the even one. From 65520
/// on that is infinity.
///
/// ```
/// use gradtape::F16;
/// assert_eq!(F16::from_f32(0.1).to_f32(), 0.099975586);
/// assert_eq!(F16::from_f32(0.1).to_string(), "0.1");
/// assert_eq!(F16::from_f32(65519.9).to_f32(), 65504.0);
/// assert!(F16::from_f32(65520.0).to_f32().is_infinite());
/// ```
#[derive(Clone, Copy, Default)]
#[repr(transparent)]
pub struct F16(u16);

/// A bfloat16, which is the upper half of an f32: 8 significant bits, and the range of f32.
///
/// What it becomes from f32 or f64 is rounded once to the nearest, of two as near to the even one.
///
/// ```
/// use gradtape::Bf16;
/// assert_eq!(Bf16::from_f32(0.1).to_f32(), 0.100097656);
/// assert_eq!(Bf16::from_f32(0.1).to_string(), "0.1");
/// assert!(Bf16::from_f32(3.3e38).to_f32().is_finite());
/// ```
#[derive(Clone, Copy, Default)]
#[repr(transparent)]
pub struct Bf16(u16);

impl F16 {
    /// The nearest number. NaN stays NaN: quiet, with the upper bits of what it carries.
    #[inline(always)]
    pub const fn from_f32(x: f32) -> F16 {
        let sign = x.to_bits() >> 16 & 0x8000;
        let size = x.to_bits() & 0x7fff_ffff;
        // The exponent counts from -14 instead of -126. A carry out of the fraction raises it, up to infinity.
        let even = size >> 13 & 1;
        let normal = size.wrapping_sub(112 << 23).wrapping_add(0xfff + even) >> 13;
        let normal = if normal > 0x7c00 { 0x7c00 } else { normal };
        // Below 2^-14 the numbers lie 2^-24 apart, as those of f32 from 0.5 on.
        let subnormal = (f32::from_bits(size) + 0.5).to_bits().wrapping_sub(0.5f32.to_bits());
        let number = if size < 113 << 23 { subnormal } else { normal };
        let nan = 0x7e00 | size >> 13 & 0x3ff;
        let size = if size > 0x7f80_0000 { nan } else { number };
        F16((sign | size) as u16)
    }

    /// The same number.
    #[inline(always)]
    pub const fn to_f32(self) -> f32 {
        let sign = (self.0 as u32 & 0x8000) << 16;
        let size = self.0 as u32 & 0x7fff;
        let subnormal = (f32::from_bits(0.5f32.to_bits() | size) - 0.5).to_bits();
        let normal = (size << 13) + (112 << 23);
        let number = if size < 0x400 { subnormal } else { normal };
        let quiet = if size > 0x7c00 { 1 << 22 } else { 0 };
        let beyond = size << 13 | 0x7f80_0000 | quiet;
        let size = if size >= 0x7c00 { beyond } else { number };
        f32::from_bits(sign | size)
    }
}

impl Bf16 {
    /// The nearest number. NaN stays NaN: quiet, with the upper bits of what it carries.
    #[inline(always)]
    pub const fn from_f32(x: f32) -> Bf16 {
        let bits = x.to_bits();
        let even = bits >> 16 & 1;
        let number = bits.wrapping_add(0x7fff + even) >> 16;
        let nan = bits >> 16 | 0x40;
        let number = if bits & 0x7fff_ffff > 0x7f80_0000 { nan } else { number };
        Bf16(number as u16)
    }

    /// The same number.
    #[inline(always)]
    pub const fn to_f32(self) -> f32 {
        let bits = (self.0 as u32) << 16;
        let quiet = if bits & 0x7fff_ffff > 0x7f80_0000 { 1 << 22 } else { 0 };
        f32::from_bits(bits | quiet)
    }
}

/// The f32 nearest to a number, but of one that lies between two the odd one: rounded to fewer bits it becomes
/// what the number itself would (Boldo and Melquiond 2008).
#[inline(always)]
fn to_odd(x: f64) -> f32 {
    let near = x as f32;
    let back = f64::from(near);
    if back == x || near.is_nan() {
        return near;
    }
    f32::from_bits((near.to_bits() - u32::from(back.abs() > x.abs())) | 1)
}

macro_rules! half {
    ($type:ident) => {
        impl $type {
            /// The nearest number, rounded once.
            #[inline(always)]
            pub fn from_f64(x: f64) -> $type {
                $type::from_f32(to_odd(x))
            }

            /// The same number.
            #[inline(always)]
            pub fn to_f64(self) -> f64 {
                f64::from(self.to_f32())
            }

            /// The number of these bits: sign, exponent, fraction.
            #[inline(always)]
            pub const fn from_bits(bits: u16) -> $type {
                $type(bits)
            }

            /// Its bits.
            #[inline(always)]
            pub const fn to_bits(self) -> u16 {
                self.0
            }

            /// The greatest number below this one; the same for NaN and -infinity.
            pub fn next_down(self) -> $type {
                let x = self.to_f32();
                $type(match x.partial_cmp(&0.0) {
                    None => self.0,
                    _ if x == f32::NEG_INFINITY => self.0,
                    Some(Ordering::Equal) => 0x8001,
                    Some(Ordering::Greater) => self.0 - 1,
                    Some(Ordering::Less) => self.0 + 1,
                })
            }

            /// The number of the fewest digits that is rounded to this one.
            fn shortest(self) -> f64 {
                let exact = self.to_f64();
                // No number of 11 significant bits needs more than 5 digits to be told from others.
                let short = |digits: usize| format!("{exact:.digits$e}").parse::<f64>().ok();
                let mut told = (0..5).filter_map(short).filter(|&x| $type::from_f64(x) == self);
                told.next().unwrap_or(exact)
            }
        }

        impl From<$type> for f32 {
            fn from(x: $type) -> f32 {
                x.to_f32()
            }
        }

        impl From<$type> for f64 {
            fn from(x: $type) -> f64 {
                x.to_f64()
            }
        }

        /// As numbers: NaN equals nothing, and 0 equals -0.
        impl PartialEq for $type {
            #[inline(always)]
            fn eq(&self, other: &$type) -> bool {
                self.to_f32() == other.to_f32()
            }
        }

        /// As numbers.
        impl PartialOrd for $type {
            #[inline(always)]
            fn partial_cmp(&self, other: &$type) -> Option<Ordering> {
                self.to_f32().partial_cmp(&other.to_f32())
            }
        }

        half!($type Display Debug LowerExp);
    };
    ($type:ident $($trait:ident)*) => {
        $(
            /// In as few digits as tell it from other numbers of its type, or in as many as are asked for.
            impl fmt::$trait for $type {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    match f.precision() {
                        Some(_) => fmt::$trait::fmt(&self.to_f64(), f),
                        None => fmt::$trait::fmt(&self.shortest(), f),
                    }
                }
            }
        )*
    };
}

half!(F16);
half!(Bf16);

impl Float for F16 {
    const LARGE: f64 = 1e3;
}

impl Float for Bf16 {
    const LARGE: f64 = 1e2;
}

#[cfg(test)]
mod tests;
