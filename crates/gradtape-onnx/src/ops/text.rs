//! Texts.

use gradtape::{Result, Tensor};

use super::{Operator, Table};
use crate::call::{Call, Outputs, fits, one, unsupported};
use crate::tensor::broken;
use crate::value::{Array, Texts, Value};

pub(super) const TABLE: Table =
    &[("StringConcat", concat), ("StringNormalizer", normalize), ("StringSplit", split)];

/// Texts one behind the other, broadcast by the common rule.
fn concat<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let (shape, pairs) = pairs(c)?;
    let texts = pairs.into_iter().map(|(x, y)| format!("{x}{y}")).collect();
    Ok(vec![Value::Texts(Texts { texts, shape })])
}

/// Whether texts are the same, broadcast by the common rule.
pub(super) fn equal<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let (shape, pairs) = pairs(c)?;
    let same = pairs.into_iter().map(|(x, y)| x == y).collect();
    one(Array::of(c.tape.constant(Tensor::from_vec(same, shape)?)))
}

/// Texts of two arrays beside each other.
type Pairs<'c> = Vec<(&'c str, &'c str)>;

/// The texts of two arrays beside each other, and their common shape.
fn pairs<'c>(c: &'c Call<'_, '_>) -> Result<(Vec<usize>, Pairs<'c>)> {
    let (x, y) = (c.of_texts(0)?, c.of_texts(1)?);
    let rank = x.shape.len().max(y.shape.len());
    let padded = |shape: &[usize]| [vec![1; rank - shape.len()], shape.to_vec()].concat();
    let (a, b) = (padded(&x.shape), padded(&y.shape));
    let mut shape = Vec::with_capacity(rank);
    for (&a, &b) in a.iter().zip(&b) {
        match (a, b) {
            (a, b) if a == b || b == 1 => shape.push(a),
            (1, b) => shape.push(b),
            _ => return Err(broken(format!("texts of {:?} and {:?}", x.shape, y.shape))),
        }
    }
    let place = |number: usize, sizes: &[usize]| {
        let (mut rest, mut place, mut step) = (number, 0, 1);
        for (&size, &own) in shape.iter().zip(sizes).rev() {
            place += if own == 1 { 0 } else { rest % size * step };
            (rest, step) = (rest / size, step * own);
        }
        place
    };
    let count = shape.iter().fold(1usize, |all, &size| all.saturating_mul(size));
    let longest = |texts: &[String]| texts.iter().map(String::len).max().unwrap_or(0);
    fits(count, 16 + longest(&x.texts) + longest(&y.texts))?;
    let pairs =
        (0..count).map(|i| (x.texts[place(i, &a)].as_str(), y.texts[place(i, &b)].as_str()));
    let pairs = pairs.collect();
    Ok((shape, pairs))
}

/// Operators that move elements and look at none, with the places of the inputs that they move; the other inputs are
/// places, shapes and conditions. `None`: they move all.
const MOVES: [(&str, Option<&[usize]>); 18] = [
    ("ArrayFeatureExtractor", Some(&[0])),
    ("Compress", Some(&[0])),
    ("Concat", None),
    ("Expand", Some(&[0])),
    ("Flatten", Some(&[0])),
    ("Gather", Some(&[0])),
    ("GatherElements", Some(&[0])),
    ("GatherND", Some(&[0])),
    ("Reshape", Some(&[0])),
    ("ScatterElements", Some(&[0, 2])),
    ("ScatterND", Some(&[0, 2])),
    ("Slice", Some(&[0])),
    ("Split", Some(&[0])),
    ("Squeeze", Some(&[0])),
    ("Tile", Some(&[0])),
    ("Transpose", Some(&[0])),
    ("Unsqueeze", Some(&[0])),
    ("Where", Some(&[1, 2])),
];

/// Whether a node moves texts, so that `moved` is for it.
pub(crate) fn moves(c: &Call<'_, '_>) -> bool {
    MOVES.iter().any(|(op, _)| *op == c.node.op)
        && c.inputs.iter().flatten().any(|value| matches!(value, Value::Texts(_)))
}

/// Refuses texts where an operator reads numbers, and numbers among the texts that it moves.
fn check(c: &Call<'_, '_>) -> Result<()> {
    let moved = MOVES.iter().find(|(op, _)| *op == c.node.op).and_then(|(_, places)| *places);
    for (place, value) in c.inputs.iter().enumerate() {
        let texts = moved.is_none_or(|places| places.contains(&place));
        match value {
            Some(Value::Texts(_)) if !texts => {
                return Err(broken(format!("input {place} is texts, numbers were expected")));
            }
            None | Some(Value::Texts(_)) => {}
            Some(_) if texts => {
                return Err(broken(format!("input {place} is no texts, others are")));
            }
            Some(_) => {}
        }
    }
    match c.text_or("reduction", "none")? {
        "none" => Ok(()),
        other => Err(unsupported(format!("texts put together by {other:?}"))),
    }
}

/// Texts as an operator moves them: it is given their numbers in the place of the texts.
pub(crate) fn moved<'t>(c: &Call<'_, 't>, operator: Operator) -> Outputs<'t> {
    check(c)?;
    let mut all: Vec<&str> = Vec::new();
    let mut inputs = Vec::with_capacity(c.inputs.len());
    for value in &c.inputs {
        inputs.push(match value {
            Some(Value::Texts(own)) => {
                let start = all.len() as i64;
                all.extend(own.texts.iter().map(String::as_str));
                let numbers = (start..all.len() as i64).collect();
                Some(c.of_whole(numbers, &own.shape)?.into())
            }
            other => other.clone(),
        });
    }
    let numbered = Call { tape: c.tape, node: c.node, version: c.version, inputs, scope: c.scope };
    let longest = all.iter().map(|text| text.len()).max().unwrap_or(0);
    let outputs = operator(&numbered)?.into_iter().map(|value| match value {
        Value::Array(places) => {
            fits(places.var.shape().elements(), 16 + longest)?;
            let texts = places.whole()?.into_iter().map(|place| {
                let text = usize::try_from(place).ok().and_then(|place| all.get(place));
                text.map(|text| text.to_string()).ok_or_else(|| broken("texts that are not there"))
            });
            let texts = texts.collect::<Result<Vec<String>>>()?;
            Ok(Value::Texts(Texts { texts, shape: places.shape() }))
        }
        other => Ok(other),
    });
    outputs.collect()
}

/// Leaves words out and changes capitals.
fn normalize<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.of_texts(0)?;
    let stop = c.texts("stopwords")?.unwrap_or_default();
    let exact = c.flag("is_case_sensitive", false)?;
    let same = |a: &str, b: &str| a == b || !exact && a.to_lowercase() == b.to_lowercase();
    let kept = x.texts.iter().filter(|text| !stop.iter().any(|word| same(word, text)));
    let change = c.text_or("case_change_action", "NONE")?;
    let mut texts: Vec<String> = kept
        .map(|text| match change {
            "LOWER" => text.to_lowercase(),
            "UPPER" => text.to_uppercase(),
            _ => text.clone(),
        })
        .collect();
    if texts.is_empty() {
        texts.push(String::new());
    }
    let shape = match x.shape[..] {
        [_] => vec![texts.len()],
        [1, _] => vec![1, texts.len()],
        ref other => return Err(broken(format!("words of shape {other:?}"))),
    };
    Ok(vec![Value::Texts(Texts { texts, shape })])
}

/// The parts of each text between delimiters, filled up with empty ones, and how many there are.
fn split<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.of_texts(0)?;
    let delimiter = c.text("delimiter")?.filter(|delimiter| !delimiter.is_empty());
    let most = match c.int("maxsplit")? {
        Some(most) => usize::try_from(most).map_err(|_| unsupported(format!("{most} splits")))? + 1,
        None => usize::MAX,
    };
    let parts: Vec<Vec<String>> = x
        .texts
        .iter()
        .map(|text| match delimiter {
            _ if text.is_empty() => Vec::new(),
            Some(delimiter) => text.splitn(most, delimiter).map(String::from).collect(),
            None => words(text, most),
        })
        .collect();
    let counts: Vec<i64> = parts.iter().map(|parts| parts.len() as i64).collect();
    let longest = parts.iter().map(Vec::len).max().unwrap_or(0);
    let mut texts = Vec::new();
    for mut parts in parts {
        parts.resize(longest, String::new());
        texts.extend(parts);
    }
    let shape = [&x.shape[..], &[longest]].concat();
    let counts = c.of_whole(counts, &x.shape)?;
    Ok(vec![Value::Texts(Texts { texts, shape }), counts.into()])
}

/// Words between blanks; the last of them has the rest, blanks included.
fn words(text: &str, most: usize) -> Vec<String> {
    let (mut words, mut rest) = (Vec::new(), text.trim());
    while !rest.is_empty() {
        let end = rest.find(char::is_whitespace).filter(|_| words.len() + 1 < most);
        let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
        words.push(word.to_string());
        rest = after.trim_start();
    }
    words
}
