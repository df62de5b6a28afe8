//! Rows that are read at once are those of a table, to the bit.

use serde_json::Number;

use super::super::PreprocessOptions;
use super::*;
use crate::data::{TransformChoice, digits, iris_table};
use crate::tensor::Rng;

fn table(text: &str) -> Result<Table> {
    Table::from_csv(text.as_bytes(), "the body", &CsvOptions::default())
}

fn fit(table: &Table, target: &str) -> Result<RowReader> {
    let all: Vec<usize> = (0..table.len()).collect();
    let fitted = Preprocessing::fit(table, target, &all, &PreprocessOptions::default())?;
    // Through its file, as a model is read.
    Ok(RowReader::new(Preprocessing::from_json(&fitted.to_json())?))
}

/// Whether a text is read at once, and then as a table is.
#[track_caller]
fn agrees(reader: &RowReader, text: &str) -> bool {
    let Some(found) = reader.read_at_once(text.as_bytes(), usize::MAX) else { return false };
    let expected = table(text).and_then(|table| reader.read_table(&table));
    let expected = expected.unwrap_or_else(|error| panic!("{text}\n{found:?}\n{error}"));
    let bits = |rows: &PreparedRows| -> Vec<u32> {
        rows.inputs.to_vec::<f32>().unwrap().into_iter().map(f32::to_bits).collect()
    };
    assert_eq!(found.inputs.shape(), expected.inputs.shape(), "{text}");
    assert_eq!(bits(&found), bits(&expected), "{text}\n{:?}", reader.preprocessing.features);
    assert_eq!(found.notes, expected.notes, "{text}");
    true
}

/// A cell of CSV.
fn quoted(cell: &str) -> String {
    format!("\"{}\"", cell.replace('"', "\"\""))
}

/// The rows of a table as CSV and as JSON.
fn written(table: &Table, rows: std::ops::Range<usize>) -> [String; 2] {
    let names: Vec<&str> = table.columns().iter().map(|column| column.name()).collect();
    let mut csv = names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(",");
    let mut json = Vec::new();
    for row in rows {
        let cells = || table.columns().iter().map(|column| column.cell(row));
        csv += "\n";
        csv += &cells().map(|cell| quoted(cell.unwrap_or_default())).collect::<Vec<_>>().join(",");
        let value = |cell: Option<&str>| match cell {
            None => serde_json::Value::Null,
            Some(cell) => {
                serde_json::from_str::<Number>(cell).map_or_else(|_| cell.into(), Into::into)
            }
        };
        let values: serde_json::Map<String, serde_json::Value> =
            names.iter().map(|name| name.to_string()).zip(cells().map(value)).collect();
        json.push(serde_json::Value::from(values).to_string());
    }
    [csv, format!("[{}]", json.join(","))]
}

#[test]
fn rows_of_tables() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");
    let files = concat!(env!("CARGO_MANIFEST_DIR"), "/../gradtape-files/tests/data/tables");
    let mut tables = vec![iris_table()];
    for path in [
        format!("{folder}/breast_cancer.csv"),
        format!("{folder}/wine.csv"),
        format!("{files}/homes.csv"),
    ] {
        tables.push(Table::read_csv(path).unwrap());
    }
    let mut fitted = 0;
    for table in &tables {
        for column in table.columns() {
            let Ok(reader) = fit(table, column.name()) else { continue };
            fitted += 1;
            for row in 0..table.len() {
                for text in written(table, row..row + 1) {
                    assert!(agrees(&reader, &text), "{}: {text}", column.name());
                }
            }
            for text in written(table, 0..table.len()) {
                assert!(agrees(&reader, &text), "{}", column.name());
            }
        }
    }
    assert!(fitted > 40, "{fitted}");
}

#[test]
fn rows_of_images() {
    let images = digits();
    let reader = RowReader::new(Preprocessing::fixed(&images, "digit", 0.0, 16.0).unwrap());
    let names: Vec<String> = (0..64).map(|place| format!("p{place}")).collect();
    let numbers = images.inputs().to_f64_vec();
    for row in numbers.chunks(64).take(100) {
        let cells: Vec<String> = row.iter().map(|number| number.to_string()).collect();
        assert!(agrees(&reader, &format!("{}\n{}\n", names.join(","), cells.join(","))));
        let pairs = names.iter().zip(&cells).map(|(name, cell)| format!("\"{name}\": {cell}"));
        assert!(agrees(&reader, &format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))));
        let found = reader.read_numbers(row).unwrap();
        let text = format!("{}\n{}\n", names.join(","), cells.join(","));
        let expected = reader.read_table(&table(&text).unwrap()).unwrap();
        assert_eq!(found.inputs.to_f64_vec(), expected.inputs.to_f64_vec());
    }
}

/// What cells of a column are taken from: those of the training, and those of later rows besides.
const KINDS: [(&[&str], &[&str]); 17] = [
    (&["1", "2.5", "-3", "1e3", "7"], &["1.234", "1,234", "abc", "", "1e999", "inf", "0x1"]),
    (&["10", "20", "30", "45"], &["45%", "5 kg", "$5", "1.234", "1,5", "none", "-", "+"]),
    (&["0.5", "1.5", "", "2.25"], &["NA", "nan", ".", "(3)", "12-", "1 234", "3K", "-0"]),
    (&["3,5", "2,25", "7", "0,5"], &["1.5", "1,234", "1.234,5", "4", "12 345", "1,5,5"]),
    (&["10%", "45 %", "80%"], &["45", "0.45", "7,5%", "%", "1.5%"]),
    (&["10%", "0.4", "80%", "70%"], &["45", "0.45", "30 %"]),
    (&["$5", "$1,200", "$7.50"], &["5", "€5", "$1.234", "$2M", "-$3"]),
    (&["5 kg", "7 kg", "6.5 kg"], &["5", "5 g", "1,5 kg", "8kg"]),
    (&["1h 30m", "45 min", "2h"], &["90 min", "1:30", "5 h", "5 kg", "90", "3 days", "5 m"]),
    (
        &["2024-01-15", "2023-11-30", "2022-06-01"],
        &["20240115", "3.4.2024", "x", "2024-01-15 10:30"],
    ),
    (&["14.2.2020", "3.4.2021", "28.2.2022"], &["2.14.2020", "1.2.2020", "2020-02-14", "-"]),
    (&["2/14/2020", "4/3/2021", "2/28/2022"], &["14/2/2020", "1/2/2020", "", "Feb 3 2020"]),
    (&["10:30", "23:15", "08:00"], &["7:45 pm", "25:00", "now"]),
    (&["a", "b", "c", "b"], &["d", "B", "-", "+", "NA", "", "1,5", "1.5"]),
    (&["yes", "no"], &["true", "0", "1.0", "false", "maybe", ""]),
    (&["+", "-", "+"], &["--", "–", "0", "", "-"]),
    (
        &["a small house", "near the sea", "a house near the wood", "the small wood by the sea"],
        &["a", "house, sea", "", "-", "12,5 m", "HOUSE NEAR"],
    ),
];

/// A value of JSON that says what a cell does, in one of several ways.
fn value(cell: &str, rng: &mut Rng) -> String {
    let text = serde_json::Value::from(cell).to_string();
    let is_number = serde_json::from_str::<Number>(cell).is_ok();
    match rng.below(12) {
        0 => "null".to_string(),
        1 => format!("\" {}\"", &text[1..]),
        2 if is_number => text,
        3 if cell == "yes" => "true".to_string(),
        4 if rng.below(8) == 0 => "{\"a\": 1}".to_string(),
        5 if rng.below(8) == 0 => "NaN".to_string(),
        6 => "3.5".to_string(),
        _ if is_number => cell.to_string(),
        _ => text,
    }
}

#[test]
fn whatever_rows_hold_they_are_those_of_a_table() {
    let mut rng = Rng::new(5);
    let (mut at_once, mut left) = ([0; 2], [0; 2]);
    for _ in 0..1200 {
        let kinds: Vec<usize> = (0..1 + rng.below(4)).map(|_| rng.below(KINDS.len())).collect();
        let pick = |cells: &[&str], rng: &mut Rng| cells[rng.below(cells.len())].to_string();
        let mut text = (0..kinds.len()).map(|k| format!("k{k};")).collect::<String>() + "y\n";
        let is_number = rng.below(2) == 0;
        for row in 0..30 {
            for &kind in &kinds {
                text += &format!("{};", quoted(&pick(KINDS[kind].0, &mut rng)));
            }
            text += &if is_number { format!("{}.5\n", row % 7) } else { format!("c{}\n", row % 3) };
        }
        let trained = table(&text).unwrap();
        let Ok(reader) = fit(&trained, "y") else { continue };
        for _ in 0..24 {
            let rows = 1 + rng.below(3);
            // Some texts hold only what the training had.
            let odd = rng.below(3);
            let cell = |kind: usize, rng: &mut Rng| match rng.below(6) < odd {
                true => pick(KINDS[kind].1, rng),
                false => pick(KINDS[kind].0, rng),
            };
            let is_json = rng.below(2) == 0;
            let mut names: Vec<String> = (0..kinds.len()).map(|k| format!("k{k}")).collect();
            let mut own = kinds.clone();
            for extra in ["y", "other", "k0", ""] {
                if rng.below(12) == 0 {
                    names.push(extra.to_string());
                    own.push(rng.below(KINDS.len()));
                }
            }
            if rng.below(20) == 0 {
                names.swap_remove(0);
                own.swap_remove(0);
            }
            let mut text = String::new();
            if is_json {
                let mut all = Vec::new();
                for _ in 0..rows {
                    let mut pairs = Vec::new();
                    for (name, &kind) in names.iter().zip(&own) {
                        if rng.below(15) > 0 {
                            let cell = cell(kind, &mut rng);
                            pairs.push(format!("\"{name}\": {}", value(&cell, &mut rng)));
                        }
                    }
                    all.push(format!("{{{}}}", pairs.join(", ")));
                }
                text += &match rng.below(4) {
                    0 => all.join("\n"),
                    1 => all.join("\n\n").replace(", ", ",\n"),
                    _ => format!("[{}]", all.join(", ")),
                };
            } else {
                let delimiter = [",", ";", "\t", " , "][rng.below(4)];
                let end = ["\n", "\n", "\r\n", "\n \n", "\r", "\n\t\n"][rng.below(6)];
                text += &names.join(delimiter);
                for _ in 0..rows {
                    let cells = own.iter().map(|&kind| {
                        let cell = cell(kind, &mut rng);
                        if cell.contains([',', ';']) || rng.below(9) == 0 {
                            quoted(&cell)
                        } else {
                            cell
                        }
                    });
                    text += end;
                    text += &cells.collect::<Vec<_>>().join(delimiter);
                }
                text += ["", end][rng.below(2)];
            }
            match agrees(&reader, &text) {
                true => at_once[usize::from(is_json)] += 1,
                false => left[usize::from(is_json)] += 1,
            }
        }
    }
    let many = |count: usize| count > 2500;
    assert!(at_once.into_iter().all(many) && left.into_iter().all(many), "{at_once:?} {left:?}");
}

#[test]
fn what_hangs_on_other_cells_is_left_to_a_table() {
    let trained =
        table("x;day;kind;y\n1;2024-01-15;a;1\n2;2024-02-01;b;2\n30;2023-01-01;a;3\n").unwrap();
    let reader = fit(&trained, "y").unwrap();
    let is_read = |text: &str| agrees(&reader, text);
    assert!(is_read("x;day;kind\n1.5;2024-01-15;a\n"));
    assert!(is_read("[{\"x\": 1.5, \"day\": \"2024-01-15\", \"kind\": null}]"));
    assert!(is_read("{\"x\": 1.5,\n \"day\": \"2024-01-15\",\n \"kind\": \"c\"}"));
    for text in [
        "x,day,kind\r\n1.5,2024-01-15,a\r\n\r\n",
        "\n \n x | day|kind \n\n 1.5 |2024-01-15| b\n",
        "kind\tother\tx\tday\na\t7\t\t2024-01-15",
    ] {
        assert!(is_read(text), "{text}");
    }
    for text in [
        "",
        "[]",
        "x;day;kind",
        "x;day\n1;2024-01-15\n",
        "x;x;day;kind\n1;1;2024-01-15;a\n",
        "x;day;kind\n1.234;2024-01-15;\"2,5\"\n",
        "x;day;kind\n1;3.4.2024;a\n",
        "x;day;kind\n1;2024-01-15;-\n",
        "x;day;kind\nten;2024-01-15;a\n",
        "x;day;kind\n1e300;2024-01-15;a\n",
        "sep=;\nx;day;kind\n1;2024-01-15;a\n",
        "Homes\nx;day;kind\n1;2024-01-15;a\n",
        "\u{feff}x;day;kind\n1;2024-01-15;a\n",
        "x;day;kind\n1;2024-01-15\n",
        "x;day;kind\n1;2024-01-15;a;b\n",
        "1;2;3\n1;2024-01-15;a\n",
        "[{\"x\": NaN, \"day\": \"2024-01-15\", \"kind\": \"a\"}]",
        "[{\"x\": 1, \"x\": 2, \"day\": \"2024-01-15\", \"kind\": \"a\"}]",
    ] {
        assert!(!is_read(text), "{text}");
    }
    assert!(reader.read_at_once(b"x;day;kind\n1;2024-01-15;a\n", 1).is_none());
    let options = PreprocessOptions { transform: TransformChoice::None, ..Default::default() };
    let old = Preprocessing::fit(&trained, "y", &[0, 1, 2], &options).unwrap();
    let old = old.to_json().replace("\"version\":3", "\"version\":2");
    let old = RowReader::new(Preprocessing::from_json(&old).unwrap());
    assert!(old.read_at_once(b"x;day;kind\n1;2024-01-15;a\n", usize::MAX).is_none());
    assert!(old.read(b"x;day;kind\n1;2024-01-15;a\n", "the body").unwrap().notes.is_empty());
}
