//! Numbers of a table that are cut into parts before the first layer.

use crate::common::{Folder, contains, table};

/// A table of which the answer goes up and down with one of 40 numbers.
fn steps(folder: &Folder, rows: usize) {
    let row = |i: usize| {
        let number = i * 7919 % 40;
        format!("{number},{},{}.5", i * 31 % 17, 10 * (number * number % 13))
    };
    folder.write("data.csv", table("number,x,y", rows, row));
}

#[test]
fn numbers_of_many_rows_are_cut() {
    let folder = Folder::new("cuts");
    steps(&folder, 3000);
    let train = "train data.csv --target y --members 2 --epochs 30";
    let text = folder.run(&format!("{train} --out a")).ok().stdout;
    contains(&text, &["2 of 2 → 34 → 64 → 64 → 1", "cut at quantiles: number into 16, x into 16"]);
    let report = folder.run(&format!("{train} --out b --format json --threads 1")).ok().json();
    let r2 = report["held_out"]["r2"].as_f64().unwrap();
    assert!(folder.read("a/model.safetensors") == folder.read("b/model.safetensors"));
    let whole = folder.run(&format!("{train} --cuts 0 --out c --format json")).ok().json();
    let without = whole["held_out"]["r2"].as_f64().unwrap();
    assert!(r2 > 0.6 && r2 > without + 0.2, "{r2} {without}");

    // The model is used as any other, also one of a single network.
    let again = folder.run("evaluate a/model.safetensors data.csv --format json").ok().json();
    assert_eq!(again["r2"], report["held_out"]["r2"]);
    folder.run("train data.csv --target y --epochs 2 --hidden 8 --quiet --out one").ok();
    contains(&folder.run("inspect one/model.safetensors").ok().stdout, &["Hardtanh"]);
    let run = folder.run("predict one/model.safetensors data.csv --explain").ok();
    assert_eq!(run.stdout.lines().count(), 3001);
}

#[test]
fn how_often_they_are_cut_can_be_said() {
    let folder = Folder::new("cuts-said");
    steps(&folder, 1500);
    let text = |flags: &str| {
        let train = format!("train data.csv --target y --epochs 1 --hidden 8 {flags}");
        folder.run(&train).ok().stdout
    };
    contains(&text(""), &["2 → 8 → 1"]);
    contains(&text("--cuts 5"), &["2 → 12 → 8 → 1"]);
    folder.run("train digits --network lenet --cuts 5").fails(2, &["--cuts", "perceptron"]);
    folder.run("train data.csv --target y --cuts 2").fails(2, &["at least 3, or 0 for none"]);

    let train = "train data.csv --target y --members 1 --schedule constant --quiet --checkpoint-every 1epochs --cuts 5";
    folder.run(&format!("{train} --epochs 4 --out whole")).ok();
    folder.run(&format!("{train} --epochs 2 --out run")).ok();
    folder.run("train --resume run --epochs 4 --quiet --out run").ok();
    assert!(folder.read("whole/model.safetensors") == folder.read("run/model.safetensors"));
    folder
        .run("train --resume run --epochs 5 --cuts 0 --insist")
        .fails(2, &["--cuts is another one than in the checkpoint"]);
}

#[test]
fn who_begins_with_a_model_is_told_of_its_cuts() {
    let folder = Folder::new("cuts-start");
    steps(&folder, 1500);
    let train = "train data.csv --target y --members 1 --epochs 1 --hidden 8";
    folder.run(&format!("{train} --cuts 5 --out cut")).ok();
    folder.run(&format!("{train} --out plain")).ok();
    contains(&folder.run("inspect cut/model.safetensors").ok().stdout, &["cuts", "5"]);
    folder
        .run(&format!("{train} --start cut/model.safetensors --out a"))
        .fails(2, &["into 10 parts", "into none", "say --cuts as for the model"]);
    folder
        .run(&format!("{train} --start plain/model.safetensors --cuts 5 --out a"))
        .fails(2, &["the model cuts no numbers", "--cuts 0"]);
    folder.run(&format!("{train} --start cut/model.safetensors --cuts 5 --out a")).ok();
}

#[test]
fn a_category_of_many_levels_leaves_numbers_cut() {
    let folder = Folder::new("cuts-levels");
    let row = |i: usize| format!("{},z{},{}.5", i * 7919 % 40, i * 31 % 200, i * i % 13);
    folder.write("data.csv", table("number,zip,y", 3000, row));
    let text = folder.run("train data.csv --target y --members 1 --epochs 1").ok().stdout;
    contains(&text, &["cut at quantiles: number into 16"]);
}
