//! Damaged input is an error, never a panic, whatever is wrong with it. The folder `fuzz` holds the same
//! readers for a search without end.

use std::io::Write;

use crate::mutations::mutated;
use flate2::Compression;
use flate2::write::GzEncoder;
use gradtape::data::{ColumnKind, CsvOptions, Preprocessing, Table, idx_from_bytes};
use gradtape::io::{Model, SafeTensors, write_safetensors};
use gradtape::nn::{Activation, Module, Sequential};
use gradtape::plan::plan;
use gradtape::tape::Graph;
use gradtape::{DType, Rng, Tensor};

#[test]
fn damaged_tables_are_refused_or_read() {
    let samples: [&[u8]; 4] = [
        b"a,b,c\n1,x,2.5\n-3e2,\"y, \"\"z\"\"\",NA\n,w,7\n",
        b"size;price;kind\r\n1,5;20;red\r\n2;30,25;\r\n",
        b"\xef\xbb\xbfx\ty\n1\t2\n3\t4\n",
        "name|größe\nä|1\n\"b\nc\"|2\n".as_bytes(),
    ];
    mutated(&samples, 20_000, |bytes| {
        let Ok(table) = Table::from_csv(bytes, "damaged", &CsvOptions::default()) else {
            return false;
        };
        assert!(!table.is_empty());
        for column in table.columns() {
            assert_eq!(column.cells().count(), table.len());
            if column.kind() == ColumnKind::Number
                && let Ok(numbers) = table.numbers(column.name())
            {
                assert_eq!(numbers.len(), table.len());
            }
        }
        true
    });
}

#[test]
fn damaged_idx_files_are_refused_or_read() {
    let plain = [&[0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3][..], &[7; 12]].concat();
    let floats =
        [&[0, 0, 13, 1, 0, 0, 0, 2][..], &1.5f32.to_be_bytes(), &[0x7f, 0xc0, 0, 0]].concat();
    let none = [0, 0, 8, 2, 0, 0, 0, 0, 0, 0, 0, 5];
    let packed = |bytes: &[u8], level| {
        let mut packer = GzEncoder::new(Vec::new(), Compression::new(level));
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    };
    let (stored, squeezed) = (packed(&plain, 0), packed(&plain, 9));
    let samples: [&[u8]; 5] = [&plain, &floats, &none, &stored, &squeezed];
    mutated(&samples, 40_000, |bytes| match idx_from_bytes(bytes, "damaged") {
        Ok(tensor) => {
            assert_eq!(tensor.to_f64_vec().len(), tensor.elements());
            true
        }
        Err(error) => {
            assert!(error.to_string().contains("damaged"), "{error}");
            false
        }
    });
}

#[test]
fn damaged_models_are_refused_or_read() {
    let tensors = [
        ("weight".to_string(), Tensor::from([[1.5f32, -0.0, 7.0], [1e-40, 7.0, -2.0]])),
        ("none".to_string(), Tensor::zeros([2, 0], DType::F64)),
        ("count".to_string(), Tensor::scalar(i64::MIN)),
        ("flags".to_string(), Tensor::from([true, false])),
    ];
    let metadata = [("note".to_string(), "two\nlines".to_string())].into();
    let path = std::env::temp_dir().join(format!("gradtape-damaged-{}", std::process::id()));
    let file = |count: usize| {
        write_safetensors(&path, &tensors[..count], &metadata).unwrap();
        std::fs::read(&path).unwrap()
    };
    let (all, one) = (file(4), file(1));
    std::fs::remove_file(&path).unwrap();
    mutated(&[&all, &one], 20_000, |bytes| match SafeTensors::from_bytes(bytes) {
        Ok(read) => {
            let size: usize =
                read.tensors.iter().map(|(_, t)| t.elements() * t.dtype().size()).sum();
            assert!(size < bytes.len());
            true
        }
        Err(_) => false,
    });
}

/// A network with what is done to its inputs, as a whole file and as its texts.
#[test]
fn damaged_networks_are_refused_or_read() {
    let table = Table::from_csv(
        b"size,town,sold\n30,Oslo,yes\n50,Oslo,no\n40,Rome,yes\n".as_slice(),
        "homes",
        &CsvOptions::default(),
    );
    let prepared =
        Preprocessing::fit(&table.unwrap(), "sold", &[0, 1, 2], &Default::default()).unwrap();
    let sizes = [prepared.width(), 4, prepared.outputs()];
    let network = Sequential::mlp(&sizes, Activation::LeakyRelu, 0.5, &mut Rng::new(1)).unwrap();
    let mut model = Model::new(network);
    model.preprocessing = Some(prepared.to_json());
    let path = std::env::temp_dir().join(format!("gradtape-network-{}", std::process::id()));
    model.save(&path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    mutated(&[&bytes], 20_000, |bytes| {
        let read = SafeTensors::from_bytes(bytes).and_then(Model::from_safetensors);
        let Ok(model) = read else { return false };
        // Few numbers, whatever the header says.
        assert!(model.network.parameter_count() < bytes.len());
        if let Some(text) = model.preprocessing {
            let _ = Preprocessing::from_json(&text);
        }
        true
    });
    mutated(&[prepared.to_json().as_bytes()], 20_000, |bytes| {
        let read = Preprocessing::from_json(&String::from_utf8_lossy(bytes));
        read.is_ok_and(|read| read.feature_names().len() == read.width())
    });
}

#[test]
fn damaged_graphs_are_refused_or_planned() {
    let samples: [&[u8]; 2] = [
        b"%0 = input {dtype: f32; shape: [3, 4]} : f32[3, 4]
%1 = input {dtype: f32; shape: [4, 2]} : f32[4, 2]
%2 = contract(%0, %1) {batch: 0; summed: 1} : f32[3, 2]
%3 = relu(%2) : f32[3, 2]
%4 = sum(%3) {axes: [0, 1]} : f32[]
%5 = constant {value: 0.5; dtype: f32} : f32[]
%6 = broadcast(%5) {shape: [4, 2]} : f32[4, 2]
%7 = mul(%1, %6) : f32[4, 2]
return %4, %7 -> %1
",
        b"%0 = input {dtype: i64; shape: [3]} : i64[3]
%1 = one_hot(%0) {classes: 4; dtype: f64} : f64[3, 4]
%2 = transpose(%1) {order: [1, 0]} : f64[4, 3]
%3 = slice(%2) {axis: 0; start: 1; stop: 4; step: 2} : f64[2, 3]
%4 = pad(%3) {axis: 1; start: 1; step: 1; size: 5} : f64[2, 5]
%5 = cumsum(%4) {axis: 1; reverse: true} : f64[2, 5]
%6 = reshape(%5) {shape: [10]} : f64[10]
%7 = argmax(%6) {axis: 0} : i64[]
return %6, %7
",
    ];
    mutated(&samples, 40_000, |bytes| {
        let Ok(graph) = String::from_utf8_lossy(bytes).parse::<Graph>() else { return false };
        assert_eq!(graph.to_string().parse::<Graph>().unwrap(), graph);
        plan(&graph);
        true
    });
}
