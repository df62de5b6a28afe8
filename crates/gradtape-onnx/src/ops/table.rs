//! Operators of ONNX's domain for tables (`ai.onnx.ml`), as far as they are about columns.

use gradtape::{DType, Result, Tensor, Var};

use super::Table;
use crate::call::{Call, Outputs, fits, one, unsupported};
use crate::elem::Elem;
use crate::tensor::broken;
use crate::value::{Array, Columns, Value};

pub(super) const TABLE: Table = &[
    ("ArrayFeatureExtractor", |c| {
        let (x, places) = (c.x(0)?, c.x(1)?);
        let count = places.shape().iter().product::<usize>();
        one(x.like(x.var.index_select(-1, places.var.reshape([count]))))
    }),
    ("Binarizer", |c| {
        let (x, threshold) = (c.x(0)?, c.float_or("threshold", 0.0)?);
        one(x.like(x.var.greater(threshold).cast(x.elem.dtype())))
    }),
    ("FeatureVectorizer", |c| {
        let all = c.arrays()?.into_iter();
        let all = all.map(|x| Ok(matrix(x)?.cast(DType::F32))).collect::<Result<Vec<Var<'_>>>>()?;
        if all.is_empty() {
            return Err(broken("no inputs"));
        }
        one(Array { var: c.tape.concat(&all, 1), elem: Elem::F32 })
    }),
    ("Imputer", impute),
    ("LabelEncoder", super::label::encode),
    ("Normalizer", normalize),
    ("OneHotEncoder", one_hot),
    ("Scaler", scale),
    ("ZipMap", zip),
];

/// The first input as rows of a table; one row may be given as a vector.
pub(super) fn rows<'t>(c: &Call<'_, 't>) -> Result<Var<'t>> {
    matrix(c.x(0)?)
}

fn matrix(x: Array<'_>) -> Result<Var<'_>> {
    match x.shape()[..] {
        [_, _] => Ok(x.var),
        [columns] => Ok(x.var.reshape([1, columns])),
        ref other => {
            Err(broken(format!("rows of a table were expected, not a value of {other:?}")))
        }
    }
}

/// An attribute with a number for each column, or one for all of them.
fn of_columns<'t>(c: &Call<'_, 't>, name: &str, x: Var<'t>) -> Result<Var<'t>> {
    let Some(numbers) = c.floats(name)? else { return Err(broken(format!("`{name}` is missing"))) };
    let columns = x.shape().last().copied().unwrap_or(1);
    if numbers.len() != 1 && numbers.len() != columns {
        return Err(broken(format!(
            "`{name}` has {} numbers for {columns} columns",
            numbers.len()
        )));
    }
    let count = numbers.len();
    Ok(c.tape.constant(Tensor::from_vec(numbers, [count])?.cast(x.dtype())))
}

/// `(x - offset) · scale`.
fn scale<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.x(0)?.var;
    // Before they lose digits, dates and amounts are brought near to 0.
    let wide = x.cast(if x.dtype() == DType::F32 { DType::F32 } else { DType::F64 });
    let y = (wide - of_columns(c, "offset", wide)?) * of_columns(c, "scale", wide)?;
    one(Array { var: y.cast(DType::F32), elem: Elem::F32 })
}

/// Numbers in the place of those that stand for a missing one.
fn impute<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.x(0)?;
    if x.elem.is_float() {
        let missing = match c.float_or("replaced_value_float", 0.0)? {
            number if number.is_nan() => x.var.is_nan(),
            number => x.var.equal(number),
        };
        return one(x.like(missing.select(of_columns(c, "imputed_value_floats", x.var)?, x.var)));
    }
    let Some(numbers) = c.ints("imputed_value_int64s")? else {
        return Err(broken("`imputed_value_int64s` is missing"));
    };
    if numbers.len() != 1 && Some(&numbers.len()) != x.shape().last() {
        return Err(broken(format!("{} numbers for rows of {:?}", numbers.len(), x.shape())));
    }
    let absent = c.of_whole(vec![c.int_or("replaced_value_int64", 0)?], &[])?;
    let count = numbers.len();
    let instead = c.of_whole(numbers, &[count])?;
    one(x.like(x.var.equal(absent.var).select(instead.var, x.var)))
}

/// Rows by their greatest number, the sum of their sizes or their length; rows of zeros stay.
fn normalize<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.x(0)?.var.cast(DType::F32);
    let by = match c.text_or("norm", "MAX")? {
        "MAX" => x.max_keepdims(-1),
        "L1" => x.abs().sum_keepdims(-1),
        "L2" => x.square().sum_keepdims(-1).sqrt(),
        other => return Err(unsupported(format!("rows divided by {other}"))),
    };
    one(Array { var: x / by.equal(0).select(by.full_like(1.0), by), elem: Elem::F32 })
}

/// A number for each category, 1 at that of the value.
fn one_hot<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let known = match (c.texts("cats_strings")?, c.ints("cats_int64s")?) {
        (Some(texts), _) if !texts.is_empty() => texts.len(),
        (_, Some(whole)) if !whole.is_empty() => whole.len(),
        _ => return Err(broken("neither `cats_strings` nor `cats_int64s`")),
    };
    let hot = match c.value(0)? {
        Value::Texts(given) => {
            fits(given.texts.len(), known)?;
            let names = c.texts("cats_strings")?.unwrap_or_default();
            if names.is_empty() {
                return Err(broken("texts, where `cats_int64s` has whole numbers"));
            }
            let rows = given.texts.iter();
            let hot = rows.flat_map(|text| names.iter().map(move |name| name == text)).collect();
            let shape = [&given.shape[..], &[names.len()]].concat();
            c.tape.constant(Tensor::from_vec(hot, shape)?)
        }
        _ => {
            let x = c.x(0)?;
            fits(x.var.shape().elements(), known)?;
            let numbers = c.ints("cats_int64s")?.unwrap_or_default();
            if numbers.is_empty() {
                return Err(broken("numbers, where `cats_strings` has texts"));
            }
            let count = numbers.len();
            let categories = c.of_whole(numbers, &[count])?;
            x.var.cast(DType::I64).unsqueeze(-1).equal(categories.var)
        }
    };
    let hot = hot.cast(DType::F32);
    if !c.flag("zeros", true)? && hot.sum(-1).value()?.to_f64_vec().contains(&0.0) {
        return Err(broken("a category that the file does not have").hint(
            "it was written to refuse others (`zeros` is 0), as OneHotEncoder(handle_unknown=\"error\") is",
        ));
    }
    one(Array { var: hot, elem: Elem::F32 })
}

/// Columns of numbers by the names of their classes.
fn zip<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let values = c.x(0)?;
    let names = match (c.texts("classlabels_strings")?, c.ints("classlabels_int64s")?) {
        (Some(texts), _) if !texts.is_empty() => texts.to_vec(),
        (_, Some(whole)) => whole.iter().map(i64::to_string).collect(),
        _ => return Err(broken("neither `classlabels_strings` nor `classlabels_int64s`")),
    };
    let var = matrix(values)?;
    match var.shape()[1] == names.len() {
        true => Ok(vec![Value::Columns(Columns { names, values: Array { var, ..values } })]),
        false => Err(broken(format!("{} names for {} columns", names.len(), var.shape()[1]))),
    }
}
