//! Tables that pandas, pyarrow, openpyxl and NumPy wrote are what these read from them (`scripts/tables_fixture.py`).
#![cfg(all(
    feature = "xlsx",
    feature = "parquet",
    feature = "arrow",
    feature = "npz",
    feature = "zstd"
))]

use std::path::{Path, PathBuf};

use gradtape::data::{ColumnKind, CsvOptions, Table, stands_for};
use gradtape_files::{
    Format, TableOptions, read_table, read_table_every, read_table_from, read_table_pieces,
    text_size,
};
use serde_json::Value;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tables").join(name)
}

fn read(name: &str) -> Table {
    read_table(file(name), &TableOptions::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn error(name: &str, options: &TableOptions) -> String {
    format!("{:#}", read_table(file(name), options).expect_err(name))
}

fn expected() -> Value {
    let text = std::fs::read_to_string(file("expected.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Compares a table cell by cell, numbers by their value and dates by their moment.
#[track_caller]
fn same(table: &Table, known: &Value, what: &str) {
    let known = known.as_object().unwrap();
    let names: Vec<&str> = table.columns().iter().map(|column| column.name()).collect();
    let mut own: Vec<&str> = known.keys().map(String::as_str).collect();
    own.retain(|name| names.contains(name));
    assert_eq!(own.len(), known.len(), "{what}: {names:?}");
    for (name, cells) in known {
        let column = table.column(name).unwrap();
        let cells = cells.as_array().unwrap();
        assert_eq!(table.len(), cells.len(), "{what}, {name}");
        for (row, known) in cells.iter().enumerate() {
            let (found, known) = (column.cell(row), known.as_str());
            assert!(alike(found, known), "{what}, {name}, {row}: {found:?}, {known:?}");
        }
    }
}

fn alike(found: Option<&str>, known: Option<&str>) -> bool {
    let (Some(found), Some(known)) = (found, known) else { return found == known };
    let number = |text: &str| text.parse::<f64>().ok();
    let day = |text: &str| text.trim_end_matches(" 00:00:00").replace("+00:00", "");
    match (number(found), number(known)) {
        (Some(a), Some(b)) => a == b,
        _ => day(found) == day(known),
    }
}

#[test]
fn one_table_in_every_format() {
    let expected = expected();
    let csv = read("homes.csv");
    for name in [
        "homes.csv",
        "homes.csv.gz",
        "homes.csv.zst",
        "homes.xlsx",
        "homes-none.parquet",
        "homes-snappy.parquet",
        "homes-gzip.parquet",
        "homes-zstd.parquet",
        "homes-lz4.parquet",
        "homes.feather",
        "homes-lz4.feather",
        "homes-none.feather",
    ] {
        let table = read(name);
        if name != "homes.csv" && !name.starts_with("homes.csv.") {
            same(&table, &expected["homes"], name);
            assert_eq!(table.at(0), if name.ends_with("xlsx") { "row 2" } else { "row 1" });
        }
        assert_eq!(table.columns().len(), csv.columns().len(), "{name}");
        for (own, known) in table.columns().iter().zip(csv.columns()) {
            assert_eq!((own.name(), own.kind()), (known.name(), known.kind()), "{name}");
            let bits = |numbers: Vec<f64>| numbers.iter().map(|n| n.to_bits()).collect::<Vec<_>>();
            if [ColumnKind::Number, ColumnKind::Time].contains(&own.kind()) {
                assert_eq!(bits(own.numbers()), bits(known.numbers()), "{name}, {}", own.name());
            }
        }
        // The same through a pipe.
        let bytes = std::fs::read(file(name)).unwrap();
        let piped = read_table_from(&bytes[..], "a pipe", &TableOptions::default()).unwrap();
        for (own, known) in piped.columns().iter().zip(table.columns()) {
            assert!(own.cells().eq(known.cells()), "{name}, {}", own.name());
        }
    }
}

#[test]
fn pieces_are_the_rows_of_the_whole_file() {
    let options = TableOptions::default();
    for (name, sizes) in [
        ("homes.csv", &[1, 7, 60, 100][..]),
        ("homes.csv.gz", &[7]),
        ("homes.csv.zst", &[7]),
        ("homes-none.parquet", &[1, 7, 60, 100]),
        ("homes-zstd.parquet", &[7]),
        ("kinds-v2.parquet", &[1, 2]),
        ("indexed.parquet", &[3]),
        // Three groups of rows, of which none is a piece.
        ("many.parquet", &[4000, 15_000, 16_001]),
        ("homes.feather", &[1, 7, 60, 100]),
        ("homes-none.feather", &[7]),
        ("kinds-zstd.arrow", &[1, 2]),
        ("delta.arrow", &[1]),
        ("many.feather", &[4000, 15_000, 16_001]),
        ("f8.npy", &[1, 2, 100]),
        ("big-i2.npy", &[1]),
        ("days.npy", &[1, 2]),
        ("text.npy", &[1]),
        ("one-axis.npy", &[2]),
        ("table.npz", &[1, 7, 100]),
        ("names.npz", &[2]),
    ] {
        let whole = read(name);
        let apart = whole.len().div_ceil(3);
        let some = read_table_every(file(name), &options, apart).unwrap();
        let kept = || (0..whole.len()).filter(|&row| stands_for(row as u64, apart as u64));
        assert_eq!(some.len(), kept().count(), "{name}");
        for (place, (own, all)) in some.columns().iter().zip(whole.columns()).enumerate() {
            assert_eq!((own.name(), own.kind()), (all.name(), all.kind()), "{name}, {place}");
            let every = kept().map(|row| all.cell(row));
            assert!(own.cells().eq(every), "{name}, {place}");
        }
        for &size in sizes {
            let (mut row, mut full) = (0, true);
            let each = |piece: Table| {
                assert!(std::mem::replace(&mut full, piece.len() == size), "{name}, {size}");
                let piece = piece.taken_as(&some)?;
                for (own, all) in piece.columns().iter().zip(whole.columns()) {
                    let (numbers, known) = (own.numbers(), all.numbers());
                    for place in 0..piece.len() {
                        assert_eq!(own.cell(place), all.cell(row + place), "{name}, {size}");
                        let (own, known) = (numbers[place], known[row + place]);
                        assert_eq!(own.to_bits(), known.to_bits(), "{name}, {size}, {own} {known}");
                    }
                }
                assert_eq!(piece.at(0), whole.at(row));
                row += piece.len();
                Ok(())
            };
            read_table_pieces(file(name), &options, size, each).unwrap();
            assert_eq!(row, whole.len(), "{name}, {size}");
        }
        let size = text_size(file(name)).unwrap();
        assert!(size > 0.0, "{name}");
    }
    for (name, what, hint) in [
        ("homes.xlsx", "read whole, and not in pieces: its rows are packed", "save it as CSV"),
        ("fortran.npy", "fortran_order", "np.ascontiguousarray"),
    ] {
        let read = read_table_pieces(file(name), &options, 5, |_| Ok(()));
        let words = read.unwrap_err().to_string();
        assert!(words.contains(what) && words.contains(hint), "{words}");
    }
}

#[test]
fn every_type_of_a_cell() {
    let expected = expected();
    for name in [
        "kinds.parquet",
        "kinds-v2.parquet",
        "kinds-lz4.arrow",
        "kinds-zstd.arrow",
        "kinds-uncompressed.arrow",
    ] {
        same(&read(name), &expected["kinds"], name);
    }
    let few = |names: &[&str]| -> Value {
        names.iter().map(|name| (name.to_string(), expected["kinds"][name].clone())).collect()
    };
    same(&read("int96.parquet"), &few(&["i32", "ns", "ms", "date32", "string"]), "int96");
    same(&read("delta.arrow"), &expected["delta"], "delta");
    let kinds = read("kinds.parquet");
    for (name, kind) in [
        ("i8", ColumnKind::Number),
        ("decimal", ColumnKind::Number),
        ("dictionary", ColumnKind::Category),
        ("bool", ColumnKind::Category),
        ("date32", ColumnKind::Time),
        ("us", ColumnKind::Time),
        ("time64", ColumnKind::Time),
        ("null", ColumnKind::Empty),
    ] {
        assert_eq!(kinds.column(name).unwrap().kind(), kind, "{name}");
    }
}

#[test]
fn names_of_rows_have_no_name() {
    let table = read("indexed.parquet");
    let names: Vec<&str> = table.columns().iter().map(|column| column.name()).collect();
    assert_eq!(names, ["size", "price", "unnamed_3"]);
}

#[test]
fn columns_of_lists_and_records_are_named() {
    for name in ["nested.parquet", "nested.arrow"] {
        let told = error(name, &TableOptions::default());
        for words in [
            "column \"tags\": it holds lists",
            "\"place\" holds records",
            "\"map\" holds maps",
            "--ignore tags --ignore place --ignore map --ignore pairs",
        ] {
            assert!(told.contains(words), "{name}: {words}: {told}");
        }
        let some = ["tags", "place", "map", "pairs"].map(str::to_string).to_vec();
        let one = TableOptions { ignore: some[1..].to_vec(), ..TableOptions::default() };
        assert!(error(name, &one).contains("--ignore tags leaves"), "{name}");
        let ignoring = TableOptions { ignore: some, ..TableOptions::default() };
        let table = read_table(file(name), &ignoring).unwrap();
        same(&table, &expected()["nested"], name);
        assert_eq!(table.column("tags").unwrap().kind(), ColumnKind::Empty);
        assert!(table.notes().is_empty());
        let skipping = TableOptions { skip_nested: true, ..TableOptions::default() };
        let table = read_table(file(name), &skipping).unwrap();
        same(&table, &expected()["nested"], name);
        assert_eq!(table.notes().len(), 4, "{:?}", table.notes());
    }
}

#[test]
fn sheets_of_workbooks() {
    let table = read("book.xlsx");
    same(&table, &expected()["book"], "book.xlsx");
    assert_eq!(table.column("clock").unwrap().kind(), ColumnKind::Time);
    assert_eq!([table.at(0), table.at(2)], ["row 5", "row 8"]);
    let notes = table.notes().join("\n");
    assert!(notes.contains("rows 1 to 2 left out: \"Sales of the year\""), "{notes}");
    assert!(notes.contains("the sheet \"Sales 2024\" of"), "{notes}");

    let of =
        |sheet: &str| TableOptions { sheet: Some(sheet.to_string()), ..TableOptions::default() };
    let other = read_table(file("book.xlsx"), &of("Other sheet")).unwrap();
    assert_eq!(other.numbers("y").unwrap(), [2.0]);
    let told = error("book.xlsx", &of("other sheet"));
    assert!(told.contains("there is no sheet \"other sheet\""), "{told}");
    assert!(told.contains("did you mean \"Other sheet\"?"), "{told}");
    let empty = error("book.xlsx", &of("Hidden"));
    assert!(empty.contains("the sheet is empty"), "{empty}");

    let csv = CsvOptions { header: Some(false), ..CsvOptions::default() };
    let bare = TableOptions { csv, ..of("Other sheet") };
    let table = read_table(file("book.xlsx"), &bare).unwrap();
    assert_eq!((table.len(), table.column("c1").unwrap().cell(0)), (2, Some("y")));
}

#[test]
fn arrays_as_tables() {
    let expected = expected();
    for (name, rows) in expected["npy"].as_object().unwrap() {
        let table = read(&format!("{name}.npy"));
        let rows = rows.as_array().unwrap();
        assert_eq!(table.len(), rows.len(), "{name}");
        for (row, cells) in rows.iter().enumerate() {
            for (place, known) in cells.as_array().unwrap().iter().enumerate() {
                let found = table.column(&format!("c{place}")).unwrap().cell(row);
                assert!(
                    alike(found, known.as_str()),
                    "{name}, {row}, {place}: {found:?}, {known:?}"
                );
            }
        }
    }
    let table = read("table.npz");
    assert_eq!(table.target().map(|column| column.name()), Some("y"));
    assert_eq!(
        table.column("c2").unwrap().numbers(),
        read("f8.npy").column("c2").unwrap().numbers()
    );
    let table = read("names.npz");
    let names: Vec<&str> = table.columns().iter().map(|column| column.name()).collect();
    assert_eq!(names, ["a", "b", "c", "target"]);
    assert!(
        table.column("target").unwrap().cells().flatten().all(|cell| ["no", "yes"].contains(&cell))
    );

    for (name, words) in [
        ("objects.npy", "pickle"),
        ("objects.npz", "pickle"),
        ("records.npy", "records of several fields"),
        ("complex.npy", "complex numbers"),
        ("unnamed.npz", "arrays: \"first\", \"second\""),
    ] {
        let told = error(name, &TableOptions::default());
        assert!(told.contains(words), "{told}");
        assert!(told.contains("hint"), "{told}");
    }
}

#[test]
fn formats_are_known_by_their_first_bytes() {
    for (name, format) in [
        ("homes.csv", None),
        ("homes.csv.gz", None),
        ("homes.csv.zst", Some(Format::Zstd)),
        ("homes.xlsx", Some(Format::Xlsx)),
        ("homes-none.parquet", Some(Format::Parquet)),
        ("homes.feather", Some(Format::Arrow)),
        ("f8.npy", Some(Format::Npy)),
        ("table.npz", Some(Format::Npz)),
    ] {
        assert_eq!(Format::of(&file(name)), format, "{name}");
    }
}

#[test]
fn durations_are_seconds_in_every_format() {
    for name in ["waits.parquet", "waits.feather"] {
        let table = read(name);
        for (unit, seconds) in [("s", 1.0), ("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9)] {
            let column = table.column(unit).unwrap();
            assert_eq!(
                (column.kind(), column.missing()),
                (ColumnKind::Number, 1),
                "{name}, {unit}"
            );
            let found = column.numbers();
            for (row, known) in [(0, 90.0), (2, -1.0), (3, 3600.0)] {
                assert!(
                    (found[row] - seconds * known).abs() <= 1e-12 * found[row].abs(),
                    "{name}, {unit}"
                );
            }
        }
    }
}

#[test]
fn infinities_are_missing_among_numbers() {
    for name in ["waits.parquet", "waits.feather"] {
        let table = read(name);
        let column = table.column("rate").unwrap();
        assert_eq!((column.kind(), column.missing()), (ColumnKind::Number, 2), "{name}");
        let told = table.numbers("rate").unwrap_err().to_string();
        assert!(told.contains("row 2, column \"rate\": \"inf\" is not a finite number"), "{told}");
    }
}

#[test]
fn whole_numbers_keep_all_digits() {
    for name in ["waits.parquet", "waits.feather"] {
        let table = read(name);
        let cells: Vec<_> = table.column("id").unwrap().cells().flatten().collect();
        assert_eq!(cells, (0..4).map(|more| ((1u64 << 53) + more).to_string()).collect::<Vec<_>>());
    }
}

#[test]
fn what_cannot_be_read_is_named() {
    let told = error("brotli.parquet", &TableOptions::default());
    assert!(told.contains("compressed by brotli") && told.contains("zstd"), "{told}");
    for name in ["homes-zstd.parquet", "homes.feather", "homes.xlsx", "table.npz", "f8.npy"] {
        let small = TableOptions { most: Some(100), ..TableOptions::default() };
        let told = error(name, &small);
        assert!(
            told.contains("the most that is read at once") && told.contains("--memory"),
            "{told}"
        );
    }
    let told = error(
        "book.xlsx",
        &TableOptions { sheet: Some("Hidden".into()), ..TableOptions::default() },
    );
    assert!(told.contains("the sheet is empty"), "{told}");
    assert!(read("book.xlsx").notes().join("\n").contains("\"Other sheet\""));
    assert!(read("book.xlsx").notes().join("\n").contains("; --sheet NAME reads another"));
}

#[test]
#[cfg(feature = "parquet")]
fn a_panic_of_the_caller_is_no_damage_of_the_file() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tables/many.parquet");
    let read = || {
        read_table_pieces(&path, &TableOptions::default(), 1000, |_| {
            panic!("a fault of the caller")
        })
    };
    let caught = std::panic::catch_unwind(read).unwrap_err();
    assert_eq!(caught.downcast_ref::<&str>(), Some(&"a fault of the caller"));
    // What the caller refuses is told as it is.
    let error = read_table_pieces(&path, &TableOptions::default(), 1000, |_| {
        Err(gradtape::Error::new(gradtape::Kind::Data, "enough"))
    });
    assert_eq!(error.unwrap_err().message(), "enough");
}
