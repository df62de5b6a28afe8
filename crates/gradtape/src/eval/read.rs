//! Reading numbers from a tape.

use std::fmt;
use std::panic::Location;

use smallvec::SmallVec;

use super::run::compute;
use crate::op::NodeId;
use crate::tape::{Tape, Var, mixed_tapes};
use crate::tensor::{Error, Kind, Result, Tensor};

/// Computes several values in one program. Reading them afterwards computes nothing. Fails as
/// [`Var::value`].
#[track_caller]
pub fn evaluate(vars: &[Var<'_>]) -> Result<()> {
    let Some(first) = vars.first() else { return Ok(()) };
    let mut ids: SmallVec<[NodeId; 16]> = SmallVec::new();
    for var in vars {
        check(first.tape(), var, "evaluate")?;
        ids.push(var.id());
    }
    let at = Location::caller();
    compute(first.tape(), &ids).map_err(|error| error.called_from(at))?;
    let mut recording = first.tape().recording().borrow_mut();
    ids.into_iter().try_for_each(|id| {
        recording.keep_parameter(id);
        recording.current(id).map(drop)
    })
}

/// Whether a value can be asked for on a tape: it did not fail, and is recorded there.
#[track_caller]
pub(super) fn check(tape: &Tape, var: &Var<'_>, what: &str) -> Result<()> {
    let at = Location::caller();
    var.check().map_err(|error| error.called_from(at))?;
    match var.tape().id() == tape.id() {
        true => Ok(()),
        false => Err(mixed_tapes(what).at(at)),
    }
}

impl Var<'_> {
    /// Computes the value and gives it; later reads give the same without computing again.
    ///
    /// Fails with the first error of the operations it depends on, and where a parameter it is
    /// computed from was changed after it was recorded: by an optimiser's step, or by
    /// [`Parameter::set`](crate::Parameter::set).
    ///
    /// ```
    /// use gradtape::{Parameter, Tape, Tensor};
    /// let w = Parameter::new(Tensor::scalar(1.0f64));
    /// let tape = Tape::new();
    /// let (read, late) = (tape.parameter(&w) * 2.0, tape.parameter(&w) * 3.0);
    /// assert_eq!(read.item()?, 2.0);
    /// w.set(Tensor::scalar(5.0f64))?;
    /// assert_eq!(read.item()?, 2.0);
    /// assert!(late.value().unwrap_err().to_string().contains("was changed after"));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    #[doc(alias = "numpy")]
    #[track_caller]
    pub fn value(self) -> Result<Tensor> {
        let at = Location::caller();
        self.read().map_err(|error| error.called_from(at))
    }

    fn read(self) -> Result<Tensor> {
        self.check()?;
        compute(self.tape(), &[self.id()])?;
        let mut recording = self.tape().recording().borrow_mut();
        recording.keep_parameter(self.id());
        recording
            .current(self.id())?
            .ok_or_else(|| Error::new(Kind::Tape, "value: the run left the node without a value"))
    }

    /// Has the next step compute this value too, so that it can still be read after the parameters it
    /// was computed from have changed.
    #[must_use]
    pub fn keep(self) -> Self {
        if !self.id().is_failed() {
            let mut recording = self.tape().recording().borrow_mut();
            // A compiled step has no parameter's value of its own: each call reads it anew.
            if !self.tape().is_tracing() {
                recording.keep_parameter(self.id());
            }
            recording.keep.push(self.id());
        }
        self
    }

    /// Computes the value and gives its only element as f64. Fails also when there is not exactly one.
    #[track_caller]
    pub fn item(self) -> Result<f64> {
        let at = Location::caller();
        self.value()?.item().map_err(|error| {
            let recording = self.tape().recording().borrow();
            error.at(at).note(recording.operand_note((0, 1), self.id()))
        })
    }
}

/// Prints the value, computing it if needed, or the error.
impl fmt::Debug for Var<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value() {
            Ok(value) => write!(f, "Var({value:?})"),
            Err(error) => write!(f, "Var({error})"),
        }
    }
}
