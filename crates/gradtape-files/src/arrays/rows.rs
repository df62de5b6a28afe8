//! What arrays stand for: images with their classes, or a table.

use std::fs::File;
use std::io::BufReader;
#[cfg(feature = "npz")]
use std::io::{Cursor, Read, Seek};
use std::path::Path;

use gradtape::data::{Dataset, Table, TableBuilder};
use gradtape::{Error, Kind, Result, Tensor};

#[cfg(feature = "npz")]
use super::archive::{Archive, Roles};
#[cfg(feature = "npz")]
use super::labels::Labels;
use super::npy::Npy;
use crate::budget::Budget;
use crate::table::{failed, length_of};
use crate::{Format, TableOptions};

/// What [`read_array_images`] found.
#[derive(Clone, Debug)]
pub struct ArrayImages {
    /// Images, `[n, height, width]` or `[n, channels, height, width]`, or as rows, `[n, width]`; f32.
    pub inputs: Tensor,
    /// The same with their classes, where the file has them.
    pub train: Option<Dataset>,
    /// Those that are only for tests, with their classes.
    pub test: Option<Dataset>,
    /// How many steps of a byte a difference of 1 in the inputs stands for: 255 of bytes and of other numbers from 0 to at
    /// most 255, whether these were divided or are from 0 to 1 already; else 1, as of inputs that were standardised.
    pub scale: f64,
    /// What the user should know.
    pub notes: Vec<String>,
}

/// Whether a file of NumPy (npy, npz) holds images: inputs of three or four axes, or bytes in two axes with a part for
/// tests.
pub fn has_array_images(path: &Path) -> bool {
    heads(path).is_ok_and(|is_images| is_images)
}

/// Reads images from a file of NumPy: an archive (npz) with `x_train`, `y_train`, `x_test` and `y_test`, or with `x` and
/// `y`, or a single array (npy), which has no classes.
///
/// Images have shape `[n, height, width]`, or with channels, 1, 3 or 4 of them, as the last or the second axis; of any
/// numbers `[n, width]` are images as rows. Of bytes the 255th part is taken, and with a note of other numbers from 0 to
/// more than 2 and at most 255; those from 0 to 2 are taken as they are, since a little above 1 is still meant as white.
/// Classes are images numbers or texts, or places of a 1 among zeros. `inputs` are those of the test part where there is one
/// and where `for_tests`.
///
/// Fails where shapes do not fit, where a number is not finite, and where numbers for tests are divided and those for
/// training are not, or the other way; errors name the array, and rows from 1.
pub fn read_array_images(path: impl AsRef<Path>, for_tests: bool) -> Result<ArrayImages> {
    let path = path.as_ref();
    let source = path.display().to_string();
    let file = File::open(path).map_err(|error| failed(&source, &error))?;
    let length = length_of(&file, &source)?;
    let input = BufReader::with_capacity(1 << 16, file);
    match Format::of(path) {
        Some(Format::Npy) => {
            let images = Images::of(&Npy::read(input, length, &source)?)?;
            let (scale, notes) = (images.scale, images.note.into_iter().collect());
            Ok(ArrayImages { inputs: images.tensor, train: None, test: None, scale, notes })
        }
        #[cfg(feature = "npz")]
        Some(Format::Npz) => of_archive(Archive::open(input, &source)?, &source, for_tests),
        #[cfg(not(feature = "npz"))]
        Some(Format::Npz) => Err(crate::table::not_built_in(Format::Npz, &source)),
        _ => {
            let _ = for_tests;
            let message = format!("{source}: this is no file of NumPy (npy, npz)");
            Err(Error::new(Kind::Data, message).hint("write it by `numpy.save` or `numpy.savez`"))
        }
    }
}

#[cfg(feature = "npz")]
fn of_archive<R: Read + Seek>(
    mut archive: Archive<R>,
    source: &str,
    for_tests: bool,
) -> Result<ArrayImages> {
    let Roles { inputs, targets, test, others, .. } = archive.roles()?;
    let mut notes = Vec::new();
    if !others.is_empty() {
        notes.push(format!("arrays left out: {}", others.join(", ")));
    }
    if let (true, Some((inputs, _))) = (for_tests, &test) {
        let images = Images::of(&archive.array(inputs)?)?;
        notes.extend(images.note);
        let (inputs, scale) = (images.tensor, images.scale);
        return Ok(ArrayImages { inputs, train: None, test: None, scale, notes });
    }
    let images = Images::of(&archive.array(&inputs)?)?;
    notes.extend(images.note.clone());
    let scale = images.scale;
    let targets = match targets {
        Some(targets) if !for_tests => Some(Labels::of(&archive.array(&targets)?, None)?),
        _ => None,
    };
    let Some(labels) = targets else {
        let inputs = images.tensor;
        return Ok(ArrayImages { inputs, train: None, test: None, scale, notes });
    };
    let classes = labels.classes.clone();
    let train = dataset(&images, labels, source)?;
    let test = match test {
        Some((inputs, Some(targets))) => {
            let others = Images::of(&archive.array(&inputs)?)?;
            let labels = Labels::of(&archive.array(&targets)?, Some(&classes))?;
            let own = &others.tensor.shape()[1..];
            if own != &train.inputs().shape()[1..] {
                let message = format!(
                    "{source}: test images of {own:?} numbers, training images of {:?}",
                    &train.inputs().shape()[1..]
                );
                return Err(Error::new(Kind::Data, message));
            }
            alike(&images, &others, source)?;
            notes.extend(others.note.as_ref().map(|note| format!("for tests {note}")));
            Some(dataset(&others, labels, source)?)
        }
        _ => None,
    };
    Ok(ArrayImages { inputs: images.tensor, train: Some(train), test, scale, notes })
}

/// Fails where images for training and for tests would not have one unit.
#[cfg(feature = "npz")]
fn alike(train: &Images, test: &Images, source: &str) -> Result<()> {
    // Bytes are divided whatever they are; others because of what is among them.
    let some_bytes = train.found.is_bytes || test.found.is_bytes;
    if train.scale == test.scale && (some_bytes || train.found.divided == test.found.divided) {
        return Ok(());
    }
    let range = |images: &Images| {
        let (low, high) = images.found.range;
        format!("from {low} to {high}")
    };
    let message = format!(
        "{source}: inputs for tests are {}, those for training {}, which would not be in one unit",
        range(test),
        range(train)
    );
    Err(Error::new(Kind::Data, message)
        .hint("write both as bytes, or both as numbers from 0 to 1: `x.astype('float32') / 255`"))
}

#[cfg(feature = "npz")]
fn dataset(images: &Images, labels: Labels, source: &str) -> Result<Dataset> {
    let (rows, count) = (images.tensor.shape()[0], labels.numbers.len());
    if rows != count {
        return Err(Error::new(Kind::Data, format!("{source}: {rows} inputs, but {count} labels")));
    }
    let targets = Tensor::from_vec(labels.numbers, rows)?;
    Dataset::new(images.tensor.clone(), targets)?.with_classes(labels.classes)
}

/// Images of an array.
struct Images {
    tensor: Tensor,
    /// What is said in [`ArrayImages`].
    scale: f64,
    note: Option<String>,
    #[cfg_attr(not(feature = "npz"), allow(dead_code, reason = "only archives have two of them"))]
    found: Found,
}

/// What an array of images held.
#[cfg_attr(not(feature = "npz"), allow(dead_code, reason = "only archives have two of them"))]
struct Found {
    is_bytes: bool,
    range: (f32, f32),
    divided: bool,
}

impl Images {
    fn of(array: &Npy) -> Result<Images> {
        let name = &array.name;
        if !array.is_number() {
            let message = format!("{name}: inputs are numbers, these are not");
            return Err(Error::new(Kind::Data, message));
        }
        let (_, width) = array.rows();
        let mut numbers = array.numbers();
        if let Some(at) = numbers.iter().position(|number| !number.is_finite()) {
            let message =
                format!("{name}: row {} has a number that is not finite", at / width.max(1) + 1);
            return Err(Error::new(Kind::Data, message));
        }
        let (low, high) = numbers
            .iter()
            .fold((f32::MAX, f32::MIN), |(low, high), &number| (low.min(number), high.max(number)));
        let is_bytes = array.is_bytes();
        let divided = is_bytes || (low >= 0.0 && high > WHITE && high <= 255.0);
        if divided {
            numbers.iter_mut().for_each(|number| *number /= 255.0);
        }
        let (scale, note) = match () {
            () if is_bytes || (low >= 0.0 && high <= 1.0) => (255.0, None),
            () if divided => {
                (255.0, Some(format!("inputs from {low} to {high} are divided by 255")))
            }
            () => {
                let scale = if low >= 0.0 && high <= WHITE { 255.0 } else { 1.0 };
                (scale, Some(format!("inputs from {low} to {high} are taken as they are")))
            }
        };
        let found = Found { is_bytes, range: (low, high), divided };
        let shape = match array.shape[..] {
            [n, height, width] => vec![n, height, width],
            [n, width] => vec![n, width],
            [n, height, width, 1] | [n, 1, height, width] => vec![n, height, width],
            [n, height, width, channels @ (3 | 4)] => {
                let pixels = height * width;
                let mut own = Vec::with_capacity(numbers.len());
                for image in numbers.chunks_exact(pixels * channels) {
                    for channel in 0..channels {
                        own.extend(image.iter().skip(channel).step_by(channels));
                    }
                }
                numbers = own;
                vec![n, channels, height, width]
            }
            [n, channels @ (3 | 4), height, width] => vec![n, channels, height, width],
            _ => {
                let message = format!("{name}: {:?} is no shape of images", array.shape);
                return Err(Error::new(Kind::Data, message).hint(
                    "images are [n, height, width], or with 1, 3 or 4 channels as the last or the second axis",
                ));
            }
        };
        Ok(Images { tensor: Tensor::from_vec(numbers, shape)?, scale, note, found })
    }
}

/// The largest number of images whose white is 1; interpolation puts a few above it.
const WHITE: f32 = 2.0;

/// Whether the file holds images, by the headers of its arrays.
fn heads(path: &Path) -> Result<bool> {
    let source = path.display().to_string();
    let open = || -> Result<BufReader<File>> {
        Ok(BufReader::new(File::open(path).map_err(|error| failed(&source, &error))?))
    };
    match Format::of(path) {
        Some(Format::Npy) => Ok(Npy::head(&mut open()?, &source)?.shape.len() > 2),
        #[cfg(feature = "npz")]
        Some(Format::Npz) => {
            let mut archive = Archive::open(open()?, &source)?;
            let Roles { inputs, test, .. } = archive.roles()?;
            let inputs = archive.head(&inputs)?;
            let is_flat = inputs.shape.len() == 2 && inputs.is_bytes() && test.is_some();
            Ok(inputs.shape.len() > 2 || is_flat)
        }
        _ => Ok(false),
    }
}

/// The table of an array: a column for each element of a row, `c0` and so on.
pub(crate) fn table_of_npy(bytes: Vec<u8>, source: &str, options: &TableOptions) -> Result<Table> {
    let length = bytes.len() as u64;
    let array = Npy::read(&bytes[..], length, source)?;
    let mut budget = Budget::new(source, length, options.most);
    let mut table = TableBuilder::new(source, &options.csv);
    columns(&mut table, &array, None, &mut budget)?;
    table.finish()
}

/// The table of inputs and targets.
#[cfg(feature = "npz")]
pub(crate) fn table_of_npz(bytes: Vec<u8>, source: &str, options: &TableOptions) -> Result<Table> {
    let mut budget = Budget::new(source, bytes.len() as u64, options.most);
    let mut archive = Archive::open(Cursor::new(bytes), source)?;
    let Roles { inputs, targets, test, columns: names, others } = archive.roles()?;
    let mut table = TableBuilder::new(source, &options.csv);
    let array = archive.array(&inputs)?;
    let names = match names {
        Some(names) => Some(archive.array(&names)?).filter(Npy::is_text),
        None => None,
    };
    columns(&mut table, &array, names.as_ref(), &mut budget)?;
    let tests = match (&targets, test) {
        (Some(_), Some((inputs, Some(targets)))) => {
            Some([archive.array(&inputs)?, archive.array(&targets)?])
        }
        (_, Some((inputs, _))) => {
            table.note(format!(
                "{inputs} is left out: it has no answers, as y_test would be; predict it from a file of its own"
            ));
            None
        }
        (_, None) => None,
    };
    if let Some([inputs, _]) = &tests {
        let [width, own] = [&array, inputs].map(|array| array.rows().1);
        if width != own || inputs.shape.len() > 2 || inputs.is_number() != array.is_number() {
            let message = format!("{}: {own} columns for tests, {width} to train on", inputs.name);
            return Err(Error::new(Kind::Data, message)
                .hint("both have the same columns, of the same kind: shapes [rows, columns]"));
        }
        budget.cells(inputs.rows().0 as u64, width as u64)?;
        (0..width).try_for_each(|place| column(&mut table, place, inputs, place, &mut budget))?;
        table.for_tests(inputs.rows().0);
    }
    if let Some(own) = targets {
        let array = archive.array(&own)?;
        let rows = array.rows().0;
        check_answers(&array)?;
        budget.cells(rows as u64, 1)?;
        let place = table.column(&answers_name(&own));
        table.target(place);
        column(&mut table, place, &array, 0, &mut budget)?;
        if let Some([inputs, targets]) = &tests {
            if targets.rows() != (inputs.rows().0, 1) {
                let (answers, width) = targets.rows();
                let message = format!(
                    "{}: {answers} answers of {width} values for {} rows",
                    targets.name,
                    inputs.rows().0
                );
                return Err(
                    Error::new(Kind::Data, message).hint("there is one for each row of the inputs")
                );
            }
            column(&mut table, place, targets, 0, &mut budget)?;
        }
    }
    if !others.is_empty() {
        table.note(format!("arrays left out: {}", others.join(", ")));
    }
    table.finish()
}

/// Adds the columns of an array of one or two axes.
fn columns(
    table: &mut TableBuilder,
    array: &Npy,
    names: Option<&Npy>,
    budget: &mut Budget,
) -> Result<()> {
    check_axes(array)?;
    let (rows, width) = array.rows();
    budget.cells(rows as u64, width as u64)?;
    named_columns(table, array, names);
    (0..width).try_for_each(|place| column(table, place, array, place, budget))
}

/// Fails for an array that is no table.
pub(super) fn check_axes(array: &Npy) -> Result<()> {
    if array.shape.is_empty() || array.shape.len() > 2 {
        let message = format!("{}: it has {} axes, a table has two", array.name, array.shape.len());
        return Err(Error::new(Kind::Data, message)
            .hint("images are trained on with their classes: `np.savez(FILE, x=…, y=…)`"));
    }
    Ok(())
}

/// Adds the columns of an array without cells, with the names of another one if it has as many.
pub(super) fn named_columns(table: &mut TableBuilder, array: &Npy, names: Option<&Npy>) {
    let width = array.rows().1;
    match names.filter(|names| names.rows() == (width, 1)) {
        None => table.columns(width),
        Some(names) => {
            let mut name = String::new();
            for place in 0..width {
                names.cell(place, 0, &mut name);
                table.column(&name);
            }
        }
    }
}

/// Fails where there are several answers for each row.
#[cfg(feature = "npz")]
pub(super) fn check_answers(array: &Npy) -> Result<()> {
    match array.rows().1 {
        1 => Ok(()),
        width => {
            let message = format!("{}: {width} answers for each row", array.name);
            Err(Error::new(Kind::Data, message).hint(
                "one is predicted; write the others as columns of a table, and choose by --target and --ignore",
            ))
        }
    }
}

/// What the column of answers is called, by the name of their array.
#[cfg(feature = "npz")]
pub(super) fn answers_name(array: &str) -> String {
    match array {
        "arr_1" => "y".to_string(),
        other => other.replace("_train", "").replace("train_", ""),
    }
}

/// Fills a column.
fn column(
    table: &mut TableBuilder,
    place: usize,
    array: &Npy,
    column: usize,
    budget: &mut Budget,
) -> Result<()> {
    if array.is_number() {
        table.numbers(place);
    }
    let mut cell = String::new();
    for row in 0..array.rows().0 {
        array.cell(row, column, &mut cell);
        budget.take(cell.len() as u64)?;
        table.push(place, &cell);
    }
    Ok(())
}
