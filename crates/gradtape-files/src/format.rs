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
            head if head.starts_with(ZIP) => {
                let has = |name: &[u8]| head.windows(name.len()).any(|part| part == name);
                match () {
                    () if has(b"xl/workbook.bin") => None,
                    () if has(b"xl/") => Some(Format::Xlsx),
                    () if has(b".npy") => Some(Format::Npz),
                    () => None,
                }
            }
            _ => None,
        }
    }

    /// Whether it is an image.
    pub fn is_image(self) -> bool {
        matches!(self, Format::Png | Format::Jpeg)
    }
}

const ZIP: &[u8] = b"PK\x03\x04";

/// How many bytes are looked at.
const HEAD: u64 = 1 << 12;

/// How many at the end of an archive.
const TAIL: u64 = 1 << 16;
