//! Whole numbers are exact to the last digit, or refused.

use gradtape::{Result, Tape, Tensor};
use gradtape_onnx::{Array, Elem, Model, Network, Value};

use crate::hostile::{TensorProto, bytes, node};

/// What an operator gives for whole numbers of a type; `beside` is a second operand, i64.
fn found(op: &str, elem: Elem, numbers: &[i64], beside: &[i64]) -> Result<Vec<i64>> {
    let mut inputs = vec!["x"];
    let mut tensors = Vec::new();
    if !beside.is_empty() {
        inputs.push("b");
        tensors.push(TensorProto {
            dims: vec![beside.len() as i64],
            kind: 7,
            whole: beside.to_vec(),
            name: "b".into(),
            ..TensorProto::default()
        });
    }
    let network =
        Network::new(Model::from_bytes(&bytes(vec![node(op, &inputs, &["y"])], tensors, vec![]))?)?;
    let tape = Tape::inference();
    let var = tape.constant(Tensor::from_slice(numbers, [numbers.len()])?);
    let outputs = network.run(&tape, vec![("x", Value::Array(Array { var, elem }))])?;
    match &outputs[..] {
        [(_, Value::Array(y))] => y.var.value()?.to_vec::<i64>(),
        _ => panic!("no array"),
    }
}

#[test]
fn powers_have_all_of_their_digits() {
    let powers =
        found("Pow", Elem::I64, &[3, -3, 2, 7, 0, 1, -1, 5], &[39, 39, 62, 0, 0, -5, -5, -1]);
    let three = 4_052_555_153_018_976_267;
    assert_eq!(powers.unwrap(), [three, -three, 1 << 62, 1, 1, 1, -1, 0]);
}

#[test]
fn means_and_choices_have_all_of_their_digits() {
    let large = 1i64 << 53;
    assert_eq!(found("ReduceMean", Elem::I64, &[large + 1, large + 3], &[]).unwrap(), [large + 2]);
    let unique = found("Unique", Elem::I64, &[large + 1, large, large + 1], &[]).unwrap();
    assert_eq!(unique, [large, large + 1]);
    // Above 2^63 an unsigned number is a negative one here, and still the greatest.
    let unique = found("Unique", Elem::U64, &[-1, 5, -1], &[]).unwrap();
    assert_eq!(unique, [5, -1]);
}

#[test]
fn of_nothing_all_others_are_beyond_the_greatest_and_the_least() {
    assert_eq!(found("ReduceMax", Elem::I64, &[], &[]).unwrap(), [i64::MIN]);
    assert_eq!(found("ReduceMin", Elem::I64, &[], &[]).unwrap(), [i64::MAX]);
}

#[test]
fn large_unsigned_numbers_are_refused_where_they_would_be_taken_for_others() {
    assert_eq!(found("ReduceMax", Elem::U64, &[3, 9], &[]).unwrap(), [9]);
    for op in ["ReduceMax", "ReduceMean", "Abs", "ArgMax", "Sign"] {
        let error = found(op, Elem::U64, &[3, -9], &[]).unwrap_err();
        let told = error.to_string();
        assert!(told.contains(op) && told.contains("from 2^63 on"), "{told}");
    }
    for op in ["Shrink", "Softmax", "CumProd"] {
        let told = found(op, Elem::U64, &[3, -9], &[]).unwrap_err().to_string();
        assert!(told.contains("from 2^63 on"), "{op}: {told}");
    }
    assert_eq!(found("ReduceSum", Elem::U64, &[3, -9], &[]).unwrap(), [-6]);
    assert_eq!(found("Gather", Elem::U64, &[3, -9], &[1]).unwrap(), [-9]);
}
