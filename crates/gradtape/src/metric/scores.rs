//! Scores row by row, and which is the greatest.

use crate::tensor::{DType, Error, Kind, Result, Tensor};

/// Scores `[n, c]` row by row with their labels `[n]`, checked.
pub(super) fn rows(
    name: &str,
    scores: &Tensor,
    labels: &Tensor,
) -> Result<(Vec<f64>, usize, Vec<usize>)> {
    let (s, l) = (scores.shape(), labels.shape());
    let [n, classes] = s[..] else {
        let message = format!("{name}: the scores have shape {s}, not [rows, classes]");
        return Err(Error::new(Kind::Shape, message));
    };
    if labels.dtype() != DType::I64 || l[..] != [n] {
        let message = format!("{name}: scores {s} need labels i64[{n}], not {}{l}", labels.dtype());
        return Err(Error::new(Kind::Shape, message));
    }
    let known = |(row, label): (usize, i64)| {
        usize::try_from(label).ok().filter(|&label| label < classes).ok_or_else(|| {
            let message =
                format!("{name}: row {row} has label {label}, but there are {classes} classes");
            Error::new(Kind::Value, message)
        })
    };
    let labels = labels.to_vec::<i64>()?.into_iter().enumerate().map(known);
    let labels = labels.collect::<Result<Vec<usize>>>()?;
    Ok((scores.checked_f64_vec()?, classes, labels))
}

/// The place of the greatest score, the first of several; a NaN counts as greater than any number.
pub(super) fn greatest(scores: &[f64]) -> usize {
    let mut best = 0;
    for (place, score) in scores.iter().enumerate().skip(1) {
        let nan = score.is_nan() && !scores[best].is_nan();
        if nan || *score > scores[best] {
            best = place;
        }
    }
    best
}
