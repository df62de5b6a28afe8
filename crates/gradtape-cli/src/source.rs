//! [`Source`]: the data that a verb is given, by a built-in name, a file or a folder.

mod arrays;
mod flags;
mod images;

use std::io;
use std::path::{Path, PathBuf};

use gradtape::data::{self, Dataset, IdxFolder, Table};
use gradtape_files::Format;

pub(crate) use self::flags::ReadFlags;
pub(crate) use self::images::{ImageFlags, ImageSettings, read as read_images};
use crate::error::{Failure, Outcome};
use crate::settings::Settings;

/// The names of the data that need no file.
pub(crate) const BUILT_IN: &[&str] =
    &["digits", "iris", "moons", "circles", "spiral", "xor", "blobs"];

/// Whether data of a name is drawn at random, so that it has a number of samples and noise.
pub(crate) fn is_generated(name: &str) -> bool {
    BUILT_IN.contains(&name) && !["digits", "iris"].contains(&name)
}

/// Where data comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The images of digits.
    Digits,
    /// The table of flowers.
    Iris,
    /// Points in the plane, by the generator's name.
    Points(&'static str),
    /// A file with a table, of whatever format.
    Table(PathBuf),
    /// A table on standard input.
    StandardInput,
    /// A file with arrays of images.
    Arrays(PathBuf),
    /// A folder of IDX files.
    Idx(PathBuf),
    /// A folder of images, or an image.
    Images(PathBuf),
}

/// Data read from a source.
#[allow(clippy::large_enum_variant, reason = "there is one of it, and not many")]
pub(crate) enum Content {
    /// Columns that are to be prepared.
    Table(Table),
    /// Rows of numbers with labels.
    Rows(Box<Rows>),
}

/// Flat rows of numbers with labels.
pub(crate) struct Rows {
    pub(crate) data: Dataset,
    /// What the numbers were divided by: 16 for digits, [`BYTES`] for images.
    pub(crate) scale: f64,
    /// What a label is called.
    pub(crate) target: &'static str,
    /// The shape of the images that rows are, `[channels, height, width]`.
    pub(crate) image: Option<[usize; 3]>,
    /// A part that is only for tests.
    pub(crate) test: Option<Dataset>,
    /// What the user should know of how they were read.
    pub(crate) notes: Vec<String>,
}

/// What the bytes of images are divided by.
pub(crate) const BYTES: f64 = 255.0;

/// What generated points are made from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Points {
    pub(crate) samples: usize,
    pub(crate) noise: f64,
    pub(crate) seed: u64,
}

impl Points {
    /// What is taken where nothing is said.
    pub(crate) const SAMPLES: usize = 1000;
    pub(crate) const NOISE: f64 = 0.1;
}

impl Source {
    /// The source that a word on the command line names.
    pub(crate) fn of(word: &str) -> Outcome<Source> {
        let path = Path::new(word);
        match word {
            "-" => return Ok(Source::StandardInput),
            "digits" => return Ok(Source::Digits),
            "iris" => return Ok(Source::Iris),
            _ => {}
        }
        if let Some(name) = BUILT_IN.iter().find(|name| **name == word) {
            return Ok(Source::Points(name));
        }
        match path.metadata() {
            Ok(found) if found.is_dir() => Ok(folder(path)),
            Ok(_) => Ok(file(path)),
            Err(error) if is_path(word) => Err(unreadable(path, &error)),
            Err(_) => Err(no_such_data(word)),
        }
    }

    /// Reads or generates the data.
    pub(crate) fn read(&self, flags: &ReadFlags, points: Points) -> Outcome<Content> {
        self.read_following(flags, None, points)
    }

    /// As [`Source::read`], with what a training said of words that are missing values.
    pub(crate) fn read_following(
        &self,
        flags: &ReadFlags,
        known: Option<&Settings>,
        points: Points,
    ) -> Outcome<Content> {
        self.check(flags)?;
        let csv = &flags.following(known);
        let Points { samples, noise, seed } = points;
        let generate = match self {
            Source::Digits => return Ok(rows(data::digits(), 16.0, "digit", None)),
            Source::Iris => return Ok(Content::Table(data::iris_table())),
            Source::Idx(path) => return idx(path),
            Source::Images(path) => return images::by_class(path, &flags.images, known),
            Source::Arrays(path) => return arrays::by_class(path),
            Source::Table(path) => {
                let options = csv.table_options(known.is_some());
                return filled(gradtape_files::read_table(path, &options)?);
            }
            Source::StandardInput => {
                let (input, options) = (io::stdin().lock(), csv.table_options(known.is_some()));
                let table = gradtape_files::read_table_from(input, "standard input", &options)?;
                return filled(table);
            }
            Source::Points("circles") => data::circles,
            Source::Points("spiral") => data::spiral,
            Source::Points("xor") => data::xor,
            Source::Points("blobs") => data::blobs,
            Source::Points(_) => data::moons,
        };
        let points = generate(samples, noise, seed).map_err(Failure::usage)?;
        Ok(rows(points, 1.0, "class", None))
    }

    /// Fails for flags on reading what the source is not.
    pub(crate) fn check(&self, flags: &ReadFlags) -> Outcome {
        let is_csv = matches!(self, Source::Table(_) | Source::StandardInput);
        let is_images = matches!(self, Source::Images(_));
        let wrong = [
            (flags.given().filter(|_| !is_csv), "tables"),
            (flags.images.given().filter(|_| !is_images), "folders of PNG and JPEG images"),
        ];
        match wrong.into_iter().find_map(|(flag, what)| Some((flag?, what))) {
            Some((flag, what)) => {
                let name = self.name();
                Err(Failure::usage(format!("{flag} is for {what}, not for {name}")))
            }
            None => self.check_format(flags),
        }
    }

    /// Fails for flags on reading a table of another format than the file has.
    fn check_format(&self, flags: &ReadFlags) -> Outcome {
        let Source::Table(path) = self else { return Ok(()) };
        match flags.not_for(Format::of(path)) {
            Some((flag, what)) => {
                let name = self.name();
                Err(Failure::usage(format!("{flag} is for {what}, not for {name}")))
            }
            None => Ok(()),
        }
    }

    /// Fails where a file that is to be written is the one that is read.
    pub(crate) fn spare(&self, output: &Path) -> Outcome {
        match self {
            Source::Table(path) | Source::Images(path) | Source::Arrays(path) => {
                spare(path, "the data", output)
            }
            _ => Ok(()),
        }
    }

    /// The file that it is, if it is one.
    pub(crate) fn file(&self) -> Option<&Path> {
        match self {
            Source::Table(path) | Source::Images(path) | Source::Arrays(path) => {
                Some(&**path).filter(|path| path.is_file())
            }
            _ => None,
        }
    }

    /// The files that are read, in an order that hangs on their names alone.
    pub(crate) fn files(&self) -> Outcome<Vec<PathBuf>> {
        match self {
            Source::Images(path) => Ok(gradtape_files::image_files(path)?),
            Source::Idx(path) => Ok(idx_files(path)),
            _ => Ok(self.file().into_iter().map(Path::to_path_buf).collect()),
        }
    }

    /// The bytes that arrays of images take as numbers, about.
    pub(crate) fn numbers(&self) -> Option<f64> {
        let length = |path: &Path| path.metadata().map_or(0.0, |found| found.len() as f64);
        match self {
            Source::Arrays(path) => Some(4.0 * length(path)),
            _ => None,
        }
    }

    /// Reads the text of a file or of standard input.
    pub(crate) fn text(&self) -> Outcome<String> {
        let bytes = match self {
            Source::Table(path) => std::fs::read(path).map_err(|e| unreadable(path, &e))?,
            Source::StandardInput => {
                let mut bytes = Vec::new();
                let read = io::Read::read_to_end(&mut io::stdin().lock(), &mut bytes);
                read.map_err(|e| Failure::failed(format!("standard input: {e}")))?;
                bytes
            }
            _ => {
                return Err(Failure::usage(format!(
                    "{}: this is no text\n  hint: gpt learns from a text file, as in `gradtape train \
                     book.txt --network gpt:4x128`",
                    self.name()
                )));
            }
        };
        String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            Failure::failed(format!("{}: byte {at} is not UTF-8; texts are", self.name()))
        })
    }

    /// Why a flag for tables is not for this.
    pub(crate) fn no_table(&self, flag: &str) -> Failure {
        let name = self.name();
        match self {
            Source::Images(path) if path.is_file() => Failure::usage(format!(
                "{name} is an image, whatever it is called; {flag} is for tables\n  hint: images to learn from lie in a folder \
                 for each class, as in pets/cat/1.png and pets/dog/1.jpg"
            )),
            Source::Idx(path) if !is_any(path) => Failure::usage(format!(
                "{} is a folder with neither IDX files nor images in folders of classes; {flag} is for tables, which are \
                 files",
                path.display()
            )),
            _ => Failure::usage(format!("{flag} is for tables; {name} has its own target")),
        }
    }

    /// The name in reports: built-in, or the last part of the path.
    pub(crate) fn name(&self) -> String {
        match self {
            Source::Digits => "digits".to_string(),
            Source::Iris => "iris".to_string(),
            Source::Points(name) => name.to_string(),
            Source::StandardInput => "standard input".to_string(),
            Source::Table(path)
            | Source::Idx(path)
            | Source::Images(path)
            | Source::Arrays(path) => {
                path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
            }
        }
    }
}

/// Fails where there is no file of a name, with the nearest one.
pub(crate) fn present(path: &Path) -> Outcome {
    path.metadata().map(|_| ()).map_err(|error| unreadable(path, &error))
}

/// Fails where a file that is to be written is an `input` of the verb.
pub(crate) fn spare(input: &Path, what: &str, output: &Path) -> Outcome {
    let place = |path: &Path| path.canonicalize().ok();
    if place(output).is_some_and(|place_of| Some(place_of) == place(input)) {
        return Err(Failure::usage(format!(
            "{} is {what} and would be overwritten\n  hint: choose another place for the output",
            output.display()
        )));
    }
    Ok(())
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let failure = Failure::failed(format!("{}: {error}", path.display()));
    let is_missing = error.kind() == io::ErrorKind::NotFound;
    match neighbour(path).filter(|_| is_missing) {
        Some(near) => failure.note(format!("hint: did you mean {:?}?", near.display().to_string())),
        None => failure,
    }
}

/// The file or folder beside a path whose name is nearest.
fn neighbour(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let entries = std::fs::read_dir(folder.unwrap_or(Path::new("."))).ok()?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names.collect();
    names.sort();
    let near = gradtape::nearest(name, names.iter().map(String::as_str))?;
    Some(path.with_file_name(near))
}

/// Whether a word can only be meant as a path.
fn is_path(word: &str) -> bool {
    word.contains(['/', '\\', '.'])
}

/// What a folder is.
fn folder(path: &Path) -> Source {
    match !is_any(path) && gradtape_files::has_images(path) {
        true => Source::Images(path.into()),
        false => Source::Idx(path.into()),
    }
}

/// Whether a folder has files that are named as those of MNIST.
fn is_any(folder: &Path) -> bool {
    !idx_files(folder).is_empty()
}

/// The files of a folder that are named as those of MNIST, by name.
fn idx_files(folder: &Path) -> Vec<PathBuf> {
    let is_one = |name: &str| {
        ["train-", "t10k-"].iter().any(|part| name.starts_with(part)) && name.contains("idx")
    };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let own = entries.filter(|entry| entry.file_name().to_str().is_some_and(is_one));
    let mut files: Vec<PathBuf> = own.map(|entry| entry.path()).collect();
    files.sort();
    files
}

/// What a file is, by its first bytes.
fn file(path: &Path) -> Source {
    match Format::of(path) {
        Some(format) if format.is_image() => Source::Images(path.into()),
        Some(Format::Npy | Format::Npz) if gradtape_files::has_array_images(path) => {
            Source::Arrays(path.into())
        }
        _ => Source::Table(path.into()),
    }
}

fn no_such_data(word: &str) -> Failure {
    let hint = match gradtape::nearest(word, BUILT_IN.iter().copied()) {
        Some(near) => format!("did you mean {near:?}?"),
        None => format!("built in are {}", BUILT_IN.join(", ")),
    };
    Failure::usage(format!(
        "{word:?} is neither a file, a folder nor built-in data\n  hint: {hint}"
    ))
}

fn filled(table: Table) -> Outcome<Content> {
    match table.is_empty() {
        true => Err(Failure::failed(format!("{}: there is no row of data", table.source()))),
        false => Ok(Content::Table(table)),
    }
}

fn rows(data: Dataset, scale: f64, target: &'static str, test: Option<Dataset>) -> Content {
    let image = match data.inputs().shape()[1..] {
        [height, width] => Some([1, height, width]),
        [channels, height, width] => Some([channels, height, width]),
        _ => None,
    };
    let test = test.map(|test| test.flatten());
    let notes = Vec::new();
    Content::Rows(Box::new(Rows { data: data.flatten(), scale, target, image, test, notes }))
}

fn idx(path: &Path) -> Outcome<Content> {
    let found = data::read_idx_folder(path).map_err(|error| match is_any(path) {
        true => Failure::from(error),
        false => Failure::from(error)
            .note("nor are there PNG or JPEG images in folders of classes, as in pets/cat/1.png"),
    });
    let IdxFolder { train, test } = found?;
    Ok(rows(train, BYTES, "label", test))
}
