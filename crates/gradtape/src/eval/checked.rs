//! What the checked mode looks at: results that are not finite, and where they come from.

use std::fmt;

use crate::engine::{Slot, reference};
use crate::op::NodeId;
use crate::tape::{Graph, GraphNode, Recording};
use crate::tensor::{DType, Error, Kind, Result, Tensor};

/// Runs a graph operation by operation, each by its own meaning, until a check of a result fails.
pub(super) fn run_singly(
    graph: &Graph,
    checks: Option<Checks<'_>>,
    slots: &mut [Slot<'_>],
    results: &mut Vec<Tensor>,
) -> Result<()> {
    match checks {
        None => reference::watched(graph, slots, results, &mut |_, _, _| Ok(())),
        Some(mut checks) => {
            reference::watched(graph, slots, results, &mut |number, operands, value| {
                checks.check(number, operands, value)
            })
        }
    }
}

/// What the checked mode knows of a run.
pub(super) struct Checks<'a> {
    graph: &'a Graph,
    /// The recording that the graph was taken from, with the nodes there, in order.
    recording: &'a Recording,
    ids: &'a [NodeId],
    /// Of each node so far, whether what is infinite in it was written by the program.
    meant: Vec<bool>,
}

impl<'a> Checks<'a> {
    /// The checks of a graph that was cut out of a recording, on its inputs.
    pub(super) fn new(
        graph: &'a Graph,
        recording: &'a Recording,
        ids: &'a [NodeId],
        slots: &[Slot<'_>],
    ) -> Checks<'a> {
        let mut meant = vec![false; graph.nodes.len()];
        let inputs = graph.nodes.iter().enumerate().filter(|(_, node)| node.op.is_input());
        for ((number, _), slot) in inputs.zip(slots) {
            meant[number] = matches!(slot, Slot::Scalar(value) if value.value().is_infinite());
        }
        Checks { graph, recording, ids, meant }
    }

    /// Fails when the result of an operation is not finite. Inputs may be, as long as no result is.
    fn check(&mut self, number: usize, operands: &[Tensor], value: &Tensor) -> Result<()> {
        let node = &self.graph.nodes[number];
        let range = Range::of(value).map_err(|error| error.at(node.at))?;
        let Some(found) = range.and_then(|range| range.odd) else { return Ok(()) };
        let is_meant = |input: &NodeId| self.meant[input.index()];
        let written = node.op.number().is_some() || node.inputs.iter().any(is_meant);
        if found.nans == 0 && written {
            self.meant[number] = true;
            return Ok(());
        }
        Err(self.blame(number, operands, &found))
    }

    fn blame(&self, number: usize, operands: &[Tensor], found: &Odd) -> Error {
        let GraphNode { op, inputs, meta, .. } = &self.graph.nodes[number];
        let id = self.ids[number];
        let pass = match self.recording.node(id).derived {
            true => ", in the backward of this line",
            false => "",
        };
        let message = format!("{}: the result {meta} has {found}{pass}", op.name());
        let mut error = Error::new(Kind::Value, message);
        let (dtype, greatest) = (meta.dtype, meta.dtype.greatest());
        if found.first.is_infinite() && greatest < dtype.computed().greatest() / 2.0 {
            let wide = dtype.computed();
            error = error.hint(format!(
                "{dtype} holds no number beyond {greatest}: compute this in {wide} or bf16, or scale it"
            ));
        }
        error = self.recording.blame_node(error, id);
        for (i, (input, operand)) in inputs.iter().zip(operands).enumerate() {
            let id = self.ids[input.index()];
            let mut note = self.recording.operand_note((i, inputs.len()), id);
            // The number itself stands there already.
            if self.recording.node(id).op.number().is_none()
                && let Ok(Some(range)) = Range::of(operand)
            {
                note += &range.to_string();
            }
            error = error.note(note);
        }
        error
    }
}

/// What elements a tensor has.
struct Range {
    /// The least and the greatest of those that are finite.
    ends: Option<(f64, f64)>,
    odd: Option<Odd>,
}

/// The elements of a tensor that are NaN or infinite.
struct Odd {
    count: usize,
    nans: usize,
    of: usize,
    first: f64,
    place: Vec<usize>,
}

impl Range {
    /// None where there is nothing to tell: of truth values and without elements. Fails for a view of more
    /// elements than memory can hold.
    fn of(value: &Tensor) -> Result<Option<Range>> {
        if value.dtype() == DType::Bool || value.elements() == 0 {
            return Ok(None);
        }
        let values = value.cast(DType::F64).to_vec::<f64>()?;
        let finite = values.iter().copied().filter(|value| value.is_finite());
        let ends = finite.fold(None, |ends: Option<(f64, f64)>, value| {
            let (least, greatest) = ends.unwrap_or((value, value));
            Some((least.min(value), greatest.max(value)))
        });
        let odd = values.iter().position(|value| !value.is_finite()).map(|first| {
            let strides = value.shape().strides();
            let sizes = strides.iter().zip(value.shape().iter());
            Odd {
                count: values.iter().filter(|value| !value.is_finite()).count(),
                nans: values.iter().filter(|value| value.is_nan()).count(),
                of: values.len(),
                first: values[first],
                place: sizes.map(|(stride, size)| first / stride % size).collect(),
            }
        });
        Ok(Some(Range { ends, odd }))
    }
}

/// What an error adds to an operand, from its comma on.
impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(odd) = &self.odd {
            write!(f, ", which has {odd} already")?;
        }
        let Some((least, greatest)) = self.ends else { return Ok(()) };
        let rest = if self.odd.is_some() { "; the rest is" } else { "," };
        match least == greatest {
            true => write!(f, "{rest} {} everywhere", Short(least)),
            false => write!(f, "{rest} from {} to {}", Short(least), Short(greatest)),
        }
    }
}

impl fmt::Display for Odd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Odd { count, of, first, place, .. } = self;
        write!(f, "{count} of {of} elements that are not finite; the first is {first} at {place:?}")
    }
}

/// A number in about five digits.
struct Short(f64);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Short(value) = *self;
        match value == 0.0 || (1e-3..1e6).contains(&value.abs()) {
            true => {
                let text = format!("{value:.5}");
                f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
            }
            false => write!(f, "{value:.4e}"),
        }
    }
}
