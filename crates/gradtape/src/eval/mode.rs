//! How a tape computes: fused (the default), eager or checked.

use crate::op::NodeId;
use crate::tape::Tape;
use crate::tensor::Tensor;

/// How the values of a tape are computed. Every mode gives the same results, up to rounding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// What a read needs is planned, fused and run together.
    #[default]
    Fused,
    /// Each operation is computed by its own meaning as soon as it is recorded (in a
    /// [compiled](crate::compile) function, one after another at each call): for stepping through a
    /// program in a debugger. Slow.
    Eager,
    /// Operations are computed one by one, and the first result that is NaN or infinite is an error
    /// that names the operation, the line that recorded it (or whose gradient it is part of), its layer, and its
    /// operands with their least and greatest elements. An infinity that a program writes itself, as the
    /// score of a place that is masked, may pass on until it makes a NaN. Slow.
    #[doc(alias = "detect_anomaly")]
    Checked,
}

impl Tape {
    /// Sets how values are computed from here on. While a function is compiled nothing is: the mode that
    /// it leaves the tape in is that of every call.
    ///
    /// ```
    /// use gradtape::{Mode, Tape, Tensor};
    /// let tape = Tape::new();
    /// tape.set_mode(Mode::Checked);
    /// let x = tape.watch(Tensor::scalar(0.0f64));
    /// let error = (x / x).item().unwrap_err();
    /// assert!(error.message().contains("div"), "{error}");
    /// assert!(error.to_string().contains("left operand: f64[]"), "{error}");
    /// ```
    pub fn set_mode(&self, mode: Mode) {
        self.set_checked(mode == Mode::Checked);
        self.set_on_record((mode == Mode::Eager).then_some(compute_now as _));
    }

    /// How values are computed.
    pub fn mode(&self) -> Mode {
        match (self.is_checked(), self.is_watching()) {
            (true, _) => Mode::Checked,
            (false, true) => Mode::Eager,
            (false, false) => Mode::Fused,
        }
    }
}

/// Computes a node that was just recorded and keeps its value.
fn compute_now(tape: &Tape, id: NodeId) {
    if tape.is_tracing() {
        return;
    }
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
