//! Choosing rows: random, stratified and regular splits, and copying rows of a tensor.

use std::ops::Range;

use super::Dataset;
use crate::tensor::{Element, Error, Kind, Result, Rng, Tensor, with_type};

/// A dataset in three parts.
#[derive(Clone, Debug)]
pub struct Split {
    /// What a network learns from.
    pub train: Dataset,
    /// What decides when to stop and which settings to take.
    pub validation: Dataset,
    /// What is looked at once, in the end.
    pub test: Dataset,
}

/// The shares of the rows that are held out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fractions {
    /// The share for validation, at least 0.
    pub validation: f64,
    /// The share for test, at least 0. Both together are less than 1.
    pub test: f64,
}

/// The rows of the three parts of a split, each in ascending order.
///
/// ```
/// use gradtape::data::Rows;
/// let rows = Rows::modulo(10, 5, 4)?;
/// assert_eq!((rows.train.len(), rows.test), (8, vec![4, 9]));
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// Rows to learn from.
    pub train: Vec<usize>,
    /// Rows to choose settings by.
    pub validation: Vec<usize>,
    /// Rows to measure the result with.
    pub test: Vec<usize>,
}

impl Rows {
    /// Rows `0..n` divided at random; the sizes are the shares, rounded, with at least one row to learn
    /// from.
    pub fn random(n: usize, fractions: Fractions, seed: u64) -> Result<Rows> {
        fractions.check()?;
        let order = Rng::new(seed).permutation(n);
        let mut rows = Rows::default();
        let spare = n.saturating_sub(1);
        let test = share(n, fractions.test).min(spare);
        let validation = share(n, fractions.validation).min(spare - test);
        rows.deal(&order, test, validation);
        Ok(rows.sorted())
    }

    /// Rows divided so that every class has the same share of each part, up to rounding, and at
    /// least one row to learn from.
    pub fn stratified(labels: &[i64], fractions: Fractions, seed: u64) -> Result<Rows> {
        fractions.check()?;
        let mut order = Rng::new(seed).permutation(labels.len());
        order.sort_by_key(|&row| labels[row]);
        let mut rows = Rows::default();
        let mut seen = 0;
        for class in order.chunk_by(|&a, &b| labels[a] == labels[b]) {
            // What rounding took from one class it gives to the next: the totals come out right.
            seen += class.len();
            let spare = class.len() - 1;
            let test = share(seen, fractions.test).saturating_sub(rows.test.len()).min(spare);
            let validation = share(seen, fractions.validation);
            let validation = validation.saturating_sub(rows.validation.len()).min(spare - test);
            rows.deal(class, test, validation);
        }
        Ok(rows.sorted())
    }

    /// Rows divided by time: the latest are for test, those before them for validation. Rows of the same moment stay
    /// together; those without one (NaN) come first.
    ///
    /// ```
    /// use gradtape::data::{Fractions, Rows};
    /// let times = [5.0, 1.0, 4.0, 2.0, 3.0];
    /// let rows = Rows::by_time(&times, Fractions { validation: 0.2, test: 0.2 })?;
    /// assert_eq!((rows.train, rows.validation, rows.test), (vec![1, 3, 4], vec![2], vec![0]));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn by_time(times: &[f64], fractions: Fractions) -> Result<Rows> {
        fractions.check()?;
        let n = times.len();
        let mut order: Vec<usize> = (0..n).collect();
        let key = |row: usize| if times[row].is_nan() { f64::NEG_INFINITY } else { times[row] };
        order.sort_by(|&a, &b| key(a).total_cmp(&key(b)));
        // Where a part begins: with the first row of its moment, unless nothing would be left before it.
        let start = |wished: usize, end: usize| {
            let same = |at: usize| key(order[at - 1]) == key(order[at]);
            let mut at = wished.min(end);
            while at > 0 && at < n && same(at) {
                at -= 1;
            }
            if at == 0 {
                at = wished.min(end);
                while at > 0 && at < end && same(at) {
                    at += 1;
                }
            }
            at
        };
        let test = start(n - share(n, fractions.test).min(n.saturating_sub(1)), n);
        let held_out = share(n, fractions.validation).min(test.saturating_sub(1));
        let validation = start(test - held_out, test);
        let rows = Rows {
            train: order[..validation].to_vec(),
            validation: order[validation..test].to_vec(),
            test: order[test..].to_vec(),
        };
        Ok(rows.sorted())
    }

    /// Rows divided at random so that all rows of a group are in the same part. The parts are as near to the shares as
    /// whole groups allow.
    ///
    /// ```
    /// use gradtape::data::{Fractions, Rows};
    /// let rows = Rows::grouped(&[7, 7, 8, 8, 9, 9], Fractions { validation: 0.0, test: 0.3 }, 42)?;
    /// assert_eq!((rows.train.len(), rows.test.len()), (4, 2));
    /// assert_eq!(rows.test[0] / 2, rows.test[1] / 2);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn grouped(groups: &[i64], fractions: Fractions, seed: u64) -> Result<Rows> {
        fractions.check()?;
        let mut order: Vec<usize> = (0..groups.len()).collect();
        order.sort_by_key(|&row| groups[row]);
        let all: Vec<&[usize]> = order.chunk_by(|&a, &b| groups[a] == groups[b]).collect();
        let n = groups.len();
        let (test, validation) = (share(n, fractions.test), share(n, fractions.validation));
        let mut rows = Rows::default();
        for (place, group) in Rng::new(seed).permutation(all.len()).into_iter().enumerate() {
            let group = all[group];
            let last = place + 1 == all.len() && rows.train.is_empty();
            // A part takes a group that brings it nearer to its share.
            let takes =
                |part: &[usize], share: usize| !last && 2 * part.len() + group.len() <= 2 * share;
            match () {
                () if takes(&rows.test, test) => rows.test.extend(group),
                () if takes(&rows.validation, validation) => rows.validation.extend(group),
                () => rows.train.extend(group),
            }
        }
        Ok(rows.sorted())
    }

    /// Row `i` is for test when `i % modulus == remainder`, else for training.
    pub fn modulo(n: usize, modulus: usize, remainder: usize) -> Result<Rows> {
        if remainder >= modulus {
            let message = format!("split by row number modulo {modulus}, remainder {remainder}");
            let hint = "the remainder must be below the modulus";
            return Err(Error::new(Kind::Value, message).hint(hint));
        }
        let (test, train) = (0..n).partition(|row| row % modulus == remainder);
        Ok(Rows { train, validation: Vec::new(), test })
    }

    fn deal(&mut self, order: &[usize], test: usize, validation: usize) {
        let (held_out, train) = order.split_at(test + validation);
        let (test, validation) = held_out.split_at(test);
        self.test.extend(test);
        self.validation.extend(validation);
        self.train.extend(train);
    }

    fn sorted(mut self) -> Rows {
        self.train.sort_unstable();
        self.validation.sort_unstable();
        self.test.sort_unstable();
        self
    }
}

impl Fractions {
    fn check(self) -> Result<()> {
        let Fractions { validation, test } = self;
        if validation >= 0.0 && test >= 0.0 && validation + test < 1.0 {
            return Ok(());
        }
        let message =
            format!("split with a share of {validation} for validation and {test} for test");
        let hint = "both must be at least 0 and leave something for training";
        Err(Error::new(Kind::Value, message).hint(hint))
    }
}

/// Zeros in the shape of `count` rows of a tensor.
pub(super) fn like(from: &Tensor, count: usize) -> Tensor {
    let mut shape = from.shape().to_vec();
    shape[0] = count;
    Tensor::zeros(shape, from.dtype())
}

/// Writes rows of a contiguous tensor to the first rows of another, unless that is shared. Where those are longer, so
/// many rows as they hold from one on.
pub(super) fn copy_rows(from: &Tensor, rows: &[usize], into: &mut Tensor) -> bool {
    fn copy<T: Element>(from: &Tensor, rows: &[usize], into: &mut Tensor) -> Option<()> {
        let [row_width, width] =
            [from, &*into].map(|tensor| tensor.shape()[1..].iter().product::<usize>());
        let (from, into) = (from.as_slice::<T>()?, into.as_slice_mut::<T>()?);
        if width == 0 {
            return Some(());
        }
        for (into, &row) in into.chunks_exact_mut(width).zip(rows) {
            into.copy_from_slice(&from[row * row_width..][..width]);
        }
        Some(())
    }
    with_type!(from.dtype(), T => copy::<T>(from, rows, into)).is_some()
}

/// The rows of a shard, numbered from 0, of so many rows that are cut into so many shards: as equal as possible.
pub(crate) fn shard(number: usize, shards: usize, rows: usize) -> Range<usize> {
    let start = |number: usize| (number as u128 * rows as u128 / shards.max(1) as u128) as usize;
    start(number)..start(number + 1)
}

fn share(n: usize, fraction: f64) -> usize {
    (n as f64 * fraction).round() as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::DType;

    fn check_partition(rows: &Rows, n: usize) {
        let mut all = [&rows.train[..], &rows.validation, &rows.test].concat();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..n));
        for part in [&rows.train, &rows.validation, &rows.test] {
            assert!(part.is_sorted());
        }
    }

    #[test]
    fn random_splits_have_the_sizes_asked_for() {
        let fractions = Fractions { validation: 0.1, test: 0.25 };
        let rows = Rows::random(101, fractions, 3).unwrap();
        check_partition(&rows, 101);
        assert_eq!((rows.validation.len(), rows.test.len()), (10, 25));
        assert_eq!(rows, Rows::random(101, fractions, 3).unwrap());
        assert_ne!(rows, Rows::random(101, fractions, 4).unwrap());
        check_partition(&Rows::random(0, fractions, 3).unwrap(), 0);
        for (n, train) in [(1, 1), (2, 1), (3, 1), (4, 1), (5, 1)] {
            let rows = Rows::random(n, Fractions { validation: 0.3, test: 0.6 }, 3).unwrap();
            check_partition(&rows, n);
            assert_eq!(rows.train.len(), train, "{n}");
        }
    }

    #[test]
    fn stratified_splits_keep_the_shares_of_the_classes() {
        // 70 of class 0, 20 of class 1, 10 of class 2, one of class 7.
        let mut labels = vec![0i64; 70];
        labels.extend([1; 20]);
        labels.extend([2; 10]);
        labels.push(7);
        Rng::new(1).shuffle(&mut labels);
        let rows = Rows::stratified(&labels, Fractions { validation: 0.1, test: 0.2 }, 5).unwrap();
        check_partition(&rows, labels.len());
        let count = |part: &[usize], class| part.iter().filter(|&&r| labels[r] == class).count();
        let counts = |part: &[usize]| [0, 1, 2, 7].map(|class| count(part, class));
        assert_eq!(counts(&rows.test), [14, 4, 2, 0]);
        assert_eq!(counts(&rows.validation), [7, 2, 1, 0]);
        assert_eq!(counts(&rows.train), [49, 14, 7, 1]);
    }

    #[test]
    fn many_small_classes_still_give_the_total() {
        let labels: Vec<i64> = (0..300).map(|i| i / 3).collect();
        let rows = Rows::stratified(&labels, Fractions { validation: 0.0, test: 0.2 }, 5).unwrap();
        check_partition(&rows, 300);
        assert_eq!(rows.test.len(), 60);
        let mut trained: Vec<i64> = rows.train.iter().map(|&row| labels[row]).collect();
        trained.dedup();
        assert_eq!(trained.len(), 100);
    }

    #[test]
    fn moments_and_groups_stay_whole() {
        let fractions = Fractions { validation: 0.1, test: 0.2 };
        let times: Vec<f64> =
            (0..100).map(|row| f64::from(99 - row) / 7.0).map(f64::floor).collect();
        let rows = Rows::by_time(&times, fractions).unwrap();
        check_partition(&rows, 100);
        let span = |part: &[usize]| {
            let times = part.iter().map(|&row| times[row]);
            (times.clone().fold(f64::INFINITY, f64::min), times.fold(0.0, f64::max))
        };
        assert!(span(&rows.train).1 < span(&rows.validation).0);
        assert!(span(&rows.validation).1 < span(&rows.test).0);
        assert!((20..=27).contains(&rows.test.len()), "{}", rows.test.len());
        for times in [&[][..], &[1.0], &[1.0, 1.0, 1.0], &[f64::NAN, 2.0]] {
            let rows = Rows::by_time(times, fractions).unwrap();
            check_partition(&rows, times.len());
            assert!(times.is_empty() || !rows.train.is_empty(), "{times:?}");
        }
        let groups: Vec<i64> = (0..200).map(|row| row * 7 % 23).collect();
        let rows = Rows::grouped(&groups, fractions, 3).unwrap();
        check_partition(&rows, 200);
        let of = |part: &[usize]| {
            part.iter().map(|&row| groups[row]).collect::<std::collections::BTreeSet<i64>>()
        };
        assert!(
            of(&rows.train).is_disjoint(&of(&rows.test))
                && of(&rows.train).is_disjoint(&of(&rows.validation))
        );
        assert!((30..=50).contains(&rows.test.len()) && (10..=30).contains(&rows.validation.len()));
        assert_eq!(Rows::grouped(&[1, 1, 1], fractions, 3).unwrap().train.len(), 3);
    }

    #[test]
    fn splits_that_make_no_sense_are_errors() {
        for (validation, test) in [(-0.1, 0.2), (0.5, 0.5), (f64::NAN, 0.1), (0.0, f64::INFINITY)] {
            let fractions = Fractions { validation, test };
            let text = Rows::random(10, fractions, 0).unwrap_err().to_string();
            assert!(text.contains(&validation.to_string()), "{text}");
            assert!(Rows::stratified(&[0, 1], fractions, 0).is_err());
        }
        assert!(Rows::modulo(10, 0, 0).is_err());
        assert!(Rows::modulo(10, 3, 3).is_err());
    }

    #[test]
    fn rows_of_every_type_and_width_are_copied() {
        for dtype in DType::ALL {
            let from = Tensor::from_vec(vec![0.0, 1.0, 1.0, 0.0], [2, 2]).unwrap().cast(dtype);
            let mut into = like(&from, 3);
            assert!(copy_rows(&from, &[1, 1, 0], &mut into));
            assert_eq!(into.to_f64_vec(), [1., 0., 1., 0., 0., 1.]);
            let shared = into.clone();
            assert!(!copy_rows(&from, &[0], &mut into));
            assert_eq!(shared.to_f64_vec(), into.to_f64_vec());
        }
        let narrow = Tensor::zeros([3, 0], DType::F32);
        assert!(copy_rows(&narrow, &[2, 2], &mut like(&narrow, 2)));
    }
}
