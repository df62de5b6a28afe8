//! Folders of images, by class or not.

mod decode;
mod files;
mod find;
#[cfg_attr(not(feature = "images"), allow(dead_code, reason = "nothing is decoded without it"))]
mod orientation;
#[cfg_attr(not(feature = "images"), allow(dead_code, reason = "nothing is decoded without it"))]
mod picture;

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::{fs, thread};

use gradtape::data::Dataset;
use gradtape::{Error, Kind, Result, Tensor};

pub use self::files::{Found, ImageFiles};
use self::find::Classes;
pub use self::find::{has_images, image_files};
use self::picture::Picture;

/// How images are read.
#[derive(Clone, Debug, Default)]
pub struct ImageOptions {
    /// The height and the width that images are brought to, stretched to fit. By default all must have the same size.
    pub size: Option<[usize; 2]>,
    /// By default grey where all images are, else RGB.
    pub channels: Option<Channels>,
    /// Whether images that cannot be read are left out, with a note.
    pub skip_broken: bool,
}

/// The channels of images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channels {
    /// One.
    Grey,
    /// Red, green and blue.
    Rgb,
}

/// What [`read_image_folder`] found.
#[derive(Clone, Debug)]
pub struct ImageFolder {
    /// All images, or those of the folder `train`.
    pub train: Dataset,
    /// Those of the folder `test`, where there are both.
    pub test: Option<Dataset>,
    /// What was left out.
    pub notes: Vec<String>,
}

/// What [`read_images`] found.
#[derive(Clone, Debug)]
pub struct Images {
    /// `[n, height, width]` of grey images, else `[n, 3, height, width]`; f32, 0 to 1.
    pub inputs: Tensor,
    /// The path of each image, from the folder on.
    pub files: Vec<String>,
    /// What was left out.
    pub notes: Vec<String>,
}

/// Reads PNG and JPEG images from a folder that has a folder for each class, `pets/cat/1.png`, `pets/dog/7.jpg`, or
/// from folders `train` and `test` with such folders in them.
///
/// Inputs have shape `[n, height, width]` where images are grey, else `[n, 3, height, width]` (f32, 0 to 1), targets are
/// class numbers. Classes are the names of the folders, in the order of the alphabet; so are the images of each.
/// Photographs are turned as their camera noted (EXIF). Transparency is left out, numbers of 16 bits are cut to 8.
///
/// Fails when sizes differ and no size is asked for, when an image is broken, and when there are no two classes; errors
/// name the files.
pub fn read_image_folder(folder: impl AsRef<Path>, options: &ImageOptions) -> Result<ImageFolder> {
    let folder = folder.as_ref();
    let (train, test, mut notes) = find::parts(folder)?;
    let all: Vec<PathBuf> =
        train.files().chain(test.iter().flat_map(Classes::files)).cloned().collect();
    let read = read(folder, &all, options)?;
    notes.extend(read.notes);
    let (mut number, mut kept) = (0, read.pictures.into_iter().peekable());
    let mut dataset = |classes: &Classes| -> Result<Dataset> {
        let (mut labels, mut pictures) = (Vec::new(), Vec::new());
        for (class, (_, files)) in classes.classes.iter().enumerate() {
            for _ in files {
                if let Some((_, picture)) = kept.next_if(|(at, _)| *at == number) {
                    labels.push(class as i64);
                    pictures.push(picture);
                }
                number += 1;
            }
        }
        for (class, (name, _)) in classes.classes.iter().enumerate() {
            if !labels.contains(&(class as i64)) {
                let message = format!("{}: no image of {name:?} can be read", folder.display());
                return Err(Error::new(Kind::Data, message));
            }
        }
        let inputs = tensor(&pictures, read.channels, read.size)?;
        let names = train.classes.iter().map(|(name, _)| name.clone());
        Dataset::new(inputs, Tensor::from_vec(labels, pictures.len())?)?.with_classes(names)
    };
    Ok(ImageFolder {
        train: dataset(&train)?,
        test: test.as_ref().map(dataset).transpose()?,
        notes,
    })
}

/// Reads the images of a file or of a folder with all that are in it, in the order of their paths.
///
/// Fails as [`read_image_folder`] does, but for what it says of classes.
pub fn read_images(path: impl AsRef<Path>, options: &ImageOptions) -> Result<Images> {
    let path = path.as_ref();
    let (all, mut notes) = find::all(path)?;
    let read = read(path, &all, options)?;
    notes.extend(read.notes);
    let (numbers, pictures): (Vec<usize>, Vec<Picture>) = read.pictures.into_iter().unzip();
    let files = numbers.into_iter().map(|number| find::name(path, &all[number])).collect();
    Ok(Images { inputs: tensor(&pictures, read.channels, read.size)?, files, notes })
}

/// Images of one size.
struct Read {
    size: [usize; 2],
    channels: usize,
    /// With the number of the file.
    pictures: Vec<(usize, Picture)>,
    notes: Vec<String>,
}

fn read(folder: &Path, files: &[PathBuf], options: &ImageOptions) -> Result<Read> {
    let (mut pictures, mut broken) = (Vec::new(), Vec::new());
    for (number, picture) in decoded(files, options.size).into_iter().enumerate() {
        match picture {
            Ok(picture) => pictures.push((number, picture)),
            Err(words) => broken.push(format!("{}: {words}", files[number].display())),
        }
    }
    let mut notes = Vec::new();
    match &broken[..] {
        [] => {}
        _ if options.skip_broken && !pictures.is_empty() => {
            notes.push(left_out(&broken, files.len()));
        }
        broken => return Err(unreadable(broken)),
    }
    let Some((first, picture)) = pictures.first() else {
        return Err(Error::new(Kind::Data, format!("{}: there are no images", folder.display())));
    };
    let size = picture.size();
    if let Some((other, picture)) = pictures.iter().find(|(_, picture)| picture.size() != size) {
        return Err(different([&files[*first], &files[*other]], [size, picture.size()]));
    }
    let channels = match options.channels {
        Some(Channels::Grey) => 1,
        Some(Channels::Rgb) => 3,
        None if pictures.iter().all(|(_, picture)| picture.is_grey()) => 1,
        None => 3,
    };
    Ok(Read { size, channels, pictures, notes })
}

/// A note on images that are left out, each with what is wrong with it.
fn left_out(broken: &[String], of: usize) -> String {
    let more = if broken.len() > 3 { ", …" } else { "" };
    format!(
        "{} of {of} images left out, they cannot be read: {}{more}",
        broken.len(),
        broken[..broken.len().min(3)].join("; ")
    )
}

/// The error of images that cannot be read, each with what is wrong with it.
fn unreadable(broken: &[String]) -> Error {
    let first = broken.first().map_or("", String::as_str);
    let error = Error::new(Kind::Data, format!("{first}; the image cannot be read"));
    let told = |error: Error, other: &String| error.note(other.clone());
    let mut error = broken.iter().skip(1).take(4).fold(error, told);
    if broken.len() > 5 {
        error = error.note(format!("and {} more", broken.len() - 5));
    }
    error.hint("--skip-broken leaves out images that cannot be read")
}

/// The error of two images that have other sizes.
fn different(files: [&Path; 2], [[height, width], [h, w]]: [[usize; 2]; 2]) -> Error {
    let message = format!(
        "images of different sizes: {} has {height} x {width} pixels, {} has {h} x {w}",
        files[0].display(),
        files[1].display()
    );
    let hint = format!("--resize {height}x{width} brings all to one height and width");
    Error::new(Kind::Data, message).hint(hint)
}

/// Each file's image at a size, in the order of the files; or what is wrong with it, in words.
fn decoded(files: &[PathBuf], size: Option<[usize; 2]>) -> Vec<Result<Picture, String>> {
    let one = |file: &PathBuf| {
        let bytes = fs::read(file).map_err(|error| error.to_string())?;
        let picture = decode::decode(&bytes)?;
        Ok(size.map(|size| picture.resized(size)).unwrap_or(picture))
    };
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    let share = files.len().div_ceil(workers).max(16);
    thread::scope(|scope| {
        let work = |part| scope.spawn(move || Vec::from_iter(<[PathBuf]>::iter(part).map(one)));
        let parts: Vec<_> = files.chunks(share).map(work).collect();
        let ended = parts.into_iter().zip(files.chunks(share)).map(|(part, files)| {
            let broken = |_| vec![Err("the decoder failed".to_string()); files.len()];
            part.join().unwrap_or_else(broken)
        });
        ended.flatten().collect()
    })
}

fn tensor(pictures: &[Picture], channels: usize, [height, width]: [usize; 2]) -> Result<Tensor> {
    let mut numbers = Vec::with_capacity(pictures.len() * channels * height * width);
    pictures.iter().for_each(|picture| picture.write(channels, &mut numbers));
    match channels {
        1 => Tensor::from_vec(numbers, [pictures.len(), height, width]),
        _ => Tensor::from_vec(numbers, [pictures.len(), channels, height, width]),
    }
}
