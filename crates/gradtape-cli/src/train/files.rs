//! The files of a training.

use std::fmt;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use gradtape::io::{self, Model};
use gradtape::train::{History, Scores};
use serde::Serialize;

use super::curves::curves;
use super::losses::NAME as LOSSES;
use crate::error::{Failure, Outcome};
use crate::interrupt::Made;
use crate::source::Source;

/// Where the files of a training go.
#[derive(Serialize)]
pub(super) struct Files {
    model: PathBuf,
    history: PathBuf,
    curves: PathBuf,
    /// The page that tells of the training, where one is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<PathBuf>,
    #[serde(skip)]
    _folder: OwnFolder,
}

/// A file of a folder; of the current one by its name alone.
pub(super) fn named(folder: &Path, name: &str) -> PathBuf {
    if folder == Path::new(".") { PathBuf::from(name) } else { folder.join(name) }
}

/// The folder of a training: no other writes to it, and it is gone again if it was made and nothing is in it.
struct OwnFolder {
    _made: Made,
    /// What keeps others away while it is open.
    _lock: Option<File>,
}

impl OwnFolder {
    fn take(folder: &Path) -> Outcome<OwnFolder> {
        let unwritable = |why: String| Failure::usage(format!("--out {}: {why}", folder.display()));
        let made = Made::folder(folder).map_err(|error| unwritable(error.to_string()))?;
        // Where a folder cannot be opened or locked there is nothing to keep others away with.
        let lock = File::open(folder).ok();
        if let Some(Err(TryLockError::WouldBlock)) = lock.as_ref().map(File::try_lock) {
            return Err(unwritable(
                "another training writes its files there\n  hint: wait for its end, or choose another folder"
                    .to_string(),
            ));
        }
        Ok(OwnFolder { _made: made, _lock: lock })
    }
}

impl Files {
    /// The files in a folder, which is made if need be. Fails when one could not be written, or is the data.
    pub(super) fn check(folder: &Path, report: Option<&Path>, source: &Source) -> Outcome<Files> {
        let unwritable = |why: String| Failure::usage(format!("--out {}: {why}", folder.display()));
        if folder.exists() && !folder.is_dir() {
            let why = "this is a file, but a folder is needed for model, history and curves";
            return Err(unwritable(why.to_string()));
        }
        let own = OwnFolder::take(folder)?;
        let name = |name: &str| named(folder, name);
        let files = Files {
            model: name("model.safetensors"),
            history: name("history.csv"),
            curves: name("curves.svg"),
            report: report.map(Path::to_path_buf),
            _folder: own,
        };
        for path in [&files.model, &files.history, &files.curves].into_iter().chain(&files.report) {
            io::check_writable(path).map_err(Failure::usage)?;
            source.spare(path)?;
        }
        files.tidy();
        Ok(files)
    }

    /// Fails where one of them is an input.
    pub(super) fn spare(&self, input: Option<&Path>, what: &str) -> Outcome {
        let Some(input) = input else { return Ok(()) };
        let mut all = [&self.model, &self.history, &self.curves].into_iter().chain(&self.report);
        all.try_for_each(|path| crate::source::spare(input, what, path))
    }

    /// Takes away what a training that was killed while it wrote left beside its files. No other writes here.
    fn tidy(&self) {
        let names = [&self.model, &self.history, &self.curves];
        let folder = self.model.parent().filter(|folder| !folder.as_os_str().is_empty());
        tidy(folder.unwrap_or(Path::new(".")), &names.map(|name| name.as_path()));
        tidy(&self.checkpoints(), &[Path::new(LOSSES)]);
    }

    /// Where checkpoints go.
    pub(super) fn checkpoints(&self) -> PathBuf {
        self.model.with_file_name("checkpoints")
    }

    /// Writes the files, each whole or not at all, the model first. Where it cannot be written, as the folder is gone
    /// or the disk is full, it goes to the folder for temporary files, so that the training is not lost.
    pub(super) fn write(
        &self,
        model: &Model,
        histories: &[History],
        held_out: Option<&Scores>,
        title: &str,
    ) -> Outcome {
        if let Some(folder) = self.model.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            // Why it cannot be made again is told of the model.
            drop(fs::create_dir_all(folder));
        }
        if let Err(error) = model.save(&self.model) {
            let beside = rescued();
            return Err(match model.save(&beside) {
                Ok(()) => {
                    Failure::from(error).note(format!("the model is in {}", beside.display()))
                }
                Err(_) => Failure::from(error),
            });
        }
        io::write_atomic(&self.history, table(histories).as_bytes())?;
        io::write_atomic(&self.curves, curves(histories, held_out, title).svg()?.as_bytes())?;
        Ok(())
    }

    /// Writes the report, if one is asked for, whole or not at all.
    pub(super) fn write_report(&self, page: impl FnOnce() -> Outcome<String>) -> Outcome {
        match &self.report {
            Some(path) => Ok(io::write_atomic(path, page()?.as_bytes())?),
            None => Ok(()),
        }
    }

    /// What to tell when a training came to nothing.
    pub(super) fn none_written(&self) -> String {
        match self.model.exists() {
            true => {
                format!("no model was saved; {} is of an earlier training", self.model.display())
            }
            false => "no model was saved".to_string(),
        }
    }

    pub(super) fn model(&self) -> impl fmt::Display + '_ {
        self.model.display()
    }
}

impl fmt::Display for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Files { model, history, curves, report, .. } = self;
        write!(f, "{}, {}, {}", model.display(), history.display(), curves.display())?;
        report.iter().try_for_each(|report| write!(f, ", {}", report.display()))
    }
}

/// Where a model goes that can be written nowhere else; one that went there before stays, as of trainings that are compared.
fn rescued() -> PathBuf {
    let folder = std::env::temp_dir();
    let mut path = folder.join(format!("gradtape-model-{}.safetensors", std::process::id()));
    let mut number = 2;
    while path.exists() {
        path = folder.join(format!("gradtape-model-{}-{number}.safetensors", std::process::id()));
        number += 1;
    }
    path
}

/// Takes away what was left of files of a folder, or of its checkpoints, by who was killed while they were written.
pub(super) fn tidy(folder: &Path, files: &[&Path]) {
    let names: Vec<String> = files
        .iter()
        .map(|path| format!(".{}.", path.file_name().unwrap_or_default().to_string_lossy()))
        .collect();
    let is_left = |name: &str| {
        // A name as `write_atomic` makes it, with six letters that nobody chose.
        let Some((start, end)) = name.split_at_checked(name.len().saturating_sub(6)) else {
            return false;
        };
        let is_checkpoint = start.starts_with('.') && start.ends_with(".checkpoint.");
        end.chars().all(|letter| letter.is_ascii_alphanumeric())
            && (is_checkpoint || names.iter().any(|own| start == own))
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let left = entries.filter(|entry| entry.file_name().to_str().is_some_and(is_left));
    // What cannot be taken away stays.
    left.for_each(|entry| drop(fs::remove_file(entry.path())));
}

/// The epochs of each network; of several, the first column has the number of the network.
fn table(histories: &[History]) -> String {
    if let [history] = histories {
        return history.to_csv();
    }
    let mut text = String::new();
    for (number, history) in (1..).zip(histories) {
        let table = history.to_csv();
        let lines = table.lines().enumerate().skip(usize::from(number > 1));
        lines.for_each(|(line, cells)| match line {
            0 => text += &format!("network,{cells}\n"),
            _ => text += &format!("{number},{cells}\n"),
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use gradtape::nn::Sequential;

    use super::*;

    #[test]
    fn each_model_that_cannot_be_written_is_kept_elsewhere() {
        let above = tempfile::tempdir().unwrap();
        let folder = above.path().join("out");
        let files = Files::check(&folder, None, &Source::Iris).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        fs::write(&folder, "a file").unwrap();
        let model = Model::new(Sequential::new());
        let kept = || {
            let failure = files.write(&model, &[], None, "").unwrap_err();
            let (_, path) = failure.message().split_once("the model is in ").unwrap();
            PathBuf::from(path.lines().next().unwrap())
        };
        let paths = [kept(), kept()];
        assert!(paths.iter().all(|path| path.is_file()) && paths[0] != paths[1], "{paths:?}");
        paths.iter().for_each(|path| fs::remove_file(path).unwrap());
    }
}
