//! [`Archive`]: named arrays in a zip file.

use std::io::{Read, Seek};

use gradtape::{Error, Kind, Result};
use zip::ZipArchive;
use zip::result::ZipError;

use super::npy::Npy;

/// An archive of arrays.
pub(super) struct Archive<R: Read + Seek> {
    archive: ZipArchive<R>,
    source: String,
    /// The names of the arrays, with their numbers.
    names: Vec<(String, usize)>,
}

/// Which arrays of an archive are what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Roles {
    pub(super) inputs: String,
    pub(super) targets: Option<String>,
    /// Inputs and targets that are only for tests.
    pub(super) test: Option<(String, Option<String>)>,
    /// The names of columns.
    pub(super) columns: Option<String>,
    /// What is not read.
    pub(super) others: Vec<String>,
}

impl<R: Read + Seek> Archive<R> {
    pub(super) fn open(input: R, source: &str) -> Result<Archive<R>> {
        let archive = ZipArchive::new(input).map_err(|error| damaged(source, &error))?;
        let name = |number| {
            let name = archive.name_for_index(number)?.ok()?;
            Some((name.strip_suffix(".npy")?.to_string(), number))
        };
        let names: Vec<_> = (0..archive.len()).filter_map(name).collect();
        Ok(Archive { archive, source: source.to_string(), names })
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|(name, _)| name.as_str())
    }

    /// Reads an array.
    pub(super) fn array(&mut self, name: &str) -> Result<Npy> {
        self.with(name, |part, most, name| Npy::read(part, most, name))
    }

    /// Reads what an array is, without its elements, which are there as it says by all that is known.
    pub(super) fn head(&mut self, name: &str) -> Result<Npy> {
        self.with(name, |mut part, most, name| {
            let head = Npy::head(&mut part, name)?;
            head.bytes_within(most)?;
            Ok(head)
        })
    }

    /// The bytes of an array behind its head.
    pub(super) fn part(&mut self, name: &str) -> Result<impl Read + '_> {
        let source = self.source.clone();
        let number = self.number(name)?;
        let part = self.archive.by_index(number).map_err(|error| damaged(&source, &error))?;
        let mut part = std::io::BufReader::with_capacity(1 << 16, part);
        Npy::head(&mut part, &format!("{source}, array {name:?}"))?;
        Ok(part)
    }

    fn number(&self, name: &str) -> Result<usize> {
        let number = self.names.iter().find(|(own, _)| own == name).map(|(_, number)| *number);
        number.ok_or_else(|| {
            Error::new(Kind::Data, format!("{}: there is no array {name:?}", self.source))
        })
    }

    fn with(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut dyn Read, u64, &str) -> Result<Npy>,
    ) -> Result<Npy> {
        let number = self.number(name)?;
        let source = &self.source;
        let mut part = self.archive.by_index(number).map_err(|error| damaged(source, &error))?;
        // What is packed cannot unpack to more, whatever it says.
        let most = part.size().min(part.compressed_size().saturating_mul(MOST));
        read(&mut part, most, &format!("{source}, array {name:?}"))
    }

    /// Finds inputs and targets by the names that they usually have.
    pub(super) fn roles(&self) -> Result<Roles> {
        let find = |known: &[&str]| {
            let has = |name: &&&str| self.names().any(|own| own == **name);
            known.iter().find(has).map(|name| name.to_string())
        };
        let (mut inputs, mut targets) = (find(INPUTS), find(TARGETS));
        let mut test = find(TEST_INPUTS).map(|inputs| (inputs, find(TEST_TARGETS)));
        if inputs.is_none() {
            (inputs, targets) = match test.take() {
                Some((inputs, targets)) => (Some(inputs), targets),
                None if self.names.len() == 1 => (self.names().next().map(str::to_string), None),
                None => (None, None),
            };
        }
        let Some(inputs) = inputs else {
            let names: Vec<_> = self.names().take(12).map(|name| format!("{name:?}")).collect();
            let message = format!("{}: which of its arrays are inputs?", self.source);
            let error = Error::new(Kind::Data, message).note(match &names[..] {
                [] => "there is no array in it".to_string(),
                names => format!("arrays: {}", names.join(", ")),
            });
            return Err(error.hint(
                "name them: `np.savez(FILE, x=…, y=…)`, or x_train, y_train, x_test and y_test",
            ));
        };
        let columns = find(COLUMNS);
        let mut used = vec![Some(&inputs), targets.as_ref(), columns.as_ref()];
        if let Some((inputs, targets)) = &test {
            used.extend([Some(inputs), targets.as_ref()]);
        }
        let is_used = |name: &str| used.iter().flatten().any(|used| *used == name);
        let others = self.names().filter(|name| !is_used(name)).map(str::to_string).collect();
        Ok(Roles { inputs, targets, test, columns, others })
    }
}

/// What a deflated byte can stand for.
const MOST: u64 = 1032;

const INPUTS: &[&str] = &[
    "x_train",
    "X_train",
    "train_x",
    "train_images",
    "train_data",
    "x",
    "X",
    "data",
    "images",
    "inputs",
    "features",
    "arr_0",
];
const TARGETS: &[&str] = &[
    "y_train",
    "Y_train",
    "train_y",
    "train_labels",
    "train_targets",
    "y",
    "Y",
    "target",
    "targets",
    "labels",
    "label",
    "arr_1",
];
const TEST_INPUTS: &[&str] = &["x_test", "X_test", "test_x", "test_images", "test_data"];
const TEST_TARGETS: &[&str] = &["y_test", "Y_test", "test_y", "test_labels", "test_targets"];
const COLUMNS: &[&str] = &["feature_names", "columns", "names"];

fn damaged(source: &str, error: &ZipError) -> Error {
    let message = format!("{source}: this npz archive cannot be read: {error}");
    Error::new(Kind::Data, message).hint("it is damaged or cut short: write or download it again")
}
