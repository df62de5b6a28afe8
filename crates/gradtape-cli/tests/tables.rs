//! Tables as people write them, and honest numbers about them: each fault that was found is a test.

use std::fs;

use crate::common::{Folder, QUICK, contains, table};
use serde_json::Value;

#[test]
fn a_date_and_an_unseen_category_do_not_make_a_model_useless() {
    let folder = Folder::new("dates");
    let towns = ["Oslo", "Bergen", "Narvik"];
    let row = |i: usize| {
        format!("2024-01-{:02},{},{},{}", 1 + i % 9, i % 7, towns[i % 3], 100 + 3 * (i % 7) + i % 9)
    };
    folder.write("homes.csv", table("when,size,town,price", 90, row));
    let run = folder.run(&format!("train homes.csv --target price --task regression {QUICK}")).ok();
    contains(
        &run.stdout,
        &["\"when\": dates, taken as the time elapsed, the day of the week", "--split time when"],
    );
    folder.write("new.csv", "when,size,town\n2025-07-30,3,Oslo\n2025-07-31,4,Rome\nsoon,,Bergen\n");
    let run = folder.run("predict model.safetensors new.csv").ok();
    assert_eq!(run.stdout.lines().count(), 4, "{}", run.stdout);
    contains(
        &run.stderr,
        &[
            "\"town\": 1 of 3 values were not trained on, such as \"Rome\" (line 3)",
            "\"when\": 1 of 3 values missing",
        ],
    );
    let strict = folder.run("predict model.safetensors new.csv --strict");
    strict.fails(1, &["line 3, column \"town\": \"Rome\" is unknown", "\"soon\" is not a date"]);
    let text = folder.run("inspect model.safetensors").ok().stdout;
    contains(&text, &["a date: time elapsed, day of the week"]);
    // A model that knows no dates is used as before.
    folder.run(&format!("train homes.csv --target price --task regression --categories when {QUICK} --out c --quiet")).ok();
    contains(&folder.run("inspect c/model.safetensors").ok().stdout, &["one of \"2024-01-01\""]);
}

#[test]
fn rows_are_held_out_by_time_or_by_group() {
    let folder = Folder::new("split");
    let row = |i: usize| {
        format!("2024-{:02}-{:02},u{},{},{}.5", 1 + i / 28, 1 + i % 28, i % 20, i % 7, i)
    };
    folder.write("data.csv", table("day,user,x,y", 200, row));
    let train = |flags: &str| folder.run(&format!("train data.csv --target y {QUICK} {flags}"));
    contains(
        &train("").ok().stdout,
        &["the rows are in order of time by \"day\"", "--split time day"],
    );
    let run = train("--split time day").ok();
    assert!(!run.stdout.contains("order of time"), "{}", run.stdout);
    let held_out =
        folder.run("predict model.safetensors data.csv --held-out --with row,day,y").ok().stdout;
    let lines: Vec<&str> = held_out.lines().collect();
    assert_eq!((lines.len(), lines[0]), (41, "row,day,y,predicted_y"));
    assert!(lines[1].starts_with("161,2024-06-21,160.5,"), "{}", lines[1]);
    let report = folder.run("evaluate model.safetensors data.csv --format json").ok().json();
    assert_eq!((&report["part"], &report["rows"]), (&"held-out".into(), &40.into()));
    contains(&folder.run("inspect model.safetensors").ok().stdout, &["time:day"]);

    train("--group user --quiet").ok();
    let users = |part: &str| -> Vec<String> {
        let run =
            folder.run(&format!("predict model.safetensors data.csv {part} --with user")).ok();
        let mut users: Vec<String> =
            run.stdout.lines().skip(1).map(|line| line.split(',').next().unwrap().into()).collect();
        users.sort();
        users.dedup();
        users
    };
    let held_out = users("--held-out");
    assert_eq!(held_out.len(), 4, "a fifth of the users: {held_out:?}");
    let report = folder.run("evaluate model.safetensors data.csv --format json").ok().json();
    assert_eq!(report["rows"], 40);

    for (flags, words) in [
        ("--split time", &["a column is needed"][..]),
        ("--split time dya", &["no column \"dya\"", "did you mean \"day\"?"]),
        ("--split weekly x", &["random, stratified, time COLUMN or group COLUMN"]),
        ("--split time user", &["neither dates nor numbers"]),
        ("--split time day --group user", &["give one of them"]),
        ("--split random x", &["one word too many"]),
        ("--group *.bias", &["*.bias:weight_decay=0"]),
    ] {
        train(flags).fails(2, words);
    }
    folder.run("train moons --split time x").fails(2, &["--split is for tables"]);
    folder.run("train moons --group x").fails(2, &["--group COLUMN is for tables"]);
    train("--stratify --quiet").ok();
    train("--split stratified --quiet").ok();
    train("--split random --quiet").ok();
}

#[test]
fn leaks_and_names_of_rows_are_told() {
    let folder = Folder::new("leaks");
    let kind = |i: usize| ["ham", "spam"][i * i % 7 % 2];
    let row = |i: usize| {
        format!(
            "{i},{},{},{},{}",
            1000 + 7919 * i % 997,
            i * 37 % 11,
            kind(i).to_uppercase(),
            kind(i)
        )
    };
    folder.write("mail.csv", table("Unnamed: 0,mail_id,words,flag,kind", 120, row));
    let text = folder.run(&format!("train mail.csv --target kind {QUICK}")).ok().stdout;
    contains(
        &text,
        &[
            "column \"flag\" alone tells \"kind\" in 100.00 % of the training rows",
            "(--ignore flag)",
            "\"Unnamed: 0\" left out: it only numbers the rows",
            "\"mail_id\" left out: it names the rows",
        ],
    );
    assert!(!text.contains("\"words\" alone"), "{text}");
    let row = |i: usize| {
        format!("{},{},{}", i * 31 % 50, 2 * (i * 31 % 50) + 5, 4.5 + (i * 31 % 50) as f64)
    };
    folder.write("line.csv", table("x,twice,y", 60, row));
    let text = folder.run(&format!("train line.csv --target y {QUICK} --ignore x")).ok().stdout;
    contains(&text, &["column \"twice\" alone tells \"y\", on a straight line"]);
}

#[test]
fn rows_without_a_target_are_left_out() {
    let folder = Folder::new("no-target");
    let row = |i: usize| match i {
        7 | 30 => format!("{i},"),
        8 => format!("{i},n/a"),
        59 => ",".to_string(),
        _ => format!("{},{}.5", i % 9, 2 * (i % 9)),
    };
    folder.write("data.csv", table("x,y", 60, row));
    let run = folder.run(&format!("train data.csv --target y {QUICK}")).ok();
    contains(
        &run.stdout,
        &["4 of 60 rows left out: no value of \"y\", the first on line 9", "held out"],
    );
    let report = folder.run("evaluate model.safetensors data.csv --format json").ok();
    assert_eq!((&report.json()["trained_on"], &report.json()["rows"]), (&true.into(), &11.into()));
    contains(&report.stderr, &["4 of 60 rows left out"]);
    // All are predicted, also those without an answer.
    assert_eq!(folder.run("predict model.safetensors data.csv").ok().stdout.lines().count(), 61);
    let held_out =
        folder.run("predict model.safetensors data.csv --held-out --with row,x").ok().stdout;
    for line in held_out.lines().skip(1) {
        let cells: Vec<usize> = line.split(',').take(2).map(|cell| cell.parse().unwrap()).collect();
        assert_eq!((cells[0] - 1) % 9, cells[1], "{line}");
    }
}

#[test]
fn odd_cells_are_missing_unless_strict() {
    let folder = Folder::new("odd");
    let odd = ["None", "#N/A", "#DIV/0!", "-", "--", ".", "unknown", "about 5", ""];
    let row = |i: usize| {
        format!(
            "{},{},{}",
            if i < 9 { odd[i].into() } else { format!("{}", i % 10) },
            i % 4,
            ["a", "b"][i % 2]
        )
    };
    folder.write("data.csv", table("x,z,kind", 60, row));
    let text = folder.run(&format!("train data.csv --target kind {QUICK}")).ok().stdout;
    contains(
        &text,
        &[
            "\"x\": 9 of 60 values missing, taken as a value of its own; 1 is no number, such as \"about 5\" (line 9)",
        ],
    );
    let strict = folder.run(&format!("train data.csv --target kind {QUICK} --strict"));
    strict.fails(
        1,
        &[
            "line 9, column \"x\": \"about 5\" is not a number",
            "--categories",
            "--numbers",
            "--ignore",
        ],
    );
    // All names that are wrong are told at once.
    let wrong = folder.run("train data.csv --target kidn --ignore xx --categories zz");
    wrong.fails(2, &["\"kidn\"", "\"xx\"", "\"zz\""]);
    folder.write("new.csv", "a,b\n1,2\n");
    folder
        .run("predict model.safetensors new.csv")
        .fails(1, &["no column \"x\"", "no column \"z\""]);
}

#[test]
fn money_percentages_thousands_and_decimal_commas_are_numbers() {
    let folder = Folder::new("notations");
    let row = |i: usize| {
        format!(
            "\"{},{:03}\",${}.50,{}.5%,{} kg",
            1 + i % 3,
            i * 13 % 1000,
            i % 20,
            i * 7 % 31,
            i % 8
        )
    };
    folder.write("data.csv", table("count,fee,share,weight", 80, row));
    let text = folder.run(&format!("train data.csv --target share {QUICK}")).ok().stdout;
    contains(
        &text,
        &[
            "a number to predict",
            "\"share\": percentages, taken as the number before the sign",
            "\"fee\": amounts of money",
            "\"count\": with thousands set apart: \"1,000\" is taken as 1000",
            "before \"kg\"",
        ],
    );
    // Thousands and decimals beside each other, as in the hint of old.
    folder.write("new.csv", "count,fee,weight\n980,$1,1\n\"1,020\",$1,1 kg\n1020,1,1\n");
    let predicted = folder.run("predict model.safetensors new.csv").ok().stdout;
    let lines: Vec<&str> = predicted.lines().collect();
    assert_eq!(lines[2], lines[3]);
    assert_ne!(lines[1], lines[2]);

    // As Excel writes it in Germany: sep=, a title, semicolons, decimal commas, Windows-1252.
    let row = |i: usize| format!("{},{};{}.{:03},50;Köln", i % 7, i % 10, 1 + i % 4, i);
    let text = format!(
        "sep=;\r\nUmsätze 2024;;\r\n{}",
        table("größe;preis;ort", 60, row).replace('\n', "\r\n")
    );
    let latin: Vec<u8> = text.chars().map(|letter| letter as u8).collect();
    folder.write("excel.csv", latin);
    let text = folder
        .run(&format!("train excel.csv --target größe {QUICK} --task regression"))
        .ok()
        .stdout;
    contains(
        &text,
        &[
            "Windows-1252",
            "\"Umsätze 2024\" stands above the header",
            "decimal comma",
            "\"ort\" left out: \"Köln\" in every training row",
        ],
    );
    let wide: Vec<u8> = std::iter::once(0xfeff)
        .chain("x\ty\n1\t2,5\n2\t3,5\n3\t4,5\n4\t5,5\n".encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    folder.write("wide.csv", wide);
    folder
        .run(&format!("train wide.csv --target y {QUICK} --quiet --validation 0 --test-fraction 0"))
        .ok();
}

#[test]
fn yes_is_yes_and_a_second_name_is_another_one() {
    let folder = Folder::new("yes");
    let row = |i: usize| format!("{},{},same,{}", i % 9, i % 5, ["yes", "No", "Yes", "no"][i % 4]);
    folder.write("data.csv", table("x,x,c,ok", 60, row));
    let text = folder.run(&format!("train data.csv --target ok {QUICK}")).ok().stdout;
    contains(
        &text,
        &[
            "2 columns, 2 classes",
            "is a second \"x\", called \"x.1\"",
            "\"c\" left out: \"same\" in every training row",
        ],
    );
    let json = folder.run("inspect model.safetensors --format json").ok().json();
    assert_eq!(json["labels"].as_array().unwrap().len(), 2);
    folder.write("plain.csv", table("1", 1, |_| String::new()));
    let row =
        |i: usize| (0..11).map(|c| format!("{}.5", i * (c + 1) % 13)).collect::<Vec<_>>().join(",");
    folder.write("plain.csv", (0..20).map(row).collect::<Vec<_>>().join("\n"));
    folder
        .run("train plain.csv --no-header --target 11")
        .fails(2, &["columns are counted from c0 to c10: number 11 is \"c10\""]);
}

#[test]
fn namibia_can_be_kept() {
    let folder = Folder::new("namibia");
    let row = |i: usize| format!("\"{}\",{},{}", ["NA", "DE", "FR"][i % 3], i % 5, i % 7);
    folder.write("data.csv", table("land,x,y", 60, row));
    let train = |flags: &str| {
        folder
            .run(&format!("train data.csv --target y --task regression {QUICK} {flags}"))
            .ok()
            .stdout
    };
    contains(&train(""), &["\"land\": 20 cells such as \"NA\" are taken as missing (--keep-na"]);
    assert!(!train("--keep-na").contains("missing"));
    contains(
        &folder.run("inspect model.safetensors").ok().stdout,
        &["one of \"DE\", \"FR\", \"NA\""],
    );
    // What was said of them holds wherever the model is used.
    let report = folder.run("evaluate model.safetensors data.csv --format json").ok();
    assert_eq!((&report.json()["trained_on"], &*report.stderr), (&true.into(), ""));
    contains(&train("--missing FR --keep-na"), &["\"land\": 20 of 60 values missing"]);
}

#[test]
fn other_files_are_told_apart() {
    let folder = Folder::new("others");
    for (name, bytes, words) in [
        ("a.parquet", &b"PAR1....PAR1"[..], &["Parquet", "cut short"][..]),
        ("a.xlsx", b"PK\x03\x04....[Content_Types].xml", &["xlsx", "CSV"]),
        ("a.npz", b"PK\x03\x04....x.npy", &["npz"]),
        ("a.html", b"<!DOCTYPE html><p>", &["HTML", "raw file"]),
        ("a.json", b"{\"data\": [1, 2]", &["JSON", "one object for each row"]),
        ("a.zst", b"\x28\xb5\x2f\xfd....", &["zstd"]),
        ("a.feather", b"ARROW1..", &["Arrow", "cut short"]),
        ("a.npy", b"\x93NUMPY\x01\0", &["array", "cut short"]),
        ("a.pkl", b"\x80\x04\x95\0\0", &["pickle", "to_csv"]),
        ("a.mat", b"MATLAB 5.0 MAT-file, Platform", &["MATLAB", "writetable"]),
        ("a.docx", b"PK\x03\x04..[Content_Types].xml..word/document.xml", &["docx"]),
        (
            "a.ods",
            b"PK\x03\x04mimetypeapplication/vnd.oasis.opendocument.spreadsheet",
            &["ods", "xlsx"],
        ),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", &["old Excel", "CSV"]),
        ("a.h5", b"\x89HDF\r\n\x1a\n", &["HDF5"]),
        ("a.safetensors", b"\x40\0\0\0\0\0\0\0{\"__metadata__\":", &["model"]),
    ] {
        folder.write(name, bytes);
        folder.run(&format!("train {name} --target y")).fails(1, &[&[name], words].concat());
    }
    folder.write(
        "a.jsonl",
        (0..40).map(|i| format!("{{\"x\": {i}, \"y\": {}.5}}\n", i % 7)).collect::<String>(),
    );
    folder.run(&format!("train a.jsonl --target y {QUICK} --quiet")).ok();
    folder.run("predict model.safetensors a.jsonl --with x").ok();
    fs::create_dir_all(folder.path("pets/cat")).unwrap();
    folder.write("pets/cat/1.png", b"\x89PNG\r\n\x1a\n0000");
    folder.run("train pets").fails(1, &["pets", "only one class"]);
    fs::create_dir(folder.path("idx")).unwrap();
    folder.write("idx/train-images-idx3-ubyte", [0, 0, 8, 3, 0, 0, 0, 0]);
    folder.write("idx/train-labels-idx1-int", [0]);
    folder.run("train idx").fails(
        1,
        &[
            "its partner is missing",
            "looked for train-labels-idx1-ubyte",
            "the folder has train-images-idx3-ubyte, train-labels-idx1-int",
        ],
    );
    // Labels that begin with 1.
    let images: Vec<u8> = (0..60).map(|i| i * 4).collect();
    folder.write(
        "idx/train-images-idx3-ubyte",
        [&[0, 0, 8, 3, 0, 0, 0, 60, 0, 0, 0, 1, 0, 0, 0, 1], &images[..]].concat(),
    );
    let labels: Vec<u8> = (0..60).map(|i| 1 + i % 3).collect();
    folder.write("idx/train-labels-idx1-ubyte", [&[0, 0, 8, 1, 0, 0, 0, 60], &labels[..]].concat());
    contains(
        &folder.run(&format!("train idx {QUICK}")).ok().stdout,
        &["labels count from 0 to 3, of which 0 come in no row"],
    );
}

#[test]
fn simple_answers_stand_beside_a_result() {
    let folder = Folder::new("baselines");
    let row = |i: usize| {
        let (a, b) = ((i as f64 * 0.37).sin(), (i as f64 * 0.91).cos());
        format!("{a:.4},{b:.4},{:.4},{}", 3.0 * a - b, if a + b > 0.6 { "yes" } else { "no" })
    };
    folder.write("data.csv", table("a,b,y,kind", 300, row));
    let report = folder
        .run(&format!("train data.csv --target y --ignore kind {QUICK} --format json"))
        .ok()
        .json();
    let baselines = report["held_out"]["baselines"].as_array().unwrap();
    let r2 = |name: &str| {
        let one = baselines.iter().find(|baseline| baseline["name"] == name).unwrap();
        one["r2"].as_f64().unwrap()
    };
    assert!(r2("constant") <= 0.0 && r2("linear") > 0.999 && r2("neighbours") > 0.9, "{report}");
    let text = folder.run("evaluate model.safetensors data.csv").ok().stdout;
    contains(
        &text,
        &[
            "on the same rows: the mean R² -",
            "linear R² 1.0000",
            "5 nearest neighbours R² ",
            "better than the network: linear",
        ],
    );

    let text = folder.run(&format!("train data.csv --target kind --ignore y {QUICK}")).ok().stdout;
    contains(
        &text,
        &[
            "on the same rows: always \"no\"",
            "balanced accuracy",
            "F1",
            "calibration error",
            "ROC area",
            "precision-recall area",
        ],
    );
    let report =
        folder.run("evaluate model.safetensors data.csv --format json --importance").ok().json();
    for share in ["balanced_accuracy", "f1", "roc_auc", "average_precision", "calibration_error"] {
        let share = report[share].as_f64().unwrap();
        assert!((0.0..=1.0).contains(&share), "{report}");
    }
    let importance = report["importance"].as_array().unwrap();
    assert_eq!(importance.len(), 2);
    assert!(importance[0]["loss"].as_f64() >= importance[1]["loss"].as_f64());
    contains(
        &folder.run("evaluate model.safetensors data.csv --importance").ok().stdout,
        &["loss rises by", "accuracy falls by"],
    );
    let other =
        folder.run("evaluate model.safetensors data.csv --part all --format json").ok().json();
    assert_eq!(other.get("baselines"), None, "nothing was held out");
}

#[test]
fn classes_can_count_the_same() {
    let folder = Folder::new("weights");
    let row = |i: usize| {
        format!(
            "{},{}",
            i * 37 % 100,
            if i * 37 % 100 < 55 && i.is_multiple_of(6) { "rare" } else { "often" }
        )
    };
    folder.write("data.csv", table("x,kind", 600, row));
    let recall = |flags: &str| {
        let report = folder
            .run(&format!("train data.csv --target kind --epochs 10 {flags} --format json"))
            .ok()
            .json();
        let rare = report["held_out"]["classes"]
            .as_array()
            .unwrap()
            .iter()
            .find(|class| class["name"] == "rare")
            .cloned();
        rare.unwrap()["recall"].as_f64().unwrap()
    };
    assert!(recall("--class-weights balanced") > 0.5 && recall("") < 0.5);
    folder
        .run("train data.csv --target x --task regression --class-weights balanced")
        .fails(2, &["--class-weights is for classes"]);
}

#[test]
fn predictions_join_the_rows_that_were_asked() {
    let folder = Folder::new("join");
    let row = |i: usize| format!("\"no, {i}\",{},{}.25", i % 9, 3 * (i % 9));
    folder.write("data.csv", table("name,x,y", 60, row));
    folder.run(&format!("train data.csv --target y --ignore name {QUICK} --quiet")).ok();
    let text = folder.run("predict model.safetensors data.csv --with row,name").ok().stdout;
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines[0], lines.len()), ("row,name,y", 61));
    assert!(lines[3].starts_with("3,\"no, 2\","), "{}", lines[3]);
    for line in &lines[1..] {
        let number = line.rsplit(',').next().unwrap();
        assert!(number.trim_start_matches('-').len() <= 9, "{number}");
    }
    let json: Value =
        folder.run("predict model.safetensors data.csv --with name --format json").ok().json();
    assert_eq!(json["with"][0]["cells"][2], "no, 2");
    folder
        .run("predict model.safetensors data.csv --with nmae")
        .fails(2, &["did you mean \"name\"?"]);
    folder.write("new.csv", "x\n1\n");
    folder.run("predict model.safetensors new.csv --held-out").fails(1, &["y"]);
    folder.write("other.csv", "x,y\n1,2\n");
    folder
        .run("predict model.safetensors other.csv --held-out")
        .fails(2, &["--held-out: other.csv is not"]);
}

#[test]
fn numbers_have_intervals_and_predictions_have_reasons() {
    let folder = Folder::new("reasons");
    let noise = |i: usize| (i * 7919 % 101) as f64 / 101.0 - 0.5;
    let row = |i: usize| {
        format!(
            "{},{},{:.4},{}",
            i % 17,
            i % 5,
            3.0 * (i % 17) as f64 + noise(i),
            ["lo", "hi"][i % 17 / 9]
        )
    };
    folder.write("data.csv", table("a,b,y,kind", 400, row));
    folder.run("train data.csv --target y --ignore kind --epochs 20 --validation 0.2 --quiet").ok();
    let text = folder
        .run("predict model.safetensors data.csv --held-out --with y --interval 0.8 --explain")
        .ok()
        .stdout;
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("y,predicted_y,y_low,y_high,base,by_a,by_b"));
    let (mut inside, mut count) = (0, 0);
    for line in lines {
        let cells: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
        let sum: f64 = cells[4..].iter().sum();
        assert!((sum - cells[1]).abs() < 1e-3 * (1.0 + cells[1].abs()), "they add up: {line}");
        inside += usize::from(cells[2] <= cells[0] && cells[0] <= cells[3]);
        count += 1;
    }
    assert_eq!(count, 80);
    assert!((52..=76).contains(&inside), "{inside} of 80");
    // The same for programs: row by row in the order of the predictions.
    let report = folder
        .run("predict model.safetensors data.csv --held-out --interval 0.8 --explain --format json")
        .ok()
        .json();
    let numbers = |value: &serde_json::Value| -> Vec<f64> {
        value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
    };
    let rows = numbers(&report["rows"]);
    let (low, high) = (numbers(&report["interval"]["low"]), numbers(&report["interval"]["high"]));
    let mut sums = numbers(&report["explanation"]["base"]);
    for (column, name) in
        report["explanation"]["columns"].as_array().unwrap().iter().zip(["a", "b"])
    {
        assert_eq!(column["column"], name);
        sums.iter_mut().zip(numbers(&column["adds"])).for_each(|(sum, own)| *sum += own);
    }
    assert_eq!((rows.len(), &report["interval"]["share"]), (80, &0.8.into()));
    for row in 0..80 {
        assert!(low[row] <= rows[row] && rows[row] <= high[row]);
        assert!((sums[row] - rows[row]).abs() < 1e-3 * (1.0 + rows[row].abs()));
    }
    folder
        .run("predict model.safetensors data.csv --interval 0.999")
        .fails(1, &["80 validation rows tell of a share of"]);
    folder
        .run("predict model.safetensors data.csv --interval 2")
        .fails(2, &["above 0 and below 1"]);
    folder.run("train data.csv --target kind --ignore y --epochs 10 --quiet").ok();
    let text = folder.run("predict model.safetensors data.csv --explain").ok().stdout;
    for line in text.lines().skip(1).take(50) {
        let (class, cells) = line.split_once(',').unwrap();
        let cells: Vec<f64> = cells.split(',').map(|cell| cell.parse().unwrap()).collect();
        let share = if class == "hi" { cells[0] } else { cells[1] };
        assert!((cells[2..].iter().sum::<f64>() - share).abs() < 1e-4, "{line}");
    }
    folder
        .run("predict model.safetensors data.csv --interval 0.9")
        .fails(2, &["--interval is for numbers"]);
}

#[test]
fn what_cannot_be_held_out_is_told() {
    let folder = Folder::new("held-out-none");
    let row = |i: usize| {
        let when = match i % 9 {
            4 => String::new(),
            _ => format!("2024-{:02}-{:02}", 1 + i % 12, 1 + i % 28),
        };
        let odd = if i % 5 == 2 { "soon" } else { &when };
        format!("{odd},{when},2024-01-01,all,{},{}", i % 17, 3 * (i % 17))
    };
    folder.write("data.csv", table("odd,when,once,one,x,y", 100, row));
    let train = "train data.csv --target y --epochs 1 --ignore odd";
    let told = |flags: &str| folder.run(&format!("{train} {flags}")).ok().stdout;
    contains(
        &told("--split time when"),
        &["note: 11 of 100 rows have no \"when\": they count as the earliest"],
    );
    let none = "note: no row is to validate, and none is held out: rows with the same";
    contains(&told("--split time once"), &["100 rows to train", none, "\"once\" stay together"]);
    contains(&told("--group one"), &[none, "\"one\" stay together, and too few differ in it"]);
    folder
        .run("predict model.safetensors data.csv --held-out")
        .fails(1, &["the model held out no row", "hint: leave --held-out away"]);
    assert!(!told("--group one --validation 0 --test-fraction 0").contains("stay together"));
    folder
        .run(&format!("{} --split time odd", train.replace(" --ignore odd", "")))
        .fails(2, &["nor numbers, as \"soon\" on line 4", "hint: where", "--missing soon"]);
    let told =
        folder.run("train data.csv --target y --epochs 1 --split time odd --missing soon").ok();
    contains(&told.stdout, &["note: 29 of 100 rows have no \"odd\""]);
}
