//! Categories of many levels become vectors before the first layer.

use crate::common::{Folder, contains, table};

/// A table of which the answer follows from one of 80 names alone.
fn names(folder: &Folder) {
    let row = |i: usize| {
        let name = i * 7919 % 80;
        format!("n{name:02},{},{}.5", i * 31 % 17, 10 * (name * name % 13))
    };
    folder.write("data.csv", table("name,x,y", 1600, row));
}

#[test]
fn columns_of_many_levels_are_embedded() {
    let folder = Folder::new("embedded");
    names(&folder);
    let train = "train data.csv --target y --members 2 --epochs 40";
    let text = folder.run(&format!("{train} --out a")).ok().stdout;
    contains(
        &text,
        &[
            "column \"name\": its 80 categories are embedded, each is 19 numbers before the first layer (--no-embed",
            "2 of 81 → 20 → 64 → 64 → 1",
        ],
    );
    let report = folder.run(&format!("{train} --out b --format json --threads 1")).ok().json();
    assert!(report["held_out"]["r2"].as_f64().unwrap() > 0.95, "{report}");
    assert!(folder.read("a/model.safetensors") == folder.read("b/model.safetensors"));

    // The model is used as any other.
    let again = folder.run("evaluate a/model.safetensors data.csv --format json").ok().json();
    assert_eq!(again["r2"], report["held_out"]["r2"]);
    let told = folder.run("evaluate a/model.safetensors data.csv --importance").ok().stdout;
    let rows: Vec<&str> = told.lines().filter(|line| line.starts_with(['n', 'x'])).collect();
    assert!(rows[0].starts_with("name"), "{told}");
    let known = folder.run("inspect a/model.safetensors").ok().stdout;
    contains(&known, &["EmbedColumns(81, 20)", "one of \"n00\""]);
    // What was not there is none of them: a vector of zeros.
    folder.write("new.csv", "name,x\nn03,5\nnobody,5\n,5\n");
    let run = folder.run("predict a/model.safetensors new.csv --explain").ok();
    contains(&run.stderr, &["1 of 3 values were not trained on, such as \"nobody\""]);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines[2], lines[3], "{}", run.stdout);
    assert_ne!(lines[1], lines[2]);
}

#[test]
fn what_is_embedded_can_be_said() {
    let folder = Folder::new("embed-said");
    names(&folder);
    let text = |flags: &str| {
        let train = format!("train data.csv --target y --epochs 1 --hidden 8 {flags}");
        folder.run(&train).ok().stdout
    };
    let one_hot = text("--no-embed");
    assert!(!one_hot.contains("are embedded") && one_hot.contains("81 → 8 → 1"), "{one_hot}");
    assert!(!text("--embed-scale 0").contains("are embedded"));
    contains(&text("--embed name:5"), &["each is 5 numbers", "81 → 6 → 8 → 1"]);
    contains(&text("--embed-scale 0.5"), &["each is 10 numbers"]);
    contains(&text("--embed x --categories x"), &["its 17 categories are embedded, each is 8"]);
    // A linear model stays one.
    let linear = folder.run("train data.csv --target y --epochs 1 --hidden none").ok().stdout;
    assert!(!linear.contains("are embedded"), "{linear}");
    let refused = |flags: &str, words: &[&str]| {
        folder.run(&format!("train data.csv --target y {flags}")).fails(2, words);
    };
    refused("--embed x", &["--embed x", "no such column of categories", "--categories x"]);
    refused("--embed name --no-embed", &["--no-embed", "cannot be used with"]);
    refused("--embed-scale -1", &["from 0 to 10"]);
    folder.run("train digits --network lenet --no-embed").fails(2, &["--embed", "perceptron"]);
}

#[test]
fn a_training_with_vectors_goes_on_and_is_searched() {
    let folder = Folder::new("embed-on");
    names(&folder);
    let train = "train data.csv --target y --members 1 --schedule constant --quiet --checkpoint-every 1epochs";
    folder.run(&format!("{train} --epochs 4 --out whole")).ok();
    folder.run(&format!("{train} --epochs 2 --out run")).ok();
    folder.run("train --resume run --epochs 4 --quiet --out run").ok();
    assert!(folder.read("whole/model.safetensors") == folder.read("run/model.safetensors"));
    folder
        .run("train --resume run --epochs 5 --no-embed --insist")
        .fails(2, &["--embed is another one than in the checkpoint"]);
    let search = "tune data.csv --target y --trials 9 --epochs 3 --members 1 --hidden 8 --minutes 30 --format json";
    let report = folder.run(search).ok().json();
    let trials = report["trials"].as_array().unwrap();
    let tried = |scale: &str| trials.iter().any(|trial| trial["settings"]["embed-scale"] == scale);
    assert!(["0", "0.5", "1"].into_iter().filter(|scale| tried(scale)).count() >= 2, "{report}");
}
