//! The ONNX project's own cases: what passes and what is skipped for which reason stands in `cases.txt`.

use std::fmt::Write as _;
use std::path::Path;

use gradtape::{Kind, Result, Tape};
use gradtape_onnx::{Array, Model, Network, Value, decode_tensor, decode_texts};
use prost::Message;

use crate::archive::{self, Case};

/// Within these a result counts as the expected one: the bounds of the ONNX project's own tests.
const RELATIVE: f64 = 1e-3;
/// Of the greatest element, from 1 on: sums of large terms that cancel leave their roundings.
const ABSOLUTE: f64 = 1e-7;
/// Numbers of 16 bits that are rounded twice, by the reference and here.
const RELATIVE_HALF: f64 = 2e-3;

#[test]
fn every_case_passes_or_is_skipped_for_a_reason() {
    let Some(path) = archive::whole() else {
        eprintln!("the archive of ONNX's cases is absent: they were not run");
        return;
    };
    let mut table = String::new();
    let mut failed = Vec::new();
    let (mut passed, mut skipped) = (0, 0);
    for (name, case) in archive::read(&path) {
        match outcome(&name, &case) {
            Outcome::Passed => {
                passed += 1;
                writeln!(table, "passed  {name}").expect("text");
            }
            Outcome::Skipped(reason) => {
                skipped += 1;
                writeln!(table, "skipped {name}: {reason}").expect("text");
            }
            Outcome::Failed(reason) => failed.push(format!("{name}: {reason}")),
        }
    }
    table.insert_str(0, &format!("{passed} passed, {skipped} skipped\n"));
    assert!(failed.is_empty(), "{} cases fail:\n{}", failed.len(), failed.join("\n"));
    // A case may not be lost to a reason.
    assert!(passed >= 1658, "only {passed} cases pass");
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases.txt");
    let before = std::fs::read_to_string(&place).unwrap_or_default();
    if before != table {
        std::fs::write(&place, &table).expect("the table");
        panic!("tests/cases.txt was not up to date; it is now, look at what changed");
    }
}

/// Writes the list anew where it is not up to date.
#[test]
fn the_operators_are_listed_in_the_documents() {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/onnx.md");
    let page = std::fs::read_to_string(&place).expect("the page");
    let (head, rest) = page.split_once("<!-- operators -->\n").expect("its list");
    let (_, tail) = rest.split_once("<!-- end -->").expect("the list's end");
    let mut names = gradtape_onnx::operators();
    names.sort_unstable();
    let mut list = format!("{} of them.", names.len());
    let mut line = String::new();
    for name in names {
        if line.len() + name.len() > 110 {
            write!(list, "\n{}", line.trim_end()).expect("text");
            line.clear();
        }
        write!(line, "`{name}` ").expect("text");
    }
    write!(list, "\n{}\n", line.trim_end()).expect("text");
    let new = format!("{head}<!-- operators -->\n{list}<!-- end -->{tail}");
    if new != page {
        std::fs::write(&place, new).expect("the page");
        panic!("docs/onnx.md was not up to date; it is now");
    }
}

pub(crate) enum Outcome {
    Passed,
    Skipped(String),
    Failed(String),
}

/// Runs every set of data of a case.
pub(crate) fn outcome(name: &str, case: &Case) -> Outcome {
    let is = |part: &str| {
        name.contains(part) || name.ends_with("test_training_dropout") && part.ends_with("default")
    };
    if let Some((_, reason)) = SKIPPED.iter().find(|(part, _)| is(part)) {
        return Outcome::Skipped((*reason).into());
    }
    match run(case) {
        Ok(None) => Outcome::Passed,
        Ok(Some(difference)) => Outcome::Failed(difference),
        Err(error) if error.kind() == Kind::Model => Outcome::Skipped(error.message().to_string()),
        Err(error) => match error.message().contains("are not read") {
            true => Outcome::Skipped(error.message().to_string()),
            false => Outcome::Failed(error.to_string()),
        },
    }
}

/// Parts of names, and why what is meant by them is not run.
const SKIPPED: &[(&str, &str)] = &[
    ("test_bernoulli", "random numbers of another generator"),
    ("test_training_dropout_default", "random numbers of another generator"),
    ("test_training_dropout_mask", "random numbers of another generator"),
];

/// Runs a case; gives what differs, if anything does.
pub(crate) fn run(case: &Case) -> Result<Option<String>> {
    let network = Network::new(Model::from_bytes(&case.model)?)?;
    for files in case.sets.values() {
        let tape = Tape::new();
        let mut compared = 0;
        let names = network.model().inputs();
        let mut inputs = Vec::new();
        for (place, name) in names.iter().enumerate() {
            let Some(bytes) = files.get(&format!("input_{place}.pb")) else { continue };
            inputs.push((*name, value(&tape, network.model().about(name), bytes)?));
        }
        for (place, (name, found)) in network.run(&tape, inputs)?.into_iter().enumerate() {
            let Some(bytes) = files.get(&format!("output_{place}.pb")) else { continue };
            let expected = value(&tape, network.model().about(&name), bytes)?;
            compared += 1;
            if let Some(what) = differs(&found, &expected)? {
                return Ok(Some(format!("output {name:?}: {what}")));
            }
        }
        if compared == 0 {
            return Ok(Some("no output was compared".into()));
        }
    }
    Ok(match case.sets.is_empty() {
        true => Some("no data".into()),
        false => None,
    })
}

#[derive(Clone, PartialEq, Message)]
struct SequenceProto {
    #[prost(bytes = "vec", repeated, tag = "3")]
    tensors: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
struct OptionalProto {
    #[prost(int32, tag = "2")]
    kind: i32,
    #[prost(bytes = "vec", optional, tag = "3")]
    tensor: Option<Vec<u8>>,
    #[prost(message, optional, tag = "5")]
    sequence: Option<SequenceProto>,
}

/// A file of test data as the value that the model says it is.
fn value<'t>(tape: &'t Tape, about: Option<&str>, bytes: &[u8]) -> Result<Value<'t>> {
    let array = |bytes: &[u8]| -> Result<Array<'t>> {
        let (elem, tensor) = decode_tensor(bytes)?;
        let var = if elem.dtype().is_float() { tape.watch(tensor) } else { tape.constant(tensor) };
        Ok(Array { var, elem })
    };
    let sequence = |sequence: &SequenceProto| -> Result<Value<'t>> {
        let items = sequence.tensors.iter().map(|bytes| array(bytes));
        Ok(Value::Sequence(items.collect::<Result<_>>()?))
    };
    let about = about.unwrap_or("");
    if about.starts_with("optional") {
        let optional = OptionalProto::decode(bytes).expect("an optional value");
        return match (&optional.tensor, &optional.sequence) {
            (Some(bytes), _) => Ok(array(bytes)?.into()),
            (None, Some(items)) => sequence(items),
            (None, None) => Ok(Value::Nothing),
        };
    }
    if about.starts_with("STRING") {
        return Ok(Value::Texts(decode_texts(bytes)?));
    }
    // Lists of maps are kept as the arrays that they are made of.
    if about.starts_with("sequence of map") {
        return Ok(array(bytes)?.into());
    }
    if about.starts_with("sequence") {
        return sequence(&SequenceProto::decode(bytes).expect("a sequence"));
    }
    Ok(array(bytes)?.into())
}

fn differs(found: &Value<'_>, expected: &Value<'_>) -> Result<Option<String>> {
    match (found, expected) {
        (Value::Array(found), Value::Array(expected)) => array_differs(found, expected),
        (Value::Columns(found), Value::Array(expected)) => array_differs(&found.values, expected),
        (Value::Sequence(found), Value::Sequence(expected)) => {
            if found.len() != expected.len() {
                return Ok(Some(format!("{} items, expected {}", found.len(), expected.len())));
            }
            for (found, expected) in found.iter().zip(expected) {
                if let Some(what) = array_differs(found, expected)? {
                    return Ok(Some(what));
                }
            }
            Ok(None)
        }
        (Value::Texts(found), Value::Texts(expected)) => {
            Ok((found != expected).then(|| format!("{found:?}, expected {expected:?}")))
        }
        (Value::Nothing, Value::Nothing) => Ok(None),
        _ => Ok(Some("a value of another kind".into())),
    }
}

fn array_differs(found: &Array<'_>, expected: &Array<'_>) -> Result<Option<String>> {
    if found.elem != expected.elem {
        return Ok(Some(format!("type {}, expected {}", found.elem, expected.elem)));
    }
    let relative = if found.elem.dtype().size() == 2 { RELATIVE_HALF } else { RELATIVE };
    let (found, expected) = (found.var.value()?, expected.var.value()?);
    if found.shape() != expected.shape() {
        return Ok(Some(format!("shape {}, expected {}", found.shape(), expected.shape())));
    }
    let (found, expected) = (found.to_f64_vec(), expected.to_f64_vec());
    let finite = expected.iter().filter(|number| number.is_finite());
    let absolute = ABSOLUTE * finite.fold(1.0, |most: f64, number| most.max(number.abs()));
    let far = found.iter().zip(&expected).enumerate().find(|(_, (found, expected))| {
        let same = found == expected || found.is_nan() && expected.is_nan();
        let near = (*found - *expected).abs() <= absolute + relative * expected.abs();
        !same && !near
    });
    Ok(far.map(|(at, (found, expected))| format!("element {at} is {found}, expected {expected}")))
}
