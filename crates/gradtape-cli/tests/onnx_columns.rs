//! `gradtape predict` by ONNX files of other tools: which columns they are given, and digits of the answers.

#![cfg(feature = "onnx")]

#[path = "../../gradtape-onnx/tests/wire.rs"]
mod wire;

use self::wire::{number, part};
use crate::common::{Folder, contains};

/// An input or an output of an element type; a size of `None` is open.
fn info(name: &str, elem: u64, sizes: &[Option<u64>]) -> Vec<u8> {
    let axis = |size: &Option<u64>| size.map_or(part(2, "open"), |size| number(1, size));
    let axes: Vec<u8> = sizes.iter().flat_map(|size| part(1, axis(size))).collect();
    let tensor = [number(1, elem), part(2, axes)].concat();
    [part(1, name), part(2, part(1, tensor))].concat()
}

/// A model that gives its input back; `columns` is what the file says of it.
fn identity(elem: u64, sizes: &[Option<u64>], columns: Option<&str>) -> Vec<u8> {
    let node = [part(1, "x"), part(2, "y"), part(4, "Identity")].concat();
    let ends = [part(11, info("x", elem, sizes)), part(12, info("y", elem, sizes))].concat();
    let graph = [part(1, node), part(2, "all"), ends].concat();
    let note = columns.map(|list| part(14, [part(1, "columns"), part(2, list)].concat()));
    [part(7, graph), part(8, number(2, 19)), note.unwrap_or_default()].concat()
}

const COLUMN: &[Option<u64>] = &[None, Some(1)];
const U8: u64 = 2;
const I32: u64 = 6;
const I64: u64 = 7;
const F16: u64 = 10;
const F64: u64 = 11;
const U64: u64 = 13;

#[test]
fn whole_and_wide_numbers_have_all_of_their_digits() {
    let folder = Folder::new("onnx-digits");
    let same = |elem: u64, cells: &[&str]| {
        folder.write("m.onnx", identity(elem, COLUMN, None));
        let table = format!("x\n{}\n", cells.join("\n"));
        folder.write("t.csv", &table);
        let told = folder.run("predict m.onnx t.csv").ok().stdout;
        assert_eq!(told, table.replace('x', "y"));
        let told = folder.run("predict m.onnx t.csv --format json").ok().stdout;
        for cell in cells {
            contains(&told, &[&format!("\"y\": {cell}\n")]);
        }
    };
    same(I64, &["20251131", "9007199254740993", "-9223372036854775808"]);
    same(U64, &["18446744073709551615", "7"]);
    same(F64, &["0.1234567890123", "20251131.25", "-3.0000000000004"]);
}

#[test]
fn numbers_that_the_input_cannot_hold_are_refused() {
    let folder = Folder::new("onnx-limits");
    for (elem, cell, kind) in [
        (U8, "300", "UINT8"),
        (U8, "-1", "UINT8"),
        (I32, "3000000000", "INT32"),
        (I64, "9223372036854775808", "INT64"),
        (U64, "-1", "UINT64"),
        (I64, "2.5", "whole"),
        (F16, "100000", "too large"),
    ] {
        folder.write("m.onnx", identity(elem, COLUMN, None));
        folder.write("t.csv", format!("x\n1\n{cell}\n"));
        folder.run("predict m.onnx t.csv").fails(1, &["row 2", "column \"x\"", cell, kind]);
    }
}

#[test]
fn one_input_is_given_the_column_that_is_meant() {
    let folder = Folder::new("onnx-only");
    folder.write("t.csv", "id,size,town\n1,30,a\n2,40,b\n");
    folder.write("noted.onnx", identity(I64, COLUMN, Some("[\"size\"]")));
    assert_eq!(folder.run("predict noted.onnx t.csv").ok().stdout, "y\n30\n40\n");
    folder.write("plain.onnx", identity(I64, COLUMN, None));
    folder.run("predict plain.onnx t.csv").fails(1, &["\"x\"", "hint: give the column"]);
    folder.write("one.csv", "size,town\n30,a\n40,b\n");
    let told = folder.run("predict plain.onnx one.csv").ok();
    assert_eq!(told.stdout, "y\n30\n40\n");
    contains(
        &told.stderr,
        &["no column is called \"x\"", "given \"size\", the only one of numbers"],
    );
}

#[test]
fn columns_that_are_taken_by_place_are_named() {
    let folder = Folder::new("onnx-by-place");
    folder.write("t.csv", "size,id,town\n30,1,a\n40,2,b\n");
    folder.write("m.onnx", identity(I64, &[None, Some(2)], None));
    let told = folder.run("predict m.onnx t.csv").ok();
    assert_eq!(told.stdout, "y_0,y_1\n30,1\n40,2\n");
    contains(&told.stderr, &["does not name the 2 columns", "by their places: size, id", "hint: "]);
    folder.write("m.onnx", identity(I64, &[None, Some(2)], Some("[\"id\", \"size\"]")));
    let told = folder.run("predict m.onnx t.csv").ok();
    assert_eq!((told.stdout.as_str(), told.stderr.as_str()), ("y_0,y_1\n1,30\n2,40\n", ""));
}

#[test]
fn an_onnx_file_is_one_whatever_it_is_called() {
    let folder = Folder::new("onnx-renamed");
    folder.write("t.csv", "x\n30\n40\n");
    for (name, version) in
        [("model", vec![]), ("model.bin", number(1, 9)), ("m.safetensors", number(1, 8))]
    {
        folder.write(name, [version, identity(I64, COLUMN, None)].concat());
        assert_eq!(folder.run(&format!("predict {name} t.csv")).ok().stdout, "y\n30\n40\n");
        let shown = folder.run(&format!("inspect {name}")).ok().stdout;
        contains(&shown, &["input   x: INT64 [open, 1]"]);
        folder
            .run(&format!("evaluate {name} t.csv"))
            .fails(1, &["an ONNX file", "gradtape predict"]);
    }
    folder.write("no.bin", "neither");
    folder.run("predict no.bin t.csv").fails(1, &["no.bin"]);
}

#[test]
fn columns_for_an_open_width_are_told() {
    let folder = Folder::new("onnx-open");
    folder.write("t.csv", "id,size,town\n1,30,a\n2,40,b\n");
    folder.write("m.onnx", identity(I64, &[None, None], None));
    let told = folder.run("predict m.onnx t.csv").ok();
    assert_eq!(told.stdout, "y_0,y_1\n1,30\n2,40\n");
    contains(&told.stderr, &["does not say which columns", "all 2 of numbers: id, size"]);
    folder.write("m.onnx", identity(I64, &[None, None], Some("[\"size\"]")));
    let told = folder.run("predict m.onnx t.csv").ok();
    assert_eq!((told.stdout.as_str(), told.stderr.as_str()), ("y\n30\n40\n", ""));
}
