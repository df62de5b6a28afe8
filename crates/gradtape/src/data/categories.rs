//! [`Categories`]: names for numbers, and one-hot rows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::tensor::{Error, Kind, Result, Tensor, nearest};

/// Distinct names, numbered from 0: an encoder of labels and of one-hot rows, and its inverse.
///
/// ```
/// use gradtape::data::Categories;
/// let colours = Categories::of(["red", "green", "red", "blue"]);
/// assert_eq!(colours.names(), ["blue", "green", "red"]);
///
/// let labels = colours.encode(["red", "blue"])?;
/// assert_eq!(labels.to_vec::<i64>()?, [2, 0]);
/// let rows = colours.one_hot(&labels)?;
/// assert_eq!(rows.to_vec::<f32>()?, [0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
/// assert_eq!(colours.decode(&colours.from_one_hot(&rows)?)?, ["red", "blue"]);
///
/// let error = colours.encode(["red", "blues"]).unwrap_err().to_string();
/// assert!(error.contains(r#"row 1: "blues" is unknown"#));
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Categories {
    names: Vec<String>,
}

impl Categories {
    /// The names in the order given. Fails when one comes twice.
    pub fn new<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Result<Categories> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        let mut seen = BTreeMap::new();
        for (number, name) in names.iter().enumerate() {
            if let Some(first) = seen.insert(name, number) {
                let message = format!("categories {first} and {number} are both named {name:?}");
                return Err(Error::new(Kind::Value, message));
            }
        }
        Ok(Categories { names })
    }

    /// The distinct names among some, sorted.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Categories {
        let distinct: BTreeMap<&str, ()> = names.into_iter().map(|name| (name, ())).collect();
        Categories { names: distinct.into_keys().map(String::from).collect() }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The names by number.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The numbers of names: i64 of shape `[n]`. Fails at the first unknown name.
    pub fn encode<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Result<Tensor> {
        let numbers = self.numbers();
        let number = |(row, name): (usize, &str)| match numbers.get(name) {
            Some(&number) => Ok(number as i64),
            None => Err(self.unknown(format_args!("row {row}"), name)),
        };
        let labels: Vec<i64> = names.into_iter().enumerate().map(number).collect::<Result<_>>()?;
        let rows = labels.len();
        Tensor::from_vec(labels, rows)
    }

    /// The names of numbers, the inverse of [`Categories::encode`]. Fails where there is no name.
    pub fn decode(&self, labels: &Tensor) -> Result<Vec<&str>> {
        let name = |(row, label): (usize, i64)| Ok(&*self.names[self.check(row, label)?]);
        labels.to_vec::<i64>()?.into_iter().enumerate().map(name).collect()
    }

    /// Rows with a 1 in the column of the label and 0 elsewhere: f32 of shape `[n, len]`.
    pub fn one_hot(&self, labels: &Tensor) -> Result<Tensor> {
        let labels = labels.to_vec::<i64>()?;
        let mut rows = vec![0f32; labels.len() * self.len()];
        for (row, &label) in labels.iter().enumerate() {
            rows[row * self.len() + self.check(row, label)?] = 1.0;
        }
        Tensor::from_vec(rows, [labels.len(), self.len()])
    }

    /// The column of the 1 in each row, the inverse of [`Categories::one_hot`]: i64 of shape `[n]`.
    ///
    /// Fails for rows that are not one-hot; for scores or probabilities take the argmax instead.
    pub fn from_one_hot(&self, rows: &Tensor) -> Result<Tensor> {
        let shape = rows.shape();
        if shape.rank() != 2 || shape[1] != self.len() {
            let message = format!("one-hot rows of shape {shape} for {} categories", self.len());
            return Err(Error::new(Kind::Shape, message));
        }
        let values = rows.checked_f64_vec()?;
        let mut labels = Vec::with_capacity(shape[0]);
        for row in 0..shape[0] {
            let values = &values[row * self.len()..][..self.len()];
            let one = values.iter().position(|&value| value == 1.0);
            let zeros = values.iter().filter(|&&value| value == 0.0).count();
            match one {
                Some(label) if zeros + 1 == self.len() => labels.push(label as i64),
                _ => {
                    let message = format!("row {row} is not one-hot: {values:?}");
                    return Err(Error::new(Kind::Value, message));
                }
            }
        }
        Tensor::from_vec(labels, shape[0])
    }

    pub(super) fn numbers(&self) -> BTreeMap<&str, usize> {
        self.names.iter().enumerate().map(|(number, name)| (&**name, number)).collect()
    }

    pub(super) fn unknown(&self, place: impl std::fmt::Display, name: &str) -> Error {
        let error = Error::new(Kind::Data, format!("{place}: {name:?} is unknown"));
        let shown: Vec<_> = self.names.iter().take(12).map(|name| format!("{name:?}")).collect();
        let more = if self.len() > shown.len() { ", …" } else { "" };
        let error = error.note(format!("known: {}{more}", shown.join(", ")));
        match nearest(name, self.names.iter().map(String::as_str)) {
            Some(nearest) => error.hint(format!("did you mean {nearest:?}?")),
            None => error,
        }
    }

    fn check(&self, row: usize, label: i64) -> Result<usize> {
        usize::try_from(label).ok().filter(|&label| label < self.len()).ok_or_else(|| {
            let message =
                format!("row {row}: label {label} is out of range for {} categories", self.len());
            Error::new(Kind::Value, message)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::DType;

    #[test]
    fn names_and_numbers_are_inverse() {
        let words = Categories::new(["b", "a", "c"]).unwrap();
        let names = ["c", "c", "b", "a"];
        let labels = words.encode(names).unwrap();
        assert_eq!(labels.to_vec::<i64>().unwrap(), [2, 2, 0, 1]);
        assert_eq!(words.decode(&labels).unwrap(), names);
        let rows = words.one_hot(&labels).unwrap();
        assert_eq!(rows.shape()[..], [4, 3]);
        let back = words.from_one_hot(&rows.cast(DType::Bool)).unwrap();
        assert_eq!(back.to_vec::<i64>().unwrap(), labels.to_vec::<i64>().unwrap());
        assert_eq!(words.encode([]).unwrap().shape()[..], [0]);
    }

    #[test]
    fn what_has_no_name_or_number_is_an_error() {
        let words = Categories::of(["apple", "pear"]);
        let text = words.encode(["apple", "pears"]).unwrap_err().to_string();
        assert!(text.contains("row 1: \"pears\" is unknown"), "{text}");
        assert!(text.contains("did you mean \"pear\"?"), "{text}");
        for label in [2, -1] {
            let labels = Tensor::from_vec(vec![0, label], 2).unwrap();
            let text = words.decode(&labels).unwrap_err().to_string();
            assert!(text.contains(&format!("row 1: label {label} is out of range")), "{text}");
            assert!(words.one_hot(&labels).is_err());
        }
        assert!(words.decode(&Tensor::scalar(1.0f32)).is_err());
        for row in [[0.5, 0.5], [1.0, 1.0], [0.0, 0.0], [f64::NAN, 1.0]] {
            let rows = Tensor::from_vec(row.to_vec(), [1, 2]).unwrap();
            assert!(words.from_one_hot(&rows).unwrap_err().to_string().contains("row 0"));
        }
        assert!(words.from_one_hot(&Tensor::zeros([1, 3], DType::F32)).is_err());
        let text = Categories::new(["a", "b", "a"]).unwrap_err().to_string();
        assert!(text.contains("categories 0 and 2"), "{text}");
    }
}
