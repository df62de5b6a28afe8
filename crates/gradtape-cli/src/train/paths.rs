//! Files of a training that must not be one another.

use std::path::{Component, Path, PathBuf};

use super::files::named;
use super::flags::Train;
use crate::error::{Failure, Outcome};

impl Train {
    /// Fails where two flags name one file or folder.
    pub(super) fn check_paths(&self) -> Outcome {
        let own = ["model.safetensors", "history.csv", "curves.svg", "checkpoints"];
        let own = own.map(|name| ("--out".to_string(), Some(named(&self.out, name))));
        let [log, progress] = self.watch.paths();
        let given = [
            ("--out", Some(self.out.clone())),
            ("--log", log),
            ("--progress", progress.filter(|path| path != Path::new("-"))),
            ("--report", self.runs.report.clone()),
        ];
        let given = given.map(|(flag, path)| (flag.to_string(), path));
        let mut seen: Vec<(String, PathBuf)> = Vec::new();
        for (flag, path) in given.into_iter().chain(own) {
            let Some(path) = path else { continue };
            let place = place(&path);
            if let Some((other, _)) = seen.iter().find(|(_, known)| *known == place) {
                return Err(Failure::usage(format!(
                    "{other} and {flag} would both write {}\n  hint: give each a path of its own",
                    path.display()
                )));
            }
            seen.push((flag, place));
        }
        Ok(())
    }
}

/// Where a path leads, however it is written.
fn place(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    // What is not there yet is in a folder that is.
    let there = absolute.ancestors().find_map(|above| Some((above, above.canonicalize().ok()?)));
    let (mut real, rest) = match there {
        Some((above, real)) => (real, absolute.strip_prefix(above).unwrap_or(Path::new(""))),
        None => (PathBuf::new(), &*absolute),
    };
    for part in rest.components() {
        match part {
            Component::ParentDir => drop(real.pop()),
            part => real.push(part),
        }
    }
    real
}
