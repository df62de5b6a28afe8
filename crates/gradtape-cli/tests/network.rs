//! `gradtape explain --network` as a program.

use std::path::Path;

use crate::common::{Folder, Run, command, run};

/// The command of the course's example, as the help has it: weights are one argument with blanks.
fn course(more: &str) -> Run {
    let mut line =
        command(Path::new("."), &format!("explain --network 4,2,1 --x 1,2,3,4 --target 7 {more}"));
    let weights =
        r#"{"W1": [[1,0],[0,1],[1,0],[0,1]], "b1": [0,-1], "W2": [[1.5],[0.5]], "b2": [1.5]}"#;
    Run::of(line.args(["--weights", weights]).output().unwrap())
}

#[test]
fn the_courses_example() {
    let help = run("explain --help").ok().stdout;
    assert!(help.contains("gradtape explain --network 4,2,1 --x 1,2,3,4 --target 7"), "{help}");
    let json = course("--format json").ok().json();
    assert_eq!(
        (json["prediction"][0][0].as_f64(), json["value"].as_f64()),
        (Some(10.0), Some(9.0))
    );
    assert_eq!(json["gradient"]["b2"][0], 6.0);
    assert_eq!(json["gradient"]["W1"][3][1], 12.0);
    assert_eq!(json["numeric"]["W1"].as_array().unwrap().len(), 4);
    assert_eq!(json["backward"][1]["matrices"], "dL/dW2 = h1ᵀ · δ2");
    assert_eq!(json["backward"][1]["jacobian"]["shape"].as_array().unwrap().len(), 4);
    let text = course("").ok().stdout;
    assert!(text.contains("L = (10 - 7)^2 = 9") && text.contains("= 6 * 1 = 6"), "{text}");
    assert!(course("--format markdown").ok().stdout.contains(r"\begin{pmatrix}"));
}

#[test]
fn weights_that_were_printed_are_read_again() {
    let folder = Folder::new("network");
    let line =
        "explain --network 3,4,2 --activation tanh --loss cross-entropy --x 1,-1,0.5 --target 1";
    folder.run(&format!("{line} --seed 3 --format json --out first.json")).ok();
    folder.run(&format!("{line} --weights first.json --format json --out second.json")).ok();
    assert_eq!(folder.read("first.json"), folder.read("second.json"));
}

#[test]
fn examples_come_from_a_file() {
    let folder = Folder::new("network-data");
    folder.write("d.csv", "a,b,y\n1,2,0\n3,4,1\n5,6,1\n");
    let line = "explain --network 2,2,1 --loss bce --data d.csv --format json";
    let json = folder.run(line).ok().json();
    assert_eq!((json["examples"].as_u64(), json["x"][2][1].as_f64()), (Some(3), Some(6.0)));
    let json = folder.run(&format!("{line} --target a --batch 1")).ok().json();
    assert_eq!(json["x"][0], serde_json::json!([2.0, 0.0]));
    folder.run("explain --network 2,1 --data d.csv --target z").fails(2, &["no column \"z\""]);
    folder.run("explain --network 3,1 --data d.csv").fails(2, &["2 columns", "3 inputs"]);
    folder.run("explain --network 2,1 --data d.csv --batch 9").fails(2, &["d.csv has 3"]);
    folder.write("gap.csv", "a,b,y\n1,,0\n");
    folder.run("explain --network 2,1 --data gap.csv").fails(2, &["x has the number NaN"]);
    let classes =
        folder.run("explain --network 2,2 --loss cross-entropy --data d.csv --format json");
    assert_eq!(classes.ok().json()["target"][1], serde_json::json!([0.0, 1.0]));
}

#[test]
fn wrong_use_has_status_2() {
    for (flags, words) in [
        ("--network 4", &["at least two sizes"][..]),
        ("--network 4,0,1", &["size 2 of the network is 0"]),
        ("--network 4,-2,1", &["\"-2\" is no number of units"]),
        ("--network 100000,100000,1", &["10000200001 weights", "at most 4096"]),
        ("--network 4,2,1 --activation rleu", &["did you mean \"relu\"?"]),
        ("--network 4,2,1 --activation relu,relu,relu", &["3 activations do not fit 2 layers"]),
        ("--network 4,2,1 --loss mes", &["did you mean \"mse\"?"]),
        ("--network 4,2,1 --x 1,2,3", &["3 numbers", "need 4"]),
        ("--network 4,2,1 --x 1,2,3,x", &["\"x\" is not a number"]),
        ("--network 4,2,1 --x 1,2,3,4 --batch 2", &["need 8"]),
        ("--network 4,2,1 --target 1,2", &["2 numbers", "need 1"]),
        ("--network 4,2,1 --batch 0", &["batch of 0"]),
        ("--network 4,2,1 --batch 1000000", &["at most 64"]),
        ("--network 4,2,1 --weights {\"W2\":[[1,2]]}", &["(1, 2), but needs (2, 1)", "transpose"]),
        ("--network 4,2,1 --weights {\"W2\":[[1],[2,3]]}", &["rows of equal length"]),
        ("--network 4,2,1 --weights {\"W2\"", &["EOF"]),
        ("--network 4,2,1 --weights none.json", &["none.json cannot be read"]),
        ("--network 4,2,1 --format dot", &["text, json, markdown, svg or html"]),
        ("--network 2,1 --loss cross-entropy", &["there is one output"]),
        ("x --network 2,1", &["cannot be used with"]),
        ("x --at x=1 --loss mse", &["--loss is about a network", "--network 4,2,1"]),
        ("", &["<EXPR>"]),
    ] {
        run(&format!("explain {flags}")).fails(2, words);
    }
}

#[test]
fn a_network_is_drawn() {
    let svg = run("explain --network 2,3,1 --format svg").ok().stdout;
    assert!(svg.starts_with("<svg") && svg.contains("dL/dW1[1,1] = "), "{svg}");
    let page = run("explain --network 2,3,1 --format html").ok().stdout;
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("type=\"range\""), "{page}");
    run("explain --network 60,60,1 --format svg").fails(2, &["at most 64 and 400 are drawn"]);
}
