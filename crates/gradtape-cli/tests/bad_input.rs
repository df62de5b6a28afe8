//! What does not fit is refused with the place named, without a panic and without half a file.

use crate::common;

use std::fs;

use crate::common::Folder;

/// A folder whose run fails with a status, says the words, and leaves no new file behind.
#[track_caller]
fn refused(folder: &Folder, arguments: &str, status: i32, words: &[&str]) {
    let before = folder.files();
    folder.run(arguments).fails(status, words);
    assert_eq!(folder.files(), before, "nothing is left behind");
}

const TABLE: &str =
    "a,b,kind\n1,2,x\n2,1,y\n3,4,x\n4,3,y\n5,6,x\n6,5,y\n7,8,x\n8,7,y\n9,9,x\n0,0,y\n";

/// A folder with a table and a model trained on it.
fn trained(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.write("data.csv", TABLE);
    let train =
        "train data.csv --target kind --epochs 1 --hidden 4 --activation relu --dropout 0 --quiet";
    folder.run(train).ok();
    folder
}

#[test]
fn tables() {
    let folder = Folder::new("tables");
    folder.write("ragged.csv", "a,b\n1,2\n3\n");
    refused(&folder, "train ragged.csv --target b", 1, &["ragged.csv, line 3", "1", "2"]);
    folder.write("empty.csv", "");
    refused(&folder, "train empty.csv --target b", 1, &["empty.csv", "empty"]);
    folder.write("numbers.csv", "1,2\n3,4\n");
    refused(&folder, "train numbers.csv --target a", 1, &["numbers.csv, line 1", "--no-header"]);
    folder.write("header.csv", "a,b\n");
    refused(&folder, "train header.csv --target b", 1, &["header.csv"]);
    folder.write("word.csv", "a,b\n1,2\n2,3\nthree,4\n4,5\n");
    let words = &["word.csv, line 4, column \"a\"", "three"];
    refused(&folder, "train word.csv --target b --strict", 1, words);
    folder.write("inf.csv", "a,b\n1,2.5\n2,3.5\ninf,1.5\n4,5.5\n5,6.5\n");
    let words = &["inf.csv, line 4, column \"a\"", "not a finite number"];
    refused(&folder, "train inf.csv --target b --strict", 1, words);
    folder.write("none.csv", "a,b\n1,\n2,NaN\n");
    let words = &["none.csv", "every value of column \"b\" is missing"];
    refused(&folder, "train none.csv --target b", 1, words);
    folder.write("binary.csv", [0u8, 159, 146, 150, 0, 1]);
    refused(&folder, "train binary.csv --target b", 1, &["binary.csv"]);
}

#[test]
fn names_in_flags_lead_to_the_nearest() {
    let folder = Folder::new("names");
    folder.write("data.csv", TABLE);
    refused(&folder, "train data.csv", 2, &["--target COLUMN", "a, b, kind"]);
    refused(&folder, "train data.csv --target kidn", 2, &["kidn", "kind"]);
    refused(&folder, "train data.csv --target kind --ignore bb", 2, &["bb", "\"b\""]);
    refused(&folder, "train --optimizer adma", 2, &["adma", "adam"]);
    refused(&folder, "train --schedule cosin", 2, &["cosin", "cosine"]);
    refused(&folder, "train --activation rleu", 2, &["rleu", "relu"]);
    refused(&folder, "train --optimiser adam", 2, &["--optimiser", "--optimizer"]);
    refused(&folder, "train digist", 2, &["digist", "did you mean \"digits\"?"]);
    refused(&folder, "train no/such.csv", 1, &["no/such.csv"]);
    refused(&folder, "trian", 2, &["trian", "train"]);
    refused(&folder, "train digits --target x", 2, &["--target", "digits"]);
    refused(&folder, "train iris --noise 1", 2, &["--noise is for generated points, not for iris"]);
    refused(&folder, "train digits --samples 9", 2, &["--samples is for generated points"]);
    refused(&folder, "explain tanhh", 2, &["no operation \"tanhh\"", "did you mean \"tanh\"?"]);
    refused(&folder, "ops tanhh", 2, &["no operation \"tanhh\"", "did you mean \"tanh\"?"]);
}

#[test]
fn numbers_in_flags() {
    let folder = Folder::new("flags");
    for (flags, words) in [
        ("--lr nan", &["learning rate", "NaN"][..]),
        ("--lr -1", &["learning rate", "-1"]),
        ("--lr fast", &["fast", "--lr", "a number is needed"]),
        ("--threads -1", &["-1", "--threads", "it must be a whole number"]),
        ("--epochs 0", &["--epochs", "at least 1"]),
        ("--batch -3", &["-3"]),
        ("--batch 99999999999", &["--batch"]),
        ("--hidden 8,x", &["--hidden", "8,x", "with commas, as in 64,32, or none"]),
        ("--seed 99999999999999999999", &["--seed", "it is too large"]),
        ("--hidden 90000000,90000000", &["weights"]),
        ("--dropout 1", &["dropout", "1"]),
        ("--betas 0.9", &["--betas", "0.9,0.999"]),
        (
            "--momentum 0.9",
            &["adam has no setting momentum", "lr, weight_decay, betas, eps, amsgrad"],
        ),
        ("--optimizer sgd --eps 1", &["sgd has no setting eps", "momentum, dampening, nesterov"]),
        ("--optimizer sgd --momentum 1.5", &["momentum", "1.5"]),
        ("--validation 0.5 --test-fraction 0.5", &["--validation", "leave rows to train on"]),
        ("--validation 0 --early-stopping 3", &["--early-stopping", "--validation"]),
        ("--clip-norm -1", &["--clip-norm is -1"]),
        ("--task regresion", &["regresion", "regression"]),
    ] {
        refused(&folder, &format!("train {flags}"), 2, words);
    }
    refused(&folder, "train moons --noise -1", 2, &["noise", "-1"]);
}

#[test]
fn flags_of_other_programs_lead_to_ours() {
    let folder = Folder::new("foreign");
    for (flag, own) in [
        ("--learning-rate 0.1", "--lr"),
        ("--lr-rate 0.1", "--lr"),
        ("--epoch 3", "--epochs"),
        ("--batch-size=32", "--batch"),
        ("--hidden-layers 8,8", "--hidden"),
        ("--val-split 0.2", "--validation"),
        ("--test-size 0.2", "--test-fraction"),
        ("--weight_decay 0.1", "--weight-decay"),
    ] {
        let run = folder.run(&format!("train iris {flag}"));
        run.fails(2, &["unexpected argument", &format!("tip: it is called {own} here")]);
    }
    let run = folder.run("train iris --learning-rate 0.1 --format json");
    assert!(run.stdout.contains("it is called --lr here"), "{}", run.stdout);
    folder.run("train iris --epochz 3").fails(2, &["similar argument exists: '--epochs'"]);
}

#[test]
fn paths_of_a_training_are_not_the_same() {
    let folder = Folder::new("same-paths");
    for (flags, both) in [
        ("--progress a.html --report ./a.html", "--progress and --report"),
        ("--out run --log run/../run", "--out and --log"),
        ("--out run --progress run/history.csv", "--progress and --out"),
        ("--log x --progress x", "--log and --progress"),
    ] {
        folder.run(&format!("train xor --epochs 1 {flags}")).fails(2, &[both, "a path of its own"]);
    }
    assert!(folder.files().is_empty());
    folder
        .run("train xor --epochs 1 --quiet --out run --log run/log --progress run/lines.jsonl")
        .ok();
}

#[test]
fn flags_on_reading_tables_belong_to_tables() {
    let folder = Folder::new("csv-flags");
    folder.run("train iris --epochs 1 --quiet").ok();
    for (flag, name) in [
        ("--delimiter ;", "--delimiter"),
        ("--no-header", "--no-header"),
        ("--decimal-comma", "--decimal-comma"),
        ("--day-first", "--day-first"),
        ("--missing -", "--missing"),
        ("--keep-na", "--keep-na"),
        ("--encoding big5", "--encoding"),
    ] {
        let words = &[&format!("{name} is for tables, not for iris")[..]];
        refused(&folder, &format!("train iris {flag}"), 2, words);
        for verb in ["evaluate", "predict"] {
            refused(&folder, &format!("{verb} model.safetensors iris {flag}"), 2, words);
        }
    }
    refused(&folder, "train moons --no-header", 2, &["not for moons"]);
}

#[test]
fn what_is_read_is_not_overwritten() {
    let folder = trained("overwritten");
    let words = &["would be overwritten", "choose another place"];
    let predict = "predict model.safetensors data.csv --output";
    refused(&folder, &format!("{predict} ./data.csv"), 2, words);
    refused(&folder, &format!("{predict} model.safetensors"), 2, words);
    assert_eq!(folder.read("data.csv"), TABLE.as_bytes());
    folder.write("history.csv", TABLE);
    refused(&folder, "train history.csv --target kind", 2, words);
    assert_eq!(folder.read("history.csv"), TABLE.as_bytes());
    folder.run("train history.csv --target kind --epochs 1 --quiet --out elsewhere").ok();
    folder.run(&format!("{predict} predictions.csv")).ok();
}

#[test]
fn a_network_that_answers_no_number_predicts_nothing() {
    let folder = trained("no-number");
    let model = folder.read("model.safetensors");
    // The last tensor, whose last number stands at the end of the file.
    let mut broken = model.clone();
    let end = broken.len();
    broken[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    folder.write("broken.safetensors", &broken);
    for verb in ["evaluate", "predict"] {
        let words = &["row 1 of the data: the network answers NaN", "2.bias holds numbers"];
        refused(&folder, &format!("{verb} broken.safetensors data.csv"), 1, words);
    }
    folder.run("inspect broken.safetensors").ok();
    // Numbers that a network of f32 cannot hold.
    broken[end - 4..].copy_from_slice(&f32::MAX.to_le_bytes());
    broken[end - 8..end - 4].copy_from_slice(&f32::MAX.to_le_bytes());
    folder.write("huge.safetensors", &broken);
    folder.write("far.csv", "a,b,kind\n1,2,x\n8e38,-8e38,y\n");
    let words = &["row 2 of the data: the network answers inf", "too far from the data"];
    refused(&folder, "predict huge.safetensors far.csv", 1, words);
}

#[test]
fn idx_files() {
    let folder = Folder::new("idx");
    let images = "idx/train-images-idx3-ubyte";
    let write = |images_bytes: &[u8]| {
        folder.write(images, images_bytes);
        folder.write("idx/train-labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0, 2, 0, 1]);
    };
    fs::create_dir(folder.path("idx")).unwrap();
    refused(&folder, "train idx", 1, &["idx", "train-images-idx3-ubyte"]);
    write(&[1, 2, 3, 4, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 5, 6]);
    refused(&folder, "train idx", 1, &[images, "magic"]);
    write(&[0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 5]);
    refused(&folder, "train idx", 1, &[images]);
    write(&[0, 0, 8, 3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 5]);
    refused(&folder, "train idx", 1, &[images]);
    write(&[0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 1, 5, 6, 7]);
    refused(&folder, "train idx", 1, &["3 images", "2 labels"]);
}

#[test]
fn data_that_does_not_fit_the_model() {
    let folder = trained("misfit");
    for (text, words) in [
        ("a,kind\n1,x\n", &["new.csv", "\"b\""][..]),
        ("a,b,kind\n1,2,x\n1,two,x\n3,1,y\n2,2,x\n", &["line 3", "\"b\"", "two"]),
        ("a,b,kind\n1,2,x\n3,4,z\n", &["new.csv, line 3, column \"kind\"", "\"z\""]),
        ("a,b,kind\n1,2,\n3,4,\n", &["line 2", "\"kind\""]),
    ] {
        folder.write("new.csv", text);
        refused(&folder, "evaluate model.safetensors new.csv --strict", 1, words);
    }
    folder.write("new.csv", "a,b\n1,2\nthree,4\n5,6\n7,8\n");
    let words = &["line 3", "\"a\"", "three"];
    refused(&folder, "predict model.safetensors new.csv --strict", 1, words);
    refused(&folder, "predict model.safetensors digits", 1, &["2 columns", "64"]);
    refused(&folder, "evaluate model.safetensors moons", 1, &["\"x\"", "\"a\""]);
    folder.write("text.csv", TABLE.replace("1,2", "up,2").replace("3,4", "down,4"));
    folder.run("train text.csv --target kind --epochs 1 --categories a --out text --quiet").ok();
    refused(&folder, "predict text/model.safetensors moons", 1, &["a table with text"]);
    folder.write("new.csv", TABLE.replace('9', "8"));
    folder.run("train iris --validation 0 --test-fraction 0 --epochs 1 --out all --quiet").ok();
    let words = &["iris: the held-out part has no row", "--part all"];
    refused(&folder, "evaluate all/model.safetensors iris", 1, words);
    let words = &["not what the model was trained on", "--part all"];
    refused(&folder, "evaluate model.safetensors new.csv --part test", 2, words);
}

#[test]
fn model_files() {
    let folder = trained("models");
    let whole = folder.read("model.safetensors");
    let verbs = ["inspect M", "evaluate M data.csv", "predict M data.csv"];
    let check = |words: &[&str]| {
        for verb in verbs {
            refused(&folder, &verb.replace('M', "m.safetensors"), 1, words);
        }
    };
    refused(&folder, "inspect none.safetensors", 1, &["none.safetensors"]);
    refused(&folder, "inspect data.csv", 1, &["data.csv"]);
    for end in [0, 4, 8, 20, whole.len() / 2, whole.len() - 1] {
        folder.write("m.safetensors", &whole[..end]);
        check(&["m.safetensors"]);
    }
    // Huge header, bytes beyond the end.
    let mut damaged = whole.clone();
    damaged[..8].fill(0xff);
    folder.write("m.safetensors", &damaged);
    check(&["m.safetensors"]);
    folder.write("m.safetensors", [&whole[..], b"more"].concat());
    check(&["m.safetensors"]);
    // Every replacement keeps the length, so that the header can still be read.
    let replaced = |from: &str, to: &str| {
        let (from, to) = (from.as_bytes(), to.as_bytes());
        assert_eq!(from.len(), to.len());
        let at = whole.windows(from.len()).position(|w| w == from).expect("in the header");
        let mut bytes = whole.clone();
        bytes[at..at + to.len()].copy_from_slice(to);
        folder.write("m.safetensors", bytes);
    };
    for (from, to) in [
        // Another element type, shape, name; an architecture that does not fit the weights.
        ("\"F32\"", "\"F64\""),
        ("\"shape\":[4,2]", "\"shape\":[2,4]"),
        ("0.weight", "7.weight"),
        ("\\\"outputs\\\":4", "\\\"outputs\\\":5"),
        ("\\\"layer\\\":\\\"relu\\\"", "\\\"layer\\\":\\\"what\\\""),
    ] {
        replaced(from, to);
        check(&["m.safetensors"]);
    }
}

#[test]
fn places_that_cannot_be_written_are_found_before_training() {
    let folder = Folder::new("places");
    folder.write("file", "");
    // With so many epochs it would not end.
    let long = "train --epochs 100000000";
    let words = ["--out file: this is a file, but a folder is needed"];
    refused(&folder, &format!("{long} --out file"), 2, &words);
    refused(&folder, &format!("{long} --out file/deeper"), 2, &["--out file/deeper"]);
    fs::create_dir(folder.path("model.safetensors")).unwrap();
    refused(&folder, long, 2, &["model.safetensors"]);
    let folder = trained("unwritable");
    let predict = "predict model.safetensors data.csv --output no/such/p.csv";
    refused(&folder, predict, 2, &["p.csv"]);
}

#[test]
fn a_loss_that_is_no_number_stops_and_keeps_the_last_good_model() {
    let folder = trained("nan");
    let before = folder.read("model.safetensors");
    // In the first epoch there is no good model yet; what was there stays.
    let train = "train data.csv --target kind --hidden 4,4 --optimizer sgd --batch 2 --quiet";
    let none = "no model was saved; model.safetensors is of an earlier training";
    let words = ["loss", "epoch 1", "step", none];
    folder.run(&format!("{train} --lr 1e300")).fails(1, &words);
    assert_eq!(folder.read("model.safetensors"), before);
    let json = folder.run(&format!("{train} --lr 1e300 --format json"));
    assert_eq!(json.status, 1);
    assert!(json.json()["error"]["message"].as_str().unwrap().contains("epoch 1"));
}

#[test]
fn a_loss_that_grows_beyond_all_bounds_keeps_the_last_good_epoch() {
    let folder = Folder::new("grows");
    let rows = (0..40).map(|i| format!("{},{}\n", i, (i * 7) % 11 + 1000 * (i % 2)));
    folder.write("data.csv", "a,b\n".to_string() + &rows.collect::<String>());
    let train =
        "train data.csv --target b --task regression --hidden none --optimizer sgd --lr 1.7";
    let run = folder.run(&format!("{train} --batch 40 --epochs 1000"));
    let lines = run.stdout.lines().filter(|line| line.trim_start().starts_with(char::is_numeric));
    let shown = lines.count();
    assert!(shown >= 1, "{}", run.stdout);
    run.fails(
        1,
        &[&format!("epoch {}", shown + 1), "model.safetensors holds the model after epoch"],
    );
    let history = String::from_utf8(folder.read("history.csv")).unwrap();
    assert_eq!(history.lines().count(), 1 + shown, "{history}");
    assert!(!history.to_lowercase().contains("nan"), "{history}");
    folder.run("evaluate model.safetensors data.csv").ok();
    let text = folder.run("inspect model.safetensors").ok().stdout;
    let course = format!("{shown} of 1,000, stopped, the loss or a weight became no number");
    assert!(text.contains(&course), "{text}");
}

#[test]
fn an_output_that_cannot_be_written_is_wrong_use_for_every_verb() {
    let folder = trained("outputs");
    folder.write("file", "");
    for verb in [
        "train moons --out file",
        "predict model.safetensors data.csv --output PLACE",
        "explain x^2 --at x=1 --out PLACE",
        "descend x^2 --from x=1 --out PLACE",
        "plot x^2 --out PLACE",
        "fit a*w --data data.csv --target b --from w=1 --out PLACE",
    ] {
        for place in ["no/such/folder", "file/below", "."] {
            refused(&folder, &verb.replace("PLACE", place), 2, &[]);
        }
    }
}

#[test]
fn the_first_epoch_that_fails_says_that_there_is_no_model() {
    let folder = Folder::new("none");
    folder.write("data.csv", TABLE);
    let train = "train data.csv --target kind --hidden 4,4 --optimizer sgd --batch 2 --lr 1e300";
    let run = folder.run(train);
    assert!(run.stderr.ends_with("no model was saved\n"), "{}", run.stderr);
    run.fails(1, &["epoch 1"]);
    assert_eq!(folder.files(), ["data.csv"]);
}

#[test]
#[cfg(target_os = "linux")]
fn output_that_cannot_be_written_is_told() {
    use common::{Run, command};
    let folder = Folder::new("full");
    for arguments in ["ops", "ops --format json", "train moons --samples 40 --epochs 1"] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = command(&folder.path(""), arguments).stdout(full).output().unwrap();
        Run::of(output).fails(1, &["standard output"]);
    }
}
