//! The IDX format of MNIST and its relatives, plain or gzip-compressed.

mod pieces;
mod source;

use std::path::{Path, PathBuf};

pub use self::pieces::{IdxFiles, IdxPiece};
pub(super) use self::source::Source;
use super::Dataset;
use crate::tensor::{Error, Kind, Result, Tensor};

/// What [`read_idx_folder`] found.
#[derive(Clone, Debug)]
pub struct IdxFolder {
    /// The examples of `train-images…` and `train-labels…`, or all there are.
    pub train: Dataset,
    /// Those of `t10k-images…` and `t10k-labels…`, when the folder has both.
    pub test: Option<Dataset>,
}

/// Reads a folder of four (or two) IDX files named as those of MNIST and Fashion-MNIST:
/// `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
/// `t10k-labels-idx1-ubyte`, each also with `.gz`, or with `.idx3-ubyte` instead of `-idx3-ubyte`.
///
/// Images of several channels are files of four axes, `train-images-idx4-ubyte` and so on.
///
/// Inputs have shape `[n, rows, columns]` or `[n, channels, rows, columns]` (f32, 0 to 1), targets are class numbers. Classes are
/// named by their numbers, from 0 to the largest label of the training file.
/// Where the folder has only one pair of files, its examples are all there are, for tests or not.
///
/// Fails when images and labels differ in number, when there are none, when the test images have another
/// size, and when a test label is larger than every training label.
pub fn read_idx_folder(folder: impl AsRef<Path>) -> Result<IdxFolder> {
    let folder = folder.as_ref();
    let (train, test) = pairs(folder)?;
    let (train, test) = (train.read()?, test.map(|test| test.read()).transpose()?);
    let classes = || (0..train.class_count().unwrap_or(0)).map(|class| class.to_string());
    let test = match test {
        None => None,
        Some(test) => {
            same_size(folder, &test.inputs().shape()[1..], &train.inputs().shape()[1..])?;
            let named = test.with_classes(classes());
            Some(named.map_err(|e| e.context(format!("{}, t10k-labels", folder.display())))?)
        }
    };
    let train = train.clone().with_classes(classes())?;
    Ok(IdxFolder { train, test })
}

/// Reads the images alone of such a folder, to tell what they show: `t10k-images…`, else `train-images…`.
/// Their labels need not be there.
pub fn read_idx_inputs(folder: impl AsRef<Path>) -> Result<Tensor> {
    let folder = folder.as_ref();
    let images = find_images(folder, "t10k").or_else(|| find_images(folder, "train"));
    let images = images.ok_or_else(|| {
        no_files(folder)
            .hint("looked for t10k-images-idx3-ubyte, train-images-idx3-ubyte, also with .gz")
    })?;
    some(read_idx_images(&images)?, &images)
}

/// Whether a folder has the files that [`read_idx_folder`] needs.
pub fn is_idx_folder(folder: impl AsRef<Path>) -> bool {
    let folder = folder.as_ref();
    let has = |prefix: &&str| {
        find_images(folder, prefix).is_some() && find(folder, prefix, LABELS).is_some()
    };
    ["train", "t10k"].iter().any(has)
}

/// Reads a file of images (magic number 0x00000803, with channels 0x00000804): f32 of shape `[n, rows, columns]` or
/// `[n, channels, rows, columns]`, the bytes divided by 255.
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

const IMAGES: [&str; 2] = ["images-idx3-ubyte", "images-idx4-ubyte"];
const LABELS: &str = "labels-idx1-ubyte";

fn find_images(folder: &Path, prefix: &str) -> Option<PathBuf> {
    IMAGES.iter().find_map(|name| find(folder, prefix, name))
}

fn find(folder: &Path, prefix: &str, name: &str) -> Option<PathBuf> {
    let dashed = format!("{prefix}-{name}");
    let dotted = dashed.replacen("-idx", ".idx", 1);
    [&dashed, &dotted]
        .into_iter()
        .flat_map(|name| [name.clone(), format!("{name}.gz")])
        .map(|name| folder.join(name))
        .find(|path| path.is_file())
}

fn no_files(folder: &Path) -> Error {
    let error = Error::new(Kind::File, format!("{}: no IDX files here", folder.display()));
    if folder.is_dir() { error.note(content(folder)) } else { error }
}

/// The first names in a folder.
fn content(folder: &Path) -> String {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut found: Vec<String> =
        entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    found.sort();
    let more = if found.len() > 8 { ", …" } else { "" };
    found.truncate(8);
    match &found[..] {
        [] => "the folder is empty".to_string(),
        found => format!("the folder has {}{more}", found.join(", ")),
    }
}

/// The error for a file whose partner is not there under any of the names it may have.
fn alone(folder: &Path, file: &Path, names: &[String]) -> Error {
    let message = format!("{}: its partner is missing", file.display());
    Error::new(Kind::File, message)
        .note(format!("looked for {}, also with .gz or with .idx for -idx", names.join(", ")))
        .note(content(folder))
        .hint("images and labels are two files; both must be in the folder, under these names")
}

/// The images of a file, if it has any.
fn some(images: Tensor, path: &Path) -> Result<Tensor> {
    match images.elements() {
        0 => Err(Error::new(Kind::Data, format!("{}: there are no images", path.display()))),
        _ => Ok(images),
    }
}

/// A file of images and that of their labels.
#[derive(Clone, Debug)]
struct Pair {
    images: PathBuf,
    labels: PathBuf,
}

impl Pair {
    fn read(&self) -> Result<Dataset> {
        let x = some(read_idx_images(&self.images)?, &self.images)?;
        let y = read_idx_labels(&self.labels)?;
        self.check(x.shape()[0], y.shape()[0])?;
        Dataset::new(x, y)
    }

    /// Fails where images and labels differ in number.
    fn check(&self, images: usize, labels: usize) -> Result<()> {
        if images == labels {
            return Ok(());
        }
        let message = format!(
            "{} holds {images} images, but {} holds {labels} labels",
            self.images.display(),
            self.labels.display()
        );
        Err(Error::new(Kind::Data, message))
    }
}

/// The files to train on, or all there are, and those for tests.
fn pairs(folder: &Path) -> Result<(Pair, Option<Pair>)> {
    let part = |prefix: &str| -> Result<Option<Pair>> {
        match (find_images(folder, prefix), find(folder, prefix, LABELS)) {
            (Some(images), Some(labels)) => Ok(Some(Pair { images, labels })),
            (None, None) => Ok(None),
            (Some(file), None) => Err(alone(folder, &file, &[format!("{prefix}-{LABELS}")])),
            (None, Some(file)) => {
                Err(alone(folder, &file, &IMAGES.map(|name| format!("{prefix}-{name}"))))
            }
        }
    };
    match (part("train")?, part("t10k")?) {
        (Some(train), test) => Ok((train, test)),
        (None, Some(all)) => Ok((all, None)),
        (None, None) => {
            let hint =
                "looked for train-images-idx3-ubyte and train-labels-idx1-ubyte, also with .gz";
            Err(no_files(folder).hint(hint))
        }
    }
}

/// Fails where images for tests have another size.
fn same_size(folder: &Path, tests: &[usize], train: &[usize]) -> Result<()> {
    if tests == train {
        return Ok(());
    }
    let message = format!(
        "{}: test images of {tests:?} pixels, training images of {train:?}",
        folder.display()
    );
    Err(Error::new(Kind::Data, message))
}
