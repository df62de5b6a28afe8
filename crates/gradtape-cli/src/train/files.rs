//! The three files of a training.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use gradtape::io::{self, Model};
use gradtape::train::History;
use serde::Serialize;

use super::curves::curves;
use crate::error::{Failure, Outcome};
use crate::source::Source;

/// Where the files of a training go.
#[derive(Serialize)]
pub(super) struct Files {
    model: PathBuf,
    history: PathBuf,
    curves: PathBuf,
}

impl Files {
    /// The files in a folder, which is made if need be. Fails when one could not be written, or is the data.
    pub(super) fn check(folder: &Path, source: &Source) -> Outcome<Files> {
        let unwritable = |why: String| Failure::usage(format!("--out {}: {why}", folder.display()));
        if folder.exists() && !folder.is_dir() {
            let why = "this is a file, but a folder is needed for model, history and curves";
            return Err(unwritable(why.to_string()));
        }
        fs::create_dir_all(folder).map_err(|error| unwritable(error.to_string()))?;
        let name = |name: &str| match folder == Path::new(".") {
            true => PathBuf::from(name),
            false => folder.join(name),
        };
        let files = Files {
            model: name("model.safetensors"),
            history: name("history.csv"),
            curves: name("curves.svg"),
        };
        for path in [&files.model, &files.history, &files.curves] {
            io::check_writable(path).map_err(Failure::usage)?;
            source.spare(path)?;
        }
        Ok(files)
    }

    /// Writes the files, each whole or not at all, the model first.
    pub(super) fn write(&self, model: &Model, history: &History, title: &str) -> Outcome {
        model.save(&self.model)?;
        io::write_atomic(&self.history, history.to_csv().as_bytes())?;
        io::write_atomic(&self.curves, curves(history, title).svg()?.as_bytes())?;
        Ok(())
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
        let Files { model, history, curves } = self;
        write!(f, "{}, {}, {}", model.display(), history.display(), curves.display())
    }
}
