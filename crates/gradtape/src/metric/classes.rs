//! Metrics of classes.

use super::{greatest, rows};
use crate::tensor::{Error, Kind, Result, Tensor};

/// The share of rows whose greatest score (logit or probability, `[n, c]`) is that of the label
/// (`[n]`, i64). NaN for no rows.
///
/// ```
/// use gradtape::Tensor;
/// use gradtape::metric::accuracy;
/// let scores = Tensor::from([[2.0f32, 1.0], [0.0, 3.0], [1.0, 0.0]]);
/// assert_eq!(accuracy(&scores, &Tensor::from([0i64, 1, 1]))?, 2.0 / 3.0);
/// # Ok::<(), gradtape::Error>(())
/// ```
pub fn accuracy(scores: &Tensor, labels: &Tensor) -> Result<f64> {
    let (scores, classes, labels) = rows("accuracy", scores, labels)?;
    let right = scores.chunks_exact(classes.max(1)).zip(&labels);
    let right = right.filter(|(row, label)| greatest(row) == **label).count();
    Ok(right as f64 / labels.len() as f64)
}

/// The share of rows whose label is among the `k` greatest scores; of equal scores the first count as
/// greater. NaN for no rows.
///
/// ```
/// use gradtape::Tensor;
/// use gradtape::metric::top_k;
/// let scores = Tensor::from([[3.0, 2.0, 1.0], [1.0, 2.0, 3.0]]);
/// let labels = Tensor::from([1i64, 0]);
/// assert_eq!([1, 2, 3].map(|k| top_k(&scores, &labels, k).unwrap()), [0.0, 0.5, 1.0]);
/// ```
pub fn top_k(scores: &Tensor, labels: &Tensor, k: usize) -> Result<f64> {
    let (scores, classes, labels) = rows("top_k", scores, labels)?;
    let within = |(row, &label): (&[f64], &usize)| {
        let own = row[label];
        let before = |(place, &score): (usize, &f64)| score > own || score == own && place < label;
        !own.is_nan() && row.iter().enumerate().filter(|&each| before(each)).count() < k
    };
    let right = scores.chunks_exact(classes.max(1)).zip(&labels).filter(|&each| within(each));
    Ok(right.count() as f64 / labels.len() as f64)
}

/// The share of elements whose logit is above 0 where the target is above ½, and not above 0 elsewhere.
/// Both have the same number of elements, in the same order. NaN for none.
///
/// ```
/// use gradtape::Tensor;
/// use gradtape::metric::binary_accuracy;
/// let logits = Tensor::from([2.0, -0.5, 0.1, -3.0]);
/// assert_eq!(binary_accuracy(&logits, &Tensor::from([1.0, 0.0, 0.0, 0.0]))?, 0.75);
/// # Ok::<(), gradtape::Error>(())
/// ```
pub fn binary_accuracy(logits: &Tensor, targets: &Tensor) -> Result<f64> {
    if logits.shape() != targets.shape() {
        let (l, t) = (logits.shape(), targets.shape());
        let message = format!("binary_accuracy: logits {l} against targets {t}");
        return Err(Error::new(Kind::Shape, message).hint("give both the same shape"));
    }
    let (logits, targets) = (logits.checked_f64_vec()?, targets.checked_f64_vec()?);
    let right = logits.iter().zip(&targets).filter(|(l, t)| (**l > 0.0) == (**t > 0.5)).count();
    Ok(right as f64 / logits.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::DType;

    fn scores() -> Tensor {
        Tensor::from([[0.1, 0.5, 0.4], [0.3, 0.3, 0.4], [f64::NAN, 0.0, 1.0]])
    }

    #[test]
    fn shares() {
        let labels = Tensor::from([1i64, 1, 2]);
        assert_eq!(accuracy(&scores(), &labels).unwrap(), 1.0 / 3.0);
        let top = |k| top_k(&scores(), &labels, k).unwrap();
        assert_eq!([top(0), top(1), top(2), top(3)], [0.0, 2.0 / 3.0, 2.0 / 3.0, 1.0]);
        let (logits, targets) = (Tensor::from([0.5, -0.5, 0.0]), Tensor::from([1.0f32, 1.0, 0.0]));
        assert_eq!(binary_accuracy(&logits, &targets).unwrap(), 2.0 / 3.0);
        assert!(
            accuracy(&Tensor::zeros([0, 3], DType::F32), &Tensor::zeros(0, DType::I64))
                .unwrap()
                .is_nan()
        );
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let text = accuracy(&scores(), &Tensor::from([0i64, 3, 0])).unwrap_err().to_string();
        assert!(text.contains("row 1 has label 3, but there are 3 classes"), "{text}");
        assert!(top_k(&scores(), &Tensor::from([0i64, -1, 0]), 1).is_err());
        assert!(accuracy(&scores(), &Tensor::from([0i64, 1])).is_err());
        assert!(accuracy(&scores(), &Tensor::from([0.0, 1.0, 1.0])).is_err());
        assert!(accuracy(&Tensor::from([0.0, 1.0]), &Tensor::from([0i64, 1])).is_err());
        assert!(binary_accuracy(&Tensor::from([0.0]), &Tensor::from([[0.0]])).is_err());
    }
}
