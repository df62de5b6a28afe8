//! The walls between rooms and the budget of crates.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// For each room, the rooms it may import. A room may always import itself.
const WALLS: &[(&str, &[&str])] = &[
    ("tensor", &[]),
    ("op", &["tensor"]),
    ("tape", &["tensor", "op"]),
    ("grad", &["tensor", "op", "tape"]),
    ("plan", &["tensor", "op", "tape"]),
    ("engine", &["tensor", "op", "tape", "plan"]),
    ("eval", &["tensor", "op", "tape", "grad", "plan", "engine"]),
    ("nn", RECORDING),
    ("loss", RECORDING),
    ("optim", RECORDING),
    ("metric", RECORDING),
    ("data", &["tensor"]),
    ("io", &["tensor", "nn", "tape"]),
    (
        "train",
        &["tensor", "op", "tape", "grad", "eval", "nn", "loss", "optim", "metric", "data", "io"],
    ),
];

/// What functions that record on a tape may import; among themselves, layers and optimisers share
/// the module trait.
const RECORDING: &[&str] = &["tensor", "op", "tape", "grad", "eval", "nn"];

#[test]
fn rooms_import_only_what_the_design_allows() {
    let mut broken = Vec::new();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (room, allowed) in WALLS {
        for file in rust_files(&source.join(room)) {
            let text = fs::read_to_string(&file).unwrap();
            for (number, line) in text.lines().enumerate() {
                for import in imports(line) {
                    let fits = import == *room || allowed.contains(&import);
                    if WALLS.iter().any(|(known, _)| *known == import) && !fits {
                        let file = file.strip_prefix(&source).unwrap().display();
                        broken.push(format!("{file}:{}: {room} imports {import}", number + 1));
                    }
                }
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_room_has_walls() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let rooms: BTreeSet<String> = fs::read_dir(source)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    let known: BTreeSet<String> = WALLS.iter().map(|(room, _)| room.to_string()).collect();
    assert_eq!(rooms, known);
}

/// The first path segment after each `crate::` in code; a group gives each of its members.
fn imports(line: &str) -> Vec<&str> {
    let code = line.split("//").next().unwrap_or_default();
    code.match_indices("crate::")
        .flat_map(|(at, path)| {
            let rest = &code[at + path.len()..];
            let members = rest.strip_prefix('{').unwrap_or(rest);
            let several = rest.starts_with('{');
            members
                .split(',')
                .take(if several { usize::MAX } else { 1 })
                .map(|part| part.trim().split(|c: char| !c.is_alphanumeric() && c != '_').next())
                .map(Option::unwrap_or_default)
                .collect::<Vec<_>>()
        })
        .collect()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    files
}

#[test]
fn few_crates_are_pulled_in() {
    assert_budget("gradtape", 15);
    assert_budget("gradtape-cli", 45);
}

/// Fewer than `most` crates beyond our own.
fn assert_budget(package: &str, most: usize) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let arguments =
        ["tree", "--offline", "--edges", "normal", "--prefix", "none", "--package", package];
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(root).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let crates: BTreeSet<&str> = text
        .lines()
        .map(|line| line.trim_end_matches(" (*)").split(" (").next().unwrap())
        .filter(|name| !name.starts_with("gradtape"))
        .collect();
    assert!(!crates.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(
        crates.len() < most,
        "{package}: {} crates, fewer than {most} allowed: {crates:#?}",
        crates.len()
    );
}
