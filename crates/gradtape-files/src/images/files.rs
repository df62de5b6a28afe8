//! [`ImageFiles`]: a folder of images by class that does not fit in memory.

use std::path::{Path, PathBuf};

use gradtape::{Error, Kind, Result};

use super::find::{self, Classes};
use super::{Channels, ImageOptions, decoded, different, left_out, unreadable};

/// The images of a folder that has a folder for each class, or of its folders `train` and `test`, found but not read: as
/// [`read_image_folder`](super::read_image_folder) takes them, some at a time.
#[derive(Clone, Debug)]
pub struct ImageFiles {
    /// Those to train on, then those for tests.
    files: Vec<PathBuf>,
    /// The class of each.
    labels: Vec<usize>,
    /// How many are to train on.
    train: usize,
    classes: Vec<String>,
    size: [usize; 2],
    /// Whose size that is, where none was asked for.
    like: Option<PathBuf>,
    options: ImageOptions,
    folder: PathBuf,
    notes: Vec<String>,
}

/// What a file was found to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Its bytes, channel after channel, each row by row.
    Pixels(Vec<u8>),
    /// It has colours, and grey was asked for by nobody but the caller.
    Colours,
    /// It cannot be read, and is to be left out; in words.
    Broken(String),
}

impl ImageFiles {
    /// Looks for the images, and reads the first that can be read. Fails where there are none, and where there are no two
    /// classes.
    pub fn find(folder: impl AsRef<Path>, options: &ImageOptions) -> Result<ImageFiles> {
        let folder = folder.as_ref();
        let (own, test, notes) = find::parts(folder)?;
        let (mut files, mut labels) = (Vec::new(), Vec::new());
        let mut add = |of: &Classes| {
            for (class, (_, own)) in of.classes.iter().enumerate() {
                files.extend(own.iter().cloned());
                labels.extend(own.iter().map(|_| class));
            }
        };
        add(&own);
        let train = own.classes.iter().map(|(_, files)| files.len()).sum();
        test.iter().for_each(add);
        let classes = own.classes.into_iter().map(|(name, _)| name).collect();
        let (size, like) = match options.size {
            Some(size) => (size, None),
            None => {
                let first = files.iter().find_map(|file| {
                    let picture = decoded(std::slice::from_ref(file), None).pop()?.ok()?;
                    Some((picture.size(), Some(file.clone())))
                });
                first.ok_or_else(|| {
                    let message = format!("{}: no image can be read", folder.display());
                    Error::new(Kind::Data, message)
                })?
            }
        };
        let (options, folder) = (options.clone(), folder.to_path_buf());
        Ok(ImageFiles { files, labels, train, classes, size, like, options, folder, notes })
    }

    /// How many there are to train on; they come first, class after class.
    pub fn len(&self) -> usize {
        self.train
    }

    /// Whether there are none; folders that were found have some.
    pub fn is_empty(&self) -> bool {
        self.train == 0
    }

    /// How many are for tests; they come after the others.
    pub fn tests(&self) -> usize {
        self.files.len() - self.train
    }

    /// The names of the classes.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The number of the class of an image; 0 of one that is not there.
    pub fn label(&self, number: usize) -> usize {
        self.labels.get(number).copied().unwrap_or_default()
    }

    /// The height and the width of all.
    pub fn size(&self) -> [usize; 2] {
        self.size
    }

    /// How many channels were asked for.
    pub fn channels(&self) -> Option<Channels> {
        self.options.channels
    }

    /// What was left out.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Reads images by their numbers, with so many channels, 1 or 3.
    ///
    /// Fails where one has another size than all, and where one cannot be read unless such are to be skipped.
    pub fn read(&self, numbers: &[usize], channels: usize) -> Result<Vec<Found>> {
        let file = |&number: &usize| {
            self.files.get(number).cloned().ok_or_else(|| {
                let message = format!("there is no image {number} of {}", self.files.len());
                Error::new(Kind::Value, message)
            })
        };
        let files: Vec<PathBuf> = numbers.iter().map(file).collect::<Result<_>>()?;
        let (mut found, mut broken) = (Vec::with_capacity(files.len()), Vec::new());
        for (file, picture) in files.iter().zip(decoded(&files, self.options.size)) {
            found.push(match picture {
                Ok(picture) if picture.size() != self.size => {
                    let like = self.like.as_ref().unwrap_or(file);
                    return Err(different([like, file], [self.size, picture.size()]));
                }
                Ok(picture) => match self.options.channels {
                    None if channels == 1 && !picture.is_grey() => Found::Colours,
                    _ => Found::Pixels(picture.planes(channels)),
                },
                Err(words) => {
                    let words = format!("{}: {words}", file.display());
                    broken.push(words.clone());
                    Found::Broken(words)
                }
            });
        }
        match broken.is_empty() || self.options.skip_broken {
            true => Ok(found),
            false => Err(unreadable(&broken)),
        }
    }

    /// Without images that cannot be read, by their numbers in ascending order, with what is wrong with each; the others
    /// are counted anew. Fails where none of a class is left.
    pub fn without(mut self, broken: &[(usize, String)]) -> Result<ImageFiles> {
        let has_tests = self.tests() > 0;
        let is_kept =
            |number: usize| broken.binary_search_by_key(&number, |(own, _)| *own).is_err();
        let words: Vec<String> = broken.iter().map(|(_, words)| words.clone()).collect();
        self.notes.push(left_out(&words, self.files.len()));
        let kept: Vec<usize> = (0..self.files.len()).filter(|&number| is_kept(number)).collect();
        let train = kept.partition_point(|&number| number < self.train);
        self.files = kept.iter().map(|&number| self.files[number].clone()).collect();
        self.labels = kept.iter().map(|&number| self.labels[number]).collect();
        self.train = train;
        for (class, name) in self.classes.iter().enumerate() {
            let parts = [&self.labels[..train], &self.labels[train..]];
            if parts.iter().take(1 + usize::from(has_tests)).any(|part| !part.contains(&class)) {
                let message =
                    format!("{}: no image of {name:?} can be read", self.folder.display());
                return Err(Error::new(Kind::Data, message));
            }
        }
        Ok(self)
    }
}
