//! Which files of a folder are images, and of which class.

use std::fs;
use std::path::{Path, PathBuf};

use gradtape::{Error, Kind, Result};

/// The images of each class, by name.
pub(super) struct Classes {
    pub(super) classes: Vec<(String, Vec<PathBuf>)>,
}

impl Classes {
    /// All images, class after class.
    pub(super) fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.classes.iter().flat_map(|(_, files)| files)
    }
}

/// Whether a folder has images in it or in a folder of it, at most three deep.
pub fn has_images(folder: impl AsRef<Path>) -> bool {
    fn within(folder: &Path, depth: usize) -> bool {
        let Ok(Entries { folders, images, .. }) = entries(folder) else { return false };
        !images.is_empty() || depth > 0 && folders.iter().any(|(_, path)| within(path, depth - 1))
    }
    within(folder.as_ref(), 2)
}

/// The images of a folder and of the folders in it, by their names alone, in the order of their paths; or a file.
pub fn image_files(path: impl AsRef<Path>) -> Result<Vec<PathBuf>> {
    Ok(all(path.as_ref())?.0)
}

/// The classes for training, those for tests where there are any, and notes on what is left out.
pub(super) fn parts(folder: &Path) -> Result<(Classes, Option<Classes>, Vec<String>)> {
    if !folder.is_dir() {
        let message = format!("{}: a single image is no data to learn from", folder.display());
        return Err(Error::new(Kind::Data, message).hint(LAYOUT));
    }
    let Entries { folders, images, .. } = entries(folder)?;
    if let (Some(image), true) = (images.first(), folders.is_empty()) {
        let message = format!("{}: the image is in no folder of a class", image.display());
        return Err(Error::new(Kind::Data, message).hint(LAYOUT));
    }
    let part = |name: &str| folders.iter().find(|(own, _)| own == name).map(|(_, path)| path);
    let is_part = |path: &&PathBuf| entries(path).is_ok_and(|found| found.images.is_empty());
    let [train, test] = ["train", "test"].map(|name| part(name).filter(is_part));
    let mut notes = Vec::new();
    let Some(train) = train else {
        return Ok((classes(folder, &mut notes)?, None, notes));
    };
    let others = folders.iter().map(|(name, _)| name);
    let others: Vec<&str> =
        others.map(String::as_str).filter(|name| !["train", "test"].contains(name)).collect();
    if !others.is_empty() {
        notes.push(format!(
            "{}: {} left out beside train and test",
            folder.display(),
            others.join(", ")
        ));
    }
    let own = classes(train, &mut notes)?;
    let Some(test) = test else { return Ok((own, None, notes)) };
    let mut others = classes(test, &mut notes)?;
    let known = |name: &str| own.classes.iter().any(|(own, _)| own == name);
    if let Some((name, _)) = others.classes.iter().find(|(name, _)| !known(name)) {
        let message = format!("{}: train has no class {name:?}", test.join(name).display());
        return Err(Error::new(Kind::Data, message));
    }
    // By the numbers of the classes for training; one may have no test.
    let missing: Vec<&str> = own
        .classes
        .iter()
        .map(|(name, _)| &**name)
        .filter(|name| !others.classes.iter().any(|(own, _)| own == name))
        .collect();
    if !missing.is_empty() {
        let message = format!("{}: no image of {}", test.display(), missing.join(", "));
        return Err(Error::new(Kind::Data, message));
    }
    others.classes.sort();
    Ok((own, Some(others), notes))
}

/// All images of a folder and of the folders in it, by their paths; or a file alone. With notes on what is left out.
pub(super) fn all(path: &Path) -> Result<(Vec<PathBuf>, Vec<String>)> {
    if path.is_file() {
        return Ok((vec![path.to_path_buf()], Vec::new()));
    }
    let (mut files, mut notes) = (Vec::new(), Vec::new());
    let mut left = vec![(path.to_path_buf(), 0)];
    while let Some((folder, depth)) = left.pop() {
        let Entries { folders, images, others } = entries(&folder)?;
        notes.extend(left_out(&folder, &others));
        files.extend(images);
        if depth < DEEPEST {
            left.extend(folders.into_iter().map(|(_, path)| (path, depth + 1)));
        }
    }
    files.sort();
    Ok((files, notes))
}

/// The path of a file from the folder on.
pub(super) fn name(folder: &Path, file: &Path) -> String {
    let short = file.strip_prefix(folder).ok().filter(|rest| !rest.as_os_str().is_empty());
    let short = short.or(file.file_name().map(Path::new)).unwrap_or(file);
    short.to_string_lossy().replace('\\', "/")
}

/// Links may go in a circle.
const DEEPEST: usize = 16;

const LAYOUT: &str =
    "images lie in a folder for each class, as in pets/cat/1.png and pets/dog/1.jpg";

fn classes(folder: &Path, notes: &mut Vec<String>) -> Result<Classes> {
    let Entries { folders, images, .. } = entries(folder)?;
    if !images.is_empty() {
        let (folder, count) = (folder.display(), images.len());
        notes.push(format!("{folder}: images in no folder of a class, left out: {count}"));
    }
    let mut classes = Vec::new();
    for (name, path) in folders {
        let Entries { folders, images, others } = entries(&path)?;
        notes.extend(left_out(&path, &others));
        match folders.iter().find(|(_, inner)| has_images(inner)) {
            Some((_, inner)) => {
                let inner = inner.display();
                let message =
                    format!("{inner}: this folder in that of the class {name:?} has images");
                return Err(Error::new(Kind::Data, message).hint(LAYOUT));
            }
            None if images.is_empty() => {
                notes.push(format!("{}: there is no image", path.display()));
            }
            None => classes.push((name, images)),
        }
    }
    match &classes[..] {
        [] => {
            let message = format!("{}: no folder of it has PNG or JPEG images", folder.display());
            Err(Error::new(Kind::Data, message).hint(LAYOUT))
        }
        [(only, _)] => {
            let message = format!("{}: there is only one class, {only:?}", folder.display());
            Err(Error::new(Kind::Data, message).hint(LAYOUT))
        }
        _ => Ok(Classes { classes }),
    }
}

fn left_out(folder: &Path, others: &[String]) -> Option<String> {
    let shown = others[..others.len().min(5)].join(", ");
    let more = if others.len() > 5 { ", …" } else { "" };
    let text = || {
        format!(
            "{}: neither PNG nor JPEG by their names, left out: {shown}{more}",
            folder.display()
        )
    };
    (!others.is_empty()).then(text)
}

/// What is in a folder, by name; what begins with a dot is not looked at.
struct Entries {
    folders: Vec<(String, PathBuf)>,
    images: Vec<PathBuf>,
    others: Vec<String>,
}

fn entries(folder: &Path) -> Result<Entries> {
    let failed = |error| Error::new(Kind::File, format!("{}: {error}", folder.display()));
    let (mut folders, mut images, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        match () {
            () if name.starts_with('.') => {}
            () if path.is_dir() => folders.push((name, path)),
            () if ["png", "jpg", "jpeg"].contains(&&*ending) => images.push(path),
            () => others.push(name),
        }
    }
    folders.sort();
    images.sort();
    others.sort();
    Ok(Entries { folders, images, others })
}
