//! Reading one IDX file: its header, then its elements.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use crate::tensor::{Element, Error, Kind, Result, Tensor};

/// An IDX file, unpacked while it is read.
pub(in crate::data) struct Source<'a> {
    name: String,
    bytes: Box<dyn Read + 'a>,
    /// No more bytes than this can follow, whatever the header says.
    limit: u64,
    packed: bool,
}

impl Source<'_> {
    pub(super) fn open(path: &Path) -> Result<Source<'static>> {
        let name = path.display().to_string();
        let failed = |e: io::Error| Error::new(Kind::File, format!("{name}: {e}"));
        let file = File::open(path).map_err(failed)?;
        let about = file.metadata().map_err(failed)?;
        if !about.is_file() {
            return Err(Error::new(Kind::File, format!("{name}: not a file")));
        }
        Source::new(&name, BufReader::with_capacity(1 << 16, file), about.len())
    }

    /// From bytes in memory or in a file of the given length.
    pub(in crate::data) fn new<'a>(
        name: &str,
        mut bytes: impl io::BufRead + 'a,
        length: u64,
    ) -> Result<Source<'a>> {
        let start = bytes.fill_buf().map_err(|e| Error::new(Kind::File, format!("{name}: {e}")))?;
        let packed = start.starts_with(&GZIP);
        let name = name.to_string();
        Ok(match packed {
            false => Source { name, bytes: Box::new(bytes), limit: length, packed },
            true => Source {
                name,
                bytes: Box::new(MultiGzDecoder::new(bytes)),
                limit: length.saturating_mul(MAX_GROWTH),
                packed,
            },
        })
    }

    pub(in crate::data) fn images(mut self, white: f32) -> Result<Tensor> {
        let shape = self.header(Some((UBYTE, &[3, 4])), "images")?.1;
        self.elements(shape, |[byte]: [u8; 1]| f32::from(byte) / white)
    }

    pub(in crate::data) fn labels(mut self) -> Result<Tensor> {
        let shape = self.header(Some((UBYTE, &[1])), "labels")?.1;
        self.elements(shape, |[byte]: [u8; 1]| i64::from(byte))
    }

    pub(super) fn tensor(mut self) -> Result<Tensor> {
        let (code, shape) = self.header(None, "data")?;
        match code {
            UBYTE => self.elements(shape, |[byte]: [u8; 1]| i64::from(byte)),
            0x09 => self.elements(shape, |bytes| i64::from(i8::from_be_bytes(bytes))),
            0x0b => self.elements(shape, |bytes| i64::from(i16::from_be_bytes(bytes))),
            0x0c => self.elements(shape, |bytes| i64::from(i32::from_be_bytes(bytes))),
            0x0d => self.elements(shape, f32::from_be_bytes),
            _ => self.elements(shape, f64::from_be_bytes),
        }
    }

    /// The element type's code and the sizes.
    fn header(&mut self, expected: Option<(u8, &[u8])>, what: &str) -> Result<(u8, Vec<usize>)> {
        let magic = self.array::<4>()?;
        let [zero0, zero1, code, rank] = magic;
        let known = matches!(code, UBYTE | 0x09 | 0x0b | 0x0c | 0x0d | 0x0e);
        let valid = [zero0, zero1] == [0, 0] && known && (1..=6).contains(&rank);
        let other = |(of, ranks): (u8, &[u8])| of != code || !ranks.contains(&rank);
        if !valid || expected.is_some_and(other) {
            let message = format!(
                "{}: magic number 0x{:08x} is not that of an IDX file of {what}",
                self.name,
                u32::from_be_bytes(magic)
            );
            let hint = match (what, code, rank) {
                ("images", UBYTE, 1) => "this is a file of labels",
                ("labels", UBYTE, 3 | 4) => "this is a file of images",
                ("images", ..) => "images have 0x00000803, with channels 0x00000804",
                ("labels", ..) => "labels have 0x00000801",
                _ => {
                    "it is 00 00, the element type (08, 09, 0b to 0e), the number of axes (1 to 6)"
                }
            };
            return Err(Error::new(Kind::Data, message).hint(hint));
        }
        let mut shape = Vec::new();
        for _ in 0..rank {
            shape.push(u32::from_be_bytes(self.array()?) as usize);
        }
        Ok((code, shape))
    }

    /// The rest of the file, which must be exactly the elements of the shape.
    fn elements<T: Element, const N: usize>(
        mut self,
        shape: Vec<usize>,
        convert: impl Fn([u8; N]) -> T,
    ) -> Result<Tensor> {
        let bytes = self.checked(&shape, N as u64)?;
        let says = format!("its header says {}", sizes(&shape));
        let count = (bytes / N as u64) as usize;
        let mut elements = Vec::new();
        if elements.try_reserve_exact(count).is_err() {
            let message = format!("{}: {count} elements do not fit into memory", self.name);
            return Err(Error::new(Kind::Data, message));
        }
        let mut buffer = [0; 8 * 4096];
        while elements.len() < count {
            let wanted = (N * (count - elements.len())).min(buffer.len());
            let got = fill(&mut self.bytes, &mut buffer[..wanted]).map_err(|e| self.failed(e))?;
            elements.extend(buffer[..got].as_chunks::<N>().0.iter().map(|&bytes| convert(bytes)));
            if got < wanted {
                let message =
                    format!("{}: {says}, but it ends after {} elements", self.name, elements.len());
                return Err(Error::new(Kind::Data, message));
            }
        }
        self.ends(&shape)?;
        Tensor::from_vec(elements, shape)
    }

    /// The bytes of elements of so many bytes each. Fails where there cannot be so many.
    fn checked(&self, shape: &[usize], each: u64) -> Result<u64> {
        // Sizes of 0 are left out of the first product, so that none beside one overflows later, as
        // numbers of 8 bytes.
        let product = |n: u64, &size: &usize| n.checked_mul(size as u64);
        let positive = shape.iter().filter(|&&size| size > 0).try_fold(each, product);
        let bytes = positive
            .filter(|&bytes| bytes / each <= isize::MAX as u64 / 8)
            .map(|bytes| if shape.contains(&0) { 0 } else { bytes });
        let says = format!("its header says {}", sizes(shape));
        let Some(bytes) = bytes.filter(|&bytes| bytes <= self.limit) else {
            let needed =
                bytes.map_or("more bytes than can be counted".into(), |n| format!("{n} bytes"));
            let limit = match self.packed {
                true => format!("cannot unpack to more than {}", self.limit),
                false => format!("has {} in all", self.limit),
            };
            let message = format!("{}: {says}, {needed}, but the file {limit}", self.name);
            return Err(Error::new(Kind::Data, message));
        };
        Ok(bytes)
    }

    /// The sizes of a file of images, whose bytes come next.
    pub(super) fn images_ahead(&mut self) -> Result<Vec<usize>> {
        let shape = self.header(Some((UBYTE, &[3, 4])), "images")?.1;
        self.checked(&shape, 1)?;
        Ok(shape)
    }

    /// The next so many bytes of elements of these sizes.
    pub(super) fn bytes_ahead(&mut self, count: usize, shape: &[usize]) -> Result<Vec<u8>> {
        let mut bytes = vec![0; count];
        let got = fill(&mut self.bytes, &mut bytes).map_err(|e| self.failed(e))?;
        if got < count {
            let says = format!("its header says {}", sizes(shape));
            let message = format!("{}: {says}, but it ends before", self.name);
            return Err(Error::new(Kind::Data, message));
        }
        Ok(bytes)
    }

    /// Fails where bytes follow the elements of these sizes.
    pub(super) fn ends(&mut self, shape: &[usize]) -> Result<()> {
        if fill(&mut self.bytes, &mut [0]).map_err(|e| self.failed(e))? > 0 {
            let says = format!("its header says {}", sizes(shape));
            let message = format!("{}: {says}, but more bytes follow", self.name);
            return Err(Error::new(Kind::Data, message));
        }
        Ok(())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        match fill(&mut self.bytes, &mut bytes) {
            Ok(got) if got == N => Ok(bytes),
            Ok(_) => {
                let message = format!("{}: the file ends within the IDX header", self.name);
                Err(Error::new(Kind::Data, message))
            }
            Err(e) => Err(self.failed(e)),
        }
    }

    fn failed(&self, error: io::Error) -> Error {
        let (kind, what) = match error.kind() {
            ErrorKind::UnexpectedEof => (Kind::Data, "the gzip data is cut short".into()),
            ErrorKind::InvalidData => (Kind::Data, error.to_string()),
            _ => (Kind::File, error.to_string()),
        };
        Error::new(kind, format!("{}: {what}", self.name))
    }
}

/// The first two bytes of every gzip file.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// No deflate stream grows by more than this factor (258 bytes for 2 bits).
const MAX_GROWTH: u64 = 1032;

/// The code of unsigned bytes.
const UBYTE: u8 = 0x08;

/// Reads until the buffer is full or the input ends; how much there was.
fn fill(input: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}

fn sizes(shape: &[usize]) -> String {
    shape.iter().map(|size| size.to_string()).collect::<Vec<_>>().join(" x ")
}

#[cfg(test)]
mod tests;
