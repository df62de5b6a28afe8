//! `gradtape train` with lists of settings, and what it does on a table where nothing is said.

use crate::common::{Folder, table};

#[test]
fn lists_are_compared() {
    let folder = Folder::new("compared");
    let command = "train xor --samples 60 --hidden 4 --optimizer adam,sgd --batch 10,40 --seed 1..2 --epochs 3";
    let text = folder.run(command).ok().stdout;
    for part in [
        "optimizer adam, batch 10, seed 1: 3 epochs, loss ",
        "trainings",
        "held-out loss",
        "held-out accuracy",
        " ± ",
        "best is the lowest loss",
    ] {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
    for file in ["compare.csv", "steps.csv", "compare.svg"] {
        assert!(text.contains(file), "{text}");
    }
    let lines = |file: &str| String::from_utf8(folder.read(file)).unwrap().lines().count();
    // Eight trainings of three epochs; of 42 rows there are 5 batches of 10, or 2 of 40.
    assert_eq!(lines("compare.csv"), 1 + 8 * 3);
    assert_eq!(lines("steps.csv"), 1 + 3 * 4 * (5 + 2));
    let svg = String::from_utf8(folder.read("compare.svg")).unwrap();
    assert!(svg.contains("optimizer adam, batch 10") && svg.contains("logarithmic"));

    assert_eq!(text.lines().filter(|line| line.ends_with("  best")).count(), 1, "{text}");

    // One of them is what it is alone.
    let alone = command.replace("adam,sgd", "sgd").replace("10,40", "40").replace("1..2", "2");
    folder.run(&format!("{alone} --quiet --out alone")).ok();
    let inner = folder.read("optimizer-sgd_batch-40_seed-2/model.safetensors");
    assert!(inner == folder.read("alone/model.safetensors"));
}

#[test]
fn each_optimiser_of_a_list_has_settings_of_its_own() {
    let folder = Folder::new("own-settings");
    let command = "train xor --samples 60 --hidden 4 --epochs 2 --batch 10";
    let both = format!("{command} --optimizer sgd:lr=0.1:momentum=0.9,adam:lr=0.003");
    let text = folder.run(&both).ok().stdout;
    assert!(text.contains("optimizer adam:lr=0.003: 2 epochs"), "{text}");
    let csv = String::from_utf8(folder.read("compare.csv")).unwrap();
    assert!(csv.contains("\nadam:lr=0.003,2,0.003,"), "{csv}");
    // Each is what it is alone, by flags.
    let alone = format!("{command} --optimizer sgd --lr 0.1 --momentum 0.9 --quiet --out alone");
    folder.run(&alone).ok();
    let own = folder.read("optimizer-sgd-lr=0.1-momentum=0.9/model.safetensors");
    assert!(own == folder.read("alone/model.safetensors"));
    // A checkpoint goes on with them.
    let one = format!("{command} --optimizer adam:lr=0.003 --quiet");
    folder.run(&format!("{one} --checkpoint-every 1epochs --out kept")).ok();
    folder.run("train --resume kept --epochs 3 --quiet --out kept").ok();
    folder.run(&format!("{} --epochs 3 --out whole", one.replace(" --epochs 2", ""))).ok();
    assert!(folder.read("kept/model.safetensors") == folder.read("whole/model.safetensors"));

    for (flags, words) in [
        ("--optimizer adam:lr", &["\"lr\" is no setting", "adam:lr=0.05:betas=0.9+0.99"][..]),
        ("--optimizer adam:lr=x", &["is no setting"]),
        ("--optimizer adma:lr=0.1", &["adma", "adam"]),
        ("--optimizer adam:eps=1e-8:nu=1", &["adam has no setting nu"]),
        ("--optimizer adam:lr=0.1 --lr 0.2", &["lr is set here and by --lr"]),
    ] {
        folder.run(&format!("train xor {flags}")).fails(2, words);
    }
}

/// What sizes of batches differ in is how far their losses are from each other.
#[test]
fn few_trainings_are_drawn_with_the_range_of_their_losses() {
    let folder = Folder::new("ranges");
    let command = "train xor --samples 400 --hidden 4 --quiet --steps 130 --optimizer sgd --lr 0.1";
    folder.run(&format!("{command} --batch 1,100")).ok();
    let svg = String::from_utf8(folder.read("compare.svg")).unwrap();
    assert_eq!(svg.matches("<polygon").count(), 2, "a band for each");
    assert!(svg.contains("step, means of 3 in bands from the lowest to the highest"), "{svg}");
    folder.run(&format!("{command} --batch 1,10,50,100")).ok();
    let svg = String::from_utf8(folder.read("compare.svg")).unwrap();
    assert!(!svg.contains("<polygon") && svg.contains(">\nstep, means of 3\n<"), "{svg}");
}

#[test]
fn a_flag_that_is_given_again_is_a_list() {
    let folder = Folder::new("again");
    let command = "train xor --samples 50 --hidden 4 --hidden 8,4 --epochs 2 --format json";
    let report = folder.run(command).ok().json();
    let runs = report["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 2);
    assert_eq!(runs[1]["settings"]["hidden"], "8,4");
    assert!(runs[0]["held_out_accuracy"].is_number());
}

#[test]
fn lists_that_make_no_sense_are_told() {
    let folder = Folder::new("lists");
    folder.run("train xor --optimizer adam,sdg").fails(2, &["sdg"]);
    folder.run("train xor --batch 1,x").fails(2, &["x"]);
    folder
        .run("train xor --seed 1..1000 --batch 1,2")
        .fails(2, &["2,000 trainings", "--batch has 2"]);
    folder.run("train xor --seed 1..5000").fails(2, &["more than 1,000 values"]);
    folder.run("train xor --seed 5..1").fails(2, &["ends before it begins", "--seed 1..5"]);
    folder.run("train xor --out a --out b").fails(2, &["--out", "multiple times"]);
    folder.run("train xor --seed 1,1").fails(2, &["1 stands twice"]);
    folder.run("train xor --lr 0.1 --lr 0.2").fails(2, &["--lr stands twice", "--lr 0.1,0.2"]);
    folder.run("train xor --hidden 4,4 --hidden 4,4").fails(2, &["--hidden 4,4 stands twice"]);
    folder.run("train --resume . --batch 1,2").fails(2, &["one training"]);
    assert!(folder.files().is_empty());
}

#[test]
fn one_that_comes_to_nothing_does_not_end_the_others() {
    let folder = Folder::new("nothing");
    let command = "train xor --samples 50 --hidden 4 --optimizer sgd --lr 0.1,1e30 --epochs 2";
    let text = folder.run(command).ok().stdout;
    assert!(text.contains("lr 0.1: 2 epochs"), "{text}");
    assert!(text.contains("did not come to its end, and counts in no mean: lr 1e30"), "{text}");
    let report = folder.run(&format!("{command} --format json")).ok().json();
    assert!(report["runs"][0]["failed"].is_null() && report["runs"][1]["failed"].is_string());
    folder.run(&command.replace("0.1,", "1e29,")).fails(1, &["lr 1e29; in no other it was better"]);
}

#[test]
fn each_of_several_is_watched_on_its_own() {
    let folder = Folder::new("watched");
    let command = "train xor --samples 50 --hidden 4 --epochs 2 --quiet";
    folder.run(&format!("{command} --seed 1,2 --log runs --progress lines.jsonl")).ok();
    for run in ["seed-1", "seed-2"] {
        assert!(folder.path(&format!("runs/{run}")).is_dir());
    }
    let text = String::from_utf8(folder.read("lines.jsonl")).unwrap();
    for part in [r#""training":"seed 1""#, r#""training":"seed 2""#] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }

    // Of a training of several networks each has lines, warnings and a table.
    folder.run("train iris --epochs 3 --members 2 --quiet --progress lines.jsonl").ok();
    let text = String::from_utf8(folder.read("lines.jsonl")).unwrap();
    let of = |network: usize| {
        let of = |line: &&str| {
            line.contains(r#""event":"epoch""#)
                && line.contains(&format!(r#""network":{network},"#))
        };
        text.lines().filter(of).count()
    };
    assert_eq!((of(1), of(2)), (3, 3), "{text}");
    let text = folder.run("train iris --epochs 3 --members 2 --health").ok().stdout;
    assert!(text.contains("\nnetwork 1\n") && text.contains("\nnetwork 2\n"), "{text}");
}

#[test]
fn on_a_table_the_training_follows_from_the_data() {
    let folder = Folder::new("defaults");
    let row = |i: usize| {
        let x = (i as f64 * 0.37).sin();
        let far = if i == 77 { 1e6 } else { x };
        format!("{far:.4},{:.4},{:.4}\n", (i as f64 * 0.91).cos(), 3.0 * x)
    };
    folder.write("t.csv", "a,b,y\n".to_string() + &(0..300).map(row).collect::<String>());
    let text = folder.run("train t.csv --target y").ok().stdout;
    for part in [
        "4 of 2 → 64 → 64 → 1, silu",
        "each has other rows to validate",
        "adamw, learning rate 0.005 (warmup_linear@",
        "fewer if validation is no better for 20",
        "\"a\": a few values are far from all others",
        "network  epochs  kept epoch",
    ] {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
    let model = folder.run("inspect model.safetensors").ok().stdout;
    assert!(model.contains("members") && model.contains("drawn in by asinh"), "{model}");
    let report = folder.run("evaluate model.safetensors t.csv --format json").ok().json();
    assert!(report["r2"].as_f64().unwrap() > 0.95, "{report}");

    // What is said is done.
    let text = folder.run("train t.csv --target y --epochs 3 --hidden 8").ok().stdout;
    assert!(text.contains("network: 2 → 8 → 1") && text.contains("3 epochs"), "{text}");
    let report = folder.run("train t.csv --target y --epochs 3 --format json").ok().json();
    assert_eq!(report["epochs"].as_array().unwrap().len(), 3);
}

#[test]
fn as_many_seeds_as_are_asked_for() {
    let folder = Folder::new("compare-seeds");
    let train = "train moons --samples 60 --hidden 4 --epochs 2";
    let text = folder.run(&format!("{train} --seeds 3 --seed 7 --out a")).ok().stdout;
    for part in
        ["seed 7: 2 epochs", "seed 8", "seed 9", " ± ", "accuracies of simple answers: constant"]
    {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
    folder.run(&format!("{train} --seed 7..9 --out b")).ok();
    assert!(folder.read("a/compare.csv").len() == folder.read("b/compare.csv").len());
    assert!(folder.read("a/seed-9/model.safetensors") == folder.read("b/seed-9/model.safetensors"));
    // With folds there are so many of each.
    let text = folder.run(&format!("{train} --seeds 2 --folds 2 --out c")).ok().stdout;
    assert!(text.contains("seed 42") && text.contains("seed 43"), "{text}");
    folder.run(&format!("{train} --seeds 1 --quiet --out d")).ok();
    folder
        .run(&format!("{train} --seeds 2 --seed 1,2"))
        .fails(2, &["--seeds and a list of --seed"]);
    folder.run(&format!("{train} --seeds 0")).fails(2, &["--seeds"]);
    folder
        .run(&format!("{train} --seeds 5000"))
        .fails(2, &["5,000 trainings", "1,000 are the most"]);
    folder
        .run("tune moons --seeds 2 --minutes 0.01")
        .fails(2, &["--seeds is for `gradtape train`"]);
}

#[test]
fn values_with_commas_are_given_one_by_one() {
    let folder = Folder::new("compare-commas");
    let train = "train moons --samples 60 --hidden 4 --epochs 2 --out out";
    let text = folder.run(&format!("{train} --betas 0.9,0.99 --betas 0.8,0.9")).ok().stdout;
    assert!(text.contains("betas 0.9,0.99: 2 epochs") && text.contains("betas 0.8,0.9"), "{text}");
    folder.run(&format!("{train} --lr 0.1 --lr 0.2")).fails(2, &["stands twice", "--lr 0.1,0.2"]);
    let both = "train moons --hidden 8;16";
    folder.run(both).fails(2, &["--hidden again: --hidden 64,32 --hidden 16"]);
}

#[test]
fn what_is_learned_of_a_number_is_compared_by_its_errors() {
    let folder = Folder::new("compare-transforms");
    let row = |i: usize| format!("{},{}", i % 37, (0.2 * (i % 37) as f64).exp());
    folder.write("data.csv", table("x,y", 300, row));
    let train = "train data.csv --target y --hidden 16 --epochs 20 --out new/out";
    let command = format!("{train} --target-transform none,log --report new/out/all.html");
    let text = folder.run(&command).ok().stdout;
    assert!(text.contains("best is the lowest mean absolute error"), "{text}");
    assert!(text.contains("mean absolute errors of simple answers: constant"), "{text}");
    let error = |line: &str| line.split_whitespace().nth(5).unwrap().parse::<f64>().unwrap();
    let rows: Vec<&str> = text.lines().filter(|line| line.trim().starts_with(['n', 'l'])).collect();
    let rows: Vec<&&str> = rows.iter().filter(|line| line.split_whitespace().count() > 5).collect();
    assert_eq!(rows.len(), 2, "{text}");
    let best = usize::from(error(rows[1]) < error(rows[0]));
    assert!(rows[best].ends_with("best"), "{text}");
    // A page in a folder that is only about to be made.
    let page = String::from_utf8(folder.read("new/out/all.html")).unwrap();
    assert!(page.contains("Best is the lowest mean absolute error"));
}
