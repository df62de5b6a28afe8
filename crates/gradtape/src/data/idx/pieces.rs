//! [`IdxFiles`]: a folder of IDX files that does not fit in memory.

use std::path::{Path, PathBuf};

use super::{Pair, Source, pairs, read_idx_labels, same_size};
use crate::tensor::{Error, Kind, Result};

/// A folder of IDX files as [`read_idx_folder`](super::read_idx_folder) takes it, whose images are read some at a time, as
/// bytes.
#[derive(Clone, Debug)]
pub struct IdxFiles {
    folder: PathBuf,
    train: Part,
    tests: Option<Part>,
    classes: usize,
}

/// Images, and their labels.
#[derive(Clone, Debug)]
struct Part {
    pair: Pair,
    /// How many, and the sizes of one.
    sizes: Vec<usize>,
    labels: Vec<u8>,
}

/// Some images of a folder, in the order of their file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdxPiece {
    /// Whether they are only for tests.
    pub for_tests: bool,
    /// The number of the first, counted from 0 among those to train on or those for tests.
    pub first: usize,
    /// The bytes of all, one image after the other.
    pub pixels: Vec<u8>,
    /// The number of the class of each.
    pub labels: Vec<u8>,
}

impl IdxFiles {
    /// Reads the labels, and the sizes of the images. Fails as [`read_idx_folder`](super::read_idx_folder).
    ///
    /// ```
    /// use gradtape::data::IdxFiles;
    /// let folder = std::env::temp_dir().join(format!("gradtape-idx-{}", std::process::id()));
    /// std::fs::create_dir_all(&folder).unwrap();
    /// let images = [0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6];
    /// std::fs::write(folder.join("train-images-idx3-ubyte"), images).unwrap();
    /// std::fs::write(folder.join("train-labels-idx1-ubyte"), [0, 0, 8, 1, 0, 0, 0, 3, 1, 0, 1]).unwrap();
    /// let files = IdxFiles::open(&folder)?;
    /// assert_eq!((files.len(), files.tests(), files.image(), files.classes()), (3, 0, &[1, 2][..], 2));
    /// let mut pieces = Vec::new();
    /// files.pieces(2, |piece| {
    ///     pieces.push((piece.first, piece.pixels.clone(), piece.labels.clone()));
    ///     Ok(())
    /// })?;
    /// assert_eq!(pieces, [(0, vec![1, 2, 3, 4], vec![1, 0]), (2, vec![5, 6], vec![1])]);
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn open(folder: impl AsRef<Path>) -> Result<IdxFiles> {
        let folder = folder.as_ref().to_path_buf();
        let (train, tests) = pairs(&folder)?;
        let (train, tests) = (Part::of(train)?, tests.map(Part::of).transpose()?);
        let most = |part: &Part| part.labels.iter().max().copied().unwrap_or(0);
        let classes = usize::from(most(&train)) + 1;
        if let Some(tests) = &tests {
            same_size(&folder, &tests.sizes[1..], &train.sizes[1..])?;
            let most = usize::from(most(tests));
            if most >= classes {
                let message = format!(
                    "{}: the label {most} is that of no image to train on, whose largest is {}",
                    tests.pair.labels.display(),
                    classes - 1
                );
                return Err(Error::new(Kind::Data, message));
            }
        }
        Ok(IdxFiles { folder, train, tests, classes })
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// How many images there are to train on.
    pub fn len(&self) -> usize {
        self.train.labels.len()
    }

    /// Whether there are none; folders that were opened have some.
    pub fn is_empty(&self) -> bool {
        self.train.labels.is_empty()
    }

    /// How many images are only for tests.
    pub fn tests(&self) -> usize {
        self.tests.as_ref().map_or(0, |tests| tests.labels.len())
    }

    /// The sizes of an image: rows and columns, with channels before where there are any.
    pub fn image(&self) -> &[usize] {
        &self.train.sizes[1..]
    }

    /// How many classes there are: one more than the largest label to train on.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The labels of those to train on.
    pub fn labels(&self) -> &[u8] {
        &self.train.labels
    }

    /// Reads the images in pieces of so many (1 at least), those to train on first. Fails where a file or a piece does.
    pub fn pieces(
        &self,
        images: usize,
        mut each: impl FnMut(&IdxPiece) -> Result<()>,
    ) -> Result<()> {
        let parts = [(false, Some(&self.train)), (true, self.tests.as_ref())];
        for (for_tests, part) in parts.into_iter().filter_map(|(own, part)| Some((own, part?))) {
            let mut source = Source::open(&part.pair.images)?;
            let sizes = source.images_ahead()?;
            if sizes != part.sizes {
                let message = format!("{}: its sizes changed", part.pair.images.display());
                return Err(
                    Error::new(Kind::Data, message).hint("it was changed while it was read")
                );
            }
            let width: usize = sizes[1..].iter().product();
            for (number, labels) in part.labels.chunks(images.max(1)).enumerate() {
                let pixels = source.bytes_ahead(width * labels.len(), &sizes)?;
                let (first, labels) = (number * images.max(1), labels.to_vec());
                each(&IdxPiece { for_tests, first, pixels, labels })?;
            }
            source.ends(&sizes)?;
        }
        Ok(())
    }
}

impl Part {
    fn of(pair: Pair) -> Result<Part> {
        let sizes = Source::open(&pair.images)?.images_ahead()?;
        if sizes.contains(&0) {
            let message = format!("{}: there are no images", pair.images.display());
            return Err(Error::new(Kind::Data, message));
        }
        let labels = read_idx_labels(&pair.labels)?.to_vec::<i64>()?;
        pair.check(sizes[0], labels.len())?;
        // They are bytes in the file.
        let labels = labels.into_iter().map(|label| label as u8).collect();
        Ok(Part { pair, sizes, labels })
    }
}
