//! A file is read as that of the training was, and what only divides or numbers the rows is no input.

use std::collections::BTreeMap;

use crate::common::{Folder, QUICK, contains, table};

#[test]
fn one_row_is_read_as_the_table_of_the_training_was() {
    let folder = Folder::new("alike");
    let row = |i: usize| {
        let (month, day) = (1 + i % 12, 1 + i % 28);
        format!("{}%;€{},5;{day:02}/{month:02}/2024;{}", i % 90, i % 50, i % 17)
    };
    folder.write("data.csv", table("share;price;day;y", 200, row));
    folder.run(&format!("train data.csv --target y --task regression {QUICK} --quiet")).ok();
    let text = folder.run("inspect model.safetensors").ok().stdout;
    contains(&text, &["; in percent", "; in €, decimals after a comma", "; the day first"]);
    let predict = |cells: &str| {
        folder.write("new.csv", format!("share;price;day\n{cells}\n"));
        let run = folder.run("predict model.safetensors new.csv").ok();
        (run.stdout.lines().nth(1).unwrap().to_string(), run.stderr)
    };
    let (known, notes) = predict("45%;€7,5;03/04/2024");
    assert_eq!(notes, "");
    let (same, notes) = predict("0.45;7,5;03/04/2024");
    assert_eq!(same, known);
    contains(&notes, &["without the percent sign", "\"0.45\" (line 2): taken as 45 %"]);
    let (same, notes) = predict("45%;$7.5;2024-04-03");
    assert_eq!(same, known);
    contains(&notes, &["amounts in $, in training in €", "\"$7.5\" (line 2) is taken as 7.5"]);
    let (_, notes) = predict("45%;€7,5;04/13/2024");
    contains(&notes, &["column \"day\": \"04/13/2024\" (line 2) has the month first"]);
}

#[test]
fn the_column_of_groups_is_no_input() {
    let folder = Folder::new("groups");
    folder.write("data.csv", table("user,x,y", 200, |i| format!("u{},{},{i}.5", i % 20, i % 7)));
    let train = |flags: &str| {
        folder.run(&format!("train data.csv --target y --epochs 2 {flags}")).ok().stdout
    };
    for flags in ["--group user", "--split group user"] {
        let text = train(flags);
        contains(&text, &["column \"user\" left out: no group that is held out was trained on"]);
        contains(&text, &["1 column, a number to predict"]);
    }
    contains(&train("--group user --categories user"), &["2 columns, a number to predict"]);
    let report = folder.run("evaluate model.safetensors data.csv --format json").ok().json();
    assert_eq!(report["rows"], 40);
}

#[test]
fn one_network_where_rows_are_in_order_is_told() {
    let folder = Folder::new("one");
    folder.write("data.csv", table("t,x,y", 200, |i| format!("{}.5,{},{i}.5", i, i % 7)));
    let train = |flags: &str| folder.run(&format!("train data.csv --target y {flags}")).ok().stdout;
    let text = train("--split time t");
    contains(&text, &["one network is trained instead of the usual four", "--members"]);
    let text = train("--split time t --epochs 2");
    assert!(!text.contains("instead of the usual"), "{text}");
}

#[test]
fn random_is_random_alone() {
    let folder = Folder::new("random");
    let row = |i: usize| format!("{},{}", i % 7, ["a", "b"][usize::from(i.is_multiple_of(4))]);
    folder.write("data.csv", table("x,kind", 400, row));
    let held_out = |data: &str, column: &str, flags: &str, seed: usize| {
        folder
            .run(&format!("train {data} {flags} --seed {seed} --epochs 1 --hidden 2 --quiet"))
            .ok();
        let report = folder.run(&format!("evaluate model.safetensors {data} --format json")).ok();
        let report = report.json();
        assert_eq!(report["part"], "held-out");
        let counts = report["confusion_matrix"].as_array().unwrap();
        let of = |row: &serde_json::Value| -> u64 {
            row.as_array().unwrap().iter().map(|count| count.as_u64().unwrap()).sum()
        };
        assert!(!column.is_empty());
        counts.iter().map(of).collect::<Vec<u64>>()
    };
    for (data, flags) in [("data.csv", "--target kind"), ("moons", "--samples 400")] {
        let mut seen = BTreeMap::new();
        for seed in 0..4 {
            let stratified = held_out(data, "kind", flags, seed);
            *seen.entry(("stratified", stratified)).or_insert(0) += 1;
            let random = held_out(data, "kind", &format!("{flags} --split random"), seed);
            *seen.entry(("random", random)).or_insert(0) += 1;
        }
        let different = |how: &str| seen.keys().filter(|(own, _)| *own == how).count();
        assert_eq!(different("stratified"), 1, "{data}: {seen:?}");
        assert!(different("random") > 1, "{data}: {seen:?}");
    }
}

#[test]
fn a_heavy_tail_is_noticed_said_and_undone() {
    let folder = Folder::new("tail");
    let row = |i: usize| {
        let (a, b) = (i * 7919 % 101, i * 104_729 % 97);
        let value = 100.0 * (a as f64 / 20.0).exp() * (1.0 + b as f64 / 97.0);
        format!("{}.5,{}.5,{value:.3}", a, i % 13)
    };
    folder.write("data.csv", table("a,b,y", 600, row));
    let train = |flags: &str| folder.run(&format!("train data.csv --target y --threads 1 {flags}"));
    let run = train("--target-transform log").ok();
    contains(
        &run.stdout,
        &["column \"y\": the network learns the logarithm, as a few values are far"],
    );
    contains(&run.stdout, &["y as it is transformed"]);
    let text = folder.run("inspect model.safetensors").ok().stdout;
    contains(&text, &["the network gives (log(1 + value / "]);
    // Figures are of the value itself.
    let report = folder.run("evaluate model.safetensors data.csv --format json").ok().json();
    let text = folder
        .run("predict model.safetensors data.csv --held-out --with y --interval 0.8 --explain")
        .ok()
        .stdout;
    let rows: Vec<Vec<f64>> = text
        .lines()
        .skip(1)
        .map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect())
        .collect();
    let mae = rows.iter().map(|row| (row[0] - row[1]).abs()).sum::<f64>() / rows.len() as f64;
    let told = report["mae"].as_f64().unwrap();
    assert!((told - mae).abs() < 1e-3 * mae, "{told} {mae}");
    let constant = &report["baselines"][0];
    let mean = report["rmse"].as_f64().unwrap();
    assert!(mean < 0.5 * constant["rmse"].as_f64().unwrap(), "{report}");
    // The history has errors of the value, too.
    let history = String::from_utf8(folder.read("history.csv")).unwrap();
    let last: Vec<&str> = history.lines().last().unwrap().split(',').collect();
    let error: f64 = last[8].parse().unwrap();
    assert!((0.2 * mae..5.0 * mae).contains(&error), "{error} {mae}");
    // Intervals are the wider the larger the value.
    let mut widths: Vec<(f64, f64)> = rows.iter().map(|row| (row[1], row[3] - row[2])).collect();
    widths.sort_by(|a, b| a.0.total_cmp(&b.0));
    assert!(widths[widths.len() - 1].1 > 5.0 * widths[0].1, "{widths:?}");
    let inside = rows.iter().filter(|row| row[2] <= row[0] && row[0] <= row[3]).count();
    assert!(inside * 10 >= rows.len() * 6, "{inside} of {}", rows.len());
    // What is answered is between them, however narrow they are.
    let text = folder.run("predict model.safetensors data.csv --interval 0.1").ok().stdout;
    for line in text.lines().skip(1) {
        let cells: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
        assert!(cells[1] <= cells[0] && cells[0] <= cells[2], "{line}");
    }
    for row in &rows {
        let sum: f64 = row[4..].iter().sum();
        assert!((sum - row[1]).abs() < 1e-3 * (1.0 + row[1].abs()), "they add up: {row:?}");
    }
    let plain = train("--target-transform none --epochs 2").ok().stdout;
    assert!(!plain.contains("transform"), "{plain}");
    let long = |i: usize| {
        let a = (i * 7919 % 101) as f64;
        format!("{a}.5,{},{:.3}", i % 13, (a / 5.0).exp())
    };
    folder.write("long.csv", table("a,b,y", 600, long));
    let text = folder.run("train long.csv --target y --epochs 2").ok().stdout;
    contains(&text, &["with --target-transform log the network learns"]);
    assert!(!text.contains("as it is transformed"), "{text}");
    let row = |i: usize| {
        let (a, b) = (i * 7919 % 101, i * 104_729 % 97);
        format!("{a}.5,{b}.5,{:.3}", ((a as f64 - 50.0) / 2.5).sinh() + b as f64 / 97.0)
    };
    folder.write("profit.csv", table("a,b,profit", 600, row));
    let text = folder.run("train profit.csv --target profit --epochs 2").ok().stdout;
    contains(&text, &["column \"profit\": the network learns the inverse hyperbolic sine"]);
    train("--target-transform square").fails(2, &["none, log, asinh or auto"]);
    folder
        .run("train moons --target-transform log")
        .fails(2, &["--target-transform is for tables"]);
    folder.write("signed.csv", table("a,y", 60, |i| format!("{}.5,{}.5", i % 7, i as i64 - 30)));
    folder
        .run("train signed.csv --target y --target-transform log")
        .fails(1, &["column \"y\" has no log", "asinh"]);
}

#[test]
fn files_in_two_encodings_are_named_by_line_and_byte() {
    let folder = Folder::new("encodings");
    let mut mixed = "town,y\nKöln,1\n".as_bytes().to_vec();
    mixed.extend(b"M\xfcnchen,2\n");
    folder.write("mixed.csv", &mixed);
    folder.run("train mixed.csv --target y").fails(
        1,
        &["line 3, column \"town\"", "byte 2 of the cell is 0xFC", "in another encoding"],
    );
    let mut mixed = b"town,y\nM\xfcnchen,1\n".to_vec();
    mixed.extend("Köln,2\n".as_bytes());
    folder.write("mixed.csv", &mixed);
    folder
        .run("train mixed.csv --target y")
        .fails(1, &["line 3, column \"town\": \"Köln\" is UTF-8", "two encodings"]);
}
