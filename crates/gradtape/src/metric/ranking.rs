//! Metrics of scores and probabilities, whatever the threshold.

use super::rows;
use crate::tensor::{Error, Kind, Result, Tensor};

/// The area under the ROC curve: the share of pairs of a positive and a negative whose scores are in the right order,
/// equal scores counted half. 0.5 for scores that tell nothing; NaN without both kinds.
///
/// Fails unless there is a score for each.
///
/// ```
/// use gradtape::metric::roc_auc;
/// assert_eq!(roc_auc(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true])?, 0.75);
/// # Ok::<(), gradtape::Error>(())
/// ```
pub fn roc_auc(scores: &[f64], positive: &[bool]) -> Result<f64> {
    let (mut below, mut pairs, mut positives) = (0.0, 0.0, 0.0);
    for (yes, no) in steps("roc_auc", scores, positive)?.into_iter().rev() {
        pairs += yes * (below + no / 2.0);
        below += no;
        positives += yes;
    }
    Ok(pairs / (positives * below))
}

/// The area under the precision-recall curve as a sum of steps: the mean over the positives of the precision at the
/// score of each. The share of positives for scores that tell nothing; NaN without a positive.
///
/// Fails unless there is a score for each.
///
/// ```
/// use gradtape::metric::average_precision;
/// let area = average_precision(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true])?;
/// assert!((area - 5.0 / 6.0).abs() < 1e-12);
/// # Ok::<(), gradtape::Error>(())
/// ```
pub fn average_precision(scores: &[f64], positive: &[bool]) -> Result<f64> {
    let (mut found, mut taken, mut sum) = (0.0, 0.0, 0.0);
    for (yes, no) in steps("average_precision", scores, positive)? {
        found += yes;
        taken += yes + no;
        sum += yes * found / taken;
    }
    Ok(sum / found)
}

/// The expected calibration error of probabilities `[n, classes]` and labels `[n]`: how far the probability of the
/// predicted class is from the share of right predictions, in 15 bins of that probability, weighed by their rows
/// (Guo et al. 2017). NaN for no rows.
///
/// ```
/// use gradtape::{Tensor, metric::calibration_error};
/// let sure = Tensor::from([[0.75, 0.25], [0.75, 0.25], [0.75, 0.25], [0.75, 0.25]]);
/// assert_eq!(calibration_error(&sure, &Tensor::from([0i64, 0, 0, 1]))?, 0.0);
/// assert_eq!(calibration_error(&sure, &Tensor::from([1i64, 0, 0, 1]))?, 0.25);
/// # Ok::<(), gradtape::Error>(())
/// ```
pub fn calibration_error(probabilities: &Tensor, labels: &Tensor) -> Result<f64> {
    const BINS: usize = 15;
    let (probabilities, classes, labels) = rows("calibration error", probabilities, labels)?;
    let mut bins = [(0.0, 0.0); BINS];
    for (row, label) in probabilities.chunks_exact(classes.max(1)).zip(&labels) {
        let best = super::greatest(row);
        let bin = &mut bins[((row[best] * BINS as f64).ceil() as usize).clamp(1, BINS) - 1];
        bin.0 += row[best];
        bin.1 += f64::from(u8::from(best == *label));
    }
    Ok(bins.iter().map(|(said, right)| (said - right).abs()).sum::<f64>() / labels.len() as f64)
}

/// For each score from the greatest down, how many positives and how many negatives have it.
fn steps(name: &str, scores: &[f64], positive: &[bool]) -> Result<Vec<(f64, f64)>> {
    if scores.len() != positive.len() {
        let message = format!("{name}: {} scores for {} labels", scores.len(), positive.len());
        return Err(Error::new(Kind::Shape, message));
    }
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    let count = |rows: &[usize]| {
        let yes = rows.iter().filter(|&&row| positive[row]).count();
        (yes as f64, (rows.len() - yes) as f64)
    };
    Ok(order.chunk_by(|&a, &b| scores[a] == scores[b]).map(count).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_of_ties_and_of_one_kind() {
        let positive = [true, false, true, false];
        assert_eq!(roc_auc(&[1.0; 4], &positive).unwrap(), 0.5);
        assert_eq!(average_precision(&[1.0; 4], &positive).unwrap(), 0.5);
        assert_eq!(roc_auc(&[4.0, 1.0, 3.0, 2.0], &positive).unwrap(), 1.0);
        assert_eq!(roc_auc(&[1.0, 4.0, 2.0, 3.0], &positive).unwrap(), 0.0);
        assert!(roc_auc(&[1.0], &[true]).unwrap().is_nan());
        assert!(average_precision(&[1.0], &[false]).unwrap().is_nan());
        assert!(roc_auc(&[1.0], &positive).is_err());
    }
}
