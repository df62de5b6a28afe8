//! [`Fold`]: one of several parts of the rows, each of which is held out once.

use std::fmt;
use std::str::FromStr;

use gradtape::Rng;
use gradtape::data::{Fractions, Rows};

use crate::error::{Failure, Outcome};
use crate::report::of;

/// A part of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fold {
    /// From 1 on.
    pub(crate) number: usize,
    pub(crate) of: usize,
}

/// What is known of rows.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Known<'a> {
    /// The number of rows.
    pub(crate) rows: usize,
    /// The class of each, and the names of the classes.
    pub(crate) classes: Option<(&'a [i64], &'a [String])>,
    /// What every part is to have the same share of.
    pub(crate) strata: Option<&'a [i64]>,
    /// The group of each, and the column that tells it: rows of a group stay together.
    pub(crate) groups: Option<(&'a [i64], &'a str)>,
}

impl Fold {
    /// The rows of each part: for test those of the fold, for validation a share of the others. Fails where a fold, or
    /// what is learned from beside it, has none of a class.
    pub(crate) fn rows(self, known: &Known<'_>, validation: f64, seed: u64) -> Outcome<Rows> {
        let folds = match known.groups {
            Some((groups, column)) => self.together(known, groups, column, seed)?,
            None => self.dealt(known, seed)?,
        };
        self.check_folds(known, &folds)?;
        let (test, others): (Vec<usize>, Vec<usize>) =
            (0..known.rows).partition(|&row| folds[row] + 1 == self.number);
        let pick = |of_all: &[i64]| others.iter().map(|&row| of_all[row]).collect::<Vec<_>>();
        let fractions = Fractions { validation, test: 0.0 };
        let parts = match (known.groups, known.strata) {
            (Some((groups, _)), _) => Rows::grouped(&pick(groups), fractions, seed)?,
            (None, Some(strata)) => Rows::stratified(&pick(strata), fractions, seed)?,
            (None, None) => Rows::random(others.len(), fractions, seed)?,
        };
        let place = |rows: Vec<usize>| rows.into_iter().map(|row| others[row]).collect::<Vec<_>>();
        let rows = Rows { train: place(parts.train), validation: place(parts.validation), test };
        if let Some(class) = known.absent(&rows.train) {
            return Err(self.refused(format!(
                "beside fold {} no row of class {:?} is left to train on",
                self.number,
                known.name(class)
            )));
        }
        Ok(rows)
    }

    /// The fold of each row, from 0 on: one after the other takes a row.
    fn dealt(self, known: &Known<'_>, seed: u64) -> Outcome<Vec<usize>> {
        if known.rows < self.of {
            return Err(self.refused(format!("there are only {}", of(known.rows, "row"))));
        }
        let mut order = Rng::new(seed).permutation(known.rows);
        if let Some(strata) = known.strata {
            order.sort_by_key(|&row| strata[row]);
        }
        let mut folds = vec![0; known.rows];
        order.into_iter().enumerate().for_each(|(place, row)| folds[row] = place % self.of);
        Ok(folds)
    }

    /// The fold of each row, those of a group in one: each group, the largest first, goes where there is least of its
    /// classes.
    fn together(
        self,
        known: &Known<'_>,
        groups: &[i64],
        column: &str,
        seed: u64,
    ) -> Outcome<Vec<usize>> {
        let mut order: Vec<usize> = (0..known.rows).collect();
        order.sort_by_key(|&row| groups[row]);
        let all: Vec<&[usize]> = order.chunk_by(|&a, &b| groups[a] == groups[b]).collect();
        if all.len() < self.of {
            return Err(self.refused(format!("{column:?} has only {}", of(all.len(), "group"))));
        }
        let class = |row: usize| known.classes.map_or(0, |(labels, _)| labels[row] as usize);
        let counts = |rows: &[usize]| {
            let mut counts = vec![0.0; known.class_count()];
            rows.iter().for_each(|&row| counts[class(row)] += 1.0);
            counts
        };
        let total = counts(&order);
        let mut shuffled = Rng::new(seed).permutation(all.len());
        shuffled.sort_by_key(|&group| std::cmp::Reverse(all[group].len()));
        let mut have = vec![(vec![0.0; total.len()], 0); self.of];
        let mut folds = vec![0; known.rows];
        for group in shuffled {
            let own = counts(all[group]);
            // How much the sum of the squared shares rises.
            let cost = |have: &[f64]| -> f64 {
                let each = own.iter().zip(have).zip(&total);
                each.filter(|(_, total)| **total > 0.0)
                    .map(|((own, have), total)| own * have / (total * total))
                    .sum()
            };
            let order = |&a: &usize, &b: &usize| {
                let by_class = cost(&have[a].0).total_cmp(&cost(&have[b].0));
                by_class.then(have[a].1.cmp(&have[b].1))
            };
            let fold = (0..self.of).min_by(order).unwrap_or(0);
            have[fold].0.iter_mut().zip(&own).for_each(|(have, own)| *have += own);
            have[fold].1 += all[group].len();
            all[group].iter().for_each(|&row| folds[row] = fold);
        }
        Ok(folds)
    }

    /// Fails where a fold has none of a class that there is.
    fn check_folds(self, known: &Known<'_>, folds: &[usize]) -> Outcome {
        for fold in 0..self.of {
            let rows: Vec<usize> = (0..known.rows).filter(|&row| folds[row] == fold).collect();
            let Some(class) = known.absent(&rows) else { continue };
            let labels = known.classes.map_or(&[][..], |(labels, _)| labels);
            let count = labels.iter().filter(|&&label| label as usize == class).count();
            let class = known.name(class);
            let failure = self.refused(format!(
                "fold {} would have no row of class {class:?}, of which there {} {}",
                fold + 1,
                if count == 1 { "is" } else { "are" },
                of(count, "row")
            ));
            return Err(failure.note(match (known.groups, known.strata) {
                (Some((_, column)), _) => format!(
                    "hint: rows of a {column:?} stay together; fewer folds, or leave the rows of that class out"
                ),
                (None, None) => {
                    "hint: without --split random each fold has its share of each class".to_string()
                }
                (None, Some(_)) if count > 1 => {
                    format!("hint: --folds {count} at most, or leave the rows of that class out")
                }
                (None, Some(_)) => "hint: leave the row of that class out".to_string(),
            }));
        }
        Ok(())
    }

    fn refused(self, why: String) -> Failure {
        Failure::usage(format!("--folds {}: {why}", self.of))
    }
}

impl Known<'_> {
    /// A class that there is, but not in some of the rows.
    fn absent(&self, rows: &[usize]) -> Option<usize> {
        let (labels, _) = self.classes?;
        let mut seen = vec![false; self.class_count()];
        rows.iter().for_each(|&row| seen[labels[row] as usize] = true);
        let there = labels.iter().map(|&label| label as usize).filter(|&label| !seen[label]);
        there.min()
    }

    /// How many classes there are; numbers are of one.
    fn class_count(&self) -> usize {
        let labels = self.classes.map_or(&[][..], |(labels, _)| labels);
        labels.iter().max().map_or(1, |&last| last as usize + 1)
    }

    fn name(&self, class: usize) -> String {
        let name = self.classes.and_then(|(_, names)| names.get(class).cloned());
        name.unwrap_or_else(|| class.to_string())
    }
}

/// `2/5`, as the settings of a training say it.
impl fmt::Display for Fold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl FromStr for Fold {
    type Err = String;

    fn from_str(text: &str) -> Result<Fold, String> {
        let numbers = text.split_once('/').and_then(|(number, of)| {
            Some(Fold { number: number.parse().ok()?, of: of.parse().ok()? })
        });
        let fits = |fold: &Fold| fold.number >= 1 && fold.number <= fold.of;
        numbers.filter(fits).ok_or_else(|| format!("{text:?} is no fold, such as 2/5"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All folds of rows: each row is held out once, and no row is in two parts.
    fn tests_of(known: &Known<'_>, of: usize) -> Vec<Vec<usize>> {
        let fold = |number| Fold { number, of }.rows(known, 0.1, 7).unwrap();
        let all: Vec<Rows> = (1..=of).map(fold).collect();
        for rows in &all {
            let mut parts = [&rows.train[..], &rows.validation, &rows.test].concat();
            parts.sort_unstable();
            assert!(parts.into_iter().eq(0..known.rows));
        }
        let mut held_out: Vec<usize> = all.iter().flat_map(|rows| rows.test.clone()).collect();
        held_out.sort_unstable();
        assert!(held_out.into_iter().eq(0..known.rows));
        all.into_iter().map(|rows| rows.test).collect()
    }

    #[test]
    fn each_fold_has_its_share_of_each_class() {
        let labels: Vec<i64> = (0..103).map(|row| i64::from(row % 4 == 0)).collect();
        let names = ["no", "yes"].map(String::from);
        let classes = Some((&labels[..], &names[..]));
        let known = Known { rows: 103, classes, strata: Some(&labels), groups: None };
        for rows in tests_of(&known, 5) {
            let yes = rows.iter().filter(|&&row| labels[row] == 1).count();
            assert!((20..=21).contains(&rows.len()) && (5..=6).contains(&yes), "{rows:?}");
        }
        tests_of(&Known { strata: None, classes: None, ..known }, 7);
    }

    #[test]
    fn groups_stay_together_with_about_the_same_classes() {
        let groups: Vec<i64> = (0..120).map(|row| row / 6).collect();
        let labels: Vec<i64> = groups.iter().map(|group| group % 2).collect();
        let names = ["a", "b"].map(String::from);
        let known = Known {
            rows: 120,
            classes: Some((&labels, &names)),
            strata: Some(&labels),
            groups: Some((&groups, "who")),
        };
        for rows in tests_of(&known, 5) {
            assert_eq!(rows.len(), 24);
            assert_eq!(rows.iter().filter(|&&row| labels[row] == 1).count(), 12);
            assert!(rows.chunks(6).all(|group| group[0] / 6 == group[5] / 6));
        }
    }

    #[test]
    fn a_fold_without_a_class_says_so() {
        let labels: Vec<i64> = (0..50).map(|row| i64::from(row < 3)).collect();
        let names = ["common", "rare"].map(String::from);
        let classes = Some((&labels[..], &names[..]));
        let known = Known { rows: 50, classes, strata: Some(&labels), groups: None };
        let fold = Fold { number: 1, of: 5 };
        let failure = fold.rows(&known, 0.1, 0).unwrap_err();
        for words in
            ["would have no row of class \"rare\"", "there are 3 rows", "--folds 3 at most"]
        {
            assert!(failure.message().contains(words), "{}", failure.message());
        }
        assert!(Fold { number: 3, of: 3 }.rows(&known, 0.1, 0).is_ok());
        let groups: Vec<i64> = (0..50).map(|row| row / 10).collect();
        let known = Known { groups: Some((&groups, "who")), ..known };
        let failure = fold.rows(&known, 0.1, 0).unwrap_err();
        assert!(failure.message().contains("rows of a \"who\" stay together"));
        let failure = Fold { number: 1, of: 6 }.rows(&known, 0.1, 0).unwrap_err();
        assert!(failure.message().contains("only 5 groups"), "{}", failure.message());
    }
}
