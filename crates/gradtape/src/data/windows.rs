//! [`windows`] and [`sliding_windows`]: a sequence in pieces, each with what comes next.

use super::Dataset;
use crate::tensor::{Error, Kind, Result, Tensor};

/// A sequence of numbers as examples of `context` places side by side: inputs `[n, context]`, and as targets of the same
/// shape the number that comes after each. What is left at the end is no example. For measuring; to learn from there
/// are [`sliding_windows`].
///
/// ```
/// let data = gradtape::data::windows(&[5, 6, 7, 8, 9, 10], 2)?;
/// assert_eq!(data.inputs().to_vec::<i64>()?, [5, 6, 7, 8]);
/// assert_eq!(data.targets().to_vec::<i64>()?, [6, 7, 8, 9]);
/// assert!(gradtape::data::windows(&[5, 6], 2).is_err());
/// # Ok::<(), gradtape::Error>(())
/// ```
///
/// Fails for a context of 0, for a sequence that is not longer than the context, and for numbers below 0.
pub fn windows(sequence: &[i64], context: usize) -> Result<Dataset> {
    let wrong = |rule: String| Error::new(Kind::Data, format!("windows of {context}: {rule}"));
    if context == 0 {
        return Err(wrong("a window has 1 place or more".to_string()));
    }
    let count = sequence.len().saturating_sub(1) / context;
    if count == 0 {
        let rule = format!("a sequence of {} places is too short", sequence.len());
        return Err(wrong(rule).hint("it must have one more place than a window, or more"));
    }
    let part =
        |from: usize| Tensor::from_slice(&sequence[from..from + count * context], [count, context]);
    Dataset::new(part(0)?, part(1)?)
}

/// As [`windows`], but [shuffled batches](super::Batches::shuffled) take each window from another place in every epoch:
/// one of the `context` places from its own on, as far as the sequence goes. It depends on the seed, the number of the
/// epoch and that of the window alone.
///
/// A network that saw windows at fixed places alone would learn of a sequence that repeats itself what stands at which
/// place of a window, and not what follows what.
///
/// ```
/// use gradtape::data::sliding_windows;
/// let sequence: Vec<i64> = (0..100).collect();
/// let data = sliding_windows(&sequence, 10)?;
/// assert_eq!(data.len(), 9);
/// for batch in data.batches(4)?.shuffled(1).epoch(0) {
///     let (x, y) = (batch.x.to_vec::<i64>()?, batch.y.to_vec::<i64>()?);
///     assert!(x.iter().zip(y).all(|(x, y)| x + 1 == y));
/// }
/// # Ok::<(), gradtape::Error>(())
/// ```
///
/// Batches in order are those of [`windows`], and so are chosen [rows](Dataset::rows). Fails as [`windows`] does.
pub fn sliding_windows(sequence: &[i64], context: usize) -> Result<Dataset> {
    let data = windows(sequence, context)?;
    let last = sequence.len() - 1;
    let part = |part: &[i64]| Tensor::from_slice(part, [last]);
    Ok(data.sliding_over([part(&sequence[..last])?, part(&sequence[1..])?]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// The first numbers of the windows of an epoch.
    fn places(data: &Dataset, batch: usize, seed: u64, epoch: u64) -> Vec<i64> {
        let mut batches = data.batches(batch).unwrap().shuffled(seed);
        let mut found = Vec::new();
        for batch in batches.epoch(epoch) {
            let (x, y) = (batch.x.to_vec::<i64>().unwrap(), batch.y.to_vec::<i64>().unwrap());
            for (x, y) in x.chunks(5).zip(y.chunks(5)) {
                assert!((x[0]..x[0] + 5).eq(x.iter().copied()), "{x:?}");
                assert!((x[0] + 1..x[0] + 6).eq(y.iter().copied()), "{y:?}");
                found.push(x[0]);
            }
        }
        found.sort_unstable();
        found
    }

    #[test]
    fn windows_slide_within_their_share_and_reach_every_place() {
        // 24 places to go on from: four windows, and four places behind them.
        let sequence: Vec<i64> = (0..25).collect();
        let data = sliding_windows(&sequence, 5).unwrap();
        let mut seen = BTreeSet::new();
        for epoch in 0..60 {
            let found = places(&data, 3, 7, epoch);
            for (window, &place) in found.iter().enumerate() {
                let from = 5 * window as i64;
                assert!((from..from + 5).contains(&place), "{found:?}");
            }
            seen.extend(found);
        }
        assert!(seen.into_iter().eq(0..20));
        // Without places behind them the last one stays where it is.
        let data = sliding_windows(&sequence[..21], 5).unwrap();
        assert!((0..9).all(|epoch| places(&data, 3, 7, epoch)[3] == 15));
    }

    #[test]
    fn places_depend_on_seed_epoch_and_window_alone() {
        let sequence: Vec<i64> = (0..101).collect();
        let data = sliding_windows(&sequence, 5).unwrap();
        let own = places(&data, 3, 1, 2);
        assert_eq!(own, places(&data, 20, 1, 2));
        assert_ne!(own, places(&data, 3, 2, 2));
        assert_ne!(own, places(&data, 3, 1, 3));
        let fixed: Vec<i64> = (0..20).map(|window| 5 * window).collect();
        let firsts = |data: &Dataset| {
            let all = data.batches(64).unwrap().epoch(0).next().unwrap().x;
            all.to_vec::<i64>().unwrap().into_iter().step_by(5).collect::<Vec<_>>()
        };
        assert_eq!(firsts(&data), fixed);
        let rows = data.rows(&(0..20).collect::<Vec<_>>()).unwrap();
        assert_eq!(places(&rows, 3, 1, 2), fixed);
    }
}
