use std::path::Path;
use std::{env, process};

use super::*;
use crate::tensor::DType;

/// What `scripts/events_fixture.py` wrote with TensorBoard's own messages.
const REFERENCE: &[u8] = include_bytes!("../../../tests/data/events/reference.tfevents");

#[test]
fn events_are_the_bytes_that_tensorboard_writes() {
    let time = 1_234_567_890.5;
    let mut values: Vec<f64> = vec![30.0, 30.0];
    values.push(0.0);
    let histogram = Histogram::of(&Tensor::from(values)).unwrap();
    let settings = [
        ("batch".to_string(), Setting::Number(0.0)),
        ("network".to_string(), Setting::Text("mlp".to_string())),
        ("normalize".to_string(), Setting::Flag(false)),
    ];
    let unit = Unit {
        name: "0_Linear/matmul".to_string(),
        op: "matmul".to_string(),
        inputs: vec!["x".to_string(), "0_Linear/weight".to_string()],
        shape: vec![32, 10],
    };
    let events = [
        Event::version(time),
        Event::scalar(time, 7, "loss/train", 0.25),
        Event::scalar(time, 300, "zero", 0.0),
        Event::histogram(time, 1, "weights", &histogram),
        Event::settings(time, &settings),
        Event::end(time, true),
        Event::graph(time, &[unit]),
    ];
    let mut rest = REFERENCE;
    for (number, event) in events.iter().enumerate() {
        let framed = frame(&event.0);
        let (own, after) = rest.split_at(framed.len().min(rest.len()));
        assert_eq!(framed, own, "event {number}");
        rest = after;
    }
    assert!(rest.is_empty(), "{} bytes more", rest.len());
}

fn folder(name: &str) -> PathBuf {
    let path = env::temp_dir().join(format!("gradtape-events-{name}-{}", process::id()));
    let _ = fs::remove_dir_all(&path);
    path
}

/// The lengths of the records of a file, whose sums are right.
fn records(path: &Path) -> Vec<usize> {
    let bytes = fs::read(path).unwrap();
    let (mut rest, mut lengths) = (&bytes[..], Vec::new());
    while !rest.is_empty() {
        let length = u64::from_le_bytes(rest[..8].try_into().unwrap()) as usize;
        let (record, after) = rest.split_at(length + 16);
        assert_eq!(record, frame(&record[12..12 + length]));
        lengths.push(length);
        rest = after;
    }
    lengths
}

#[test]
fn a_folder_is_of_one_run_unless_it_is_gone_on_with() -> Result<()> {
    let folder = folder("own");
    let mut events = EventWriter::create(&folder)?;
    events.scalar("loss", 1, 0.5)?;
    assert_eq!(records(events.path()).len(), 2);
    let error = EventWriter::create(&folder).unwrap_err().to_string();
    for part in ["has the events of another run: events.out.tfevents.", "a folder of its own"] {
        assert!(error.contains(part), "{error}");
    }
    let mut more = EventWriter::resume(&folder)?;
    more.scalar("loss", 2, 0.25)?;
    assert_ne!(more.path(), events.path());
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
    // Of other files nothing is said, and a file in the place of the folder is no panic.
    let taken = folder.join("taken");
    fs::write(&taken, "").unwrap();
    let error = EventWriter::create(&taken).unwrap_err();
    assert_eq!(error.kind(), Kind::File, "{error}");
    fs::remove_dir_all(&folder).unwrap();
    Ok(())
}

#[test]
fn weights_of_any_shape_are_pictures_or_nothing() -> Result<()> {
    let folder = folder("pictures");
    let mut events = EventWriter::create(&folder)?;
    for shape in
        [&[16, 1, 3, 3][..], &[16, 3, 5, 5], &[100, 784], &[2, 3072], &[3, 5], &[1, 1], &[1, 4000]]
    {
        let count = records(events.path()).len();
        let weights = Tensor::normal(shape, 0.0, 1.0, DType::F32, &mut crate::Rng::new(1))?;
        events.weights("first", 0, &weights)?;
        let written = records(events.path()).len() - count;
        assert_eq!(written, usize::from(shape != [1, 4000]), "{shape:?}");
    }
    let count = records(events.path()).len();
    for shape in [&[][..], &[3], &[2, 2, 2], &[0, 4], &[3, 0, 2, 2], &[1, 2, 2, 2, 2]] {
        events.weights("first", 0, &Tensor::zeros(shape, DType::F32))?;
    }
    events.histogram("none", 0, &Tensor::from([f64::NAN]))?;
    assert_eq!(records(events.path()).len(), count);
    events.weights("odd", 0, &Tensor::full([2, 2], f64::NAN, DType::F32))?;
    fs::remove_dir_all(&folder).unwrap();
    Ok(())
}
