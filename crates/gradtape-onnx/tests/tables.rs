//! Models of tables that other tools wrote, beside what onnxruntime gives for the same rows.
//!
//! `scripts/onnx_tables.py` makes them.

use std::path::Path;

use gradtape::{Tape, Tensor};
use gradtape_onnx::{Array, Model, Network, Value};

use crate::{archive, cases};

fn all() -> std::collections::BTreeMap<String, archive::Case> {
    archive::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tables.tar.gz"))
}

#[test]
fn pipelines_of_scikit_learn_run_as_on_onnxruntime() {
    let all = all();
    assert!(all.len() >= 45, "{} models", all.len());
    let wrong: Vec<String> = all
        .iter()
        .filter_map(|(name, case)| match cases::run(case) {
            Ok(None) => None,
            Ok(Some(what)) => Some(format!("{name}: {what}")),
            Err(error) => Some(format!("{name}: {error}")),
        })
        .collect();
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn shares_of_classes_have_their_names() {
    let all = all();
    let network = Network::new(Model::from_bytes(&all["tables/logistic_texts"].model).unwrap());
    let network = network.unwrap();
    let about = network.model().about("output_probability").unwrap();
    assert_eq!(about, "sequence of map from STRING to FLOAT");
    let tape = Tape::inference();
    let x = Tensor::from_slice(&[5.1f32, 3.5, 1.4, 0.2], [1, 4]).unwrap();
    let x = Value::from(Array::of(tape.constant(x)));
    let outputs = network.run(&tape, vec![("X", x)]).unwrap();
    let [(_, Value::Texts(labels)), (_, Value::Columns(shares))] = &outputs[..] else { panic!() };
    assert_eq!(labels.texts, ["setosa"]);
    assert_eq!(shares.names, ["setosa", "versicolor", "virginica"]);
    let sum: f64 = shares.values.var.value().unwrap().to_f64_vec().iter().sum();
    assert!((sum - 1.0).abs() < 1e-6);
}

#[test]
fn models_of_tables_with_other_bytes_never_panic() {
    let mut state = 5u64;
    let mut next = |bound: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % bound
    };
    for (_, case) in all() {
        for _ in 0..60 {
            let mut model = case.model.clone();
            for _ in 0..1 + next(4) {
                let place = next(model.len());
                model[place] = next(256) as u8;
            }
            let Ok(read) = Model::from_bytes(&model) else { continue };
            let types = Network::new(read.clone()).map(|network| network.types());
            let types = types.unwrap_or_default();
            assert!(read.show(&types).contains("graph") && read.dot(&types).ends_with("}\n"));
            let _ = cases::run(&archive::Case { model, sets: case.sets.clone() });
        }
    }
}

#[test]
fn a_graph_is_shown_with_attributes_bodies_and_types() {
    let all = all();
    let shown = |name: &str| {
        let model = Model::from_bytes(&all[&format!("tables/{name}")].model).unwrap();
        let network = Network::new(model).unwrap();
        network.model().show(&network.types())
    };
    let logistic = shown("logistic_texts");
    for line in [
        "input   X: FLOAT [?, 4]",
        "node    variable: FLOAT [?, 4] = ai.onnx.ml.Scaler(X, ",
        ": STRING [?], ",
        "classlabels_strings=[\"setosa\", \"versicolor\", \"virginica\"]",
        "post_transform=\"SOFTMAX\"",
        ": FLOAT [?, 3] = ai.onnx.ml.Normalizer(",
        "norm=\"L1\"",
    ] {
        assert!(logistic.contains(line), "{line}\n{logistic}");
    }
    let neighbours = shown("neighbours");
    assert!(neighbours.contains("\n  body:\n    node    "), "{neighbours}");
}
