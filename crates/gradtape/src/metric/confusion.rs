//! [`ConfusionMatrix`].

use std::fmt;

use super::{greatest, rows};
use crate::tensor::{Error, Kind, Result, Tensor, allocate};

/// How often each class was taken for each other: row = the label, column = the prediction.
///
/// ```
/// use gradtape::Tensor;
/// use gradtape::metric::ConfusionMatrix;
/// let scores = Tensor::from([[2.0f32, 1.0], [0.0, 3.0], [1.0, 0.0]]);
/// let matrix = ConfusionMatrix::new(&scores, &Tensor::from([0i64, 1, 1]))?.with_names(["no", "yes"])?;
/// assert_eq!(matrix.recall(1), Some(0.5));
/// assert_eq!(matrix.to_string(), "     no yes\n no   1   0\nyes   1   1");
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfusionMatrix {
    names: Vec<String>,
    counts: Vec<Vec<usize>>,
}

impl ConfusionMatrix {
    /// The matrix of scores `[n, c]`, whose greatest is the prediction, and labels `[n]` in i64.
    pub fn new(scores: &Tensor, labels: &Tensor) -> Result<ConfusionMatrix> {
        let (scores, classes, labels) = rows("confusion matrix", scores, labels)?;
        allocate::<usize>(&[classes, classes].into())
            .map_err(|error| error.context("confusion matrix"))?;
        let mut counts = vec![vec![0; classes]; classes];
        for (row, label) in scores.chunks_exact(classes.max(1)).zip(labels) {
            counts[label][greatest(row)] += 1;
        }
        let names = (0..classes).map(|class| class.to_string()).collect();
        Ok(ConfusionMatrix { names, counts })
    }

    /// Names the classes, which are otherwise numbered.
    pub fn with_names<S: Into<String>>(
        self,
        names: impl IntoIterator<Item = S>,
    ) -> Result<ConfusionMatrix> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        if names.len() != self.counts.len() {
            let message = format!("{} names for {} classes", names.len(), self.counts.len());
            return Err(Error::new(Kind::Value, message));
        }
        Ok(ConfusionMatrix { names, ..self })
    }

    /// `counts()[label][prediction]`.
    pub fn counts(&self) -> &[Vec<usize>] {
        &self.counts
    }

    /// The share of all rows on the diagonal; NaN for no rows.
    pub fn accuracy(&self) -> f64 {
        let total: usize = self.counts.iter().flatten().sum();
        let right: usize = (0..self.counts.len()).map(|class| self.counts[class][class]).sum();
        right as f64 / total as f64
    }

    /// Of the rows taken for a class, the share that is of it; `None` where there is none.
    pub fn precision(&self, class: usize) -> Option<f64> {
        let taken = self.counts.iter().map(|row| row.get(class)).sum::<Option<usize>>()?;
        ratio(*self.counts.get(class)?.get(class)?, taken)
    }

    /// Of the rows of a class, the share that was taken for it; `None` where there is none.
    pub fn recall(&self, class: usize) -> Option<f64> {
        let row = self.counts.get(class)?;
        ratio(row[class], row.iter().sum())
    }

    /// The harmonic mean of precision and recall; `None` where the class does not occur at all.
    pub fn f1(&self, class: usize) -> Option<f64> {
        let row = self.counts.get(class)?;
        let taken: usize = self.counts.iter().map(|row| row[class]).sum();
        ratio(2 * row[class], taken + row.iter().sum::<usize>())
    }
}

fn ratio(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// A table with a row for each label and a column for each prediction.
impl fmt::Display for ConfusionMatrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.counts.iter().flatten().max().map_or(1, |n| n.to_string().len());
        let name = self.names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        let width = name.max(digits);
        write!(f, "{:name$}", "")?;
        for column in &self.names {
            write!(f, " {column:>width$}")?;
        }
        for (row, counts) in self.names.iter().zip(&self.counts) {
            write!(f, "\n{row:>name$}")?;
            for count in counts {
                write!(f, " {count:>width$}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::DType;

    #[test]
    fn shares_of_classes() {
        let scores =
            Tensor::from([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]);
        let matrix = ConfusionMatrix::new(&scores, &Tensor::from([0i64, 0, 0, 1])).unwrap();
        assert_eq!(matrix.counts(), [[2, 1, 0], [1, 0, 0], [0, 0, 0]]);
        assert_eq!(matrix.accuracy(), 0.5);
        assert_eq!(
            [0, 1, 2, 3].map(|c| matrix.precision(c)),
            [Some(2.0 / 3.0), Some(0.0), None, None]
        );
        assert_eq!(
            [0, 1, 2, 3].map(|c| matrix.recall(c)),
            [Some(2.0 / 3.0), Some(0.0), None, None]
        );
        assert_eq!([0, 1, 2, 3].map(|c| matrix.f1(c)), [Some(2.0 / 3.0), Some(0.0), None, None]);
        assert!(matrix.with_names(["a", "b"]).is_err());
        assert!(ConfusionMatrix::new(&scores, &Tensor::from([0i64, 0, 0, 3])).is_err());
    }

    #[test]
    fn more_classes_than_memory_can_hold_are_an_error() {
        for classes in [1 << 24, 1 << 50] {
            let scores = Tensor::zeros([0, classes], DType::F32);
            let text = ConfusionMatrix::new(&scores, &Tensor::zeros(0, DType::I64));
            let text = text.unwrap_err().to_string();
            assert!(text.starts_with("confusion matrix: "), "{text}");
        }
    }
}
