//! [`Store`]: prepared rows in a file without a name, which is gone with the process.

use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use gradtape::data::{Dataset, RowSource};
use gradtape::{Error, Kind, Result, Tensor};

use crate::error::{Failure, Outcome};

/// Rows of inputs and targets, one after the other: f32 inputs, then a class number as i64, or f32 numbers.
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
}

/// A store that is being written.
pub(super) struct StoreWriter {
    file: BufWriter<File>,
    rows: usize,
    /// Of all bytes so far, FNV-1a over words.
    hash: u64,
    form: Form,
}

impl StoreWriter {
    /// In a folder, for rows like those of some data.
    pub(super) fn create(folder: &Path, alike: &Dataset) -> Outcome<StoreWriter> {
        let file = tempfile::tempfile_in(folder).map_err(|error| {
            Failure::failed(format!(
                "{}: no file of the prepared rows can be made there: {error}",
                folder.display()
            ))
        })?;
        let form = Form {
            inputs: alike.inputs().shape()[1],
            numbers: alike.labels().is_none().then(|| alike.targets().shape()[1]),
            features: alike.features().to_vec(),
            classes: alike.classes().to_vec(),
        };
        Ok(StoreWriter {
            file: BufWriter::with_capacity(1 << 20, file),
            rows: 0,
            hash: 0xcbf2_9ce4_8422_2325,
            form,
        })
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
        // A row is of whole words of four bytes.
        for word in bytes.chunks_exact(4) {
            let word = u32::from_le_bytes(word.try_into().expect("four bytes"));
            self.hash = (self.hash ^ u64::from(word)).wrapping_mul(0x0100_0000_01b3);
        }
        self.file.write_all(&bytes).map_err(|error| failed("written", &error))?;
        self.rows += data.len();
        Ok(())
    }

    /// The store, to be read.
    pub(super) fn finish(self) -> Outcome<Store> {
        let StoreWriter { file, rows, hash, form } = self;
        let written = file.into_inner().map_err(|error| failed("written", error.error()));
        Ok(Store { file: Mutex::new(written?), rows, hash, form })
    }
}

impl Store {
    /// How many bytes a row has.
    pub(super) fn row_bytes(&self) -> usize {
        self.form.bytes()
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
        let split = 4 * self.form.inputs;
        let floats = |bytes: &[u8]| -> Vec<f32> {
            bytes
                .chunks_exact(4)
                .map(|own| f32::from_le_bytes(own.try_into().expect("four bytes")))
                .collect()
        };
        let inputs: Vec<f32> = bytes.chunks(each).flat_map(|row| floats(&row[..split])).collect();
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
    fn bytes(&self) -> usize {
        4 * self.inputs + self.target_bytes()
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
            let store = writer.finish().unwrap();
            assert_eq!(store.len(), data.len());
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
}
