//! Losses.

use gradtape::{DType, Var};

use super::Table;
use crate::call::{Call, Outputs, unsupported};
use crate::tensor::broken;
use crate::value::Array;

pub(super) const TABLE: Table =
    &[("NegativeLogLikelihoodLoss", nll), ("SoftmaxCrossEntropyLoss", cross_entropy)];

fn nll<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.x(0)?;
    Ok(vec![x.like(loss(c, x.var)?).into()])
}

fn cross_entropy<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.x(0)?;
    if x.rank() < 2 {
        return Err(broken(format!("scores must be [batch, classes, …], not {:?}", x.shape())));
    }
    let logs = x.var.log_softmax(1);
    Ok(vec![x.like(loss(c, logs)?).into(), x.like(logs).into()])
}

/// The negative logarithm at each label's class, times the class's weight; labels that are ignored count for nothing.
fn loss<'t>(c: &Call<'_, 't>, logs: Var<'t>) -> gradtape::Result<Var<'t>> {
    let labels: Array<'t> = c.x(1)?;
    let shape = logs.shape();
    if shape.rank() < 2 || labels.rank() + 1 != shape.rank() {
        return Err(broken(format!("labels of {:?} for scores of {shape}", labels.shape())));
    }
    let ignored = c.int("ignore_index")?;
    let labels = labels.var.cast(DType::I64);
    let counts = ignored.map(|ignored| labels.not_equal(ignored as f64));
    let safe = counts.map_or(labels, |counts| counts.select(labels, 0));
    let picked = logs.gather(1, safe.unsqueeze(1)).squeeze(1);
    let mut weight = match c.maybe(2)? {
        Some(weight) => weight.var.index_select(0, safe),
        None => picked.full_like(1.0),
    };
    if let Some(counts) = counts {
        weight *= counts.cast(weight.dtype());
    }
    let each = -(picked * weight);
    match c.text_or("reduction", "mean")? {
        "none" => Ok(each),
        "sum" => Ok(each.sum(())),
        "mean" => Ok(each.sum(()) / weight.sum(())),
        other => Err(unsupported(format!("losses reduced by {other:?}"))),
    }
}
