//! Values of the wrong kind are refused, and open axes have their own names.

use gradtape::{Result, Tape, Tensor};
use gradtape_onnx::{Array, Model, Network, Texts, Value};

use crate::wire::{number, part, varint};

/// An attribute: its name, its kind's number, and the field that holds it.
fn attribute(name: &str, kind: u64, held: Vec<u8>) -> Vec<u8> {
    // The field of the kind is number 20, whose key takes two bytes.
    [part(1, name), held, vec![160, 1], varint(kind)].concat()
}

fn texts(name: &str, all: &[&str]) -> Vec<u8> {
    attribute(name, 8, all.iter().flat_map(|text| part(9, text)).collect())
}

fn whole(name: &str, all: &[u64]) -> Vec<u8> {
    attribute(name, 7, all.iter().flat_map(|&one| number(8, one)).collect())
}

/// A default of one text.
fn text_default(text: &str) -> Vec<u8> {
    let tensor = [number(1, 1), number(2, 8), part(6, text)].concat();
    attribute("default_tensor", 4, part(5, tensor))
}

/// A default of one whole number.
fn whole_default(one: u64) -> Vec<u8> {
    let tensor = [number(1, 1), number(2, 7), part(7, varint(one))].concat();
    attribute("default_tensor", 4, part(5, tensor))
}

/// What a node of some inputs and attributes gives.
fn found(
    domain: &str,
    op: &str,
    inputs: &[(&'static str, Held)],
    attributes: &[Vec<u8>],
) -> Result<Held> {
    let names = inputs.iter().flat_map(|(name, _)| part(1, name)).collect::<Vec<u8>>();
    let held = attributes.iter().flat_map(|own| part(5, own)).collect::<Vec<u8>>();
    let node = [names, part(2, "y"), part(4, op), held, part(7, domain)].concat();
    let infos = inputs.iter().flat_map(|(name, _)| part(11, part(1, name))).collect::<Vec<u8>>();
    let graph = [part(1, node), infos, part(12, part(1, "y"))].concat();
    let opset = |name: &str, version: u64| part(8, [part(1, name), number(2, version)].concat());
    let model = [part(7, graph), opset("", 19), opset("ai.onnx.ml", 4)].concat();
    let network = Network::new(Model::from_bytes(&model)?)?;
    let tape = Tape::inference();
    let given = inputs.iter().map(|(name, value)| {
        let value = match value.clone() {
            Held::Texts(all) => {
                let shape = vec![all.len()];
                Value::Texts(Texts { texts: all.iter().map(ToString::to_string).collect(), shape })
            }
            Held::Truth(all) => {
                let shape = [all.len()];
                Value::Array(Array::of(tape.constant(Tensor::from_vec(all, shape)?)))
            }
            Held::Whole(all) => {
                let shape = [all.len()];
                Value::Array(Array::of(tape.constant(Tensor::from_vec(all, shape)?)))
            }
        };
        Ok((*name, value))
    });
    let outputs = network.run(&tape, given.collect::<Result<Vec<_>>>()?)?;
    match &outputs[..] {
        [(_, Value::Texts(own))] => {
            Ok(Held::Texts(own.texts.iter().map(|text| text.clone().leak() as &str).collect()))
        }
        [(_, Value::Array(own))] => {
            let numbers = own.var.value()?.to_f64_vec();
            Ok(Held::Whole(numbers.into_iter().map(|number| number as i64).collect()))
        }
        _ => panic!("neither texts nor numbers"),
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Held {
    Texts(Vec<&'static str>),
    Whole(Vec<i64>),
    Truth(Vec<bool>),
}

use Held::{Texts as T, Whole as W};

#[track_caller]
fn refused(found: Result<Held>, word: &str) {
    let told = found.expect_err("it was taken").to_string();
    assert!(told.contains(word), "{told}");
}

#[test]
fn labels_that_are_no_keys_have_the_default_of_the_file() {
    let ml = "ai.onnx.ml";
    let keys = whole("keys_int64s", &[1, 2]);
    let names = texts("values_strings", &["one", "two"]);
    let x = || [("x", W(vec![2, 7]))];
    let encoded =
        |more: Vec<u8>| found(ml, "LabelEncoder", &x(), &[keys.clone(), names.clone(), more]);
    assert_eq!(encoded(text_default("other")).unwrap(), T(vec!["two", "other"]));
    refused(encoded(whole_default(9)), "`default_tensor` is whole numbers, values are texts");
    let numbers = whole("values_int64s", &[10, 20]);
    let encoded =
        |more: Vec<u8>| found(ml, "LabelEncoder", &x(), &[keys.clone(), numbers.clone(), more]);
    assert_eq!(encoded(whole_default(9)).unwrap(), W(vec![20, 9]));
    refused(encoded(text_default("other")), "`default_tensor` is texts");
    let given = [("x", T(vec!["2"]))];
    let attributes = [keys.clone(), names.clone()];
    refused(
        found(ml, "LabelEncoder", &given, &attributes),
        "keys are whole numbers, labels are texts",
    );
}

#[test]
fn categories_of_another_kind_are_refused() {
    let one_hot =
        |x: Held, cats: Vec<u8>| found("ai.onnx.ml", "OneHotEncoder", &[("x", x)], &[cats]);
    let (names, numbers) = (texts("cats_strings", &["a", "b"]), whole("cats_int64s", &[3, 5]));
    assert_eq!(one_hot(T(vec!["b"]), names.clone()).unwrap(), W(vec![0, 1]));
    assert_eq!(one_hot(W(vec![3]), numbers.clone()).unwrap(), W(vec![1, 0]));
    refused(one_hot(W(vec![3]), names), "`cats_strings` has texts");
    refused(one_hot(T(vec!["b"]), numbers), "`cats_int64s` has whole numbers");
}

#[test]
fn texts_are_moved_and_taken_for_no_numbers() {
    let (words, places) = (|| T(vec!["a", "b"]), || W(vec![1, 0]));
    let chosen = || Held::Truth(vec![true, false]);
    let run = |op: &str, inputs: &[Held]| {
        let named: Vec<_> = ["x", "i", "u"].into_iter().zip(inputs.iter().cloned()).collect();
        found("", op, &named, &[])
    };
    assert_eq!(run("Gather", &[words(), places()]).unwrap(), T(vec!["b", "a"]));
    refused(run("Gather", &[places(), words()]), "input 0 is no texts");
    refused(run("Gather", &[words(), words()]), "input 1 is texts");
    refused(run("Reshape", &[places(), T(vec!["2"])]), "texts");
    refused(run("Tile", &[words(), T(vec!["2"])]), "input 1 is texts");
    assert_eq!(run("Where", &[chosen(), words(), T(vec!["c", "d"])]).unwrap(), T(vec!["a", "d"]));
    refused(run("Where", &[words(), places(), places()]), "input 0 is texts");
    refused(run("Where", &[chosen(), words(), places()]), "input 2 is no texts");
    let put = |more: &[Vec<u8>]| {
        let inputs = [("x", words()), ("i", W(vec![1])), ("u", T(vec!["c"]))];
        found("", "ScatterElements", &inputs, more)
    };
    assert_eq!(put(&[]).unwrap(), T(vec!["a", "c"]));
    refused(put(&[attribute("reduction", 3, part(4, "add"))]), "\"add\"");
}

#[test]
fn a_concatenation_has_texts_alone() {
    let joined = |second: Held| {
        let axis = attribute("axis", 2, number(3, 0));
        found("", "Concat", &[("x", T(vec!["a"])), ("i", second)], &[axis])
    };
    assert_eq!(joined(T(vec!["b"])).unwrap(), T(vec!["a", "b"]));
    refused(joined(W(vec![1])), "input 1 is no texts");
}

/// What the doubles of inputs are, whose axes have these names.
fn doubled(inputs: &[(&str, &[&str])]) -> Vec<String> {
    let mut graph = part(12, part(1, "2x"));
    for (name, axes) in inputs {
        let dims: Vec<u8> = axes.iter().flat_map(|axis| part(1, part(2, axis))).collect();
        let kind = part(1, [number(1, 1), part(2, dims)].concat());
        graph.extend(part(11, [part(1, name), part(2, kind)].concat()));
        let axis = part(5, attribute("axis", 2, number(3, 0)));
        let ends = [part(1, name), part(1, name), part(2, format!("2{name}"))].concat();
        graph.extend(part(1, [ends, part(4, "Concat"), axis].concat()));
    }
    let model = [part(7, graph), part(8, number(2, 19))].concat();
    let types = Network::new(Model::from_bytes(&model).unwrap()).unwrap().types();
    let of = |(name, _): &(&str, &[&str])| types[&format!("2{name}")].clone();
    inputs.iter().map(of).collect()
}

#[test]
fn open_axes_have_their_own_names() {
    let found = doubled(&[("x", &["batch", "seq", "head"]), ("y", &["seq", "batch"])]);
    assert_eq!(found, ["FLOAT [2 batch, seq, head]", "FLOAT [2 seq, batch]"]);
    let found = doubled(&[("x", &["a", "b", "c"]), ("y", &["d", "e", "f"]), ("z", &["g", "a"])]);
    assert_eq!(found, ["FLOAT [2 a, b, c]", "FLOAT [2 d, e, ?]", "FLOAT [?, a]"]);
}
