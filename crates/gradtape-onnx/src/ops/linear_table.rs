//! Linear models of tables (`ai.onnx.ml`).

use gradtape::{DType, Result, Tensor, Var};

use super::Table;
use super::score::{Classes, Pair, classified, transformed};
use super::table::rows;
use crate::call::{Call, one};
use crate::elem::Elem;
use crate::tensor::broken;
use crate::value::Array;

pub(super) const TABLE: Table = &[
    ("LinearClassifier", |c| {
        let classes = Classes::of(c, "classlabels_ints")?;
        classified(c, &classes, scores(c, None)?, &Pair { above: 0.0, shares: true })
    }),
    ("LinearRegressor", |c| {
        let targets = usize::try_from(c.int_or("targets", 1)?).ok();
        let scores = scores(c, targets)?;
        one(Array { var: transformed(c, scores)?, elem: Elem::F32 })
    }),
];

/// `x · coefficientsᵀ + intercepts`, `[rows, scores]`.
fn scores<'t>(c: &Call<'_, 't>, count: Option<usize>) -> Result<Var<'t>> {
    let x = rows(c)?.cast(DType::F32);
    let width = x.shape()[1];
    let Some(weights) = c.floats("coefficients")? else {
        return Err(broken("`coefficients` are missing"));
    };
    let count = count.unwrap_or(weights.len() / width.max(1));
    if count == 0 || weights.len() != count * width {
        return Err(broken(format!(
            "{} coefficients for {count} scores of {width} columns",
            weights.len()
        )));
    }
    let constant = |numbers: Vec<f64>, shape: &[usize]| -> Result<Var<'t>> {
        Ok(c.tape.constant(Tensor::from_vec(numbers, shape)?.cast(DType::F32)))
    };
    let product = x.matmul(constant(weights, &[count, width])?.t());
    match c.floats("intercepts")? {
        None => Ok(product),
        Some(all) if all.len() == count => Ok(product + constant(all, &[count])?),
        Some(all) => Err(broken(format!("{} intercepts for {count} scores", all.len()))),
    }
}
