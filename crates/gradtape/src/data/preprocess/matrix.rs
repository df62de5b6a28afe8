//! Rows of numbers without a table around them, as arrays have them, and targets that are known already.

use super::fit::standardised;
use super::{Feature, Preprocessing, Target, VERSION, drawn_in};
use crate::data::standardise::{mean_and_scale, middle_of_far};
use crate::data::{Categories, Transform, TransformChoice};
use crate::tensor::{Error, Kind, Result, Tensor};

impl Target {
    /// One of several classes, in this order; `numeric` where their names are numbers. Fails where a name comes twice, and
    /// without any.
    pub fn of_classes(column: &str, names: Vec<String>, numeric: bool) -> Result<Target> {
        let classes = Categories::new(names)?;
        if classes.is_empty() {
            return Err(Error::new(Kind::Data, "there are no classes"));
        }
        Ok(Target::Classes { column: column.to_string(), numeric, classes })
    }

    /// A number, of which those of the training rows are known. Where they are all the same, that is what is learned.
    /// Fails where there is none, where one is not finite, and where there is no such transform of them.
    pub fn of_numbers(column: &str, known: &[f64], choice: TransformChoice) -> Result<Target> {
        if let Some(row) = known.iter().position(|number| !number.is_finite()) {
            let message = format!("{column}: {} in training row {row}", known[row]);
            return Err(Error::new(Kind::Data, message).hint("what is learned is finite"));
        }
        let transform = Transform::fit(known, choice).ok_or_else(|| {
            Error::new(Kind::Data, format!("{column} has no {choice}"))
                .hint("it needs numbers that differ, and log such of at least 0")
        })?;
        let moments = mean_and_scale(known.iter().map(|&value| transform.of(value)));
        let (mean, scale) = moments.ok_or_else(|| {
            let why = if known.is_empty() { "there are no training rows" } else { "it overflows" };
            Error::new(Kind::Data, format!("{column}: {why}"))
        })?;
        let column = column.to_string();
        Ok(Target::Number { column, mean, scale, transform, errors: Vec::new() })
    }
}

impl Preprocessing {
    /// As [`Preprocessing::fit`] for rows of numbers, `values` one row after another, each with a number for each name; NaN
    /// is missing. Nothing is guessed of their names. Columns that are the same in all of several training rows are
    /// left out with a note, unless all are.
    ///
    /// ```
    /// use gradtape::data::{Preprocessing, Target, TransformChoice};
    /// let names = ["x0", "x1"].map(String::from);
    /// let target = Target::of_numbers("y", &[5.0, 7.0], TransformChoice::Auto)?;
    /// let values = [1.0, 10.0, 3.0, f64::NAN, 2.0, 20.0];
    /// let prepared = Preprocessing::fit_rows(&names, &values, &[0, 1], target)?;
    /// assert_eq!(prepared.feature_names(), ["x0", "x1", "x1 is missing"]);
    /// assert_eq!(prepared.inputs_of_rows(&names, &values)?.to_f64_vec()[..6], [-1.0, 0.0, 0.0, 1.0, 0.0, 1.0]);
    /// assert_eq!(prepared.targets_of_numbers(&[6.0, 7.0])?.to_f64_vec(), [0.0, 1.0]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    ///
    /// Fails where `values` are no such rows, where a training row is not there or has an infinite number, and where a
    /// column has no number in any training row and no other is of use.
    pub fn fit_rows(
        names: &[String],
        values: &[f64],
        rows: &[usize],
        target: Target,
    ) -> Result<Preprocessing> {
        let count = rows_of(names, values)?;
        if let Some(row) = rows.iter().find(|&&row| row >= count) {
            let message = format!("there is no row {row} among {count}");
            return Err(Error::new(Kind::Value, message));
        }
        let (mut features, mut same) = (Vec::new(), Vec::new());
        let (mut far, mut notes) = (Vec::new(), Vec::new());
        for (at, name) in names.iter().enumerate() {
            let of = |&row: &usize| values[row * names.len() + at];
            let own: Vec<f64> = rows.iter().map(of).collect();
            if let Some(row) = own.iter().position(|number| number.is_infinite()) {
                let message = format!("row {}, {name}: {} is no number", rows[row], own[row]);
                return Err(Error::new(Kind::Data, message).hint("NaN is taken as missing"));
            }
            let known = || own.iter().copied().filter(|number| !number.is_nan());
            let Some(first) = known().next() else {
                notes.push(format!("column {name:?} left out: no training row has a value"));
                continue;
            };
            let missing = known().count() < own.len();
            let (mut mean, mut scale) = mean_and_scale(known()).ok_or_else(|| {
                let message = format!("column {name:?}: the spread of its values overflows");
                Error::new(Kind::Data, message).hint("divide it by what is usual")
            })?;
            if let Some(middle) = middle_of_far(known()) {
                (mean, scale) = middle;
                far.push(name.clone());
            }
            let feature = Feature::Number { column: name.clone(), mean, scale, missing };
            match rows.len() > 1 && !missing && known().all(|number| number == first) {
                true => same.push(feature),
                false => features.push(feature),
            }
        }
        match features.is_empty() {
            true => features = same,
            false => notes.extend(same.iter().map(|feature| {
                format!("column {:?} left out: the same in every training row", feature.column())
            })),
        }
        if features.is_empty() {
            let error = Error::new(Kind::Data, "there is no column to learn from");
            return Err(notes.into_iter().fold(error, Error::note));
        }
        let written = Default::default();
        Ok(Preprocessing { version: VERSION, features, target, notes, far, written })
    }

    /// The inputs of rows of numbers as [`Preprocessing::fit_rows`] takes them, f32 `[n, width]`; columns that are not
    /// used do not matter. Fails where a column is not there or was no number in training, and at a number that is too
    /// large for the network.
    pub fn inputs_of_rows(&self, names: &[String], values: &[f64]) -> Result<Tensor> {
        let (rows, width) = (rows_of(names, values)?, self.width());
        let mut inputs = vec![0f32; rows * width];
        let mut at = 0;
        for feature in &self.features {
            let &Feature::Number { ref column, mean, scale, missing } = feature else {
                let message = format!("column {:?} was no number in training", feature.column());
                return Err(Error::new(Kind::Data, message).hint("give a table with its cells"));
            };
            let from = names.iter().position(|name| name == column).ok_or_else(|| {
                let message = format!("there is no column {column:?}");
                Error::new(Kind::Data, message).hint(format!("the columns are {}", shown(names)))
            })?;
            let draws_in = self.draws_in(column);
            let own = values.iter().skip(from).step_by(names.len());
            for ((row, &number), into) in own.enumerate().zip(inputs.chunks_exact_mut(width)) {
                let place = || format!("row {row}, column {column:?}");
                let value = standardised(number, mean, scale, place)?;
                into[at] = if draws_in { drawn_in(value) } else { value };
                if missing {
                    into[at + 1] = f32::from(number.is_nan());
                }
            }
            at += feature.width();
        }
        Tensor::from_vec(inputs, [rows, width])
    }

    /// Numbers to predict as the network learns them, f32 `[n, 1]`. Fails where the target is a class, and at a number
    /// that is not finite then.
    pub fn targets_of_numbers(&self, numbers: &[f64]) -> Result<Tensor> {
        let Target::Number { column, mean, scale, transform, .. } = &self.target else {
            return Err(super::no_number(self.target.column()));
        };
        let number = |(row, &number): (usize, &f64)| match number.is_nan() {
            true => Err(Error::new(Kind::Data, format!("row {row} has no {column}"))),
            false => {
                let place = || format!("row {row}, {column}");
                standardised(transform.of(number), *mean, *scale, place)
            }
        };
        let all = numbers.iter().enumerate().map(number).collect::<Result<Vec<f32>>>()?;
        Tensor::from_vec(all, [numbers.len(), 1])
    }
}

/// How many rows there are.
fn rows_of(names: &[String], values: &[f64]) -> Result<usize> {
    if names.is_empty() || !values.len().is_multiple_of(names.len()) {
        let message = format!("{} numbers are no rows of {} columns", values.len(), names.len());
        return Err(Error::new(Kind::Shape, message));
    }
    Ok(values.len() / names.len())
}

/// A few names.
fn shown(names: &[String]) -> String {
    let more = if names.len() > 20 { ", …" } else { "" };
    format!("{}{more}", names[..names.len().min(20)].join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{CsvOptions, PreprocessOptions, Table};

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|at| format!("x{at}")).collect()
    }

    /// Numbers of an array are what the same numbers of a file are.
    #[test]
    fn rows_are_prepared_as_those_of_a_table() {
        let mut rng = crate::Rng::new(3);
        let (rows, names) = (40, names(4));
        let mut values = Vec::new();
        for row in 0..rows {
            let far = if row == 7 { 1e6 } else { rng.normal() };
            let gap = if row % 9 == 2 { f64::NAN } else { rng.uniform() };
            values.extend([rng.normal() * 5.0 + 100.0, far, gap, 3.0]);
        }
        let numbers: Vec<f64> = (0..rows).map(|_| rng.normal().sinh()).collect();
        let line = |row: usize| {
            let cells = values[4 * row..4 * row + 4].iter();
            let cells = cells.map(|v| if v.is_nan() { String::new() } else { v.to_string() });
            format!("{},{}\n", cells.collect::<Vec<_>>().join(","), numbers[row])
        };
        let text: String = (0..rows).map(line).collect();
        let text = format!("x0,x1,x2,x3,y\n{text}");
        let table = Table::from_csv(text.as_bytes(), "t.csv", &CsvOptions::default()).unwrap();
        let train: Vec<usize> = (0..30).collect();
        let options = PreprocessOptions::default();
        let by_table = Preprocessing::fit(&table, "y", &train, &options).unwrap();
        let target = Target::of_numbers("y", &numbers[..30], options.transform).unwrap();
        let by_rows = Preprocessing::fit_rows(&names, &values, &train, target).unwrap();
        assert_eq!(by_table.features(), by_rows.features());
        assert_eq!((by_table.target(), &by_table.far), (by_rows.target(), &by_rows.far));
        assert_eq!(by_rows.far, ["x1"]);
        let inputs = by_rows.inputs_of_rows(&names, &values).unwrap();
        assert!(inputs.equals(&by_table.inputs(&table).unwrap()));
        let targets = by_rows.targets_of_numbers(&numbers).unwrap();
        assert!(targets.equals(&by_table.targets(&table).unwrap()));
    }

    #[test]
    fn what_cannot_be_learned_from_is_told() {
        let target = || Target::of_numbers("y", &[1.0, 2.0], TransformChoice::None).unwrap();
        let fit = |values: &[f64], rows: &[usize]| {
            Preprocessing::fit_rows(&names(2), values, rows, target()).map_err(|e| e.to_string())
        };
        // Where all columns are the same they are all that there is.
        assert_eq!(fit(&[1.0, 2.0, 1.0, 2.0], &[0, 1]).unwrap().width(), 2);
        assert_eq!(fit(&[1.0, 2.0, 1.0, 3.0], &[0, 1]).unwrap().width(), 1);
        let nan = f64::NAN;
        assert!(fit(&[nan, nan], &[0]).unwrap_err().contains("no column to learn from"));
        assert!(fit(&[1.0, f64::INFINITY], &[0]).unwrap_err().contains("row 0, x1: inf"));
        assert!(fit(&[1.0, 2.0], &[1]).unwrap_err().contains("no row 1 among 1"));
        assert!(fit(&[1.0], &[0]).unwrap_err().contains("1 numbers are no rows of 2 columns"));
        assert!(fit(&[f64::MAX, 1.0, -f64::MAX, 2.0], &[0, 1]).unwrap_err().contains("overflows"));

        let known = fit(&[1.0, 2.0, 2.0, 3.0], &[0, 1]).unwrap();
        let error = |names: &[&str], values: &[f64]| {
            let names: Vec<String> = names.iter().map(|name| name.to_string()).collect();
            known.inputs_of_rows(&names, values).unwrap_err().to_string()
        };
        assert!(error(&["x0", "b"], &[1.0, 1.0]).contains("no column \"x1\""));
        assert!(error(&["x0", "x1"], &[1e300, 1.0]).contains("row 0, column \"x0\": 1e300"));
        assert!(known.targets_of_numbers(&[nan]).unwrap_err().to_string().contains("row 0"));

        let numbers = |known: &[f64], choice| Target::of_numbers("y", known, choice);
        assert!(numbers(&[], TransformChoice::None).is_err());
        assert!(numbers(&[1.0, nan], TransformChoice::None).is_err());
        assert!(numbers(&[-1.0, 2.0], TransformChoice::Log).is_err());
        // What is always the same is learned as it is.
        let Target::Number { mean, scale, .. } =
            numbers(&[4.0, 4.0], TransformChoice::Auto).unwrap()
        else {
            panic!()
        };
        assert_eq!((mean, scale), (4.0, 1.0));
        assert!(Target::of_classes("y", vec!["a".into(), "a".into()], false).is_err());
        let classes = Target::of_classes("y", vec!["b".into(), "a".into()], false).unwrap();
        let known = Preprocessing::fit_rows(&names(1), &[1.0, 2.0], &[0, 1], classes).unwrap();
        assert_eq!(known.classes().unwrap().names(), ["b", "a"]);
        assert!(known.targets_of_numbers(&[1.0]).is_err());
    }
}
