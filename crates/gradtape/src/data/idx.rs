//! The IDX format of MNIST and its relatives, plain or gzip-compressed.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::Dataset;
use super::gzip::{self, Gunzip};
use crate::tensor::{Element, Error, Kind, Result, Tensor};

/// What [`read_idx_folder`] found.
#[derive(Clone, Debug)]
pub struct IdxFolder {
    /// The examples of `train-images…` and `train-labels…`.
    pub train: Dataset,
    /// Those of `t10k-images…` and `t10k-labels…`, when the folder has them.
    pub test: Option<Dataset>,
}

/// Reads a folder of four (or two) IDX files named as those of MNIST and Fashion-MNIST:
/// `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
/// `t10k-labels-idx1-ubyte`, each also with `.gz`, or with `.idx3-ubyte` instead of `-idx3-ubyte`.
///
/// Inputs have shape `[n, rows, columns]` (f32, 0 to 1), targets are class numbers. Classes are
/// named by their numbers, from 0 to the largest label of the training file.
/// Fails when images and labels differ in number, when the test images have another size, and when
/// a test label is larger than every training label.
pub fn read_idx_folder(folder: impl AsRef<Path>) -> Result<IdxFolder> {
    let folder = folder.as_ref();
    let part = |prefix: &str| -> Result<Option<Dataset>> {
        match (find(folder, prefix, IMAGES), find(folder, prefix, LABELS)) {
            (Some(images), Some(labels)) => pair(&images, &labels).map(Some),
            (None, None) => Ok(None),
            (Some(file), None) | (None, Some(file)) => {
                let message = format!("{}: its partner is missing", file.display());
                let hint = "images and labels are two files; both must be in the folder";
                Err(Error::new(Kind::File, message).hint(hint))
            }
        }
    };
    let train = part("train")?.ok_or_else(|| {
        let message = format!("{}: no IDX files here", folder.display());
        let hint = "looked for train-images-idx3-ubyte and train-labels-idx1-ubyte, also with .gz";
        Error::new(Kind::File, message).hint(hint)
    })?;
    let classes = || (0..train.class_count().unwrap_or(0)).map(|class| class.to_string());
    let test = match part("t10k")? {
        None => None,
        Some(test) => {
            let (own, other) = (&test.inputs().shape()[1..], &train.inputs().shape()[1..]);
            if own != other {
                let message = format!(
                    "{}: test images of {own:?} pixels, training images of {other:?}",
                    folder.display()
                );
                return Err(Error::new(Kind::Data, message));
            }
            let named = test.with_classes(classes());
            Some(named.map_err(|e| e.context(format!("{}, t10k-labels", folder.display())))?)
        }
    };
    let train = train.clone().with_classes(classes())?;
    Ok(IdxFolder { train, test })
}

/// Whether a folder has the files that [`read_idx_folder`] needs.
pub fn is_idx_folder(folder: impl AsRef<Path>) -> bool {
    let folder = folder.as_ref();
    find(folder, "train", IMAGES).is_some() && find(folder, "train", LABELS).is_some()
}

/// Reads a file of images (magic number 0x00000803): f32 of shape `[n, rows, columns]`, the bytes
/// divided by 255.
pub fn read_idx_images(path: impl AsRef<Path>) -> Result<Tensor> {
    Source::open(path.as_ref())?.images(255.0)
}

/// Reads a file of labels (magic number 0x00000801): i64 of shape `[n]`.
pub fn read_idx_labels(path: impl AsRef<Path>) -> Result<Tensor> {
    Source::open(path.as_ref())?.labels()
}

/// Reads any IDX file of 1 to 6 axes. Integers become i64, floats stay f32 or f64.
pub fn read_idx(path: impl AsRef<Path>) -> Result<Tensor> {
    Source::open(path.as_ref())?.tensor()
}

/// As [`read_idx`], from the bytes of a file that is in memory already; `source` stands for its name in
/// errors.
///
/// ```
/// let bytes = [0, 0, 8, 1, 0, 0, 0, 2, 7, 9];
/// let x = gradtape::data::idx_from_bytes(&bytes, "two bytes")?;
/// assert_eq!(x.to_vec::<i64>()?, [7, 9]);
/// # Ok::<(), gradtape::Error>(())
/// ```
pub fn idx_from_bytes(bytes: &[u8], source: &str) -> Result<Tensor> {
    Source::new(source, bytes, bytes.len() as u64)?.tensor()
}

const IMAGES: &str = "images-idx3-ubyte";
const LABELS: &str = "labels-idx1-ubyte";

fn find(folder: &Path, prefix: &str, name: &str) -> Option<PathBuf> {
    let dashed = format!("{prefix}-{name}");
    let dotted = dashed.replacen("-idx", ".idx", 1);
    [&dashed, &dotted]
        .into_iter()
        .flat_map(|name| [name.clone(), format!("{name}.gz")])
        .map(|name| folder.join(name))
        .find(|path| path.is_file())
}

fn pair(images: &Path, labels: &Path) -> Result<Dataset> {
    let (x, y) = (read_idx_images(images)?, read_idx_labels(labels)?);
    let (images, labels) = (images.display(), labels.display());
    if x.shape()[0] != y.shape()[0] {
        let message = format!(
            "{images} holds {} images, but {labels} holds {} labels",
            x.shape()[0],
            y.shape()[0]
        );
        return Err(Error::new(Kind::Data, message));
    }
    Dataset::new(x, y)
}

/// An IDX file, unpacked while it is read.
pub(super) struct Source<'a> {
    name: String,
    bytes: Box<dyn Read + 'a>,
    /// No more bytes than this can follow, whatever the header says.
    limit: u64,
    packed: bool,
}

impl Source<'_> {
    fn open(path: &Path) -> Result<Source<'static>> {
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
    pub(super) fn new<'a>(
        name: &str,
        mut bytes: impl io::BufRead + 'a,
        length: u64,
    ) -> Result<Source<'a>> {
        let start = bytes.fill_buf().map_err(|e| Error::new(Kind::File, format!("{name}: {e}")))?;
        let packed = start.starts_with(&gzip::MAGIC);
        let name = name.to_string();
        Ok(match packed {
            false => Source { name, bytes: Box::new(bytes), limit: length, packed },
            true => Source {
                name,
                bytes: Box::new(Gunzip::new(bytes)),
                limit: length.saturating_mul(gzip::MAX_GROWTH),
                packed,
            },
        })
    }

    pub(super) fn images(mut self, white: f32) -> Result<Tensor> {
        let shape = self.header(Some((UBYTE, 3)), "images")?.1;
        self.elements(shape, |[byte]: [u8; 1]| f32::from(byte) / white)
    }

    pub(super) fn labels(mut self) -> Result<Tensor> {
        let shape = self.header(Some((UBYTE, 1)), "labels")?.1;
        self.elements(shape, |[byte]: [u8; 1]| i64::from(byte))
    }

    fn tensor(mut self) -> Result<Tensor> {
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
    fn header(&mut self, expected: Option<(u8, u8)>, what: &str) -> Result<(u8, Vec<usize>)> {
        let magic = self.array::<4>()?;
        let [zero0, zero1, code, rank] = magic;
        let known = matches!(code, UBYTE | 0x09 | 0x0b | 0x0c | 0x0d | 0x0e);
        let valid = [zero0, zero1] == [0, 0] && known && (1..=6).contains(&rank);
        if !valid || expected.is_some_and(|expected| expected != (code, rank)) {
            let message = format!(
                "{}: magic number 0x{:08x} is not that of an IDX file of {what}",
                self.name,
                u32::from_be_bytes(magic)
            );
            let hint = match (what, code, rank) {
                ("images", UBYTE, 1) => "this is a file of labels",
                ("labels", UBYTE, 3) => "this is a file of images",
                ("images", ..) => "images have 0x00000803",
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
        // Sizes of 0 are left out of the first product, so that none beside one overflows later, as
        // numbers of 8 bytes.
        let product = |n: u64, &size: &usize| n.checked_mul(size as u64);
        let positive = shape.iter().filter(|&&size| size > 0).try_fold(N as u64, product);
        let bytes = positive
            .filter(|&bytes| bytes / N as u64 <= isize::MAX as u64 / 8)
            .map(|bytes| if shape.contains(&0) { 0 } else { bytes });
        let says = format!("its header says {}", sizes(&shape));
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
        if fill(&mut self.bytes, &mut buffer[..1]).map_err(|e| self.failed(e))? > 0 {
            let message = format!("{}: {says}, but more bytes follow", self.name);
            return Err(Error::new(Kind::Data, message));
        }
        Tensor::from_vec(elements, shape)
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
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;
    use crate::tensor::{DType, Rng};

    fn idx(code: u8, sizes: &[u32], data: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0, 0, code, sizes.len() as u8];
        bytes.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
        bytes.extend(data);
        bytes
    }

    fn gz(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn source(bytes: &[u8]) -> Source<'_> {
        Source::new("file", bytes, bytes.len() as u64).unwrap()
    }

    fn error(result: Result<Tensor>) -> String {
        match result {
            Ok(tensor) => panic!("read as {} {}", tensor.dtype(), tensor.shape()),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn images_and_labels_plain_and_packed() {
        let images = idx(8, &[2, 1, 3], &[0, 51, 255, 1, 2, 3]);
        let labels = idx(8, &[3], &[7, 0, 255]);
        for (images, labels) in [(images.clone(), labels.clone()), (gz(&images), gz(&labels))] {
            let x = source(&images).images(255.0).unwrap();
            assert_eq!((x.dtype(), &x.shape()[..]), (DType::F32, &[2, 1, 3][..]));
            assert_eq!(x.to_vec::<f32>().unwrap()[..3], [0.0, 0.2, 1.0]);
            assert_eq!(source(&labels).labels().unwrap().to_vec::<i64>().unwrap(), [7, 0, 255]);
        }
    }

    #[test]
    fn every_element_type() {
        let read = |code, data: &[u8], n| source(&idx(code, &[n], data)).tensor().unwrap();
        assert_eq!(read(0x08, &[255], 1).to_vec::<i64>().unwrap(), [255]);
        assert_eq!(read(0x09, &[255, 1], 2).to_vec::<i64>().unwrap(), [-1, 1]);
        assert_eq!(read(0x0b, &[255, 254], 1).to_vec::<i64>().unwrap(), [-2]);
        assert_eq!(read(0x0c, &[0, 1, 0, 0], 1).to_vec::<i64>().unwrap(), [65536]);
        assert_eq!(read(0x0d, &1.5f32.to_be_bytes(), 1).to_vec::<f32>().unwrap(), [1.5]);
        assert_eq!(read(0x0e, &(-2.5f64).to_be_bytes(), 1).to_vec::<f64>().unwrap(), [-2.5]);
        let large: Vec<u8> = (0..100_000u32).flat_map(|i| (i as f32).to_be_bytes()).collect();
        let read = read(0x0d, &large, 100_000).to_vec::<f32>().unwrap();
        assert!(read.into_iter().eq((0..100_000).map(|i| i as f32)));
    }

    #[test]
    fn a_wrong_magic_number_is_named() {
        let labels = idx(8, &[1], &[3]);
        let text = error(source(&labels).images(255.0));
        assert!(text.contains("0x00000801") && text.contains("file of labels"), "{text}");
        let text = error(source(&idx(8, &[1, 1, 1], &[3])).labels());
        assert!(text.contains("0x00000803") && text.contains("file of images"), "{text}");
        let text = error(source(b"\x89PNG....").images(255.0));
        assert!(text.contains("0x89504e47") && text.contains("images have 0x00000803"), "{text}");
        for magic in [[0, 0, 7, 1], [0, 0, 8, 0], [0, 0, 8, 7], [1, 0, 8, 1]] {
            assert!(error(source(&magic).tensor()).contains("magic number"));
        }
    }

    #[test]
    fn lengths_that_do_not_fit_are_named() {
        for n in 0..4 {
            assert!(
                error(source(&idx(8, &[1], &[])[..n]).labels()).contains("within the IDX header")
            );
        }
        let text = error(source(&idx(8, &[5, 2, 2], &[0; 19])).images(255.0));
        assert!(text.contains("5 x 2 x 2") && text.contains("ends after 19 elements"), "{text}");
        let text = error(source(&gz(&idx(8, &[20], &[0; 19]))).labels());
        assert!(text.contains("ends after 19 elements"), "{text}");
        let text = error(source(&idx(8, &[2], &[0; 3])).labels());
        assert!(text.contains("more bytes follow"), "{text}");
        let text = error(source(&idx(8, &[60000, 28, 28], &[0; 10])).images(255.0));
        assert!(text.contains("47040000 bytes, but the file has 26 in all"), "{text}");
        let huge = idx(8, &[u32::MAX, u32::MAX, u32::MAX], &[]);
        let text = error(source(&huge).images(255.0));
        assert!(text.contains("more bytes than can be counted"), "{text}");
        let text = error(source(&gz(&huge)).images(255.0));
        assert!(text.contains("more bytes than can be counted"), "{text}");
        let text = error(source(&idx(8, &[0, u32::MAX, u32::MAX, u32::MAX, 7], &[])).tensor());
        assert!(text.contains("more bytes than can be counted"), "{text}");
        let text = error(source(&gz(&idx(8, &[1 << 31], &[]))).labels());
        assert!(text.contains("cannot unpack to more than"), "{text}");
        let packed = gz(&idx(8, &[3], &[1, 2, 3]));
        let text = error(source(&packed[..packed.len() - 9]).labels());
        assert!(text.contains("cut short"), "{text}");
        assert_eq!(source(&idx(8, &[0, 28, 28], &[])).images(255.0).unwrap().elements(), 0);
    }

    #[test]
    fn damage_never_panics() {
        let mut rng = Rng::new(1);
        let plain = idx(8, &[3, 2, 2], &[9; 12]);
        let packed = gz(&plain);
        for original in [plain, packed] {
            for _ in 0..3000 {
                let mut bytes = original.clone();
                for _ in 0..1 + rng.below(4) {
                    let at = rng.below(bytes.len());
                    bytes[at] ^= 1 << rng.below(8);
                }
                bytes.truncate(rng.below(bytes.len() + 1));
                let read = [
                    source(&bytes).images(255.0),
                    source(&bytes).labels(),
                    source(&bytes).tensor(),
                ];
                for tensor in read.into_iter().flatten() {
                    assert!(tensor.elements() <= 12 * gzip::MAX_GROWTH as usize);
                }
            }
        }
    }
}
