//! What is written gives, read again, what the network gives; and what other programs are to check.

use std::collections::BTreeMap;

use gradtape::data::{CsvOptions, PreprocessOptions, Preprocessing, Table};
use gradtape::nn::{Layer, LayerSpec, Linear, Relu, Sequential};
use gradtape::{DType, Result, Rng, Tape, Tensor};
use gradtape_onnx::{Array, Elem, Export, Model, Network, Texts, Value};

/// A network of one layer, and a file of it with an input and what is expected, for a batch of any size.
pub(crate) struct Written {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) input: Tensor,
    pub(crate) expected: Tensor,
}

/// The networks of the examples, and every sample of every layer, but for those that cannot be written, which are given with the reason.
fn layers() -> (Vec<Written>, BTreeMap<&'static str, String>) {
    let (mut written, mut refused) = (crate::examples::written().unwrap(), BTreeMap::new());
    for (kind, spec, shape) in LayerSpec::samples() {
        // Other programs have not all operators for f64.
        let json = serde_json::to_string(&spec).unwrap().replace("\"f64\"", "\"f32\"");
        let spec: LayerSpec = serde_json::from_str(&json).unwrap();
        let network = Sequential::from_specs(&[spec], &mut Rng::new(3)).unwrap();
        let whole = ["Embedding", "EmbeddingBag", "CausalTransformer"].contains(&kind);
        let dtype = if whole { DType::I64 } else { DType::F32 };
        match Export::new().network_of(&network, &shape[1..], dtype) {
            Ok(bytes) => {
                // Another batch than those that it was recorded with.
                let mut sizes = shape.clone();
                sizes[0] = 5;
                let input = match whole {
                    true => numbered(&sizes),
                    false => Tensor::normal(sizes, 0.0, 1.0, dtype, &mut Rng::new(11)).unwrap(),
                };
                let tape = Tape::inference();
                let expected = network.forward(tape.constant(input.clone())).value().unwrap();
                let name = format!("{}_{}", kind.to_lowercase(), written.len());
                written.push(Written { name, bytes, input, expected });
            }
            Err(error) => {
                refused.insert(kind, error.message().to_string());
            }
        }
    }
    (written, refused)
}

/// Small whole numbers: places in any table.
pub(crate) fn numbered(sizes: &[usize]) -> Tensor {
    let count = sizes.iter().product::<usize>() as i64;
    Tensor::from_vec((0..count).map(|place| place % 3).collect(), sizes).unwrap()
}

fn near(found: &Tensor, expected: &Tensor, relative: f64) -> bool {
    let (found_all, expected_all) = (found.to_f64_vec(), expected.to_f64_vec());
    let most = expected_all.iter().fold(0f64, |most, x| most.max(x.abs()));
    found.shape() == expected.shape()
        && found_all
            .iter()
            .zip(&expected_all)
            .all(|(a, b)| a == b || (a - b).abs() <= relative * most)
}

#[test]
fn every_layer_is_written_and_gives_the_same_when_read() {
    let (written, refused) = layers();
    assert!(written.len() > 100, "{} {refused:#?}", written.len());
    for Written { name, bytes, input, expected } in written {
        let network = Network::new(Model::from_bytes(&bytes).unwrap()).unwrap();
        let tape = Tape::inference();
        let found = network.forward_all(&[tape.constant(input)]).unwrap()[0].value();
        let found = found.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(near(&found, &expected, 1e-5), "{name}: {found:?}, expected {expected:?}");
    }
    // Without running statistics a batch is normalised by its own, and so by its size.
    let by_size =
        "constant depends on the size of the batch in a way that cannot be written".to_string();
    let expected = ["BatchNorm1d", "BatchNorm2d"].map(|kind| (kind, by_size.clone()));
    assert_eq!(refused, BTreeMap::from(expected));
}

/// Writes every layer with an input and the expected output for `scripts/check_onnx.py`, which has other programs check them.
#[test]
#[ignore = "writes files for scripts/check_onnx.py"]
fn writes_every_layer_for_other_programs() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("onnx");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let (written, _) = layers();
    for Written { name, bytes, input, expected } in written {
        std::fs::write(folder.join(format!("{name}.onnx")), bytes).unwrap();
        for (what, tensor) in [("input", &input), ("expected", &expected)] {
            let sizes: Vec<String> = tensor.shape().iter().map(ToString::to_string).collect();
            let numbers: Vec<String> =
                tensor.to_f64_vec().iter().map(|x| format!("{x:?}")).collect();
            let text =
                format!("{}\n{}\n{}\n", tensor.dtype().name(), sizes.join(" "), numbers.join(" "));
            std::fs::write(folder.join(format!("{name}.{what}.txt")), text).unwrap();
        }
    }
    println!("{}", folder.display());
}

fn table(text: &str, target: &str) -> (Table, Preprocessing) {
    let table = Table::from_csv(text.as_bytes(), "t.csv", &CsvOptions::default()).unwrap();
    let all: Vec<usize> = (0..table.len()).collect();
    let prepared = Preprocessing::fit(&table, target, &all, &PreprocessOptions::default()).unwrap();
    (table, prepared)
}

#[test]
fn a_model_of_a_table_takes_columns_and_gives_labels() -> Result<()> {
    let (table, prepared) =
        table("size,town,sold\n30,Oslo,yes\n50,,no\n40,Bergen,yes\n,Bergen,no\n", "sold");
    let mut rng = Rng::new(5);
    let network = Sequential::new()
        .add(Linear::new(prepared.width(), 8, &mut rng))
        .add(Relu)
        .add(Linear::new(8, 2, &mut rng));
    let model = Model::from_bytes(&Export::new().table(&network, &prepared)?)?;
    assert_eq!(model.inputs(), ["size", "town"]);
    assert!(model.metadata().contains(&("classes".into(), "[\"no\", \"yes\"]".into())));
    let read = Network::new(model)?;
    let tape = Tape::inference();
    let sizes = Tensor::from_slice(&[30f32, 50.0, 40.0, f32::NAN], [4, 1])?;
    let towns = ["Oslo", "", "Bergen", "Bergen"].map(String::from).to_vec();
    let given = vec![
        ("size", Value::Array(Array { var: tape.constant(sizes), elem: Elem::F32 })),
        ("town", Value::Texts(Texts { texts: towns, shape: vec![4, 1] })),
    ];
    let outputs = read.run(&tape, given)?;
    let shares = network.forward(tape.constant(prepared.inputs(&table)?)).softmax(-1);
    let best = shares.argmax(-1).value()?.to_vec::<i64>()?;
    let names: Vec<String> =
        best.iter().map(|&class| ["no", "yes"][class as usize].into()).collect();
    let [(_, Value::Texts(labels)), (_, Value::Array(found))] = &outputs[..] else { panic!() };
    assert_eq!((&labels.texts, &labels.shape[..]), (&names, &[4][..]));
    assert!(near(&found.var.value()?, &shares.value()?, 1e-6));
    Ok(())
}

#[test]
fn a_model_of_numbers_takes_one_matrix_and_predicts_in_the_unit_of_the_table() -> Result<()> {
    let rows: String = (0..60)
        .map(|i| format!("{},{},{}\n", (i * 5) % 17, (i * 7) % 11, (0.3 * f64::from(i)).exp()))
        .collect();
    let text = format!("a,b,price\n{rows}");
    let table = Table::from_csv(text.as_bytes(), "t.csv", &CsvOptions::default())?;
    let all: Vec<usize> = (0..table.len()).collect();
    for transform in [
        gradtape::data::TransformChoice::None,
        gradtape::data::TransformChoice::Log,
        gradtape::data::TransformChoice::Asinh,
    ] {
        let options = PreprocessOptions { transform, ..PreprocessOptions::default() };
        let prepared = Preprocessing::fit(&table, "price", &all, &options)?;
        let prepared = prepared.with_errors(&[-0.5, 0.1, 0.7]);
        let network = Sequential::new().add(Linear::new(prepared.width(), 1, &mut Rng::new(2)));
        let read = Network::new(Model::from_bytes(&Export::new().table(&network, &prepared)?)?)?;
        let tape = Tape::inference();
        let columns: Vec<f32> =
            (0..60u16).flat_map(|i| [f32::from((i * 5) % 17), f32::from((i * 7) % 11)]).collect();
        let x = tape.constant(Tensor::from_vec(columns, [60, 2])?);
        let found = read.forward_all(&[x])?[0].value()?;
        let answers = network.forward(tape.constant(prepared.inputs(&table)?)).value()?;
        let expected = Tensor::from_vec(prepared.predicted_numbers(&answers)?, [60, 1])?;
        assert!(near(&found, &expected, 1e-5), "{transform:?}: {found:?} {expected:?}");
    }
    Ok(())
}

#[test]
fn a_recording_is_written_whole_although_parts_were_read() -> Result<()> {
    let tape = Tape::new();
    let (x, w) = (tape.watch([1.0f64, 2.0]), tape.constant([3.0f64, -1.0]));
    let inner = (x * w).tanh();
    let y = inner.exp().sum(());
    assert!(inner.value()?.elements() == 2 && y.item()? > 0.0);
    let model = Model::from_bytes(&Export::new().recording(
        &tape,
        &[("x", x)],
        &[("y", y), ("inner", inner)],
    )?)?;
    let again = Tape::inference();
    let other = again.constant([0.5f64, 0.25]);
    let found = Network::new(model)?.forward_all(&[other])?;
    let expected = (other * again.constant([3.0, -1.0])).tanh();
    assert!(near(&found[1].value()?, &expected.value()?, 0.0));
    assert!(near(&found[0].value()?, &expected.exp().sum(()).value()?, 1e-15));
    Ok(())
}

#[test]
fn numbers_of_a_formula_are_no_parameters_when_read() -> Result<()> {
    use gradtape::nn::{Gelu, LayerNorm, Module};
    let mut rng = Rng::new(1);
    let network = Sequential::new()
        .add(Linear::new(3, 4, &mut rng))
        .add(LayerNorm::new(4))
        .add(Gelu::default())
        .add(LayerNorm::new(4));
    let read = Network::new(Model::from_bytes(&Export::new().network(&network, &[3])?)?)?;
    let names = |module: &dyn Module| -> Vec<String> {
        module.named_parameters().into_iter().map(|(name, _)| name).collect()
    };
    let mut own = names(&read);
    own.sort();
    let mut expected = names(&network);
    expected.sort();
    assert_eq!(own, expected);
    Ok(())
}

#[test]
fn columns_called_as_other_things_are_kept_apart() -> Result<()> {
    let text =
        "number,cast_1,town,sold\n30,1,Oslo,yes\n50,2,Oslo,no\n40,3,Bergen,yes\n60,5,Bergen,no\n";
    let (own, prepared) = table(text, "sold");
    let network = Sequential::new().add(Linear::new(prepared.width(), 2, &mut Rng::new(5)));
    let read = Network::new(Model::from_bytes(&Export::new().table(&network, &prepared)?)?)?;
    assert_eq!(read.model().inputs(), ["number", "cast_1", "town"]);
    let tape = Tape::inference();
    let column = |numbers: [f32; 4]| -> Result<Value<'_>> {
        Ok(Array::of(tape.constant(Tensor::from_slice(&numbers, [4, 1])?)).into())
    };
    let towns = ["Oslo", "Oslo", "Bergen", "Bergen"].map(String::from).to_vec();
    let given = vec![
        ("number", column([30.0, 50.0, 40.0, 60.0])?),
        ("cast_1", column([1.0, 2.0, 3.0, 5.0])?),
        ("town", Value::Texts(Texts { texts: towns, shape: vec![4, 1] })),
    ];
    let outputs = read.run(&tape, given)?;
    let Value::Array(found) = &outputs[1].1 else { panic!() };
    let expected = network.forward(tape.constant(prepared.inputs(&own)?)).softmax(-1).value()?;
    assert!(near(&found.var.value()?, &expected, 1e-6));
    let (_, clash) =
        table("label,town,sold\n30,Oslo,yes\n50,Oslo,no\n40,Bergen,yes\n60,Bergen,no\n", "sold");
    let network = Sequential::new().add(Linear::new(clash.width(), 2, &mut Rng::new(5)));
    let error = Export::new().table(&network, &clash).unwrap_err().to_string();
    assert!(error.contains("\"label\""), "{error}");
    Ok(())
}

#[test]
fn what_cannot_be_written_says_so() {
    let tape = Tape::new();
    let x = tape.watch([1.0f64, 2.0]);
    let error = Export::new().recording(&tape, &[("x", x)], &[("y", x.lgamma())]).unwrap_err();
    assert!(error.to_string().contains("there is no operator of ONNX for lgamma"), "{error}");
    let error = Export::new().recording(&tape, &[("y", x * 2.0)], &[("z", x)]).unwrap_err();
    assert!(error.to_string().contains("name a leaf"), "{error}");
    assert!(Export::new().opset(12).unwrap_err().to_string().contains("19 to 23"));
}

#[test]
fn a_network_that_was_read_can_be_trained_on() -> Result<()> {
    use gradtape::optim::{Adam, Optimizer};
    let mut rng = Rng::new(1);
    let start = Sequential::new()
        .add(Linear::new(2, 8, &mut rng))
        .add(Relu)
        .add(Linear::new(8, 1, &mut rng));
    let read = Network::new(Model::from_bytes(&Export::new().network(&start, &[2])?)?)?;
    let x = Tensor::from_slice(&[0f32, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0], [4, 2])?;
    let y = Tensor::from_slice(&[0f32, 1.0, 1.0, 0.0], [4, 1])?;
    let adam = Adam::new(&read, 0.05);
    let mut losses = Vec::new();
    for _ in 0..200 {
        let tape = Tape::new();
        let miss = read.forward(tape.constant(x.clone())) - tape.constant(y.clone());
        let loss = miss.square().mean(());
        losses.push(loss.item()?);
        adam.step(loss)?;
    }
    assert!(losses[199] < 0.05 * losses[0], "{} {}", losses[0], losses[199]);
    Ok(())
}
