//! [`Format`]: what a file is, from its first bytes.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// A format that this crate reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// An image in PNG.
    Png,
    /// An image in JPEG.
    Jpeg,
}

impl Format {
    /// The format of a file; `None` where it is another one, or cannot be read.
    pub fn of(path: &Path) -> Option<Format> {
        let mut head = Vec::new();
        if !path.metadata().ok()?.is_file() {
            return None;
        }
        File::open(path).ok()?.take(HEAD).read_to_end(&mut head).ok()?;
        Format::of_bytes(&head)
    }

    /// The format of a file that begins with these bytes; a few are enough.
    ///
    /// ```
    /// use gradtape_files::Format;
    ///
    /// assert_eq!(Format::of_bytes(b"\x89PNG\r\n\x1a\n"), Some(Format::Png));
    /// assert_eq!(Format::of_bytes(b"a,b\n1,2\n"), None);
    /// ```
    pub fn of_bytes(head: &[u8]) -> Option<Format> {
        match head {
            [0x89, b'P', b'N', b'G', ..] => Some(Format::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Format::Jpeg),
            _ => None,
        }
    }

    /// Whether it is an image.
    pub fn is_image(self) -> bool {
        matches!(self, Format::Png | Format::Jpeg)
    }
}

/// How many bytes are looked at.
const HEAD: u64 = 1 << 12;
