//! Data in files: real tables prepared from end to end, and folders of IDX files that do not fit.

use std::fs;
use std::path::{Path, PathBuf};

use gradtape::data::{
    Dataset, Feature, PreprocessOptions, Preprocessing, Rows, Standardise, Table, Task, digits,
    iris, iris_table, is_idx_folder, read_idx, read_idx_folder, read_idx_images, read_idx_labels,
};
use gradtape::{Error, Kind, Tensor};

fn table(name: &str) -> Table {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    Table::read_csv(folder.join(name)).unwrap()
}

/// Every fifth row is for test.
fn prepared(table: &Table, target: &str) -> (Preprocessing, Dataset, Dataset) {
    let rows = Rows::modulo(table.len(), 5, 4).unwrap();
    let options = PreprocessOptions::default();
    let prepared = Preprocessing::fit(table, target, &rows.train, &options).unwrap();
    let split = prepared.dataset(table).unwrap().split_rows(&rows).unwrap();
    (prepared, split.train, split.test)
}

#[test]
fn tables_of_measurements_are_prepared() {
    for (name, rows, width, classes) in
        [("wine.csv", (143, 35), 13, 3), ("breast_cancer.csv", (456, 113), 30, 2)]
    {
        let (prepared, train, test) = prepared(&table(name), "label");
        assert_eq!(prepared.task(), Task::Classification);
        assert_eq!((prepared.width(), prepared.outputs()), (width, classes));
        assert_eq!((train.len(), test.len()), rows);
        // Standardised by the training rows: mean 0 and deviation 1 there, and not on the others; but for columns of
        // which some values are far from all others.
        let mut notes = prepared.notes().to_vec();
        // Of more than two whole numbers it is told that they are classes.
        notes.retain(|note| !note.contains("whole numbers are taken as classes"));
        assert_eq!(prepared.notes().len() - notes.len(), usize::from(classes > 2));
        assert!(notes.iter().all(|note| note.contains("drawn in")));
        assert!(notes.len() < 4 && (classes == 2 || notes.is_empty()));
        let moments = Standardise::fit(train.inputs()).unwrap();
        let plain = |(mean, scale): (&f64, &f64)| mean.abs() < 1e-6 && (scale - 1.0).abs() < 1e-6;
        let others = moments.mean().iter().zip(moments.scale()).filter(|own| !plain(*own)).count();
        assert_eq!(others, notes.len());
        let moments = Standardise::fit(test.inputs()).unwrap();
        assert!(moments.mean().iter().any(|mean| mean.abs() > 1e-3));
    }
}

#[test]
fn a_number_of_a_table_can_be_the_target() {
    let (prepared, train, _) = prepared(&table("wine.csv"), "proline");
    assert_eq!((prepared.task(), prepared.outputs()), (Task::Regression, 1));
    let first = train.targets().slice(0, ..1).unwrap();
    let proline = prepared.predicted_numbers(&first).unwrap()[0];
    assert!((proline - 1065.0).abs() < 1e-3, "{proline}");
}

#[test]
fn flowers_are_the_same_as_table_and_as_dataset() {
    let (prepared, train, _) = prepared(&iris_table(), "species");
    let split = iris().split_modulo(5, 4).unwrap();
    let standardise = Standardise::fit(split.train.inputs()).unwrap();
    let expected = standardise.apply(split.train.inputs()).unwrap().to_vec::<f32>().unwrap();
    let inputs = train.inputs().to_vec::<f32>().unwrap();
    for (got, want) in inputs.iter().zip(expected) {
        assert!((got - want).abs() < 1e-5, "{got} {want}");
    }
    assert_eq!(train.labels(), split.train.labels());
    assert_eq!(train.classes(), iris().classes());
    let Feature::Number { column, mean, .. } = &prepared.features()[0] else { panic!("a number") };
    assert_eq!(column, "sepal_length");
    assert!((mean - standardise.mean()[0]).abs() < 1e-6);
}

/// A folder of its own for a test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Writes `n` images of `size` x `size` pixels and the labels.
fn write(folder: &Path, part: &str, n: u32, size: u32, labels: &[u8]) {
    let mut images = vec![0, 0, 8, 3];
    images.extend([n, size, size].iter().flat_map(|size| size.to_be_bytes()));
    images.extend((0..n * size * size).map(|i| i as u8));
    fs::write(folder.join(format!("{part}-images-idx3-ubyte")), images).unwrap();
    let mut file = vec![0, 0, 8, 1];
    file.extend((labels.len() as u32).to_be_bytes());
    file.extend(labels);
    fs::write(folder.join(format!("{part}-labels-idx1-ubyte")), file).unwrap();
}

fn error<T>(result: Result<T, Error>) -> (Kind, String) {
    match result {
        Ok(_) => panic!("no error"),
        Err(error) => (error.kind(), error.to_string()),
    }
}

#[test]
fn a_folder_of_images_and_labels() {
    let folder = folder("idx-good");
    assert!(!is_idx_folder(&folder));
    write(&folder, "train", 3, 2, &[0, 4, 1]);
    assert!(is_idx_folder(&folder));
    let read = read_idx_folder(&folder).unwrap();
    assert!(read.test.is_none());
    assert_eq!(read.train.inputs().shape()[..], [3, 2, 2]);
    assert_eq!(read.train.labels().unwrap(), [0, 4, 1]);
    assert_eq!(read.train.classes(), ["0", "1", "2", "3", "4"]);

    write(&folder, "t10k", 1, 2, &[4]);
    let dashed = folder.join("t10k-labels-idx1-ubyte");
    fs::rename(dashed, folder.join("t10k-labels.idx1-ubyte")).unwrap();
    let test = read_idx_folder(&folder).unwrap().test.unwrap();
    assert_eq!((test.labels().unwrap(), test.classes().len()), (&[4][..], 5));
}

#[test]
fn folders_that_do_not_fit() {
    let folder = folder("idx-bad");
    let (kind, text) = error(read_idx_folder(&folder));
    assert_eq!(kind, Kind::File);
    assert!(text.contains("no IDX files here") && text.contains("train-images"), "{text}");

    write(&folder, "train", 3, 2, &[0, 1]);
    let (kind, text) = error(read_idx_folder(&folder));
    assert_eq!(kind, Kind::Data);
    assert!(text.contains("holds 3 images") && text.contains("holds 2 labels"), "{text}");

    write(&folder, "train", 3, 2, &[0, 1, 2]);
    write(&folder, "t10k", 2, 2, &[1, 7]);
    let (_, text) = error(read_idx_folder(&folder));
    assert!(text.contains("t10k-labels: row 1: label 7 is out of range for 3 classes"), "{text}");

    write(&folder, "t10k", 2, 3, &[1, 2]);
    let (_, text) = error(read_idx_folder(&folder));
    assert!(text.contains("test images of [3, 3] pixels, training images of [2, 2]"), "{text}");

    fs::remove_file(folder.join("t10k-images-idx3-ubyte")).unwrap();
    let (_, text) = error(read_idx_folder(&folder));
    assert!(text.contains("t10k-labels-idx1-ubyte: its partner is missing"), "{text}");
}

#[test]
fn files_that_are_not_there() {
    let folder = folder("idx-none");
    for path in [folder.join("missing"), folder] {
        let read: [fn(&PathBuf) -> gradtape::Result<Tensor>; 3] =
            [|p| read_idx(p), |p| read_idx_images(p), |p| read_idx_labels(p)];
        for read in read {
            let (kind, text) = error(read(&path));
            assert_eq!(kind, Kind::File);
            assert!(text.contains(&path.display().to_string()), "{text}");
        }
    }
}

#[test]
fn the_embedded_digits_are_an_idx_file() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    let images = read_idx(data.join("digits-images-idx3-ubyte.gz")).unwrap();
    assert_eq!(images.shape()[..], [1797, 8, 8]);
    let grey: Vec<f32> = images.to_f64_vec().into_iter().map(|grey| grey as f32 / 16.0).collect();
    assert_eq!(digits().inputs().to_vec::<f32>().unwrap(), grey);
    let labels = read_idx_labels(data.join("digits-labels-idx1-ubyte.gz")).unwrap();
    assert_eq!(digits().labels().unwrap(), labels.to_vec::<i64>().unwrap());
}
