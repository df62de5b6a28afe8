//! Labels and what stands for them.

use gradtape::{DType, Result, Tensor};

use crate::call::{Call, Outputs, one, unsupported};
use crate::elem::Elem;
use crate::graph::Attribute;
use crate::tensor::broken;
use crate::value::{Array, Texts, Value};

/// What a label is before or after it is encoded.
#[derive(Clone, PartialEq)]
enum Label {
    Text(String),
    Whole(i64),
    Number(f64),
}

impl Label {
    fn kind(&self) -> &'static str {
        match self {
            Label::Text(_) => "texts",
            Label::Whole(_) => "whole numbers",
            Label::Number(_) => "numbers with fractions",
        }
    }

    fn is_like(&self, other: &Label) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

/// Each label's partner in a table, a default for those that are not in it.
pub(super) fn encode<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let (keys, values) = (labels(c, "keys")?, labels(c, "values")?);
    let (Some(keys), Some(values)) = (keys, values) else {
        return Err(broken("keys or values are missing"));
    };
    if keys.len() != values.len() {
        return Err(broken(format!("{} keys and {} values", keys.len(), values.len())));
    }
    let (given, shape): (Vec<Label>, Vec<usize>) = match c.value(0)? {
        Value::Texts(texts) => {
            (texts.texts.iter().cloned().map(Label::Text).collect(), texts.shape.clone())
        }
        Value::Array(x) if x.elem.is_float() => {
            (x.numbers()?.into_iter().map(Label::Number).collect(), x.shape())
        }
        Value::Array(x) => (x.whole()?.into_iter().map(Label::Whole).collect(), x.shape()),
        _ => return Err(broken("labels that are no array")),
    };
    let same = |a: &Label, b: &Label| match (a, b) {
        (Label::Number(a), Label::Number(b)) => a == b || a.is_nan() && b.is_nan(),
        _ => a == b,
    };
    if let (Some(key), Some(label)) = (keys.first(), given.first())
        && !key.is_like(label)
    {
        return Err(broken(format!("keys are {}, labels are {}", key.kind(), label.kind())));
    }
    let otherwise = default(c, values.first())?;
    let found: Vec<Label> = given
        .iter()
        .map(|label| match keys.iter().position(|key| same(key, label)) {
            Some(place) => values[place].clone(),
            None => otherwise.clone(),
        })
        .collect();
    let elem = match c.attribute("values_tensor") {
        Some(Attribute::Tensor(elem, _)) => *elem,
        _ => Elem::F32,
    };
    gathered(c, &found, &shape, elem)
}

fn gathered<'t>(c: &Call<'_, 't>, found: &[Label], shape: &[usize], elem: Elem) -> Outputs<'t> {
    let texts = found.iter().map(|label| match label {
        Label::Text(text) => Some(text.clone()),
        _ => None,
    });
    if let Some(texts) = texts.collect::<Option<Vec<String>>>().filter(|texts| !texts.is_empty()) {
        return Ok(vec![Value::Texts(Texts { texts, shape: shape.to_vec() })]);
    }
    let whole = found.iter().map(|label| match label {
        Label::Whole(number) => Some(*number),
        _ => None,
    });
    if let Some(whole) = whole.collect::<Option<Vec<i64>>>() {
        let elem = if elem.dtype() == DType::I64 { elem } else { Elem::I64 };
        let var = c.tape.constant(Tensor::from_vec(whole, shape)?);
        return one(Array { var, elem });
    }
    let numbers = found.iter().map(|label| match label {
        Label::Number(number) => Ok(*number),
        _ => Err(unsupported("labels of several kinds")),
    });
    let numbers = numbers.collect::<Result<Vec<f64>>>()?;
    let var = c.tape.constant(Tensor::from_vec(numbers, shape)?.cast(elem.dtype()));
    one(Array { var, elem })
}

/// What stands for a label that is no key, of the kind of the values.
fn default(c: &Call<'_, '_>, sample: Option<&Label>) -> Result<Label> {
    let Some(held) = labels(c, "default")? else {
        return Ok(match sample {
            Some(Label::Text(_)) => {
                Label::Text(c.text_or("default_string", "_Unused")?.to_string())
            }
            Some(Label::Whole(_)) => Label::Whole(c.int_or("default_int64", -1)?),
            _ => Label::Number(c.float_or("default_float", -0.0)?),
        });
    };
    match (&held[..], sample) {
        ([one], None) => Ok(one.clone()),
        ([one], Some(sample)) if one.is_like(sample) => Ok(one.clone()),
        ([one], Some(sample)) => {
            Err(broken(format!("`default_tensor` is {}, values are {}", one.kind(), sample.kind())))
        }
        (many, _) => Err(broken(format!("`default_tensor` has {} elements, not one", many.len()))),
    }
}

/// The labels of an attribute, which its name's ending tells the kind of.
fn labels(c: &Call<'_, '_>, name: &str) -> Result<Option<Vec<Label>>> {
    let texts = |texts: &[String]| Some(texts.iter().cloned().map(Label::Text).collect());
    for ending in ["strings", "int64s", "floats", "tensor"] {
        let found = match c.attribute(&format!("{name}_{ending}")) {
            Some(Attribute::Texts(all)) => texts(all),
            Some(Attribute::Ints(all)) => {
                Some(all.iter().map(|&number| Label::Whole(number)).collect())
            }
            Some(Attribute::Floats(all)) => {
                Some(all.iter().map(|&number| Label::Number(f64::from(number))).collect())
            }
            Some(Attribute::TextTensor(all)) => texts(&all.texts),
            Some(Attribute::Tensor(elem, tensor)) => Some(match elem.bits() {
                Some(_) => tensor.to_vec::<i64>()?.into_iter().map(Label::Whole).collect(),
                None => tensor.to_f64_vec().into_iter().map(Label::Number).collect(),
            }),
            _ => None,
        };
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}
