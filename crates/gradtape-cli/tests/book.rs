//! The course as a book: its commands print what it shows, its figures are those that they draw, its
//! links lead somewhere. `cargo test -p gradtape-cli --test book -- --ignored` writes outputs and
//! figures anew.

// The commands of the book are those of a Unix shell.
#![cfg(unix)]

mod common;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use common::{Folder, Run};

const MEND: &str = "`cargo test -p gradtape-cli --test book -- --ignored` writes the book anew";

#[test]
fn commands_print_what_the_book_shows() {
    let folder = workplace("book-shown");
    for name in chapters() {
        let text = read(&name);
        let anew = anew(&text, &folder);
        if let Some((number, (old, new))) =
            text.lines().zip(anew.lines()).enumerate().find(|(_, (old, new))| old != new)
        {
            panic!("{name}:{}: the book has {old:?}, not {new:?}; {MEND}", number + 1);
        }
        assert!(text == anew, "{name}: an output has another length; {MEND}");
    }
    assert_eq!(files(&source().join("figures")), drawn(&folder), "{MEND}");
    for name in drawn(&folder) {
        let same = fs::read(source().join("figures").join(&name)).unwrap() == folder.read(&name);
        assert!(same, "figures/{name} differs from what its command draws; {MEND}");
    }
}

#[test]
#[ignore = "writes the outputs and the figures of the book anew"]
fn write_anew() {
    let folder = workplace("book-anew");
    for name in chapters() {
        fs::write(source().join(&name), anew(&read(&name), &folder)).unwrap();
    }
    let figures = source().join("figures");
    for name in files(&figures) {
        fs::remove_file(figures.join(name)).unwrap();
    }
    for name in drawn(&folder) {
        fs::copy(folder.path(&name), figures.join(&name)).unwrap();
    }
}

#[test]
fn links_lead_somewhere_and_the_summary_is_complete() {
    let listed: BTreeSet<String> = chapters().into_iter().collect();
    let mut present = files(&source());
    assert!(present.remove("SUMMARY.md"));
    assert_eq!(listed, present, "the chapters in SUMMARY.md beside those in the folder");
    for name in listed {
        let text = read(&name);
        let include = between(&text, "{{#include ", "}}");
        for target in targets(&prose(&text)).into_iter().chain(include) {
            let file = target.split('#').next().unwrap();
            let known = file.starts_with("https://") || source().join(file).is_file();
            assert!(known, "{name}: {target} leads nowhere");
        }
    }
}

#[test]
fn figures_stand_in_the_book() {
    let all: String = chapters().iter().map(|name| prose(&read(name))).collect();
    let shown: BTreeSet<&str> = targets(&all).into_iter().collect();
    for name in files(&source().join("figures")) {
        assert!(shown.contains(&*format!("figures/{name}")), "no chapter shows figures/{name}");
    }
}

/// What the text says with several digits was printed or is asserted by a program beside it.
#[test]
fn numbers_of_the_text_stand_in_an_output_or_a_program() {
    for name in chapters() {
        let text = read(&name);
        let prose = prose(&text);
        let shown: String = text.lines().filter(|line| !prose.contains(*line)).collect();
        // Not the width of a frame.
        let prose: String =
            prose.split_inclusive('\n').filter(|line| !line.starts_with('<')).collect();
        let words = prose.split(|c: char| !c.is_ascii_digit() && c != '.');
        for number in words.map(|word| word.trim_matches('.')).filter(|word| word.len() > 1) {
            assert!(shown.contains(number), "{name}: {number} comes from no command or program");
        }
    }
}

/// rustdoc runs the programs of those chapters that the library names.
#[test]
fn programs_of_every_chapter_are_run() {
    let library = Path::new(env!("CARGO_MANIFEST_DIR")).join("../gradtape-calculus/src/book.rs");
    let library = fs::read_to_string(library).unwrap();
    for name in chapters() {
        let run = library.contains(&format!("\"{name}\""));
        assert_eq!(run, read(&name).contains("```rust"), "{name} in gradtape-calculus/src/book.rs");
    }
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/book/src")
}

fn read(name: &str) -> String {
    fs::read_to_string(source().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The files of the chapters, in the order of the summary.
fn chapters() -> Vec<String> {
    let summary = read("SUMMARY.md");
    let names: Vec<String> = targets(&summary).into_iter().map(String::from).collect();
    assert!(names.len() > 10, "{names:?}");
    names
}

/// The names of the files in a folder.
fn files(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let files = entries.filter(|entry| entry.file_type().unwrap().is_file());
    files.map(|entry| entry.file_name().into_string().unwrap()).collect()
}

/// A folder in which the commands of the book run, with the data that it offers.
fn workplace(name: &str) -> Folder {
    let folder = Folder::new(name);
    let data = source().join("data");
    for name in files(&data) {
        folder.write(&name, fs::read(data.join(&name)).unwrap());
    }
    folder
}

/// What the commands have written.
fn drawn(folder: &Folder) -> BTreeSet<String> {
    let data = files(&source().join("data"));
    folder.files().into_iter().filter(|name| !data.contains(name)).collect()
}

/// A chapter with the outputs that its commands have now.
fn anew(text: &str, folder: &Folder) -> String {
    let mut anew = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        anew += &format!("{line}\n");
        if line != "```console" {
            continue;
        }
        let mut printed = String::new();
        while let Some(line) = lines.next().filter(|line| *line != "```") {
            // What is no command is an output of before.
            let Some(first) = line.strip_prefix("$ ") else { continue };
            if !printed.is_empty() {
                anew += "\n";
            }
            anew += &format!("{line}\n");
            let mut command = first.to_string();
            while command.ends_with('\\') {
                let line = lines.next().expect("a line after a backslash");
                anew += &format!("{line}\n");
                command += &format!("\n{line}");
            }
            printed = output(&command, folder);
            anew += &printed;
        }
        anew += "```\n";
    }
    anew
}

/// What a shell prints for a command, without blanks at the ends of lines and an empty last line.
fn output(command: &str, folder: &Folder) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_gradtape"));
    let mut folders = vec![program.parent().unwrap().to_path_buf()];
    folders.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).current_dir(folder.path("")).stdin(Stdio::null());
    let run = Run::of(shell.env("PATH", env::join_paths(folders).unwrap()).output().unwrap());
    // In a pipe only the last status is known, so that nothing may be told on standard error.
    assert_eq!((run.status, &*run.stderr), (0, ""), "{command}\n{}", run.stdout);
    assert!(!run.stdout.is_empty() || command.contains(" --out "), "{command}\nprints nothing");
    let lines: Vec<&str> = run.stdout.trim_end().lines().map(str::trim_end).collect();
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// A chapter without its blocks of code.
fn prose(text: &str) -> String {
    let mut inside = false;
    let kept = text.lines().filter(|line| {
        let fence = line.trim_start().starts_with("```");
        inside ^= fence;
        !inside && !fence
    });
    kept.map(|line| format!("{line}\n")).collect()
}

/// Where links, pictures and frames lead.
fn targets(text: &str) -> Vec<&str> {
    let mut all = between(text, "](", ")");
    all.extend(between(text, "src=\"", "\""));
    all
}

fn between<'t>(text: &'t str, start: &str, end: &str) -> Vec<&'t str> {
    text.split(start).skip(1).filter_map(|rest| Some(rest.split_once(end)?.0)).collect()
}
