//! [`Curves`]: losses over the steps, never more than can be drawn.

use super::session::Measured;

/// The loss of each step, and what was measured between.
#[derive(Default)]
pub(crate) struct Curves {
    /// For so many steps each, the first of them, the least, the mean and the largest loss.
    batch: Vec<[f64; 4]>,
    stride: u64,
    /// Losses of the steps that do not fill a place yet.
    open: Vec<f64>,
    measured: Vec<Measured>,
    /// Every so many of the measures is kept.
    every: u64,
    asked: u64,
}

/// The most places of a curve; then two become one.
const MOST: usize = 2048;

impl Curves {
    /// Notes the loss of a step, the steps counted from 1.
    pub(crate) fn step(&mut self, step: u64, loss: f64) {
        self.stride = self.stride.max(1);
        self.open.push(loss);
        if (self.open.len() as u64) < self.stride {
            return;
        }
        let fold = |of: fn(f64, f64) -> f64| self.open.iter().copied().reduce(of).unwrap_or(loss);
        let mean = self.open.iter().sum::<f64>() / self.open.len() as f64;
        let first = step + 1 - self.open.len() as u64;
        self.batch.push([first as f64, fold(f64::min), mean, fold(f64::max)]);
        self.open.clear();
        if self.batch.len() == MOST {
            let pair = |pair: &[[f64; 4]]| {
                let [a, b] = [pair[0], pair[1]];
                [a[0], a[1].min(b[1]), 0.5 * (a[2] + b[2]), a[3].max(b[3])]
            };
            self.batch = self.batch.chunks_exact(2).map(pair).collect();
            self.stride *= 2;
        }
    }

    pub(crate) fn measure(&mut self, measured: Measured) {
        self.every = self.every.max(1);
        if self.asked.is_multiple_of(self.every) {
            self.measured.push(measured);
        }
        self.asked += 1;
        if self.measured.len() == MOST {
            let mut place = 0;
            self.measured.retain(|_| {
                place += 1;
                place % 2 == 1
            });
            self.every *= 2;
        }
    }

    /// The number of places of the first, then of each the step, the least, the mean and the largest loss of a batch; then
    /// of each measure the step, the losses of training and test and the accuracies of both. NaN for what is not known.
    pub(crate) fn numbers(&self) -> Vec<f32> {
        let mut numbers = vec![self.batch.len() as f32];
        numbers.extend(self.batch.iter().flatten().map(|value| *value as f32));
        for Measured { step, scores } in &self.measured {
            let test = scores.test;
            let five = [
                *step as f64,
                scores.train.loss,
                test.map_or(f64::NAN, |test| test.loss),
                scores.train.accuracy.unwrap_or(f64::NAN),
                test.and_then(|test| test.accuracy).unwrap_or(f64::NAN),
            ];
            numbers.extend(five.map(|value| value as f32));
        }
        numbers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Scores;

    #[test]
    fn long_curves_keep_their_ends_and_their_extremes() {
        let mut curves = Curves::default();
        for step in 1..=10_000u64 {
            curves.step(step, if step == 777 { 50.0 } else { 1.0 / step as f64 });
            curves.measure(Measured { step, scores: Scores::default() });
        }
        let numbers = curves.numbers();
        let count = numbers[0] as usize;
        let places: Vec<&[f32]> = numbers[1..=4 * count].chunks(4).collect();
        assert!(count < MOST && count > MOST / 4, "{count}");
        assert_eq!(places[0][0], 1.0);
        let largest = places.iter().map(|place| place[3]).fold(0.0, f32::max);
        assert_eq!(largest, 50.0);
        assert!(places.windows(2).all(|pair| pair[0][0] < pair[1][0]));
        let measured: Vec<&[f32]> = numbers[1 + 4 * count..].chunks(5).collect();
        assert!(measured.len() < MOST && measured[0][0] == 1.0);
        assert!(measured.windows(2).all(|pair| pair[1][0] - pair[0][0] == 8.0));
    }
}
