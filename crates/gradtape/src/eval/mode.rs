//! How a tape computes: fused (the default), eager or checked.

use std::fmt;

use crate::engine::{Slot, reference};
use crate::op::NodeId;
use crate::tape::{Graph, GraphNode, Recording, Tape};
use crate::tensor::{DType, Error, Kind, Result, Tensor};

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
    /// that names the operation, the line that recorded it, and its operands. Slow.
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

/// Runs a graph operation by operation, each by its own meaning, until a check of a result fails.
pub(super) fn run_singly(
    graph: &Graph,
    checks: Option<&Checks<'_>>,
    slots: &mut [Slot<'_>],
    results: &mut Vec<Tensor>,
) -> Result<()> {
    reference::run(graph, slots, results, &mut |node, value| match checks {
        Some(checks) => checks.check(node, value),
        None => Ok(()),
    })
}

/// What the checked mode looks at.
pub(super) struct Checks<'a> {
    graph: &'a Graph,
    /// The recording that the graph was taken from, if it is at hand, with the nodes there, in order.
    origins: Option<(&'a Recording, &'a [NodeId])>,
    /// Where each input of the graph, in order, is not finite.
    given: Vec<Option<NotFinite>>,
}

impl<'a> Checks<'a> {
    /// The checks of a graph on its inputs.
    pub(super) fn new(
        graph: &'a Graph,
        origins: Option<(&'a Recording, &'a [NodeId])>,
        slots: &[Slot<'_>],
    ) -> Checks<'a> {
        let given = slots.iter().map(|slot| match slot {
            Slot::Read(tensor) => NotFinite::find(tensor).ok()?,
            Slot::Write(tensor) => NotFinite::find(tensor).ok()?,
            // A literal that is infinite is meant to be.
            Slot::Scalar(_) => None,
        });
        Checks { given: given.collect(), graph, origins }
    }

    /// Fails when the result of an operation is not finite. Inputs may be, as long as no result is.
    fn check(&self, node: &GraphNode, value: &Tensor) -> Result<()> {
        let found = NotFinite::find(value).map_err(|error| error.at(node.at))?;
        let Some(found) = found else { return Ok(()) };
        let message = format!("{}: the result {} has {found}", node.op.name(), node.meta);
        let mut error = Error::new(Kind::Value, message);
        let dtype = node.meta.dtype;
        let greatest = dtype.greatest();
        if found.first.is_infinite() && greatest < dtype.computed().greatest() / 2.0 {
            let wide = dtype.computed();
            error = error.hint(format!(
                "{dtype} holds no number beyond {greatest}: compute this in {wide} or bf16, or scale it"
            ));
        }
        let is_it = |other: &GraphNode| std::ptr::eq(other, node);
        let mut error = match (self.origins, self.graph.nodes.iter().position(is_it)) {
            (Some((recording, ids)), Some(number)) => recording.blame_node(error, ids[number]),
            _ => error.at(node.at),
        };
        for (i, id) in node.inputs.iter().enumerate() {
            let mut note = match self.origins {
                Some((recording, ids)) => {
                    recording.operand_note((i, node.inputs.len()), ids[id.index()])
                }
                None => self.graph.operand_note((i, node.inputs.len()), *id),
            };
            if let Some(found) = self.given(*id) {
                note += &format!(", which has {found} already");
            }
            error = error.note(note);
        }
        Err(error)
    }

    /// Where a node, if it is an input, is not finite.
    fn given(&self, id: NodeId) -> Option<&NotFinite> {
        let is_input = |node: &&GraphNode| node.op.is_input();
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
