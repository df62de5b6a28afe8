//! Images that Pillow wrote are what Pillow reads from them (`scripts/images_fixture.py`).

use std::fs;
use std::path::{Path, PathBuf};

use gradtape_files::{Channels, ImageOptions, read_images};
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

/// The bytes that Pillow found, channel after channel.
fn bytes(value: &Value, channels: usize) -> Vec<f64> {
    let all: Vec<f64> = value.as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect();
    (0..channels).flat_map(|c| all.iter().skip(c).step_by(channels).copied()).collect()
}

#[test]
fn images_are_what_pillow_reads() {
    let expected = fs::read_to_string(folder().join("pillow.json")).unwrap();
    let expected: Value = serde_json::from_str(&expected).unwrap();
    let mut count = 0;
    for (name, known) in expected.as_object().unwrap() {
        let read = |options: &ImageOptions| {
            let images = read_images(folder().join(name), options).unwrap();
            assert_eq!(images.files, [name.as_str()]);
            let numbers: Vec<f64> = images.inputs.to_f64_vec();
            (images.inputs.shape().to_vec(), numbers.iter().map(|n| n * 255.0).collect::<Vec<_>>())
        };
        let channels = known["channels"].as_u64().unwrap() as usize;
        // Decoders of JPEG may round in other places.
        let most = if name.ends_with("jpg") { 3.0 } else { 0.01 };
        let near = |found: &[f64], known: &[f64], most: f64, what: &str| {
            assert_eq!(found.len(), known.len(), "{name}, {what}");
            for (at, (found, known)) in found.iter().zip(known).enumerate() {
                assert!((found - known).abs() <= most, "{name}, {what}, {at}: {found}, {known}");
            }
        };
        let (shape, found) = read(&ImageOptions::default());
        let own = if channels == 1 { vec![1, 7, 11] } else { vec![1, 3, 7, 11] };
        assert_eq!(shape, own, "{name}");
        near(&found, &bytes(&known["pixels"], channels), most, "pixels");
        let grey = ImageOptions { channels: Some(Channels::Grey), ..Default::default() };
        let (shape, found) = read(&grey);
        assert_eq!(shape, [1, 7, 11], "{name}");
        // Pillow rounds its weights to 16 bits.
        near(&found, &bytes(&known["grey"], 1), most + 1.0, "grey");
        for (size, words) in [([4, 5], "4x5"), ([9, 16], "9x16")] {
            let (_, found) = read(&ImageOptions { size: Some(size), ..Default::default() });
            // It also rounds between the two directions.
            near(&found, &bytes(&known[words], channels), most + 1.01, words);
        }
        count += 1;
    }
    assert_eq!(count, 8);
}

#[test]
fn damaged_images_are_errors_and_no_panics() {
    let path = |name: &str| {
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{name}", std::process::id()))
    };
    for name in ["rgb.png", "palette.png", "rgb.jpg", "progressive.jpg"] {
        let bytes = fs::read(folder().join(name)).unwrap();
        let file = path(name);
        // Cut anywhere before the end of the pixels; in PNG checksums and the end follow.
        let end = bytes.len() - if name.ends_with("png") { 20 } else { 1 };
        for length in (0..end).step_by(1 + end / 60) {
            fs::write(&file, &bytes[..length]).unwrap();
            let error = read_images(&file, &ImageOptions::default()).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains("--skip-broken"), "{length}: {error}");
        }
        for at in 0..bytes.len() {
            let mut other = bytes.clone();
            other[at] ^= 0x55;
            fs::write(&file, &other).unwrap();
            // What is not noticed is another image.
            if let Ok(images) = read_images(&file, &ImageOptions::default()) {
                assert!(images.inputs.to_f64_vec().iter().all(|n| (0.0..=1.0).contains(n)));
            }
        }
        fs::remove_file(&file).unwrap();
    }
}

/// A JPEG with the note that the camera was held on its right side, as telephones write it.
fn on_its_side(jpeg: &[u8]) -> Vec<u8> {
    let tiff = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let exif = [&b"Exif\0\0"[..], tiff].concat();
    let length = (exif.len() as u16 + 2).to_be_bytes();
    [&jpeg[..2], b"\xff\xe1", &length, &exif, &jpeg[2..]].concat()
}

#[test]
fn photographs_of_telephones_are_turned_upright() {
    let own = std::env::temp_dir().join(format!("gradtape-photographs-{}", std::process::id()));
    fs::create_dir_all(&own).unwrap();
    for (name, channels) in [("rgb.jpg", 3), ("grey.jpg", 1), ("progressive.jpg", 3)] {
        let plain = fs::read(folder().join(name)).unwrap();
        let stored = read_images(folder().join(name), &ImageOptions::default()).unwrap();
        let path = own.join(name);
        fs::write(&path, on_its_side(&plain)).unwrap();
        let seen = read_images(&path, &ImageOptions::default()).unwrap();
        assert_eq!(
            seen.inputs.shape().to_vec()[seen.inputs.shape().len() - 2..],
            [11, 7],
            "{name}"
        );
        let [stored, seen] = [stored, seen].map(|images| images.inputs.to_f64_vec());
        for channel in 0..channels {
            for (row, column) in (0..11).flat_map(|row| (0..7).map(move |column| (row, column))) {
                let at = channel * 77;
                let (own, was) =
                    (seen[at + row * 7 + column], stored[at + (6 - column) * 11 + row]);
                assert_eq!(own, was, "{name}: {channel}, {row}, {column}");
            }
        }
    }
    fs::remove_dir_all(&own).unwrap();
}
