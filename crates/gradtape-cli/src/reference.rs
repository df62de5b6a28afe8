//! [`Reference`]: rows of the training that stand for all of them, from which explanations begin.

use gradtape::Rng;
use gradtape::data::{Dataset, Preprocessing};
use gradtape::io::Model;
use serde::{Deserialize, Serialize};

use crate::error::{Failure, Outcome};

/// The note of a model file under which they stand, as JSON.
pub(crate) const NOTE: &str = "reference";

/// Rows that were trained on, as the network sees them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Reference {
    rows: Vec<Vec<f32>>,
}

/// How many rows are kept at most, and how many numbers of them; but no fewer than so many rows.
const MOST: usize = 50;
const MOST_NUMBERS: usize = 20_000;
const FEWEST: usize = 8;

/// Of wider rows, such as images, none is kept: single numbers tell little there.
const WIDEST: usize = 5_000;

/// What tells the choice from other uses of a seed.
const CHOICE: u64 = 0x7265_6665;

impl Reference {
    /// Chooses among rows that are prepared. None where there are no rows, and where these are wide.
    pub(crate) fn of(data: &Dataset, seed: u64) -> Outcome<Option<Reference>> {
        let width: usize = data.inputs().shape()[1..].iter().product();
        if data.is_empty() || width == 0 || width > WIDEST {
            return Ok(None);
        }
        let mut chosen = Rng::new(seed).split(CHOICE).permutation(data.len());
        chosen.truncate((MOST_NUMBERS / width).clamp(FEWEST, MOST));
        chosen.sort_unstable();
        let numbers = data.rows(&chosen)?.inputs().to_vec::<f32>()?;
        Ok(Some(Reference { rows: numbers.chunks(width).map(<[f32]>::to_vec).collect() }))
    }

    /// Those of a model; none where it was made without. Fails where they do not fit its preprocessing.
    pub(crate) fn read(model: &Model, preprocessing: &Preprocessing) -> Outcome<Option<Reference>> {
        let Some(text) = model.notes.get(NOTE) else { return Ok(None) };
        let read: Option<Reference> = serde_json::from_str(text).ok();
        let fits = |row: &Vec<f32>| {
            row.len() == preprocessing.width() && row.iter().all(|number| number.is_finite())
        };
        match read.filter(|own| !own.rows.is_empty() && own.rows.iter().all(fits)) {
            Some(read) => Ok(Some(read)),
            None => Err(Failure::failed(
                "the rows of the training in the model file do not fit its columns: the file is damaged, train it anew",
            )),
        }
    }

    /// One row that tells nothing: numbers at their mean, no category.
    pub(crate) fn of_means(width: usize) -> Reference {
        Reference { rows: vec![vec![0.0; width]] }
    }

    pub(crate) fn rows(&self) -> &[Vec<f32>] {
        &self.rows
    }

    /// As a note of a model.
    pub(crate) fn to_note(&self) -> Outcome<(String, String)> {
        Ok((NOTE.to_string(), serde_json::to_string(self).map_err(Failure::failed)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gradtape::Tensor;

    fn data(rows: usize, width: usize) -> Dataset {
        let numbers = (0..rows * width).map(|number| number as f32 / 7.0).collect();
        let inputs = Tensor::from_vec(numbers, [rows, width]).unwrap();
        Dataset::new(inputs, Tensor::from_vec(vec![0i64; rows], rows).unwrap()).unwrap()
    }

    #[test]
    fn few_rows_are_kept_and_read_back() {
        for (rows, width, kept) in [(1000, 3, 50), (7, 3, 7), (1000, 1000, 20), (1000, 4000, 8)] {
            let reference = Reference::of(&data(rows, width), 1).unwrap().unwrap();
            assert_eq!(reference.rows().len(), kept);
            assert_eq!(Reference::of(&data(rows, width), 1).unwrap().unwrap(), reference);
            let (_, note) = reference.to_note().unwrap();
            assert_eq!(serde_json::from_str::<Reference>(&note).unwrap(), reference);
        }
        assert!(Reference::of(&data(0, 3), 1).unwrap().is_none());
        assert!(Reference::of(&data(10, 6000), 1).unwrap().is_none());
        let other = Reference::of(&data(1000, 3), 2).unwrap().unwrap();
        assert_ne!(other, Reference::of(&data(1000, 3), 1).unwrap().unwrap());
    }
}
