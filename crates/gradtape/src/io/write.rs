//! Files that are written whole or not at all.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::{Builder, NamedTempFile};

use crate::tensor::{Error, Kind, Result};

/// Writes a file so that at any moment it is there whole: as it was before, or new.
///
/// The bytes go to a file beside it, which then takes its name; both the file and, on Unix, its folder are
/// on the disk when this returns. Through links the file that they point to is replaced, or made where it is
/// missing; what is no ordinary file (a pipe, a terminal) is written directly.
///
/// The folder comes last: where it alone cannot be put on the disk this fails although the new file is in its
/// place, whole, and after a loss of power the old one may be back.
///
/// ```
/// let path = std::env::temp_dir().join(format!("gradtape-{}.txt", std::process::id()));
/// gradtape::io::write_atomic(&path, b"whole")?;
/// assert_eq!(std::fs::read(&path).unwrap(), b"whole");
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), gradtape::Error>(())
/// ```
pub fn write_atomic(path: impl AsRef<Path>, bytes: &[u8]) -> Result<()> {
    write_pieces(path.as_ref(), [Ok(bytes)])
}

/// As [`write_atomic`], of what `fill` writes, as it comes. Where that fails, the file stays as it was.
///
/// ```
/// use std::io::Write;
/// let path = std::env::temp_dir().join(format!("gradtape-{}.lines", std::process::id()));
/// gradtape::io::write_atomic_with(&path, |file| {
///     for line in 0..1000 {
///         writeln!(file, "{line}").map_err(|e| gradtape::Error::new(gradtape::Kind::File, e.to_string()))?;
///     }
///     Ok(())
/// })?;
/// assert!(std::fs::read_to_string(&path).unwrap().ends_with("998\n999\n"));
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), gradtape::Error>(())
/// ```
pub fn write_atomic_with(
    path: impl AsRef<Path>,
    fill: impl FnOnce(&mut dyn Write) -> Result<()>,
) -> Result<()> {
    let path = path.as_ref();
    filled(path, |file| {
        let mut buffered = BufWriter::with_capacity(1 << 16, file);
        fill(&mut buffered)?;
        buffered.flush().map_err(|error| failed(path, "cannot be written", &error))
    })
}

/// Does something with the files beside others that this process writes at this moment, which are left where it is ended on
/// the way, by a signal. Until it is done no other one is begun: others that would begin one wait, and so would it itself.
///
/// ```
/// let path = std::env::temp_dir().join(format!("gradtape-{}.on-its-way", std::process::id()));
/// gradtape::io::write_atomic_with(&path, |_| {
///     let is_beside = |own: &std::path::PathBuf| own.parent() == path.parent() && *own != path;
///     assert!(gradtape::io::with_unfinished(|files| files.iter().any(is_beside)));
///     Ok(())
/// })?;
/// assert!(gradtape::io::with_unfinished(|files| files.is_empty()));
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), gradtape::Error>(())
/// ```
pub fn with_unfinished<T>(done: impl FnOnce(&[PathBuf]) -> T) -> T {
    done(&all_unfinished())
}

static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn all_unfinished() -> MutexGuard<'static, Vec<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Fails when [`write_atomic`] would: the folder is not there or takes no new file, the file is
/// read-only or is a folder. To be called before long work; nothing is changed.
pub fn check_writable(path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    check(path).map_err(|error| failed(path, "cannot be written", &error))
}

/// An error of the operating system about a file.
pub(super) fn failed(path: &Path, what: &str, error: &io::Error) -> Error {
    Error::new(Kind::File, format!("{} {what}: {error}", path.display()))
}

/// As [`write_atomic`], piece after piece. The first piece that is an error ends it, and leaves the file as
/// it was.
pub(super) fn write_pieces<B: AsRef<[u8]>>(
    path: &Path,
    pieces: impl IntoIterator<Item = Result<B>>,
) -> Result<()> {
    filled(path, |file| {
        let cannot = |error: io::Error| failed(path, "cannot be written", &error);
        let mut pieces = pieces.into_iter();
        pieces.try_for_each(|piece| file.write_all(piece?.as_ref()).map_err(cannot))
    })
}

/// Fills a file, or leaves it as it was.
fn filled(path: &Path, fill: impl FnOnce(&mut File) -> Result<()>) -> Result<()> {
    let cannot = |error: io::Error| failed(path, "cannot be written", &error);
    let Some(target) = target(path).map_err(cannot)? else {
        return fill(&mut File::create(path).map_err(cannot)?);
    };
    let mut beside = create_beside(&target).map_err(cannot)?;
    fill(beside.file.as_file_mut())?;
    put(beside, &target).map_err(cannot)
}

/// Gives a file that is complete the name and the permissions of another.
fn put(beside: Beside, path: &Path) -> io::Result<()> {
    let Beside { file, noted: _noted } = beside;
    if let Ok(known) = fs::metadata(path) {
        file.as_file().set_permissions(known.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(path).map_err(|refused| refused.error)?;
    sync_folder(path)
}

/// Puts the new name of a file on the disk. Where folders cannot be opened there is nothing to do.
fn sync_folder(path: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    match File::open(folder(path)).and_then(|folder| folder.sync_all()) {
        // Some folders may be written but not read, and some file systems cannot do it.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::PermissionDenied
                    | io::ErrorKind::InvalidInput
                    | io::ErrorKind::Unsupported
            ) =>
        {
            Ok(())
        }
        done => done,
    }
}

/// Where links that lead to nothing yet point to.
fn follow(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_path_buf();
    // As many as Linux follows. Links in a circle were refused before.
    for _ in 0..40 {
        let Ok(to) = fs::read_link(&path) else { return Ok(path) };
        path = path.parent().map_or_else(|| to.clone(), |folder| folder.join(&to));
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "too many links"))
}

fn check(path: &Path) -> io::Result<()> {
    match target(path)? {
        Some(path) => create_beside(&path)?.file.close(),
        None => Ok(()),
    }
}

/// The file that is to be replaced; `None` when it is no ordinary one.
fn target(path: &Path) -> io::Result<Option<PathBuf>> {
    let refuse = |kind, why: &str| Err(io::Error::new(kind, why));
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => {
            refuse(io::ErrorKind::IsADirectory, "there is a folder of this name")
        }
        Ok(found) if !found.is_file() => Ok(None),
        Ok(found) if found.permissions().readonly() => {
            refuse(io::ErrorKind::PermissionDenied, "the file is read-only")
        }
        Ok(_) => fs::canonicalize(path).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => follow(path).map(Some),
        Err(error) => Err(error),
    }
}

/// A new file in the folder of another one, which is gone when it is dropped without having been put in place.
struct Beside {
    file: NamedTempFile,
    noted: Noted,
}

/// What is among the unfinished files until it is dropped.
struct Noted(PathBuf);

impl Drop for Noted {
    fn drop(&mut self) {
        all_unfinished().retain(|path| *path != self.0);
    }
}

/// A new file in the same folder.
fn create_beside(path: &Path) -> io::Result<Beside> {
    let Some(name) = path.file_name() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "a name is missing"));
    };
    let mut prefix = OsString::from(".");
    prefix.push(name);
    prefix.push(".");
    // There is no moment in which it is there and not known.
    let mut all = all_unfinished();
    // Made with the permissions that any new file has here, which are not those of a temporary one.
    let file = Builder::new()
        .prefix(&prefix)
        .make_in(folder(path), |path| File::options().write(true).create_new(true).open(path))?;
    all.push(file.path().to_path_buf());
    let noted = Noted(file.path().to_path_buf());
    Ok(Beside { file, noted })
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("gradtape-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        path
    }

    fn names(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string());
        let mut names: Vec<String> = names.map(|name| name.unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn files_are_replaced_whole() {
        let folder = folder("whole");
        let path = folder.join("a.txt");
        check_writable(&path).unwrap();
        assert!(names(&folder).is_empty(), "checking leaves nothing behind");
        write_atomic(&path, b"first").unwrap();
        write_atomic(&path, b"2").unwrap();
        check_writable(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"2");
        assert_eq!(names(&folder), ["a.txt"]);
        #[cfg(unix)]
        {
            let link = folder.join("link");
            std::os::unix::fs::symlink(&path, &link).unwrap();
            write_atomic(&link, b"through").unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"through");
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn no_file_is_begun_while_those_on_their_way_are_looked_at() {
        let folder = folder("held");
        let path = folder.join("a.txt");
        let checks = std::thread::scope(|scope| {
            let checks = with_unfinished(|_| {
                let checks = scope.spawn(|| check_writable(&path));
                for _ in 0..20 {
                    std::thread::sleep(std::time::Duration::from_millis(1));
                    assert!(names(&folder).is_empty(), "{:?}", names(&folder));
                }
                assert!(!checks.is_finished());
                checks
            });
            checks.join().unwrap()
        });
        checks.unwrap();
        assert!(names(&folder).is_empty());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_piece_that_fails_leaves_the_file_as_it_was() {
        let folder = folder("pieces");
        let path = folder.join("a.txt");
        write_pieces(&path, [Ok("one "), Ok("two")]).unwrap();
        let error = Error::new(Kind::Value, "no third");
        let failed = write_pieces(&path, [Ok("half"), Err(error), Ok("more")]).unwrap_err();
        assert!(failed.message().contains("no third"), "{failed}");
        assert_eq!(fs::read(&path).unwrap(), b"one two");
        assert_eq!(names(&folder), ["a.txt"]);
        fs::remove_dir_all(folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn permissions_are_those_of_a_new_file_or_of_the_file_before() {
        use std::os::unix::fs::PermissionsExt;
        let folder = folder("permissions");
        let mode = |name: &str| fs::metadata(folder.join(name)).unwrap().permissions().mode();
        fs::write(folder.join("plain"), b"x").unwrap();
        write_atomic(folder.join("new"), b"x").unwrap();
        assert_eq!(mode("new"), mode("plain"));
        for bits in [0o600, 0o640, 0o755] {
            fs::set_permissions(folder.join("new"), fs::Permissions::from_mode(bits)).unwrap();
            write_atomic(folder.join("new"), b"y").unwrap();
            assert_eq!(mode("new") & 0o777, bits);
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn errors_tell_the_name_that_was_asked_for() {
        let path = Path::new("no-such-folder").join("a.txt");
        for error in [check_writable(&path).unwrap_err(), write_atomic(&path, b"x").unwrap_err()] {
            let text = error.to_string();
            assert!(text.starts_with(&format!("{} cannot be written: ", path.display())), "{text}");
            assert!(!text.contains(".a.txt"), "{text}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_to_what_is_not_there_yet_are_followed() {
        use std::os::unix::fs::symlink;
        let folder = folder("dangling");
        fs::create_dir(folder.join("below")).unwrap();
        // One of a relative link to a link, whose target is beside it.
        symlink("below/second", folder.join("first")).unwrap();
        symlink("made", folder.join("below/second")).unwrap();
        check_writable(folder.join("first")).unwrap();
        write_atomic(folder.join("first"), b"new").unwrap();
        assert_eq!(fs::read(folder.join("below/made")).unwrap(), b"new");
        assert_eq!(names(&folder), ["below", "first"]);
        assert_eq!(names(&folder.join("below")), ["made", "second"]);
        symlink("no/such", folder.join("lost")).unwrap();
        assert!(write_atomic(folder.join("lost"), b"x").is_err());
        symlink("round", folder.join("round")).unwrap();
        assert!(write_atomic(folder.join("round"), b"x").is_err());
        assert!(fs::symlink_metadata(folder.join("round")).unwrap().is_symlink());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_cannot_be_written_is_told_and_left_alone() {
        let folder = folder("refused");
        let refused = |path: &Path, word: &str| {
            for error in [check_writable(path).unwrap_err(), write_atomic(path, b"x").unwrap_err()]
            {
                let text = error.to_string();
                assert!(text.contains(word) && text.contains(&*path.to_string_lossy()), "{text}");
                assert_eq!(error.kind(), Kind::File);
            }
        };
        refused(&folder, "folder of this name");
        refused(&folder.join("no").join("such"), "cannot be written");
        let path = folder.join("kept");
        fs::write(&path, b"kept").unwrap();
        refused(&path.join("below"), "cannot be written");
        let mut permissions = fs::metadata(&path).unwrap().permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&path, permissions).unwrap();
        refused(&path, "read-only");
        assert_eq!(fs::read(&path).unwrap(), b"kept");
        assert_eq!(names(&folder), ["kept"]);
        fs::remove_dir_all(folder).unwrap();
    }
}
