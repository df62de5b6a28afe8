//! The walls between rooms and the budget of crates.

mod imports;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use imports::{Names, imports};

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
    ("io", &["tensor", "nn", "tape", "optim"]),
    (
        "train",
        &["tensor", "op", "tape", "grad", "eval", "nn", "loss", "optim", "metric", "data", "io"],
    ),
];

/// What functions that record on a tape may import; among themselves, layers and optimisers share
/// the module trait.
const RECORDING: &[&str] = &["tensor", "op", "tape", "grad", "eval", "nn"];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

#[test]
fn rooms_import_only_what_the_design_allows() {
    let names = Names::of_root(&fs::read_to_string(source().join("lib.rs")).unwrap());
    let mut broken = Vec::new();
    let mut seen = 0;
    for (room, allowed) in WALLS {
        for file in rust_files(&source().join(room)) {
            let text = fs::read_to_string(&file).unwrap();
            let file = file.strip_prefix(source()).unwrap();
            for (line, path) in imports(&text, &module_of(file)) {
                let Some(import) = names.room(&path) else { continue };
                seen += 1;
                if WALLS.iter().all(|(known, _)| *known != import) {
                    let path = path.join("::");
                    broken.push(format!("{}:{line}: crate::{path} is in no room", file.display()));
                } else if import != *room && !allowed.contains(&import) {
                    broken.push(format!("{}:{line}: {room} imports {import}", file.display()));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert!(seen > 500, "only {seen} imports were found");
}

#[test]
fn imports_are_found_however_they_are_written() {
    let names = Names::of_root("pub mod tape;\npub use tape::{Tape, text::{print as show}};");
    let module = ["op", "index", "gather"].map(str::to_owned);
    let rooms = |text: &str| -> Vec<String> {
        let paths = imports(text, &module);
        paths.iter().filter_map(|(_, path)| names.room(path)).map(str::to_owned).collect()
    };
    for text in [
        "use crate::tape;",
        "use crate::tape::Var as Handle;",
        "use crate::{\n    op,\n    tape::{Graph, Node},\n};",
        "pub(crate) use crate::tape::*;",
        "use super::super::super::tape::Var;",
        "use super::{super::super::tape, Gather};",
        "use crate::Tape;",
        "use gradtape::show;",
        "fn f() -> crate::tape::Var { todo!() }",
        "macro_rules! m { () => { $crate::tape::Var } }",
        "mod tests { use super::super::super::super::tape; }",
    ] {
        assert!(rooms(text).contains(&"tape".to_owned()), "{text}: {:?}", rooms(text));
    }
    for text in [
        "// use crate::tape;",
        "/* a /* nested */ use crate::tape; */",
        "const X: &str = \"crate::tape\";",
        "const X: &str = r#\"crate::tape \" \"#;",
        "use super::super::tape;",
        "mod tests { use super::super::super::tape; }",
        "fn f<'tape>(c: char) -> bool { c == '\"' } // crate::tape",
    ] {
        assert!(!rooms(text).contains(&"tape".to_owned()), "{text}: {:?}", rooms(text));
    }
}

#[test]
fn every_room_has_walls() {
    let rooms: BTreeSet<String> = fs::read_dir(source())
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    let known: BTreeSet<String> = WALLS.iter().map(|(room, _)| room.to_string()).collect();
    assert_eq!(rooms, known);
}

/// The path of the module that a file holds, from the crate's root.
fn module_of(file: &Path) -> Vec<String> {
    let parts = file.with_extension("");
    let parts = parts.iter().map(|part| part.to_string_lossy().into_owned());
    parts.filter(|part| part != "mod").collect()
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
fn a_kind_of_layer_is_its_file_and_a_line_in_the_table() {
    let table = fs::read_to_string(source().join("nn/spec.rs")).unwrap();
    let lines = table.split("\nkinds! {\n").nth(1).unwrap().split("\n}\n").next().unwrap();
    let kinds: Vec<(&str, &str)> = lines
        .lines()
        .filter_map(|line| line.trim().strip_suffix("),")?.split_once('('))
        .map(|(kind, spec)| (kind, spec.split('<').next().unwrap()))
        .collect();
    assert!(kinds.len() > 8, "only {kinds:?} were found");
    for file in rust_files(&source()) {
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("\n#[cfg(test)]\nmod tests").next().unwrap();
        let file = file.strip_prefix(source()).unwrap().display().to_string();
        let free = ["nn/spec.rs", "nn/mod.rs"].contains(&&file[..]);
        for (kind, spec) in &kinds {
            let told_apart = code.contains(&format!("LayerSpec::{kind}"));
            assert!(free || !told_apart, "{file} looks at the kind {kind}");
            // A layer without parameters is its own description.
            let is_own = code.contains(&format!("pub struct {spec}"));
            let mentioned = spec.ends_with("Spec") && code.contains(spec);
            assert!(free || is_own || !mentioned, "{file} mentions {spec}");
        }
    }
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
