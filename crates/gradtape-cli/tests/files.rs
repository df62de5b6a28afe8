//! Tables and images in other files than CSV: trained, measured, predicted, and what is refused.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::Folder;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../gradtape-files/tests/data/tables").join(name)
}

/// A folder with some of the files that pandas and NumPy wrote.
fn folder(name: &str, files: &[&str]) -> Folder {
    let folder = Folder::new(name);
    files.iter().for_each(|file| folder.write(file, fs::read(data(file)).unwrap()));
    folder
}

const QUICK: &str = "--hidden 8 --epochs 5 --batch 16 --quiet";

#[test]
fn one_table_trains_to_the_same_bits_from_every_format() {
    let files = [
        "homes.csv",
        "homes.csv.gz",
        "homes.csv.zst",
        "homes.xlsx",
        "homes-snappy.parquet",
        "homes.feather",
        "homes-lz4.feather",
    ];
    let folder = folder("every-format", &files);
    let mut known: Option<(String, String)> = None;
    for name in files {
        folder.run(&format!("train {name} --target price {QUICK} --out m")).ok();
        let report = folder.run(&format!("evaluate m/model.safetensors {name} --format json")).ok();
        assert_eq!(report.json()["trained_on"], true, "{name}");
        let measured = report.json()["root_mean_squared_error"].to_string();
        let told = folder.run(&format!("predict m/model.safetensors {name}")).ok().stdout;
        assert_eq!(told.lines().count(), 61, "{name}");
        match &known {
            None => known = Some((told, measured)),
            Some(known) => assert_eq!((&told, &measured), (&known.0, &known.1), "{name}"),
        }
        // Other formats of the same table are the data that it was trained on.
        let other = folder.run("evaluate m/model.safetensors homes.csv --format json").ok().json();
        assert_eq!(other["trained_on"], true, "{name}");
    }
    // The same through a pipe.
    let mut command = common::command(&folder.path("."), "predict m/model.safetensors -");
    let input = fs::File::open(folder.path("homes-snappy.parquet")).unwrap();
    let piped = common::Run::of(command.stdin(input).output().unwrap()).ok();
    assert_eq!(Some(piped.stdout), known.map(|known| known.0));
}

#[test]
fn sheets_are_chosen_by_name() {
    let folder = folder("sheets", &["book.xlsx"]);
    let mut rows = String::from("x,y\n");
    (0..30).for_each(|row| rows += &format!("{row},{}\n", row % 2));
    folder.write("rows.csv", rows);
    folder.run(&format!("train rows.csv --target y {QUICK}")).ok();
    let near = &["there is no sheet \"Other\"", "\"Sales 2024\", \"Other sheet\""];
    folder.run("predict model.safetensors book.xlsx --sheet Other").fails(1, near);
    let mut command =
        common::command(&folder.path("."), "predict model.safetensors book.xlsx --sheet");
    let run = common::Run::of(command.arg("Other sheet").output().unwrap()).ok();
    assert_eq!(run.stdout.lines().count(), 2, "{}", run.stdout);
    folder
        .run("train rows.csv --target y --sheet A")
        .fails(2, &["--sheet is for xlsx, not for rows.csv"]);
    folder
        .run("train book.xlsx --target y --encoding big5")
        .fails(2, &["--encoding is for CSV and JSON"]);
}

#[test]
fn nested_columns_are_left_out_on_request() {
    let folder = folder("nested", &["nested.parquet", "nested.arrow"]);
    for name in ["nested.parquet", "nested.arrow"] {
        let train = format!("train {name} --target y --test-fraction 0 --validation 0 {QUICK}");
        folder.run(&train).fails(1, &["column \"tags\": it holds lists", "--ignore tags"]);
        folder.run(&format!("{train} --ignore tags,place,map,pairs")).ok();
        let run = folder.run(&format!("predict model.safetensors {name}")).ok();
        assert_eq!(run.stdout.lines().count(), 4);
        assert!(run.stderr.contains("column \"tags\" holds lists"), "{}", run.stderr);
    }
}

#[test]
fn arrays_are_images_or_tables() {
    let files = [
        "images.npz",
        "images-floats.npz",
        "colours.npz",
        "table.npz",
        "names.npz",
        "f8.npy",
        "objects.npz",
    ];
    let folder = folder("arrays", &files);
    for network in ["--hidden 16", "--network cnn:4c3-p2-8"] {
        let train = format!(
            "train images.npz {network} --epochs 15 --batch 8 --lr 0.01 --format json --out m"
        );
        let report = folder.run(&train).ok().json();
        assert_eq!(report["rows"]["test"], 15, "{report}");
        assert!(report["held_out"]["accuracy"].as_f64().unwrap() > 0.9, "{report}");
        // Bytes, and the same as numbers from 0 to 1, are the same.
        for name in ["images.npz", "images-floats.npz"] {
            let again = folder
                .run(&format!("evaluate m/model.safetensors {name} --format json"))
                .ok()
                .json();
            assert_eq!(again["trained_on"], true, "{name}");
            assert_eq!(again["accuracy"], report["held_out"]["accuracy"]);
            let told =
                folder.run(&format!("predict m/model.safetensors {name} --with row")).ok().stdout;
            assert_eq!(told.lines().count(), 16, "{told}");
        }
    }
    folder.run("train colours.npz --network cnn:4c3-p2-8 --epochs 1 --test-fraction 0 --validation 0 --quiet").ok();
    folder.run("predict model.safetensors images.npz").fails(1, &["192", "64"]);

    // Inputs of two axes are columns; the archive tells what is to be predicted.
    folder.run(&format!("train table.npz {QUICK}")).ok();
    let told = folder.run("predict model.safetensors f8.npy").ok().stdout;
    assert_eq!((told.lines().next(), told.lines().count()), (Some("y,p_0,p_1"), 41));
    folder.run("evaluate model.safetensors table.npz").ok();
    folder.run(&format!("train f8.npy --target c2 {QUICK}")).ok();
    folder.run(&format!("train f8.npy {QUICK}")).fails(2, &["--target COLUMN, one of c0, c1, c2"]);
    folder.run(&format!("train names.npz {QUICK}")).ok();
    assert!(
        folder
            .run("predict model.safetensors names.npz")
            .ok()
            .stdout
            .starts_with("target,p_no,p_yes\n")
    );
    folder.run("train objects.npz").fails(1, &["array \"x\"", "pickle", "np.savez"]);
    folder.run("train images.npz --target y").fails(2, &["--target is for tables"]);
}
