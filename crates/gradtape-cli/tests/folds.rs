//! `gradtape train --folds`: each row is held out once.

use crate::common::Folder;
use serde_json::Value;

const QUICK: &str = "--hidden 8 --epochs 5 --members 1";

/// Rows of two classes, of groups of six, with a number.
fn table(rows: usize) -> String {
    let row = |i: usize| {
        let x = (i as f64 * 0.37).sin();
        let class = if (i / 6).is_multiple_of(2) == (x > -2.0) { "yes" } else { "no" };
        format!("{x:.4},{:.4},who{},{:.4},{class}\n", (i as f64 * 0.91).cos(), i / 6, 3.0 * x)
    };
    "a,b,who,y,class\n".to_string() + &(0..rows).map(row).collect::<String>()
}

#[test]
fn each_fold_is_told_with_mean_and_interval() {
    let folder = Folder::new("folds");
    let text = folder.run(&format!("train iris --folds 5 {QUICK}")).ok().stdout;
    for part in [
        "fold 5: 5 epochs",
        "fold  rows  epochs",
        "balanced accuracy",
        " ± ",
        "95 % interval",
        "answers on the same rows: constant 0.33333 ± 0, linear 0.",
        "trained on all 150 rows: 135 to train and 15 to validate; none is held out",
        "a folder with the model of each fold",
    ] {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
    let names = folder.files();
    for name in ["model.safetensors", "compare.csv", "compare.svg", "fold-1", "fold-5"] {
        assert!(names.iter().any(|other| other == name), "{names:?}");
    }
    let report =
        folder.run(&format!("train iris --folds 5 {QUICK} --format json --out j")).ok().json();
    let folds = report["folds"].as_array().unwrap();
    let figure = |fold: &Value| fold["figures"]["accuracy"].as_f64().unwrap();
    let mean = folds.iter().map(figure).sum::<f64>() / 5.0;
    let told = &report["mean"]["accuracy"];
    assert!((told["mean"].as_f64().unwrap() - mean).abs() < 1e-12);
    let squares: f64 = folds.iter().map(|fold| (figure(fold) - mean).powi(2)).sum();
    // Student's t for four degrees of freedom.
    let reach = 2.776445 * (squares / 4.0 / 5.0).sqrt();
    assert!((told["high"].as_f64().unwrap() - mean - reach).abs() < 1e-6, "{told}");
    assert!(folds.iter().all(|fold| fold["rows"]["test"] == 30));
    assert_eq!(report["trained_on"]["train"], 135);
    assert_eq!(report["trained_on"]["test"], 0);

    // One of them is what it is alone, and its rows are found again.
    folder.run(&format!("train iris --folds 5 --fold 2 {QUICK} --quiet --out alone")).ok();
    let inner = folder.read("fold-2/model.safetensors");
    assert!(inner == folder.read("alone/model.safetensors"));
    let found = folder.run("evaluate fold-2/model.safetensors iris --format json").ok().json();
    assert_eq!(found["trained_on"], true);
    assert_eq!(found["rows"], 30);
    assert_eq!(found["accuracy"], folds[1]["figures"]["accuracy"]);
}

#[test]
fn folds_of_groups_and_of_numbers_are_found_again() {
    let folder = Folder::new("folds-groups");
    folder.write("t.csv", table(120));
    for how in ["--group who", "--stratify", ""] {
        let command = format!("train t.csv --target y --ignore class --folds 4 {how} {QUICK}");
        let report = folder.run(&format!("{command} --format json")).ok().json();
        let folds = report["folds"].as_array().unwrap();
        assert!(folds.iter().all(|fold| fold["rows"]["test"] == 30), "{report}");
        for fold in 1..=4 {
            let evaluate = format!("evaluate fold-{fold}/model.safetensors t.csv --format json");
            let found = folder.run(&evaluate).ok().json();
            let known = &folds[fold - 1]["figures"]["mean absolute error"];
            assert_eq!(&found["mae"], known, "{how}");
        }
    }
}

#[test]
fn folds_are_compared_for_each_setting() {
    let folder = Folder::new("folds-lists");
    let command = "train xor --samples 60 --hidden 4 --optimizer adam,sgd --folds 3 --epochs 3";
    let text = folder.run(command).ok().stdout;
    assert!(text.contains("optimizer adam, fold 3: 3 epochs") && text.contains("95 %"), "{text}");
    let report = folder.run(&format!("{command} --format json")).ok().json();
    let groups = report["groups"].as_array().unwrap();
    assert_eq!(groups.len(), 2);
    assert_eq!(groups[1]["settings"]["optimizer"], "sgd");
    assert_eq!(groups[1]["held_out_accuracy"]["values"], 3);
    assert!(!folder.files().contains(&"model.safetensors".to_string()));
}

#[test]
fn folds_that_make_no_sense_are_told() {
    let folder = Folder::new("folds-wrong");
    let mut rows = table(60);
    rows += "0.1,0.2,who99,0.3,rare\n0.1,0.2,who99,0.4,rare\n";
    folder.write("t.csv", rows);
    let run = |words: &str| folder.run(&format!("train t.csv --target class {QUICK} {words}"));
    let class = "no row of class \"rare\", of which there are 2 rows";
    run("--folds 3").fails(2, &["--folds 3", class, "hint: --folds 2 at most"]);
    run("--folds 3 --group who").fails(2, &[class, "rows of a \"who\" stay together"]);
    run("--folds 1").fails(2, &["two or more"]);
    run("--folds 2,3").fails(2, &["one number"]);
    run("--folds 100 --ignore who").fails(2, &["--folds 100"]);
    run("--folds 5 --fold 6").fails(2, &["there are 5 folds"]);
    run("--fold 2").fails(2, &["--folds"]);
    run("--folds 5 --test-fraction 0.2").fails(2, &["--test-fraction and --folds"]);
    run("--folds 5 --split time y").fails(2, &["--split time and --folds"]);
    run("--folds 14 --group who --task classification").fails(2, &["\"who\" has only 11 groups"]);
    folder.run("profile xor --folds 3").fails(2, &["gradtape train"]);
    assert!(folder.files() == ["t.csv"], "{:?}", folder.files());
    // Of forty draws one has both in one part.
    run("--folds 2 --split random --seed 1..40").fails(2, &["class \"rare\"", "--split random"]);
}
