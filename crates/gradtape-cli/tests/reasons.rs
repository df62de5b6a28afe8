//! `gradtape predict --explain`: what explanations begin with.

use serde_json::Value;

use crate::common::{Folder, contains, table};

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

#[test]
fn explanations_begin_with_the_mean_answer_to_rows_of_the_training() {
    let folder = Folder::new("reasons-begin");
    // The kinds come all as often, and tell nothing.
    let row = |i: usize| {
        let kind = ["a", "b", "c"][i * 31 % 3];
        format!("{},{kind},{}.5", i % 20, 100 + 5 * (i % 20))
    };
    folder.write("data.csv", table("x,kind,y", 300, row));
    folder.run("train data.csv --target y --epochs 60 --quiet").ok();
    let explain = "predict model.safetensors data.csv --explain";
    let report = folder.run(&format!("{explain} --format json")).ok().json();
    let explanation = &report["explanation"];
    assert_eq!(explanation["rows"], 50);
    let (rows, base) = (numbers(&report["rows"]), numbers(&explanation["base"]));
    // The mean answer, of all rows the same; y is 148 in the mean.
    assert!(base.iter().all(|own| (own - base[0]).abs() < 1e-9), "{base:?}");
    assert!((base[0] - 148.0).abs() < 15.0, "{}", base[0]);
    let of = |place: usize| {
        let column = &explanation["columns"][place];
        (column["column"].as_str().unwrap().to_string(), numbers(&column["adds"]))
    };
    let ((x, by_x), (kind, by_kind)) = (of(0), of(1));
    assert_eq!((&*x, &*kind), ("x", "kind"));
    for row in 0..rows.len() {
        assert!((base[0] + by_x[row] + by_kind[row] - rows[row]).abs() < 1e-6, "row {row}");
        assert!(by_kind[row].abs() < 4.0, "{}", by_kind[row]);
    }
    // The same rows of the same seed; others of another.
    let known = folder.read("model.safetensors");
    folder.run("train data.csv --target y --epochs 60 --quiet").ok();
    assert!(folder.read("model.safetensors") == known);
    let text = folder.run("inspect model.safetensors").ok().stdout;
    contains(&text, &["explanations begin with 50 rows of the training"]);
    assert!(!text.contains("reference:"), "{text}");
    // In pieces it is the same.
    let whole = folder.run(explain).ok().stdout;
    folder.write("long.csv", table("x,kind,y,note", 300, |i| row(i) + "," + &"-".repeat(9000)));
    let pieces = folder.run(&explain.replace("data.csv", "long.csv --memory 1MB")).ok().stdout;
    assert!(whole == pieces, "{pieces}");
}

#[test]
fn a_model_without_rows_of_its_training_begins_with_a_row_of_means() {
    let folder = Folder::new("reasons-means");
    // Wider than what is kept of rows.
    let names: Vec<String> = (0..5100).map(|i| format!("c{i}")).collect();
    let row = |i: usize| {
        let cells: Vec<String> = (0..5100).map(|c| ((i * 7 + c * c) % 13).to_string()).collect();
        cells.join(",")
    };
    folder.write("wide.csv", table(&names.join(","), 30, row));
    folder
        .run("train wide.csv --target c0 --task regression --epochs 1 --hidden 2 --members 1 --quiet")
        .ok();
    folder.write("one.csv", table(&names.join(","), 1, row));
    let run = folder.run("predict model.safetensors one.csv --explain --format json").ok();
    contains(&run.stderr, &["keeps no rows of the training", "a row of means"]);
    assert_eq!(run.json()["explanation"]["rows"], 1);
}
