//! What operations say of inputs that do not fit: `op_refusals.txt` has every message. When it is out of date this test
//! writes it anew and fails once.

use std::collections::BTreeSet;
use std::path::Path;

use gradtape::op::{Op, Sample};
use gradtape::{DType, Error, Kind, Tape, Tensor, Var};

/// Inputs that an operation may not take in the place of one that it takes: of another rank, with another size along an
/// axis, with none, of another type, and with numbers that are no places.
fn misfits(x: &Tensor) -> Vec<Tensor> {
    let (shape, dtype) = (x.shape().to_vec(), x.dtype());
    let mut shapes = vec![[&shape[..], &[2]].concat()];
    if !shape.is_empty() {
        shapes.extend([vec![], shape[1..].to_vec()]);
    }
    for axis in 0..shape.len() {
        for size in [0, shape[axis] + 1] {
            let mut other = shape.clone();
            other[axis] = size;
            shapes.push(other);
        }
    }
    let zeros = shapes.into_iter().map(|shape| Tensor::zeros(shape, dtype));
    let types = [DType::Bool, DType::I64, DType::F32].into_iter().filter(|&other| other != dtype);
    let types = types.map(|other| Tensor::zeros(&shape[..], other));
    let far = [99.0, -1.0].map(|place| Tensor::full(&shape[..], place, DType::I64));
    let far = far.into_iter().filter(|_| dtype == DType::I64);
    zeros.chain(types).chain(far).collect()
}

/// A value as it is told in this list: without its numbers, but for those that are all the same.
fn told(x: &Tensor) -> String {
    let numbers = x.to_f64_vec();
    let far = x.dtype() == DType::I64 && numbers.first().is_some_and(|&first| first != 0.0);
    let of = if far { format!(" of {}", numbers[0]) } else { String::new() };
    format!("{}{}{of}", x.dtype(), x.shape())
}

/// The message and the way out.
fn said(error: &Error) -> String {
    let hint = error.to_string();
    let hint = hint.lines().filter_map(|line| line.trim().strip_prefix("hint: "));
    format!("{}\n    -> {}\n", error.message(), hint.collect::<Vec<_>>().join("; "))
}

#[test]
fn every_operation_says_what_it_was_given_where_and_what_would_do() {
    let (mut text, mut wrong) = (String::new(), Vec::new());
    let mut names = BTreeSet::new();
    for Sample { op, inputs, .. } in Op::samples() {
        // The first sample of each, and those of other attributes that refuse something else.
        let mut lines = Vec::new();
        for (place, x) in inputs.iter().enumerate() {
            for other in misfits(x) {
                let tape = Tape::inference();
                let given: Vec<&Tensor> = inputs
                    .iter()
                    .enumerate()
                    .map(|(own, x)| if own == place { &other } else { x })
                    .collect();
                let vars: Vec<Var<'_>> = given.iter().map(|x| tape.constant(*x)).collect();
                let result = tape.apply(op.clone(), &vars).value();
                let Err(error) = result else { continue };
                let shapes = given.iter().map(|x| told(x)).collect::<Vec<_>>().join(", ");
                let full = error.to_string();
                let here = error.location().is_some_and(|at| at.file().ends_with("op_refusals.rs"));
                let named = full.starts_with(op.name())
                    && (error.kind() == Kind::Value || full.contains(&other.shape().to_string()));
                if !here || !named || !full.contains("hint: ") {
                    wrong.push(format!("{} of {shapes}: {full}", op.name()));
                }
                lines.push(format!("  {shapes}: {}", said(&error)));
            }
        }
        let first = names.insert(op.name());
        if first && !lines.is_empty() {
            let attributes: Vec<String> =
                op.attributes().iter().map(|(name, value)| format!("{name}: {value}")).collect();
            let shapes = inputs.iter().map(told).collect::<Vec<_>>().join(", ");
            text += &format!("{} {{{}}} takes {shapes}\n", op.name(), attributes.join("; "));
            text += &lines.concat();
        }
    }
    assert!(wrong.is_empty(), "{} errors:\n{}", wrong.len(), wrong.join("\n"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/op_refusals.txt");
    if std::fs::read_to_string(&path).is_ok_and(|have| have == text) {
        return;
    }
    std::fs::write(&path, text).unwrap();
    panic!("op_refusals.txt was out of date and has been written anew; read it and commit it");
}
