//! `gradtape train`, and using what it wrote.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::common::{Folder, Run, command};
use gradtape::io::Model;
use gradtape::nn::{Conv2d, Flatten, Linear, Relu, Sequential};
use serde_json::Value;

/// A table of classes: the sign of x decides, with a column of text beside it.
fn classes(rows: usize) -> String {
    let row = |i: usize| {
        let x = (i as f64 * 0.7).sin() * 3.0 + if i.is_multiple_of(2) { 2.5 } else { -2.5 };
        let (town, kind) = (["Oslo", "Bergen"][i % 3 % 2], if x > 0.0 { "up" } else { "down" });
        format!("{x:.4},{town},{kind}\n")
    };
    "x,town,kind\n".to_string() + &(0..rows).map(row).collect::<String>()
}

/// A table with a number to predict.
fn numbers(rows: usize) -> String {
    let row = |i: usize| {
        let (a, b) = ((i as f64 * 0.37).sin(), (i as f64 * 0.91).cos());
        format!("{a:.5},{b:.5},{:.5}\n", 1000.0 + 50.0 * a - 20.0 * b)
    };
    "a,b,price\n".to_string() + &(0..rows).map(row).collect::<String>()
}

/// An IDX file: magic number, sizes, bytes.
fn idx(sizes: &[u32], bytes: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, 8, sizes.len() as u8];
    sizes.iter().for_each(|size| file.extend(size.to_be_bytes()));
    file.extend(bytes);
    file
}

/// Images of 4 x 4 pixels: of class 0 the upper half is bright, of class 1 the lower.
fn images(folder: &Folder, prefix: &str, n: usize) {
    let label = |i: usize| (i % 2) as u8;
    let pixel = |i: usize, at: usize| {
        let bright = (at >= 8) == (label(i) == 1);
        if bright { 200 + (i * 7 + at) as u8 % 50 } else { (i * 3 + at) as u8 % 40 }
    };
    let pixels: Vec<u8> = (0..n).flat_map(|i| (0..16).map(move |at| pixel(i, at))).collect();
    let labels: Vec<u8> = (0..n).map(label).collect();
    folder.write(&format!("{prefix}-images-idx3-ubyte"), idx(&[n as u32, 4, 4], &pixels));
    folder.write(&format!("{prefix}-labels-idx1-ubyte"), idx(&[n as u32], &labels));
}

fn accuracy(report: &Value) -> f64 {
    report["accuracy"].as_f64().unwrap_or_else(|| panic!("no accuracy in {report}"))
}

#[test]
fn digits_are_learned_and_three_files_written() {
    let folder = Folder::new("digits");
    let text = folder.run("train --epochs 3 --hidden 16").ok().stdout;
    for part in [
        "digits: 64 columns, 10 classes; 1258 rows",
        "network: 64 → 16 → 10, relu, 1,210 parameters",
        "adam, learning rate 0.01, batches of 32, 3 epochs, seed 42",
        "epoch",
        "held-out accuracy ",
        "confusion matrix",
        "wrote model.safetensors, history.csv, curves.svg",
    ] {
        assert!(text.replace("1,258", "1258").contains(part), "{part:?} is not in: {text}");
    }
    assert!(!text.contains('\x1b'), "colours only on a terminal: {text}");
    assert_eq!(folder.files(), ["curves.svg", "history.csv", "model.safetensors"]);
    let history = String::from_utf8(folder.read("history.csv")).unwrap();
    assert_eq!(history.lines().count(), 4, "{history}");
    let curves = String::from_utf8(folder.read("curves.svg")).unwrap();
    for (part, colour) in [("train", "#0072B2"), ("validation", "#D55E00")] {
        assert_eq!(curves.matches(&format!(">\n{part}\n<")).count(), 2, "loss and accuracy");
        let strokes = curves.matches(&format!("stroke=\"{colour}\"")).count();
        assert_eq!(strokes, 4, "{part}: a curve and its sample in the legend, twice");
    }
}

#[test]
fn the_same_command_gives_the_same_bits_at_any_number_of_threads() {
    let folder = Folder::new("bits");
    let command = "train --epochs 2 --hidden 16,8 --dropout 0.2 --seed 7 --quiet";
    let outs = ["a --threads 1", "b --threads 1", "c --threads 2"];
    for out in outs {
        let run = folder.run(&format!("{command} --out {out}")).ok();
        assert_eq!((&*run.stdout, &*run.stderr), ("", ""));
    }
    for file in ["model.safetensors", "history.csv", "curves.svg"] {
        let [a, b, c] = ["a", "b", "c"].map(|out| folder.read(&format!("{out}/{file}")));
        assert!(a == b && a == c, "{file} differs");
    }
    folder.run(&format!("{command} --seed 8 --out d").replace("--seed 7 ", "")).ok();
    assert_ne!(folder.read("a/model.safetensors"), folder.read("d/model.safetensors"));
}

#[test]
fn classes_of_a_table_are_trained_evaluated_and_predicted() {
    let folder = Folder::new("classes");
    folder.write("data.csv", classes(200));
    let report = folder.run("train data.csv --target kind --epochs 8 --format json").ok().json();
    assert_eq!(report["task"], "classification");
    assert_eq!(report["rows"]["test"], 40);
    assert_eq!(report["epochs"].as_array().unwrap().len(), 8);
    let held_out = accuracy(&report["held_out"]);
    assert!(held_out > 0.9, "{report}");

    // The rows held out in training are found again.
    let again = folder.run("evaluate model.safetensors data.csv --format json").ok().json();
    assert_eq!((again["part"].as_str(), again["rows"].as_u64()), (Some("held-out"), Some(40)));
    assert_eq!(again["accuracy"], report["held_out"]["accuracy"]);
    assert_eq!(again["confusion_matrix"], report["held_out"]["confusion_matrix"]);
    for (part, rows) in [("train", 140), ("validation", 20), ("all", 200)] {
        let run = format!("evaluate model.safetensors data.csv --part {part} --format json");
        assert_eq!(folder.run(&run).ok().json()["rows"], rows);
    }

    // Columns in another order, one too many, no target.
    folder.write("new.csv", "town,extra,x\nOslo,1,2.5\nBergen,2,-3\n");
    let text = folder.run("predict model.safetensors new.csv").ok().stdout;
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "kind,p_down,p_up");
    assert!(lines[1].starts_with("up,") && lines[2].starts_with("down,"), "{text}");
    for line in &lines[1..] {
        let sum: f64 = line.split(',').skip(1).map(|cell| cell.parse::<f64>().unwrap()).sum();
        assert!((sum - 1.0).abs() < 1e-6, "{line}");
    }
    folder.run("predict model.safetensors new.csv --output p.csv").ok();
    assert_eq!(folder.read("p.csv"), text.as_bytes());
    let json = folder.run("predict model.safetensors new.csv --format json").ok().json();
    assert_eq!(json["classes"], serde_json::json!(["down", "up"]));
    assert_eq!(json["rows"][0]["class"], "up");
}

#[test]
fn predictions_agree_with_the_evaluation() {
    let folder = Folder::new("agree");
    folder.write("data.csv", classes(120));
    folder.run("train data.csv --target kind --epochs 1 --hidden none --quiet").ok();
    let report = folder.run("evaluate model.safetensors data.csv --part all --format json");
    let report = report.ok().json();
    let predicted = folder.run("predict model.safetensors data.csv").ok().stdout;
    let data = classes(120);
    let right = data
        .lines()
        .zip(predicted.lines())
        .skip(1)
        .filter(|(row, prediction)| row.rsplit(',').next() == prediction.split(',').next());
    assert_eq!(right.count() as u64, report["correct"].as_u64().unwrap());
}

#[test]
fn a_number_of_a_table_is_learned_in_its_own_unit() {
    let folder = Folder::new("numbers");
    folder.write("data.csv", numbers(300));
    let text = folder.run("train data.csv --target price --epochs 15").ok().stdout;
    for part in [
        "a number to predict",
        "losses are mean squared errors of price in units of 3",
        "train loss      error  validation loss      error",
        "held-out R² 0.9",
        "mean absolute error",
    ] {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
    let report = folder.run("evaluate model.safetensors data.csv --part all --format json");
    let report = report.ok().json();
    let predicted = folder.run("predict model.safetensors data.csv").ok().stdout;
    assert!(predicted.starts_with("price\n"));
    let data = numbers(300);
    let pairs: Vec<(f64, f64)> = (data.lines().zip(predicted.lines()).skip(1))
        .map(|(row, p)| (row.rsplit(',').next().unwrap().parse().unwrap(), p.parse().unwrap()))
        .collect();
    let mse = pairs.iter().map(|(y, p)| (y - p).powi(2)).sum::<f64>() / pairs.len() as f64;
    let mae = pairs.iter().map(|(y, p)| (y - p).abs()).sum::<f64>() / pairs.len() as f64;
    let close = |name: &str, value: f64| {
        let reported = report[name].as_f64().unwrap();
        assert!((reported - value).abs() < 1e-3 * value, "{name}: {reported}, {value} computed");
    };
    close("mse", mse);
    close("mae", mae);
}

#[test]
fn a_folder_of_images_is_trained_with_its_own_test_part() {
    let folder = Folder::new("images");
    fs::create_dir(folder.path("idx")).unwrap();
    images(&folder, "idx/train", 80);
    images(&folder, "idx/t10k", 20);
    let report = folder.run("train idx --epochs 4 --format json").ok().json();
    assert_eq!(report["rows"], serde_json::json!({"train": 72, "validation": 8, "test": 20}));
    assert_eq!(accuracy(&report["held_out"]), 1.0);
    let again = folder.run("evaluate model.safetensors idx --format json").ok().json();
    assert_eq!((accuracy(&again), again["rows"].as_u64()), (1.0, Some(20)));
    let predicted = folder.run("predict model.safetensors idx").ok().stdout;
    let classes: Vec<&str> = predicted.lines().skip(1).map(|line| &line[..1]).collect();
    assert_eq!(classes, ["0", "1"].repeat(10));
}

#[test]
fn every_built_in_name_can_be_trained_evaluated_and_predicted() {
    let folder = Folder::new("built-in");
    for name in ["iris", "moons", "circles", "spiral", "xor", "blobs"] {
        let points = if name == "iris" { "" } else { "--samples 60 --noise 0.05" };
        let train = format!("train {name} {points} --epochs 1 --hidden 4 --format json");
        let report = folder.run(&train).ok().json();
        let evaluate = format!("evaluate model.safetensors {name} --format json");
        let again = folder.run(&evaluate).ok().json();
        assert_eq!(again["part"], "held-out", "{name}");
        assert_eq!(again["accuracy"], report["held_out"]["accuracy"], "{name}");
        folder.run(&format!("predict model.safetensors {name}")).ok();
    }
}

#[test]
fn every_optimizer_and_schedule_trains() {
    let folder = Folder::new("optimizers");
    let train = "train xor --samples 40 --epochs 1 --hidden 4 --quiet";
    for name in gradtape::optim::NAMES {
        folder.run(&format!("{train} --optimizer {name}")).ok();
    }
    for name in gradtape::optim::Schedule::NAMES {
        folder.run(&format!("{train} --schedule {name}")).ok();
    }
    let flags = "--optimizer rmsprop --lr 0.02 --alpha 0.9 --eps 1e-6 --momentum 0.5 --centered";
    folder.run(&format!("{train} {flags} --weight-decay 1e-4 --clip-norm 1")).ok();
    let text = folder.run("inspect model.safetensors").ok().stdout;
    for line in ["optimizer     rmsprop", "lr            0.02", "centered      true"] {
        assert!(text.contains(line), "{line:?} is not in: {text}");
    }
}

#[test]
fn what_an_optimiser_is_given_besides_is_told_and_written_down() {
    let folder = Folder::new("given");
    let train = "train xor --samples 40 --epochs 2 --hidden 4 --quiet";
    let flags = "--optimizer adamw --accumulate 2 --lookahead 5,0.8 --average 0.9 --clip-value 0.5 --clip-each-norm 1";
    folder.run(&format!("{train} {flags} --group *.bias:weight_decay=0,lr_scale=2")).ok();
    let text = folder.run("inspect model.safetensors").ok().stdout;
    for words in [
        ["accumulate", "2"],
        ["lookahead", "5,0.8"],
        ["average", "0.9"],
        ["clip-value", "0.5"],
        ["clip-each-norm", "1"],
        ["group", "*.bias:weight_decay=0,lr_scale=2"],
    ] {
        let told = text.lines().any(|line| line.split_whitespace().collect::<Vec<_>>() == words);
        assert!(told, "{words:?} is not in: {text}");
    }
    for schedule in
        ["warmup_linear:warmup=2@2/cosine", "multi-step:milestones=1", "plateau:mode=max"]
    {
        folder.run(&format!("{train} --schedule {schedule}")).ok();
    }
    let every = "--lr 0.1 --schedule exponential:gamma=0.1 --schedule-every epoch --format json";
    let report = folder.run(&format!("{train} {every}")).ok().json();
    let rate = |epoch: usize| report["epochs"][epoch]["learning_rate"].as_f64().unwrap();
    assert!((rate(0) - 0.1).abs() < 1e-12 && (rate(1) - 0.01).abs() < 1e-12, "{report}");
    for (flags, words) in [
        ("--group *.scale:weight_decay=0", &["no parameter is called \"*.scale\""][..]),
        ("--group *.bias:momentum=0", &["adam has no setting momentum"]),
        ("--group *.bias", &["*.bias:weight_decay=0,lr_scale=2"]),
        ("--lookahead 0", &["steps from 1 on"]),
        ("--average 1", &["from 0 on and below 1"]),
        ("--average -0.1", &["from 0 on and below 1"]),
        ("--optimizer lbfgs --average 0.9", &["lbfgs", "an average"]),
        ("--optimizer lbfgs --clip-norm 1", &["lbfgs", "clipped gradients"]),
        ("--optimizer lbfgs --accumulate 2", &["--accumulate: lbfgs"]),
        ("--clip-value 0", &["--clip-value is 0"]),
        ("--schedule cosine@3", &["the last part of a schedule has no end"]),
    ] {
        folder.run(&format!("{train} {flags}")).fails(2, words);
    }
}

#[test]
fn many_rows_are_trained_as_suits_them_unless_told_otherwise() {
    let folder = Folder::new("rates");
    for (flags, settings) in [
        ("--samples 20000", "rate 0.001 (cosine), batches of 32,"),
        ("--samples 20000 --lr 0.02 --schedule constant", "rate 0.02 (constant), batches of 32,"),
        ("--samples 20000 --optimizer sgd", "rate 0.01 (cosine), batches of 32,"),
        ("--samples 2000", "rate 0.01, batches of 32,"),
        ("--samples 100000", "rate 0.001 (cosine), batches of 128,"),
        ("--samples 100000 --batch 512", "rate 0.001 (cosine), batches of 512,"),
    ] {
        let text = folder.run(&format!("train moons --epochs 1 {flags}")).ok().stdout;
        assert!(text.contains(settings), "{flags}: {text}");
    }
}

#[test]
fn a_model_is_inspected() {
    let folder = Folder::new("inspect");
    folder.write("data.csv", classes(60));
    folder.run("train data.csv --target kind --epochs 1 --hidden 8,4 --dropout 0.25 --quiet").ok();
    let text = folder.run("inspect model.safetensors").ok().stdout;
    for part in [
        "Linear(3, 8)",
        "Silu           [1, 8]",
        "[1, 2]  weight [2, 4]",
        "weight [8, 3]",
        "(value - ",
        "one of \"Bergen\", \"Oslo\"",
        "kind, one of",
    ] {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
    let json = folder.run("inspect model.safetensors --format json").ok().json();
    assert_eq!(json["parameters"], 3 * 8 + 8 + 8 * 4 + 4 + 4 * 2 + 2);
    assert_eq!(json["layers"][0]["parameters"][0]["dtype"], "f32");
    assert_eq!(json["layers"][1]["outputs"], serde_json::json!([[1, 8]]));
    folder.run("inspect model.safetensors --shape 3").fails(
        2,
        &["--shape 3: the model says itself that its inputs are 3 numbers", "hint: leave it out"],
    );
    assert_eq!(json["layers"][0]["parameters"][0]["shape"], serde_json::json!([8, 3]));
    assert_eq!(json["training"]["optimizer"], "adamw");
    assert_eq!(json["labels"], serde_json::json!(["down", "up"]));
}

#[test]
fn a_network_of_a_program_is_inspected_with_the_shape_of_an_example() {
    let folder = Folder::new("inspect-shape");
    let rng = &mut gradtape::Rng::new(1);
    let network = Sequential::new()
        .add(Conv2d::new(3, 4, [3, 3], rng))
        .add(Relu)
        .add(Flatten)
        .add(Linear::new(144, 2, rng));
    folder.write("m.safetensors", Model::new(network).to_bytes().unwrap());
    let text = folder.run("inspect m.safetensors").ok().stdout;
    assert!(!text.contains("output") && text.contains("Conv2d(3, 4, [3, 3])"), "{text}");
    let text = folder.run("inspect m.safetensors --shape 3,8,8").ok().stdout;
    for part in ["[1, 4, 6, 6]", "Flatten               [1, 144]", "[1, 2]"] {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
    let words = ["at --shape 3,8,9", "144 features", "f32[1, 168]", "3 (Linear)"];
    folder.run("inspect m.safetensors --shape 3,8,9").fails(1, &words);
    // No line of the program.
    let told = folder.run("inspect m.safetensors --shape 3,8,9").stderr;
    assert!(!told.contains(".rs"), "{told}");
    folder
        .run("inspect m.safetensors --shape 3,99999999,99999999")
        .fails(1, &["--shape", "Linear"]);
}

#[test]
fn tensors_of_another_program_are_inspected() {
    let folder = Folder::new("tensors");
    let header = r#"{"__metadata__":{"made":"by hand"},
        "w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},
        "n":{"dtype":"I64","shape":[],"data_offsets":[24,32]}}"#;
    let length = (header.len() as u64).to_le_bytes();
    folder.write("t.safetensors", [&length, header.as_bytes(), &[0; 32]].concat());
    let text = folder.run("inspect t.safetensors").ok().stdout;
    let lines = ["w     f32    [2, 3]      6", "n     i64    []          1", "made: by hand"];
    for line in lines {
        assert!(text.contains(line), "{line:?} is not in: {text}");
    }
    let json = folder.run("inspect t.safetensors --format json").ok().json();
    assert_eq!((&json["parameters"], &json["notes"]["made"]), (&7.into(), &"by hand".into()));
    assert_eq!(json["tensors"][0]["shape"], serde_json::json!([2, 3]));
    folder.run("predict t.safetensors iris").fails(1, &["no architecture"]);
    folder.run("inspect t.safetensors --shape 3").fails(2, &["--shape 3: the file has tensors"]);
}

#[test]
fn early_stopping_ends_before_the_last_epoch() {
    let folder = Folder::new("early");
    folder.write("data.csv", numbers(60));
    let train = "train data.csv --target price --epochs 200 --lr 0.3 --early-stopping 2";
    let report = folder.run(&format!("{train} --format json")).ok().json();
    let best = report["kept_epoch"].as_u64().unwrap();
    assert_eq!(report["stopped"], "early");
    let epochs = report["epochs"].as_array().unwrap();
    assert_eq!(epochs.len() as u64, best + 2);
    let course = &folder.run("inspect model.safetensors --format json").ok().json()["training"];
    let expected =
        serde_json::json!({"epochs_run": best + 2, "kept_epoch": best, "ended": "early"});
    assert_eq!(course["course"], expected);
    let text = folder.run("inspect model.safetensors").ok().stdout;
    let line = format!("{} of 200, stopped early", best + 2);
    let weights = format!("the weights are those after epoch {best}\n");
    assert!(text.contains(&line) && text.contains(&weights), "{text}");
}

#[test]
#[cfg(unix)]
fn signals_end_after_the_batch_with_the_model_saved() {
    for signal in ["INT", "TERM"] {
        ended_by(signal);
    }
}

#[cfg(unix)]
fn ended_by(signal: &str) {
    let folder = Folder::new(&format!("signal-{signal}"));
    let mut child = command(&folder.path(""), "train moons --samples 100 --epochs 100000000")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut text = String::new();
    // Until the first epoch is through.
    while !text.lines().last().is_some_and(|line| line.trim_start().starts_with("1 ")) {
        assert!(stdout.read_line(&mut text).unwrap() > 0, "{text}");
    }
    let killed = Command::new("kill")
        .args([&format!("-{signal}"), &child.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    std::io::Read::read_to_string(&mut stdout, &mut text).unwrap();
    Run::of(child.wait_with_output().unwrap()).ok();
    assert!(
        text.contains("stopped by Ctrl-C or a signal") && text.contains("held-out accuracy"),
        "{text}"
    );
    assert_eq!(folder.files(), ["curves.svg", "history.csv", "model.safetensors"]);
    folder.run("evaluate model.safetensors moons").ok();
    let course = &folder.run("inspect model.safetensors --format json").ok().json()["training"];
    let (course, asked) = (&course["course"], &course["epochs"]);
    assert_eq!((course["ended"].as_str(), asked.as_u64()), (Some("requested"), Some(100_000_000)));
    let history = String::from_utf8(folder.read("history.csv")).unwrap();
    assert_eq!(course["epochs_run"], history.lines().count() - 1);
    assert_eq!(course["kept_epoch"], course["epochs_run"]);
}

#[test]
fn the_model_is_saved_also_when_nobody_reads_the_lines() {
    let folder = Folder::new("closed");
    let mut child = command(&folder.path(""), "train moons --samples 60 --epochs 3")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let run = Run::of(child.wait_with_output().unwrap()).ok();
    assert_eq!(run.stderr, "");
    assert_eq!(folder.files(), ["curves.svg", "history.csv", "model.safetensors"]);
}

#[test]
fn standard_input_is_a_table() {
    let folder = Folder::new("stdin");
    folder.write("data.csv", classes(80));
    let input = || Stdio::from(fs::File::open(folder.path("data.csv")).unwrap());
    let run = |arguments: &str| {
        let output = command(&folder.path(""), arguments).stdin(input()).output().unwrap();
        Run::of(output).ok().stdout
    };
    run("train - --target kind --epochs 1 --quiet");
    let from_file = folder.run("predict model.safetensors data.csv").ok().stdout;
    assert_eq!(run("predict model.safetensors -"), from_file);
}

#[test]
fn curves_of_one_epoch_are_points() {
    let folder = Folder::new("one-epoch");
    folder.run("train xor --samples 50 --epochs 1 --quiet").ok();
    let curves = String::from_utf8(folder.read("curves.svg")).unwrap();
    // Loss and accuracy of three parts; the epoch that was kept, whose point has a rim, and its sample in the legend.
    assert_eq!(curves.matches("<circle").count(), 14, "{curves}");
    assert!(!curves.contains("NaN") && !curves.contains("inf"), "{curves}");
}
