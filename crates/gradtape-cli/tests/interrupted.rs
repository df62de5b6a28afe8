//! Ctrl-C: what was begun and not ended is taken away.

#![cfg(unix)]

use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::common::{Folder, command, table};

fn interrupt(child: &Child) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
}

/// Waits until something is so.
#[track_caller]
fn until(mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < Duration::from_secs(60));
        sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_training_that_had_not_begun_leaves_no_folder() {
    let folder = Folder::new("interrupted-early");
    // It waits for its data. Whether it looks at the moment if files could be written is chance.
    for _ in 0..20 {
        let mut command = command(&folder.path("."), "train - --target y --out new/inner");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        // What it waits for stays open until it has ended.
        let mut input = child.stdin.take().unwrap();
        input.write_all(b"x,y\n1,2\n").unwrap();
        until(|| folder.path("new/inner").is_dir());
        interrupt(&child);
        assert_eq!(child.wait().unwrap().code(), Some(130));
        assert!(folder.files().is_empty(), "{:?}", folder.files());
    }
}

#[test]
fn predictions_that_were_being_written_leave_nothing() {
    let folder = Folder::new("interrupted-predict");
    let row = |i: usize| format!("{},{},{}", i % 17, i % 5, 3 * (i % 17));
    folder.write("data.csv", table("a,b,y", 200_000, row));
    folder.run("train data.csv --target y --epochs 1 --steps 5 --hidden 8 --quiet").ok();
    let before = folder.files();
    let line = "predict model.safetensors data.csv --explain --memory 1MB --out rows.csv";
    let mut child = command(&folder.path("."), line).spawn().unwrap();
    until(|| folder.files().iter().any(|name| name.starts_with(".rows.csv.")));
    interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(folder.files(), before);
}
