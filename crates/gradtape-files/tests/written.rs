//! Workbooks and archives that are written here, each for one thing that readers may take wrong.
#![cfg(all(feature = "xlsx", feature = "npz"))]

use std::io::{Cursor, Write};
use std::path::PathBuf;

use gradtape::data::Table;
use gradtape_files::{ArrayImages, TableOptions, read_array_images, read_table_from};
use zip::write::{SimpleFileOptions, ZipWriter};

/// An archive whose parts are not compressed.
fn archive(parts: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in parts {
        archive.start_file(*name, stored).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// A workbook of one sheet; cells that can be read as numbers are numbers, empty ones are none.
fn workbook(rows: &[&[&str]]) -> Vec<u8> {
    let mut data = String::new();
    for (row, cells) in (1..).zip(rows) {
        data += &format!("<row r=\"{row}\">");
        for (column, cell) in ('A'..).zip(*cells).filter(|(_, cell)| !cell.is_empty()) {
            data += &match cell.parse::<f64>() {
                Ok(number) => format!("<c r=\"{column}{row}\"><v>{number}</v></c>"),
                Err(_) => {
                    format!("<c r=\"{column}{row}\" t=\"inlineStr\"><is><t>{cell}</t></is></c>")
                }
            };
        }
        data += "</row>";
    }
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006/relationships";
    let parts = [
        (
            "_rels/.rels",
            format!(
                "<Relationships xmlns=\"{package}\"><Relationship Id=\"r1\" Type=\"{office}/officeDocument\" \
                 Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets>\
                 <sheet name=\"one\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "<Relationships xmlns=\"{package}\"><Relationship Id=\"r1\" Type=\"{office}/worksheet\" \
                 Target=\"worksheets/sheet1.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/worksheets/sheet1.xml",
            format!("<worksheet xmlns=\"{main}\"><sheetData>{data}</sheetData></worksheet>"),
        ),
    ];
    archive(&parts.map(|(name, text)| (name, text.into_bytes())))
}

fn read(bytes: &[u8]) -> Table {
    read_table_from(bytes, "written", &TableOptions::default())
        .unwrap_or_else(|error| panic!("{error:#}"))
}

/// The names of the columns of a sheet, how many rows are below, and the notes.
#[track_caller]
fn check(rows: &[&[&str]], names: &[&str], count: usize, note: &str) {
    let table = read(&workbook(rows));
    let found: Vec<&str> = table.columns().iter().map(|column| column.name()).collect();
    assert_eq!((&*found, table.len()), (names, count), "{:?}", table.notes());
    assert_eq!(table.notes().join("\n"), note);
}

#[test]
fn titles_stand_above_headers_with_numbers() {
    let body: [&[&str]; 2] = [&["Peru", "3", "4.5"], &["Chile", "5", "6"]];
    let years: &[&str] = &["Country", "2019", "2020"];
    let names = ["Country", "2019", "2020"];
    let left_out = "row 1 left out: \"Sales report\" stands above the header";
    check(&[years, body[0], body[1]], &names, 2, "");
    check(&[&["Sales report"], years, body[0], body[1]], &names, 2, left_out);
    check(&[&["", "Sales report"], years, body[0], body[1]], &names, 2, left_out);
    check(
        &[&["Sales report"], &[], &["all shops"], &[], years, body[0], body[1]],
        &names,
        2,
        "rows 1 to 3 left out: \"Sales report\" stands above the header",
    );
    check(
        &[&["Sales report"], &["Country", "2019"], &["Peru", "3"], &["Chile", "5"]],
        &["Country", "2019"],
        2,
        left_out,
    );
}

#[test]
fn a_few_names_above_many_columns_are_noted() {
    let note = |names: &str| {
        format!(
            "row 1 is taken as the header, but has {names} names: where it is a title, delete it"
        )
    };
    check(
        &[&["Sales"], &["1", "2", "3"], &["4", "5", "6"]],
        &["Sales", "unnamed_2", "unnamed_3"],
        2,
        &note("1 of 3"),
    );
    check(
        &[&["Country"], &["Peru", "3"], &["Chile", "5"]],
        &["Country", "unnamed_2"],
        2,
        &note("1 of 2"),
    );
    check(
        &[&["shop", "city"], &["a", "b", "3", "4"], &["c", "d", "5", "6"]],
        &["shop", "city", "unnamed_3", "unnamed_4"],
        2,
        &note("2 of 4"),
    );
    // Names of rows, as pandas writes them.
    for cells in [["3", "5"], ["low", "high"]] {
        check(
            &[&["", "price"], &["Peru", cells[0]], &["Chile", cells[1]]],
            &["unnamed_1", "price"],
            2,
            "",
        );
    }
}

/// An array of 64-bit floats, or of bytes.
fn array(kind: &str, shape: &[usize], bytes: Vec<u8>) -> Vec<u8> {
    let shape: String = shape.iter().map(|size| format!("{size},")).collect();
    let header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({shape}), }}\n");
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.as_bytes());
    file.extend(bytes);
    file
}

/// Two images of 1 x 2 numbers.
fn floats(values: [f64; 4]) -> Vec<u8> {
    array("<f8", &[2, 1, 2], values.iter().flat_map(|value| value.to_le_bytes()).collect())
}

fn bytes(values: [u8; 4]) -> Vec<u8> {
    array("|u1", &[2, 1, 2], values.to_vec())
}

fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let name = format!("{}-{name}", std::process::id());
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

fn images(name: &str, train: Vec<u8>, test: Vec<u8>) -> Result<ArrayImages, String> {
    let labels = || array("|u1", &[2], vec![0, 1]);
    let parts = [
        ("x_train.npy", train),
        ("y_train.npy", labels()),
        ("x_test.npy", test),
        ("y_test.npy", labels()),
    ];
    let path = file(name, &archive(&parts));
    let read = read_array_images(&path, false).map_err(|error| format!("{error:#}"));
    std::fs::remove_file(&path).unwrap();
    read
}

#[test]
fn an_archive_of_arrays_may_spell_anything() {
    let spelling = *b"PK\x01\x02xl/workbook.xml ";
    let x = array("|u1", &[2, 10], spelling.to_vec());
    let table = read(&archive(&[("x.npy", x), ("y.npy", array("|u1", &[2], vec![0, 1]))]));
    assert_eq!((table.len(), table.columns().len()), (2, 11));
}

#[test]
fn numbers_a_little_above_1_are_no_bytes() {
    let near = floats([0.0, 0.5, 1.003, 1.0]);
    let unit = floats([0.0, 0.25, 0.75, 1.0]);
    let read = images("near.npz", near.clone(), unit.clone()).unwrap();
    assert_eq!(read.inputs.to_f64_vec(), [0.0, 0.5, f64::from(1.003f32), 1.0]);
    assert_eq!(
        (read.scale, &*read.notes),
        (255.0, &["inputs from 0 to 1.003 are taken as they are".to_string()][..])
    );
    assert_eq!(read.test.unwrap().inputs().to_f64_vec(), [0.0, 0.25, 0.75, 1.0]);
    let of_bytes = images("of-bytes.npz", bytes([0, 0, 255, 1]), near).unwrap();
    assert_eq!(of_bytes.notes, ["for tests inputs from 0 to 1.003 are taken as they are"]);
}

#[test]
fn numbers_are_divided_with_a_note_and_both_parts_alike() {
    let (unit, wide) = (floats([0.0, 0.25, 0.75, 1.0]), floats([0.0, 51.0, 102.0, 255.0]));
    let read = images("wide.npz", wide.clone(), bytes([0, 0, 1, 1])).unwrap();
    assert_eq!((read.inputs.to_f64_vec()[3], read.scale), (1.0, 255.0));
    assert_eq!(read.notes, ["inputs from 0 to 255 are divided by 255"]);
    for (train, test) in [(unit.clone(), wide.clone()), (wide, unit.clone())] {
        let told = images("unlike.npz", train, test).unwrap_err();
        assert!(told.contains("would not be in one unit") && told.contains("hint"), "{told}");
    }
    // Bytes are divided however small they are, as is nothing that has numbers below 0.
    assert!(images("dark.npz", bytes([0, 0, 1, 1]), unit.clone()).unwrap().notes.is_empty());
    let below = images("below.npz", floats([-1.0, 0.0, 0.5, 1.0]), bytes([0, 0, 1, 1]));
    assert!(below.unwrap_err().contains("from -1 to 1"));
    let none = images("none.npz", floats([0.0, 0.0, 0.0, f64::NAN]), unit).unwrap_err();
    assert!(none.contains("row 2 has a number that is not finite"), "{none}");
}

#[test]
fn what_is_no_file_of_numpy_is_named_so() {
    let path = file("a.csv", b"a,b\n1,2\n");
    let told = format!("{:#}", read_array_images(&path, false).unwrap_err());
    std::fs::remove_file(&path).unwrap();
    assert!(told.contains("this is no file of NumPy") && !told.contains("feature"), "{told}");
}

/// An archive of a table whose last rows are for tests.
fn with_tests(x: usize, x_test: &[usize], y_test: usize) -> Vec<u8> {
    let numbers = |count: usize| (0..count).flat_map(|i| (i as f64).to_le_bytes()).collect();
    let array_of = |shape: &[usize]| array("<f8", shape, numbers(shape.iter().product()));
    let parts = [
        ("x_train.npy", array_of(&[x, 2])),
        ("y_train.npy", array_of(&[x])),
        ("x_test.npy", array_of(x_test)),
        ("y_test.npy", array_of(&[y_test])),
    ];
    archive(&parts[..if y_test == 0 { 3 } else { 4 }])
}

#[test]
fn a_part_for_tests_of_a_table_is_kept_apart() {
    let table = read(&with_tests(5, &[3, 2], 3));
    assert_eq!((table.len(), table.rows_for_tests()), (8, vec![5, 6, 7]));
    assert_eq!(table.target().unwrap().numbers(), [0.0, 1.0, 2.0, 3.0, 4.0, 0.0, 1.0, 2.0]);
    assert_eq!(table.rows(&[7, 0, 5]).unwrap().rows_for_tests(), [0, 2]);
    let told = |bytes: &[u8]| {
        let read = read_table_from(bytes, "a.npz", &TableOptions::default());
        format!("{:#}", read.unwrap_err())
    };
    assert!(told(&with_tests(5, &[3, 3], 3)).contains("3 columns for tests, 2 to train on"));
    assert!(told(&with_tests(5, &[3, 2], 2)).contains("2 answers of 1 values for 3 rows"));
    let table = read(&with_tests(5, &[3, 2], 0));
    assert!(table.rows_for_tests().is_empty() && table.notes()[0].contains("it has no answers"));
}
