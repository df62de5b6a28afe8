//! Columns as they are called, and rows that are given for tests.

use crate::common::{Folder, contains, run, table};

#[test]
fn names_with_commas_are_named() {
    let folder = Folder::new("names-with-commas");
    let row = |i: usize| format!("{},{},{},{}.5", i % 17, i % 5, 100 + i % 7, 3 * (i % 17));
    folder.write("data.csv", table("a,\"b,c\",\"d,e,f\",y", 120, row));
    let told = folder.run("train data.csv --target y --ignore b,c,d,e,f --epochs 1 --quiet").ok();
    assert!(told.stderr.is_empty());
    let text = folder.run("train data.csv --target y --ignore d,e,f,b,c --epochs 1").ok().stdout;
    assert!(text.contains("1 column, a number to predict"), "{text}");
    let text = folder.run("train data.csv --target y --categories b,c --epochs 1").ok().stdout;
    assert!(text.contains("3 columns"), "{text}");
    let both = folder.run("predict model.safetensors data.csv --with row,b,c,a").ok().stdout;
    assert!(both.starts_with("row,\"b,c\",a,"), "{both}");
    folder
        .run("train data.csv --target y --ignore b,x")
        .fails(2, &["no column \"x\"", "no column \"b\""]);
}

#[test]
fn flags_in_notes_are_as_a_shell_takes_them() {
    let folder = Folder::new("names-quoted");
    let row = |i: usize| format!("{},{},{}.5", (i * 7) % 50, i % 5, 3 * ((i * 7) % 50));
    folder.write("data.csv", table("petal width (cm),z,y", 120, row));
    let text = folder.run("train data.csv --target y --epochs 1").ok().stdout;
    contains(&text, &["(--ignore 'petal width (cm)')"]);
}

#[test]
fn another_table_is_held_out() {
    let folder = Folder::new("test-table");
    let row =
        |i: usize| format!("{},{},{}", i % 17, ["a", "b"][i % 2], 3 * (i % 17) + 10 * (i % 2));
    folder.write("train.csv", table("x,kind,y", 300, row));
    // Its columns are in another order, one is too many, and a category is new.
    let other = |i: usize| match i {
        3 => "9,11,c,5".to_string(),
        4 => "9,,b,5".to_string(),
        i => format!("9,{},{},{}", 3 * (i % 17) + 10 * (i % 2), ["a", "b"][i % 2], i % 17),
    };
    folder.write("test.csv", table("more,y,kind,x", 40, other));
    let train = "train train.csv --target y --epochs 20 --test test.csv";
    let text = folder.run(train).ok().stdout;
    contains(
        &text,
        &[
            "270 rows to train, 30 to validate, 39 held out",
            "note: test.csv: 1 of 40 rows left out: no value of \"y\", the first on line 6",
            "such as \"c\" (line 5)",
            "(39 rows)",
        ],
    );
    let report = folder.run(&format!("{train} --format json --out b")).ok().json();
    let again = folder.run("evaluate b/model.safetensors test.csv --format json").ok().json();
    assert_eq!(again["rmse"], report["held_out"]["rmse"]);
    let baselines = report["held_out"]["baselines"].as_array().unwrap();
    assert_eq!(baselines.len(), 3, "{report}");
    // The same rows are learned as without.
    folder.run("train train.csv --target y --epochs 20 --test-fraction 0 --quiet --out c").ok();
    let answers = |model: &str| folder.run(&format!("predict {model}/model.safetensors train.csv"));
    assert_eq!(answers("b").ok().stdout, answers("c").ok().stdout);
    for (flags, status, words) in [
        ("--test-fraction 0.2", 2, &["--test-fraction", "--test"][..]),
        ("--folds 3", 2, &["--test", "--folds"]),
    ] {
        folder.run(&format!("{train} {flags}")).fails(status, words);
    }
    let words = ["--test none.csv: No such file", "hint: --test FILE names a table beside DATA"];
    folder.run(&train.replace("test.csv", "none.csv")).fails(2, &words);
    let words = ["--test tset.csv", "hint: did you mean \"test.csv\"?"];
    folder.run(&train.replace("test.csv", "tset.csv")).fails(2, &words);
    folder.write("short.csv", "x,y\n1,2\n");
    let short = "train train.csv --target y --test short.csv";
    folder.run(short).fails(1, &["no column \"kind\"", "in the table of --test"]);
    run("train moons --test test.csv").fails(2, &["--test is for tables"]);
}

#[test]
fn a_model_knows_the_table_that_was_held_out() {
    let folder = Folder::new("test-table-known");
    let row = |from: usize| {
        move |i: usize| format!("{},{},{}.5", i % 17, ["a", "b"][i % 2], 3 * (i % 17) + from * i)
    };
    folder.write("train.csv", table("x,kind,y", 300, row(0)));
    let gap = |i: usize| if i == 7 { "5,a,".to_string() } else { row(1)(i) };
    folder.write("test.csv", table("x,kind,y", 40, gap));
    folder.write("new.csv", table("x,kind,y", 40, row(2)));
    // In memory, and the training in pieces.
    folder.write("large.csv", table("x,kind,y", 120_000, row(0)));
    for (data, flags) in [("train.csv", ""), ("large.csv", "--memory 1MB --hidden 8")] {
        folder
            .run(&format!(
                "train {data} --target y --test test.csv --epochs 3 --quiet --out a {flags}"
            ))
            .ok();
        let text = folder.run("evaluate a/model.safetensors test.csv").ok().stdout;
        contains(&text, &["test.csv is the table that was held out in training", "held-out R²"]);
        let report = folder.run("evaluate a/model.safetensors test.csv --format json").ok().json();
        assert_eq!((&report["held_out"], &report["trained_on"]), (&true.into(), &false.into()));
        let text = folder.run("evaluate a/model.safetensors new.csv").ok().stdout;
        contains(&text, &["new.csv was not recognised"]);
        folder
            .run("evaluate a/model.safetensors test.csv --part train")
            .fails(2, &["the training rows are in", data]);
        folder
            .run(&format!(
                "evaluate a/model.safetensors {data} {}",
                flags.split(" --h").next().unwrap()
            ))
            .fails(1, &["held out were those of test.csv"]);
        // The row without an answer is none of those held out.
        let held_out = folder.run("predict a/model.safetensors test.csv --held-out --with row");
        let held_out = held_out.ok().stdout;
        assert!(held_out.lines().count() == 40 && !held_out.contains("\n8,"), "{held_out}");
        folder
            .run("predict a/model.safetensors new.csv --held-out")
            .fails(2, &["not the table whose rows were held out", "that was test.csv"]);
        let text = folder.run("inspect a/model.safetensors").ok().stdout;
        contains(&text, &["39 rows of test.csv (--test"]);
    }
    // Read in pieces it is the same table.
    folder.write("test.csv", table("x,kind,y", 60_000, row(1)));
    folder.run("train train.csv --target y --test test.csv --epochs 3 --quiet --out b").ok();
    let text = folder.run("evaluate b/model.safetensors test.csv --memory 1MB").ok().stdout;
    contains(&text, &["test.csv is the table that was held out in training"]);
    let held_out = folder.run("predict b/model.safetensors test.csv --memory 1MB --held-out");
    assert_eq!(held_out.ok().stdout.lines().count(), 60_001);
}

#[test]
fn the_table_that_is_held_out_is_another_file_and_is_not_overwritten() {
    let folder = Folder::new("test-table-spared");
    let row = |from: usize| move |i: usize| format!("{},{}", i + from, 3 * (i + from));
    folder.write("train.csv", table("x,y", 100, row(0)));
    let words = ["is the table of --test", "would be overwritten"];
    for (name, command) in [
        ("history.csv", "train train.csv --epochs 2"),
        ("compare.csv", "train train.csv --epochs 2 --lr 0.1,0.2"),
        ("steps.csv", "train train.csv --epochs 2 --lr 0.1,0.2"),
        ("tune.csv", "tune train.csv --trials 2 --epochs 2"),
        ("history.csv", "tune train.csv --trials 2 --epochs 2"),
    ] {
        let own = table("x,y", 40, row(90));
        folder.write(name, &own);
        folder.run(&format!("{command} --target y --test {name}")).fails(2, &words);
        assert!(folder.read(name) == own.as_bytes(), "{name} was overwritten by {command}");
        std::fs::remove_file(folder.path(name)).unwrap();
    }
    // Of those rows, ten are learned from or validated on.
    folder.write("test.csv", table("x,y", 40, row(90)));
    let train = "train train.csv --target y --epochs 2 --out a";
    let text = folder.run(&format!("{train} --test test.csv")).ok().stdout;
    contains(&text, &["note: test.csv: 10 of 40 rows also stand among those that are trained on"]);
    folder.write("test.csv", table("x,y", 40, row(100)));
    let text = folder.run(&format!("{train} --test test.csv")).ok().stdout;
    assert!(!text.contains("also stand among"), "{text}");
    for same in ["train.csv", "./a/../train.csv"] {
        let words = ["this is the file that is trained on", "hint: leave out --test"];
        folder.run(&format!("{train} --test {same}")).fails(2, &words);
    }
}

#[test]
fn words_that_are_classes_can_be_kept() {
    let folder = Folder::new("region-na");
    let row = |i: usize| format!("{},{}", i % 17, ["NA", "EU", "AS"][i % 3]);
    folder.write("data.csv", table("x,region", 120, row));
    let text = folder.run("train data.csv --target region --epochs 1").ok().stdout;
    contains(
        &text,
        &["40 of 120 rows left out", "; 40 say \"NA\" or the like, which --keep-na takes"],
    );
    let text = folder.run("train data.csv --target region --epochs 1 --keep-na").ok().stdout;
    assert!(text.contains("3 classes") && !text.contains("left out"), "{text}");
    // Numbers that are none, also of other data.
    let row = |i: usize| {
        format!(
            "{},{}",
            i % 17,
            if i % 5 == 4 { "NaN".into() } else { (i % 17).to_string() + ".5" }
        )
    };
    folder.write("numbers.csv", table("x,y", 120, row));
    let text = folder.run("train numbers.csv --target y --epochs 1").ok().stdout;
    contains(
        &text,
        &["24 of 120 rows left out: no value of \"y\"", "; 24 say \"NaN\" or the like\n"],
    );
    folder.write("other.csv", table("x,y", 60, row));
    let told = folder.run("evaluate model.safetensors other.csv").ok().stderr;
    contains(&told, &["12 of 60 rows left out", "; 12 say \"NaN\" or the like\n"]);
    let kinds = |i: usize| format!("{},{}", i % 17, ["NaN", "EU", "AS"][i % 3]);
    folder.write("large.csv", table("x,region", 90_000, kinds));
    let large = "train large.csv --target region --epochs 1 --hidden 4 --memory 1MB";
    contains(
        &folder.run(large).ok().stdout,
        &["30,000 rows left out", "; 30,000 say \"NaN\" or the like, which --keep-na"],
    );
}

#[test]
fn an_image_is_no_table_whatever_it_is_called() {
    let folder = Folder::new("image-as-table");
    folder.write("data.csv", b"\x89PNG\r\n\x1a\n0000");
    folder.run("train data.csv --target y").fails(2, &["data.csv is an image"]);
    folder.run("train . --target y").fails(2, &["neither IDX files nor images"]);
}
