//! Data that is part of the library.

use super::idx::Source;
use super::{Categories, Column, CsvOptions, Dataset, Table};
use crate::tensor::{Result, Tensor};

/// The UCI handwritten digits: 1,797 images of 8 x 8 pixels, ten classes.
///
/// Inputs have shape `[1797, 8, 8]` (f32, the published grey values 0 to 16 divided by 16), targets
/// are the digits. For a network of linear layers use [`Dataset::flatten`]; the pixels are then
/// named `p0` to `p63`, row by row.
///
/// Source: E. Alpaydin and C. Kaynak, *Optical Recognition of Handwritten Digits*, UCI Machine
/// Learning Repository, 1998, its test part. CC BY 4.0; see `DATA-LICENSES`.
///
/// ```
/// let digits = gradtape::data::digits();
/// assert_eq!(digits.inputs().shape()[..], [1797, 8, 8]);
/// assert_eq!(digits.class_count(), Some(10));
/// let split = digits.split_modulo(5, 4)?;
/// assert_eq!((split.train.len(), split.test.len()), (1438, 359));
/// # Ok::<(), gradtape::Error>(())
/// ```
pub fn digits() -> Dataset {
    read_digits().expect("the embedded digits are well-formed")
}

/// Fisher's iris flowers: 150 flowers of three species, four lengths in centimetres each.
///
/// Inputs have shape `[150, 4]` (f32, not standardised), targets are the species.
///
/// Source: R. A. Fisher, *The use of multiple measurements in taxonomic problems*, 1936; UCI Machine
/// Learning Repository. CC BY 4.0; see `DATA-LICENSES`.
///
/// ```
/// let iris = gradtape::data::iris();
/// assert_eq!(iris.classes(), ["setosa", "versicolor", "virginica"]);
/// assert_eq!(iris.features()[0], "sepal_length");
/// ```
pub fn iris() -> Dataset {
    read_iris().expect("the embedded flowers are well-formed")
}

/// The flowers of [`iris`] as a table: four columns of numbers and the column `species`.
pub fn iris_table() -> Table {
    read_iris_table().expect("the embedded flowers are well-formed")
}

fn read_digits() -> Result<Dataset> {
    let images: &[u8] = include_bytes!("../../data/digits-images-idx3-ubyte.gz");
    let labels: &[u8] = include_bytes!("../../data/digits-labels-idx1-ubyte.gz");
    let images = Source::new("digits", images, images.len() as u64)?.images(16.0)?;
    let labels = Source::new("digits", labels, labels.len() as u64)?.labels()?;
    Dataset::new(images, labels)?
        .with_features((0..64).map(|pixel| format!("p{pixel}")))?
        .with_classes((0..10).map(|digit| digit.to_string()))
}

fn read_iris_table() -> Result<Table> {
    let text: &[u8] = include_bytes!("../../data/iris.csv");
    Table::from_csv(text, "iris", &CsvOptions::default())
}

fn read_iris() -> Result<Dataset> {
    let table = read_iris_table()?;
    let features: Vec<&str> = table.columns()[..4].iter().map(Column::name).collect();
    let columns: Vec<_> = features.iter().map(|name| table.numbers(name)).collect::<Result<_>>()?;
    let rows = 0..table.len();
    let inputs = rows.flat_map(|row| columns.iter().map(move |column| column[row] as f32));
    let inputs = Tensor::from_vec(inputs.collect(), [table.len(), features.len()])?;
    let species = table.column("species")?;
    let classes = Categories::of(species.cells().flatten());
    let targets = classes.encode(species.cells().flatten())?;
    Dataset::new(inputs, targets)?
        .with_features(features)?
        .with_classes(classes.names().iter().cloned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_those_published() {
        let digits = digits();
        let pixels = digits.inputs().to_vec::<f32>().unwrap();
        let grey: Vec<u32> = pixels.iter().map(|pixel| (pixel * 16.0) as u32).collect();
        assert_eq!(grey[..16], [0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0]);
        assert_eq!(grey.iter().max(), Some(&16));
        // Sums over the columns of the published table.
        assert_eq!(grey.iter().sum::<u32>(), 561_718);
        let weighted = grey.iter().enumerate().map(|(i, &g)| (i as u64 % 1009 + 1) * u64::from(g));
        assert_eq!(weighted.sum::<u64>(), 283_701_122);
        let mut counts = [0; 10];
        for &label in digits.labels().unwrap() {
            counts[label as usize] += 1;
        }
        assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
        assert_eq!(digits.flatten().features().len(), 64);
    }

    #[test]
    fn iris_is_the_published_one() {
        let iris = iris();
        assert_eq!(iris.inputs().shape()[..], [150, 4]);
        let values = iris.inputs().to_vec::<f32>().unwrap();
        assert_eq!(values[..4], [5.1, 3.5, 1.4, 0.2]);
        assert!(values.iter().all(|value| value.is_finite()));
        let sum: f64 = values.iter().map(|&value| f64::from(value)).sum();
        assert!((sum - 2078.7).abs() < 1e-4, "{sum}");
        let labels = iris.labels().unwrap();
        assert!(labels.iter().copied().eq((0..150).map(|row| row / 50)));
    }
}
