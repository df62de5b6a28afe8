//! [`Format`]: what a file is, from its first bytes.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// A format that this crate reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// An image in PNG.
    Png,
    /// An image in JPEG.
    Jpeg,
    /// A workbook of Excel and its kin.
    Xlsx,
    /// Columns in Parquet.
    Parquet,
    /// Columns in Arrow's format for files, which is also Feather's second version.
    Arrow,
    /// An array of NumPy.
    Npy,
    /// Named arrays of NumPy, in a zip archive.
    Npz,
    /// Anything, compressed by zstd.
    Zstd,
}

impl Format {
    /// The format of a file; `None` where it is another one, or cannot be read.
    pub fn of(path: &Path) -> Option<Format> {
        let mut head = Vec::new();
        if !path.metadata().ok()?.is_file() {
            return None;
        }
        let mut file = File::open(path).ok()?;
        (&mut file).take(HEAD).read_to_end(&mut head).ok()?;
        if head.starts_with(ZIP) {
            // The names of all that is in an archive stand at its end.
            let length = file.seek(SeekFrom::End(0)).ok()?;
            file.seek(SeekFrom::Start(length.saturating_sub(TAIL).max(head.len() as u64))).ok()?;
            file.take(TAIL).read_to_end(&mut head).ok()?;
        }
        Format::of_bytes(&head)
    }

    /// The format of a file that begins with these bytes; a few are enough, but for archives.
    ///
    /// ```
    /// use gradtape_files::Format;
    ///
    /// assert_eq!(Format::of_bytes(b"\x89PNG\r\n\x1a\n"), Some(Format::Png));
    /// assert_eq!(Format::of_bytes(b"PAR1\x15\x04"), Some(Format::Parquet));
    /// assert_eq!(Format::of_bytes(b"a,b\n1,2\n"), None);
    /// ```
    pub fn of_bytes(head: &[u8]) -> Option<Format> {
        match head {
            [0x89, b'P', b'N', b'G', ..] => Some(Format::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Format::Jpeg),
            [b'P', b'A', b'R', b'1', ..] => Some(Format::Parquet),
            [b'A', b'R', b'R', b'O', b'W', b'1', ..] => Some(Format::Arrow),
            [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => Some(Format::Npy),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Format::Zstd),
            // A frame that is to be skipped.
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Format::Zstd),
            head if head.starts_with(ZIP) => packed(head),
            _ => None,
        }
    }

    /// Whether it is an image.
    pub fn is_image(self) -> bool {
        matches!(self, Format::Png | Format::Jpeg)
    }
}

/// What is in an archive, by the names in it alone: the bytes of an array may spell anything.
fn packed(head: &[u8]) -> Option<Format> {
    let is_array = |name: &[u8]| name.ends_with(b".npy");
    match () {
        () if name_at(head, 0).is_some_and(is_array) => Some(Format::Npz),
        () if names(head).any(|name| name == b"xl/workbook.bin") => None,
        () if names(head).any(|name| name == b"xl/workbook.xml") => Some(Format::Xlsx),
        () if names(head).any(is_array) => Some(Format::Npz),
        // Of one that is cut short the list at the end is missing.
        () if !head.windows(4).any(|four| four == b"PK\x01\x02") => {
            names(head).any(|name| name.starts_with(b"xl/")).then_some(Format::Xlsx)
        }
        () => None,
    }
}

/// The names of what is in an archive, as far as its bytes are there.
fn names(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let starts = bytes.windows(2).enumerate().filter(|(_, two)| *two == b"PK");
    starts.filter_map(|(at, _)| name_at(bytes, at))
}

/// The name in the header that begins at a place: of a part, or of its line in the list at the end.
fn name_at(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let header = bytes.get(at..)?;
    let (length, start) = match header {
        [b'P', b'K', 3, 4, ..] => (26, 30),
        [b'P', b'K', 1, 2, ..] => (28, 46),
        _ => return None,
    };
    let length = header.get(length..)?.first_chunk::<2>()?;
    header.get(start..)?.get(..usize::from(u16::from_le_bytes(*length)))
}

const ZIP: &[u8] = b"PK\x03\x04";

/// How many bytes are looked at.
const HEAD: u64 = 1 << 12;

/// How many at the end of an archive.
const TAIL: u64 = 1 << 16;

#[cfg(test)]
mod tests {
    use super::*;

    /// The header of a part, and its bytes.
    fn part(name: &str, bytes: &[u8]) -> Vec<u8> {
        let mut part = ZIP.to_vec();
        part.extend([0; 22]);
        part.extend([name.len() as u8, 0, 0, 0]);
        part.extend(name.as_bytes());
        part.extend(bytes);
        part
    }

    #[test]
    fn archives_are_known_by_names_and_not_by_what_is_in_them() {
        let of = |parts: &[Vec<u8>]| Format::of_bytes(&parts.concat());
        let spelling = b"..xl/..xl/workbook.xml..xl/workbook.bin..";
        let whole = part("xl/workbook.xml", b"");
        assert_eq!(of(&[part("x.npy", spelling), part("y.npy", b"")]), Some(Format::Npz));
        assert_eq!(of(&[part("x.npy", &whole)]), Some(Format::Npz));
        assert_eq!(of(&[part("notes.txt", spelling), part("x.npy", b"")]), Some(Format::Npz));
        assert_eq!(of(&[part("[Content_Types].xml", b".npy"), whole.clone()]), Some(Format::Xlsx));
        assert_eq!(of(&[part("a.xml", b""), part("xl/workbook.bin", b""), whole.clone()]), None);
        assert_eq!(of(&[part("other.xml", spelling)]), None);
        let cut = part("xl/styles.xml", spelling);
        assert_eq!(Format::of_bytes(&cut), Some(Format::Xlsx));
        assert_eq!(of(&[cut, b"PK\x01\x02".to_vec()]), None);
        for length in 0..whole.len() {
            assert_eq!(Format::of_bytes(&whole[..length]), None);
        }
    }
}
