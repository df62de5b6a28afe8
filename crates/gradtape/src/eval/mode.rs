//! How a tape computes: fused (the default), eager or checked.

use crate::op::NodeId;
use crate::tape::{GraphNode, Tape};
use crate::tensor::{DType, Error, Kind, Result, Tensor};

/// How the values of a tape are computed. Every mode gives the same results, up to rounding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// What a read needs is planned, fused and run together.
    #[default]
    Fused,
    /// Each operation is computed by its own meaning as soon as it is recorded: for stepping through a
    /// program in a debugger. Slow.
    Eager,
    /// Operations are computed one by one, and the first result that is NaN or infinite is an error
    /// that names the operation and the line that recorded it. Slow.
    Checked,
}

impl Tape {
    /// Sets how values are computed from here on.
    ///
    /// ```
    /// use gradtape::{Mode, Tape, Tensor};
    /// let tape = Tape::new();
    /// tape.set_mode(Mode::Checked);
    /// let x = tape.watch(Tensor::scalar(0.0f64));
    /// let error = (x / x).item().unwrap_err();
    /// assert!(error.message().contains("div"), "{error}");
    /// ```
    pub fn set_mode(&self, mode: Mode) {
        self.set_checked(mode == Mode::Checked);
        self.set_on_record((mode == Mode::Eager).then_some(compute_now as _));
    }
}

/// Computes a node that was just recorded and keeps its value.
fn compute_now(tape: &Tape, id: NodeId) {
    let computed = {
        let recording = tape.recording().borrow();
        let node = recording.node(id);
        let value = |&id: &NodeId| recording.current(id).ok().flatten();
        let inputs: Option<Vec<Tensor>> = node.inputs.iter().map(value).collect();
        // Without its inputs (one failed or changed, or was recorded before the mode was set) it waits
        // for a read.
        inputs.and_then(|inputs| node.op.eval(&inputs, &node.meta).ok())
    };
    if let Some(value) = computed {
        tape.recording().borrow_mut().set_value(id, value.contiguous());
    }
}

/// Fails when a value is not finite, with the place of its first such element.
pub(crate) fn check_finite(node: &GraphNode, value: &Tensor) -> Result<()> {
    if !matches!(value.dtype(), DType::F32 | DType::F64) {
        return Ok(());
    }
    let values = value.cast(DType::F64).to_vec::<f64>().map_err(|error| error.at(node.at))?;
    let Some(first) = values.iter().position(|v| !v.is_finite()) else { return Ok(()) };
    let strides = value.shape().strides();
    let index: Vec<usize> = strides
        .iter()
        .zip(value.shape().iter())
        .map(|(stride, size)| first / stride % size)
        .collect();
    let count = values.iter().filter(|v| !v.is_finite()).count();
    let message = format!(
        "{}: the result {} has {count} of {} elements that are not finite; the first is {} at {index:?}",
        node.op.name(),
        node.meta,
        values.len(),
        values[first],
    );
    Err(Error::new(Kind::Value, message).at(node.at))
}
