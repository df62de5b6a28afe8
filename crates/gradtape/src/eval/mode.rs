//! How a tape computes: fused (the default), eager or checked.

use std::fmt;

use super::extract::Extraction;
use crate::engine::Slot;
use crate::op::{NodeId, Op};
use crate::tape::{Graph, GraphNode, Recording, Tape};
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
    /// that names the operation, the line that recorded it, and its operands. Slow.
    #[doc(alias = "detect_anomaly")]
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

/// What the checked mode looks at.
pub(crate) struct Checks<'a> {
    pub(crate) graph: Graph,
    recording: &'a Recording,
    /// The nodes of the recording that the graph was taken from, in order.
    origins: &'a [NodeId],
    /// Where each input of the graph, in order, is not finite.
    given: Vec<Option<NotFinite>>,
}

impl<'a> Checks<'a> {
    /// The checks of what was cut out of a recording, on its inputs.
    pub(crate) fn new(
        recording: &'a Recording,
        extraction: &'a Extraction,
        slots: &[Slot<'_>],
    ) -> Checks<'a> {
        let given = slots.iter().map(|slot| match slot {
            Slot::Read(tensor) => NotFinite::find(tensor).ok()?,
            Slot::Write(tensor) => NotFinite::find(tensor).ok()?,
            // A literal that is infinite is meant to be.
            Slot::Scalar(_) => None,
        });
        let (graph, origins) = (extraction.graph(recording), extraction.order());
        Checks { given: given.collect(), graph, recording, origins }
    }

    /// Fails when the result of an operation is not finite. Inputs may be, as long as no result is.
    pub(crate) fn check(&self, node: &GraphNode, value: &Tensor) -> Result<()> {
        let found = NotFinite::find(value).map_err(|error| error.at(node.at))?;
        let Some(found) = found else { return Ok(()) };
        let message = format!("{}: the result {} has {found}", node.op.name(), node.meta);
        let error = Error::new(Kind::Value, message);
        let is_it = |other: &GraphNode| std::ptr::eq(other, node);
        let mut error = match self.graph.nodes.iter().position(is_it) {
            Some(number) => self.recording.blame_node(error, self.origins[number]),
            None => error.at(node.at),
        };
        for (i, id) in node.inputs.iter().enumerate() {
            let operand = self.origins[id.index()];
            let mut note = self.recording.operand_note((i, node.inputs.len()), operand);
            if let Some(found) = self.given(*id) {
                note += &format!(", which has {found} already");
            }
            error = error.note(note);
        }
        Err(error)
    }

    /// Where a node, if it is an input, is not finite.
    fn given(&self, id: NodeId) -> Option<&NotFinite> {
        let is_input = |node: &&GraphNode| matches!(node.op, Op::Input(_));
        let node = &self.graph.nodes[id.index()];
        let place = self.graph.nodes[..id.index()].iter().filter(is_input).count();
        self.given.get(place).filter(|_| is_input(&node))?.as_ref()
    }
}

/// The elements of a tensor that are NaN or infinite.
struct NotFinite {
    count: usize,
    of: usize,
    first: f64,
    place: Vec<usize>,
}

impl NotFinite {
    /// Fails for a view of more elements than memory can hold.
    fn find(value: &Tensor) -> Result<Option<NotFinite>> {
        if !value.dtype().is_float() {
            return Ok(None);
        }
        let values = value.cast(DType::F64).to_vec::<f64>()?;
        let Some(first) = values.iter().position(|v| !v.is_finite()) else { return Ok(None) };
        let strides = value.shape().strides();
        let sizes = strides.iter().zip(value.shape().iter());
        Ok(Some(NotFinite {
            count: values.iter().filter(|v| !v.is_finite()).count(),
            of: values.len(),
            first: values[first],
            place: sizes.map(|(stride, size)| first / stride % size).collect(),
        }))
    }
}

impl fmt::Display for NotFinite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let NotFinite { count, of, first, place } = self;
        write!(f, "{count} of {of} elements that are not finite; the first is {first} at {place:?}")
    }
}
