//! [`Losses`]: the loss of each step of a training that is compared, also of the steps before a stop.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use gradtape::io;

/// The losses by the number of the network, from 0 on, and of its step, from 1 on.
#[derive(Debug, Default)]
pub(super) struct Losses {
    all: BTreeMap<(usize, usize), f64>,
    /// Where they are kept, too.
    path: Option<PathBuf>,
    file: Option<File>,
}

impl Losses {
    /// Also kept in a file of the folder of checkpoints, so that a training that goes on from one of these has all; with those
    /// that are there, where it does.
    pub(super) fn kept(folder: &Path, goes_on: bool) -> Losses {
        let path = folder.join(NAME);
        let known =
            if goes_on { fs::read_to_string(&path).unwrap_or_default() } else { String::new() };
        Losses {
            all: known.split_inclusive('\n').filter_map(read).collect(),
            path: Some(path),
            file: None,
        }
    }

    /// Adds the loss of a step, or puts it in the place of what that step had before a stop.
    pub(super) fn add(&mut self, network: usize, step: usize, loss: f64) {
        if self.file.is_none()
            && let Some(path) = self.path.take()
        {
            // Where it cannot be written, what is missing is told once it is missed.
            self.file = self.begun(&path);
        }
        self.all.insert((network, step), loss);
        if let Some(file) = &mut self.file {
            drop(file.write_all(line(network, step, loss).as_bytes()));
        }
    }

    /// Whether steps are missing between others.
    pub(super) fn is_cut(&self) -> bool {
        let mut expected = (0, 1);
        for &(network, step) in self.all.keys() {
            if network != expected.0 {
                expected = (network, 1);
            }
            if step != expected.1 {
                return true;
            }
            expected.1 += 1;
        }
        false
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// In the order of the steps, network after network.
    pub(super) fn list(&self) -> Vec<f64> {
        self.all.values().copied().collect()
    }

    /// The file, with the losses so far.
    fn begun(&self, path: &Path) -> Option<File> {
        fs::create_dir_all(path.parent()?).ok()?;
        let known = self.all.iter().map(|(&(network, step), &loss)| line(network, step, loss));
        io::write_atomic(path, known.collect::<String>().as_bytes()).ok()?;
        OpenOptions::new().append(true).open(path).ok()
    }
}

/// Takes away the file of a training that has come to its end.
pub(super) fn forget(folder: &Path) {
    drop(fs::remove_file(folder.join(NAME)));
}

/// Its name, in the folder of checkpoints.
pub(super) const NAME: &str = "losses.csv";

fn line(network: usize, step: usize, loss: f64) -> String {
    format!("{network},{step},{loss}\n")
}

/// A line that was written to its end.
fn read(line: &str) -> Option<((usize, usize), f64)> {
    let mut cells = line.strip_suffix('\n')?.split(',');
    let [network, step, loss] = [cells.next()?, cells.next()?, cells.next()?];
    Some(((network.parse().ok()?, step.parse().ok()?), loss.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_go_on_from_any_step() {
        let folder = tempfile::tempdir().unwrap();
        let mut losses = Losses::kept(folder.path(), false);
        let loss = |step: usize| 1.0 / step as f64;
        for (network, step) in [(0, 1), (0, 2), (1, 1), (1, 2), (1, 3)] {
            losses.add(network, step, loss(step));
        }
        let want = losses.list();
        assert!(!losses.is_cut());
        // Killed while it wrote a line, which a checkpoint came before.
        let path = folder.path().join(NAME);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, &text[..text.len() - 3]).unwrap();
        let mut again = Losses::kept(folder.path(), true);
        assert_eq!(again.list(), want[..4]);
        again.add(1, 2, loss(2));
        again.add(1, 3, loss(3));
        assert_eq!(again.list(), want);
        assert_eq!(Losses::kept(folder.path(), true).list(), want);
        again.add(1, 5, 0.0);
        assert!(again.is_cut());
        assert!(Losses::kept(folder.path(), false).list().is_empty());
        forget(folder.path());
        assert!(!path.exists());
    }
}
