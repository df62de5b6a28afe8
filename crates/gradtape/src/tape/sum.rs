//! Sums and products of many values: `losses.iter().sum::<Var>()`.

use std::iter::{Product, Sum};

use super::{Tape, Var};
use crate::op::Recorder;
use crate::tensor::{Error, Kind};

/// The values added up, broadcast where their shapes differ. Of no values there is no tape to record a zero
/// on: the sum is an error at its first read.
///
/// ```
/// use gradtape::{Tape, Var};
/// let tape = Tape::new();
/// let losses = [tape.watch(1.0), tape.watch(2.0), tape.watch(4.0)];
/// assert_eq!(losses.iter().sum::<Var>().item()?, 7.0);
/// assert_eq!(losses.iter().map(|&loss| loss * 2).product::<Var>().item()?, 64.0);
/// assert!(losses[..0].iter().sum::<Var>().item().is_err());
/// # Ok::<(), gradtape::Error>(())
/// ```
impl<'t> Sum for Var<'t> {
    fn sum<I: Iterator<Item = Var<'t>>>(vars: I) -> Var<'t> {
        vars.reduce(|sum, var| sum + var).unwrap_or_else(|| nothing("sum"))
    }
}

impl<'a, 't> Sum<&'a Var<'t>> for Var<'t> {
    fn sum<I: Iterator<Item = &'a Var<'t>>>(vars: I) -> Var<'t> {
        vars.copied().sum()
    }
}

/// The values multiplied, broadcast where their shapes differ; of no values an error, as their sum.
impl<'t> Product for Var<'t> {
    fn product<I: Iterator<Item = Var<'t>>>(vars: I) -> Var<'t> {
        vars.reduce(|product, var| product * var).unwrap_or_else(|| nothing("product"))
    }
}

impl<'a, 't> Product<&'a Var<'t>> for Var<'t> {
    fn product<I: Iterator<Item = &'a Var<'t>>>(vars: I) -> Var<'t> {
        vars.copied().product()
    }
}

thread_local! {
    /// A tape for errors that belong to none. Handles to it may live as long as any other, so it is never
    /// freed; there is one for each thread.
    static NOWHERE: &'static Tape = Box::leak(Box::new(Tape::new()));
}

/// The error of an operation on no values.
fn nothing<'t>(name: &str) -> Var<'t> {
    let tape = NOWHERE.with(|tape| *tape);
    let message = format!("{name}: there is no value to take the {name} of");
    let known = tape.recording().borrow().errors.iter().position(|e| e.message() == message);
    let id = match known {
        Some(place) => crate::op::NodeId::failed(place),
        None => {
            let error = Error::new(Kind::Tape, message);
            tape.fail(error.hint("start from a value: iter.fold(first, |sum, var| sum + var)"), &[])
        }
    };
    tape.var(id)
}
