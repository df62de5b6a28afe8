//! [`Dataset`]: inputs and targets in memory, row by row.

use std::fmt;

use super::rows::{Fractions, Rows};
use super::{Batches, Split};
use crate::tensor::{DType, Error, Kind, Result, Tensor, fingerprint};

/// Inputs and the targets that belong to them, one row per example.
///
/// Inputs have shape `[n, …]`. Targets are class numbers (i64, shape `[n]`, counted from 0; of sequences one for each
/// place, `[n, length]`) or numbers to predict (floating-point, shape `[n, k]`). Names of features and classes are optional.
/// Cloning copies no numbers.
///
/// ```
/// use gradtape::{Tensor, data::{Batch, Dataset}};
/// let inputs = Tensor::from_vec((0..20).map(|i| i as f32).collect(), [10, 2])?;
/// let targets = Tensor::from_vec((0..10i64).map(|i| i % 2).collect(), 10)?;
/// let data = Dataset::new(inputs, targets)?.with_classes(["even", "odd"])?;
///
/// let split = data.split(0.0, 0.2, 42)?;
/// assert_eq!((split.train.len(), split.test.len()), (8, 2));
///
/// let mut batches = split.train.batches(3)?.shuffled(42);
/// for epoch in 0..2 {
///     let sizes: Vec<usize> = batches.epoch(epoch).map(|Batch { x, .. }| x.shape()[0]).collect();
///     assert_eq!(sizes, [3, 3, 2]);
/// }
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone)]
pub struct Dataset {
    inputs: Tensor,
    targets: Tensor,
    /// How much each row counts, f32 `[n]`; all the same if `None`.
    weights: Option<Tensor>,
    features: Vec<String>,
    classes: Vec<String>,
    /// What the rows are windows of, if shuffled batches slide along it: inputs and targets, `[places]`.
    sequence: Option<[Tensor; 2]>,
}

impl Dataset {
    /// Pairs inputs with targets.
    ///
    /// Fails when the numbers of rows differ, when the targets are neither i64 of shape `[n]` or `[n, length]` nor
    /// floats of shape `[n, k]`, when a class number is negative, and for views of more elements than
    /// memory can hold.
    pub fn new(inputs: Tensor, targets: Tensor) -> Result<Dataset> {
        let (x, y) = (inputs.shape(), targets.shape());
        if x.rank() == 0 || y.rank() == 0 || x[0] != y[0] {
            let message = format!("a dataset of inputs {x} and targets {y}: the rows differ");
            return Err(Error::new(Kind::Shape, message).hint("both need one row per example"));
        }
        let (inputs, targets) = (inputs.contiguous(), targets.contiguous());
        for (name, tensor) in [("inputs", &inputs), ("targets", &targets)] {
            tensor.shape().checked_elements().map_err(|error| error.context(name))?;
            if !tensor.is_contiguous() {
                let message = format!("{name} of shape {}: no memory for a copy", tensor.shape());
                return Err(Error::new(Kind::Shape, message));
            }
        }
        let (y, dtype) = (targets.shape(), targets.dtype());
        match (dtype, y.rank()) {
            (DType::I64, 1) => {}
            (DType::I64, 2) if x.rank() >= 2 && x[1] == y[1] && inputs.dtype() == DType::I64 => {}
            (_, 2) if dtype.is_float() => {}
            (_, 1) if dtype.is_float() => {
                let message = format!("targets of type {dtype} have shape {y}, not [n, k]");
                let hint = format!("reshape them to [{}, 1]", y[0]);
                return Err(Error::new(Kind::Shape, message).hint(hint));
            }
            _ => {
                let message = format!("targets of type {dtype} and shape {y}");
                let hint = "class numbers are i64 of shape [n], of sequences of numbers [n, length]; numbers to predict \
                            are floating-point of [n, k]";
                return Err(Error::new(Kind::Shape, message).hint(hint));
            }
        }
        let (features, classes) = (Vec::new(), Vec::new());
        let data = Dataset { inputs, targets, weights: None, features, classes, sequence: None };
        if let Some((row, label)) = first(data.labels(), |label| label < 0) {
            let message = format!("row {row}: {label} is no class number");
            return Err(Error::new(Kind::Value, message).hint("classes are counted from 0"));
        }
        Ok(data)
    }

    /// Names the features: as many as one row of the inputs has elements.
    pub fn with_features<S: Into<String>>(
        mut self,
        names: impl IntoIterator<Item = S>,
    ) -> Result<Dataset> {
        self.features = names.into_iter().map(Into::into).collect();
        let width: usize = self.inputs.shape()[1..].iter().product();
        if self.features.len() != width {
            let given = self.features.len();
            let message = format!("{given} feature names for rows of {width} elements");
            return Err(Error::new(Kind::Shape, message));
        }
        Ok(self)
    }

    /// Names the classes, from number 0 on. Fails when a label of the targets has no name, and for
    /// targets that are not class numbers.
    pub fn with_classes<S: Into<String>>(
        mut self,
        names: impl IntoIterator<Item = S>,
    ) -> Result<Dataset> {
        self.classes = names.into_iter().map(Into::into).collect();
        let count = self.classes.len();
        if self.labels().is_none() {
            let message = format!("class names for targets of type {}", self.targets.dtype());
            return Err(Error::new(Kind::Value, message).hint("only i64 targets have classes"));
        }
        if let Some((row, label)) = first(self.labels(), |label| label >= count as i64) {
            let message = format!("row {row}: label {label} is out of range for {count} classes");
            return Err(Error::new(Kind::Value, message));
        }
        Ok(self)
    }

    /// Has rows count more or less in the loss of a training: that of a batch is the sum of each row's loss times its
    /// weight, by the number of rows, so that weights about 1 leave a learning rate what it is. The losses that are
    /// reported are means weighed so; accuracies and errors count each row alike.
    ///
    /// ```
    /// use gradtape::data::iris;
    /// let data = iris().with_weights((0..150).map(|row| if row < 50 { 2.0 } else { 0.5 }).collect())?;
    /// assert_eq!(data.rows(&[49, 50])?.weights().unwrap().to_vec::<f32>()?, [2.0, 0.5]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    ///
    /// Fails unless there is one for each row, finite and at least 0, and one of them above 0.
    pub fn with_weights(self, weights: Vec<f32>) -> Result<Dataset> {
        if weights.len() != self.len() {
            let message = format!("{} weights for {} rows", weights.len(), self.len());
            return Err(Error::new(Kind::Shape, message).hint("give one for each row"));
        }
        let wrong = |weight: &&f32| !weight.is_finite() || **weight < 0.0;
        if let Some(row) = weights.iter().position(|weight| wrong(&weight)) {
            let message = format!("row {row}: {} is no weight", weights[row]);
            return Err(Error::new(Kind::Value, message).hint("weights are finite and at least 0"));
        }
        if !weights.is_empty() && weights.iter().all(|weight| *weight == 0.0) {
            return Err(Error::new(Kind::Value, "all weights are 0").hint("no row would count"));
        }
        let count = weights.len();
        Ok(Dataset { weights: Some(Tensor::from_vec(weights, count)?), ..self })
    }

    /// Lets shuffled batches slide along the sequence whose windows, side by side, are the rows.
    pub(super) fn sliding_over(self, sequence: [Tensor; 2]) -> Dataset {
        Dataset { sequence: Some(sequence), ..self }
    }

    pub(super) fn sequence(&self) -> Option<&[Tensor; 2]> {
        self.sequence.as_ref()
    }

    /// The inputs, `[n, …]`.
    pub fn inputs(&self) -> &Tensor {
        &self.inputs
    }

    /// The targets: class numbers `[n]`, of sequences `[n, length]`, or numbers `[n, k]`.
    pub fn targets(&self) -> &Tensor {
        &self.targets
    }

    /// How much each row counts, f32 `[n]`, if not all the same.
    pub fn weights(&self) -> Option<&Tensor> {
        self.weights.as_ref()
    }

    /// The number of examples.
    pub fn len(&self) -> usize {
        self.inputs.shape()[0]
    }

    /// A number that tells whether data is the same as other data: a hash of shapes, inputs, targets and weights,
    /// whatever their names (FNV-1a over words).
    ///
    /// ```
    /// use gradtape::data::moons;
    /// assert_eq!(moons(10, 0.1, 7)?.fingerprint(), moons(10, 0.1, 7)?.fingerprint());
    /// assert_ne!(moons(10, 0.1, 7)?.fingerprint(), moons(10, 0.1, 8)?.fingerprint());
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn fingerprint(&self) -> u64 {
        fingerprint([&self.inputs, &self.targets].into_iter().chain(&self.weights))
    }

    /// Whether there is no example.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The names of the features; none if they were not given.
    pub fn features(&self) -> &[String] {
        &self.features
    }

    /// The names of the classes; none if they were not given.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The class numbers, of sequences those of all places one after another, or `None` when the targets are numbers to predict.
    pub fn labels(&self) -> Option<&[i64]> {
        self.targets.as_slice::<i64>()
    }

    /// How many classes there are: the names, or else the largest label and one.
    /// `None` when the targets are numbers to predict.
    pub fn class_count(&self) -> Option<usize> {
        let labels = self.labels()?;
        let largest = labels.iter().max().map_or(0, |&label| label as usize + 1);
        Some(largest.max(self.classes.len()))
    }

    /// The same examples with inputs of shape `[n, elements of a row]`.
    ///
    /// ```
    /// let digits = gradtape::data::digits();
    /// assert_eq!(digits.inputs().shape()[..], [1797, 8, 8]);
    /// assert_eq!(digits.flatten().inputs().shape()[..], [1797, 64]);
    /// ```
    #[must_use]
    pub fn flatten(&self) -> Dataset {
        let width = self.inputs.shape()[1..].iter().product();
        let inputs = self.inputs.reshape([self.len(), width]).expect("the same elements");
        Dataset { inputs, ..self.clone() }
    }

    /// The same targets and names with other inputs, such as standardised ones.
    pub fn with_inputs(&self, inputs: Tensor) -> Result<Dataset> {
        let mut data = Dataset::new(inputs, self.targets.clone())?;
        data.classes.clone_from(&self.classes);
        data.weights.clone_from(&self.weights);
        let width: usize = data.inputs.shape()[1..].iter().product();
        if width == self.features.len() {
            data.features.clone_from(&self.features);
        }
        Ok(data)
    }

    /// The examples of several datasets, one after another, with the names of the first; rows without a weight beside others
    /// that have one get 1. Fails where there is none, where shapes or types differ, and where the names of the classes do.
    ///
    /// ```
    /// use gradtape::data::{Dataset, iris};
    /// let halves = [iris().rows(&[0, 60])?, iris().rows(&[120])?];
    /// let both = Dataset::concat(&halves)?;
    /// assert_eq!(both.fingerprint(), iris().rows(&[0, 60, 120])?.fingerprint());
    /// assert_eq!(both.classes(), iris().classes());
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn concat(parts: &[Dataset]) -> Result<Dataset> {
        let Some(first) = parts.first() else {
            return Err(Error::new(Kind::Value, "there are no datasets to put together"));
        };
        if let Some(other) = parts.iter().find(|part| part.classes != first.classes) {
            let message = format!("classes {:?} and {:?}", first.classes, other.classes);
            return Err(Error::new(Kind::Value, message)
                .hint("datasets that are put together have the same"));
        }
        if parts.len() == 1 {
            return Ok(first.clone());
        }
        let all = |of: fn(&Dataset) -> &Tensor| {
            Tensor::concat(&parts.iter().map(|part| of(part).clone()).collect::<Vec<_>>(), 0)
        };
        let mut data = Dataset::new(all(Dataset::inputs)?, all(Dataset::targets)?)?;
        if parts.iter().any(|part| part.weights.is_some()) {
            let of = |part: &Dataset| match &part.weights {
                Some(weights) => weights.clone(),
                None => Tensor::ones(part.len(), DType::F32).contiguous(),
            };
            data.weights = Some(Tensor::concat(&parts.iter().map(of).collect::<Vec<_>>(), 0)?);
        }
        data.features.clone_from(&first.features);
        data.classes.clone_from(&first.classes);
        Ok(data)
    }

    /// A copy of some examples, in the order given. Fails when there is no such row.
    pub fn rows(&self, rows: &[usize]) -> Result<Dataset> {
        Ok(Dataset {
            inputs: self.inputs.take_rows(rows)?,
            targets: self.targets.take_rows(rows)?,
            weights: self.weights.as_ref().map(|weights| weights.take_rows(rows)).transpose()?,
            features: self.features.clone(),
            classes: self.classes.clone(),
            sequence: None,
        })
    }

    /// Shares of the examples for validation and test, chosen at random; the rest is for training.
    ///
    /// Every class has the same share everywhere, up to rounding, and keeps at least one example
    /// for training, as the whole does where targets are numbers. The choice depends on the seed and the
    /// targets alone.
    /// Fails unless both shares are at least 0 and their sum is below 1.
    pub fn split(&self, validation: f64, test: f64, seed: u64) -> Result<Split> {
        let fractions = Fractions { validation, test };
        let rows = match self.labels() {
            Some(labels) if self.targets.rank() == 1 => Rows::stratified(labels, fractions, seed)?,
            _ => Rows::random(self.len(), fractions, seed)?,
        };
        self.split_rows(&rows)
    }

    /// Rows whose number, counted from 0, leaves `remainder` when divided by `modulus` are for
    /// test, the others for training. Fails unless `remainder < modulus`.
    pub fn split_modulo(&self, modulus: usize, remainder: usize) -> Result<Split> {
        self.split_rows(&Rows::modulo(self.len(), modulus, remainder)?)
    }

    /// The three parts named by their rows.
    pub fn split_rows(&self, rows: &Rows) -> Result<Split> {
        Ok(Split {
            train: self.rows(&rows.train)?,
            validation: self.rows(&rows.validation)?,
            test: self.rows(&rows.test)?,
        })
    }

    /// The examples in batches of `size` rows, in order until [`Batches::shuffled`] is asked for.
    /// Fails when `size` is 0.
    pub fn batches(&self, size: usize) -> Result<Batches<'_>> {
        Batches::new(self, size)
    }
}

/// Element types, shapes and counts; not the numbers.
impl fmt::Debug for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let describe = |tensor: &Tensor| format!("{} {}", tensor.dtype(), tensor.shape());
        f.debug_struct("Dataset")
            .field("inputs", &format_args!("{}", describe(&self.inputs)))
            .field("targets", &format_args!("{}", describe(&self.targets)))
            .field("classes", &self.classes)
            .finish_non_exhaustive()
    }
}

fn first(labels: Option<&[i64]>, wrong: impl Fn(i64) -> bool) -> Option<(usize, i64)> {
    let labels = labels?.iter().copied().enumerate();
    labels.into_iter().find(|&(_, label)| wrong(label))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(n: usize) -> Dataset {
        let inputs = Tensor::from_vec((0..2 * n).map(|i| i as f32).collect(), [n, 2]).unwrap();
        let targets = Tensor::from_vec((0..n as i64).map(|i| i % 3).collect(), n).unwrap();
        Dataset::new(inputs, targets).unwrap()
    }

    fn error(inputs: Tensor, targets: Tensor) -> String {
        Dataset::new(inputs, targets).unwrap_err().to_string()
    }

    #[test]
    fn rows_and_names_are_kept_together() {
        let data =
            data(6).with_features(["a", "b"]).unwrap().with_classes(["x", "y", "z"]).unwrap();
        let some = data.rows(&[5, 0]).unwrap();
        assert_eq!(some.inputs().to_vec::<f32>().unwrap(), [10.0, 11.0, 0.0, 1.0]);
        assert_eq!(some.labels().unwrap(), [2, 0]);
        assert_eq!((some.features(), some.classes()), (data.features(), data.classes()));
        let text = data.rows(&[1, 6]).unwrap_err().to_string();
        assert!(text.contains("row 6") && text.contains("6 rows"), "{text}");
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let x = Tensor::zeros([4, 2], DType::F32);
        let text = error(x.clone(), Tensor::zeros(3, DType::I64));
        assert!(text.contains("[4, 2]") && text.contains("[3]"), "{text}");
        let text = error(x.clone(), Tensor::zeros(4, DType::F32));
        assert!(text.contains("reshape them to [4, 1]"), "{text}");
        let text = error(x.clone(), Tensor::zeros(4, DType::Bool));
        assert!(text.contains("bool"), "{text}");
        let text = error(x.clone(), Tensor::zeros([4, 2], DType::I64));
        assert!(text.contains("[4, 2]"), "{text}");
        error(Tensor::scalar(1.0f32), Tensor::scalar(1.0f32));
        let text = error(x, Tensor::from_vec(vec![0i64, 1, -2, 0], 4).unwrap());
        assert!(text.contains("row 2") && text.contains("-2"), "{text}");

        let endless = |width| Tensor::zeros([1 << 50, width], DType::F32);
        assert!(error(endless(2), endless(1)).contains("no memory for a copy"));
        assert!(error(endless(0), Tensor::zeros(1 << 50, DType::I64)).contains("targets"));
        let uncounted = Tensor::zeros([0, usize::MAX, 2], DType::F32);
        assert!(error(uncounted, Tensor::zeros(0, DType::I64)).contains("too many elements"));

        let text = data(6).with_classes(["x", "y"]).unwrap_err().to_string();
        assert!(text.contains("row 2") && text.contains("label 2"), "{text}");
        assert!(text.contains("2 classes"), "{text}");
        let text = data(6).with_features(["a"]).unwrap_err().to_string();
        assert!(text.contains("1 feature names for rows of 2 elements"), "{text}");
        let numbers = Tensor::zeros([4, 1], DType::F64);
        let numbers = Dataset::new(numbers.clone(), numbers).unwrap();
        assert!(numbers.with_classes(["x"]).is_err());
    }

    #[test]
    fn sequences_have_a_class_for_each_place() {
        let x = Tensor::from_vec((0..6i64).collect(), [2, 3]).unwrap();
        let y = Tensor::from_vec((1..7i64).collect(), [2, 3]).unwrap();
        let data = Dataset::new(x.clone(), y).unwrap();
        assert_eq!((data.len(), data.class_count()), (2, Some(7)));
        let split = data.split(0.5, 0.0, 1).unwrap();
        assert_eq!(
            (split.train.len(), split.validation.targets().shape().to_vec()),
            (1, vec![1, 3])
        );
        let text = error(x, Tensor::zeros([2, 2], DType::I64));
        assert!(text.contains("of sequences of numbers [n, length]"), "{text}");
    }

    #[test]
    fn strided_tensors_are_taken_in_order() {
        let x = Tensor::from_vec((0..6).map(f64::from).collect(), [2, 3]).unwrap();
        let y = Tensor::zeros([3, 1], DType::F64);
        let data = Dataset::new(x.transpose(&[1, 0]).unwrap(), y).unwrap();
        assert_eq!(data.inputs().as_slice::<f64>().unwrap(), [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
        assert_eq!((data.class_count(), data.labels()), (None, None));
    }

    #[test]
    fn empty_and_unnamed() {
        let empty = data(3).rows(&[]).unwrap();
        assert!(empty.is_empty());
        assert_eq!((empty.class_count(), data(3).class_count()), (Some(0), Some(3)));
        assert_eq!(empty.flatten().inputs().shape()[..], [0, 2]);
    }

    #[test]
    fn parts_are_put_together_with_their_names() {
        let data =
            data(6).with_features(["a", "b"]).unwrap().with_classes(["x", "y", "z"]).unwrap();
        // A class that comes in none of them keeps its name.
        let parts =
            [data.rows(&[0, 3]).unwrap(), data.rows(&[]).unwrap(), data.rows(&[1]).unwrap()];
        let all = Dataset::concat(&parts).unwrap();
        assert_eq!((all.labels().unwrap(), all.class_count()), (&[0, 0, 1][..], Some(3)));
        assert_eq!((all.features(), all.classes()), (data.features(), data.classes()));
        assert!(Dataset::concat(&[]).is_err());
        let other = data.rows(&[0]).unwrap().with_classes(["x", "w"]).unwrap();
        let text = Dataset::concat(&[data.clone(), other]).unwrap_err().to_string();
        assert!(text.contains("\"w\""), "{text}");
        let wide = Dataset::new(Tensor::zeros([1, 3], DType::F32), Tensor::zeros(1, DType::I64));
        assert!(Dataset::concat(&[self::data(2), wide.unwrap()]).is_err());
    }

    #[test]
    fn weights_stay_with_their_rows() {
        let own = data(4).with_weights(vec![1.0, 2.0, 0.0, 4.0]).unwrap();
        let of = |data: &Dataset| data.weights().unwrap().to_vec::<f32>().unwrap();
        assert_eq!(of(&own.flatten().rows(&[3, 1]).unwrap()), [4.0, 2.0]);
        assert_eq!(of(&own.with_inputs(Tensor::ones([4, 1], DType::F32)).unwrap()).len(), 4);
        let both = Dataset::concat(&[data(2), own.rows(&[3]).unwrap()]).unwrap();
        assert_eq!(of(&both), [1.0, 1.0, 4.0]);
        assert_ne!(own.fingerprint(), data(4).fingerprint());
        let batches = |seed: Option<u64>| -> Vec<f32> {
            let batches = own.batches(3).unwrap();
            let mut batches = if let Some(seed) = seed { batches.shuffled(seed) } else { batches };
            batches.epoch(0).flat_map(|batch| batch.w.unwrap().to_vec::<f32>().unwrap()).collect()
        };
        assert_eq!(batches(None), [1.0, 2.0, 0.0, 4.0]);
        let mut shuffled = batches(Some(1));
        shuffled.sort_by(f32::total_cmp);
        assert_eq!(shuffled, [0.0, 1.0, 2.0, 4.0]);
        for (wrong, said) in [
            (vec![1.0], "1 weights for 4 rows"),
            (vec![1.0, -1.0, 1.0, 1.0], "row 1"),
            (vec![1.0, 1.0, f32::NAN, 1.0], "row 2"),
            (vec![0.0; 4], "all weights are 0"),
        ] {
            let error = data(4).with_weights(wrong).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn other_inputs_keep_the_names_that_fit() {
        let data =
            data(3).with_features(["a", "b"]).unwrap().with_classes(["x", "y", "z"]).unwrap();
        let same = data.with_inputs(Tensor::ones([3, 2], DType::F32)).unwrap();
        assert_eq!((same.features().len(), same.classes().len()), (2, 3));
        let wider = data.with_inputs(Tensor::ones([3, 5], DType::F32)).unwrap();
        assert_eq!((wider.features().len(), wider.classes().len()), (0, 3));
        assert!(data.with_inputs(Tensor::ones([2, 2], DType::F32)).is_err());
    }
}
