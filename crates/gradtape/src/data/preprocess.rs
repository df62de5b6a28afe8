//! [`Preprocessing`]: from the columns of a table to the numbers a network sees, and back.

mod feature;
mod filled;
mod fit;
mod inputs_of;
mod known;
mod matrix;
mod names;
mod reader;
mod words;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use self::feature::Known;
pub use self::feature::{Feature, Part};
pub use self::filled::Filled;
use self::fit::{Notes, class_names, feature_of, standardised, target_numbers, target_of};
pub use self::reader::{PreparedRows, RowReader};
use super::standardise::mean_and_scale;
use super::table::Written;
use super::{Categories, Column, ColumnKind, Dataset, Table, Task, Transform, TransformChoice};

use crate::tensor::{Error, Kind, Result, Tensor};

/// What is done to each column before a network sees it, learned from the rows it trains on.
///
/// Numbers are standardised with the mean and the population standard deviation of the training rows; of a column of
/// which a few are far from all others, see [`Preprocessing::draws_in`]. Text becomes one column of 0 and 1 for each
/// category of the training rows; a category that was not among them is 0 everywhere. Dates become the time elapsed,
/// the year, and sines and cosines of the month, the day of the week and the hour, as far as they vary; texts of
/// several words become their hashed words. Where values are missing in the training rows, one more column says so,
/// and a missing number is taken as the mean. A numeric target is standardised too; classes are numbered, and
/// collected from all rows, so that a rare one may be held out.
///
/// ```
/// use gradtape::data::{CsvOptions, Preprocessing, PreprocessOptions, Rows, Table};
/// let text = "size,town,sold\n30,Oslo,yes\n50,Oslo,no\n40,Bergen,yes\n60,Bergen,no\n";
/// let table = Table::from_csv(text.as_bytes(), "homes.csv", &CsvOptions::default())?;
/// let options = PreprocessOptions::default();
/// let rows = Rows { train: vec![0, 3], test: vec![1, 2], ..Rows::default() };
/// let prepared = Preprocessing::fit(&table, "sold", &rows.train, &options)?;
/// assert_eq!(prepared.feature_names(), ["size", "town=Bergen", "town=Oslo"]);
/// assert_eq!(prepared.classes().unwrap().names(), ["no", "yes"]);
/// let split = prepared.dataset(&table)?.split_rows(&rows)?;
/// assert_eq!(split.train.inputs().shape()[..], [2, 3]);
///
/// // It travels as JSON, and is used again on data without the target.
/// let again = Preprocessing::from_json(&prepared.to_json())?;
/// let new = Table::from_csv("town,size\nRome,45\n".as_bytes(), "new.csv", &CsvOptions::default())?;
/// assert_eq!(again.inputs(&new)?.to_f64_vec()[1..], [0.0, 0.0]);
/// assert!(again.filled(&new)[0].contains(r#"such as "Rome" (line 2): none of those that were"#));
/// // Or nothing is accepted that was not learned.
/// let error = again.strict(&new).unwrap_err().to_string();
/// assert!(error.contains(r#"new.csv, line 2, column "town": "Rome" is unknown"#));
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Preprocessing {
    version: u32,
    features: Vec<Feature>,
    target: Target,
    notes: Vec<String>,
    /// Columns whose numbers are drawn in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    far: Vec<String>,
    /// How the columns of numbers and dates were written, where there is something to tell.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    written: BTreeMap<String, Written>,
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
    /// A number; the network predicts `(transform(value) - mean) / scale`.
    Number {
        /// The name of the column.
        column: String,
        /// What is taken away.
        mean: f64,
        /// What is divided by.
        scale: f64,
        /// What is done to the value first.
        #[serde(default, skip_serializing_if = "Transform::is_none")]
        transform: Transform,
        /// Where there is a transform, how far the network's answers were from the truth: see
        /// [`Preprocessing::with_errors`].
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        errors: Vec<f64>,
    },
}

/// What the user knows better than [`Preprocessing::fit`].
#[derive(Clone, Debug, Default)]
pub struct PreprocessOptions {
    /// Classification or regression; by default as [`Task::infer`] finds.
    pub task: Option<Task>,
    /// Columns that are categories although they look like numbers or dates.
    pub categories: Vec<String>,
    /// Columns that are numbers although they look like codes, names of rows or text; cells that are no numbers are
    /// missing.
    pub numbers: Vec<String>,
    /// Columns to leave out.
    pub ignore: Vec<String>,
    /// What is done to a number to predict.
    pub transform: TransformChoice,
}

impl Preprocessing {
    /// Learns from the training `rows` of a table how to prepare its columns.
    ///
    /// Left out, with a note, are columns without any value, columns that are the same in all of several rows, whole
    /// numbers that only name the rows (`id`, `Unnamed: 0`), and text that hardly ever repeats and has no words in common.
    /// Whole numbers that are codes, such as `zip`, or begin with a 0, are categories. At most the 1,000 most frequent
    /// categories of a column have an input of their own; the others are none of them.
    ///
    /// Fails when columns named are not there, a target is missing or no number, there are fewer than two
    /// classes or values of the target, or no column is left to learn from. For rows without a target see
    /// [`Table::rows_with`].
    pub fn fit(
        table: &Table,
        target: &str,
        rows: &[usize],
        options: &PreprocessOptions,
    ) -> Result<Preprocessing> {
        options.check(table)?;
        check_rows(table, rows)?;
        let (target, _) = target_of(table, target, Some(rows), options)?;
        Preprocessing::fit_features(table, target, rows, options)
    }

    /// As [`Preprocessing::fit`] for a target that is known already, and is no column of the table; of the options those of
    /// the columns count.
    ///
    /// ```
    /// use gradtape::data::{CsvOptions, PreprocessOptions, Preprocessing, Table, Target};
    /// let table = Table::from_csv("town\nOslo\nBergen\nOslo\nBergen\n".as_bytes(), "t.csv", &CsvOptions::default())?;
    /// let sold = Target::of_classes("sold", vec!["no".into(), "yes".into()], false)?;
    /// let prepared = Preprocessing::fit_to(&table, sold, &[0, 1, 2], &PreprocessOptions::default())?;
    /// assert_eq!(prepared.feature_names(), ["town=Bergen", "town=Oslo"]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn fit_to(
        table: &Table,
        target: Target,
        rows: &[usize],
        options: &PreprocessOptions,
    ) -> Result<Preprocessing> {
        options.check(table)?;
        check_rows(table, rows)?;
        Preprocessing::fit_features(table, target, rows, options)
    }

    fn fit_features(
        table: &Table,
        target: Target,
        rows: &[usize],
        options: &PreprocessOptions,
    ) -> Result<Preprocessing> {
        let features_with = |notes: &mut Notes| -> Result<Vec<Feature>> {
            let mut features = Vec::new();
            for column in table.columns() {
                let name = column.name();
                if name != target.column() && !options.ignore.iter().any(|ignored| ignored == name)
                {
                    features.extend(feature_of(table, column, rows, options, notes)?);
                }
            }
            Ok(features)
        };
        let mut notes = Notes::default();
        let mut features = features_with(&mut notes)?;
        if features.is_empty() {
            notes = Notes::keeping_counts();
            features = features_with(&mut notes)?;
        }
        if let Ok(column) = table.column(target.column()) {
            let mut values = Vec::new();
            if matches!(target, Target::Number { transform: Transform::None, .. })
                && options.transform == TransformChoice::Auto
            {
                let numbers = column.numbers();
                values.extend(rows.iter().map(|&row| numbers[row]));
            }
            notes.target(column, &target, &values, options);
        }
        let far = notes.far.clone();
        let notes = notes.into_lines();
        if features.is_empty() {
            let message = format!("{}: there is no column to learn from", table.source());
            let error = Error::new(Kind::Data, message)
                .hint("a column that varies is needed beside the target");
            return Err(notes.into_iter().fold(error, Error::note));
        }
        let written = |name: &str| -> Option<(String, Written)> {
            let written = table.column(name).ok()?.written_as();
            (written != Written::default()).then(|| (name.to_string(), written))
        };
        let names = features.iter().filter(|feature| feature.is_measured()).map(Feature::column);
        let target_name = [target.column()].into_iter();
        let is_number = match target {
            Target::Number { .. } => true,
            Target::Classes { numeric, .. } => numeric,
        };
        let target_name = target_name.filter(|_| is_number);
        let written = names.chain(target_name).filter_map(written).collect();
        Ok(Preprocessing { version: VERSION, features, target, notes, far, written })
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
    /// let Feature::Number { column, mean, scale, .. } = &prepared.features()[63] else { panic!() };
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
            Feature::Number { column, mean, scale, missing: false }
        };
        let features = names.into_iter().enumerate().map(number);
        let classes = match data.classes() {
            [] => Categories::new((0..count).map(|class| class.to_string()))?,
            names => Categories::new(names.iter().cloned())?,
        };
        let numeric = classes.names().iter().all(|name| name.parse::<f64>().is_ok());
        let target = Target::Classes { column: target.to_string(), numeric, classes };
        let features = features.collect();
        let (notes, far, written) = Default::default();
        let made = Preprocessing { version: VERSION, features, target, notes, far, written };
        made.checked()
    }

    /// The inputs of a table: f32 of shape `[n, width]`. The target need not be there, and other
    /// columns do not matter. What was not learned counts as missing or as none of the categories;
    /// [`Preprocessing::filled`] tells of it, [`Preprocessing::strict`] refuses it.
    ///
    /// Fails when columns are not there, all of them named, and at a number too large for the network.
    pub fn inputs(&self, table: &Table) -> Result<Tensor> {
        self.present(table)?;
        let width = self.width();
        let mut inputs = vec![0f32; table.len() * width];
        let mut at = 0;
        for feature in &self.features {
            feature.write(table, &self.column(table, feature)?, &mut inputs, width, at)?;
            if self.draws_in(feature.column()) {
                inputs
                    .iter_mut()
                    .skip(at)
                    .step_by(width)
                    .for_each(|value| *value = drawn_in(*value));
            }
            at += feature.width();
        }
        Tensor::from_vec(inputs, [table.len(), width])
    }

    /// Whether a column of numbers has a few that are far from all others. The network then sees `asinh(x)` of what it
    /// would have seen, which is `x` around 0 and grows as a logarithm far away; `mean` and `scale` are the median and
    /// the distance of the quartiles over 1.349.
    ///
    /// ```
    /// use gradtape::data::{CsvOptions, PreprocessOptions, Preprocessing, Table};
    /// let rows: String = (0..100).map(|i| format!("{},{}\n", i % 10, i % 7)).collect();
    /// let table = Table::from_csv(format!("x,y\n{rows}1e6,3\n").as_bytes(), "t.csv", &CsvOptions::default())?;
    /// let all: Vec<usize> = (0..101).collect();
    /// let prepared = Preprocessing::fit(&table, "y", &all, &PreprocessOptions::default())?;
    /// assert!(prepared.draws_in("x") && prepared.notes().iter().any(|note| note.contains("far from all others")));
    /// assert!(prepared.inputs(&table)?.to_f64_vec()[100] < 20.0);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn draws_in(&self, column: &str) -> bool {
        self.far.iter().any(|far| far == column)
    }

    /// The column of a feature, read as it was written in training.
    fn column(&self, table: &Table, feature: &Feature) -> Result<Column> {
        let name = feature.column();
        let column = table.column(name)?.clone();
        // Earlier versions do not say how it was written.
        let knows = self.version >= 3;
        Ok(match feature {
            Feature::Number { mean, scale, .. } if knows => {
                column.read_as(&self.written(name), ColumnKind::Number, mean.hypot(*scale))
            }
            Feature::Time { .. } if knows => {
                column.read_as(&self.written(name), ColumnKind::Time, 0.0)
            }
            Feature::Category { categories, .. } if has_dash(categories) => column.with_dashes(),
            _ => column,
        })
    }

    /// The column of the target, read as it was written in training.
    fn target_column(&self, table: &Table) -> Result<Column> {
        let column = table.column(self.target.column())?.clone();
        Ok(match &self.target {
            Target::Number { column: name, mean, transform, .. } if self.version >= 3 => {
                column.read_as(&self.written(name), ColumnKind::Number, transform.back(*mean))
            }
            Target::Classes { column: name, numeric: true, classes } => {
                // Of most classes nothing is to be told, and those of earlier versions are as their cells say.
                if column.kind() == ColumnKind::Number && !self.written.contains_key(name) {
                    return Ok(column);
                }
                let numbers = classes.names().iter().filter_map(|name| name.parse::<f64>().ok());
                let typical = numbers.map(f64::abs).sum::<f64>() / classes.len() as f64;
                column.read_as(&self.written(name), ColumnKind::Number, typical)
            }
            Target::Classes { classes, .. } if has_dash(classes) => column.with_dashes(),
            _ => column,
        })
    }

    fn written(&self, column: &str) -> Written {
        self.written.get(column).cloned().unwrap_or_default()
    }

    /// How the numbers or dates of a column were written in training, for people; `None` where there is nothing to tell.
    pub fn written_as(&self, column: &str) -> Option<String> {
        self.written.get(column).and_then(Written::told)
    }

    /// Fails unless all columns are there.
    fn present(&self, table: &Table) -> Result<()> {
        let missing: Vec<_> = self
            .features
            .iter()
            .filter_map(|feature| table.column(feature.column()).err())
            .collect();
        match &missing[..] {
            [] => Ok(()),
            [one] => Err(one.clone()),
            [one, rest @ ..] => {
                Err(rest.iter().fold(one.clone(), |error, other| error.note(other.message())))
            }
        }
    }

    /// Fails where a table has what was not learned: a category that was not among the training rows, or a cell of a
    /// column of numbers or dates that is neither. The error names the first of each column.
    pub fn strict(&self, table: &Table) -> Result<()> {
        self.refuse(table, true)
    }

    /// As [`Preprocessing::strict`], but for categories: of the table that it was fitted on, some were held out.
    pub fn strict_numbers(&self, table: &Table) -> Result<()> {
        self.refuse(table, false)
    }

    fn refuse(&self, table: &Table, unseen: bool) -> Result<()> {
        self.present(table)?;
        let mut found = Vec::new();
        for feature in &self.features {
            let column = &self.column(table, feature)?;
            if unseen
                && let (Feature::Category { categories, .. }, [first, ..]) =
                    (feature, &feature.unseen(column)[..])
            {
                let cell = column.cell(*first).unwrap_or_default();
                found.push(categories.unknown(table.place(*first, column.name()), cell));
            }
            if feature.is_measured() {
                found.extend(table.numbers_of(column).err());
            }
        }
        let mut found = found.into_iter();
        let Some(first) = found.next() else { return Ok(()) };
        let error = found.fold(first, |error, other| error.note(other.message()));
        Err(error.hint("correct the cells, or leave them empty: they then count as missing"))
    }

    /// The targets of a table: class numbers i64 `[n]`, or standardised numbers f32 `[n, 1]`.
    ///
    /// Fails, naming line and column, at a missing target and at a class not seen in training.
    pub fn targets(&self, table: &Table) -> Result<Tensor> {
        match &self.target {
            Target::Classes { column, numeric, classes } => {
                let known = Known::of(classes);
                let names = class_names(table, &self.target_column(table)?, *numeric)?;
                let label = |(row, name): (usize, String)| match known.number(&name) {
                    Some(number) => Ok(number as i64),
                    None => Err(classes.unknown(table.place(row, column), &name)),
                };
                let labels = names.into_iter().enumerate().map(label);
                Tensor::from_vec(labels.collect::<Result<Vec<_>>>()?, table.len())
            }
            Target::Number { column, mean, scale, transform, .. } => {
                let numbers = target_numbers(table, &self.target_column(table)?)?;
                let number = |(row, number)| {
                    let place = || table.place(row, column);
                    standardised(transform.of(number), *mean, *scale, place)
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

    /// The values that a network's outputs stand for, where the target is a number; of any shape. Where the target has
    /// a [`Transform`] and [errors](Preprocessing::with_errors) are known, they are the means over these.
    pub fn predicted_numbers(&self, outputs: &Tensor) -> Result<Vec<f64>> {
        let undo = self.undo()?;
        let errors = match &self.target {
            Target::Number { errors, .. } => &errors[..],
            Target::Classes { .. } => &[],
        };
        let mean = |value: f64| match errors {
            [] => undo(value),
            errors => {
                errors.iter().map(|error| undo(value + error)).sum::<f64>() / errors.len() as f64
            }
        };
        Ok(outputs.checked_f64_vec()?.into_iter().map(mean).collect())
    }

    /// The values that targets stand for, as [`Preprocessing::targets`] gives them, where the target is a number; of
    /// any shape; also where they are far beyond those of training.
    pub fn target_numbers(&self, targets: &Tensor) -> Result<Vec<f64>> {
        Ok(targets.checked_f64_vec()?.into_iter().map(self.undo_target()?).collect())
    }

    /// What brings a standardised target back to its unit. Fails where the target is a class.
    pub fn undo_target(&self) -> Result<impl Fn(f64) -> f64 + Clone + Send + Sync + use<>> {
        match self.target {
            Target::Number { mean, scale, transform, .. } => {
                Ok(move |value: f64| transform.inverse(value * scale + mean))
            }
            Target::Classes { ref column, .. } => Err(no_number(column)),
        }
    }

    /// What brings an answer of the network to the unit of the target, within measure: see [`Transform::back`]. What is
    /// known to be true [`Preprocessing::undo_target`] brings back. Fails where the target is a class.
    pub fn undo(&self) -> Result<impl Fn(f64) -> f64 + Clone + Send + Sync + use<>> {
        match self.target {
            Target::Number { mean, scale, transform, .. } => {
                Ok(move |value: f64| transform.back(value * scale + mean))
            }
            Target::Classes { ref column, .. } => Err(no_number(column)),
        }
    }

    /// The same inputs for a network that learns the number itself, standardised by these numbers. Fails where the
    /// target is a class, and where there are no numbers.
    pub fn without_transform(&self, numbers: &[f64]) -> Result<Preprocessing> {
        if let Target::Classes { column, .. } = &self.target {
            return Err(no_number(column));
        }
        let (mean, scale) = mean_and_scale(numbers.iter().copied())
            .ok_or_else(|| Error::new(Kind::Value, "there are no numbers, or they overflow"))?;
        let column = self.target.column().to_string();
        let (transform, errors) = (Transform::None, Vec::new());
        let target = Target::Number { column, mean, scale, transform, errors };
        Ok(Preprocessing { target, ..self.clone() })
    }

    /// With the errors of a network, truth less answer, both standardised, on rows that it did not learn from. A network
    /// that learns `log(y)` answers with the middle of what `y` may be; the mean of what it may be, which has the least
    /// squared error, is that over its errors (Duan's smearing, 1983). At most 100 are kept, at even distances once they
    /// are sorted. Without a [`Transform`] nothing changes.
    #[must_use]
    pub fn with_errors(mut self, all: &[f64]) -> Preprocessing {
        if let Target::Number { transform, errors, .. } = &mut self.target
            && !transform.is_none()
        {
            let mut sorted: Vec<f64> = all.iter().copied().filter(|e| e.is_finite()).collect();
            sorted.sort_unstable_by(f64::total_cmp);
            let count = sorted.len().min(MOST_ERRORS);
            *errors =
                (0..count).map(|at| sorted[(2 * at + 1) * sorted.len() / (2 * count)]).collect();
        }
        self
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

    /// The name of each input: the column, `column=category`, `column:part` of a date, `column#place` of a word, or
    /// `column is missing`.
    pub fn feature_names(&self) -> Vec<String> {
        self.features.iter().flat_map(Feature::names).collect()
    }

    /// What the user should know: columns left out and missing values filled in.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// As JSON; the numbers are read back bit for bit.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("names and finite numbers")
    }

    /// From the JSON of [`Preprocessing::to_json`]. Fails when it is damaged or of another version.
    pub fn from_json(text: &str) -> Result<Preprocessing> {
        let damaged = |e| Error::new(Kind::Model, format!("the preprocessing cannot be read: {e}"));
        let read: Preprocessing = serde_json::from_str(text).map_err(damaged)?;
        if !(1..=VERSION).contains(&read.version) {
            let message = format!(
                "the preprocessing has version {}, this program reads versions up to {VERSION}",
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
                Feature::Number { column, mean, scale, .. } => number(column, *mean, *scale)?,
                Feature::Category { column, categories, .. } => distinct(column, categories)?,
                Feature::Time { column, parts, .. } => {
                    for part in parts {
                        if let Part::Elapsed { mean, scale } | Part::Year { mean, scale } = part {
                            number(column, *mean, *scale)?;
                        }
                    }
                }
                Feature::Words { column, places } => {
                    if places.is_empty() || !places.is_sorted_by(|a, b| a < b) {
                        let message =
                            format!("column {column:?}: the places of words are not ascending");
                        return Err(Error::new(Kind::Model, message));
                    }
                }
            }
        }
        match &self.target {
            Target::Number { column, mean, scale, transform, errors } => {
                number(column, *mean, *scale)?;
                if !transform.is_valid() || errors.iter().any(|error| !error.is_finite()) {
                    let message = format!("column {column:?}: {transform:?} with {errors:?}");
                    return Err(Error::new(Kind::Model, message));
                }
            }
            Target::Classes { column, classes, .. } => distinct(column, classes)?,
        }
        if self.features.is_empty() {
            return Err(Error::new(Kind::Model, "the preprocessing has no column"));
        }
        Ok(self)
    }
}

impl Target {
    /// The name of the column.
    pub fn column(&self) -> &str {
        match self {
            Target::Classes { column, .. } | Target::Number { column, .. } => column,
        }
    }

    /// Whether it is a number of which something else is learned: what a network answers is then no multiple of it.
    pub fn is_transformed(&self) -> bool {
        matches!(self, Target::Number { transform, .. } if !transform.is_none())
    }
}

impl PreprocessOptions {
    /// Fails unless all columns named are there; the error has the note of each that is not. Fails, too, where one is to be
    /// both numbers and categories.
    fn check(&self, table: &Table) -> Result<()> {
        if let Some(name) = self.categories.iter().find(|name| self.numbers.contains(name)) {
            let message = format!("column {name:?} is to be categories, and numbers, too");
            return Err(Error::new(Kind::Value, message).hint("take it from one of the two"));
        }
        let named = self.categories.iter().chain(&self.numbers).chain(&self.ignore);
        let mut missing = named.filter_map(|name| table.column(name).err());
        match missing.next() {
            None => Ok(()),
            Some(first) => Err(missing.fold(first, |error, other| error.note(other.message()))),
        }
    }
}

/// Whether a dash is a category, and no missing value.
fn has_dash(categories: &Categories) -> bool {
    categories.names().iter().any(|name| name == "-")
}

/// Fails for a row that is not there.
fn check_rows(table: &Table, rows: &[usize]) -> Result<()> {
    let Some(row) = rows.iter().find(|&&row| row >= table.len()) else { return Ok(()) };
    let message = format!("there is no row {row} in a table of {} rows", table.len());
    Err(Error::new(Kind::Value, message))
}

/// A number of a column of which a few are far away.
fn drawn_in(number: f32) -> f32 {
    f64::from(number).asinh() as f32
}

fn no_number(target: &str) -> Error {
    Error::new(Kind::Value, format!("the target {target:?} is a class, not a number"))
}

/// So many categories of a column have an input of their own, those that are most frequent.
const MOST_CATEGORIES: usize = 1000;

/// So many errors of a network are kept.
const MOST_ERRORS: usize = 100;

/// The version of the JSON form. The first one knew numbers and categories alone, the second one neither transforms nor
/// how cells were written.
const VERSION: u32 = 3;

#[cfg(test)]
mod tests;
