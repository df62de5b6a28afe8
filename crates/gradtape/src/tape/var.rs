//! [`Var`]: a value on a tape.

use std::panic::Location;

use smallvec::SmallVec;

use super::record::unknown;
use super::{Leaf, Tape};
use crate::op::{Meta, NodeId, Op, Recorder, math_methods};
use crate::tensor::{DType, Error, Kind, Result, Shape, Tensor};

/// A value on a [`Tape`], computed when it is read. `Copy`, and unable to outlive its tape.
///
/// An operation whose operands do not fit records the error; whatever is computed from it carries the
/// error on, and the first read returns it with the line of the operation.
#[derive(Clone, Copy)]
pub struct Var<'t> {
    tape: &'t Tape,
    id: NodeId,
}

impl<'t> Var<'t> {
    pub(crate) fn new(tape: &'t Tape, id: NodeId) -> Var<'t> {
        Var { tape, id }
    }

    /// The tape it is recorded on.
    pub fn tape(self) -> &'t Tape {
        self.tape
    }

    /// Its place on the tape.
    pub fn id(self) -> NodeId {
        self.id
    }

    /// The number of elements along each axis; a scalar's when the operation failed.
    pub fn shape(self) -> Shape {
        self.meta().shape
    }

    /// The element type; f32 when the operation failed.
    pub fn dtype(self) -> DType {
        self.tape.dtype(self.id)
    }

    /// The element type and shape.
    pub fn meta(self) -> Meta {
        self.tape.meta(self.id)
    }

    /// The error of the operation, or of one it depends on, that could not be recorded.
    pub fn check(self) -> Result<()> {
        if self.id.is_failed() {
            let recording = self.tape.recording().borrow();
            let error = recording.errors.get(self.id.index()).cloned();
            return Err(error.unwrap_or_else(|| unknown("value", self.id)));
        }
        Ok(())
    }

    #[track_caller]
    fn apply(self, op: impl Into<Op>, others: &[Var<'t>]) -> Var<'t> {
        let op = op.into();
        if let Some(failed) = self.apart(op.name(), others) {
            return failed;
        }
        let at = Location::caller();
        let id = match *others {
            [] => self.tape.record(op, &[self.id], at),
            [y] => self.tape.record(op, &[self.id, y.id], at),
            _ => {
                let mut inputs: SmallVec<[NodeId; 8]> = SmallVec::from_slice(&[self.id]);
                inputs.extend(others.iter().map(|other| other.id));
                self.tape.record(op, &inputs, at)
            }
        };
        Var { id, ..self }
    }

    /// What becomes of an operation on this and others if they are not all on one tape.
    #[track_caller]
    pub(super) fn apart(self, name: &str, others: &[Var<'t>]) -> Option<Var<'t>> {
        if others.iter().all(|other| other.tape.id() == self.tape.id()) {
            return None;
        }
        let mut all = std::iter::once(&self).chain(others);
        let failed = all.find(|var| var.id.is_failed()).copied();
        Some(failed.unwrap_or_else(|| self.failed(mixed_tapes(name), &[])))
    }

    #[track_caller]
    fn source(self, op: impl Into<Op>) -> Var<'t> {
        Var { id: self.tape.record(op.into(), &[], Location::caller()), ..self }
    }

    #[track_caller]
    pub(crate) fn failed(self, error: Error, operands: &[Var<'t>]) -> Var<'t> {
        let operands: SmallVec<[NodeId; 4]> = operands.iter().map(|var| var.id).collect();
        Var { id: self.tape.fail(error.at(Location::caller()), &operands), ..self }
    }

    /// A value that there is not, for this reason: whoever reads it, or what is computed of it, gets the error. For
    /// layers of your own that cannot do with an input.
    ///
    /// ```
    /// use gradtape::{Error, Kind, Tape};
    /// let tape = Tape::new();
    /// let x = tape.constant([1.0, -2.0]);
    /// let y = x.refuse(Error::new(Kind::Value, "lengths cannot be below 0"));
    /// assert!((y * 2.0).value().unwrap_err().to_string().contains("lengths cannot be below 0"));
    /// ```
    #[must_use]
    #[track_caller]
    pub fn refuse(self, error: Error) -> Var<'t> {
        self.failed(error, &[self])
    }

    /// The numbers of a constant or a watched tensor. Those of what is computed or given to a compiled step are not known
    /// yet.
    pub(crate) fn known(self) -> Option<Tensor> {
        match self.tape.recording().borrow().leaf(self.id) {
            Some(Leaf::Tensor { tensor, .. }) => Some(tensor.clone()),
            _ => None,
        }
    }

    fn has_shape(self, shape: &Shape) -> bool {
        self.tape.has_shape(self.id, shape)
    }

    fn same_shape(self, other: Var<'t>) -> bool {
        // Operands of two tapes are told apart when the operation is recorded.
        self.tape.id() != other.tape.id() || self.tape.same_shape(self.id, other.id)
    }
}

pub(crate) fn mixed_tapes(op: &str) -> Error {
    Error::new(Kind::Tape, format!("{op}: the operands are recorded on two different tapes"))
        .hint("record both on one tape, or read one with value() and record it as a constant")
}

math_methods!(Var<'t>, 't);
