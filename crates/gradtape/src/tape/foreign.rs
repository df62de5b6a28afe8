//! What programs in other languages need that record on a tape: values by number, lines of their own, and
//! functions of a tape that is not theirs.

use std::fmt;
use std::sync::Arc;

use super::record::unknown;
use super::scope::Within;
use super::{Part, Tape, Var};
use crate::op::{NodeId, Recorder};
use crate::tensor::Error;

impl Tape {
    /// The value with this [id](Var::id), which is one of this tape's since its last reset; of another it is a
    /// value that cannot be read.
    ///
    /// For programs that cannot hold a [`Var`], as those in other languages: an id is a number without a lifetime.
    /// Whoever keeps one must see to it that it is used with its own tape, and not after a
    /// [reset](Tape::reset).
    ///
    /// ```
    /// use gradtape::Tape;
    /// let tape = Tape::new();
    /// let id = (tape.watch(3.0) * 2.0).id();
    /// assert_eq!(tape.var_of(id).item()?, 6.0);
    /// assert!(Tape::new().var_of(id).item().unwrap_err().to_string().contains("not on this tape"));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    #[track_caller]
    pub fn var_of(&self, id: NodeId) -> Var<'_> {
        if self.recording().borrow().known(id).is_some() {
            return self.var(id);
        }
        let error: Error = unknown("value", id).at(std::panic::Location::caller());
        self.var(self.fail(error, &[]))
    }

    /// Has errors name this line for what is recorded as long as what is returned is kept, in the place of the line
    /// of Rust: for programs in other languages.
    ///
    /// ```
    /// use gradtape::Tape;
    /// let tape = Tape::new();
    /// let line = tape.told(&"train.py:7".into());
    /// let y = tape.watch([1.0, 2.0]) + tape.watch([1.0, 2.0, 3.0]);
    /// drop(line);
    /// let text = y.value().unwrap_err().to_string();
    /// assert!(text.contains("at train.py:7") && !text.contains(".rs"), "{text}");
    /// ```
    #[track_caller]
    pub fn told(&self, line: &Arc<str>) -> Told<'_> {
        Told { _scope: self.within(Part::Told(line.clone())) }
    }

    /// Exchanges all that is recorded, and how it is computed, with another tape. The ids of values stay what
    /// they are, each on the other tape.
    ///
    /// So a function that is given a tape, as the one of [`compile`](crate::compile()), can have a tape recorded that is
    /// kept elsewhere: exchanged before, and back after.
    ///
    /// ```
    /// use gradtape::{Tape, Tensor, compile};
    /// let kept = Tape::new();
    /// let mut square = compile(|tape, x| {
    ///     tape.exchange(&kept);
    ///     let y = kept.var_of(x[0].id()).square().id();
    ///     tape.exchange(&kept);
    ///     Ok(vec![tape.var_of(y)])
    /// });
    /// assert_eq!(square.call(&[Tensor::scalar(3.0)])?[0].item()?, 9.0);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn exchange(&self, other: &Tape) {
        if !std::ptr::eq(self, other) {
            self.swap(other);
        }
    }
}

/// Has errors name a line as long as it is kept: see [`Tape::told`].
#[must_use = "the line is told as long as this is kept"]
pub struct Told<'t> {
    _scope: Within<'t>,
}

impl fmt::Debug for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Told")
    }
}
