//! Tables and images that are read in pieces, of which rows are held out by what they hold: the same as of data in memory.

use crate::common::{Folder, contains, table};

const ROWS: usize = 12_000;

/// Rows with a time, a group, a class and a number, and what nobody looks at.
fn homes(folder: &Folder) {
    let row = |i: usize| {
        let when = format!("{:04}-{:02}-{:02}", 2000 + i * 7919 % 20, 1 + i % 12, 1 + i % 28);
        let who = if i % 41 == 40 { String::new() } else { format!("who{}", i * 31 % 400) };
        let kind = if i % 500 == 3 { "castle" } else { ["house", "flat"][i * 13 % 2] };
        let (size, price) = (i * 31 % 97, 3 * (i * 31 % 97) + 20 * (i * 13 % 2));
        let price = if i % 97 == 96 { String::new() } else { format!("{price}.5") };
        format!("{when},{who},{kind},{size},{price},{}", "-".repeat(70))
    };
    folder.write("homes.csv", table("when,who,kind,size,price,line", ROWS, row));
}

const TRAIN: &str = "train homes.csv --hidden 16 --epochs 2 --batch 64 --schedule constant --validation 0.05 --test-fraction 0.05";

/// The numbers of the rows that a model held out.
fn held_out(folder: &Folder, out: &str, memory: &str) -> String {
    let run = format!("predict {out}/model.safetensors homes.csv --held-out --with row {memory}");
    let text = folder.run(&run).ok().stdout;
    text.lines().map(|line| line.split(',').next().unwrap().to_string() + "\n").collect()
}

#[test]
fn the_rows_held_out_are_those_of_a_table_in_memory() {
    let folder = Folder::new("pieces-divided");
    homes(&folder);
    for (flags, out) in [
        ("--ignore line,who --target price --split time when", "time"),
        ("--ignore line --target price --group who", "group"),
        ("--ignore line,who --target kind --stratify", "classes"),
        ("--ignore line,who --target price --stratify", "tenths"),
        ("--ignore line,who --target kind --folds 16 --fold 3", "fold"),
        ("--ignore line --target price --folds 16 --fold 4 --group who", "grouped"),
        ("--ignore line,who --target price --folds 16 --fold 2 --split random", "random"),
    ] {
        let train = match flags.contains("folds") {
            true => TRAIN.replace(" --test-fraction 0.05", ""),
            false => TRAIN.to_string(),
        };
        let run = format!("{train} {flags} --members 1 --format json");
        let report = folder.run(&format!("{run} --memory 1MB --out {out}")).ok().json();
        folder.run(&format!("{run} --out whole")).ok();
        let rows = held_out(&folder, "whole", "");
        assert_eq!(report["rows"]["test"].as_u64().unwrap() as usize, rows.lines().count() - 1);
        for memory in ["", "--memory 1MB"] {
            assert!(held_out(&folder, out, memory) == rows, "{flags} {memory}");
            let run = format!("evaluate {out}/model.safetensors homes.csv {memory} --format json");
            let again = folder.run(&run).ok().json();
            assert_eq!(again["trained_on"], true, "{flags} {memory}");
            assert_eq!(again["loss"], report["held_out"]["loss"], "{flags} {memory}");
            assert_eq!(again["baselines"], report["held_out"]["baselines"], "{flags} {memory}");
            for part in ["validation", "train"] {
                let measured = folder.run(&format!("{run} --part {part}")).ok();
                // Of more answers than fit, some are measured.
                let told = measured
                    .stderr
                    .split_once("1 in ")
                    .and_then(|(_, rest)| rest.split(' ').next()?.parse::<u64>().ok());
                let all = report["rows"][part].as_u64().unwrap();
                let want = all.div_ceil(told.unwrap_or(1));
                assert!(told.is_none() || !memory.is_empty(), "{flags}");
                assert_eq!(measured.json()["rows"], want, "{flags} {memory}");
            }
        }
        let text = folder.run(&format!("inspect {out}/model.safetensors")).ok().stdout;
        assert!(text.contains(" rows for test, ") && !text.contains("one by one"), "{text}");
    }
    // The group is not learned from.
    let text = folder
        .run(&format!("{TRAIN} --ignore line --target price --group who --memory 1MB"))
        .ok()
        .stdout;
    contains(&text, &["column \"who\" left out: no group that is held out was trained on"]);
}

#[test]
fn more_than_fits_of_those_held_out_is_in_no_part() {
    let folder = Folder::new("pieces-thinned");
    homes(&folder);
    let train = TRAIN.replace("--test-fraction 0.05", "--ignore line,who --test-fraction 0.4");
    let run = format!("{train} --target price --split time when --memory 1MB");
    let text = folder.run(&run).ok().stdout;
    contains(&text, &["held out about", "are measured, chosen at random", "in no part"]);
    let report = folder.run(&format!("{run} --format json --out b")).ok().json();
    let rows = |part: &str| report["rows"][part].as_u64().unwrap() as usize;
    assert!(rows("train") < ROWS * 6 / 10 && rows("test") < 2_500, "{report}");
    for memory in ["", "--memory 1MB"] {
        let run = format!("evaluate b/model.safetensors homes.csv {memory} --format json");
        assert_eq!(folder.run(&run).ok().json()["loss"], report["held_out"]["loss"]);
        assert_eq!(held_out(&folder, "b", memory).lines().count(), 1 + rows("test"));
    }
    // Goes on to the same bits.
    let once = format!("{run} --quiet --checkpoint-every 20steps");
    folder.run(&format!("{once} --steps 55 --out c")).ok();
    folder.run("train --resume c --steps 1000000 --quiet --out c").ok();
    folder.run(&format!("{once} --steps 1000000 --out d")).ok();
    assert!(folder.read("c/model.safetensors") == folder.read("d/model.safetensors"));
}

#[test]
fn folds_of_a_table_in_pieces_are_told() {
    let folder = Folder::new("pieces-folds");
    homes(&folder);
    let train = TRAIN.replace(" --test-fraction 0.05", "").replace("--epochs 2", "--epochs 1");
    let text = folder
        .run(&format!("{train} --ignore line,who --target kind --folds 3 --memory 1MB"))
        .ok()
        .stdout;
    contains(&text, &["fold 3: 1 epoch", " ± ", "the model was trained on all 12,000 rows"]);
}

#[test]
fn what_cannot_be_done_says_why() {
    let folder = Folder::new("pieces-refused");
    homes(&folder);
    let run = |flags: &str| {
        folder.run(&format!("{TRAIN} --ignore line,who --target price --memory 1MB {flags}"))
    };
    run("--split time kind").fails(2, &["the column holds neither dates nor numbers"]);
    run("--split time then").fails(2, &["then", "when"]);
    let none = TRAIN.replace(" --test-fraction 0.05", "");
    folder
        .run(&format!("{none} --ignore line,who --target kind --folds 30 --memory 1MB"))
        .fails(2, &["no row of class \"castle\"", "--folds 24 at most"]);
    // Short rows, of which what they are divided by is much.
    folder.write("short.csv", table("t,y", 60_000, |i| format!("{},{}.5", i, i % 97)));
    let train = "train short.csv --target y --memory 1MB --split time t --hidden 4 --epochs 1";
    folder
        .run(train)
        .fails(2, &["--split time t: what the", "does not fit in half of 1MB", "--split random"]);
}

#[test]
fn classes_of_images_are_held_out_in_their_shares() {
    let folder = Folder::new("pieces-images");
    // One class in a hundred images.
    let class = |image: u32| if image.is_multiple_of(100) { 2 } else { image * 7919 % 2 };
    folder.write_idx(6_000, class);
    let train =
        "train idx --hidden 8 --epochs 1 --members 1 --test-fraction 0.02 --validation 0.02";
    for flags in ["--split stratified", "--folds 60 --fold 7"] {
        let train = match flags.contains("folds") {
            true => train.replace("--test-fraction 0.02", ""),
            false => train.to_string(),
        };
        let run = format!("{train} {flags} --format json");
        let report = folder.run(&format!("{run} --memory 1MB --out b")).ok().json();
        let whole = folder.run(&format!("{run} --out whole")).ok().json();
        let counts = |report: &serde_json::Value| -> Vec<u64> {
            let matrix = report["held_out"]["confusion_matrix"].as_array().unwrap();
            let row = |row: &serde_json::Value| {
                row.as_array().unwrap().iter().map(|count| count.as_u64().unwrap()).sum()
            };
            matrix.iter().map(row).collect()
        };
        assert_eq!(counts(&report), counts(&whole), "{flags}");
        let again = folder.run("evaluate b/model.safetensors idx --format json").ok().json();
        assert_eq!(again["loss"], report["held_out"]["loss"], "{flags}");
    }
}
