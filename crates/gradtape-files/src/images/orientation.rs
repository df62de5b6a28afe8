//! [`Orientation`]: how a camera was held, as the photograph says it (EXIF).

/// What brings the rows of a photograph as they are stored to the way it is to be seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Orientation {
    /// Whether rows become columns, before what follows.
    pub(super) transposed: bool,
    /// Whether the first column becomes the last.
    pub(super) mirrored: bool,
    /// Whether the first row becomes the last.
    pub(super) upended: bool,
}

impl Orientation {
    /// What the EXIF data of an image say: from the header of TIFF on, with the six bytes before it or not. Where they say
    /// nothing, or nothing that is known, the image is as it is stored.
    pub(super) fn of_exif(exif: &[u8]) -> Orientation {
        let number = noted(exif.strip_prefix(b"Exif\0\0").unwrap_or(exif)).unwrap_or(1);
        let [transposed, mirrored, upended] = match number {
            2 => [false, true, false],
            3 => [false, true, true],
            4 => [false, false, true],
            5 => [true, false, false],
            6 => [true, true, false],
            7 => [true, true, true],
            8 => [true, false, true],
            _ => [false, false, false],
        };
        Orientation { transposed, mirrored, upended }
    }
}

/// The number of the orientation, 1 to 8, in the first directory.
fn noted(tiff: &[u8]) -> Option<u64> {
    let little = match tiff.get(..4)? {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return None,
    };
    let number = |at: usize, size: usize| -> Option<u64> {
        let bytes = tiff.get(at..at.checked_add(size)?)?;
        let add = |number: u64, &byte: &u8| number << 8 | u64::from(byte);
        Some(match little {
            true => bytes.iter().rev().fold(0, add),
            false => bytes.iter().fold(0, add),
        })
    };
    let first = number(4, 4)? as usize;
    let count = number(first, 2)? as usize;
    (0..count).find_map(|entry| {
        let at = first.checked_add(2 + 12 * entry)?;
        // One short number.
        let is_it = number(at, 2)? == TAG && number(at + 2, 2)? == 3 && number(at + 4, 4)? == 1;
        if is_it { number(at + 8, 2) } else { None }
    })
}

/// The tag under which it stands.
const TAG: u64 = 0x0112;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::images::picture::Picture;

    /// EXIF data with a maker, and then an orientation.
    pub(super) fn exif(number: u8, little: bool) -> Vec<u8> {
        let short = |number: u16| if little { number.to_le_bytes() } else { number.to_be_bytes() };
        let long = |number: u32| if little { number.to_le_bytes() } else { number.to_be_bytes() };
        let mut bytes = b"Exif\0\0".to_vec();
        bytes.extend(if little { b"II*\0" } else { b"MM\0*" });
        bytes.extend(long(8));
        bytes.extend(short(2));
        bytes.extend([&short(0x010f)[..], &short(2), &long(4), b"abc\0"].concat());
        bytes.extend(
            [&short(0x0112)[..], &short(3), &long(1), &short(u16::from(number)), &[0, 0]].concat(),
        );
        bytes.extend(long(0));
        bytes
    }

    #[test]
    fn photographs_are_turned_as_pillow_turns_them() {
        // ImageOps.exif_transpose of the rows [1, 2, 3] and [4, 5, 6].
        let stored = Picture::new([1, 2, 3], vec![1, 2, 3, 4, 5, 6]).unwrap();
        for (number, size, bytes) in [
            (1, [2, 3], [1, 2, 3, 4, 5, 6]),
            (2, [2, 3], [3, 2, 1, 6, 5, 4]),
            (3, [2, 3], [6, 5, 4, 3, 2, 1]),
            (4, [2, 3], [4, 5, 6, 1, 2, 3]),
            (5, [3, 2], [1, 4, 2, 5, 3, 6]),
            (6, [3, 2], [4, 1, 5, 2, 6, 3]),
            (7, [3, 2], [6, 3, 5, 2, 4, 1]),
            (8, [3, 2], [3, 6, 2, 5, 1, 4]),
            (9, [2, 3], [1, 2, 3, 4, 5, 6]),
        ] {
            for little in [true, false] {
                let own = Orientation::of_exif(&exif(number, little));
                let seen = stored.clone().turned(own);
                assert_eq!((seen.size(), seen.planes(1)), (size, bytes.to_vec()), "{number}");
            }
        }
        let colours = Picture::new([3, 1, 2], vec![1, 2, 3, 4, 5, 6]).unwrap();
        let seen = colours.turned(Orientation::of_exif(&exif(6, true)));
        assert_eq!((seen.size(), seen.planes(3)), ([2, 1], vec![1, 4, 2, 5, 3, 6]));
    }

    #[test]
    fn what_is_damaged_says_nothing() {
        let whole = exif(6, true);
        for length in 0..whole.len() - 8 {
            assert_eq!(Orientation::of_exif(&whole[..length]), Orientation::default(), "{length}");
        }
        let mut far = whole.clone();
        far[10..14].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(Orientation::of_exif(&far), Orientation::default());
    }
}
