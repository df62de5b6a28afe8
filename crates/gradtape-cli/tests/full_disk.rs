//! A disk on which there is no room: what was there stays, and what went wrong is told.

#![cfg(unix)]

use std::process::{Command, Stdio};

use crate::common::{Folder, Run};

/// Runs the program where no file may have more than so many blocks of 512 bytes, as on a disk that is full.
fn run_full(folder: &Folder, blocks: usize, words: &str) -> Run {
    let program = env!("CARGO_BIN_EXE_gradtape");
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec '{program}' {words}");
    let mut command = Command::new("sh");
    command.args(["-c", &script]).current_dir(folder.path(".")).stdin(Stdio::null());
    Run::of(command.output().unwrap())
}

fn hidden(folder: &Folder) -> usize {
    folder.files().iter().filter(|name| name.starts_with('.')).count()
}

#[test]
fn the_model_before_stays_whole() {
    let folder = Folder::new("full");
    let train = "train digits --epochs 1 --hidden 64";
    folder.run(&format!("{train} --quiet")).ok();
    let before = folder.read("model.safetensors");
    let run = run_full(&folder, 8, &format!("{train} --seed 7"));
    run.fails(1, &["model.safetensors cannot be written"]);
    assert!(folder.read("model.safetensors") == before);
    assert_eq!(hidden(&folder), 0, "{:?}", folder.files());
    // Nor is a first one left in parts.
    let empty = Folder::new("full-first");
    run_full(&empty, 8, train).fails(1, &["cannot be written"]);
    assert!(empty.files().is_empty(), "{:?}", empty.files());
}

#[test]
fn a_training_goes_on_without_its_checkpoints() {
    let folder = Folder::new("full-checkpoints");
    let train = "train digits --epochs 2 --hidden 64 --checkpoint-every 1epochs";
    folder.run(&format!("{train} --quiet --out whole")).ok();
    // There is room for the model, and not for what the optimiser keeps beside it.
    let checkpoint = folder.read("whole/checkpoints/best.checkpoint").len();
    let model = folder.read("whole/model.safetensors").len() / 512 + 1;
    let curves = folder.read("whole/curves.svg").len() / 512 + 1;
    let blocks = model.max(curves);
    assert!(checkpoint > 512 * blocks, "{checkpoint} bytes are no more than {blocks} blocks");
    let run = run_full(&folder, blocks, &format!("{train} --out run")).ok();
    assert!(run.stderr.contains("training goes on"), "{}", run.stderr);
    assert!(folder.read("run/model.safetensors") == folder.read("whole/model.safetensors"));
}

#[test]
fn predictions_are_written_whole_or_not_at_all() {
    let folder = Folder::new("full-predict");
    folder.run("train iris --epochs 1 --members 1 --quiet").ok();
    folder.run("predict model.safetensors iris --out rows.csv").ok();
    let before = folder.read("rows.csv");
    run_full(&folder, 1, "predict model.safetensors iris --out rows.csv --with row")
        .fails(1, &["rows.csv cannot be written"]);
    assert!(folder.read("rows.csv") == before);
}
