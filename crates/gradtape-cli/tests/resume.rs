//! `gradtape train`, killed and gone on with.

use std::fs;
use std::process::Stdio;
use std::time::Instant;

use crate::common::{Folder, command, ended_before, table};

const TRAINING: &str =
    "train moons --hidden 8 --epochs 8 --batch 16 --dropout 0.2 --quiet --checkpoint-every 1steps";

fn ends(folder: &Folder, out: &str) -> Vec<Vec<u8>> {
    let files = ["model.safetensors", "history.csv", "curves.svg"];
    files.map(|file| folder.read(&format!("{out}/{file}"))).to_vec()
}

#[test]
fn a_killed_training_ends_with_the_same_bits() {
    let folder = Folder::new("killed");
    let start = Instant::now();
    folder.run(&format!("{TRAINING} --out whole")).ok();
    let whole = start.elapsed();
    let want = ends(&folder, "whole");
    let mut kills = 0;
    // Moments in the golden ratio are spread evenly.
    let mut moment = 0.5f64;
    while kills < 10 {
        drop(fs::remove_dir_all(folder.path("out")));
        let mut goes_on = false;
        loop {
            let words = match goes_on {
                true => "train --resume out".to_string(),
                false => format!("{TRAINING} --out out"),
            };
            let mut run = command(&folder.path("."), &words);
            let process = run.stdout(Stdio::null()).spawn().unwrap();
            moment = (moment + 0.618_033_988_75).fract();
            if ended_before(process, whole.mul_f64(moment)) {
                break;
            }
            kills += 1;
            let saved = fs::read_dir(folder.path("out/checkpoints")).map(|files| {
                files
                    .filter_map(|file| file.unwrap().file_name().into_string().ok())
                    .any(|name| name.starts_with("step-") && name.ends_with(".checkpoint"))
            });
            goes_on = saved.unwrap_or(false);
            if !goes_on {
                drop(fs::remove_dir_all(folder.path("out")));
            }
        }
        assert!(ends(&folder, "out") == want, "after {kills} kills");
    }
}

#[test]
fn several_networks_go_on() {
    let folder = Folder::new("networks-go-on");
    let training =
        "train iris --members 3 --epochs 4 --batch 16 --quiet --checkpoint-every 1epochs";
    folder.run(&format!("{training} --checkpoints 100 --out whole")).ok();
    let want = ends(&folder, "whole");
    let names = fs::read_dir(folder.path("whole/checkpoints")).unwrap();
    let mut names: Vec<String> =
        names.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name.contains("step-"));
    assert_eq!(names.len(), 12, "{names:?}");
    for name in names {
        folder.run(&format!("train --resume whole/checkpoints/{name} --out {name}")).ok();
        assert!(ends(&folder, &name) == want, "from {name}");
    }
}

#[test]
fn what_does_not_fit_is_told() {
    let folder = Folder::new("resume-told");
    let training = "train xor --samples 100 --hidden 4 --quiet --checkpoint-every 1epochs";
    folder.run(&format!("{training} --epochs 3")).ok();
    folder.run(&format!("{training} --epochs 5")).fails(2, &["earlier training", "--resume ."]);
    folder
        .run("train --resume . --batch 7")
        .fails(1, &["--batch: 32 in the checkpoint, 7 here", "--insist"]);
    folder.run("train --resume . --seed 7").fails(1, &["--seed: 42", "rows to train on: "]);
    folder.run("train --resume . --batch 7 --insist --epochs 4").ok();
    folder.run("train --resume . --epochs 5 --quiet").ok();
    assert_eq!(String::from_utf8(folder.read("history.csv")).unwrap().lines().count(), 6);
    folder.run("train --resume elsewhere").fails(2, &["--resume", "elsewhere"]);
    folder.run("train --insist").fails(2, &["--resume"]);
    folder.run("train --checkpoint-every 7").fails(2, &["500steps"]);
    folder.write("damaged.checkpoint", "no");
    folder.run("train --resume damaged.checkpoint").fails(2, &["damaged.checkpoint"]);
}

#[cfg(unix)]
#[test]
fn two_trainings_do_not_share_a_folder() {
    let folder = Folder::new("shared-folder");
    let lock = fs::File::open(folder.path(".")).unwrap();
    lock.lock().unwrap();
    folder.run("train xor --epochs 1 --quiet").fails(2, &["another training", "--out ."]);
    assert!(folder.files().is_empty());
    lock.unlock().unwrap();
    folder.run("train xor --epochs 1 --quiet").ok();
}

#[test]
fn a_new_folder_goes_where_training_came_to_nothing() {
    let folder = Folder::new("nothing-left");
    folder
        .run("train xor --lr 1e38 --optimizer sgd --epochs 2 --out new/inner --quiet")
        .fails(1, &["no model was saved"]);
    assert!(folder.files().is_empty(), "{:?}", folder.files());
}

#[test]
fn what_a_kill_left_beside_the_files_is_taken_away() {
    let folder = Folder::new("left");
    fs::create_dir(folder.path("checkpoints")).unwrap();
    for name in [".model.safetensors.x1Y2z3", "checkpoints/.step-3.checkpoint.a1B2c3", ".mine"] {
        folder.write(name, "a part");
    }
    folder
        .run("train xor --samples 50 --hidden 4 --epochs 2 --quiet --checkpoint-every 1epochs")
        .ok();
    let hidden = |folder: &std::path::Path| -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with('.')).collect()
    };
    assert_eq!(hidden(&folder.path(".")), [".mine"]);
    assert!(hidden(&folder.path("checkpoints")).is_empty());

    // Where the best alone is left, it is named.
    for entry in fs::read_dir(folder.path("checkpoints")).unwrap() {
        let path = entry.unwrap().path();
        if !path.ends_with("best.checkpoint") {
            fs::remove_file(path).unwrap();
        }
    }
    folder.run("train --resume .").fails(2, &["the best is there", "best.checkpoint"]);
    folder.run("train --resume checkpoints/best.checkpoint --quiet").ok();
}

#[test]
fn events_and_lines_go_on_with_a_training() {
    let folder = Folder::new("log-goes-on");
    let training = "train iris --members 1 --epochs 4 --quiet --checkpoint-every 1epochs --log runs --schedule constant";
    folder.run(&format!("{training} --steps 5 --progress lines.jsonl")).ok();
    folder.run("train --resume . --steps 1000 --quiet --progress lines.jsonl").ok();
    assert_eq!(fs::read_dir(folder.path("runs")).unwrap().count(), 2);
    let text = String::from_utf8(folder.read("lines.jsonl")).unwrap();
    let epochs = text.lines().filter(|line| line.contains(r#""event":"epoch""#)).count();
    assert!((4..=5).contains(&epochs), "{text}");
}

#[test]
fn several_networks_go_on_for_more_epochs() {
    let folder = Folder::new("members-further");
    let training =
        "train iris --members 3 --batch 16 --schedule constant --quiet --checkpoint-every 1epochs";
    folder.run(&format!("{training} --epochs 5 --out whole")).ok();
    let want = ends(&folder, "whole");
    folder.run(&format!("{training} --epochs 2 --out short")).ok();
    let told =
        folder.run("train --resume short --epochs 5 --checkpoints 100 --out long").ok().stderr;
    assert!(told.starts_with("goes on from short/checkpoints/network-3-step-"), "{told}");
    assert!(
        told.contains(": network 3 of 3, 2 of 5 epochs done\n") && told.lines().count() == 1,
        "{told}"
    );
    assert!(ends(&folder, "long") == want);

    // Stopped on its way, it goes on in the same way.
    let names = fs::read_dir(folder.path("long/checkpoints")).unwrap();
    let names = names.map(|file| file.unwrap().file_name().into_string().unwrap());
    let names: Vec<String> = names.filter(|name| name.contains("step-")).collect();
    assert_eq!(names.len(), 9, "{names:?}");
    for name in names {
        let command = format!("train --resume long/checkpoints/{name} --out {name} --quiet");
        assert_eq!(folder.run(&command).ok().stderr, "");
        assert!(ends(&folder, &name) == want, "from {name}");
    }

    // In the same folder, what is the latest stays so; and again.
    folder.run("train --resume short --epochs 4 --quiet").ok();
    let first = fs::read_dir(folder.path("short/checkpoints")).unwrap();
    let first =
        first.filter(|file| file.as_ref().unwrap().path().ends_with("network-1-end.checkpoint"));
    assert_eq!(first.count(), 1);
    folder.run("train --resume short --epochs 5 --quiet").ok();
    assert!(ends(&folder, "short") == want);
    fs::remove_file(folder.path("short/checkpoints/network-1-end.checkpoint")).unwrap();
    folder
        .run("train --resume short --epochs 6")
        .fails(2, &["network-1-end.checkpoint", "--epochs"]);
    folder.run("train --resume short --quiet").ok();
}

#[test]
fn what_follows_from_the_data_goes_on_for_more_epochs() {
    let folder = Folder::new("usual-further");
    folder.run("train iris --quiet --checkpoint-every 50epochs").ok();
    let told = folder.run("train --resume . --epochs 103 --format json").ok();
    let report = told.json();
    assert_eq!(report["members"], 4, "{report}");
    assert!(
        told.stderr.contains("of 103 epochs done; the schedule warmup_linear@"),
        "{}",
        told.stderr
    );
    // The same command, with where to go on.
    let again =
        folder.run("train iris --checkpoint-every 50epochs --resume . --epochs 104 --quiet");
    again.ok();
}

#[test]
fn what_differs_is_told_in_the_words_of_the_flags() {
    let folder = Folder::new("differs");
    folder.run("train xor --samples 60 --hidden 4 --epochs 2 --batch 20 --quiet --checkpoint-every 1epochs").ok();
    folder
        .run("train --resume . --schedule warmup_linear@2/cosine --clip-norm 1 --epochs 3")
        .fails(
            1,
            &[
                "--schedule: constant in the checkpoint, warmup_linear@2/cosine here",
                "clipping: none in the checkpoint, clip_norm 1 here",
                "--insist",
            ],
        );
    let told = folder.run("train --resume . --epochs 3").ok().stderr;
    assert_eq!(told, "goes on from ./checkpoints/step-6.checkpoint: 2 of 3 epochs done\n");
    let told = folder.run("train --resume .").ok().stderr;
    let ended =
        "no epoch was left to train: 3 epochs are done, 3 asked for\n  hint: more --epochs go on\n";
    assert_eq!(told, ended);
}

#[test]
fn networks_that_are_built_in_another_way_are_refused() {
    let folder = Folder::new("resume-built");
    folder.write("line.csv", table("x,y", 60, |row| format!("{row},{}", 2 * row)));
    let train =
        "train line.csv --target y --epochs 2 --hidden 4 --members 2 --checkpoint-every 1epochs -q";
    folder.run(&format!("{train} --out run")).ok();
    let before = folder.read("run/model.safetensors");
    for flag in ["--members 1", "--hidden 5", "--activation tanh", "--dropout 0.5"] {
        let name = flag.split(' ').next().unwrap();
        let run = folder.run(&format!("train --resume run {flag} --insist --out run"));
        run.fails(2, &[&format!("{name} is another one than in the checkpoint")]);
    }
    assert!(folder.read("run/model.safetensors") == before);
    folder.run("train --resume run --epochs 3 --members 2 -q --out run").ok();
}

#[test]
fn data_that_was_moved_is_named_anew_and_the_flags_stay() {
    let folder = Folder::new("resume-moved");
    let row = |i: usize| format!("{},{},{}", i % 17, i % 5, 3 * (i % 17) + (i % 5));
    folder.write("data.csv", table("x,z,y", 200, row));
    let train = "train data.csv --target y --ignore z --hidden 8 --checkpoint-every 1epochs";
    folder.run(&format!("{train} --epochs 3 --out run")).ok();
    fs::create_dir(folder.path("there")).unwrap();
    fs::rename(folder.path("data.csv"), folder.path("there/moved.csv")).unwrap();
    folder.run("train --resume run --epochs 6 --out run").fails(
        1,
        &["data.csv", "hint: where the data was moved", "gradtape train DATA --resume run"],
    );
    // Flags that stand in the checkpoint may be said again.
    let told =
        folder.run("train there/moved.csv --ignore z --resume run --epochs 5 --out run").ok();
    assert!(told.stdout.contains("1 column, a number to predict"), "{}", told.stdout);
}

#[test]
fn one_of_several_goes_on_by_itself() {
    let folder = Folder::new("resume-compared");
    let train = "train moons --hidden 4 --quiet --epochs 2 --seed 1,2 --checkpoint-every 1epochs";
    folder.run(&format!("{train} --out all")).ok();
    folder.run("train --resume all/seed-1 --epochs 3 --quiet").ok();
    // Where nothing is known of all.
    fs::remove_file(folder.path("all/compare.jsonl")).unwrap();
    folder
        .run("train --resume all")
        .fails(2, &["no checkpoint", "2 folders in it have some", "--resume all/seed-1"]);
}
