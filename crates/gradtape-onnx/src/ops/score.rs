//! What a model of a table makes of its scores: labels and shares of classes, numbers.

use gradtape::{Result, Var};

use crate::call::{Call, Outputs, unsupported};
use crate::elem::Elem;
use crate::tensor::broken;
use crate::value::{Array, Texts, Value};

/// The classes of a node, in the order of its scores.
pub(super) enum Classes {
    Texts(Vec<String>),
    Whole(Vec<i64>),
}

impl Classes {
    /// Those of `classlabels_strings`, or of the attribute that has whole numbers.
    pub(super) fn of(c: &Call<'_, '_>, whole: &str) -> Result<Classes> {
        match (c.texts("classlabels_strings")?, c.ints(whole)?) {
            (Some(texts), _) if !texts.is_empty() => Ok(Classes::Texts(texts.to_vec())),
            (_, Some(whole)) if !whole.is_empty() => Ok(Classes::Whole(whole)),
            _ => Err(broken(format!("neither `classlabels_strings` nor `{whole}`"))),
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Classes::Texts(all) => all.len(),
            Classes::Whole(all) => all.len(),
        }
    }

    /// The class at each of these places. Texts are no part of a recording: for them the places are read.
    fn at<'t>(&self, c: &Call<'_, 't>, places: Var<'t>) -> Result<Value<'t>> {
        Ok(match self {
            Classes::Whole(all) => {
                let all = c.of_whole(all.clone(), &[all.len()])?;
                Array::of(all.var.index_select(0, places)).into()
            }
            Classes::Texts(all) => {
                let places = places.value()?;
                let texts = places.to_vec::<i64>()?.into_iter();
                // Argmax and truth values count the classes.
                let texts = texts.map(|place| all[place as usize].clone()).collect();
                Value::Texts(Texts { texts, shape: places.shape().to_vec() })
            }
        })
    }
}

/// Where one score stands for two classes: from which on it is the second, and what the first is given.
pub(super) struct Pair {
    pub(super) above: f64,
    /// Whether the first is given what is left to 1, or else the score's opposite.
    pub(super) shares: bool,
}

/// Labels, and what `post_transform` makes of the scores, `[rows, classes]`.
pub(super) fn classified<'t>(
    c: &Call<'_, 't>,
    classes: &Classes,
    scores: Var<'t>,
    pair: &Pair,
) -> Outputs<'t> {
    let (count, given) = (classes.len(), scores.shape()[1]);
    let float = |var: Var<'t>| Array { var, elem: Elem::F32 };
    if (count, given) == (2, 1) {
        let second =
            scores.greater(pair.above).cast(gradtape::DType::I64).reshape([scores.shape()[0]]);
        let (score, shares) = match c.text_or("post_transform", "NONE")? {
            "NONE" | "SOFTMAX" | "SOFTMAX_ZERO" => (scores, pair.shares),
            "LOGISTIC" => (scores.sigmoid(), true),
            other => return Err(unsupported(format!("one score for two classes with {other}"))),
        };
        let first = if shares { 1.0 - score } else { -score };
        let both = first.concat(&[score], 1);
        return Ok(vec![classes.at(c, second)?, float(both).into()]);
    }
    if count != given {
        return Err(broken(format!("{count} classes and {given} scores")));
    }
    let labels = classes.at(c, scores.argmax(-1))?;
    Ok(vec![labels, float(transformed(c, scores)?).into()])
}

/// Scores after `post_transform`, `[rows, scores]`.
pub(super) fn transformed<'t>(c: &Call<'_, 't>, scores: Var<'t>) -> Result<Var<'t>> {
    let several = scores.shape()[1] > 1;
    Ok(match c.text_or("post_transform", "NONE")? {
        "NONE" => scores,
        "LOGISTIC" if several => scores.sigmoid(),
        "SOFTMAX" if several => scores.softmax(-1),
        "PROBIT" => (scores * 2.0 - 1.0).erf_inv() * std::f64::consts::SQRT_2,
        // As onnxruntime has it, a single score is left as it is.
        "LOGISTIC" | "SOFTMAX" | "SOFTMAX_ZERO" if !several => scores,
        other => return Err(unsupported(format!("scores after {other}"))),
    })
}
