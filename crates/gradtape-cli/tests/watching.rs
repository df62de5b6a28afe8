//! A training seen from inside: what is said of it, written of it and measured.

use std::fs;

use crate::common::Folder;
use serde_json::Value;

#[test]
fn a_nan_is_followed_to_its_operation() {
    let folder = Folder::new("checked");
    let diverging = "train moons --optimizer sgd --lr 1e30 --quiet";
    folder.run(diverging).fails(1, &["training stopped: loss became", "--checked names"]);
    let run = folder.run(&format!("{diverging} --checked"));
    assert!(!run.stderr.contains("gradtape-cli"), "{}", run.stderr);
    run.fails(1, &["elements that are not finite", "in layer", "operand", "no model was saved"]);
    folder.run("train moons --epochs 1 --samples 60 --quiet --checked").ok();
}

#[test]
fn a_run_is_logged_once_in_its_folder() {
    let folder = Folder::new("log");
    let words = "train digits --epochs 2 --quiet --log runs/first";
    folder.run(words).ok();
    let files: Vec<_> = fs::read_dir(folder.path("runs/first")).unwrap().collect();
    assert_eq!(files.len(), 1);
    let bytes = fs::read(files[0].as_ref().unwrap().path()).unwrap();
    let holds = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
    for tag in [
        "brain.Event:2",
        "loss/step",
        "loss/validation",
        "weights/0.weight",
        "gradients/2.bias",
        "first layer/0.weight",
        "_hparams_/session_start_info",
        "_hparams_/session_end_info",
    ] {
        assert!(holds(tag), "{tag}");
    }
    folder.run(words).fails(2, &["--log", "events of another run", "a folder of its own"]);
    folder.write("file", "");
    folder.run("train digits --epochs 1 --quiet --log file").fails(2, &["--log", "file"]);
    // The same bits, logged or not.
    let logged = folder.read("model.safetensors");
    folder.run("train digits --epochs 2 --quiet").ok();
    assert!(logged == folder.read("model.safetensors"));
}

#[test]
fn what_goes_wrong_is_said_in_a_line_and_layers_in_a_table() {
    let folder = Folder::new("health");
    let words = "train moons --samples 300 --hidden 8,8,8,8,8,8,8 --activation sigmoid --optimizer sgd \
                 --lr 0.1 --epochs 6";
    let text = folder.run(&format!("{words} --health")).ok().stdout;
    let notes: Vec<&str> = text.lines().filter(|line| line.starts_with("note: epoch")).collect();
    assert_eq!(notes.len(), 1, "{text}");
    assert!(notes[0].contains("gradients vanish") && notes[0].contains("residual"), "{text}");
    for part in ["layer", "gradient", "saturated", "0 (Linear)", "1 (Sigmoid)"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let json = folder.run(&format!("{words} --format json")).ok().json();
    assert!(json["warnings"][0].as_str().unwrap().contains("gradients vanish"), "{json}");
    let json = folder.run("train digits --epochs 3 --format json").ok().json();
    assert!(json.get("warnings").is_none(), "{json}");
}

#[test]
fn progress_is_lines_of_json() {
    let folder = Folder::new("progress");
    folder.run("train iris --epochs 3 --quiet --progress lines.jsonl").ok();
    let lines = String::from_utf8(folder.read("lines.jsonl")).unwrap();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let epochs: Vec<&Value> = lines.iter().filter(|line| line["event"] == "epoch").collect();
    assert_eq!(epochs.len(), 3);
    assert_eq!(epochs[2]["epoch"], 3);
    assert!(epochs[2]["train"]["loss"].is_number() && epochs[2]["seconds"].is_number());
    assert_eq!(lines[0]["event"], "step");
    // On standard output the report is the last line.
    let text = folder.run("train iris --epochs 2 --format json --progress -").ok().stdout;
    let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert!(last["held_out"].is_object());
    assert!(text.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
    folder.run("train iris --progress no/such/folder").fails(2, &["--progress"]);
}

#[test]
fn a_profile_shows_layers_and_kernels_and_writes_nothing() {
    let folder = Folder::new("profile");
    let text = folder.run("profile train digits --steps 20 --threads 1").ok().stdout;
    for part in [
        "20 steps",
        "of peak",
        "0 (Linear)",
        "backward of 0 (Linear)",
        "update of the parameters",
        "matmul [32, 64] x [64, 32]",
    ] {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
    assert!(!text.contains("gradtape-cli"), "{text}");
    assert!(folder.files().is_empty(), "{:?}", folder.files());
    let json = folder.run("profile digits --network lenet --steps 3 --format json").ok().json();
    assert!(json["peak_gflops"].as_f64().unwrap() > 0.1);
    assert_eq!(json["steps"], 3);
    let operations = |rows: &Value| -> f64 {
        rows.as_array().unwrap().iter().map(|row| row["operations"].as_f64().unwrap()).sum()
    };
    let (layers, kernels) = (operations(&json["layers"]), operations(&json["kernels"]));
    assert!(kernels > 1e6 && (layers - kernels).abs() < 1e-6 * kernels, "{layers}, {kernels}");
    folder.write("text.txt", "so it goes on and on. ".repeat(200));
    let text = "profile text.txt --network gpt:1x16 --context 8 --steps 2";
    folder.run(text).ok();
    folder.run("profile digits --accumulate 2").fails(2, &["--accumulate", "compiled"]);
    folder.run("profile digits --optimizer lbfgs").fails(2, &["lbfgs", "compiled"]);
}

#[test]
fn a_page_needs_a_terminal() {
    let folder = Folder::new("page");
    let run = folder.run("train iris --watch");
    run.fails(2, &["--watch draws on a terminal", "--progress FILE"]);
    folder.run("train iris --watch --quiet").fails(2, &["--watch"]);
}
