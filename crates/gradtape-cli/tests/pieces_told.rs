//! Tables that are read in pieces: what the rows that were looked at do not have is told all the same.

use std::fmt::Write;

use crate::common::{Folder, contains, table};

const ROWS: usize = 150_000;
const TRAIN: &str = "train data.csv --memory 1MB --epochs 1 --hidden 4 --batch 512";

/// A table `x,kind,y` of which one row, that hardly ever is among those looked at, is another one.
fn odd(name: &str, header: &str, row: impl Fn(usize) -> String) -> Folder {
    let folder = Folder::new(name);
    let mut text = format!("{header}\n");
    for i in 0..ROWS {
        writeln!(text, "{}", row(i)).unwrap();
    }
    folder.write("data.csv", text);
    folder
}

#[test]
fn cells_that_are_no_numbers_are_counted_in_all_rows() {
    let folder = odd("told-words", "x,y", |i| match i {
        41_000..41_005 => format!("about {i},1.5"),
        50_000 => ",2.5".to_string(),
        _ => format!("{}.5,{}.25", i % 997, 3 * (i % 997)),
    });
    let told = folder.run(&format!("{TRAIN} --target y")).ok().stdout;
    let line = "column \"x\": 6 of 150000 values missing, taken as a value of its own; 5 are no number, such as \"about 41000\" \
                (line 41002)";
    contains(&told, &[line]);
    assert_eq!(told.matches("values missing").count(), 1, "{told}");
    // Of another file too.
    for verb in
        ["evaluate model.safetensors data.csv", "predict model.safetensors data.csv --out p.csv"]
    {
        let told = folder.run(&format!("{verb} --memory 1MB")).ok().stderr;
        contains(&told, &[line]);
    }
}

#[test]
fn classes_and_categories_are_those_of_all_rows() {
    let folder = odd("told-classes", "x,kind,y", |i| match i {
        33_333 => "5,unicorn,rare".to_string(),
        _ => format!("{},{},{}", i % 89, ["a", "b"][i % 2], ["lo", "hi"][i % 89 / 45]),
    });
    let told = folder.run(&format!("{TRAIN} --target y")).ok().stdout;
    assert!(!told.contains("left out"), "{told}");
    contains(&told, &["3 classes", "what was counted of all"]);
    let known = folder.run("inspect model.safetensors").ok().stdout;
    contains(&known, &["\"unicorn\"", "\"rare\""]);
    // Whole numbers are classes, or amounts, by all rows: one of them has decimals.
    let folder = odd("told-task", "x,y", |i| match i {
        44_444 => "1.5,0.5".to_string(),
        _ => format!("{}.5,{}", i % 97, i % 97 / 50),
    });
    let report = folder.run(&format!("{TRAIN} --target y --format json")).ok().json();
    assert_eq!(report["task"], "regression");
}

#[test]
fn a_value_far_from_all_others_spoils_no_scale() {
    let folder = odd("told-far", "x,z,y", |i| match i {
        33_333 => "1e12,1,5.5".to_string(),
        _ => format!("{}.5,{},{}.25", i % 97, i % 5, 3 * (i % 97)),
    });
    let run = folder.run(&format!("{TRAIN} --target y")).ok();
    contains(&run.stdout, &["column \"x\": a few values are far from all others"]);
    let known = folder.run("inspect model.safetensors").ok().stdout;
    contains(&known, &["drawn in by asinh"]);
}

#[test]
fn more_classes_than_are_counted_are_none() {
    let folder = odd("told-many", "x,y", |i| format!("{}.5,name{}", i % 97, i % 5000));
    folder
        .run(&format!("{TRAIN} --target y"))
        .fails(1, &["more than 4096 different values", "these are not classes"]);
}

#[test]
fn simple_answers_say_from_how_many_rows_they_are() {
    let folder =
        odd("told-simple", "x,z,y", |i| format!("{}.5,{},{}.25", i % 97, i % 5, 3 * (i % 97)));
    let run = folder.run(&format!("{TRAIN} --target y")).ok();
    let told = run.stdout.lines().find(|line| line.starts_with("on the same rows")).unwrap();
    assert!(told.contains("the mean (of ") && told.contains("linear (of "), "{told}");
}

#[test]
fn another_larger_file_is_not_gathered() {
    let folder =
        odd("told-other", "x,z,y", |i| format!("{}.5,{},{}.25", i % 97, i % 5, 3 * (i % 97)));
    folder.run(&format!("{TRAIN} --target y --quiet")).ok();
    let mut large = String::from_utf8(folder.read("data.csv")).unwrap();
    let more = large.lines().skip(1).collect::<Vec<_>>().join("\n") + "\n";
    (0..5).for_each(|_| large += &more);
    folder.write("large.csv", large);
    let run = folder.run("evaluate model.safetensors large.csv --memory 1MB").ok();
    contains(&run.stdout, &["not recognised", "overall R²"]);
    // What is left out and filled in is told once.
    assert!(run.stderr.matches("note:").count() <= 1, "{}", run.stderr);
}

#[test]
fn a_table_that_is_held_out_is_no_share_of_another() {
    let folder =
        odd("told-test", "x,z,y", |i| format!("{}.5,{},{}.25", i % 97, i % 5, 3 * (i % 97)));
    folder.write("test.csv", table("x,z,y", 50, |i| format!("{i},{i},{i}")));
    let train = format!("{TRAIN} --target y --test test.csv --validation 0.9");
    let told = folder.run(&train).ok().stdout;
    contains(
        &told,
        &["50 held out", "fewer rows are held out than asked for", "to validate: they"],
    );
}
