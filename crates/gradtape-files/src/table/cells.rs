//! Cells in the notation that tables are read in.

use std::fmt::{Display, LowerExp, Write};

/// Writes what is displayed after emptying the text.
pub(crate) fn show(cell: &mut String, value: impl Display) {
    cell.clear();
    // A String takes everything.
    let _ = write!(cell, "{value}");
}

/// Writes a number; what is no number is missing.
pub(crate) fn float(cell: &mut String, value: f64) {
    number(cell, value, value);
}

/// As [`float`], with as many digits as tell the number from others of 32 bits.
pub(crate) fn single(cell: &mut String, value: f32) {
    number(cell, value, f64::from(value));
}

/// Writes a number that has this value, very large and very small ones with an exponent.
fn number(cell: &mut String, number: impl Display + LowerExp, value: f64) {
    match value {
        value if value.is_nan() => cell.clear(),
        value if value != 0.0 && !(1e-5..1e15).contains(&value.abs()) => {
            show(cell, format_args!("{number:e}"))
        }
        _ => show(cell, number),
    }
}

/// As [`float`], of the bits of a number of 16 bits.
pub(crate) fn half(cell: &mut String, bits: u16) {
    float(cell, f64::from(wide(bits)));
}

/// The number of 16 bits that these are.
pub(crate) fn wide(bits: u16) -> f32 {
    let (exponent, mantissa) = (i32::from(bits >> 10 & 0x1f), f32::from(bits & 0x3ff));
    let magnitude = match exponent {
        0 => mantissa * 2f32.powi(-24),
        0x1f if mantissa == 0.0 => f32::INFINITY,
        0x1f => f32::NAN,
        exponent => (1024.0 + mantissa) * 2f32.powi(exponent - 25),
    };
    if bits & 0x8000 != 0 { -magnitude } else { magnitude }
}

/// Writes the digits of a UUID.
pub(crate) fn uuid(cell: &mut String, bytes: &[u8]) {
    cell.clear();
    for (place, byte) in bytes.iter().take(16).enumerate() {
        if [4, 6, 8, 10].contains(&place) {
            cell.push('-');
        }
        let _ = write!(cell, "{byte:02x}");
    }
}

/// Writes the date that is so many days after the start of 1970.
pub(crate) fn date(cell: &mut String, days: i64) {
    cell.clear();
    push_date(cell, days);
}

/// Writes a date with its time of the day, of a number of units since the start of 1970, so many of which are a second.
pub(crate) fn moment(cell: &mut String, value: i64, per_second: i64) {
    cell.clear();
    let day = per_second.saturating_mul(86_400);
    push_date(cell, value.div_euclid(day));
    cell.push(' ');
    push_time(cell, value.rem_euclid(day), per_second);
}

/// Writes the moment of a Julian day and nanoseconds since its midnight.
pub(crate) fn int96(cell: &mut String, day: i64, nanoseconds: i64) {
    cell.clear();
    push_date(cell, day - 2_440_588);
    cell.push(' ');
    push_time(cell, nanoseconds, 1_000_000_000);
}

/// Writes a time of the day, of a number of units since midnight.
pub(crate) fn time(cell: &mut String, value: i64, per_second: i64) {
    cell.clear();
    push_time(cell, value, per_second);
}

/// Writes a duration as seconds.
pub(crate) fn seconds(cell: &mut String, value: i64, per_second: i64) {
    let places = per_second.max(1).ilog10();
    decimal(cell, &i128::from(value).to_be_bytes(), places as i32);
}

/// Writes a whole number, given as big-endian two's complement, times a negative power of ten.
pub(crate) fn decimal(cell: &mut String, bytes: &[u8], scale: i32) {
    cell.clear();
    let negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    let mut magnitude = bytes.to_vec();
    if negative {
        cell.push('-');
        let mut carry = true;
        for byte in magnitude.iter_mut().rev() {
            let (own, over) = (!*byte).overflowing_add(u8::from(carry));
            (*byte, carry) = (own, over);
        }
    }
    let mut digits = digits(magnitude);
    let places = scale.clamp(0, 1 << 10) as usize;
    digits.extend(std::iter::repeat_n(b'0', (places + 1).saturating_sub(digits.len())));
    digits.reverse();
    let whole = digits.len() - places;
    digits.iter().take(whole).for_each(|&digit| cell.push(char::from(digit)));
    if places > 0 {
        cell.push('.');
        digits.iter().skip(whole).for_each(|&digit| cell.push(char::from(digit)));
    }
    if scale < 0 {
        let _ = write!(cell, "e{}", scale.unsigned_abs());
    }
}

/// The decimal digits of a big-endian number, the last first.
fn digits(mut number: Vec<u8>) -> Vec<u8> {
    let mut digits = Vec::new();
    while number.iter().any(|&byte| byte != 0) {
        let mut rest = 0u32;
        for byte in &mut number {
            let value = rest * 256 + u32::from(*byte);
            *byte = (value / 10) as u8;
            rest = value % 10;
        }
        digits.push(b'0' + rest as u8);
    }
    digits
}

fn push_date(cell: &mut String, days: i64) {
    // Howard Hinnant's algorithm; years that nobody means stay without overflow.
    let shifted = days.clamp(-(1 << 40), 1 << 40) + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    let _ = write!(cell, "{year:04}-{month:02}-{day:02}");
}

fn push_time(cell: &mut String, value: i64, per_second: i64) {
    let per_second = per_second.max(1);
    let (seconds, part) = (value.div_euclid(per_second), value.rem_euclid(per_second));
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    let _ = write!(cell, "{hours:02}:{minutes:02}:{:02}", seconds % 60);
    if part != 0 {
        let places = per_second.ilog10() as usize;
        let _ = write!(cell, ".{part:0places$}");
        cell.truncate(cell.trim_end_matches('0').len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(write: impl FnOnce(&mut String)) -> String {
        let mut cell = "before".to_string();
        write(&mut cell);
        cell
    }

    #[test]
    fn dates_and_times() {
        assert_eq!(of(|cell| date(cell, 0)), "1970-01-01");
        assert_eq!(of(|cell| date(cell, 19_782)), "2024-02-29");
        assert_eq!(of(|cell| date(cell, -1)), "1969-12-31");
        assert_eq!(of(|cell| date(cell, -719_162)), "0001-01-01");
        assert_eq!(of(|cell| moment(cell, 86_399_250, 1000)), "1970-01-01 23:59:59.25");
        assert_eq!(of(|cell| moment(cell, -1, 1_000_000_000)), "1969-12-31 23:59:59.999999999");
        assert_eq!(of(|cell| time(cell, 34_200, 1)), "09:30:00");
        assert_eq!(of(|cell| seconds(cell, -1500, 1000)), "-1.500");
        // Nothing overflows.
        for value in [i64::MIN, i64::MAX] {
            for per_second in [1, 1000, 1_000_000, 1_000_000_000] {
                of(|cell| moment(cell, value, per_second));
                of(|cell| time(cell, value, per_second));
                of(|cell| seconds(cell, value, per_second));
            }
            of(|cell| date(cell, value));
        }
    }

    #[test]
    fn numbers() {
        for (value, scale, text) in [
            (12_345, 2, "123.45"),
            (-5, 3, "-0.005"),
            (0, 2, "0.00"),
            (7, 0, "7"),
            (7, -2, "7e2"),
            (-1, 0, "-1"),
            (i32::MIN, 4, "-214748.3648"),
        ] {
            assert_eq!(of(|cell| decimal(cell, &value.to_be_bytes(), scale)), text);
        }
        let large = "-170141183460469231731687303715884105728";
        assert_eq!(of(|cell| decimal(cell, &i128::MIN.to_be_bytes(), 0)), large);
        for (value, text) in
            [(1.0, "1"), (0.1, "0.1"), (1e300, "1e300"), (-0.0, "-0"), (f64::NAN, "")]
        {
            assert_eq!(of(|cell| float(cell, value)), text);
        }
        assert_eq!(of(|cell| single(cell, 0.1)), "0.1");
        for (bits, text) in [
            (0x3c00, "1"),
            (0xc000, "-2"),
            (0x0001, "5.960464477539063e-8"),
            (0x7c00, "inf"),
            (0x7e00, ""),
        ] {
            assert_eq!(of(|cell| half(cell, bits)), text);
        }
    }
}
