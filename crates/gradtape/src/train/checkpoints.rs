//! [`Checkpoints`]: when and where a trainer saves itself.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::io::Checkpoint;
use crate::tensor::{Error, Kind, Result};

/// When and where a [`Trainer`](super::Trainer) saves itself: files `step-120.checkpoint` in a folder, of which the last
/// few stay, and `best.checkpoint`, from after the epoch with the lowest validation loss (without validation data, the
/// lowest training loss). Each is written whole or not at all. If nothing else is said, there is one after each epoch,
/// and the last 3 stay.
///
/// ```
/// use gradtape::nn::{Activation, Module, Sequential};
/// use gradtape::{Rng, data::moons, optim::Adam};
/// use gradtape::train::{Checkpoints, Trainer};
/// let data = moons(100, 0.1, 7)?;
/// let build = || Sequential::mlp(&[2, 8, 2], Activation::Tanh, 0.1, &mut Rng::new(7));
/// let folder = std::env::temp_dir().join(format!("gradtape-runs-{}", std::process::id()));
///
/// let net = build()?;
/// let checkpoints = Checkpoints::new(&folder).every_steps(5).keep(2);
/// Trainer::new(&net, Adam::new(&net, 0.02)).checkpoints(checkpoints).epochs(4).fit(&data, None)?;
///
/// // In another process, perhaps after the first was killed: the same bits as without a stop.
/// let again = build()?;
/// let mut trainer = Trainer::new(&again, Adam::new(&again, 0.02)).epochs(4).resume(&folder)?;
/// let history = trainer.fit(&data, None)?;
/// assert_eq!(history.epochs.len(), 4);
/// assert!(again.parameters()[0].value().equals(&net.parameters()[0].value()));
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Checkpoints {
    folder: PathBuf,
    prefix: String,
    pub(super) steps: Option<usize>,
    pub(super) epochs: Option<usize>,
    request: Option<Arc<AtomicBool>>,
    keep: usize,
    end: bool,
    pub(super) notes: BTreeMap<String, String>,
}

impl Checkpoints {
    /// In a folder, which is made when it is needed.
    pub fn new(folder: impl Into<PathBuf>) -> Checkpoints {
        Checkpoints {
            folder: folder.into(),
            prefix: String::new(),
            steps: None,
            epochs: None,
            request: None,
            keep: 3,
            end: false,
            notes: BTreeMap::new(),
        }
    }

    /// Saves after every so many steps of the optimiser, at least 1.
    #[must_use]
    pub fn every_steps(self, steps: usize) -> Self {
        Checkpoints { steps: Some(steps.max(1)), ..self }
    }

    /// Saves after every so many epochs, at least 1.
    #[must_use]
    pub fn every_epochs(self, epochs: usize) -> Self {
        Checkpoints { epochs: Some(epochs.max(1)), ..self }
    }

    /// Saves after the step during which this becomes true, and makes it false again: for a clock.
    #[must_use]
    pub fn on_request(self, request: Arc<AtomicBool>) -> Self {
        Checkpoints { request: Some(request), ..self }
    }

    /// How many of the last ones stay, at least 1; the best is not counted.
    #[must_use]
    pub fn keep(self, keep: usize) -> Self {
        Checkpoints { keep: keep.max(1), ..self }
    }

    /// Has the one at the end of the training stay too, as `end.checkpoint`: a training with more epochs can go on from
    /// it, also when others followed. A training that somebody stopped has none.
    #[must_use]
    pub fn keep_end(self) -> Self {
        Checkpoints { end: true, ..self }
    }

    /// Puts a word before the names of the files: where several trainings follow each other. Numbers in it count for
    /// what is latest.
    #[must_use]
    pub fn prefix(self, prefix: impl Into<String>) -> Self {
        Checkpoints { prefix: prefix.into(), ..self }
    }

    /// A note that each file has, as in [`Checkpoint::note`].
    #[must_use]
    pub fn note(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.notes.insert(name.into(), text.into());
        self
    }

    /// The file of a checkpoint, or the latest of a folder, or of its folder `checkpoints`. Fails where there is none.
    pub fn latest(path: impl AsRef<Path>) -> Result<PathBuf> {
        let path = path.as_ref();
        if !path.is_dir() {
            return Ok(path.to_path_buf());
        }
        let in_folder = |folder: &Path| listed(folder).ok().and_then(|mut files| files.pop());
        in_folder(path).or_else(|| in_folder(&path.join("checkpoints"))).ok_or_else(|| {
            let message = format!("{}: there is no checkpoint in this folder", path.display());
            let best = [path.to_path_buf(), path.join("checkpoints")].map(|own| own.join(BEST));
            let hint = match best.iter().find(|best| best.is_file()) {
                Some(best) => {
                    format!("the best is there, of an earlier step: name it, {}", best.display())
                }
                None => "they are files step-NUMBER.checkpoint, which a training writes on request"
                    .to_string(),
            };
            Error::new(Kind::File, message).hint(hint)
        })
    }

    /// Whether somebody asks for one now.
    pub(super) fn is_requested(&self) -> bool {
        self.request.as_ref().is_some_and(|request| request.swap(false, Ordering::Relaxed))
    }

    /// Whether nothing is said of when.
    pub(super) fn every_epoch(&self) -> bool {
        self.steps.is_none() && self.epochs.is_none() && self.request.is_none()
    }

    /// Writes one after so many batches, and takes away those that are too many.
    pub(super) fn write(&self, checkpoint: &Checkpoint, batches: u64) -> Result<PathBuf> {
        let path = self.save(checkpoint, &format!("step-{batches}"))?;
        if let Ok(files) = listed(&self.folder) {
            let many = files.len().saturating_sub(self.keep);
            // What cannot be taken away stays.
            files[..many]
                .iter()
                .filter(|old| **old != path)
                .for_each(|old| drop(fs::remove_file(old)));
        }
        Ok(path)
    }

    pub(super) fn write_best(&self, checkpoint: &Checkpoint) -> Result<PathBuf> {
        self.save(checkpoint, "best")
    }

    pub(super) fn keeps_end(&self) -> bool {
        self.end
    }

    pub(super) fn write_end(&self, checkpoint: &Checkpoint) -> Result<PathBuf> {
        self.save(checkpoint, "end")
    }

    fn save(&self, checkpoint: &Checkpoint, name: &str) -> Result<PathBuf> {
        let path = self.folder.join(format!("{}{name}.{EXTENSION}", self.prefix));
        fs::create_dir_all(&self.folder).map_err(|error| {
            Error::new(Kind::File, format!("{} cannot be made: {error}", self.folder.display()))
        })?;
        checkpoint.save(&path)?;
        Ok(path)
    }
}

/// The checkpoints after steps in a folder, the latest last.
fn listed(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        if path.extension().is_some_and(|end| end == EXTENSION) && name.contains("step-") {
            let numbers: Vec<u64> = name.split('-').filter_map(|part| part.parse().ok()).collect();
            files.push((numbers, path));
        }
    }
    files.sort();
    Ok(files.into_iter().map(|(_, path)| path).collect())
}

const EXTENSION: &str = "checkpoint";
const BEST: &str = "best.checkpoint";
