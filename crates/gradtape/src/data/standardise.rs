//! [`Standardise`]: columns with mean 0 and standard deviation 1.

use serde::{Deserialize, Serialize};

use crate::tensor::{DType, Error, Kind, Result, Tensor};

/// Takes the mean from each column and divides by its population standard deviation.
///
/// A column without spread is divided by 1. Fit it on the rows a network learns from, and use it
/// on all.
///
/// ```
/// use gradtape::data::{Standardise, iris};
/// let split = iris().split_modulo(5, 4)?;
/// let standardise = Standardise::fit(split.train.inputs())?;
/// let train = split.train.with_inputs(standardise.apply(split.train.inputs())?)?;
/// let test = split.test.with_inputs(standardise.apply(split.test.inputs())?)?;
/// # assert_eq!((train.len(), test.len()), (120, 30));
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Columns")]
pub struct Standardise {
    mean: Vec<f64>,
    scale: Vec<f64>,
}

/// What is read of a [`Standardise`], before it is looked at.
#[derive(Deserialize)]
struct Columns {
    mean: Vec<f64>,
    scale: Vec<f64>,
}

/// Fails unless every column has a finite mean and a finite scale above 0.
impl TryFrom<Columns> for Standardise {
    type Error = Error;

    fn try_from(Columns { mean, scale }: Columns) -> Result<Standardise> {
        let valid = mean.iter().all(|mean| mean.is_finite())
            && scale.iter().all(|scale| scale.is_finite() && *scale > 0.0);
        if mean.len() != scale.len() || !valid {
            let message = format!("standardise by the means {mean:?} and the scales {scale:?}");
            return Err(Error::new(Kind::Model, message)
                .hint("each column has a finite mean and a finite scale above 0"));
        }
        Ok(Standardise { mean, scale })
    }
}

impl Standardise {
    /// Means and deviations of the columns of rows `[n, …]`, at least one row.
    pub fn fit(rows: &Tensor) -> Result<Standardise> {
        let (count, width) = rows_of(rows)?;
        if count == 0 {
            let message =
                format!("standardise from rows of shape {}: there is no row", rows.shape());
            return Err(Error::new(Kind::Value, message));
        }
        let values = rows.checked_f64_vec()?;
        if let Some(at) = values.iter().position(|value| !value.is_finite()) {
            let (row, column) = (at / width, at % width);
            let message = format!("row {row}, column {column}: {} is not finite", values[at]);
            return Err(Error::new(Kind::Value, message));
        }
        let column = |c: usize| {
            mean_and_scale(values[c..].iter().copied().step_by(width)).ok_or_else(|| {
                Error::new(
                    Kind::Value,
                    format!("column {c}: the spread of its values overflows or vanishes"),
                )
            })
        };
        let (mean, scale) = (0..width).map(column).collect::<Result<Vec<_>>>()?.into_iter().unzip();
        Ok(Standardise { mean, scale })
    }

    /// Means and deviations of the channels of images: rows `[n, …]` of so many channels of pixels, one channel after
    /// another. Each has a place in [`Standardise::mean`]; [`Preprocessing::channels`](super::Preprocessing::channels)
    /// takes them.
    ///
    /// ```
    /// use gradtape::{Tensor, data::Standardise};
    /// let images = Tensor::from([[1.0f32, 3.0, 10.0, 10.0], [5.0, 7.0, 10.0, 10.0]]);
    /// let fitted = Standardise::fit_channels(&images, 2)?;
    /// assert_eq!(fitted.mean(), [4.0, 10.0]);
    /// assert_eq!(fitted.scale(), [5f64.sqrt(), 1.0]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    ///
    /// Fails without a pixel, where the channels are not all as long, and for numbers that are not finite.
    pub fn fit_channels(images: &Tensor, channels: usize) -> Result<Standardise> {
        let (count, width) = rows_of(images)?;
        let wrong = |rule: &str| {
            let message = format!("standardise {channels} channels of {}: {rule}", images.shape());
            Error::new(Kind::Value, message)
        };
        if channels == 0 || !width.is_multiple_of(channels) || count * width == 0 {
            return Err(wrong(
                "each image has as many pixels of every channel, and there are some",
            ));
        }
        let images = images.cast(DType::F32).contiguous();
        let pixels = images.as_slice::<f32>().unwrap_or_default();
        let size = width / channels;
        let channel = |channel: usize| {
            let planes = pixels.chunks(size).skip(channel).step_by(channels);
            mean_and_scale(planes.flatten().map(|&pixel| f64::from(pixel)))
                .ok_or_else(|| wrong("a channel has no finite mean and deviation"))
        };
        let (mean, scale) =
            (0..channels).map(channel).collect::<Result<Vec<_>>>()?.into_iter().unzip();
        Ok(Standardise { mean, scale })
    }

    /// The mean of each column.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// What each column is divided by.
    pub fn scale(&self) -> &[f64] {
        &self.scale
    }

    /// The rows standardised; f64 stays f64, all else becomes f32.
    pub fn apply(&self, rows: &Tensor) -> Result<Tensor> {
        self.map(rows, |value, mean, scale| (value - mean) / scale)
    }

    /// The inverse of [`Standardise::apply`].
    pub fn invert(&self, rows: &Tensor) -> Result<Tensor> {
        self.map(rows, |value, mean, scale| value * scale + mean)
    }

    fn map(&self, rows: &Tensor, f: impl Fn(f64, f64, f64) -> f64) -> Result<Tensor> {
        let (_, width) = rows_of(rows)?;
        if width != self.mean.len() {
            let message = format!(
                "rows of shape {} for a standardisation of {} columns",
                rows.shape(),
                self.mean.len()
            );
            return Err(Error::new(Kind::Shape, message));
        }
        let mut values = rows.checked_f64_vec()?;
        for (at, value) in values.iter_mut().enumerate() {
            let column = at % width;
            *value = f(*value, self.mean[column], self.scale[column]);
        }
        let dtype = if rows.dtype() == DType::F64 { DType::F64 } else { DType::F32 };
        Ok(Tensor::from_vec(values, rows.shape())?.cast(dtype))
    }
}

/// Mean and population standard deviation of the values that are not NaN; 1 instead of a deviation
/// of 0. `None` without values, and when the result is not finite.
pub(super) fn mean_and_scale(values: impl Iterator<Item = f64> + Clone) -> Option<(f64, f64)> {
    let values = values.filter(|value| !value.is_nan());
    let count = values.clone().count() as f64;
    let first = values.clone().next()?;
    // Around a value of the column nothing is lost to a large common offset.
    let mean = first + values.clone().map(|value| (value - first) / count).sum::<f64>();
    let far = values.clone().map(|value| (value - mean).abs()).fold(0.0, f64::max);
    let squares = values.map(|value| ((value - mean) / far).powi(2) / count);
    // Far below one unit in the last place of the mean, what differs is rounding.
    let scale = match far <= 4.0 * f64::EPSILON * mean.abs() {
        true => 1.0,
        false => far * squares.sum::<f64>().sqrt(),
    };
    (mean.is_finite() && scale.is_normal()).then_some((mean, scale))
}

/// The median and a spread by the quartiles of values of which a few are far from all others; `None` where none is,
/// where the quartiles are the same, or where there are too few to tell. The spread of normal values is their deviation.
pub(super) fn middle_of_far(values: impl Iterator<Item = f64> + Clone) -> Option<(f64, f64)> {
    let mut sorted: Vec<f64> = values.clone().filter(|value| !value.is_nan()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let quartile = |share: f64| sorted[((sorted.len() - 1) as f64 * share).round() as usize];
    let [first, .., last] = sorted[..] else { return None };
    if sorted.len() < ENOUGH {
        return None;
    }
    let median = quartile(0.5);
    let spread = (quartile(0.75) - quartile(0.25)) / 1.349;
    let (_, deviation) = mean_and_scale(values)?;
    let far = (last - median).max(median - first) > FAR * spread && deviation > 2.0 * spread;
    (far && spread.is_normal() && spread > 0.0).then_some((median, spread))
}

/// Values of which some can be called few.
const ENOUGH: usize = 10;

/// How many spreads a value is away that is far: of a million normal values none is a fourth of it.
const FAR: f64 = 20.0;

fn rows_of(rows: &Tensor) -> Result<(usize, usize)> {
    match &rows.shape()[..] {
        [] => Err(Error::new(Kind::Shape, "standardise needs rows, but this is a scalar")),
        [count, rest @ ..] => Ok((*count, rest.iter().product())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(values: &[f64]) -> Option<(f64, f64)> {
        mean_and_scale(values.iter().copied())
    }

    #[test]
    fn mean_and_population_deviation() {
        assert_eq!(moments(&[1.0, 3.0, f64::NAN]), Some((2.0, 1.0)));
        assert_eq!(moments(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]), Some((5.0, 2.0)));
        let (mean, scale) = moments(&[1e9, 1e9 + 1.0, 1e9 + 2.0]).unwrap();
        assert_eq!(mean, 1e9 + 1.0);
        assert!((scale - (2.0f64 / 3.0).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn columns_without_spread_are_divided_by_one() {
        assert_eq!(moments(&[0.1; 7]), Some((0.1, 1.0)));
        assert_eq!(moments(&[0.0; 3]), Some((0.0, 1.0)));
        assert_eq!(moments(&[-4.0]), Some((-4.0, 1.0)));
        assert_eq!(moments(&[0.3, 0.1 + 0.2]).unwrap().1, 1.0);
    }

    #[test]
    fn a_few_values_far_from_all_others_have_a_middle() {
        let mut values: Vec<f64> = (0..=100).map(f64::from).collect();
        assert_eq!(middle_of_far(values.iter().copied()), None);
        values[100] = 1e6;
        let (median, spread) = middle_of_far(values.iter().copied()).unwrap();
        assert!(median == 50.0 && (spread - 50.0 / 1.349).abs() < 1e-9);
        values.fill(1.0);
        values[0] = 1e9;
        assert_eq!(middle_of_far(values.iter().copied()), None, "no quartiles to scale by");
        assert_eq!(middle_of_far([f64::NAN, 1.0].into_iter()), None);
        assert_eq!(middle_of_far([0.0, 1.0, f64::MAX, -f64::MAX].into_iter()), None);
    }

    #[test]
    fn extremes() {
        assert_eq!(moments(&[]), None);
        assert_eq!(moments(&[f64::NAN]), None);
        assert_eq!(moments(&[f64::MAX, -f64::MAX]), None);
        assert_eq!(moments(&[0.0, f64::from_bits(1)]), None);
        let (_, scale) = moments(&[1e200, -1e200]).unwrap();
        assert_eq!(scale, 1e200);
        let (mean, scale) = moments(&[1e-200, 3e-200]).unwrap();
        assert!((mean / 2e-200 - 1.0).abs() < 1e-14 && (scale / 1e-200 - 1.0).abs() < 1e-14);
    }

    #[test]
    fn rows_and_back() {
        let values = vec![1.0f64, 5.0, -2.0, 3.0, 5.0, 0.5];
        let rows = Tensor::from_vec(values.clone(), [2, 3]).unwrap();
        let fitted = Standardise::fit(&rows).unwrap();
        assert_eq!(fitted.mean(), [2.0, 5.0, -0.75]);
        assert_eq!(fitted.scale(), [1.0, 1.0, 1.25]);
        let applied = fitted.apply(&rows).unwrap();
        assert_eq!(applied.to_vec::<f64>().unwrap(), [-1.0, 0.0, -1.0, 1.0, 0.0, 1.0]);
        assert_eq!(fitted.invert(&applied).unwrap().to_vec::<f64>().unwrap(), values);
        assert_eq!(fitted.apply(&rows.cast(DType::F32)).unwrap().dtype(), DType::F32);
        let text = fitted.apply(&Tensor::zeros([2, 2], DType::F32)).unwrap_err().to_string();
        assert!(text.contains("[2, 2]") && text.contains("3 columns"), "{text}");
    }

    #[test]
    fn what_was_written_is_read_back_and_checked() {
        let fitted = Standardise::fit(&Tensor::from([[0.1, 5.0], [0.3, 5.0]])).unwrap();
        let text = serde_json::to_string(&fitted).unwrap();
        assert_eq!(serde_json::from_str::<Standardise>(&text).unwrap(), fitted);
        for damaged in [
            r#"{"mean":[1.0,2.0],"scale":[1.0]}"#,
            r#"{"mean":[1.0],"scale":[0.0]}"#,
            r#"{"mean":[1.0],"scale":[-1.0]}"#,
        ] {
            let text = serde_json::from_str::<Standardise>(damaged).unwrap_err().to_string();
            assert!(text.contains("standardise by the means"), "{text}");
        }
    }

    #[test]
    fn rows_that_cannot_be_fitted() {
        let fit = |values: Vec<f64>, shape: [usize; 2]| {
            Standardise::fit(&Tensor::from_vec(values, shape).unwrap()).unwrap_err().to_string()
        };
        assert!(fit(vec![], [0, 2]).contains("no row"));
        assert!(fit(vec![0.0, 1.0, 2.0, f64::NAN], [2, 2]).contains("row 1, column 1: NaN"));
        assert!(Standardise::fit(&Tensor::scalar(1.0f32)).is_err());
        assert!(Standardise::fit(&Tensor::zeros([2, 0], DType::F32)).is_ok());
        let endless = Tensor::zeros([1 << 45, 2], DType::F32);
        assert!(Standardise::fit(&endless).unwrap_err().message().contains("no memory"));
        let fitted = Standardise::fit(&Tensor::zeros([1, 2], DType::F32)).unwrap();
        assert!(fitted.apply(&endless).unwrap_err().message().contains("no memory"));
    }
}
