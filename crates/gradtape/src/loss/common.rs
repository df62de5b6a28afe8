//! What losses have in common: reductions, and errors of what does not fit.

use crate::op::rules::cast_hint;
use crate::tape::{Var, mixed_tapes};
use crate::tensor::{Error, Kind};

/// What becomes of the losses of the elements (or rows).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reduction {
    /// Their mean.
    #[default]
    Mean,
    /// Their sum.
    Sum,
    /// Their sum divided by the size of the first axis.
    BatchMean,
    /// They are kept as they are.
    None,
}

impl Reduction {
    #[track_caller]
    pub(super) fn of(self, losses: Var<'_>) -> Var<'_> {
        match self {
            Reduction::Mean => losses.mean(()),
            Reduction::Sum => losses.sum(()),
            Reduction::BatchMean => {
                let rows = losses.shape().first().copied().unwrap_or(1);
                losses.sum(()) / rows as f64
            }
            Reduction::None => losses,
        }
    }
}

/// The error, in the place of the loss, of a prediction and a target on different tapes or of different
/// shapes or types.
#[track_caller]
pub(super) fn misfit<'t>(name: &str, prediction: Var<'t>, target: Var<'t>) -> Option<Var<'t>> {
    if prediction.tape().id() != target.tape().id() {
        return Some(prediction.failed(mixed_tapes(name), &[]));
    }
    let (p, t) = (prediction.meta(), target.meta());
    let failed = prediction.id().is_failed() || target.id().is_failed();
    if failed || p == t && p.dtype.is_float() {
        return None;
    }
    let error =
        Error::new(Kind::Shape, format!("{name}: the prediction is {p}, but the target is {t}"));
    let hint = if p.dtype != t.dtype && p.dtype.is_float() && t.dtype.is_float() {
        cast_hint(p.dtype, t.dtype).to_string()
    } else if p.dtype != t.dtype || !p.dtype.is_float() {
        "cast() both to the same floating-point type".to_string()
    } else if p.shape.elements() == t.shape.elements() {
        format!("reshape one of them, such as the target to {}", p.shape)
    } else {
        "a loss compares element by element and does not broadcast".to_string()
    };
    Some(prediction.failed(error.hint(hint), &[prediction, target]))
}

/// `share * x`, where a share of 0 of something infinite is nothing.
#[track_caller]
pub(super) fn share<'t>(share: Var<'t>, x: Var<'t>) -> Var<'t> {
    let idle = share.equal(0.0).select(x, 0.0).abs().equal(f64::INFINITY);
    share * idle.select(0.0, x)
}

/// What numbers may be, in words, with the hint for those that are not.
pub(super) struct Range {
    pub(super) holds: fn(f64) -> bool,
    pub(super) words: &'static str,
    pub(super) hint: &'static str,
}

impl Range {
    pub(super) fn has(&self, x: f64) -> bool {
        (self.holds)(x)
    }
}

pub(super) const PROBABILITY: Range = Range {
    holds: |p| (0.0..=1.0).contains(&p),
    words: "in [0, 1]",
    hint: "give probabilities: a sigmoid makes them of logits",
};

pub(super) const SHARE: Range = Range {
    holds: |share| share >= 0.0,
    words: "at least 0",
    hint: "the target gives the share of each class, not a score or a logarithm",
};

pub(super) const FACTOR: Range = Range {
    holds: f64::is_finite,
    words: "a finite number",
    hint: "a class that counts twice has factor 2, one that does not count 0",
};

/// The error, in the place of the loss, of a setting that is not `fine`, which in words it must be.
#[track_caller]
pub(super) fn off<'t>(
    name: &str,
    x: Var<'t>,
    (setting, value): (&str, f64),
    fine: bool,
    words: &str,
) -> Option<Var<'t>> {
    if fine || x.id().is_failed() {
        return None;
    }
    let error = Error::new(Kind::Value, format!("{name}: {setting} is {value}"));
    Some(x.failed(error.hint(format!("it must be {words}")), &[x]))
}

/// The error, in the place of the loss, of a constant or watched tensor with a number out of range. Of what
/// is computed, or given to a compiled step, the numbers are not known yet.
#[track_caller]
pub(super) fn out_of_range<'t>(
    name: &str,
    what: &str,
    x: Var<'t>,
    range: &Range,
) -> Option<Var<'t>> {
    let wrong = {
        let tensor = x.known()?;
        // All at once, which is done in vectors; which one it is matters only then.
        fn first<T: Copy + Into<f64>>(x: &[T], holds: fn(f64) -> bool) -> Option<(usize, f64)> {
            let fine = x.iter().fold(true, |fine, &x| fine & holds(x.into()));
            if fine {
                return None;
            }
            x.iter().map(|&x| x.into()).enumerate().find(|&(_, x)| !holds(x))
        }
        if let Some(x) = tensor.as_slice::<f32>() {
            first(x, range.holds)
        } else if let Some(x) = tensor.as_slice::<f64>() {
            first(x, range.holds)
        } else {
            // Without memory for them the run tells so.
            tensor.checked_f64_vec().ok().and_then(|x| first(&x, range.holds))
        }
    };
    let (place, value) = wrong?;
    let words = range.words;
    let message = format!("{name}: element {place} of the {what} is {value}, but must be {words}");
    Some(x.failed(Error::new(Kind::Value, message).hint(range.hint), &[x]))
}
