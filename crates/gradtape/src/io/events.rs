//! [`EventWriter`]: event files, which TensorBoard shows.

mod encode;
mod picture;

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use self::encode::{Event, Histogram, Message, frame};
use super::write::failed;
use crate::tensor::{Error, Kind, Result, Tensor};

pub use self::encode::{Setting, Unit};

/// Writes a run for TensorBoard: numbers, histograms, pictures, settings and a graph, in a folder of its own.
///
/// [`TensorBoard`](crate::train::TensorBoard) writes what a [`Trainer`](crate::train::Trainer) does; this is for what
/// else a program wants to show beside it. Each call is in the file when it returns.
///
/// ```
/// use gradtape::io::EventWriter;
/// use gradtape::Tensor;
/// let folder = std::env::temp_dir().join(format!("gradtape-run-{}", std::process::id()));
/// let mut events = EventWriter::create(&folder)?;
/// for step in 0..10 {
///     events.scalar("loss", step, 1.0 / (step + 1) as f64)?;
/// }
/// events.histogram("weights", 9, &Tensor::from([0.1, -0.2, 0.4]))?;
/// // A folder is of one run.
/// let error = EventWriter::create(&folder).unwrap_err().to_string();
/// assert!(error.contains("another run") && error.contains("hint"), "{error}");
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Debug)]
pub struct EventWriter {
    file: File,
    path: PathBuf,
}

impl EventWriter {
    /// Begins a run in a folder, which is made if it is not there. Fails for a folder that has events already, since
    /// TensorBoard would draw both runs as one.
    pub fn create(folder: impl AsRef<Path>) -> Result<EventWriter> {
        let folder = folder.as_ref();
        if let Some(known) = events_in(folder) {
            let message = format!("{} has the events of another run: {known}", folder.display());
            let hint = "give this run a folder of its own beside it, or remove that one";
            return Err(Error::new(Kind::File, message).hint(hint));
        }
        EventWriter::resume(folder)
    }

    /// Goes on with a run: a new file in its folder, which may have events already. TensorBoard reads the files of a
    /// folder in order; steps that were written before are shown twice.
    pub fn resume(folder: impl AsRef<Path>) -> Result<EventWriter> {
        let folder = folder.as_ref();
        let cannot = |path: &Path, error| failed(path, "cannot be written", &error);
        fs::create_dir_all(folder).map_err(|error| cannot(folder, error))?;
        let seconds = now() as u64;
        // The name says the time, and files of the same second are told apart.
        for number in 0..u32::MAX {
            let name = format!(
                "events.out.tfevents.{seconds:010}.gradtape.{}.{number}",
                std::process::id()
            );
            let path = folder.join(name);
            match File::options().append(true).create_new(true).open(&path) {
                Ok(file) => {
                    let mut writer = EventWriter { file, path };
                    writer.write(Event::version(now()))?;
                    return Ok(writer);
                }
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(cannot(&path, error)),
            }
        }
        Err(Error::new(Kind::File, format!("{} has too many events", folder.display())))
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A number at a step, for the curve of its tag; slashes in tags make groups.
    pub fn scalar(&mut self, tag: &str, step: u64, value: f64) -> Result<()> {
        self.write(Event::scalar(now(), step, tag, value))
    }

    /// How the elements of a tensor are spread at a step, in 30 equal intervals from the least to the greatest. Those
    /// that are not finite are left out; without others, nothing is written.
    pub fn histogram(&mut self, tag: &str, step: u64, values: &Tensor) -> Result<()> {
        match Histogram::of(values) {
            Some(histogram) => self.write(Event::histogram(now(), step, tag, &histogram)),
            None => Ok(()),
        }
    }

    /// A picture of weights: below 0 blue, above 0 red, white at 0, in the scale of the greatest.
    ///
    /// Filters `[n, channels, height, width]` are tiles, each the mean of its channels; rows of a square number of
    /// elements (or of three such numbers) are tiles too, one for each row, 64 of them at most; any other matrix is
    /// one picture with a row for each row. Tensors of other ranks have none.
    pub fn weights(&mut self, tag: &str, step: u64, weights: &Tensor) -> Result<()> {
        match picture::of_weights(weights) {
            Some(picture) => self.write(Event::image(now(), step, tag, &picture)),
            None => Ok(()),
        }
    }

    /// The settings of the run, for TensorBoard's table of hyperparameters.
    pub fn settings(&mut self, settings: &[(String, Setting)]) -> Result<()> {
        self.write(Event::settings(now(), settings))
    }

    /// The end of the run, well or not, for the same table.
    pub fn end(&mut self, well: bool) -> Result<()> {
        self.write(Event::end(now(), well))
    }

    /// A graph of units that compute.
    pub fn graph(&mut self, units: &[Unit]) -> Result<()> {
        self.write(Event::graph(now(), units))
    }

    fn write(&mut self, event: Message) -> Result<()> {
        let framed = frame(&event.0);
        let written = self.file.write_all(&framed);
        written.map_err(|error| failed(&self.path, "cannot be written", &error))
    }
}

/// A file of events in a folder.
fn events_in(folder: &Path) -> Option<String> {
    let names =
        fs::read_dir(folder).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.filter(|name| name.contains("tfevents")).min()
}

/// Seconds since 1970, as events have them.
#[expect(clippy::disallowed_methods, reason = "an event says when it was")]
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

#[cfg(test)]
mod tests;
