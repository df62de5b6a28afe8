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
            let built = file == "play.html" && name == "playground.md";
            let known = file.starts_with("https://") || source().join(file).is_file() || built;
            assert!(known, "{name}: {target} leads nowhere");
        }
    }
}

#[test]
fn figures_stand_in_the_book() {
    let all: String = chapters().iter().map(|name| prose(&read(name))).collect();
    let shown: BTreeSet<&str> = targets(&all).into_iter().collect();
    for folder in ["figures", "trained"] {
        for name in files(&source().join(folder)) {
            assert!(
                shown.contains(&*format!("{folder}/{name}")),
                "no chapter shows {folder}/{name}"
            );
        }
    }
}

/// No copy of the playground is kept in the book: the script that builds the pages writes it beside them.
#[test]
fn the_playground_is_put_into_the_built_book() {
    let script = fs::read_to_string(root().join("scripts/book.sh")).unwrap();
    assert!(script.contains("play --out \"$here/target/book/play.html\""), "{script}");
    let settings = fs::read_to_string(source().join("../book.toml")).unwrap();
    assert!(settings.contains("build-dir = \"../../target/book\""), "{settings}");
    assert!(read("playground.md").contains("<iframe src=\"play.html\" title="));
    let checks = fs::read_to_string(root().join(".ci/run")).unwrap();
    assert!(checks.contains("scripts/book.sh"), "the book is built as a reader gets it");
}

/// Each row of the table of topics names a chapter, one of its headings, and a command that stands in it.
#[test]
fn topics_lead_to_commands_of_their_chapters() {
    let text = read("topics.md");
    let rows =
        text.lines().filter(|line| line.starts_with("| ") && line.contains("](")).map(str::trim);
    let rows: Vec<&str> = rows.collect();
    assert!(rows.len() > 40, "{}", rows.len());
    let chapters: BTreeSet<String> = chapters().into_iter().collect();
    let mut led: BTreeSet<&str> = BTreeSet::new();
    for row in &rows {
        let target = between(row, "](", ")")[0];
        let (file, heading) = target.split_once('#').unwrap_or((target, ""));
        assert!(chapters.contains(file), "{row}: there is no chapter {file}");
        led.insert(file);
        let chapter = read(file);
        let headings = chapter.lines().filter_map(|line| line.strip_prefix("## ")).map(slug);
        assert!(heading.is_empty() || headings.into_iter().any(|own| own == heading), "{row}");
        let [command] = between(row, "| `", "` |")[..] else { panic!("{row}") };
        let joined = chapter.replace("\\\n", " ");
        let words: Vec<&str> = joined.split_whitespace().collect();
        assert!(words.join(" ").contains(command), "{file} has no {command}");
    }
    // What is about the program alone has no topic of a course.
    for file in
        ["gradients.md", "softmax.md", "optimisers.md", "losses.md", "batches.md", "tape.md"]
    {
        assert!(led.contains(file), "no topic leads to {file}");
    }
}

/// What takes minutes to train is not trained here: its numbers are those of the record, which the script has written
/// together with the picture.
#[test]
fn trained_figures_are_those_of_the_record() {
    let chapter = read("optimisers.md");
    let script = fs::read_to_string(root().join("scripts/figures.py")).unwrap();
    assert!(chapter.contains("scripts/figures.py") && script.contains("docs/book/src/trained"));
    for name in ["optimisers.svg", "batches.svg"] {
        assert!(files(&source().join("trained")).contains(name), "{name}");
    }
    let has = |wanted: &str| {
        let joined = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        chapter.lines().any(|line| joined(line) == wanted)
    };
    let rows = |name: &str| -> Vec<Vec<String>> {
        let text = fs::read_to_string(root().join("record/figures").join(name)).unwrap();
        text.lines().skip(1).map(|line| line.split(',').map(String::from).collect()).collect()
    };

    // Of each optimiser the rates that were tried with their losses; the one with the lowest was trained.
    let tried = rows("rates.csv");
    let trained = rows("optimisers.csv");
    let names: BTreeSet<&String> = tried.iter().map(|row| &row[0]).collect();
    assert_eq!(names.len(), 5);
    let svg = fs::read_to_string(source().join("trained/optimisers.svg")).unwrap();
    for name in names {
        let own: Vec<&Vec<String>> = tried.iter().filter(|row| row[0] == *name).collect();
        let column = |place: usize| {
            let cells = own.iter().map(|row| row[place].as_str()).filter(|cell| !cell.is_empty());
            cells.collect::<Vec<_>>().join(" ")
        };
        let mut lines =
            vec![format!("{name} rate {}", column(1)), format!("150 steps {}", column(2))];
        // Where some tie, they were trained for an epoch.
        let ties = own.iter().any(|row| !row[3].is_empty());
        lines.extend(ties.then(|| format!("an epoch {}", column(3))));
        for line in lines {
            assert!(has(&line), "optimisers.md has no line {line:?}");
        }
        let place = if ties { 3 } else { 2 };
        let measured = own.iter().filter(|row| !row[place].is_empty());
        let loss = |row: &Vec<String>| row[place].parse::<f64>().unwrap();
        let best = measured.min_by(|a, b| loss(a).total_cmp(&loss(b))).unwrap();
        // A rate at an end of those that were tried may have a better one beyond.
        let ends = [&own[0][1], &own[own.len() - 1][1]];
        assert!(own.len() == 5 && !ends.contains(&&best[1]), "{name}: {best:?}");
        let epochs: Vec<&Vec<String>> = trained.iter().filter(|row| row[0] == *name).collect();
        assert!(epochs.len() >= 3 && epochs.iter().all(|row| row[1] == best[1]), "{name}");
        let (first, last) = (epochs[0], epochs[epochs.len() - 1]);
        assert!(!ties || first[3] == best[3], "the same training begins in the same way");
        let line = [&**name, &best[1], &first[3], &last[3], &last[5]].join(" ");
        assert!(has(&line), "optimisers.md has no line {line:?}");
        let label = format!("optimizer {name}:lr={}", best[1]);
        assert!(svg.contains(&label) && chapter.contains(&label["optimizer ".len()..]), "{label}");
    }

    let losses = rows("batches.csv");
    for batch in ["1", "100"] {
        let own: Vec<&Vec<String>> = losses.iter().filter(|row| row[0] == batch).collect();
        let last = own[own.len() - 1];
        let line = [batch, &last[1], &last[2], &last[3], &last[4], &last[6]].join(" ");
        assert!(has(&line), "optimisers.md has no line {line:?}");
    }
}

/// How a heading is called in a link.
fn slug(heading: &str) -> String {
    let kept = heading.to_lowercase().replace(' ', "-");
    kept.chars().filter(|c| c.is_alphanumeric() || *c == '-').collect()
}

/// What the text says with several digits was printed or is asserted by a program beside it.
#[test]
fn numbers_of_the_text_stand_in_an_output_or_a_program() {
    for name in chapters() {
        let text = read(&name);
        let prose = prose(&text);
        let shown: String = text.lines().filter(|line| !prose.contains(*line)).collect();
        // Not the width of a frame, and no commands of other chapters, which a test of its own holds.
        let is_said =
            |line: &&str| !(line.starts_with('<') || name == "topics.md" && line.starts_with('|'));
        let prose: String = prose.split_inclusive('\n').filter(is_said).collect();
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

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn source() -> PathBuf {
    root().join("docs/book/src")
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
