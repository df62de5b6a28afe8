//! `gradtape train --resume` with other flags: more epochs, also after an early stop, and what is refused.

use crate::common::{Folder, contains, table};

fn rows(folder: &Folder, out: &str) -> usize {
    String::from_utf8(folder.read(&format!("{out}/history.csv"))).unwrap().lines().count() - 1
}

#[test]
fn more_epochs_go_on_after_an_early_stop() {
    let folder = Folder::new("beyond");
    // Of noise nothing is learned.
    let noise = |i: usize| format!("{},{}.5", i * 7919 % 101, i * 104_729 % 97);
    folder.write("noise.csv", table("x,y", 200, noise));
    let train = "train noise.csv --target y --members 1 --lr 0.01 --schedule constant --checkpoint-every 1epochs";
    let first = folder.run(&format!("{train} --epochs 80 --early-stopping 3 --out run")).ok();
    contains(&first.stdout, &["no better for 3 epochs"]);
    let done = rows(&folder, "run");
    assert!(done < 60, "{done}");

    // As it was, it has ended, and says how it goes on.
    let told = folder.run("train --resume run --out run").ok().stderr;
    contains(&told, &["it had stopped early after", "--epochs", "the patience then begins anew"]);
    assert!(!told.contains("goes on from") && !told.contains("schedule"), "{told}");
    assert_eq!(rows(&folder, "run"), done);

    let told = folder.run("train --resume run --epochs 90 --out more").ok().stderr;
    contains(&told, &["of 90 epochs done", "it had stopped early: its patience begins anew"]);
    let more = rows(&folder, "more");
    assert!((done + 3..=90).contains(&more), "{done} {more}");

    // Stopped on the way it ends with the same bits.
    folder.run("train --resume run --epochs 90 --steps 100000 --out whole --quiet").ok();
    let steps = 150_usize.div_ceil(32);
    let some = (done + 1) * steps + 2;
    folder.run(&format!("train --resume run --epochs 90 --steps {some} --out part --quiet")).ok();
    assert_eq!(rows(&folder, "part"), done + 2);
    folder.run("train --resume part --steps 100000 --out part --quiet").ok();
    for file in ["model.safetensors", "history.csv"] {
        let [whole, part] = ["whole", "part"].map(|out| folder.read(&format!("{out}/{file}")));
        assert!(whole == part, "{file}");
    }
}

#[test]
fn fewer_epochs_than_are_done_are_told_as_such() {
    let folder = Folder::new("fewer");
    folder
        .run("train xor --samples 60 --hidden 4 --epochs 4 --quiet --checkpoint-every 1epochs")
        .ok();
    let told = folder.run("train --resume . --epochs 3").ok().stderr;
    contains(
        &told,
        &["no epoch was left to train: 4 epochs are done, 3 asked for", "more --epochs"],
    );
    assert!(!told.contains("4 of 3"), "{told}");
}

#[test]
fn what_differs_is_named_by_its_flag() {
    let folder = Folder::new("by-flag");
    let row = |i: usize| format!("{},{},{}", i % 17, i % 5, ["lo", "hi"][i % 17 / 9]);
    folder.write("data.csv", table("a,b,kind", 200, row));
    folder
        .run("train data.csv --target kind --epochs 2 --members 1 --early-stopping 5 --quiet --checkpoint-every 1epochs")
        .ok();
    let refused = |flags: &str, words: &[&str]| {
        let run = folder.run(&format!("train --resume . --epochs 3 {flags}"));
        assert!(!run.stderr.contains("when no better by"), "{}", run.stderr);
        run.fails(1, &[words, &["--insist"]].concat());
    };
    refused("--early-stopping 9", &["--early-stopping: 5 in the checkpoint, 9 here"]);
    refused(
        "--class-weights balanced",
        &["--class-weights: none in the checkpoint, balanced here"],
    );
    refused("--seed 7", &["--seed: 42 in the checkpoint, 7 here", "rows to train on: others"]);
    refused(
        "--validation 0.3",
        &["--validation: 0.1 in the checkpoint, 0.3 here", "rows to validate: "],
    );
    refused("--batch 7", &["--batch: 32 in the checkpoint, 7 here"]);
    refused("--schedule-every epoch", &["--schedule-every: step in the checkpoint, epoch here"]);
    folder.run("train --resume . --epochs 3 --seed 7 --insist --quiet").ok();
}

#[test]
fn heads_of_a_network_for_texts_are_compared() {
    let folder = Folder::new("heads");
    folder.write("book.txt", "to be or not to be ".repeat(40));
    folder
        .run("train book.txt --network gpt:1x8x2 --context 8 --steps 4 --quiet --checkpoint-every 2steps")
        .ok();
    for (flags, flag) in [("--network gpt:1x8x4", "--network"), ("--context 16", "--context")] {
        folder
            .run(&format!("train --resume . --steps 6 {flags} --insist"))
            .fails(2, &[&format!("{flag} is another one than in the checkpoint")]);
    }
    folder.run("train --resume . --steps 6 --network gpt:1x8x2 --quiet").ok();
}
