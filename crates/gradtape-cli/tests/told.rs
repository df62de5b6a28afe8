//! What is told of a training and of a measurement must be so.

use std::fs;

use crate::common::{Folder, table};
use serde_json::{Value, json};

fn training(folder: &Folder) -> Value {
    folder.run("inspect model.safetensors --format json").ok().json()["training"].clone()
}

#[track_caller]
fn contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
}

/// An IDX pair of `n` images of one pixel, bright for class 1.
fn images(folder: &Folder, prefix: &str, n: u8) {
    let pixels: Vec<u8> = (0..n).map(|i| i % 2 * 255).collect();
    let labels: Vec<u8> = (0..n).map(|i| i % 2).collect();
    let sizes = [0, 0, 0, n, 0, 0, 0, 1, 0, 0, 0, 1];
    let file = [&[0, 0, 8, 3], &sizes[..], &pixels].concat();
    folder.write(&format!("{prefix}-images-idx3-ubyte"), file);
    folder.write(
        &format!("{prefix}-labels-idx1-ubyte"),
        [&[0, 0, 8, 1], &sizes[..4], &labels].concat(),
    );
}

#[test]
fn a_folder_with_test_files_is_said_to_have_them() {
    let folder = Folder::new("own-test");
    fs::create_dir(folder.path("idx")).unwrap();
    images(&folder, "idx/train", 40);
    images(&folder, "idx/t10k", 8);
    folder.run("train idx --epochs 2 --quiet").ok();
    let data = &training(&folder)["data"];
    assert_eq!((&data["own_test"], &data["test"]), (&json!(true), &json!(0.0)));
    assert_eq!(data["rows"], json!({"train": 36, "validation": 4, "test": 8}));
    assert_eq!((data.get("samples"), data.get("noise")), (None, None));
    let text = folder.run("inspect model.safetensors").ok().stdout;
    contains(
        &text,
        &["own test files; a share of 0.1 of the others", "36 to train, 4 to validate, 8"],
    );
    contains(&text, &["2 of 2, all done\n"]);
    assert!(!text.contains("noise") && !text.contains("samples"), "{text}");
    let text = folder.run("evaluate model.safetensors idx").ok().stdout;
    contains(&text, &["idx has test files of its own; only those are measured"]);
    let refused = folder.run("train idx --test-fraction 0.5");
    refused.fails(2, &["--test-fraction: idx brings its own test files"]);
}

#[test]
fn images_are_predicted_without_labels_and_measured_without_a_part_to_train_on() {
    let folder = Folder::new("images-alone");
    for name in ["all", "test", "unlabelled", "none"] {
        fs::create_dir(folder.path(name)).unwrap();
    }
    images(&folder, "all/train", 40);
    images(&folder, "all/t10k", 8);
    folder.run("train all --epochs 20 --quiet").ok();
    let bright = folder.run("predict model.safetensors all --format json").ok().json();
    let classes: Vec<&Value> =
        bright["rows"].as_array().unwrap().iter().map(|r| &r["class"]).collect();
    assert_eq!(classes, ["0", "1", "0", "1", "0", "1", "0", "1"]);
    images(&folder, "test/t10k", 8);
    let text = folder.run("evaluate model.safetensors test").ok().stdout;
    contains(&text, &["overall accuracy 100.00 % (8 of 8)", "all rows are measured"]);
    for (name, file) in
        [("unlabelled", "train-images-idx3-ubyte"), ("test", "t10k-images-idx3-ubyte")]
    {
        folder.write(&format!("{name}/{file}"), folder.read("all/t10k-images-idx3-ubyte"));
        let alone = folder.run(&format!("predict model.safetensors {name} --format json"));
        assert_eq!(alone.ok().json(), bright);
    }
    let refused = folder.run("evaluate model.safetensors unlabelled");
    refused.fails(1, &["unlabelled/train-images-idx3-ubyte: its partner is missing"]);
    images(&folder, "none/train", 0);
    for verb in ["train none", "predict model.safetensors none"] {
        folder.run(verb).fails(1, &["none/train-images-idx3-ubyte: there are no images"]);
    }
}

#[test]
fn generated_points_say_what_they_are_made_of() {
    let folder = Folder::new("points");
    folder.run("train moons --samples 50 --epochs 1 --quiet").ok();
    let data = &training(&folder)["data"];
    assert_eq!((&data["samples"], &data["noise"]), (&json!(50), &json!(0.1)));
    assert_eq!(data["rows"], json!({"train": 35, "validation": 5, "test": 10}));
    let text = folder.run("inspect model.safetensors").ok().stdout;
    contains(&text, &["samples", "noise", "shares of 0.2 for test, 0.1 for validation"]);
}

#[test]
fn models_of_earlier_versions_are_read() {
    let folder = Folder::new("earlier");
    folder.run("train iris --epochs 2 --quiet").ok();
    let whole = folder.read("model.safetensors");
    let length = u64::from_le_bytes(*whole.first_chunk().unwrap()) as usize;
    let mut header: Value = serde_json::from_slice(&whole[8..8 + length]).unwrap();
    let note = &mut header["__metadata__"]["gradtape.note.training"];
    let mut settings: Value = serde_json::from_str(note.as_str().unwrap()).unwrap();
    settings.as_object_mut().unwrap().remove("course").unwrap();
    let data = settings["data"].as_object_mut().unwrap();
    data.remove("own_test").unwrap();
    data.remove("rows").unwrap();
    data.extend([("samples".to_string(), json!(1000)), ("noise".to_string(), json!(0.1))]);
    *note = settings.to_string().into();
    let mut text = header.to_string();
    text.extend(std::iter::repeat_n(' ', text.len().next_multiple_of(8) - text.len()));
    let start = (text.len() as u64).to_le_bytes();
    let file = [&start[..], text.as_bytes(), &whole[8 + length..]].concat();
    folder.write("model.safetensors", file);

    let text = folder.run("inspect model.safetensors").ok().stdout;
    contains(&text, &["shares of 0.2 for test (unless the data has its own)", "2 asked for"]);
    assert!(!text.contains("noise"), "{text}");
    let report = folder.run("evaluate model.safetensors iris --format json").ok().json();
    assert_eq!((&report["part"], &report["rows"]), (&json!("held-out"), &json!(30)));
}

#[test]
fn data_that_is_not_recognised_is_said_to_be_measured_whole() {
    let folder = Folder::new("recognised");
    let row = |i: usize| format!("{},{},{}\n", i % 7, i % 5, ["a", "b"][i % 2]);
    let table = "x,y,kind\n".to_string() + &(0..40).map(row).collect::<String>();
    folder.write("data.csv", &table);
    folder.run("train data.csv --target kind --epochs 1 --quiet").ok();
    let text = folder.run("evaluate model.safetensors data.csv").ok().stdout;
    contains(&text, &["data.csv is what the model was trained on; only the rows held out"]);
    folder.write("more.csv", table + "6,4,b\n");
    let text = folder.run("evaluate model.safetensors more.csv").ok().stdout;
    contains(
        &text,
        &["more.csv was not recognised as the data the model was trained on (data.csv); all rows"],
    );
    let json = folder.run("evaluate model.safetensors more.csv --format json").ok().json();
    assert_eq!((&json["trained_on"], &json["rows"]), (&json!(false), &json!(41)));
}

#[test]
fn what_is_not_defined_is_null() {
    let folder = Folder::new("defined");
    let row = |i: usize| format!("{},{}.5\n", i, 3 * i);
    let table = "x,y\n".to_string() + &(0..20).map(row).collect::<String>();
    folder.write("data.csv", &table);
    folder.run("train data.csv --target y --epochs 1 --quiet").ok();
    folder.write("one.csv", "x,y\n3,9.5\n");
    let text = folder.run("evaluate model.safetensors one.csv").ok().stdout;
    contains(&text, &["R² is not defined for one row (1 row), mean absolute error"]);
    let json = folder.run("evaluate model.safetensors one.csv --format json").ok().json();
    assert!(json["r2"].is_null() && json["mae"].is_f64(), "{json}");
    folder.write("same.csv", "x,y\n3,9.5\n4,9.5\n");
    let text = folder.run("evaluate model.safetensors same.csv").ok().stdout;
    contains(&text, &["R² is not defined, the target does not vary (2 rows)"]);
    // Beside a value that is far away all others are the same.
    folder.write("far.csv", table.replace("5,15.5\n", "5,1e13\n"));
    for seed in [2, 3] {
        let train =
            format!("train far.csv --target y --epochs 1 --target-transform none --seed {seed}");
        let text = folder.run(&train).ok().stdout;
        let held_out = text.lines().find(|line| line.starts_with("held-out R²")).unwrap();
        contains(held_out, &["is not defined, far values", "--target-transform asinh"]);
    }
}

#[test]
fn errors_of_numbers_are_in_their_unit() {
    let folder = Folder::new("unit");
    let row = |i: usize| format!("{},{}.5\n", i % 9, 1000 * (i % 9));
    let table = "x,y\n".to_string() + &(0..60).map(row).collect::<String>();
    folder.write("data.csv", &table);
    let train = "train data.csv --target y --epochs 3 --test-fraction 0 --format json";
    let report = folder.run(train).ok().json();
    let last = &report["epochs"][2]["validation"];
    let part = "evaluate model.safetensors data.csv --part validation --format json";
    let again = folder.run(part).ok().json();
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-6 * b, "{a} {b}");
    close(last["mae"].as_f64().unwrap(), again["mae"].as_f64().unwrap());
    close(last["loss"].as_f64().unwrap(), again["loss"].as_f64().unwrap());
    close(again["rmse"].as_f64().unwrap().powi(2), again["mse"].as_f64().unwrap());
    assert!(again["mae"].as_f64().unwrap() > 100.0, "thousands, not deviations: {again}");
    let history = String::from_utf8(folder.read("history.csv")).unwrap();
    let cell = history.lines().last().unwrap().rsplit(',').next().unwrap();
    close(cell.parse().unwrap(), again["mae"].as_f64().unwrap());
    let curves = String::from_utf8(folder.read("curves.svg")).unwrap();
    contains(&curves, &["mean absolute error"]);
}

#[test]
fn values_that_are_missing_are_told_wherever_a_model_is_used() {
    let folder = Folder::new("filled");
    let row = |i: usize| format!("{},{}\n", i % 9, ["low", "high"][i % 9 / 5]);
    folder.write("data.csv", "x,y\n".to_string() + &(0..60).map(row).collect::<String>());
    folder.run("train data.csv --target y --epochs 1 --quiet").ok();
    folder.write("new.csv", "x,y\n1,low\n,high\n");
    for verb in ["evaluate", "predict"] {
        let run = folder.run(&format!("{verb} model.safetensors new.csv")).ok();
        contains(&run.stderr, &["note: column \"x\": 1 of 2 values missing, taken as the mean"]);
    }
}

#[test]
fn one_of_a_thing_is_no_plural() {
    let folder = Folder::new("plural");
    let text = folder.run("train xor --samples 30 --epochs 1 --hidden none").ok().stdout;
    contains(&text, &["2 columns, 2 classes", ", 1 epoch, seed 42"]);
}

#[test]
fn what_a_constant_answer_would_do_as_well_is_told() {
    let folder = Folder::new("constant");
    // What is to be predicted has nothing to do with x.
    let row = |i: usize| format!("{},{},{}\n", i * 37 % 11, ["no", "no", "yes"][i % 3], i * i % 13);
    let table = "x,kind,y\n".to_string() + &(0..90).map(row).collect::<String>();
    folder.write("data.csv", &table);
    let text = folder.run("train data.csv --target kind --ignore y --epochs 2").ok().stdout;
    contains(&text, &["that is no better than always answering \"no\": 66.67 %"]);
    let numbers = "train data.csv --task regression --target y --ignore kind --lr 0 --epochs 1";
    let text = folder.run(numbers).ok().stdout;
    contains(&text, &["held-out R² -", "that is no better than always answering the mean"]);
    let text = folder.run("train iris").ok().stdout;
    assert!(!text.contains("no better than"), "{text}");
    // Of the rows held out, none is of the class that the network never saw.
    let row = |i: usize| format!("{},{}\n", i % 10, if i == 0 { "rare" } else { "common" });
    folder.write("rare.csv", "x,y\n".to_string() + &(0..100).map(row).collect::<String>());
    let text = folder.run("train rare.csv --target y --epochs 3").ok().stdout;
    let words = "held-out accuracy 100.00 %";
    contains(&text, &[words, "that is no better than always answering \"common\": 100.00 %"]);
}

#[test]
fn files_that_are_missing_or_in_the_wrong_place_lead_to_the_right_ones() {
    let folder = Folder::new("places");
    folder.write("homes.csv", "x,price\n1,$1.50\n2,$2.50\n");
    folder.run("train home.csv --target price").fails(1, &["did you mean \"homes.csv\"?"]);
    folder.run("fit a*x --data home.csv --target y --from a=1").fails(1, &["\"homes.csv\"?"]);
    folder.run("train iris --epochs 1 --quiet").ok();
    folder.run("inspect mode.safetensors").fails(1, &["did you mean \"model.safetensors\"?"]);
    folder.run("predict ./modl.safetensors iris").fails(1, &["\"./model.safetensors\"?"]);
    let swapped = folder.run("evaluate homes.csv model.safetensors");
    swapped.fails(1, &["not a safetensors file", "the model comes first, then the data"]);
    let text = folder.run("inspect model.safetensors").ok().stdout;
    contains(&text, &["(value - 5.8724) / 0.86899"]);
}

#[test]
fn durations_are_numbers_as_pandas_writes_them() {
    let folder = Folder::new("durations");
    let row = |i: usize| {
        let (days, hours) = (i % 4, i * 7 % 24);
        format!("{days} days {hours:02}:30:00,{}.5", 24 * days + hours)
    };
    folder.write("data.csv", table("lasted,y", 200, row));
    let text = folder.run("train data.csv --target y --epochs 2").ok().stdout;
    contains(&text, &["column \"lasted\": durations, taken in seconds"]);
}

#[test]
fn a_column_is_not_of_names_and_of_amounts() {
    let folder = Folder::new("both");
    folder.write("data.csv", table("a,b,y", 40, |i| format!("{},{},{}.5", i % 3, i % 5, i)));
    folder
        .run("train data.csv --target y --numbers a,b --categories b")
        .fails(2, &["--categories b and --numbers b", "names or of amounts"]);
    folder.run("train data.csv --target y --numbers a --categories b --epochs 1 --quiet").ok();
}
