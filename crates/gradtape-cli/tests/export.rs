//! `gradtape export`: models as ONNX files, and what `inspect` tells of such files.

#![cfg(feature = "onnx")]

use gradtape::{Tape, Tensor};
use gradtape_onnx::{Network, Value};

use crate::common::{Folder, contains, run};

#[test]
fn a_model_of_flowers_answers_in_onnx_as_in_predict() {
    let folder = Folder::new("export-iris");
    folder.run("train iris --epochs 5 --out run").ok();
    let told = folder.run("export run/model.safetensors --out iris.onnx").ok();
    contains(
        &told.stdout,
        &["iris.onnx", "input   input: FLOAT [batch, 4]", "output  label: STRING [batch]"],
    );
    let flowers =
        "sepal_length,sepal_width,petal_length,petal_width\n5.1,3.5,1.4,0.2\n6.7,3.0,5.2,2.3\n";
    folder.write("two.csv", flowers);
    let predicted = folder.run("predict run/model.safetensors two.csv").ok().stdout;

    let network = Network::read(folder.path("iris.onnx")).unwrap();
    let tape = Tape::inference();
    let rows = [5.1f32, 3.5, 1.4, 0.2, 6.7, 3.0, 5.2, 2.3];
    let x = tape.constant(Tensor::from_slice(&rows, [2, 4]).unwrap());
    let outputs =
        network.run(&tape, vec![("input", Value::Array(gradtape_onnx::Array::of(x)))]).unwrap();
    let [(_, Value::Texts(labels)), (_, Value::Array(shares))] = &outputs[..] else { panic!() };
    let shares = shares.var.value().unwrap().to_f64_vec();
    for (row, line) in predicted.lines().skip(1).enumerate() {
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!(cells[0], labels.texts[row], "{predicted}");
        for (class, cell) in cells[1..].iter().enumerate() {
            let own = shares[3 * row + class];
            assert!((cell.parse::<f64>().unwrap() - own).abs() < 1e-3, "{predicted} {shares:?}");
        }
    }

    // The program runs it as other programs do.
    let again = folder.run("predict iris.onnx two.csv").ok().stdout;
    assert_eq!(again.lines().next(), predicted.lines().next());
    for (own, other) in again.lines().zip(predicted.lines()).skip(1) {
        let (own, other): (Vec<&str>, Vec<&str>) =
            (own.split(',').collect(), other.split(',').collect());
        assert_eq!(own[0], other[0]);
        for (own, other) in own[1..].iter().zip(&other[1..]) {
            let far = own.parse::<f64>().unwrap() - other.parse::<f64>().unwrap();
            assert!(far.abs() < 1e-5, "{again}{predicted}");
        }
    }
    contains(
        &folder.run("predict iris.onnx iris --with row --format json").ok().stdout,
        &["\"row\": \"150\"", "\"species\": \"virginica\"", "\"p_setosa\": "],
    );
    folder.run("predict iris.onnx two.csv --explain").fails(2, &["--explain", "ONNX"]);
    folder.write("few.csv", "sepal_length\n5\n");
    folder.run("predict iris.onnx few.csv").fails(1, &["sepal_width", "iris.onnx"]);
    folder.run("evaluate iris.onnx iris").fails(1, &["an ONNX file", "gradtape predict"]);
    let shown = folder.run("inspect iris.onnx").ok().stdout;
    contains(
        &shown,
        &[
            "operators of version 19",
            "classes: [\"setosa\", \"versicolor\", \"virginica\"]",
            "input   input: FLOAT [batch, 4]",
            ": FLOAT [batch, 64] = Gemm(where_8, 0.weight, 0.bias, transB=1)",
            "means: DOUBLE [1, 4] = Constant(value=DOUBLE [1, 4] [",
            "label: STRING [batch] = Identity(",
            "output  label: STRING [batch]",
        ],
    );
    let json = folder.run("inspect iris.onnx --format json").ok().stdout;
    contains(&json, &["\"runs\": true", "\"Softmax\": 1", "\"input\": \"FLOAT [batch, 4]\""]);
    contains(
        &json,
        &["\"op\": \"Softmax\"", "\"axis\": \"-1\"", "\"probabilities\": \"FLOAT [batch, 3]\""],
    );
    let dot = folder.run("inspect iris.onnx --format dot").ok().stdout;
    contains(
        &dot,
        &[
            "digraph model {",
            "i0 [label=\"input: FLOAT [batch, 4]\", shape=ellipse];",
            "FLOAT [batch, 3]",
        ],
    );
    folder.run("inspect run/model.safetensors --format dot").fails(2, &["--format dot", "export"]);
}

#[test]
fn columns_of_an_onnx_file_are_those_of_the_table() {
    let folder = Folder::new("export-homes");
    let mut homes = String::from("size,town,price\n");
    for place in 0..40 {
        let town = ["Oslo", "Bergen", ""][place % 3];
        let size = 30 + 7 * place % 23;
        homes += &format!("{size},{town},{}\n", 100 + 7 * size + 40 * (place % 3));
    }
    folder.write("homes.csv", &homes);
    folder.run("train homes.csv --target price --epochs 5 --out run").ok();
    folder.run("export run/model.safetensors --out homes.onnx").ok();
    let numbers = |file: &str| -> Vec<f64> {
        let text = folder.run(&format!("predict {file} homes.csv")).ok().stdout;
        assert_eq!(text.lines().next(), Some("price"), "{text}");
        text.lines().skip(1).map(|line| line.parse().unwrap()).collect()
    };
    let (own, other) = (numbers("homes.onnx"), numbers("run/model.safetensors"));
    assert_eq!(own.len(), 40);
    for (own, other) in own.iter().zip(&other) {
        assert!((own - other).abs() < 1e-4 * other.abs(), "{own} {other}");
    }
    folder.write("odd.csv", "size,town\nlarge,Oslo\nsmall,Oslo\ntiny,Oslo\n");
    folder.run("predict homes.onnx odd.csv").fails(1, &["large"]);
}

#[test]
fn a_model_of_texts_keeps_its_letters() {
    let folder = Folder::new("export-text");
    folder.write("book.txt", "to be or not to be, that is the question. ".repeat(20));
    folder.run("train book.txt --network gpt:1x8x2 --context 8 --steps 2 --quiet --out run").ok();
    folder.run("export run/model.safetensors --out book.onnx").ok();
    let shown = folder.run("inspect book.onnx").ok().stdout;
    contains(&shown, &["vocabulary: {", "input   input: INT64 [batch, 8]"]);
}

#[test]
fn what_cannot_be_exported_says_why_and_leaves_nothing() {
    let folder = Folder::new("export-refused");
    folder.run("train iris --epochs 1 --out run").ok();
    let model = "run/model.safetensors";
    folder.run(&format!("export {model} --out a.txt")).fails(2, &["--out a.txt", "ends in .onnx"]);
    folder
        .run(&format!("export {model} --out a.onnx --opset 12"))
        .fails(1, &["version 12", "19 to 23"]);
    folder.run(&format!("export {model} --out a.onnx --shape 4")).fails(2, &["--shape"]);
    folder.run(&format!("export {model} --out gone/a.onnx")).fails(1, &["gone"]);
    folder.write("a.safetensors", "no model");
    folder.run("export a.safetensors --out a.onnx").fails(1, &["a.safetensors"]);
    folder.write("b.onnx", "no graph");
    folder.run("inspect b.onnx").fails(1, &["b.onnx: not an ONNX file, or a damaged one"]);
    run("inspect gone.onnx").fails(1, &["gone.onnx"]);
    assert!(!std::path::Path::new(&folder.path("a.onnx")).exists());
}
