//! A generator of random numbers whose draws depend only on its key and how many came before.

use super::philox::{normal_f64, random_block, unit_f64};

/// A counter-based random number generator (Philox 4x32-10).
///
/// It draws the words of one stream in order, so the same seed gives the same numbers, and nothing
/// is shared: give each part of a program its own stream with [`Rng::split`], and where an element
/// must be recomputable from its position, hand [`Rng::key`] to [`uniform_at`](super::uniform_at).
///
/// ```
/// use gradtape::Rng;
/// let mut rng = Rng::new(42);
/// let (a, b) = (rng.uniform(), rng.uniform());
/// let mut again = Rng::new(42);
/// assert_eq!((again.uniform(), again.uniform()), (a, b));
/// assert_eq!(rng.permutation(5).iter().sum::<usize>(), 10);
/// ```
#[doc(alias = "manual_seed")]
#[derive(Clone, Debug)]
pub struct Rng {
    key: u64,
    /// How many words were drawn.
    drawn: u64,
    /// The block that the last word came from.
    words: [u32; 4],
}

/// The last two streams of a key, out of the way of those that count from 0.
const SEQUENTIAL: u64 = u64::MAX;
const SPLIT: u64 = u64::MAX - 1;

impl Rng {
    /// A generator for a seed; every seed is a good one.
    pub fn new(seed: u64) -> Rng {
        Rng { key: seed, drawn: 0, words: [0; 4] }
    }

    /// The key of its streams, for [`uniform_at`](super::uniform_at). It never changes, whatever is drawn.
    ///
    /// The generator itself draws from the stream with counter `u64::MAX` and splits with that of
    /// `u64::MAX - 1`; all other counters are free.
    pub fn key(&self) -> u64 {
        self.key
    }

    /// An independent generator. It depends only on the key and the label, not on what was drawn.
    ///
    /// ```
    /// # use gradtape::Rng;
    /// let rng = Rng::new(42);
    /// assert_ne!(rng.split(0).next_u64(), rng.split(1).next_u64());
    /// assert_eq!(rng.split(1).next_u64(), rng.split(1).next_u64());
    /// ```
    pub fn split(&self, label: u64) -> Rng {
        let [upper, lower, ..] = random_block(self.key, SPLIT, label);
        Rng::new(join(upper, lower))
    }

    /// 32 random bits: the next word of the stream.
    #[inline]
    pub fn next_u32(&mut self) -> u32 {
        let word = (self.drawn % 4) as usize;
        if word == 0 {
            self.words = random_block(self.key, SEQUENTIAL, self.drawn / 4);
        }
        self.drawn = self.drawn.wrapping_add(1);
        self.words[word]
    }

    /// 64 random bits: the next two words of the stream, the first in the upper half.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        let upper = self.next_u32();
        join(upper, self.next_u32())
    }

    /// A number of [0, 1), a multiple of 2^-53.
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        unit_f64(self.next_u64())
    }

    /// A number of the normal distribution with mean 0 and standard deviation 1.
    pub fn normal(&mut self) -> f64 {
        normal_f64(self.next_u64())
    }

    /// One of 0, …, `n - 1`, each exactly as likely; 0 where `n` is 0.
    ///
    /// Lemire, *Fast random integer generation in an interval*, 2019.
    pub fn below(&mut self, n: usize) -> usize {
        let n = n as u64;
        loop {
            let product = u128::from(self.next_u64()) * u128::from(n);
            let rest = product as u64;
            if rest >= n || rest >= n.wrapping_neg().checked_rem(n).unwrap_or(0) {
                return (product >> 64) as usize;
            }
        }
    }

    /// Puts the items into a random order, each order equally likely (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }

    /// The numbers 0, …, `n - 1` in a random order.
    pub fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        self.shuffle(&mut order);
        order
    }
}

fn join(upper: u32, lower: u32) -> u64 {
    u64::from(upper) << 32 | u64::from(lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw<const N: usize>(rng: &mut Rng) -> [u64; N] {
        std::array::from_fn(|_| rng.next_u64())
    }

    #[test]
    fn words_are_those_of_the_stream_in_order() {
        let mut rng = Rng::new(9);
        let words: Vec<u32> = (0..10).map(|_| rng.next_u32()).collect();
        let blocks: Vec<u32> = (0..3).flat_map(|b| random_block(9, u64::MAX, b)).collect();
        assert_eq!(words, blocks[..10]);
    }

    #[test]
    fn a_clone_continues_where_the_original_was() {
        let mut rng = Rng::new(1);
        rng.next_u32();
        let mut copy = rng.clone();
        assert_eq!(draw::<5>(&mut rng), draw::<5>(&mut copy));
    }

    #[test]
    fn split_depends_on_key_and_label_only() {
        let mut rng = Rng::new(1);
        let before = rng.split(3).key();
        rng.next_u64();
        assert_eq!(rng.split(3).key(), before);
        let mut keys: Vec<u64> = (0..1000).map(|label| rng.split(label).key()).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), 1000);
    }

    #[test]
    fn below_is_in_range_and_even() {
        let mut rng = Rng::new(4);
        assert_eq!((rng.below(0), rng.below(1)), (0, 0));
        let mut counts = [0u32; 7];
        for _ in 0..70_000 {
            counts[rng.below(7)] += 1;
        }
        // 10,000 each; the standard deviation is 93.
        assert!(counts.iter().all(|count| (9_500..10_500).contains(count)), "{counts:?}");
        let huge = usize::MAX / 2 + 2;
        assert!((0..100).all(|_| rng.below(huge) < huge));
    }

    #[test]
    fn a_shuffle_is_a_permutation_that_the_seed_decides() {
        let order = Rng::new(5).permutation(100);
        assert_eq!(order, Rng::new(5).permutation(100));
        assert_ne!(order, Rng::new(6).permutation(100));
        let mut sorted = order;
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..100));
        assert!(Rng::new(5).permutation(0).is_empty());
    }

    #[test]
    fn every_order_of_three_is_as_likely() {
        let mut rng = Rng::new(8);
        let mut counts = [0u32; 27];
        for _ in 0..60_000 {
            let order = rng.permutation(3);
            counts[order[0] * 9 + order[1] * 3 + order[2]] += 1;
        }
        let seen: Vec<u32> = counts.into_iter().filter(|&count| count > 0).collect();
        assert_eq!(seen.len(), 6);
        assert!(seen.iter().all(|count| (9_500..10_500).contains(count)), "{seen:?}");
    }

    #[test]
    fn moments_are_those_of_the_distributions() {
        let mut rng = Rng::new(3);
        let moments = |values: &[f64]| {
            let mean =
                |power| values.iter().map(|x| x.powi(power)).sum::<f64>() / values.len() as f64;
            [mean(1), mean(2), mean(3), mean(4)]
        };
        let uniform: Vec<f64> = (0..100_000).map(|_| rng.uniform()).collect();
        for (got, expected) in
            moments(&uniform).into_iter().zip([1.0 / 2.0, 1.0 / 3.0, 1.0 / 4.0, 1.0 / 5.0])
        {
            assert!((got - expected).abs() < 0.005, "{got} for {expected}");
        }
        let normal: Vec<f64> = (0..100_000).map(|_| rng.normal()).collect();
        for (got, expected) in moments(&normal).into_iter().zip([0.0, 1.0, 0.0, 3.0]) {
            assert!((got - expected).abs() < 0.15, "{got} for {expected}");
        }
    }
}
