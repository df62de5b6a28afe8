//! Images that NumPy wrote.
#![cfg(feature = "npz")]

use std::path::{Path, PathBuf};

use gradtape_files::{has_array_images, read_array_images};
use serde_json::Value;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tables").join(name)
}

fn bytes(what: &str) -> Vec<f64> {
    let text = std::fs::read_to_string(file("expected.json")).unwrap();
    let known: Value = serde_json::from_str(&text).unwrap();
    known[what].as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

#[test]
fn images_with_their_classes() {
    let known: Vec<f64> =
        bytes("images").iter().map(|byte| f64::from(*byte as f32 / 255.0)).collect();
    for name in ["images.npz", "images-stored.npz", "images-floats.npz"] {
        assert!(has_array_images(&file(name)));
        let read = read_array_images(file(name), false).unwrap();
        assert_eq!((read.inputs.shape().to_vec(), read.scale), (vec![45, 8, 8], 255.0), "{name}");
        assert_eq!(read.inputs.to_f64_vec(), known, "{name}");
        let (train, test) = (read.train.unwrap(), read.test.unwrap());
        assert_eq!((train.len(), test.len(), train.classes()), (45, 15, test.classes()));
        let labels: Vec<f64> = train.labels().unwrap().iter().map(|&label| label as f64).collect();
        assert_eq!(labels, bytes("labels"));
        let inputs = read_array_images(file(name), true).unwrap().inputs;
        assert_eq!(inputs.to_f64_vec(), test.inputs().to_f64_vec(), "{name}");
    }
}

#[test]
fn channels_first_or_last_and_classes_in_any_form() {
    let known: Vec<f64> =
        bytes("colours").iter().map(|byte| f64::from(*byte as f32 / 255.0)).collect();
    for (name, classes, labels) in [
        ("colours.npz", ["0", "1", "2"], [0, 1, 2, 0, 1, 2]),
        ("colours-first.npz", ["a", "b", "c"], [2, 0, 1, 2, 0, 1]),
    ] {
        let read = read_array_images(file(name), false).unwrap();
        assert_eq!(read.inputs.shape().to_vec(), [6, 3, 8, 8], "{name}");
        assert_eq!(read.inputs.to_f64_vec(), known, "{name}");
        let train = read.train.unwrap();
        assert_eq!(train.classes(), classes, "{name}");
        assert_eq!(train.labels().unwrap(), labels, "{name}");
    }
}

#[test]
fn tables_are_no_images() {
    for name in ["table.npz", "names.npz", "f8.npy", "homes.csv", "objects.npz", "unnamed.npz"] {
        assert!(!has_array_images(&file(name)), "{name}");
    }
}
