//! Metrics of numbers.

use crate::tensor::{Error, Kind, Result, Tensor};

/// The mean of `(p - t)²`. NaN for no elements; shapes must be equal.
///
/// ```
/// use gradtape::Tensor;
/// use gradtape::metric::mean_squared_error;
/// assert_eq!(mean_squared_error(&Tensor::from([1.0, 5.0]), &Tensor::from([1.0, 2.0]))?, 4.5);
/// # Ok::<(), gradtape::Error>(())
/// ```
pub fn mean_squared_error(predictions: &Tensor, targets: &Tensor) -> Result<f64> {
    let pairs = pairs("mean_squared_error", predictions, targets)?;
    Ok(mean(pairs.iter().map(|(p, t)| (p - t).powi(2))))
}

/// The mean of `|p - t|`. NaN for no elements; shapes must be equal.
///
/// ```
/// use gradtape::Tensor;
/// use gradtape::metric::mean_absolute_error;
/// assert_eq!(mean_absolute_error(&Tensor::from([1.0, 5.0]), &Tensor::from([1.0, 2.0]))?, 1.5);
/// # Ok::<(), gradtape::Error>(())
/// ```
pub fn mean_absolute_error(predictions: &Tensor, targets: &Tensor) -> Result<f64> {
    let pairs = pairs("mean_absolute_error", predictions, targets)?;
    Ok(mean(pairs.iter().map(|(p, t)| (p - t).abs())))
}

/// The share of the targets' variance that the predictions explain, `1 - Σ (p - t)² / Σ (t - mean t)²`:
/// 1 for perfect ones, 0 for the mean, below 0 for worse. NaN where the targets do not vary.
///
/// ```
/// use gradtape::Tensor;
/// use gradtape::metric::r2;
/// assert_eq!(r2(&Tensor::from([1.0, 2.0, 4.0]), &Tensor::from([1.0, 2.0, 3.0]))?, 0.5);
/// # Ok::<(), gradtape::Error>(())
/// ```
pub fn r2(predictions: &Tensor, targets: &Tensor) -> Result<f64> {
    let pairs = pairs("r2", predictions, targets)?;
    let center = mean(pairs.iter().map(|(_, t)| *t));
    let spread: f64 = pairs.iter().map(|(_, t)| (t - center).powi(2)).sum();
    let rest: f64 = pairs.iter().map(|(p, t)| (p - t).powi(2)).sum();
    Ok(if spread == 0.0 { f64::NAN } else { 1.0 - rest / spread })
}

fn pairs(name: &str, predictions: &Tensor, targets: &Tensor) -> Result<Vec<(f64, f64)>> {
    if predictions.shape() != targets.shape() {
        let (p, t) = (predictions.shape(), targets.shape());
        let message = format!("{name}: predictions {p} against targets {t}");
        return Err(Error::new(Kind::Shape, message).hint("reshape one to the shape of the other"));
    }
    Ok(predictions.checked_f64_vec()?.into_iter().zip(targets.checked_f64_vec()?).collect())
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_and_explained_variance() {
        let (p, t) = (Tensor::from([[1.0], [4.0]]), Tensor::from([[2.0], [6.0]]));
        assert_eq!(mean_squared_error(&p, &t).unwrap(), 2.5);
        assert_eq!(mean_absolute_error(&p, &t).unwrap(), 1.5);
        assert_eq!(r2(&p, &t).unwrap(), 1.0 - 5.0 / 8.0);
        assert!(r2(&p, &Tensor::from([[3.0], [3.0]])).unwrap().is_nan());
        let flat = Tensor::from([2.0, 6.0]);
        for metric in [mean_squared_error, mean_absolute_error, r2] {
            let text = metric(&p, &flat).unwrap_err().to_string();
            assert!(text.contains("[2, 1]") && text.contains("[2]"), "{text}");
            let endless = p.index(0, 0).unwrap().broadcast_to([1 << 50]).unwrap();
            let text = metric(&endless, &endless).unwrap_err().to_string();
            assert!(text.contains("no memory"), "{text}");
        }
    }
}
