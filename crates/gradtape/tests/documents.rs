//! What the documents for maintainers say of the repository.

use std::fs;
use std::path::{Path, PathBuf};

const DOCUMENTS: [&str; 3] = ["ARCHITECTURE.md", "CONTRIBUTING.md", "DESIGN.md"];

/// So that it is read. What it says at more length stands in `DESIGN.md`.
const MOST_LINES: usize = 300;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

/// Every file of the repository, and every folder with a `/` at its end, from its root on.
fn places() -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if name.starts_with('.') || name == "target" {
                continue;
            }
            let place = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
            if path.is_dir() {
                found.push(format!("/{place}/"));
                folders.push(path);
            } else {
                found.push(format!("/{place}"));
            }
        }
    }
    found
}

/// The files and folders that a text names between backticks. Patterns, as `op/<family>/<name>.rs`, are none.
fn named(text: &str) -> Vec<&str> {
    let code = text.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
    let plain = |c: char| c.is_alphanumeric() || "_-./".contains(c);
    let is_place = |word: &&str| {
        let ends = [".rs", ".py", ".sh", ".css", ".csv", ".md", ".toml", "/"];
        word.chars().all(plain) && ends.iter().any(|end| word.ends_with(end))
    };
    code.filter(is_place).collect()
}

#[test]
fn files_that_maintainers_are_sent_to_are_there() {
    let places = places();
    let mut missing = Vec::new();
    for document in DOCUMENTS {
        let text = read(document);
        let named = named(&text);
        assert!(named.len() > 10, "{document} names only {named:?}");
        for name in named {
            let within = format!("/{name}");
            let there = places.iter().any(|place| match name.ends_with('/') {
                true => place.contains(&within),
                false => place.ends_with(&within),
            });
            if !there {
                missing.push(format!("{document}: {name}"));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn the_architecture_is_short() {
    let lines = read("ARCHITECTURE.md").lines().count();
    assert!(lines < MOST_LINES, "{lines} lines: why it is so stands in DESIGN.md");
}
