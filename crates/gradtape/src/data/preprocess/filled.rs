//! [`Filled`]: what rows have that is missing or was not learned, and what it is taken as.

use super::{Feature, MOST_CATEGORIES, Preprocessing, Target};
use crate::data::{Column, ColumnKind, Table};

/// How many values are missing or were not learned, by column: of one table, or counted over the pieces of a large one.
///
/// ```
/// use gradtape::data::{CsvOptions, Filled, PreprocessOptions, Preprocessing, Table};
/// let read = |text: &str| Table::from_csv(text.as_bytes(), "a.csv", &CsvOptions::default());
/// let table = read("x,kind,y\n1,a,1.5\n2,b,2.5\n4,a,2\n")?;
/// let fitted = Preprocessing::fit(&table, "y", &[0, 1, 2], &PreprocessOptions::default())?;
/// let mut filled = Filled::default();
/// for piece in [read("x,kind\n1,a\n2,c\n")?, read("x,kind\n1,c\n,b\n")?] {
///     fitted.count_filled(&piece, &mut filled);
/// }
/// let lines = fitted.told_of(&filled);
/// assert!(lines[0].contains("1 of 4 values missing") && lines[1].contains("2 of 4 values were not"));
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filled {
    /// For each feature.
    pub(super) columns: Vec<FilledColumn>,
}

/// Of one column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FilledColumn {
    pub(super) rows: usize,
    pub(super) missing: usize,
    /// Cells of numbers or dates that are neither, and the first with its place.
    odd: usize,
    first_odd: Option<[String; 2]>,
    /// Categories that were not learned, and the first with its place.
    pub(super) unseen: usize,
    pub(super) first_unseen: Option<[String; 2]>,
}

impl FilledColumn {
    /// Of the rows of a table; the column is read as it was learned.
    pub(super) fn of(table: &Table, column: &Column, feature: &Feature) -> FilledColumn {
        let mut found = FilledColumn { rows: table.len(), ..FilledColumn::default() };
        let example =
            |row: usize| Some([column.cell(row).unwrap_or_default().to_string(), table.at(row)]);
        let unseen = feature.unseen(column);
        found.unseen = unseen.len();
        found.first_unseen = unseen.first().and_then(|&row| example(row));
        if column.kind() == ColumnKind::Number && column.missing() == 0 {
            return found;
        }
        let values = match feature {
            Feature::Number { .. } => column.amounts(),
            Feature::Time { day_first, .. } => column.times(*day_first),
            _ => column.cells().map(|cell| cell.map_or(f64::NAN, |_| 0.0)).collect(),
        };
        found.missing = values.iter().filter(|value| value.is_nan()).count();
        if let Feature::Number { .. } | Feature::Time { .. } = feature {
            let odd = column.odd_rows();
            found.odd = odd.len();
            found.first_odd = odd.first().and_then(|&row| example(row));
        }
        found
    }

    fn add(&mut self, other: FilledColumn) {
        self.rows += other.rows;
        self.missing += other.missing;
        self.odd += other.odd;
        self.unseen += other.unseen;
        self.first_odd = self.first_odd.take().or(other.first_odd);
        self.first_unseen = self.first_unseen.take().or(other.first_unseen);
    }

    /// The line on missing values, if there are any.
    pub(super) fn told(&self, feature: &Feature, far: bool) -> Option<String> {
        let name = feature.column();
        let taken = match feature {
            Feature::Number { mean, missing: false, .. } => {
                let middle = if far { "median" } else { "mean" };
                format!("taken as the {middle} {}", short(*mean))
            }
            Feature::Category { missing: false, .. } => {
                "taken as none of its categories".to_string()
            }
            Feature::Time { missing: false, .. } => "taken as no date".to_string(),
            Feature::Words { .. } => "taken as no words".to_string(),
            _ => "taken as a value of its own".to_string(),
        };
        let odd = match &self.first_odd {
            Some([cell, at]) => {
                let what = if matches!(feature, Feature::Time { .. }) { "date" } else { "number" };
                let are = match self.odd {
                    1 => "1 is".to_string(),
                    odd => format!("{odd} are"),
                };
                format!("; {are} no {what}, such as {cell:?} ({at})")
            }
            None => String::new(),
        };
        let (missing, rows) = (self.missing, self.rows);
        (missing > 0)
            .then(|| format!("column {name:?}: {missing} of {rows} values missing, {taken}{odd}"))
    }

    /// The line on categories that were not learned, if there are any.
    fn told_of_unseen(&self, name: &str) -> Option<String> {
        let [cell, at] = self.first_unseen.as_ref()?;
        Some(format!(
            "column {name:?}: {} of {} values were not trained on, such as {cell:?} ({at}): none of those that were",
            self.unseen, self.rows
        ))
    }
}

impl Preprocessing {
    /// What was filled in for missing values of a table that is not the one fitted, how many rows have what was not
    /// learned, and how cells are written otherwise than in training; lines for each column that has some.
    pub fn filled(&self, table: &Table) -> Vec<String> {
        let mut lines = self.departures(table);
        let mut filled = Filled::default();
        self.count_filled(table, &mut filled);
        lines.extend(self.told_of(&filled));
        lines
    }

    /// Adds what [`Preprocessing::filled`] tells of missing values and of what was not learned in a table to that of
    /// others. Columns that are not there count for nothing.
    pub fn count_filled(&self, table: &Table, filled: &mut Filled) {
        filled.columns.resize(self.features.len(), FilledColumn::default());
        for (feature, known) in self.features.iter().zip(&mut filled.columns) {
            if let Ok(column) = &self.column(table, feature) {
                known.add(FilledColumn::of(table, column, feature));
            }
        }
    }

    /// Lines on what was counted, for each column that has some.
    pub fn told_of(&self, filled: &Filled) -> Vec<String> {
        let mut lines = Vec::new();
        for (feature, known) in self.features.iter().zip(&filled.columns) {
            let name = feature.column();
            lines.extend(known.told(feature, self.draws_in(name)));
            lines.extend(known.told_of_unseen(name));
        }
        lines
    }

    /// How the cells of a table are written otherwise than in training, and what is made of them; a line for each column of
    /// which there is something to tell.
    pub fn departures(&self, table: &Table) -> Vec<String> {
        if self.version < 3 {
            return Vec::new();
        }
        let target = match &self.target {
            Target::Number { .. } => self.target_column(table).ok(),
            Target::Classes { .. } => None,
        };
        let measured = self.features.iter().filter(|feature| feature.is_measured());
        let columns = measured.filter_map(|feature| self.column(table, feature).ok());
        let told =
            |column: Column| column.departures(&self.written(column.name()), |row| table.line(row));
        target.into_iter().chain(columns).flat_map(told).collect()
    }

    /// With the lines on missing values of all rows of a file, in the place of those of the `sample` that it was fitted on.
    /// Of categories that are fewer than all on purpose nothing is told again.
    #[must_use]
    pub fn with_filled(mut self, sample: &Filled, all: &Filled) -> Preprocessing {
        let before = self.told_of(sample);
        self.notes.retain(|note| !before.contains(note));
        for (feature, known) in self.features.iter().zip(&all.columns) {
            let name = feature.column();
            let far = self.far.iter().any(|far| far == name);
            self.notes.extend(known.told(feature, far));
            if !matches!(feature, Feature::Category { categories, .. } if categories.len() == MOST_CATEGORIES)
            {
                self.notes.extend(known.told_of_unseen(name));
            }
        }
        self
    }
}

/// A number for people: to six digits, with an exponent where it is very large or small.
pub(super) fn short(number: f64) -> String {
    let rounded = format!("{number:.5e}").parse::<f64>().unwrap_or(number);
    match rounded.abs() {
        0.0 => "0".to_string(),
        size if (1e-4..1e9).contains(&size) => rounded.to_string(),
        _ => format!("{rounded:e}"),
    }
}
