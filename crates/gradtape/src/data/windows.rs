//! [`windows`]: a sequence in pieces, each with what comes next.

use super::Dataset;
use crate::tensor::{Error, Kind, Result, Tensor};

/// A sequence of numbers as examples of `context` places side by side: inputs `[n, context]`, and as targets of the same
/// shape the number that comes after each. What is left at the end is no example.
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
