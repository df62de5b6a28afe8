//! The lengths of texts, which stand before them as differences (`DELTA_LENGTH_BYTE_ARRAY` and `DELTA_BYTE_ARRAY`).

use parquet::basic::Encoding;

/// Whether the texts of a page with at most so many values have as many bytes as is said; the decoder takes that for
/// granted. Of other encodings nothing is said.
pub(super) fn fit(encoding: Encoding, bytes: &[u8], most: u64) -> bool {
    let texts = match encoding {
        Encoding::DELTA_LENGTH_BYTE_ARRAY => lengths(bytes, most).map(|texts| (0, texts)),
        // Before them stands how many bytes each has in common with the one before.
        Encoding::DELTA_BYTE_ARRAY => lengths(bytes, most)
            .and_then(|(shared, rest)| Some((shared.len(), lengths(rest, most)?))),
        _ => return true,
    };
    texts.is_some_and(|(least, (lengths, rest))| {
        let sum = lengths
            .iter()
            .try_fold(0u64, |sum, &length| u64::try_from(length).ok().map(|length| sum + length));
        lengths.len() >= least && sum.is_some_and(|sum| sum <= rest.len() as u64)
    })
}

/// Whole numbers written as differences, and the bytes after them; `None` where they are not whole, or too many.
fn lengths(mut bytes: &[u8], most: u64) -> Option<(Vec<i32>, &[u8])> {
    let [block, parts, count] = [0; 3].map(|_: u8| varint(&mut bytes));
    let (block, parts, count) = (block?, parts?, count?);
    let mut last = i32::try_from(zigzag(&mut bytes)?).ok()?;
    let in_part = block.checked_div(parts)?;
    if count > most || block % parts != 0 || in_part == 0 || in_part % 32 != 0 {
        return None;
    }
    let (count, in_part) = (usize::try_from(count).ok()?, usize::try_from(in_part).ok()?);
    let mut numbers = Vec::new();
    if count > 0 {
        numbers.push(last);
    }
    while numbers.len() < count {
        let least = i32::try_from(zigzag(&mut bytes)?).ok()?;
        for width in take(&mut bytes, usize::try_from(parts).ok()?)? {
            let left = (count - numbers.len()).min(in_part);
            if left == 0 {
                break;
            }
            let width = usize::from(*width);
            if width > 32 {
                return None;
            }
            let packed = take(&mut bytes, (in_part / 8).checked_mul(width)?)?;
            for place in 0..left {
                let difference = bits(packed, place * width, width) as i32;
                last = last.wrapping_add(least).wrapping_add(difference);
                numbers.push(last);
            }
        }
    }
    Some((numbers, bytes))
}

/// The number in so many bits, at most 32, the first of which is the lowest.
fn bits(bytes: &[u8], at: usize, width: usize) -> u32 {
    let near = bytes.iter().skip(at / 8).take(8).rev();
    let window = near.fold(0u64, |window, &byte| window << 8 | u64::from(byte));
    (window >> (at % 8) & ((1 << width) - 1)) as u32
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(taken)
}

/// A number of seven bits in each byte, of which all but the last have their highest bit.
fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for place in 0..10 {
        let byte = *take(bytes, 1)?.first()?;
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// As [`varint`], whose lowest bit is the sign.
fn zigzag(bytes: &mut &[u8]) -> Option<i64> {
    varint(bytes).map(|number| (number >> 1) as i64 ^ -((number & 1) as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lengths 2, 3 and 1 in blocks of 128 in 4 parts: differences of at least -2, and 3 and 0 more in two bits each.
    const THREE: [u8; 18] = [0x80, 1, 4, 3, 4, 3, 2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0];

    #[test]
    fn lengths_are_read_and_summed() {
        assert_eq!(lengths(&THREE, 3), Some((vec![2, 3, 1], &[][..])));
        let encoding = Encoding::DELTA_LENGTH_BYTE_ARRAY;
        let of = |texts: usize| [&THREE[..], &vec![b'a'; texts]].concat();
        assert!(fit(encoding, &of(6), 3) && fit(encoding, &of(7), 9));
        assert!(!fit(encoding, &of(5), 3), "a byte is missing");
        assert!(!fit(encoding, &of(6), 2), "there are more than the page has");
        assert!((0..THREE.len()).all(|length| !fit(encoding, &THREE[..length], 3)));
        // The first is -2, so all are below 0.
        let mut below = of(6);
        below[4] = 3;
        assert!(!fit(encoding, &below, 3));
        let shared = [&THREE[..], &of(6)].concat();
        assert!(fit(Encoding::DELTA_BYTE_ARRAY, &shared, 3) && fit(Encoding::PLAIN, &[], 3));
        assert!(!fit(Encoding::DELTA_BYTE_ARRAY, &of(6), 3), "no lengths follow those in common");
    }
}
