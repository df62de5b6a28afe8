//! `gradtape train` with lists, folds and seeds, killed and gone on with.

use std::fs;
use std::process::{Child, Stdio};
use std::time::Instant;

use crate::common::{Folder, command, contains, ended_before, table};

/// All files of a folder and of those in it, but for checkpoints and what notes how far it came.
fn ends(folder: &Folder, out: &str) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    let mut open = vec![folder.path(out)];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(folder.path(out)).unwrap().display().to_string();
            match path.is_dir() {
                true if path.ends_with("checkpoints") => {}
                true => open.push(path),
                false if name == "compare.jsonl" => {}
                false => all.push((name, fs::read(&path).unwrap())),
            }
        }
    }
    all.sort();
    all
}

/// Kills a command at moments that are spread evenly over the time that it takes, goes on with it, and compares what it
/// comes to.
fn killed(folder: &Folder, training: &str, least: usize, mut moment: f64) {
    let start = Instant::now();
    folder.run(&format!("{training} --out whole")).ok();
    let whole = start.elapsed();
    let want = ends(folder, "whole");
    assert!(want.iter().any(|(name, _)| name == "steps.csv"), "{want:?}");
    let mut kills = 0;
    while kills < least {
        drop(fs::remove_dir_all(folder.path("out")));
        loop {
            let words = match folder.path("out/compare.jsonl").is_file() {
                true => "train --resume out --quiet".to_string(),
                false => format!("{training} --out out"),
            };
            let mut run = command(&folder.path("."), &words);
            let process = run.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
            // The golden ratio spreads them.
            moment = (moment + 0.618_033_988_75).fract();
            if ended_before(process, whole.mul_f64(0.7 * moment)) {
                break;
            }
            kills += 1;
        }
        let got = ends(folder, "out");
        let names = |all: &[(String, Vec<u8>)]| -> Vec<String> {
            all.iter().map(|(name, _)| name.clone()).collect()
        };
        assert_eq!(names(&got), names(&want));
        for ((name, want), (_, got)) in want.iter().zip(&got) {
            assert!(want == got, "{name} is another one after {kills} kills");
        }
    }
}

#[test]
fn a_killed_comparison_ends_with_the_same_bits() {
    let folder = Folder::new("killed-comparison");
    let training = "train moons --samples 200 --hidden 8 --epochs 8 --batch 8 --dropout 0.2 --quiet --lr 0.01,0.003 --seed 1..3";
    killed(&folder, &format!("{training} --checkpoint-every 7steps --report out.html"), 8, 0.5);
}

#[test]
fn killed_folds_end_with_the_same_bits() {
    let folder = Folder::new("killed-folds");
    let row = |i: usize| format!("{},{},{}", i % 17, i % 5, ["lo", "hi"][i % 17 / 9]);
    folder.write("data.csv", table("a,b,kind", 300, row));
    let training =
        "train data.csv --target kind --epochs 9 --batch 8 --members 2 --folds 4 --quiet";
    killed(&folder, &format!("{training} --checkpoint-every 1epochs"), 8, 0.3);
    // Without checkpoints, what is done stays.
    drop(fs::remove_dir_all(folder.path("whole")));
    killed(&folder, training, 3, 0.1);
}

#[test]
fn what_is_done_is_not_trained_again() {
    let folder = Folder::new("compared-done");
    let row = |i: usize| format!("{},{},{}", i % 17, i % 5, ["lo", "hi"][i % 17 / 9]);
    folder.write("data.csv", table("a,b,kind", 200, row));
    let train = "train data.csv --target kind --hidden 4 --epochs 3 --checkpoint-every 1epochs";
    let first = folder.run(&format!("{train} --seed 1..3 --out all")).ok().stdout;
    // As it was stopped: the last one is not done.
    let known = String::from_utf8(folder.read("all/compare.jsonl")).unwrap();
    let lines: Vec<&str> = known.split_inclusive('\n').collect();
    assert_eq!(lines.len(), 5, "{known}");
    let cut = |lines: &[&str]| folder.write("all/compare.jsonl", lines.concat());
    cut(&[lines[0], lines[1], lines[2], &lines[3][..40]]);
    fs::remove_dir_all(folder.path("all/seed-3/checkpoints")).unwrap();
    for seed in ["seed-1", "seed-2"] {
        fs::remove_file(folder.path(&format!("all/{seed}/model.safetensors"))).unwrap();
    }
    let again = folder.run("train --resume all").ok();
    assert_eq!(again.stdout, first);
    assert_eq!(again.stderr, "goes on in all: 2 of 3 trainings are done\n");
    assert!(!folder.path("all/seed-1/model.safetensors").exists());

    // All of it is told again.
    let again = folder.run("train --resume all --format json --out all").ok();
    assert_eq!(again.json()["runs"].as_array().unwrap().len(), 3);
    assert_eq!(again.stderr, "goes on in all: 3 of 3 trainings are done\n");

    // The same command would put away what is done.
    folder
        .run(&format!("{train} --seed 1..3 --out all"))
        .fails(2, &["earlier training", "--resume all goes on with it"]);
    assert_eq!(String::from_utf8(folder.read("all/compare.jsonl")).unwrap().lines().count(), 5);

    // What would be another comparison.
    cut(&lines[..3]);
    folder.run("train --resume all --epochs 5").fails(
        2,
        &["several trainings, which go on as they began, without --epochs 5", "hint: one training"],
    );
    folder.run("train --resume all --out other").fails(2, &["--out other", "in all"]);
    folder.write("data.csv", table("a,b,kind", 201, row));
    folder.run("train --resume all").fails(2, &["the data is not what it was", "--insist"]);
    fs::create_dir(folder.path("there")).unwrap();
    folder.write("there/moved.csv", table("a,b,kind", 200, row));
    fs::remove_file(folder.path("data.csv")).unwrap();
    folder
        .run("train --resume all")
        .fails(1, &["data.csv", "hint: where the data was moved", "DATA --resume all"]);
    let again = folder.run("train there/moved.csv --resume all").ok();
    assert_eq!(again.stdout, first);
}

#[test]
fn one_that_left_nothing_is_tried_again() {
    let folder = Folder::new("compared-nothing");
    let train = "train xor --samples 50 --hidden 4 --optimizer sgd --lr 0.1,1e30 --epochs 2";
    let first = folder.run(&format!("{train} --out all")).ok().stdout;
    let again = folder.run("train --resume all").ok();
    assert_eq!(again.stdout, first);
    contains(&again.stderr, &["1 of 2 trainings are done"]);
    // Where nothing came to anything, nothing is left to go on with.
    folder.run(&format!("{} --out none", train.replace("0.1,", "1e29,"))).fails(1, &["lr 1e29"]);
    assert!(!folder.path("none").exists());
    folder
        .run(&format!("{} --out wrong", train.replace("--epochs 2", "--target y")))
        .fails(2, &["--target is for tables"]);
    assert!(!folder.path("wrong").exists());
}

#[test]
fn of_several_that_begin_at_once_one_trains() {
    let folder = Folder::new("compared-at-once");
    let words = "train moons --samples 300 --hidden 4 --epochs 40 --seed 1..3 --quiet --out out";
    for _ in 0..4 {
        let begin = |_| command(&folder.path("."), words).stderr(Stdio::piped()).spawn().unwrap();
        let all: Vec<Child> = (0..5).map(begin).collect();
        let mut trained = 0;
        for process in all {
            let run = process.wait_with_output().unwrap();
            let told = String::from_utf8(run.stderr).unwrap();
            match run.status.code() {
                Some(0) => trained += 1,
                status => {
                    assert_eq!(status, Some(2), "{told}");
                    contains(&told, &["--out out: other trainings", "hint: wait for their end"]);
                }
            }
        }
        // One may begin after the first has ended.
        assert!(trained >= 1);
        assert_eq!(ends(&folder, "out").len(), 3 + 3 * 3);
        fs::remove_dir_all(folder.path("out")).unwrap();
    }
}

#[test]
fn what_is_no_comparison_any_more_is_told() {
    let folder = Folder::new("compared-damaged");
    let train = "train xor --samples 50 --hidden 4 --epochs 2 --checkpoint-every 1epochs";
    folder.run(&format!("{train} --seed 1,2 --out all --quiet")).ok();
    for bytes in [&b""[..], b"{}", b"\xff\xfe\n", b"{\"event\":\"end\"}\n"] {
        folder.write("all/compare.jsonl", bytes);
        folder
            .run("train --resume all")
            .fails(2, &["compare.jsonl is damaged", "hint: the command", "--resume all/seed-1"]);
    }
    folder.run("train --resume all/seed-1 --epochs 3 --quiet").ok();
    // One training in a folder of its own is not that of others.
    folder.run(&format!("{train} --out one --quiet")).ok();
    folder.write("one/compare.jsonl", "?");
    folder.run("train --resume one --epochs 3 --quiet").ok();
}

#[test]
fn trainings_whose_folders_would_be_one_are_refused() {
    let folder = Folder::new("compared-one-folder");
    folder.run("train xor --samples 50 --epochs 1 --quiet --out a/b").ok();
    folder.run("train xor --samples 50 --epochs 1 --quiet --out a-b").ok();
    let models = "--start a/b/model.safetensors --start a-b/model.safetensors";
    folder
        .run(&format!("train xor --samples 50 --epochs 1 {models} --out all"))
        .fails(2, &["start a/b/model.safetensors", "would be in one folder", "start-a-b-model"]);
    assert!(!folder.path("all").exists());
}

#[test]
fn folders_of_data_that_are_others_by_now_are_told() {
    let folder = Folder::new("compared-folders");
    folder.write_idx(60, |i| i % 3);
    folder.run("train idx --hidden 4 --epochs 1 --quiet --seed 1..2 --out idx/all").ok();
    // What is written beside the data is none of it.
    folder.run("train --resume idx/all --quiet").ok();
    let labels = folder.read("idx/train-labels-idx1-ubyte");
    folder.write("idx/train-labels-idx1-ubyte", [&labels[..labels.len() - 1], &[1]].concat());
    folder.run("train --resume idx/all").fails(2, &["the data is not what it was", "--insist"]);
    folder.run("train --resume idx/all --quiet --insist").ok();

    // Data without files, and the file in the place of the folder.
    folder.run("train iris --hidden 4 --epochs 1 --quiet --seed 1..2 --out all").ok();
    folder.run("train iris --resume all/compare.jsonl --quiet").ok();
    folder
        .run("train digits --resume all")
        .fails(2, &["the data is not what it was: iris, and now digits", "--insist"]);

    let words = String::from_utf8(folder.read("idx/all/compare.jsonl")).unwrap();
    folder.write("idx/all/compare.jsonl", words.replacen("\"--seed\",", "", 1));
    folder.run("train --resume idx/all").fails(2, &["compare.jsonl is damaged", "hint: "]);
}
