//! Damaged tables are errors, and never a panic or memory without end.
#![cfg(all(
    feature = "xlsx",
    feature = "parquet",
    feature = "arrow",
    feature = "npz",
    feature = "zstd"
))]

use std::path::{Path, PathBuf};

use gradtape::data::Table;
use gradtape_files::{
    TableOptions, read_array_images, read_table, read_table_from, read_table_pieces,
};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tables").join(name)
}

fn read(bytes: &[u8]) -> Result<Table, String> {
    let read = read_table_from(bytes, "a pipe", &TableOptions::default());
    read.map_err(|error| format!("{error:#}"))
}

const FILES: [&str; 11] = [
    "homes.csv.zst",
    "homes.xlsx",
    "homes-snappy.parquet",
    "homes-gzip.parquet",
    "kinds.parquet",
    "kinds-v2.parquet",
    "kinds-lz4.arrow",
    "homes.feather",
    "delta.arrow",
    "f8.npy",
    "names.npz",
];

#[test]
fn what_is_cut_short_is_refused() {
    for name in FILES {
        let bytes = std::fs::read(file(name)).unwrap();
        // The last bytes of a zip archive are the length of a comment, of zstd a checksum.
        for length in (8..bytes.len()).step_by(1 + bytes.len() / 150) {
            let error = read(&bytes[..length]).expect_err(&format!("{name}, {length}"));
            // So much of an archive tells nothing of what is in it.
            let unknown = length < 600 && error.contains("this is a zip archive");
            assert!(unknown || error.contains("damaged"), "{name}, {length}: {error}");
            assert!(!error.contains("decoder failed"), "{name}, {length}: {error}");
        }
    }
}

#[test]
fn flipped_bytes_are_errors_or_other_values() {
    for name in FILES {
        let bytes = std::fs::read(file(name)).unwrap();
        let (mut refused, mut panicked) = (0, Vec::new());
        for at in (0..bytes.len()).step_by(1 + bytes.len() / 400) {
            for flip in [0xff, 0x01, 0x80] {
                let mut other = bytes.clone();
                other[at] ^= flip;
                if let Err(error) = read(&other) {
                    refused += 1;
                    if error.contains("decoder failed") {
                        panicked.push((at, flip));
                    }
                }
            }
        }
        assert!(refused > 20 || name == "f8.npy", "{name}: {refused}");
        assert!(panicked.is_empty(), "{name}: {panicked:?}");
    }
}

#[test]
fn damaged_images_are_errors_and_no_panics() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.npz", std::process::id()));
    for name in ["images.npz", "images-stored.npz"] {
        let bytes = std::fs::read(file(name)).unwrap();
        for at in (0..bytes.len()).step_by(7) {
            let mut other = bytes.clone();
            other[at] ^= 0x55;
            std::fs::write(&path, &other).unwrap();
            // Names and checksums are looked at; where dates are damaged, nothing is lost.
            if let Ok(images) = read_array_images(&path, false) {
                assert!(images.inputs.to_f64_vec().iter().all(|number| number.is_finite()));
            }
            std::fs::write(&path, &bytes[..at]).unwrap();
            read_array_images(&path, false).expect_err(name);
        }
    }
    std::fs::remove_file(&path).unwrap();
}

/// The bytes of an array of such a shape, with those of two elements.
fn array(shape: &str) -> Vec<u8> {
    let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend([0; 16]);
    bytes
}

#[test]
fn arrays_that_claim_to_be_wide_are_refused_before_they_are_read_in_pieces() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.npy", std::process::id()));
    for shape in ["(1, 40000000000)", "(2, 9223372036854775807)", "(0, 40000000000)"] {
        std::fs::write(&path, array(shape)).unwrap();
        let each = |_: Table| panic!("{shape}");
        let error = read_table_pieces(&path, &TableOptions::default(), 100, each).unwrap_err();
        let told = error.to_string();
        let is_told = told.contains("bytes can follow") || told.contains("no elements");
        assert!(is_told, "{shape}: {told}");
    }
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn claims_without_bytes_are_refused() {
    let error =
        |name: &str| read_table(file(name), &TableOptions::default()).expect_err(name).to_string();
    for name in ["bomb.xlsx", "bomb.csv.zst"] {
        let told = error(name);
        assert!(told.contains("unpack to more than"), "{name}: {told}");
    }
    // Two cells that are as far apart as cells can be take the memory of what is between only where something is.
    let far = read_table(file("far.xlsx"), &TableOptions::default()).unwrap();
    assert_eq!((far.len(), far.columns().len(), far.line(298)), (299, 300, 1_048_576));
    let error = error("bomb.npz");
    assert!(error.contains("100000000000 x 100 elements of 8 bytes"), "{error}");
    // More elements than can be counted, and none at all in very many rows.
    for shape in ["(9999999999999, 9999999999999)", "(1000000000000, 0)", "(1, 2"] {
        read(&array(shape)).expect_err(shape);
    }
    // A header that says to be longer than it is.
    read(b"\x93NUMPY\x02\x00\xff\xff\xff\xff{").expect_err("header");
}
