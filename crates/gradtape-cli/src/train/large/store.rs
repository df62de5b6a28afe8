//! [`Store`]: prepared rows in a file without a name, which is gone with the process.

use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use gradtape::data::{Dataset, RowSource};
use gradtape::{Error, Kind, Result, Tensor};

use crate::error::{Failure, Outcome};

/// Rows of inputs and targets, one after the other: f32 inputs or bytes, then a class number as i64, or f32 numbers.
pub(super) struct Store {
    file: Mutex<File>,
    rows: usize,
    hash: u64,
    form: Form,
}

/// How a row is written.
#[derive(Clone, Debug)]
struct Form {
    inputs: usize,
    /// How many numbers are to be predicted; none for a class.
    numbers: Option<usize>,
    features: Vec<String>,
    classes: Vec<String>,
    /// What becomes of the inputs, where they are bytes.
    levels: Option<Levels>,
}

/// What the bytes of images become for a network.
#[derive(Clone, Debug)]
pub(super) struct Levels {
    /// For each channel.
    numbers: Vec<[f32; 256]>,
}

impl Levels {
    /// Of images with so many channels, of which all or each have a mean and a scale; before, bytes are divided by `most`
    /// as those of images in memory are, so that they become the same bits.
    pub(super) fn new(channels: &[(f64, f64)], most: f64, count: usize) -> Levels {
        let number = |byte: usize, (mean, scale): (f64, f64)| {
            let share = byte as f32 / most as f32;
            match (mean, scale) == (0.0, most) {
                true => share,
                false => ((f64::from(share) * most - mean) / scale) as f32,
            }
        };
        let of = |channel: usize| {
            let own = channels.get(channel).or(channels.first()).copied().unwrap_or((0.0, most));
            std::array::from_fn(|byte| number(byte, own))
        };
        Levels { numbers: (0..count).map(of).collect() }
    }

    /// Adds the numbers of an image.
    pub(super) fn write(&self, bytes: &[u8], to: &mut Vec<f32>) {
        let plane = (bytes.len() / self.numbers.len().max(1)).max(1);
        for (numbers, plane) in self.numbers.iter().zip(bytes.chunks(plane)) {
            to.extend(plane.iter().map(|&byte| numbers[usize::from(byte)]));
        }
    }
}

/// A store that is being written.
pub(super) struct StoreWriter {
    file: BufWriter<File>,
    rows: usize,
    form: Form,
}

impl StoreWriter {
    /// In a folder, for rows like those of some data.
    pub(super) fn create(folder: &Path, alike: &Dataset) -> Outcome<StoreWriter> {
        StoreWriter::of(
            folder,
            Form {
                inputs: alike.inputs().shape()[1],
                numbers: alike.labels().is_none().then(|| alike.targets().shape()[1]),
                features: alike.features().to_vec(),
                classes: alike.classes().to_vec(),
                levels: None,
            },
        )
    }

    /// In a folder, for images of so many bytes and these classes.
    pub(super) fn of_bytes(
        folder: &Path,
        bytes: usize,
        classes: &[String],
    ) -> Outcome<StoreWriter> {
        let (features, classes) = (Vec::new(), classes.to_vec());
        // What they become is known once all are there.
        let levels = Some(Levels { numbers: Vec::new() });
        StoreWriter::of(folder, Form { inputs: bytes, numbers: None, features, classes, levels })
    }

    fn of(folder: &Path, form: Form) -> Outcome<StoreWriter> {
        let file = tempfile::tempfile_in(folder).map_err(|error| {
            Failure::failed(format!(
                "{}: no file of the prepared rows can be made there: {error}",
                folder.display()
            ))
        })?;
        Ok(StoreWriter { file: BufWriter::with_capacity(1 << 20, file), rows: 0, form })
    }

    /// Adds an image.
    pub(super) fn add_bytes(&mut self, bytes: &[u8], label: i64) -> Result<()> {
        let written = self.file.write_all(bytes);
        let written = written.and_then(|()| self.file.write_all(&label.to_le_bytes()));
        written.map_err(|error| failed("written", &error))?;
        self.rows += 1;
        Ok(())
    }

    /// Adds an image at a place among all; each place must have one at last.
    pub(super) fn put_bytes(&mut self, place: usize, bytes: &[u8], label: i64) -> Result<()> {
        let start = SeekFrom::Start(place as u64 * self.form.bytes() as u64);
        self.file.seek(start).map_err(|error| failed("written", &error))?;
        self.add_bytes(bytes, label)
    }

    /// Adds rows.
    pub(super) fn add(&mut self, data: &Dataset) -> Result<()> {
        if data.is_empty() {
            return Ok(());
        }
        let inputs = data.inputs().to_vec::<f32>()?;
        let targets: Vec<u8> = match self.form.numbers {
            None => {
                data.targets().to_vec::<i64>()?.into_iter().flat_map(i64::to_le_bytes).collect()
            }
            Some(_) => {
                data.targets().to_vec::<f32>()?.into_iter().flat_map(f32::to_le_bytes).collect()
            }
        };
        let rows = inputs.chunks(self.form.inputs).zip(targets.chunks(self.form.target_bytes()));
        let mut bytes = Vec::with_capacity(self.form.bytes() * data.len());
        for (inputs, target) in rows {
            bytes.extend(inputs.iter().flat_map(|number| number.to_le_bytes()));
            bytes.extend_from_slice(target);
        }
        self.file.write_all(&bytes).map_err(|error| failed("written", &error))?;
        self.rows += data.len();
        Ok(())
    }

    /// The store of images, to be read, whose bytes become these numbers.
    pub(super) fn finish_bytes(mut self, hash: u64, levels: Levels) -> Outcome<Store> {
        self.form.levels = Some(levels);
        self.finish(hash)
    }

    /// The store, to be read; `hash` tells whether its rows are the same as others.
    pub(super) fn finish(self, hash: u64) -> Outcome<Store> {
        let StoreWriter { file, rows, form } = self;
        let written = file.into_inner().map_err(|error| failed("written", error.error()));
        Ok(Store { file: Mutex::new(written?), rows, hash, form })
    }
}

impl Store {
    /// How many bytes a row has in memory.
    pub(super) fn row_bytes(&self) -> usize {
        4 * self.form.inputs + self.form.target_bytes()
    }
}

impl RowSource for Store {
    fn len(&self) -> usize {
        self.rows
    }

    fn fingerprint(&self) -> Option<u64> {
        Some(self.hash)
    }

    fn read(&self, rows: Range<usize>) -> Result<Dataset> {
        let (count, each) = (rows.len(), self.form.bytes());
        let mut bytes = vec![0; count * each];
        {
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            let place = SeekFrom::Start((rows.start * each) as u64);
            let read = file.seek(place).and_then(|_| file.read_exact(&mut bytes));
            read.map_err(|error| failed("read", &error))?;
        }
        let split = each - self.form.target_bytes();
        let float = |own: &[u8]| f32::from_le_bytes(own.try_into().expect("four bytes"));
        let floats = |bytes: &[u8]| -> Vec<f32> { bytes.chunks_exact(4).map(float).collect() };
        let mut inputs = Vec::with_capacity(count * self.form.inputs);
        for row in bytes.chunks_exact(each) {
            match &self.form.levels {
                Some(levels) => levels.write(&row[..split], &mut inputs),
                None => inputs.extend(row[..split].chunks_exact(4).map(float)),
            }
        }
        let inputs = Tensor::from_vec(inputs, [count, self.form.inputs])?;
        let targets = bytes.chunks(each).map(|row| &row[split..]);
        let targets = match self.form.numbers {
            None => {
                let label = |own: &[u8]| i64::from_le_bytes(own.try_into().expect("eight bytes"));
                Tensor::from_vec(targets.map(label).collect(), count)?
            }
            Some(width) => Tensor::from_vec(targets.flat_map(floats).collect(), [count, width])?,
        };
        let data = Dataset::new(inputs, targets)?;
        let data = match &self.form.features[..] {
            [] => data,
            names => data.with_features(names.iter().cloned())?,
        };
        match self.form.numbers {
            None => data.with_classes(self.form.classes.iter().cloned()),
            Some(_) => Ok(data),
        }
    }
}

impl Form {
    /// Those of a row in the file.
    fn bytes(&self) -> usize {
        let each = if self.levels.is_some() { 1 } else { 4 };
        each * self.inputs + self.target_bytes()
    }

    fn target_bytes(&self) -> usize {
        self.numbers.map_or(8, |width| 4 * width)
    }
}

fn failed(what: &str, error: &std::io::Error) -> Error {
    Error::new(Kind::File, format!("the file of the prepared rows cannot be {what}: {error}"))
        .hint("it is in the folder of --out; is there room?")
}

#[cfg(test)]
mod tests {
    use super::*;
    use gradtape::data::{iris, moons};

    #[test]
    fn rows_are_read_as_they_were_written() {
        let folder = std::env::temp_dir();
        let numbers = {
            let data = moons(50, 0.1, 1).unwrap();
            let targets = Tensor::from_vec((0..50).map(|i| i as f32).collect(), [50, 1]).unwrap();
            Dataset::new(data.inputs().clone(), targets).unwrap()
        };
        for data in [iris(), numbers] {
            let mut writer = StoreWriter::create(&folder, &data).unwrap();
            writer.add(&data.rows(&(0..20).collect::<Vec<_>>()).unwrap()).unwrap();
            writer.add(&data.rows(&[]).unwrap()).unwrap();
            writer.add(&data.rows(&(20..data.len()).collect::<Vec<_>>()).unwrap()).unwrap();
            let store = writer.finish(7).unwrap();
            assert_eq!((store.len(), store.fingerprint()), (data.len(), Some(7)));
            let all = store.read(0..data.len()).unwrap();
            assert_eq!(all.fingerprint(), data.fingerprint());
            assert_eq!((all.features(), all.classes()), (data.features(), data.classes()));
            let some = store.read(17..31).unwrap();
            assert_eq!(
                some.fingerprint(),
                data.rows(&(17..31).collect::<Vec<_>>()).unwrap().fingerprint()
            );
            assert!(store.read(data.len()..data.len() + 1).is_err());
        }
    }
    #[test]
    fn bytes_of_images_become_what_they_are_in_memory() {
        let classes = ["a".to_string(), "b".to_string()];
        for levels in [vec![(0.0, 255.0)], vec![(10.0, 2.5), (100.0, 60.0)]] {
            let mut writer = StoreWriter::of_bytes(&std::env::temp_dir(), 4, &classes).unwrap();
            writer.add_bytes(&[0, 10, 100, 255], 1).unwrap();
            writer.add_bytes(&[7, 8, 9, 11], 0).unwrap();
            let store = writer.finish_bytes(1, Levels::new(&levels, 255.0, 2)).unwrap();
            let all = store.read(0..2).unwrap();
            assert_eq!((all.labels().unwrap(), all.classes()), (&[1, 0][..], &classes[..]));
            let found = all.inputs().to_vec::<f32>().unwrap();
            for (at, byte) in [0, 10, 100, 255, 7, 8, 9, 11].into_iter().enumerate() {
                let (mean, scale) = levels[(at % 4 / 2).min(levels.len() - 1)];
                let number = (f64::from(byte) - mean) / scale;
                assert!((f64::from(found[at]) - number).abs() < 1e-5, "{at}: {found:?}");
            }
            assert_eq!(store.read(1..2).unwrap().inputs().to_vec::<f32>().unwrap(), found[4..]);
            assert!(store.read(1..3).is_err());
        }
    }
}
