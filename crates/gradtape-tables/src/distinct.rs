//! Rows that are the same, taken together: what is learned then depends on no order, and a weight of 2 is a row that
//! comes twice.

use std::cmp::Ordering;

/// The rows of some data that differ, in an order of their own, and what each counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Counted {
    /// One of the rows that are the same, of each.
    pub rows: Vec<usize>,
    /// The sum of their weights.
    pub weights: Vec<f64>,
}

/// The rows `0..count` that differ by `order`, sorted by it, with the sums of their weights, each of which is 1 if there
/// are none. Rows of weight 0 do not come. However the rows are permuted, what comes holds the same bits.
///
/// ```
/// use gradtape_tables::distinct;
/// let values = [3, 1, 3, 2];
/// let counted = distinct(4, None, |a, b| values[a].cmp(&values[b]));
/// assert_eq!((counted.rows, counted.weights), (vec![1, 3, 0], vec![1.0, 1.0, 2.0]));
/// ```
pub fn distinct(
    count: usize,
    weights: Option<&[f64]>,
    order: impl Fn(usize, usize) -> Ordering,
) -> Counted {
    let weight = |row: usize| weights.map_or(1.0, |all| all[row]);
    let mut sorted: Vec<usize> = (0..count).filter(|&row| weight(row) > 0.0).collect();
    sorted.sort_by(|&a, &b| order(a, b));
    let mut counted = Counted { rows: Vec::new(), weights: Vec::new() };
    for same in sorted.chunk_by(|&a, &b| order(a, b) == Ordering::Equal) {
        counted.rows.push(same[0]);
        // Rounding hangs on the order of a sum.
        let mut own: Vec<f64> = same.iter().map(|&row| weight(row)).collect();
        own.sort_by(f64::total_cmp);
        counted.weights.push(own.iter().sum());
    }
    counted
}

impl Counted {
    /// How often each row comes where weights stand for that: whole numbers without a common divisor, not more than a
    /// million rows or as many as were given together. `None` where they are to weigh in the loss.
    pub fn repeats(&self, given: usize) -> Option<Vec<usize>> {
        let whole = |weight: &f64| weight.fract() == 0.0 && *weight < MOST;
        if !self.weights.iter().all(whole) {
            return None;
        }
        let all: Vec<usize> = self.weights.iter().map(|weight| *weight as usize).collect();
        let common = all.iter().fold(0, |a, &b| divisor(a, b)).max(1);
        let all: Vec<usize> = all.into_iter().map(|weight| weight / common).collect();
        let total: usize = all.iter().sum();
        (total <= given.max(MOST as usize)).then_some(all)
    }

    /// The weights with a mean of 1, so that a learning rate means what it does without them.
    pub fn about_one(&self) -> Vec<f32> {
        let mean = self.weights.iter().sum::<f64>() / self.weights.len().max(1) as f64;
        self.weights.iter().map(|weight| (weight / mean) as f32).collect()
    }
}

/// Rows that take little memory.
const MOST: f64 = 1e6;

/// The greatest common divisor.
fn divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_rows_that_come_as_often() {
        let values = [1, 2, 3, 2];
        let of = |values: &[i32], weights: Option<&[f64]>| {
            let counted = distinct(values.len(), weights, |a, b| values[a].cmp(&values[b]));
            let rows: Vec<i32> = counted.rows.iter().map(|&row| values[row]).collect();
            (rows, counted.repeats(values.len()), counted.weights)
        };
        let weighed = of(&values, Some(&[2.0, 1.0, 0.0, 3.0]));
        assert_eq!(weighed, of(&[2, 2, 1, 2, 1, 2], None));
        assert_eq!(weighed.1, Some(vec![1, 2]), "what all have in common is divided out");
        assert_eq!(of(&values, Some(&[0.5, 1.0, 1.0, 1.0])).1, None);
        assert_eq!(of(&values, Some(&[1.0, 1e7, 1.0, 1.0])).1, None);
        assert_eq!(of(&[], None), (vec![], Some(vec![]), vec![]));
        let counted = Counted { rows: vec![0, 1], weights: vec![1.0, 3.0] };
        assert_eq!(counted.about_one(), [0.5, 1.5]);
    }

    #[test]
    fn weights_of_the_same_rows_have_one_sum_in_any_order() {
        let sums = |weights: &[f64]| distinct(3, Some(weights), |_, _| Ordering::Equal).weights;
        let [a, b, c] = [0.1, 0.2, 0.3];
        assert_ne!((a + b) + c, (c + b) + a, "rounding differs");
        for permuted in [[a, c, b], [b, a, c], [b, c, a], [c, a, b], [c, b, a]] {
            assert_eq!(sums(&permuted), sums(&[a, b, c]));
        }
    }
}
