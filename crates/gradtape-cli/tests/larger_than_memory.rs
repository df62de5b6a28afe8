//! `gradtape train` on a table that is read in pieces.

use std::fmt::Write;

use crate::common::Folder;

/// A table of which the target follows from the columns; one row in 97 has no target.
fn table(rows: usize) -> String {
    let mut text = String::from("when,size,kind,price\n");
    for i in 0..rows {
        let size = ((i * 7919) % 1000) as f64 / 10.0;
        let kind = ["house", "flat", "barn"][(i * 31) % 3];
        let price = 3.0 * size + [50.0, 20.0, 5.0][(i * 31) % 3];
        let price = if i % 97 == 96 { String::new() } else { format!("{price}") };
        let (month, day) = (1 + i % 12, 1 + i % 28);
        writeln!(text, "2024-{month:02}-{day:02},{size},{kind},{price}").unwrap();
    }
    text
}

const TRAIN: &str =
    "train homes.csv --target price --memory 1MB --epochs 4 --hidden 32 --schedule constant";

#[test]
fn a_large_table_is_read_in_pieces_and_learned() {
    let folder = Folder::new("large-table");
    folder.write("homes.csv", table(40_000));
    let text = folder.run(TRAIN).ok().stdout;
    for part in [
        "larger than 1MB of memory",
        "412 rows left out: no value",
        "of its rows",
        "\"when\" holds dates",
    ] {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
    let report = folder.run(&format!("{TRAIN} --format json --threads 1 --out b")).ok().json();
    let rows = |part: &str| report["rows"][part].as_u64().unwrap();
    assert_eq!(rows("train") + rows("validation") + rows("test"), 40_000 - 412);
    // No more are held out than fit.
    assert!((300..8_000).contains(&rows("test")), "{report}");
    assert!(report["held_out"]["r2"].as_f64().unwrap() > 0.95, "{report}");
    assert!(folder.read("model.safetensors") == folder.read("b/model.safetensors"));
    // Nothing but the usual files is left.
    let left = std::fs::read_dir(folder.path("b")).unwrap().count();
    assert_eq!(left, 3);
    // The model is used like any other.
    let text = folder.run("predict model.safetensors homes.csv").ok().stdout;
    assert_eq!(text.lines().count(), 40_001);
}

#[test]
fn it_goes_on_to_the_same_bits() {
    let folder = Folder::new("large-resume");
    folder.write("homes.csv", table(20_000));
    let checkpoints = "--checkpoint-every 100steps";
    folder.run(&format!("{TRAIN} --steps 1000000 --quiet --out whole")).ok();
    folder.run(&format!("{TRAIN} --quiet --out run {checkpoints} --steps 333")).ok();
    folder.run("train --resume run --steps 1000000 --quiet --out run").ok();
    assert!(folder.read("whole/model.safetensors") == folder.read("run/model.safetensors"));
    // Other rows are other data.
    folder.write("homes.csv", table(20_000).replace("2024-03", "2024-04"));
    let run = folder.run("train --resume run --quiet --out run");
    run.fails(1, &["training data", "--insist"]);
}

#[test]
fn classes_that_are_rare_and_what_does_not_fit_are_told() {
    let folder = Folder::new("large-classes");
    let mut text = String::from("x,y,kind\n");
    for i in 0..60_000 {
        let (x, y) = ((i % 101) as f64, (i % 89) as f64);
        let kind = match i {
            33_333 => "unicorn",
            _ if x > y => "above",
            _ => "below",
        };
        writeln!(text, "{x},{y},{kind}").unwrap();
    }
    folder.write("points.csv", &text);
    let train = "train points.csv --target kind --memory 1MB --epochs 2";
    let text = folder.run(train).ok().stdout;
    assert!(text.contains("1 row left out") && text.contains("\"unicorn\""), "{text}");
    assert!(text.contains("held-out accuracy 9"), "{text}");
    for (flags, words) in [
        ("--split time x", ["read in pieces", "--memory"]),
        ("--folds 3", ["read in pieces", "--memory"]),
        ("--members 4", ["--members", "one network"]),
        ("--memory 5", ["--memory", "500MB"]),
    ] {
        folder
            .run(
                &format!("{train} {flags}").replace("--memory 1MB --epochs 2 --memory", "--memory"),
            )
            .fails(2, &words);
    }
    let rows = String::from_utf8(folder.read("points.csv")).unwrap();
    folder.write("points.csv", format!("{rows}1,2\n"));
    folder.run(train).fails(1, &["line 60002", "2 cells"]);
    folder.write("points.jsonl", "{\"x\": 1, \"kind\": \"a\"}\n".repeat(60_000));
    folder.run(&train.replace(".csv", ".jsonl")).fails(1, &["JSON is read whole"]);
}

/// How many rows are used, and the notes, of a table `x,y` whose target is that of each row.
fn learned(name: &str, flags: &str, target: impl Fn(usize) -> String) -> (u64, String) {
    let folder = Folder::new(name);
    let rows = (0..ROWS).map(|i| format!("{}.5,{}\n", (i * 7919) % 1000, target(i)));
    folder.write("points.csv", "x,y\n".to_string() + &rows.collect::<String>());
    let train = format!(
        "train points.csv --target y --memory 1MB --epochs 1 --hidden 4 --batch 512 {flags}"
    );
    let told = folder.run(&format!("{train} --out a")).ok().stdout;
    let report = folder.run(&format!("{train} --format json --out b")).ok().json();
    let rows = |part: &str| report["rows"][part].as_u64().unwrap();
    (rows("train") + rows("validation") + rows("test"), told)
}

const ROWS: usize = 80_000;

#[test]
fn what_a_piece_has_of_the_target_is_read_as_all_of_it() {
    // A piece of dashes alone is not empty.
    let (rows, told) = learned("large-signs", "", |i| ["+", "-"][2 * i / ROWS].to_string());
    assert_eq!(rows, ROWS as u64, "{told}");
    assert!(!told.contains("left out"), "{told}");
    // Where there are few words, they are classes all the same.
    let (rows, told) = learned("large-others", "", |i| match i % 20 {
        0 => "other".to_string(),
        place if i > ROWS / 2 && place < 8 => "other".to_string(),
        _ => (1 + i / 7 % 3).to_string(),
    });
    assert_eq!(rows, ROWS as u64, "{told}");
    // And a stretch of words makes no classes of numbers.
    let words = 40_000..44_000;
    let (rows, told) = learned("large-words", "", |i| match words.contains(&i) {
        true => "pending".to_string(),
        false => format!("{}", 3 * ((i * 7919) % 1000)),
    });
    assert_eq!(rows, (ROWS - words.len()) as u64, "{told}");
    for part in ["4,000 rows left out: no value of \"y\"", "on a straight line"] {
        assert!(told.contains(part), "{part:?} is not in: {told}");
    }
}

#[test]
fn all_pieces_are_looked_at_for_cells_that_are_no_numbers() {
    let folder = Folder::new("large-strict");
    let rows = (0..ROWS).map(|i| match i {
        50_001 => "oops,yes\n".to_string(),
        60_001 => format!("{},r\u{e9}\n", i % 997),
        _ => format!("{}.5,{}\n", i % 997, ["yes", "no"][i % 2]),
    });
    let text = "x,y\n".to_string() + &rows.collect::<String>();
    // As it is in Windows-1252.
    let bytes: Vec<u8> = text.chars().map(|c| c as u8).collect();
    folder.write("points.csv", bytes);
    let train = "train points.csv --target y --memory 1MB --epochs 1 --hidden 4 --batch 512";
    let told = folder.run(train).ok().stdout;
    assert!(told.contains("was read as Windows-1252"), "{told}");
    folder.run(&format!("{train} --strict")).fails(1, &["line 50003", "\"oops\"", "--numbers"]);
}
