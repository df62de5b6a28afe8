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
    assert!(folder.read("b/model.safetensors").len() == folder.read("c/model.safetensors").len());
    for (flags, status, words) in [
        ("--test-fraction 0.2", 2, &["--test-fraction", "--test"][..]),
        ("--folds 3", 2, &["--test", "--folds"]),
    ] {
        folder.run(&format!("{train} {flags}")).fails(status, words);
    }
    folder.run(&train.replace("test.csv", "none.csv")).fails(1, &["none.csv", "No such file"]);
    folder.write("short.csv", "x,y\n1,2\n");
    let short = "train train.csv --target y --test short.csv";
    folder.run(short).fails(1, &["no column \"kind\"", "in the table of --test"]);
    run("train moons --test test.csv").fails(2, &["--test is for tables"]);
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
}

#[test]
fn an_image_is_no_table_whatever_it_is_called() {
    let folder = Folder::new("image-as-table");
    folder.write("data.csv", b"\x89PNG\r\n\x1a\n0000");
    folder.run("train data.csv --target y").fails(2, &["data.csv is an image"]);
    folder.run("train . --target y").fails(2, &["neither IDX files nor images"]);
}
