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
    folder.write("homes.csv", &table(40_000));
    let text = folder.run(TRAIN).ok().stdout;
    for part in ["larger than 1MB of memory", "412 rows left out: no value", "of its rows"] {
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
    folder.write("homes.csv", &table(20_000));
    let checkpoints = "--checkpoint-every 100steps";
    folder.run(&format!("{TRAIN} --steps 1000000 --quiet --out whole")).ok();
    folder.run(&format!("{TRAIN} --quiet --out run {checkpoints} --steps 333")).ok();
    folder.run(&format!("train --resume run --steps 1000000 --quiet --out run")).ok();
    assert!(folder.read("whole/model.safetensors") == folder.read("run/model.safetensors"));
    // Other rows are other data.
    folder.write("homes.csv", &table(20_000).replace("2024-03", "2024-04"));
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
    folder.write("points.csv", &format!("{rows}1,2\n"));
    folder.run(train).fails(1, &["line 60002", "2 cells"]);
    folder.write("points.jsonl", &"{\"x\": 1, \"kind\": \"a\"}\n".repeat(60_000));
    folder.run(&train.replace(".csv", ".jsonl")).fails(1, &["JSON is read whole"]);
}
