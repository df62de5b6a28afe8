//! [`Preprocessing`]: from the columns of a table to the numbers a network sees, and back.

mod fit;

use serde::{Deserialize, Serialize};

use self::fit::{Notes, class_names, feature_of, standardised, target_numbers, target_of};
use super::{Categories, Column, Dataset, Table, Task};
use crate::tensor::{Error, Kind, Result, Tensor};

/// What is done to each column before a network sees it, learned from the rows it trains on.
///
/// Numbers are standardised with the mean and the population standard deviation of the training
/// rows, and a missing number is taken as that mean. Text becomes one column of 0 and 1 for each
/// category, all 0 where missing. A numeric target is standardised too; classes are numbered. The
/// names of categories and classes are collected from all rows, so that a rare one may be held out.
///
/// ```
/// use gradtape::data::{CsvOptions, Fractions, Preprocessing, PreprocessOptions, Table};
/// let text = "size,town,sold\n30,Oslo,yes\n50,Oslo,no\n40,Bergen,yes\n60,Bergen,no\n";
/// let table = Table::from_csv(text.as_bytes(), "homes.csv", &CsvOptions::default())?;
/// let options = PreprocessOptions::default();
/// let rows = table.split_rows("sold", &options, Fractions { validation: 0.0, test: 0.5 }, 42)?;
/// let prepared = Preprocessing::fit(&table, "sold", &rows.train, &options)?;
/// assert_eq!(prepared.feature_names(), ["size", "town=Bergen", "town=Oslo"]);
/// assert_eq!(prepared.classes().unwrap().names(), ["no", "yes"]);
/// let split = prepared.dataset(&table)?.split_rows(&rows)?;
/// assert_eq!(split.train.inputs().shape()[..], [2, 3]);
///
/// // It travels as JSON, and is used again on data without the target.
/// let again = Preprocessing::from_json(&prepared.to_json())?;
/// let new = Table::from_csv("town,size\nRome,45\n".as_bytes(), "new.csv", &CsvOptions::default())?;
/// let error = again.inputs(&new).unwrap_err().to_string();
/// assert!(error.contains(r#"new.csv, line 2, column "town": "Rome" is unknown"#));
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Preprocessing {
    version: u32,
    features: Vec<Feature>,
    target: Target,
    notes: Vec<String>,
}

/// What becomes of a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Feature {
    /// `(value - mean) / scale`.
    Number {
        /// The name of the column.
        column: String,
        /// What is taken away, and what a missing value is taken as.
        mean: f64,
        /// What is divided by.
        scale: f64,
    },
    /// A 1 at the category, else 0.
    Category {
        /// The name of the column.
        column: String,
        /// The categories in the order of their columns of 0 and 1.
        categories: Categories,
    },
}

/// What is predicted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Target {
    /// One of several classes.
    Classes {
        /// The name of the column.
        column: String,
        /// Whether the classes were written as numbers, so that `1` and `1.0` are the same.
        numeric: bool,
        /// The classes by number.
        classes: Categories,
    },
    /// A number; the network predicts `(value - mean) / scale`.
    Number {
        /// The name of the column.
        column: String,
        /// What is taken away.
        mean: f64,
        /// What is divided by.
        scale: f64,
    },
}

/// What the user knows better than [`Preprocessing::fit`].
#[derive(Clone, Debug, Default)]
pub struct PreprocessOptions {
    /// Classification or regression; by default as [`Task::infer`] finds.
    pub task: Option<Task>,
    /// Columns that are categories although they look like numbers.
    pub categories: Vec<String>,
    /// Columns to leave out.
    pub ignore: Vec<String>,
}

impl Preprocessing {
    /// Learns from the training `rows` of a table how to prepare its columns.
    ///
    /// Left out, with a note, are columns without any value, columns of numbers that are the same in all
    /// of several rows, a column without a name that only numbers the rows, and columns of text with
    /// more than 1,000 different values or, from 20 rows on, with more different values than half the
    /// rows. Fails when a column named is not there, a target is missing or no number, a number is not
    /// finite or written with a comma (see [`CsvOptions`](super::CsvOptions)), there are fewer than two
    /// classes or values of the target, or no column is left to learn from.
    pub fn fit(
        table: &Table,
        target: &str,
        rows: &[usize],
        options: &PreprocessOptions,
    ) -> Result<Preprocessing> {
        for name in options.categories.iter().chain(&options.ignore) {
            table.column(name)?;
        }
        if let Some(row) = rows.iter().find(|&&row| row >= table.len()) {
            let message = format!("there is no row {row} in a table of {} rows", table.len());
            return Err(Error::new(Kind::Value, message));
        }
        let (target, _) = target_of(table, target, Some(rows), options)?;
        let (mut features, mut notes) = (Vec::new(), Notes::default());
        for column in table.columns() {
            let name = column.name();
            if name != target.column() && !options.ignore.iter().any(|ignored| ignored == name) {
                features.extend(feature_of(table, column, rows, options, &mut notes)?);
            }
        }
        let notes = notes.into_lines();
        if features.is_empty() {
            let message = format!("{}: there is no column to learn from", table.source());
            let error = Error::new(Kind::Data, message)
                .hint("a column that varies is needed beside the target");
            return Err(notes.into_iter().fold(error, Error::note));
        }
        Ok(Preprocessing { version: VERSION, features, target, notes })
    }

    /// For data that is prepared already: features `(value - mean) / scale` with the names of the
    /// dataset (`p0`, `p1`, and so on if it has none) and its classes.
    ///
    /// Used with images, it lets a table of pixels be predicted. Fails for targets that are not
    /// classes, a mean that is not finite and a scale that is not positive.
    pub fn fixed(data: &Dataset, target: &str, mean: f64, scale: f64) -> Result<Preprocessing> {
        Preprocessing::channels(data, target, &[(mean, scale)])
    }

    /// As [`Preprocessing::fixed`], for images whose rows are the pixels of one channel after another, with a mean and
    /// a scale for each. Fails, too, where a row is not so many channels.
    ///
    /// ```
    /// use gradtape::data::{Feature, Preprocessing, digits};
    /// let prepared = Preprocessing::channels(&digits(), "digit", &[(4.9, 6.0)])?;
    /// let Feature::Number { column, mean, scale } = &prepared.features()[63] else { panic!() };
    /// assert_eq!((&**column, *mean, *scale), ("p63", 4.9, 6.0));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn channels(
        data: &Dataset,
        target: &str,
        channels: &[(f64, f64)],
    ) -> Result<Preprocessing> {
        let Some(count) = data.class_count() else {
            let message = "fixed preprocessing for targets that are not classes";
            return Err(Error::new(Kind::Value, message));
        };
        let width: usize = data.inputs().shape()[1..].iter().product();
        let names = match data.features() {
            [] => (0..width).map(|i| format!("p{i}")).collect(),
            names => names.to_vec(),
        };
        if channels.is_empty() || !width.is_multiple_of(channels.len()) {
            let message = format!("{} channels of images of {width} numbers", channels.len());
            return Err(Error::new(Kind::Shape, message));
        }
        let of_each = (width / channels.len()).max(1);
        let number = |(place, column)| {
            let (mean, scale) = channels[place / of_each];
            Feature::Number { column, mean, scale }
        };
        let features = names.into_iter().enumerate().map(number);
        let classes = match data.classes() {
            [] => Categories::new((0..count).map(|class| class.to_string()))?,
            names => Categories::new(names.iter().cloned())?,
        };
        let numeric = classes.names().iter().all(|name| name.parse::<f64>().is_ok());
        let target = Target::Classes { column: target.to_string(), numeric, classes };
        let features = features.collect();
        let made = Preprocessing { version: VERSION, features, target, notes: Vec::new() };
        made.checked()
    }

    /// The inputs of a table: f32 of shape `[n, width]`. The target need not be there, and other
    /// columns do not matter.
    ///
    /// Fails, naming line and column, at a number or category that cannot be prepared.
    pub fn inputs(&self, table: &Table) -> Result<Tensor> {
        let width = self.width();
        let mut inputs = vec![0f32; table.len() * width];
        let mut at = 0;
        for feature in &self.features {
            match feature {
                Feature::Number { column, mean, scale } => {
                    let numbers = table.numbers(column)?;
                    for (row, number) in numbers.into_iter().enumerate() {
                        let place = || table.place(row, column);
                        inputs[row * width + at] = standardised(number, *mean, *scale, place)?;
                    }
                }
                Feature::Category { column, categories } => {
                    let numbers = categories.numbers();
                    for (row, cell) in table.column(column)?.cells().enumerate() {
                        let Some(cell) = cell else { continue };
                        let Some(number) = numbers.get(cell) else {
                            // An empty cell is none of the categories.
                            let error = categories.unknown(table.place(row, column), cell);
                            return Err(error.or_hint(
                                "correct the cell, or leave it empty: it then counts as none of these",
                            ));
                        };
                        inputs[row * width + at + number] = 1.0;
                    }
                }
            }
            at += feature.width();
        }
        Tensor::from_vec(inputs, [table.len(), width])
    }

    /// The targets of a table: class numbers i64 `[n]`, or standardised numbers f32 `[n, 1]`.
    ///
    /// Fails, naming line and column, at a missing target and at a class not seen in training.
    pub fn targets(&self, table: &Table) -> Result<Tensor> {
        match &self.target {
            Target::Classes { column, numeric, classes } => {
                let numbers = classes.numbers();
                let names = class_names(table, column, *numeric)?;
                let label = |(row, name): (usize, String)| match numbers.get(&*name) {
                    Some(&number) => Ok(number as i64),
                    None => Err(classes.unknown(table.place(row, column), &name)),
                };
                let labels = names.into_iter().enumerate().map(label);
                Tensor::from_vec(labels.collect::<Result<Vec<_>>>()?, table.len())
            }
            Target::Number { column, mean, scale } => {
                let numbers = target_numbers(table, column)?;
                let number = |(row, number)| {
                    standardised(number, *mean, *scale, || table.place(row, column))
                };
                let numbers = numbers.into_iter().enumerate().map(number);
                Tensor::from_vec(numbers.collect::<Result<Vec<_>>>()?, [table.len(), 1])
            }
        }
    }

    /// Inputs and targets of a table, with the names of features and classes.
    pub fn dataset(&self, table: &Table) -> Result<Dataset> {
        let data = Dataset::new(self.inputs(table)?, self.targets(table)?)?
            .with_features(self.feature_names())?;
        match self.classes() {
            Some(classes) => data.with_classes(classes.names().iter().cloned()),
            None => Ok(data),
        }
    }

    /// The values that a network's outputs stand for, where the target is a number; of any shape.
    pub fn predicted_numbers(&self, outputs: &Tensor) -> Result<Vec<f64>> {
        match &self.target {
            Target::Number { mean, scale, .. } => {
                let outputs = outputs.checked_f64_vec()?.into_iter();
                Ok(outputs.map(|value| value * scale + mean).collect())
            }
            Target::Classes { column, .. } => {
                let message = format!("the target {column:?} is a class, not a number");
                Err(Error::new(Kind::Value, message))
            }
        }
    }

    /// Classification or regression.
    pub fn task(&self) -> Task {
        match self.target {
            Target::Classes { .. } => Task::Classification,
            Target::Number { .. } => Task::Regression,
        }
    }

    /// The columns that are used, in their order.
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// The target.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The classes by number; `None` where the target is a number.
    pub fn classes(&self) -> Option<&Categories> {
        match &self.target {
            Target::Classes { classes, .. } => Some(classes),
            Target::Number { .. } => None,
        }
    }

    /// The number of inputs of the network.
    pub fn width(&self) -> usize {
        self.features.iter().map(Feature::width).sum()
    }

    /// The number of outputs of the network: classes, or 1.
    pub fn outputs(&self) -> usize {
        self.classes().map_or(1, Categories::len)
    }

    /// The name of each input: the column, or `column=category`.
    pub fn feature_names(&self) -> Vec<String> {
        let mut names = Vec::with_capacity(self.width());
        for feature in &self.features {
            match feature {
                Feature::Number { column, .. } => names.push(column.clone()),
                Feature::Category { column, categories } => {
                    names.extend(categories.names().iter().map(|name| format!("{column}={name}")));
                }
            }
        }
        names
    }

    /// What the user should know: columns left out and missing values filled in.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// What was filled in for missing values of a table that is not the one fitted; a line for each
    /// column that has some.
    pub fn filled(&self, table: &Table) -> Vec<String> {
        let mut lines = Vec::new();
        for feature in &self.features {
            let name = feature.column();
            let missing = table.column(name).map_or(0, Column::missing);
            if missing > 0 {
                lines.push(fit::filled(name, missing, table.len(), feature));
            }
        }
        lines
    }

    /// As JSON; the numbers are read back bit for bit.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("names and finite numbers")
    }

    /// From the JSON of [`Preprocessing::to_json`]. Fails when it is damaged or of another version.
    pub fn from_json(text: &str) -> Result<Preprocessing> {
        let damaged = |e| Error::new(Kind::Model, format!("the preprocessing cannot be read: {e}"));
        let read: Preprocessing = serde_json::from_str(text).map_err(damaged)?;
        if read.version != VERSION {
            let message = format!(
                "the preprocessing has version {}, this program reads version {VERSION}",
                read.version
            );
            return Err(Error::new(Kind::Model, message));
        }
        read.checked()
    }

    fn checked(self) -> Result<Preprocessing> {
        let number = |column: &str, mean: f64, scale: f64| {
            let valid = mean.is_finite() && scale.is_finite() && scale > 0.0;
            let message = format!("column {column:?}: mean {mean} and scale {scale}");
            valid.then_some(()).ok_or_else(|| Error::new(Kind::Model, message))
        };
        let distinct = |column: &str, categories: &Categories| match categories.is_empty() {
            true => Err(Error::new(Kind::Model, format!("column {column:?} has no categories"))),
            false => Categories::new(categories.names().iter().cloned())
                .map(drop)
                .map_err(|e| e.context(format!("column {column:?}"))),
        };
        for feature in &self.features {
            match feature {
                Feature::Number { column, mean, scale } => number(column, *mean, *scale)?,
                Feature::Category { column, categories } => distinct(column, categories)?,
            }
        }
        match &self.target {
            Target::Number { column, mean, scale } => number(column, *mean, *scale)?,
            Target::Classes { column, classes, .. } => distinct(column, classes)?,
        }
        if self.features.is_empty() {
            return Err(Error::new(Kind::Model, "the preprocessing has no column"));
        }
        Ok(self)
    }
}

impl Feature {
    /// The name of the column.
    pub fn column(&self) -> &str {
        match self {
            Feature::Number { column, .. } | Feature::Category { column, .. } => column,
        }
    }

    /// How many inputs of the network it becomes.
    pub fn width(&self) -> usize {
        match self {
            Feature::Number { .. } => 1,
            Feature::Category { categories, .. } => categories.len(),
        }
    }
}

impl Target {
    /// The name of the column.
    pub fn column(&self) -> &str {
        match self {
            Target::Classes { column, .. } | Target::Number { column, .. } => column,
        }
    }
}

/// The version of the JSON form.
const VERSION: u32 = 1;

#[cfg(test)]
mod tests;
