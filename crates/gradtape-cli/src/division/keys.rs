//! [`Keys`]: what rows are divided by, of a table that is read in pieces: one column of all of them, kept in memory, from
//! which the same parts follow as from the whole table.

use std::collections::BTreeMap;

use gradtape::data::{Fractions, Preprocessing, Rows, Table};

use super::{Division, tenths, times, undated};
use crate::error::{Failure, Outcome};
use crate::folds::Known;

/// What the rows that are learned are divided by, in their order.
pub(crate) struct Keys<'a> {
    division: &'a Division,
    /// The line of the file, or the number, of each.
    lines: Vec<u32>,
    /// When each is, of a division by time.
    times: Vec<f64>,
    /// The group of each, of a division by groups, by the order in which they came; none is a group by itself.
    groups: Vec<Option<u32>>,
    names: BTreeMap<String, u32>,
    /// The class of each, or the number that is to be predicted.
    labels: Vec<i64>,
    classes: Vec<String>,
    values: Vec<f64>,
}

/// The bytes that a row takes, about, until the parts are known.
pub(crate) const BYTES: f64 = 40.0;

impl<'a> Keys<'a> {
    /// Of no row so far; `None` where rows are divided by nothing that they hold.
    pub(crate) fn of(division: &'a Division) -> Option<Keys<'a>> {
        let needs = !matches!(division, Division::Usual | Division::Random);
        needs.then(|| Keys {
            division,
            lines: Vec::new(),
            times: Vec::new(),
            groups: Vec::new(),
            names: BTreeMap::new(),
            labels: Vec::new(),
            classes: Vec::new(),
            values: Vec::new(),
        })
    }

    /// Adds the rows of a piece, all of which are learned.
    pub(crate) fn add(&mut self, table: &Table, preprocessing: &Preprocessing) -> Outcome {
        for row in 0..table.len() {
            let line = u32::try_from(table.line(row));
            self.lines.push(line.map_err(|_| Failure::failed("the file has too many lines"))?);
        }
        if let Division::Time(name) = self.division {
            self.times.extend(times(table, name)?);
            return Ok(());
        }
        if let Some(name) = self.division.group() {
            for cell in table.column(name).map_err(Failure::usage)?.cells() {
                let next = self.names.len() as u32;
                self.groups.push(cell.map(|cell| match self.names.get(cell) {
                    Some(known) => *known,
                    None => *self.names.entry(cell.to_string()).or_insert(next),
                }));
            }
        }
        match preprocessing.classes() {
            Some(classes) => {
                self.labels.extend(preprocessing.targets(table)?.to_vec::<i64>()?);
                self.classes = classes.names().to_vec();
            }
            None if self.division.is_stratified() => {
                let column = preprocessing.target().column();
                self.values.extend(table.column(column)?.numbers());
            }
            None => {}
        }
        Ok(())
    }

    /// Adds images of these classes, by their numbers.
    pub(crate) fn add_labels(&mut self, labels: impl Iterator<Item = i64>, classes: &[String]) {
        for label in labels {
            self.lines.push(self.lines.len() as u32);
            self.labels.push(label);
        }
        self.classes = classes.to_vec();
    }

    /// A note on rows that are divided by time and have none.
    pub(crate) fn undated(&self) -> Option<String> {
        match self.division {
            Division::Time(name) => undated(name, &self.times),
            _ => None,
        }
    }

    /// The part of each row, by its line or number.
    pub(crate) fn parts(&self, fractions: Fractions, seed: u64) -> Outcome<Parts> {
        let rows = self.rows(fractions, seed)?;
        let most = self.lines.iter().max().map_or(0, |&most| most as usize + 1);
        let mut parts = Parts {
            counts: [rows.train.len(), rows.validation.len(), rows.test.len()],
            of: vec![NONE; most],
        };
        for (part, rows) in [rows.train, rows.validation, rows.test].into_iter().enumerate() {
            rows.into_iter().for_each(|row| parts.of[self.lines[row] as usize] = part as u8);
        }
        Ok(parts)
    }

    /// The rows of each part, by their places.
    fn rows(&self, fractions: Fractions, seed: u64) -> Outcome<Rows> {
        let labels = (!self.classes.is_empty()).then_some(&self.labels[..]);
        let classes = labels.map(|labels| (labels, &self.classes[..]));
        let tenths = || tenths(&self.values);
        let known = Known { rows: self.lines.len(), classes, ..Known::default() };
        Ok(match self.division {
            Division::Usual | Division::Random => Rows::random(known.rows, fractions, seed)?,
            Division::Time(_) => Rows::by_time(&self.times, fractions)?,
            Division::Group(_) => Rows::grouped(&self.numbers(), fractions, seed)?,
            Division::Stratified => match labels {
                Some(labels) => Rows::stratified(labels, fractions, seed)?,
                None => Rows::stratified(&tenths(), fractions, seed)?,
            },
            Division::Fold(fold, by) => match &**by {
                Division::Group(name) => {
                    let groups = self.numbers();
                    let known = Known { groups: Some((&groups, name)), ..known };
                    fold.rows(&known, fractions.validation, seed)?
                }
                Division::Random => fold.rows(&known, fractions.validation, seed)?,
                Division::Stratified if labels.is_none() => {
                    let strata = tenths();
                    let known = Known { strata: Some(&strata), ..known };
                    fold.rows(&known, fractions.validation, seed)?
                }
                _ => fold.rows(&Known { strata: labels, ..known }, fractions.validation, seed)?,
            },
        })
    }

    /// The groups numbered in the order of their names, as those of a whole table.
    fn numbers(&self) -> Vec<i64> {
        let mut ranks = vec![0; self.names.len()];
        for (rank, number) in self.names.values().enumerate() {
            ranks[*number as usize] = rank as i64;
        }
        let group = |(row, group): (usize, &Option<u32>)| match group {
            Some(number) => ranks[*number as usize],
            None => -1 - row as i64,
        };
        self.groups.iter().enumerate().map(group).collect()
    }
}

/// The part of each row, by its line.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    /// How many are in each.
    counts: [usize; 3],
    of: Vec<u8>,
}

/// Of a line that is no row, or one that is not learned.
const NONE: u8 = 3;

impl Parts {
    /// 0 to train, 1 to validate, 2 held out; `None` of a line that is in no part.
    pub(crate) fn of(&self, line: usize) -> Option<u8> {
        self.of.get(line).copied().filter(|part| *part != NONE)
    }

    pub(crate) fn counts(&self) -> [usize; 3] {
        self.counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gradtape::data::PreprocessOptions;

    #[test]
    fn the_parts_are_those_of_the_whole_table() {
        let row = |i: usize| {
            let who = if i % 31 == 30 { String::new() } else { format!("who{}", i * 7 % 13) };
            format!("2024-{:02}-{:02},{who},{},{}\n", 1 + i % 12, 1 + i % 28, i % 17, i % 3)
        };
        let text = "when,who,x,kind\n".to_string() + &(0..300).map(row).collect::<String>();
        let options = PreprocessOptions {
            categories: vec!["kind".to_string()],
            ..PreprocessOptions::default()
        };
        let table = Table::from_csv(text.as_bytes(), "a.csv", &Default::default()).unwrap();
        let all: Vec<usize> = (0..table.len()).collect();
        let fractions = Fractions { validation: 0.1, test: 0.2 };
        for target in ["kind", "x"] {
            let options = match target {
                "x" => PreprocessOptions { numbers: vec!["x".to_string()], ..Default::default() },
                _ => options.clone(),
            };
            let preprocessing = Preprocessing::fit(&table, target, &all, &options).unwrap();
            for words in [
                "time:when",
                "group:who",
                "stratified",
                "fold:2/3:usual",
                "fold:1/4:group:who",
                "fold:2/2:random",
                "fold:3/3:stratified",
            ] {
                let division: Division = words.parse().unwrap();
                let fractions = match division {
                    Division::Fold(..) => Fractions { test: 0.0, ..fractions },
                    _ => fractions,
                };
                let want = division.rows(&table, target, &options, fractions, 5).unwrap();
                let mut keys = Keys::of(&division).unwrap();
                for piece in all.chunks(77) {
                    keys.add(&table.rows(piece).unwrap(), &preprocessing).unwrap();
                }
                let parts = keys.parts(fractions, 5).unwrap();
                for (part, rows) in
                    [&want.train, &want.validation, &want.test].into_iter().enumerate()
                {
                    assert_eq!(parts.counts()[part], rows.len(), "{words} {target}");
                    let own = |row: &usize| parts.of(table.line(*row)) == Some(part as u8);
                    assert!(rows.iter().all(own), "{words} {target}");
                }
                assert_eq!(parts.of(0), None);
            }
        }
    }
}
